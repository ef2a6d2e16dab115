"""The test of a straight line against a bend: exact answers, error rates, and input that is no measurement."""

import numpy as np
import pytest
from numpy.random import SeedSequence
from scipy.stats import betabinom, binom, f

from empirical.experiments.shared.bend import CONFIDENCE, bend

X = np.array([100, 200, 400, 700, 1000, 1500, 2000, 3000, 4000, 5000], dtype=float)
SEEDS = 3
DRAWS = 399
LEVEL = 20, 380


def rng(*key):
    return np.random.default_rng(SeedSequence(7, spawn_key=key))


def design(x=X, seeds=SEEDS):
    return np.tile(x, seeds), np.repeat(np.arange(seeds), len(x))


def curve(x, at, below, above, level=60.0):
    return level + above * np.maximum(x - at, 0) - below * np.maximum(at - x, 0)


def squares(columns, y):
    fit = np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(((y - columns @ fit) ** 2).sum()), fit


def columns_of(x, blocks, *breaks):
    dummies = [(blocks == label).astype(float) for label in np.unique(blocks)]
    return np.column_stack([*dummies, x, *(np.maximum(0, at - x) for at in breaks)])


def test_the_break_and_the_fits_are_those_of_least_squares():
    x, blocks = design()
    y = curve(x, 700, 0.04, 0.003) + 5.0 * blocks + rng(0).normal(0, 3, len(x))
    found = bend(x, y, blocks, draws=DRAWS)
    sums = {at: squares(columns_of(x, blocks, at), y)[0] for at in X[1:-1]}
    assert found.at == min(sums, key=sums.get)
    _, fit = squares(columns_of(x, blocks, found.at), y)
    assert found.above == pytest.approx(fit[-2])
    assert found.below == pytest.approx(fit[-2] - fit[-1])
    bent = columns_of(x, blocks, found.at) @ fit
    assert found.bent(X) == pytest.approx(bent.reshape(SEEDS, -1).mean(axis=0))
    line = columns_of(x, blocks) @ squares(columns_of(x, blocks), y)[1]
    assert found.line(X) == pytest.approx(line.reshape(SEEDS, -1).mean(axis=0))


@pytest.mark.parametrize("size", [0.5, 1.0, 2.0])
def test_with_a_single_break_to_choose_it_is_the_usual_f_test(size):
    """Three numbers of images: the law is F with 1 and n - 5 degrees of freedom.

    The Monte Carlo p-value leaves the limits for a part of 1e-9 of the seeds of the drawn noise.
    """
    x, blocks = design(np.array([1.0, 2.0, 5.0]))
    y = rng(1).normal(0, 1, len(x)) + size * (x == 2)
    less, _ = squares(columns_of(x, blocks, 2.0), y)
    more, _ = squares(columns_of(x, blocks), y)
    freedom = len(x) - SEEDS - 2
    exact = f.sf((more - less) / less * freedom, 1, freedom)
    draws = 9999
    low, high = binom.ppf([5e-10, 1 - 5e-10], draws, exact)
    found = bend(x, y, blocks, draws=draws)
    assert low <= found.p * (draws + 1) - 1 <= high
    assert (found.at, found.one_bend) == (2.0, 1.0)


def test_the_choice_of_the_break_is_paid_for():
    """Of lines with normal errors it rejects 5 %, and the F test at the best break many more; 600 data sets.

    All use the same drawn noise. Given it, the level is the tail beyond the 20th largest of 399 draws, whose law is
    Beta(20, 380); the number of rejections leaves the limits for 1e-6 of the seeds.
    """
    x, blocks = design()
    exact = naive = 0
    for i in range(600):
        y = 0.01 * x + 4.0 * blocks + rng(2, i).normal(0, 2, len(x))
        found = bend(x, y, blocks, draws=DRAWS)
        exact += found.p <= 0.05
        less, more = squares(columns_of(x, blocks, found.at), y)[0], squares(columns_of(x, blocks), y)[0]
        freedom = len(x) - SEEDS - 2
        naive += f.sf((more - less) / less * freedom, 1, freedom) <= 0.05
    low, high = betabinom.ppf([5e-7, 1 - 5e-7], 600, *LEVEL)
    assert low <= exact <= high
    assert naive > binom.ppf(1 - 1e-9, 600, 0.05)


def test_the_break_is_found_and_its_set_covers_it():
    """The set of 95 % misses the true break in 5 % of data sets; the limit is that of the test above."""
    x, blocks = design()
    missed = narrow = 0
    for i in range(200):
        y = curve(x, 1000, 0.03, 0.004) + 3.0 * blocks + rng(3, i).normal(0, 3, len(x))
        found = bend(x, y, blocks, draws=DRAWS)
        assert found.p <= 0.05
        inside = found.low is not None and found.low <= 1000 <= found.high
        missed += not inside
        narrow += found.low is not None and found.high - found.low <= 2000
    assert missed <= betabinom.ppf(1 - 1e-9, 200, *LEVEL)
    assert narrow >= 150


def test_two_bends_are_more_than_one():
    x, blocks = design()
    y = 20 * np.sin(x / 700) + rng(4).normal(0, 0.5, len(x))
    found = bend(x, y, blocks, draws=DRAWS)
    assert found.p <= 0.05
    assert found.one_bend <= 1 - CONFIDENCE
    assert (found.low, found.high) == (None, None)


def test_it_depends_on_no_unit_no_order_and_no_level_of_a_block():
    x, blocks = design()
    y = curve(x, 1000, 0.01, 0.004) + rng(5).normal(0, 3, len(x))
    found = bend(x, y, blocks, draws=DRAWS)
    assert 1 / (DRAWS + 1) < found.p < 0.9
    moved = bend(x, y + np.array([0, 100, -50])[blocks], blocks, draws=DRAWS)
    for name in ("p", "at", "low", "high", "one_bend"):
        assert getattr(moved, name) == getattr(found, name)
    scaled = bend(x / 1000 - 3, 0.01 * y + 7, blocks, draws=DRAWS)
    assert (scaled.p, scaled.one_bend) == (found.p, found.one_bend)
    assert scaled.at == pytest.approx(found.at / 1000 - 3)
    assert scaled.below == pytest.approx(10 * found.below)
    named = bend(x, y, [f"seed {block}" for block in blocks], draws=DRAWS)
    assert named == found
    order = rng(6).permutation(len(x))
    shuffled = bend(x[order], y[order], blocks[order])
    exact = bend(x, y, blocks)
    assert shuffled.at == exact.at
    assert shuffled.p == pytest.approx(exact.p, abs=0.03)  # other draws: six standard errors


def test_without_noise():
    x, blocks = design()
    exact = bend(x, 0.5 * x + 3.0 * blocks, blocks, draws=DRAWS)
    assert exact.p == 1
    assert exact.slope == pytest.approx(0.5)
    constant = bend(x, np.zeros(len(x)), blocks, draws=DRAWS)
    assert (constant.p, constant.slope) == (1, 0)
    broken = bend(x, curve(x, 1500, 0.03, 0.004), blocks, draws=DRAWS)
    assert (broken.p, broken.at, broken.low, broken.high, broken.one_bend) == (1 / (DRAWS + 1), 1500, 1500, 1500, 1)
    assert (broken.below, broken.above, broken.level) == pytest.approx((0.03, 0.004, 60))
    assert bend(x, curve(x, 1500, 0.03, 0.004), blocks, draws=DRAWS) == broken


@pytest.mark.parametrize(
    ("x", "blocks"),
    [
        ([], []),
        ([1.0, 2.0] * 5, [0] * 10),
        ([1.0, 2.0, 3.0], [0, 0, 0]),
        ([1.0, 2.0, 3.0, 4.0], [0, 1, 2, 3]),
    ],
)
def test_too_few_measurements_give_no_test(x, blocks):
    assert bend(x, np.arange(len(x), dtype=float), blocks) is None


@pytest.mark.parametrize(
    ("x", "y", "blocks", "message"),
    [
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0], [0, 0, 0], "^x=.*must hold finite"),
        ([1.0, 2.0, 3.0], [1.0, np.inf, 3.0], [0, 0, 0], "^y=.*must hold finite"),
        ([1.0, 2.0, 3.0], [1.0, None, 3.0], [0, 0, 0], "^y=.*must hold finite"),
        ([1.0, 2.0, 3.0], ["a", "b", "c"], [0, 0, 0], "^y=.*must hold finite"),
        ([[1.0, 2.0, 3.0]], [1.0, 2.0, 3.0], [0, 0, 0], "^x="),
        ([1.0, 2.0, 3.0], [1.0, 2.0], [0, 0, 0], "^y=2: its length must be 3"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0, 0], "^blocks=2: its length must be 3"),
    ],
)
def test_what_is_no_measurement_is_refused(x, y, blocks, message):
    with pytest.raises(ValueError, match=message) as raised:
        bend(x, y, blocks)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("draws", [0, 1.5, "many"])
def test_draws_are_a_number(draws):
    with pytest.raises(ValueError, match="^draws="):
        bend(X, X, [0] * len(X), draws=draws)
