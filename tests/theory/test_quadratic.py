"""Unequal covariances: every probability against an oracle, within the error bound that comes with it."""

import math

import mpmath
import numpy as np
import pytest
from flint import acb, arb, ctx
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest, ncx2, norm
from scipy.stats import f as fisher

from theory import quadratic, theorem2
from theory.quadratic import Setting, positive_probability


def vectors(d):
    return st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=d, max_size=d).map(np.array)


@st.composite
def problems(draw, most=5, equal=False):
    d = draw(st.integers(1, most))
    roots = [np.array(draw(st.lists(vectors(d), min_size=d, max_size=d))) for _ in range(2)]
    cov1, cov2 = (root @ root.T + np.eye(d) / 2 for root in roots)
    mu1 = draw(vectors(d))
    step = draw(vectors(d).filter(lambda v: np.abs(v).max() > 0.01))
    return Setting(mu1, mu1 + step, cov1, cov1 if equal else cov2, draw(st.floats(1e-2, 1e2)))


@given(problems(equal=True))
@configure(max_examples=30, deadline=None, derandomize=True)
def test_equal_covariances_give_theorem_2(s):
    expected = theorem2.recalls(theorem2.Setting(s.mu1, s.mu2, s.cov1, s.prior_ratio))
    for ours, closed in zip(quadratic.recalls(s), expected, strict=True):
        assert ours.error < 1e-10
        assert abs(ours.value - closed) <= ours.error + 1e-11


def one_dimension(s):
    """Return both recalls to 40 digits from the roots of the quadratic."""
    with mpmath.workdps(40):
        m1, m2, v1, v2 = (mpmath.mpf(float(v.ravel()[0])) for v in (s.mu1, s.mu2, s.cov1, s.cov2))
        a, w = (1 / v2 - 1 / v1) / 2, m1 / v1 - m2 / v2
        b = mpmath.log(s.prior_ratio) + (mpmath.log(v2 / v1) + m2**2 / v2 - m1**2 / v1) / 2
        disc = w**2 - 4 * a * b
        if disc <= 0:
            inside = [mpmath.mpf(0), mpmath.mpf(0)]
        else:
            low, high = sorted(((-w - mpmath.sqrt(disc)) / (2 * a), (-w + mpmath.sqrt(disc)) / (2 * a)))
            inside = [
                mpmath.ncdf((high - m) / mpmath.sqrt(v)) - mpmath.ncdf((low - m) / mpmath.sqrt(v))
                for m, v in ((m1, v1), (m2, v2))
            ]
        return (1 - inside[0], inside[1]) if a > 0 else (inside[0], 1 - inside[1])


@pytest.mark.parametrize(
    ("mu1", "mu2", "v1", "v2", "ratio"),
    [
        (0, 0, 4, 1, 1),
        (1, -1, 2, 1, 10),
        (1, -1, 1, 3, 0.01),
        (0, 2, 1, 1.0001, 5),
        (3, 0, 0.01, 9, 2),
        (0, 0, 1, 9, 2),
    ],
)
def test_one_dimension_from_the_roots(mu1, mu2, v1, v2, ratio):
    s = Setting([mu1], [mu2], [[v1]], [[v2]], ratio)
    for ours, exact in zip(quadratic.recalls(s), one_dimension(s), strict=True):
        assert ours.error < 1e-12
        assert abs(mpmath.mpf(ours.value) - exact) <= ours.error


@pytest.mark.parametrize("ratio", [0.2, 1, 20])
def test_two_dimensions_by_integration(ratio):
    s = Setting([1.0, 0.5], [0.0, 0.0], np.diag([2.0, 0.5]), np.diag([1.0, 1.5]), ratio)
    a, w, b = quadratic.boundary(s)

    def chance(first, mean, cov, positive):
        roots = np.sort(np.roots([a[1, 1], w[1], a[0, 0] * first**2 + w[0] * first + b]))
        inside = 0.0 if np.iscomplexobj(roots) else np.diff(norm.cdf((roots - mean[1]) / math.sqrt(cov[1, 1])))[0]
        return inside if positive == (a[1, 1] < 0) else 1 - inside

    for ours, mean, cov, positive in zip(
        quadratic.recalls(s), (s.mu1, s.mu2), (s.cov1, s.cov2), (True, False), strict=True
    ):
        spread = math.sqrt(cov[0, 0])
        expected, _ = quad(
            lambda x, m=mean, c=cov, p=positive, r=spread: chance(x, m, c, p) * norm.pdf(x, m[0], r),
            mean[0] - 9 * spread, mean[0] + 9 * spread, limit=500, epsabs=1e-11,
        )  # fmt: skip
        assert abs(ours.value - expected) <= ours.error + 1e-8


@pytest.mark.parametrize("smallest", [1, 1e-4, 1e-8])
def test_the_bound_covers_the_rounding_of_the_transformation(smallest):
    """``cov2 = 2 cov1`` exactly, equal means: chi-square probabilities, however badly conditioned ``cov1`` is."""
    d, ratio = 4, 3
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))[0]
    cov = (axes * np.geomspace(smallest, 1, d)) @ axes.T
    cov = (cov + cov.T) / 2
    first, second = quadratic.recalls(Setting(np.ones(d), np.ones(d), cov, 2 * cov, ratio))
    with mpmath.workdps(30):
        limit = 4 * mpmath.log(ratio) + 2 * d * mpmath.log(2)
        exact = (
            mpmath.gammainc(mpmath.mpf(d) / 2, 0, limit / 2, regularized=True),
            mpmath.gammainc(mpmath.mpf(d) / 2, limit / 4, regularized=True),
        )
        assert abs(first.value - exact[0]) <= first.error
        assert abs(second.value - exact[1]) <= second.error
    assert max(first.error, second.error) < 1e-13 / smallest


@given(problems(most=4), st.integers(-20, 20))
@configure(max_examples=15, deadline=None, derandomize=True)
def test_scaling_a_coordinate_changes_nothing_beyond_the_bounds(s, power):
    """By a power of two, which floats represent exactly; the covariances then are as badly conditioned as 1e-12."""
    scale = np.ones(len(s.mu1))
    scale[0] = 2.0**power
    outer = np.outer(scale, scale)
    scaled = Setting(s.mu1 * scale, s.mu2 * scale, s.cov1 * outer, s.cov2 * outer, s.prior_ratio)
    for one, other in zip(quadratic.recalls(s), quadratic.recalls(scaled), strict=True):
        assert abs(one.value - other.value) <= one.error + other.error
        assert max(one.error, other.error) < 1e-9


def test_against_sampling():
    rng, n = np.random.default_rng(np.random.SeedSequence(11)), 50_000
    root = np.array([[1.0, 0, 0, 0], [0.5, 1, 0, 0], [0, -0.3, 0.7, 0], [0.2, 0, 0.1, 1.5]])
    s = Setting([1.0, 0, 0, 0.5], np.zeros(4), root @ root.T, np.diag([0.5, 1, 2, 1]), prior_ratio=4)
    draws = zip(quadratic.recalls(s), (s.mu1, s.mu2), (s.cov1, s.cov2), (1, -1), strict=True)
    for recall, mean, cov, sign in draws:
        right = int(np.sum(sign * quadratic.log_odds(s, rng.multivariate_normal(mean, cov, n)) > 0))
        assert binomtest(right, n, recall.value).pvalue > 1e-9


def test_log_odds_are_those_of_the_densities():
    s = Setting([1.0, 0.0], [0.0, 1.0], [[2.0, 0.3], [0.3, 1.0]], [[1.0, 0.0], [0.0, 3.0]], 5)
    from scipy.stats import multivariate_normal

    x = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 0.5]])
    expected = np.log(5) + multivariate_normal(s.mu1, s.cov1).logpdf(x) - multivariate_normal(s.mu2, s.cov2).logpdf(x)
    assert quadratic.log_odds(s, x) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("x", [-1, 0, 0.25, 3, 40])
def test_laplace_distribution(x):
    """Half the difference of chi-square variables of two degrees of freedom is Laplace's."""
    got = positive_probability(-x, [0.5, -0.5], [0, 0], [2, 2])
    with mpmath.workdps(30):
        exact = mpmath.exp(-x) / 2 if x >= 0 else 1 - mpmath.exp(x) / 2
        assert abs(got.value - exact) <= got.error
    assert got.error <= 1e-13 * got.value


@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 7), (1e-3, 1)])
def test_ratio_of_two_squares(a, b):
    """No exponential decay anywhere: the integrand falls as a power, with the constant exactly 0."""
    got = positive_probability(0, [a, -b], [0, 0])
    with mpmath.workdps(30):
        exact = 2 / mpmath.pi * mpmath.atan(mpmath.sqrt(mpmath.mpf(a) / b))
        assert abs(got.value - exact) <= got.error
    assert got.error < 1e-12


@pytest.mark.parametrize(("m", "n", "w"), [(1, 3, 0.5), (10, 4, 2.0), (64, 64, 1.1)])
def test_f_distribution(m, n, w):
    got = positive_probability(0, [1.0, -w], [0, 0], [m, n])
    assert got.value == pytest.approx(fisher.sf(w * n / m, m, n), rel=1e-9)
    repeated = positive_probability(0, [1.0] * m + [-w] * n, [0] * (m + n))
    assert abs(got.value - repeated.value) <= got.error + repeated.error


@pytest.mark.parametrize(("degrees", "shift", "x"), [(1, 0.5, 2.0), (4, 2.0, 3.0), (30, 1.0, 60.0)])
def test_noncentral_chi_square(degrees, shift, x):
    """``(xi + shift)^2 + ...`` is ``xi^2 + 2 shift xi + shift^2``."""
    got = positive_probability(shift**2 - x, [1], [2 * shift], [degrees])
    assert got.value == pytest.approx(ncx2.sf(x, degrees, shift**2), rel=1e-9)


def test_tails_keep_their_digits():
    got = positive_probability(-1000, [1], [0])
    with mpmath.workdps(30):
        exact = mpmath.erfc(mpmath.sqrt(500))
        assert abs(got.value - exact) <= got.error
    assert 0 < got.error < 1e-12 * got.value
    linear = positive_probability(-30, [0], [1])
    assert linear.value == pytest.approx(norm.sf(30), rel=1e-12)


def test_sure_events():
    for weights in ([1], [1, 0.001]):
        sure = positive_probability(1, weights, [0] * len(weights))
        never = positive_probability(-1, [-w for w in weights], [0] * len(weights))
        assert 1 - sure.value <= sure.error < 1e-9
        assert never.value <= never.error < 1e-9


@pytest.mark.parametrize("end", [-0.2 + 3j, 0.3 + 8j, 2.0 + 12j, -5.0 + 6j, 2.0 + 0.5j])
@pytest.mark.parametrize(
    "terms",
    [
        [(0.5, 0.0, 1)],
        [(0.5, 1.0, 1), (-0.4, 2.0, 3)],
        [(1e-9, 2.0, 1)],
        [(1e-2, 1.0, 1), (-1e-3, 0.5, 2), (0.3, 0.0, 1)],
        [(0.0, 1.5, 1)],
        [(-0.7, 3.0, 2)],
        [(0.5, 4.0, 1)],
    ],
)
def test_the_bound_on_what_lies_beyond_the_segment(terms, end):
    """On the vertical ray, against integration of the absolute value over the logarithm of the height."""
    constant = 0.3
    balls = [quadratic._Term(arb(w), arb(b) ** 2 / 2, m) for w, b, m in terms]
    bound = float(quadratic._ray_bound(arb(constant), balls, acb(end.real, end.imag)).upper())
    if math.isnan(bound):  # too low for a fall to be shown, which only a normal variable alone is so late with
        assert all(w == 0 for w, _, _ in terms)
        return

    def magnitude(log_height):
        t = complex(end.real, end.imag * math.exp(log_height))
        exponent = constant * t + sum(b * b / 2 * t * t / (1 - 2 * w * t) for w, b, _ in terms)
        size = math.prod(abs(1 - 2 * w * t) ** (-m / 2) for w, _, m in terms)
        return size * math.exp(exponent.real) / abs(t) * t.imag

    area = quad(magnitude, 0, 60, limit=500, points=[0.01, 0.1, 1, 10])[0]
    assert 0 < area <= bound * (1 + 1e-9)
    assert area >= 1e-4 * bound


def test_balls_widen_the_error():
    before, ctx.prec = ctx.prec, 96
    try:
        got = positive_probability(arb(-1, 1e-3), [arb(1, 1e-3)], [0])
    finally:
        ctx.prec = before
    ends = [2 * norm.sf(math.sqrt(x / w)) for x in (0.999, 1.001) for w in (0.999, 1.001)]
    assert got.error < 0.01
    assert all(abs(end - got.value) <= got.error for end in ends)


def test_extinction():
    s = Setting([1.0, 0.3], [0.0, 0.0], [[4.0, 0.5], [0.5, 3.0]], [[1.0, 0.0], [0.0, 2.0]], 1)
    limit = quadratic.extinction_ratio(s)
    below, above = (
        quadratic.recalls(Setting(s.mu1, s.mu2, s.cov1, s.cov2, limit * factor))[1] for factor in (0.99, 1.01)
    )
    assert below.value - below.error > 1e-4
    assert above.value <= above.error < 1e-9
    x = np.random.default_rng(0).normal(size=(2000, 2)) * 5
    assert np.all(quadratic.log_odds(Setting(s.mu1, s.mu2, s.cov1, s.cov2, limit * 1.0001), x) > 0)
    lowest = s.mu2 - s.cov2 @ np.linalg.solve(s.cov1 - s.cov2, s.mu1 - s.mu2)  # where the log odds are lowest
    assert quadratic.log_odds(Setting(s.mu1, s.mu2, s.cov1, s.cov2, limit), lowest) == pytest.approx(0, abs=1e-12)


def test_extinction_needs_a_wider_majority():
    eye, wide, mixed = np.eye(2), np.diag([4.0, 1.0]), np.diag([4.0, 0.5])
    same_direction = Setting([1.0, 0.0], [0.0, 0.0], wide, eye, 1)
    assert quadratic.extinction_ratio(same_direction) == pytest.approx(2 * math.exp(1 / 6))
    assert quadratic.extinction_ratio(Setting([1.0, 0.1], [0.0, 0.0], wide, eye, 1)) == math.inf
    assert quadratic.extinction_ratio(Setting([1.0, 0.0], [0.0, 0.0], mixed, eye, 1)) == math.inf
    assert quadratic.extinction_ratio(Setting([1.0, 0.0], [0.0, 0.0], eye, eye, 1)) == math.inf


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("mu1", [np.nan, 0], "finite"),
        ("mu1", [], "at least one"),
        ("mu2", [1], "2 finite"),
        ("mu2", [1, 0], "equal classes"),
        ("cov1", np.eye(3), "2 x 2"),
        ("cov2", [[1, 2], [2, 1]], "positive definite"),
        ("prior_ratio", 0, "greater than 0"),
        ("prior_ratio", np.inf, "finite"),
    ],
)
def test_invalid_settings(name, value, allowed):
    arguments = {"mu1": [1, 0], "mu2": [0, 0], "cov1": np.eye(2), "cov2": np.eye(2), "prior_ratio": 2} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}=.*{allowed}"):
        Setting(**arguments)


def test_invalid_forms():
    for arguments, name in [
        ((0, [0], [0]), "weights"),
        ((np.nan, [1], [0]), "constant"),
        ((0, [1], [0, 1]), "linear"),
        ((0, [1], [0], [0]), "multiplicities"),
        ((0, [arb("inf")], [0]), "weights"),
        ((0, ["1"], [0]), "weights"),
        ((0, [], []), "weights"),
    ]:
        with pytest.raises(ValueError, match=f"^{name}="):
            positive_probability(*arguments)
    with pytest.raises(ValueError, match="^x="):
        quadratic.log_odds(Setting([1.0], [0.0], [[1.0]], [[2.0]], 1), [[1.0, 2.0]])
