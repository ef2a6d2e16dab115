"""More than two classes: against the two-class closed form, quadrature, SciPy's Gaussian integrals and sampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest, multivariate_normal, norm

from theory import multiclass, theorem2
from theory.multiclass import Setting


def random_setting(classes, d, seed, spread=1.5):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, d))
    return Setting(spread * rng.normal(size=(classes, d)), root @ root.T + np.eye(d), rng.uniform(0.1, 3, classes))


def orthant(s, k, j):
    """Return ``P(class j wins | k)`` as an orthant probability of the score differences."""
    w, b = multiclass.linear_classifier(s)
    others = [i for i in range(len(b)) if i != j]
    rise = w[j] - w[others]
    cov = rise @ s.cov @ rise.T
    law = multivariate_normal(-(rise @ s.means[k] + b[j] - b[others]), cov, maxpts=300_000, abseps=1e-8, releps=1e-8)
    return law.cdf(np.zeros(len(others)), rng=np.random.default_rng(0))


@pytest.mark.parametrize(("d", "ratio", "seed"), [(1, 1, 0), (2, 10, 1), (5, 100, 2), (3, 0.01, 3)])
def test_two_classes_are_theorem_2(d, ratio, seed):
    s = random_setting(2, d, seed)
    s = Setting(s.means, s.cov, [ratio, 1])
    confusion = multiclass.confusion(s)
    expected = theorem2.recalls(theorem2.Setting(s.means[0], s.means[1], s.cov, ratio))
    assert np.diagonal(confusion.matrix) == pytest.approx(expected, abs=1e-13)
    assert np.all(confusion.error < 1e-13)


@pytest.mark.parametrize("classes", [3, 4, 5])
@pytest.mark.parametrize("m", [0.5, 3.0])
def test_simplex_by_quadrature(classes, m):
    """Equal priors, all means ``m`` apart: a class wins if its own coordinate is the largest."""
    s = Setting(np.eye(classes) * m / np.sqrt(2), np.eye(classes), np.ones(classes))
    expected, _ = quad(
        lambda y: norm.pdf(y) * norm.cdf(y + m / np.sqrt(2)) ** (classes - 1), -np.inf, np.inf, epsabs=1e-13
    )
    confusion = multiclass.confusion(s, log2_points=9)
    assert np.all(np.abs(np.diagonal(confusion.matrix) - expected) <= confusion.error.diagonal() + 1e-12)
    off = confusion.matrix[~np.eye(classes, dtype=bool)]
    assert np.all(np.abs(off - (1 - expected) / (classes - 1)) <= confusion.error.max() + 1e-12)
    assert confusion.error.max() < (1e-10 if classes == 3 else 0.02)


def test_classes_on_a_line():
    """In two dimensions, but collinear: intervals of one variable."""
    s = Setting([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]], [[1.0, 0.5], [0.5, 2.0]], [5.0, 2.0, 1.0])
    gap = theorem2.separation(multiclass.pair(s, 0, 1))
    cuts = [gap / 2 + np.log(5 / 2) / gap, 3 * gap / 2 + np.log(2) / gap]
    edges = np.array([-np.inf, *cuts, np.inf])
    expected = [np.diff(norm.cdf(edges - mean)) for mean in (0, gap, 2 * gap)]
    assert multiclass.confusion(s).matrix == pytest.approx(np.array(expected), abs=1e-13)


def test_a_class_between_two_others_can_be_lost():
    s = Setting([[0.0], [1.0], [2.0]], [[1.0]], [1.0, 0.5, 1.0])
    assert np.array_equal(multiclass.confusion(s).matrix[:, 1], np.zeros(3))
    assert multiclass.decide(s, multiclass.boundary_point(s, 0, 1)) != 1  # a third class is ahead there
    assert multiclass.decide(s, [[-5.0], [1.0 + 1e-9], [1.0 - 1e-9]]).tolist() == [0, 2, 0]


@pytest.mark.parametrize("seed", range(4))
def test_plane_against_scipy(seed):
    s = random_setting(3, 2 + seed, seed)
    confusion = multiclass.confusion(s)
    expected = [[orthant(s, k, j) for j in range(3)] for k in range(3)]
    assert confusion.matrix == pytest.approx(np.array(expected), abs=1e-7)
    assert np.all(confusion.error < 1e-10)


@pytest.mark.parametrize("seed", range(2))
def test_space_against_scipy(seed):
    s = random_setting(4, 3 + seed, seed)
    confusion = multiclass.confusion(s, log2_points=9)
    expected = np.array([[orthant(s, k, j) for j in range(4)] for k in range(4)])
    assert np.all(np.abs(confusion.matrix - expected) <= confusion.error + 1e-4)
    assert confusion.error.max() < 0.03


def test_more_classes_than_dimensions_against_sampling():
    s, n = random_setting(7, 2, 5), 100_000
    matrix = multiclass.confusion(s).matrix
    rng = np.random.default_rng(np.random.SeedSequence(3))
    for k in range(7):
        counts = np.bincount(multiclass.decide(s, rng.multivariate_normal(s.means[k], s.cov, n)), minlength=7)
        assert all(binomtest(int(c), n, min(p, 1.0)).pvalue > 1e-10 for c, p in zip(counts, matrix[k], strict=True))


@given(st.integers(2, 6), st.integers(1, 2), st.integers(0, 10**6))
@configure(max_examples=6, deadline=None, derandomize=True)
def test_rows_are_laws_and_affine_maps_change_nothing(classes, d, seed):
    s = random_setting(classes, d, seed)
    confusion = multiclass.confusion(s)
    assert confusion.matrix.sum(axis=1) == pytest.approx(np.ones(classes), abs=1e-12)
    transform = np.random.default_rng(seed).normal(size=(d, d)) + 2 * np.eye(d)
    moved = Setting(s.means @ transform.T + 1, transform @ s.cov @ transform.T, 10 * s.priors)
    assert multiclass.confusion(moved).matrix == pytest.approx(confusion.matrix, abs=1e-8)


def test_a_direction_along_a_boundary():
    means = np.array([[0.0, 0.0], [1.0, 0.0]])
    rays = multiclass._rays(means, multiclass._leads(means, np.zeros(2)), np.array([[0.0, 1.0], [0.0, -1.0]]))
    assert np.array_equal(rays, np.broadcast_to(np.eye(2), (2, 2, 2)))


def test_pairs_are_theorem_2():
    s = random_setting(4, 3, 9)
    w, b = multiclass.linear_classifier(s)
    for i, j in ((0, 1), (2, 0), (3, 1)):
        point = multiclass.boundary_point(s, i, j)
        assert (w[i] - w[j]) @ point + b[i] - b[j] == pytest.approx(0, abs=1e-11)
        direction, offset = theorem2.hyperplane(multiclass.pair(s, i, j))
        assert direction == pytest.approx(w[i] - w[j], abs=1e-11)
        assert offset == pytest.approx(b[i] - b[j], abs=1e-11)


def test_the_softmax_of_the_scores_is_the_posterior():
    s = random_setting(3, 2, 4)
    w, b = multiclass.linear_classifier(s)
    x = np.array([0.3, -1.2])
    joint = s.priors * [multivariate_normal(m, s.cov).pdf(x) for m in s.means]
    scores = np.exp(w @ x + b)
    assert scores / scores.sum() == pytest.approx(joint / joint.sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("means", [[0.0, 0.0]], "two classes"),
        ("means", [0.0, 1.0], "matrix"),
        ("means", [[0.0, 0.0], [0.0, 0.0]], "differ"),
        ("means", [[0.0, np.nan], [0.0, 0.0]], "finite"),
        ("cov", np.eye(3), "2 x 2"),
        ("priors", [1.0], "vector of 2"),
        ("priors", [1.0, 0.0], "greater than 0"),
    ],
)
def test_invalid_settings(name, value, allowed):
    arguments = {"means": [[0.0, 0.0], [1.0, 0.0]], "cov": np.eye(2), "priors": [1, 1]} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}=.*{allowed}"):
        Setting(**arguments)


def test_invalid_arguments():
    s = Setting([[0.0], [1.0]], [[1.0]], [1, 1])
    for name, call in [
        ("i", lambda: multiclass.pair(s, 2, 0)),
        ("j", lambda: multiclass.pair(s, 1, 1)),
        ("i", lambda: multiclass.pair(s, -1, 1)),
        ("x", lambda: multiclass.decide(s, [[1.0, 2.0]])),
        ("seed", lambda: multiclass.confusion(s, seed=-1)),
        ("log2_points", lambda: multiclass.confusion(s, log2_points=30)),
    ]:
        with pytest.raises(ValueError, match=f"^{name}="):
            call()


def test_decisions_do_not_change_under_shift():
    """A hundred million standard deviations, features and means on a grid that keeps the shift exact."""
    rng = np.random.default_rng(np.random.SeedSequence(4))
    means, x = (np.round(2 * rng.standard_normal(shape) * 2**20) / 2**20 for shape in ((5, 3), (1000, 3)))
    here, there = (
        multiclass.decide(multiclass.Setting(means + shift, np.eye(3), [5, 4, 3, 2, 1]), x + shift)
        for shift in (0, 2.0**27)
    )
    assert np.array_equal(here, there)


@pytest.mark.parametrize("far", [1e3, 1e6, 1e8])
def test_a_class_far_away_changes_nothing_between_two_that_are_near(far):
    """Scores are as large as the square of its distance; all three were recalled with certainty."""
    found = multiclass.recalls(Setting([[0.0, 0.0], [1.0, 0.0], [0.0, far]], np.eye(2), [10, 1, 1]))
    assert found == pytest.approx([norm.cdf(0.5 + np.log(10)), norm.cdf(0.5 - np.log(10)), 1], abs=1e-6)
