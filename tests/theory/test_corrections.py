"""Corrections: effective ratios against trained classifiers of the population, and when the boundary is restored."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from theory import corrections, multiclass, theorem2
from theory.theorem2 import Setting

RATIOS = st.floats(1e-3, 1e3)


def trained(prior_pos, prior_neg):
    """Return ``(w, b)`` that minimises the population's weighted cross entropy for N(1, 2) against N(-1, 2)."""
    x, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()
    spread = math.sqrt(2)

    def risk(parameters):
        w, b = parameters
        positive, negative = (w * (mean + spread * x) + b for mean in (1, -1))
        return prior_pos * weight @ np.logaddexp(0, -positive) + prior_neg * weight @ np.logaddexp(0, negative)

    return minimize(risk, [0.5, 0.0], method="BFGS", options={"gtol": 1e-10}).x


@pytest.mark.parametrize(("ratio", "weight_pos", "weight_neg"), [(5, 1, 1), (5, 0.2, 1), (8, 0.5, 2), (0.3, 2, 1)])
def test_reweighting_a_logistic_regression(ratio, weight_pos, weight_neg):
    s = Setting([1.0], [-1.0], [[2.0]], ratio)
    w, b = trained(ratio / (1 + ratio) * weight_pos, weight_neg / (1 + ratio))
    expected = theorem2.hyperplane(corrections.corrected(s, corrections.reweighting(ratio, weight_pos, weight_neg)))
    assert [w, b] == pytest.approx([expected[0][0], expected[1]], abs=1e-5)


@given(RATIOS, st.floats(-2, 2))
@configure(max_examples=50, deadline=None, derandomize=True)
def test_logit_adjustment_moves_the_bias(ratio, tau):
    s = Setting([1.0, 0.5], [0.0, -1.0], [[2.0, 0.3], [0.3, 1.0]], ratio)
    adjusted = corrections.corrected(s, corrections.logit_adjustment(ratio, tau))
    w, b = theorem2.hyperplane(s)
    after = theorem2.hyperplane(adjusted)
    assert after[0] == pytest.approx(w)
    assert after[1] == pytest.approx(b - tau * math.log(ratio), abs=1e-10)
    assert corrections.shift(adjusted)[0] == pytest.approx((1 - tau) * math.log(ratio), abs=1e-10)
    assert corrections.shift(adjusted)[1] == pytest.approx(
        (1 - tau) * math.log(ratio) / theorem2.separation(s), abs=1e-10
    )


def test_what_restores_the_balanced_boundary():
    assert corrections.logit_adjustment(37.0) == 1
    assert corrections.reweighting(50, 1 / 50, 1) == 1
    assert corrections.resampling(37.0) == 1
    assert corrections.logit_adjustment(100, assumed_ratio=50) == pytest.approx(2)
    assert corrections.resampling(100, 0.5) == pytest.approx(10)


def test_effective_numbers():
    betas = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999]
    ratios = [corrections.effective_number(5000, 50, b) for b in betas]
    assert ratios[0] == 100
    assert all(a > b > 1 for a, b in itertools.pairwise(ratios))
    assert ratios[-1] == pytest.approx(1, abs=0.01)
    for beta, got in zip(betas[1:], ratios[1:], strict=True):
        powers = beta ** np.arange(5000)
        assert got == pytest.approx(powers[:50].mean() / powers.mean(), rel=1e-9)
    assert corrections.effective_number(50, 5000, 0.99) == pytest.approx(
        1 / corrections.effective_number(5000, 50, 0.99)
    )


VECTORS = st.lists(st.integers(-4, 4), min_size=2, max_size=2).map(np.array).filter(np.any)


@given(VECTORS, VECTORS, st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.sampled_from([1.0, 4.0]), RATIOS)
@configure(max_examples=200, deadline=None, derandomize=True)
def test_tau_normalisation_restores_if_and_only_if(mu1, mu2, tau, variance, ratio):
    """Equal Mahalanobis norms of the means and, for tau other than 0, equal norms of the weights."""
    if np.array_equal(mu1, mu2):
        return
    s = Setting(mu1, mu2, np.diag([1.0, variance]), ratio)
    weights = np.array([mu1, mu2]) / [1.0, variance]
    if np.allclose(*(v / np.linalg.norm(v) ** tau for v in weights), atol=1e-12):
        return  # the same direction and norm: there is no boundary
    w, b = corrections.tau_normalization(s, tau)
    direction, offset = theorem2.hyperplane(corrections.corrected(s, 1))
    cosine = w @ direction / (np.linalg.norm(w) * np.linalg.norm(direction))
    restored = cosine > 1 - 1e-9 and abs(offset) < 1e-9 and b == 0
    squares = np.sum(weights * [mu1, mu2], axis=1)
    norms = np.sum(weights**2, axis=1)
    assert restored == (squares[0] == squares[1] and (tau == 0 or norms[0] == norms[1]))


def test_tau_normalisation_without_bias_never_sees_the_prior():
    first, second = (
        corrections.tau_normalization(Setting([3.0, 1.0], [0.0, 1.0], np.eye(2), r), 0.7)[0] for r in (1, 1000)
    )
    assert np.array_equal(first, second)


def test_dropping_the_bias_removes_the_imbalance_between_opposite_means():
    s = Setting([1.0, 0.5], [-1.0, -0.5], [[2.0, 0.3], [0.3, 1.0]], 100)
    for tau in (0, 1):
        w, b = corrections.tau_normalization(s, tau)
        assert corrections.crossing_point(s, w, b) == pytest.approx([0, 0], abs=1e-15)
        recall = norm.cdf(theorem2.separation(s) / 2)
        assert corrections.hyperplane_recalls(s, w, b) == pytest.approx((recall, recall))
    kept = corrections.tau_normalization(s, 0, bias="kept")
    assert corrections.hyperplane_recalls(s, *kept) == pytest.approx(theorem2.recalls(s))


def test_a_balanced_problem_that_tau_normalisation_makes_biased():
    s = Setting([3.0, 0.0], [0.0, 1.0], np.eye(2), 1)
    before = theorem2.recalls(s)
    after = corrections.hyperplane_recalls(s, *corrections.tau_normalization(s, 1))
    assert before[0] == pytest.approx(before[1])
    assert after == pytest.approx((norm.cdf(3 / math.sqrt(2)), norm.cdf(1 / math.sqrt(2))))


def test_the_bias_as_a_coordinate():
    s = Setting([3.0, 0.5], [0.0, 1.0], [[2.0, 0.3], [0.3, 1.0]], 20)
    weights, biases = multiclass.linear_classifier(multiclass.Setting([s.mu1, s.mu2], s.cov, [20, 1]))
    joined = np.column_stack([weights, biases])
    joined /= np.linalg.norm(joined, axis=1, keepdims=True)
    w, b = corrections.tau_normalization(s, 1, bias="coordinate")
    assert w == pytest.approx(joined[0, :2] - joined[1, :2])
    assert b == pytest.approx(joined[0, 2] - joined[1, 2])
    w, b = corrections.tau_normalization(s, 0, bias="coordinate")
    assert (*w, b) == pytest.approx((*theorem2.hyperplane(s)[0], theorem2.hyperplane(s)[1]))
    norms = [np.hypot(np.linalg.norm(weights[0]), math.log(r / (1 + r)) - weights[0] @ s.mu1 / 2) for r in (0.1, 1, 10)]
    assert norms[0] > norms[1] > norms[2]  # the more frequent the class, the smaller the norm


def test_hyperplane_recalls_by_sampling_free_geometry():
    s = Setting([1.0, 0.0], [-1.0, 0.0], np.diag([1.0, 4.0]), 10)
    assert corrections.hyperplane_recalls(s, [0.0, 1.0], 0) == pytest.approx((0.5, 0.5))
    assert corrections.hyperplane_recalls(s, [1.0, 1.0], 0.5) == pytest.approx(
        (norm.cdf(1.5 / math.sqrt(5)), norm.cdf(0.5 / math.sqrt(5)))
    )
    point = corrections.crossing_point(s, *theorem2.hyperplane(s))
    assert point == pytest.approx(theorem2.boundary_point(s))


@given(st.floats(0.1, 5), RATIOS)
@configure(max_examples=50, deadline=None, derandomize=True)
def test_features_centred_at_their_overall_mean(m, ratio):
    share = ratio / (1 + ratio)
    centre = share * m  # of means m and 0
    s = Setting([m - centre], [-centre], [[1.0]], ratio)
    w, b = corrections.tau_normalization(s, 0)
    assert corrections.hyperplane_recalls(s, w, b) == pytest.approx(
        corrections.centred_without_bias(m, ratio), abs=1e-9
    )


def test_invalid_arguments():
    s = Setting([1.0, 0.0], [-1.0, 0.0], np.eye(2), 10)
    for name, call in [
        ("prior_ratio", lambda: corrections.logit_adjustment(0)),
        ("tau", lambda: corrections.logit_adjustment(2, np.nan)),
        ("tau", lambda: corrections.logit_adjustment(10, 1e6)),
        ("assumed_ratio", lambda: corrections.logit_adjustment(2, 1, -1)),
        ("weight_pos", lambda: corrections.reweighting(2, 0, 1)),
        ("weight_neg", lambda: corrections.reweighting(2, 1, np.inf)),
        ("n_neg", lambda: corrections.effective_number(10, 0, 0.9)),
        ("beta", lambda: corrections.effective_number(10, 1, 1)),
        ("power", lambda: corrections.resampling(10, np.inf)),
        ("effective_ratio", lambda: corrections.corrected(s, 0)),
        ("bias", lambda: corrections.tau_normalization(s, 1, "none")),
        ("weights", lambda: corrections.tau_normalization(Setting([0.0], [1.0], [[1.0]], 2))),
        ("tau", lambda: corrections.tau_normalization(Setting([2.0], [1.0], [[1.0]], 2))),
        ("w", lambda: corrections.hyperplane_recalls(s, [0.0, 0.0], 1)),
        ("w", lambda: corrections.hyperplane_recalls(s, [1.0], 1)),
        ("b", lambda: corrections.hyperplane_recalls(s, [1.0, 0.0], np.nan)),
        ("w", lambda: corrections.crossing_point(s, [0.0, 1.0], 1)),
        ("separation", lambda: corrections.centred_without_bias(0, 2)),
    ]:
        with pytest.raises(ValueError, match=f"^{name}="):
            call()
