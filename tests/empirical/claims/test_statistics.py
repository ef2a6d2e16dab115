"""Decisions over seeds: against textbook formulas, and their errors under known truths."""

import numpy as np
import pytest
from scipy import stats

from empirical.claims.statistics import ALPHA, decide

TRIALS = 20_000


def noise(comparisons, seeds, trials=TRIALS, seed=0):
    return np.random.default_rng(seed).normal(size=(trials, comparisons, seeds))


def most(chance, trials=TRIALS):
    """Return a rate that a chance exceeds with a probability below 1e-6."""
    return stats.binom.isf(1e-6, trials, chance) / trials


def test_intervals_are_students():
    values = noise(4, 5, trials=1)[0] + 1
    found = decide(values)
    for k, row in enumerate(values):
        alone = stats.ttest_1samp(row, 0)
        assert (found.low[k], found.high[k]) == pytest.approx(alone.confidence_interval(0.95))
        assert (found.low_all[k], found.high_all[k]) == pytest.approx(alone.confidence_interval(1 - 0.05 / 4))
    assert found.mean == pytest.approx(values.mean(axis=1))


def test_all_hold_exactly_if_each_interval_is_above_0():
    values = noise(3, 3) + 2
    found = decide(values)
    every = (found.low > 0).all(axis=-1)
    assert (found.holds.all(axis=-1) == every).all()
    assert 0.1 < every.mean() < 0.9


def test_one_fails_exactly_if_a_bonferroni_interval_is_below_0():
    values = noise(3, 3) - 2
    found = decide(values)
    below = (found.high_all < 0).any(axis=-1)
    assert (found.fails.any(axis=-1) == below).all()
    assert 0.1 < below.mean() < 0.9


def test_step_up_and_step_down_by_hand():
    """From one-sided p-values: at the level 0.025 the limits of four are 0.025 / 4, / 3, / 2 and / 1."""

    def values(p):
        t = stats.t.isf(p, 2)
        shape = np.array([-1.0, 0.0, 1.0])  # of mean 0 and standard deviation 1
        return shape + t / np.sqrt(3)

    three = decide([values(p) for p in (0.012, 0.001, 0.02)])
    assert three.holds.tolist() == [True, True, True]  # 0.02 <= 0.025: all
    four = decide([values(p) for p in (0.012, 0.001, 0.02, 0.03)])
    assert four.holds.tolist() == [False, True, False, False]  # 0.03 > 0.025, 0.02 > 0.0125, 0.012 > 0.0083
    other = decide([-values(p) for p in (0.012, 0.001, 0.02)])
    assert other.fails.tolist() == [True, True, True]  # 0.001 <= 0.0083, 0.012 <= 0.0125, 0.02 <= 0.025
    other = decide([-values(p) for p in (0.009, 0.0084, 0.02)])
    assert other.fails.tolist() == [False, False, False]  # Holm stops at the first: 0.0084 > 0.0083


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_a_single_null_is_called_either_way_by_exactly_half_the_budget(seeds):
    found = decide(noise(1, seeds))
    for calls in (found.holds, found.fails):
        assert calls.mean() == pytest.approx(ALPHA / 2, abs=4.9 * np.sqrt(0.025 / TRIALS))


@pytest.mark.parametrize("correlation", [0.0, 0.8])
@pytest.mark.parametrize("comparisons", [2, 8, 32])
def test_false_alarms_where_nothing_is_true(comparisons, correlation):
    own, common = noise(comparisons, 3), noise(1, 3, seed=1)
    found = decide(np.sqrt(1 - correlation) * own + np.sqrt(correlation) * common)
    assert found.holds.any(axis=-1).mean() <= most(ALPHA / 2)
    assert found.fails.any(axis=-1).mean() <= most(ALPHA / 2)


def test_31_true_and_one_null_is_the_worst_case_of_a_confirmation():
    effects = np.full((32, 1), 50.0)
    effects[7] = 0
    found = decide(noise(32, 3) + effects)
    confirmed = found.holds.all(axis=-1).mean()
    assert confirmed == pytest.approx(ALPHA / 2, abs=4.9 * np.sqrt(0.025 / TRIALS))
    assert found.holds[:, 7].mean() <= most(ALPHA / 2)
    assert not found.fails[:, np.arange(32) != 7].any()


def test_a_wrong_budget_would_be_seen():
    found = decide(noise(8, 3), alpha=8 * ALPHA)
    assert found.fails.any(axis=-1).mean() > most(ALPHA / 2)


def test_intervals_for_all_cover_together():
    found = decide(noise(8, 4))
    together = ((found.low_all <= 0) & (found.high_all >= 0)).all(axis=-1).mean()
    assert together >= 1 - most(ALPHA)
    assert together < 1 - ALPHA / 2


def test_missing_values_are_left_out_and_their_comparison_stays_in_the_budget():
    values = noise(2, 4, trials=1)[0] * 0.01 + 1
    holes = np.vstack([values, np.full(4, np.nan)])
    holes[0, 1] = np.nan
    found = decide(holes)
    alone = stats.ttest_1samp(values[0, [0, 2, 3]], 0)
    assert found.seeds.tolist() == [3, 4, 0]
    assert (found.low[0], found.high[0]) == pytest.approx(alone.confidence_interval(0.95))
    assert found.low_all[0] == pytest.approx(alone.confidence_interval(1 - 0.05 / 3).low)
    assert not found.holds[2]
    assert np.isnan(found.mean[2])


@pytest.mark.parametrize(
    "values", [[[5.0]], [[5.0, 5.0, 5.0]], [[0.1 + 0.2, 0.3]], [[np.nan, np.nan]], [[-3.0, np.nan]]]
)
def test_without_a_spread_nothing_is_decided(values):
    found = decide(values)
    assert not found.holds.any()
    assert not found.fails.any()
    assert np.isnan(found.low).all()


def test_a_budget_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match=r"alpha=1\.5: must be above 0 and below 1"):
        decide([[1.0, 2.0]], alpha=1.5)
