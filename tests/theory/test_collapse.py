"""The point of collapse: each closed form against the recalls that it inverts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

from theory import collapse
from theory.theorem2 import minority_recall

RATIOS = st.floats(1.001, 1e6)


@given(RATIOS)
@configure(max_examples=100, deadline=None, derandomize=True)
def test_the_minority_has_a_recall_of_one_half_at_the_point_of_collapse_and_less_below(ratio):
    at = collapse.collapse_separation(ratio)
    assert minority_recall(at, ratio) == pytest.approx(0.5, abs=1e-12)
    assert minority_recall(0.99 * at, ratio) < 0.5 < minority_recall(1.01 * at, ratio)


@given(RATIOS, st.floats(1e-6, 1 - 1e-6))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_separation_and_imbalance_for_a_recall(ratio, recall):
    m = collapse.separation_for(recall, ratio)
    assert m > 0
    assert minority_recall(m, ratio) == pytest.approx(recall, rel=1e-8, abs=1e-12)
    assert collapse.prior_ratio_for(recall, m) == pytest.approx(ratio, rel=1e-7)


def test_separation_for_by_root_finding():
    for recall, ratio in ((0.1, 100), (0.5, 7), (0.95, 50)):
        root = brentq(lambda m, r=recall, p=ratio: float(minority_recall(m, p)) - r, 1e-3, 50, xtol=1e-13)
        assert collapse.separation_for(recall, ratio) == pytest.approx(root, abs=1e-10)
    assert collapse.separation_for([0.2, 0.5, 0.9], 1) == pytest.approx([0, 0, 2 * norm.ppf(0.9)], abs=1e-12)
    assert collapse.collapse_separation(1) == 0


@pytest.mark.parametrize("ratio", [1.5, 10, 1000])
def test_the_majority_is_lowest_where_the_minority_collapses(ratio):
    at, lowest = collapse.majority_minimum(ratio)
    found = minimize_scalar(
        lambda m: float(minority_recall(m, 1 / ratio)),
        bounds=(at / 5, at * 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert at == pytest.approx(collapse.collapse_separation(ratio), abs=1e-15)
    assert found.x == pytest.approx(at, rel=1e-3)  # a minimum is flat: its place is known to the root of the error
    assert found.fun == pytest.approx(lowest, abs=1e-12)
    assert minority_recall(at, 1 / ratio) == pytest.approx(lowest, abs=1e-14)


def test_limits():
    assert minority_recall(1e-3, [10, 0.1]) == pytest.approx([0, 1], abs=1e-12)
    assert minority_recall(1e3, [10, 0.1]) == pytest.approx([1, 1], abs=1e-12)
    assert minority_recall(2, [1e300, 1e-300]) == pytest.approx([0, 1], abs=1e-12)


def test_balanced_accuracy():
    m, ratio = np.linspace(0.1, 6, 40)[:, None], np.array([1, 1.5, 10, 1e4])
    accuracy, loss = collapse.balanced_accuracy(m, ratio), collapse.balanced_accuracy_loss(m, ratio)
    assert accuracy == pytest.approx((minority_recall(m, ratio) + minority_recall(m, 1 / ratio)) / 2, abs=1e-15)
    assert accuracy == pytest.approx(collapse.balanced_accuracy(m, 1 / ratio), abs=1e-15)
    assert np.all(loss >= 0)
    assert np.all(np.diff(loss, axis=1) >= 0)
    assert np.all(np.diff(loss, axis=1)[m[:, 0] > 1] > 0)  # below, the loss is complete to the last digit
    assert accuracy + loss == pytest.approx(np.broadcast_to(norm.cdf(m / 2), accuracy.shape), abs=1e-14)
    assert collapse.balanced_accuracy(2, 1e300) == pytest.approx(0.5, abs=1e-12)


def test_invalid_arguments():
    for bad in (0.99, 0, -1, np.nan, np.inf, "2"):
        with pytest.raises(ValueError, match="^prior_ratio="):
            collapse.collapse_separation(bad)
        with pytest.raises(ValueError, match="^prior_ratio="):
            collapse.separation_for(0.5, bad)
    for bad in (0, 1, -0.1, np.nan):
        with pytest.raises(ValueError, match="^recall="):
            collapse.separation_for(bad, 2)
        with pytest.raises(ValueError, match="^recall="):
            collapse.prior_ratio_for(bad, 2)
    for call in (collapse.balanced_accuracy, collapse.balanced_accuracy_loss):
        with pytest.raises(ValueError, match="^separation="):
            call(0, 2)
        with pytest.raises(ValueError, match="^prior_ratio="):
            call(1, 0)
    with pytest.raises(ValueError, match="^separation="):
        collapse.prior_ratio_for(0.5, 0)
    with pytest.raises(ValueError, match="^prior_ratio=.*broadcast"):
        collapse.separation_for([0.5, 0.6], [1, 2, 3])
