"""Theorem 2 and its properties: the boundary in any dimension, recalls against integration, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest, norm

from theory import theorem2
from theory.theorem2 import Setting


@st.composite
def settings(draw, most=8):
    d = draw(st.integers(1, most))
    values = st.floats(-3, 3).map(lambda x: round(x, 3))
    vector = st.lists(values, min_size=d, max_size=d).map(np.array)
    root = np.array(draw(st.lists(vector, min_size=d, max_size=d)))
    mu1, step = draw(vector), draw(vector.filter(lambda v: np.abs(v).max() > 0.01))
    return Setting(mu1, mu1 + step, root @ root.T + np.eye(d), draw(st.floats(1e-3, 1e3)))


@given(settings())
@configure(max_examples=200, deadline=None, derandomize=True)
def test_boundary_point_is_where_the_hyperplane_crosses_the_line_of_the_means(s):
    w, b = theorem2.hyperplane(s)
    point = theorem2.boundary_point(s)
    scale = np.abs(w) @ np.abs(point) + np.abs(w) @ (np.abs(s.mu1) + np.abs(s.mu2)) + abs(np.log(s.prior_ratio))
    assert abs(w @ point + b) <= 1e-11 * scale
    away, line = point - (s.mu1 + s.mu2) / 2, s.mu1 - s.mu2
    assert away == pytest.approx(line * (away @ line) / (line @ line), abs=1e-9 * np.abs(away).max())


@given(settings())
@configure(max_examples=100, deadline=None, derandomize=True)
def test_hyperplane_is_where_the_posteriors_are_equal(s):
    w, b = theorem2.hyperplane(s)
    inverse = np.linalg.inv(s.cov)
    for x in (np.zeros(len(s.mu1)), s.mu1, np.ones(len(s.mu1))):
        squares = [(x - m) @ inverse @ (x - m) for m in (s.mu2, s.mu1)]
        log_odds = np.log(s.prior_ratio) + (squares[0] - squares[1]) / 2
        assert w @ x + b == pytest.approx(log_odds, abs=1e-9 * (1 + sum(squares)))


@given(settings())
@configure(max_examples=100, deadline=None, derandomize=True)
def test_recalls_follow_from_the_hyperplane(s):
    """Along w each class is Gaussian; so each recall is a one-dimensional normal probability."""
    w, b = theorem2.hyperplane(s)
    spread = np.sqrt(w @ s.cov @ w)
    expected = norm.cdf((w @ s.mu1 + b) / spread), norm.cdf(-(w @ s.mu2 + b) / spread)
    assert theorem2.recalls(s) == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(("m", "ratio"), [(0.5, 2), (1, 10), (2, 100), (4, 1), (3, 0.2)])
def test_minority_recall_by_integration(m, ratio):
    """The minority's density, integrated over the points where its share of the prior makes it the likelier."""
    boundary = m / 2 - np.log(ratio) / m  # the minority has mean 0, the majority mean m
    expected, _ = quad(norm.pdf, -np.inf, boundary, epsabs=1e-13)
    assert norm.pdf(boundary) == pytest.approx(ratio * norm.pdf(boundary - m), rel=1e-12)
    assert theorem2.minority_recall(m, ratio) == pytest.approx(expected, abs=1e-12)


def test_recalls_against_sampling():
    s = Setting([1.0, 0.0, 0.5], [0.0, 0.5, 0.0], np.diag([1.0, 2.0, 0.5]), prior_ratio=3)
    rng, n = np.random.default_rng(np.random.SeedSequence(2)), 50_000
    w, b = theorem2.hyperplane(s)
    for mean, sign, recall in zip((s.mu1, s.mu2), (1, -1), theorem2.recalls(s), strict=True):
        right = int(np.sum(sign * (rng.multivariate_normal(mean, s.cov, n) @ w + b) > 0))
        assert binomtest(right, n, recall).pvalue > 1e-9


@given(settings())
@configure(max_examples=50, deadline=None, derandomize=True)
def test_properties_one_and_two_are_special_cases(s):
    balanced = Setting(s.mu1, s.mu2, s.cov, 1)
    assert np.array_equal(theorem2.boundary_point(balanced), (s.mu1 + s.mu2) / 2)
    isotropic = Setting(s.mu1, s.mu2, 2.25 * np.eye(len(s.mu1)), s.prior_ratio)
    point = theorem2.isotropic_boundary_point(s.mu1, s.mu2, 1.5, s.prior_ratio)
    assert point == pytest.approx(theorem2.boundary_point(isotropic), rel=1e-9, abs=1e-9)


def test_number_and_similarity_move_the_recall_the_way_the_ledger_says():
    m, ratios = np.linspace(0.2, 6, 50), np.array([1, 2, 10, 100])
    recall = theorem2.minority_recall(m[:, None], ratios)
    assert recall.shape == (50, 4)
    assert np.all(np.diff(recall, axis=0) > 0)
    assert np.all(np.diff(recall, axis=1) < 0)
    assert theorem2.minority_recall(np.sqrt(2 * np.log(10)), 10) == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("mu1", [np.nan, 0], "finite"),
        ("mu1", [[1, 0]], "vector"),
        ("mu1", [], "at least one"),
        ("mu2", [0, np.inf], "finite"),
        ("mu2", [1], "2 finite real numbers"),
        ("mu2", [1, 0], "differ"),
        ("cov", np.eye(3), "2 x 2"),
        ("cov", [[1, 0.5], [0, 1]], "symmetric"),
        ("cov", [[1, 2], [2, 1]], "positive definite"),
        ("cov", [[1, 0], [0, np.nan]], "positive definite"),
        ("prior_ratio", 0, "greater than 0"),
        ("prior_ratio", -1, "greater than 0"),
        ("prior_ratio", np.inf, "finite"),
        ("prior_ratio", [2], "finite"),
    ],
)
def test_invalid_settings_name_the_argument(name, value, allowed):
    arguments = {"mu1": [1, 0], "mu2": [0, 0], "cov": np.eye(2), "prior_ratio": 2} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}=.*{allowed}") as error:
        Setting(**arguments)
    assert "\n" not in str(error.value)


def test_invalid_recall_arguments():
    for bad in (0, -1, np.nan, [1, np.inf], "2"):
        with pytest.raises(ValueError, match="^separation="):
            theorem2.minority_recall(bad, 2)
        with pytest.raises(ValueError, match="^prior_ratio="):
            theorem2.minority_recall(2, bad)
    with pytest.raises(ValueError, match="^prior_ratio=.*broadcast"):
        theorem2.minority_recall([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="^sigma="):
        theorem2.isotropic_boundary_point([1], [0], 0, 2)


def test_covariances_are_symmetric_up_to_rounding():
    rng = np.random.default_rng(np.random.SeedSequence(9))
    for _ in range(50):
        q, _ = np.linalg.qr(rng.standard_normal((20, 20)))
        cov = q @ np.diag(rng.uniform(1, 1.0001, 20)) @ q.T
        s = Setting(np.ones(20), np.zeros(20), cov, 2)
        assert np.array_equal(s.cov, s.cov.T)


def test_what_floats_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="^mu2=.*floats can hold"):
        Setting([1e-200], [0], [[1]], 2)
    with pytest.raises(ValueError, match="^mu2=.*floats can hold"):
        Setting([1e308], [-1e308], [[1]], 2)
    with pytest.raises(ValueError, match="^sigma=1e[+]200: must have a square"):
        theorem2.isotropic_boundary_point([1], [0], 1e200, 2)
    assert theorem2.recalls(Setting([1], [0], [[1]], 5e-324)) == (0.0, 1.0)


def test_settings_cannot_be_changed():
    s = Setting([1, 0], [0, 0], np.eye(2), 2)
    with pytest.raises(ValueError, match="read-only"):
        s.mu1[0] = 3
    with pytest.raises(AttributeError):
        s.prior_ratio = 3
