"""Theorem 2 with unequal covariances: a quadratic Bayes boundary, and its recalls with an error bound.

With features ``x | + ~ N(mu1, cov1)`` and ``x | - ~ N(mu2, cov2)`` the logarithm of the posterior odds is ::

    q(x) = ln(p+ / p-) + [ln(det cov2 / det cov1) + (x - mu2)^T cov2^-1 (x - mu2) - (x - mu1)^T cov1^-1 (x - mu1)] /
    2,

and for a class' own features it is a quadratic form in standard normal variables (a generalised chi-square
variable, up to a linear term). Its probability of being positive is a contour integral of its moment generating
function, which Arb encloses: the error that is returned is a bound, not an estimate.

References:
    Davies, R. B.: Numerical inversion of a characteristic function, Biometrika 60, 1973;
    Rice, S. O.: Distribution of quadratic forms in normal random variables, SIAM J. Sci. Stat. Comput. 1, 1980;
    Johansson, F.: Numerical integration in arbitrary-precision ball arithmetic, 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import acb, arb, arb_mat, ctx, fmpq
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh, solve_triangular

from theory.support.validate import (
    array,
    floats,
    instance,
    integer,
    number,
    ratio_of_priors,
    refuse,
    spd_matrix,
    two_means,
)

__all__ = [
    "Probability",
    "Setting",
    "boundary",
    "extinction_ratio",
    "log_odds",
    "positive_probability",
    "recalls",
]

_BITS = 96
_TILT = math.pi / 6  # of the contour against the imaginary axis: below pi/4, so that exp(t^2) falls on it
_SAME = 1e-12
_MOST_TERMS = 10**12
_FAR, _BISECTIONS, _LENGTHENINGS = 1e6, 60, 80


class Probability(NamedTuple):
    """A probability: the exact one lies within ``error`` of ``value``."""

    value: float
    error: float


_UNKNOWN = Probability(0.5, 0.5)


@dataclass(frozen=True, eq=False)
class Setting:
    """A two-class Gaussian problem in ``d`` dimensions, each class with its own covariance (section 5.1).

    Args:
        mu1: mean of the positive class, shape ``(d,)``.
        mu2: mean of the negative class, shape ``(d,)``.
        cov1: covariance of the positive class, shape ``(d, d)``, symmetric positive definite.
        cov2: covariance of the negative class, likewise; the two classes must differ in mean or covariance.
        prior_ratio: ``p+ / p-``, greater than 0.

    Raises:
        ValueError: an argument is not finite, has the wrong shape, or lies outside its range.
    """

    mu1: NDArray[np.float64]
    mu2: NDArray[np.float64]
    cov1: NDArray[np.float64]
    cov2: NDArray[np.float64]
    prior_ratio: float | Fraction

    def __post_init__(self) -> None:
        """Validate the arguments and freeze the arrays."""
        mu1, mu2 = two_means(self.mu1, self.mu2)
        cov1, cov2 = (spd_matrix(name, getattr(self, name), len(mu1)) for name in ("cov1", "cov2"))
        if np.array_equal(mu1, mu2) and np.array_equal(cov1, cov2):
            refuse("mu2", self.mu2, "must differ from mu1 where cov1 = cov2: equal classes have no boundary")
        ratio = ratio_of_priors("prior_ratio", self.prior_ratio)
        for name, mean in (("mu1", mu1), ("mu2", mu2)):
            with np.errstate(all="ignore"):
                squares = [at @ np.linalg.solve(cov, at) for at in (mean, mu1 - mu2) for cov in (cov1, cov2)]
            if not np.all(np.isfinite(squares)):
                refuse(name, mean, "must lie at distances, in units of the covariances, whose squares floats can hold")
        for name, given in (("mu1", mu1), ("mu2", mu2), ("cov1", cov1), ("cov2", cov2)):
            given.setflags(write=False)
            object.__setattr__(self, name, given)
        object.__setattr__(self, "prior_ratio", ratio)


def boundary(s: Setting) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return ``(a, w, b)`` of the Bayes boundary ``{x : x^T a x + w . x + b = 0}``; the positive class lies where > 0.

    ``a = (cov2^-1 - cov1^-1) / 2``, ``w = cov1^-1 mu1 - cov2^-1 mu2`` and ``b`` collects the rest; for equal
    covariances ``a = 0`` and ``(w, b)`` is :func:`theory.theorem2.hyperplane`.

    Example:
        >>> boundary(Setting([0.0], [0.0], [[4.0]], [[1.0]], prior_ratio=2))
        (array([[0.375]]), array([0.]), 0.0)
    """
    instance("s", s, Setting)
    p1, p2 = np.linalg.inv(s.cov1), np.linalg.inv(s.cov2)
    volumes = np.linalg.slogdet(s.cov2)[1] - np.linalg.slogdet(s.cov1)[1]
    b = math.log(s.prior_ratio) + (volumes + s.mu2 @ p2 @ s.mu2 - s.mu1 @ p1 @ s.mu1) / 2
    return (p2 - p1) / 2, p1 @ s.mu1 - p2 @ s.mu2, float(b)


def log_odds(s: Setting, x: ArrayLike) -> NDArray[np.float64]:
    """Return the logarithm of the posterior odds at the features ``x``, shape ``(..., d)``.

    Example:
        >>> log_odds(Setting([0.0], [0.0], [[4.0]], [[1.0]], prior_ratio=1), [[0.0], [2.0]]).round(3)
        array([-0.693,  0.807])
    """
    instance("s", s, Setting)
    at = floats("x", x)
    if at.ndim == 0 or at.shape[-1] != len(s.mu1):
        refuse("x", at.shape, f"its last dimension must be that of the means, {len(s.mu1)}")
    a, w, b = boundary(s)
    return np.asarray(np.einsum("...i,ij,...j->...", at, a, at) + at @ w + b)


def recalls(s: Setting) -> tuple[Probability, Probability]:
    """Return the recalls ``(positive class, negative class)`` of the Bayes classifier, each with its error bound.

    The bound covers everything for the floats of ``s`` taken as exact numbers: a float transformation ``T`` brings
    ``cov1`` close to the identity and ``q`` close to a diagonal form; how far from it they are is enclosed in ball
    arithmetic and taken in by widening the weights, since
    ``|xi^T R xi + r . xi| <= (|R| + |r| / 2) |xi|^2 + |r| / 2``.

    Example:
        >>> positive, negative = recalls(Setting([0.0], [0.0], [[4.0]], [[1.0]], prior_ratio=1))
        >>> round(positive.value, 4), round(negative.value, 4), positive.error < 1e-14
        (0.4966, 0.826, True)
    """
    instance("s", s, Setting)
    swapped = Setting(s.mu2, s.mu1, s.cov2, s.cov1, s.prior_ratio)
    return _recall(s, 1), _recall(swapped, -1)


def extinction_ratio(s: Setting) -> float:
    """Return the prior ratio from which on the Bayes classifier never decides for the negative class.

    ``sqrt(det cov1 / det cov2) exp((mu1 - mu2)^T (cov1 - cov2)^-1 (mu1 - mu2) / 2)`` when ``cov1 - cov2`` is
    positive definite: the positive class spreads wider in every direction. Directions in which the classes do not
    differ at all (by more than 1e-12) are left out of account; if any other is not wider, the result is infinity.
    With equal covariances, as in Theorem 2, no imbalance extinguishes a class; with unequal ones a finite one can.

    Proof: :func:`theory.proofs.theorem2_corollaries.extinction`. The result does not depend on ``s.prior_ratio``.

    Example:
        >>> extinction_ratio(Setting([1.0], [0.0], [[4.0]], [[1.0]], prior_ratio=1))
        2.36272...
        >>> extinction_ratio(Setting([1.0], [0.0], [[1.0]], [[1.0]], prior_ratio=1))
        inf
    """
    instance("s", s, Setting)
    variances, axes = eigh(s.cov1, s.cov2)  # axes^T cov2 axes is the identity
    gaps = axes.T @ (s.mu1 - s.mu2)
    same = np.abs(variances - 1) <= _SAME
    if np.any(np.abs(gaps[same]) > _SAME * np.abs(gaps).max()) or np.any(variances[~same] < 1):
        return math.inf
    wider = variances[~same]
    exponent = float(np.sum(np.log(wider) + gaps[~same] ** 2 / (wider - 1))) / 2
    return math.exp(exponent) if exponent < math.log(np.finfo(float).max) else math.inf


def positive_probability(
    constant: Any, weights: Sequence[Any], linear: Sequence[Any], multiplicities: Sequence[int] | None = None
) -> Probability:
    """Return ``P(c + sum_j (w_j (xi_j1^2 + ... + xi_jm_j^2) + b_j xi_j1) > 0)`` for independent standard normal ``xi``.

    Args:
        constant: ``c``.
        weights: ``w_j``, of any sign, or 0.
        linear: ``b_j``, as many; a form with all ``w_j = b_j = 0`` is not random.
        multiplicities: ``m_j`` from 1 to 10^12, as many; by default all 1.

    All but the multiplicities may be Arb balls; the error then covers every value in them. It is 1/2 around 1/2
    if nothing could be enclosed, which needs balls that leave open whether the form is random at all.

    Method: with ``K(t) = ln E exp(t q)``, finite for real ``t`` in an interval around 0, and a point ``a`` of it,

        Im int_a^infinity exp(K(t)) / (pi t) dt  =  P(q > 0) if a > 0,  -P(q < 0) if a < 0,

    along any path through the upper half-plane on which ``exp(K)`` vanishes, as ``K`` is singular on the real axis
    only. Here: a segment, by Arb's integration, then a vertical ray, by the bound of :func:`_ray_bound`.

    Raises:
        ValueError: lengths differ, an entry is not finite, or the form is not random.

    Example:
        >>> round(positive_probability(-1, [1], [0]).value, 6)  # P(xi^2 > 1)
        0.317311
    """
    _sequence("weights", weights)
    _sequence("linear", linear)
    count = len(weights)
    several = [1] * count
    if multiplicities is not None:
        _sequence("multiplicities", multiplicities)
        several = [integer("multiplicities", m, most=_MOST_TERMS) for m in multiplicities]
    if len(linear) != count or len(several) != count:
        refuse("linear", linear, f"must hold {count} numbers, as weights, and so must multiplicities")
    before, ctx.prec = ctx.prec, _BITS
    try:
        balls = [(_ball("weights", w), _ball("linear", b)) for w, b in zip(weights, linear, strict=True)]
        size = max((abs(float(x.mid())) for pair in balls for x in pair), default=0.0)
        unit = arb(2) ** -math.frexp(size)[1]  # so that no square leaves the range of floats
        terms = [_Term(w * unit, (b * unit) * (b * unit) / 2, m) for (w, b), m in zip(balls, several, strict=True)]
        if all(t.weight == 0 and t.half_square == 0 for t in terms):
            refuse("weights", weights, "must have a weight or a linear coefficient other than 0")
        return _rounded(_enclose(_ball("constant", constant) * unit, terms))
    finally:
        ctx.prec = before


class _Term(NamedTuple):
    """``weight (xi_1^2 + ... + xi_m^2) + b xi_1`` with ``half_square = b^2 / 2``, as balls."""

    weight: Any
    half_square: Any
    multiplicity: int


def _sequence(name: str, value: Any) -> None:
    array(name, value, "must be a sequence of numbers", dtype=object)  # refuses masked ones
    if isinstance(value, str | bytes) or not (isinstance(value, Sequence) or np.ndim(value) == 1):
        refuse(name, value, "must be a sequence of numbers")


def _ball(name: str, value: Any) -> Any:
    if isinstance(value, arb):
        if not value.is_finite():
            refuse(name, value, "must be finite")
        return value
    exact = Fraction(number(name, value))
    return arb(fmpq(exact.numerator, exact.denominator))


def _rounded(ball: Any) -> Probability:
    """Return the part of ``ball`` within [0, 1] as a float and a bound on its distance from every point of it."""
    if not ball.is_finite():
        return _UNKNOWN
    low, high = max(ball.lower(), arb(0)), min(ball.upper(), arb(1))
    value = float(((low + high) / 2).mid())
    error = max(abs(high - value).upper(), abs(low - value).upper())
    return Probability(value, math.nextafter(float(error), math.inf) if error > 0 else 0.0)


def _enclose(constant: Any, terms: list[_Term]) -> Any:
    """Return a ball around ``P(constant + terms > 0)``, the whole of [0, 1] if nothing better can be shown."""
    start = _start(float(constant.mid()), terms)
    if start is None:
        return arb(0).union(arb(1))

    def integrand(t: Any, analytic: bool) -> Any:
        slope, rest, factor = constant, acb(0), 1 / t
        for term in terms:
            s = 1 - 2 * term.weight * t
            factor *= s.rsqrt(analytic=analytic) ** term.multiplicity
            if abs(s - 1) > 1:  # t^2 / s, with the part linear in t apart: it may cancel the constant
                slope -= term.half_square / (2 * term.weight)
                rest += term.half_square * (1 / s - 1) / (4 * term.weight * term.weight)
            else:
                rest += term.half_square * t * t / s
        return factor * (slope * t + rest).exp()

    enough = abs(integrand(acb(start), False)) * arb(2) ** -64
    end, beyond = _end(constant, terms, start, enough)
    area = acb.integral(integrand, acb(start), end, rel_tol=arb(2) ** -60, abs_tol=enough)
    tail = (area.imag + beyond.union(-beyond)) / arb.pi()
    return tail if start > 0 else 1 + tail


def _start(constant: float, terms: list[_Term]) -> float | None:
    """Return a point of the real axis near the saddle point of ``exp(K(t)) / t``, on the side of the smaller tail.

    Only the width of the result depends on the choice, so that floats will do, if the point is a regular one.
    """
    w = np.array([float(t.weight.mid()) for t in terms])
    h = np.array([float(t.half_square.mid()) for t in terms])
    m = np.array([t.multiplicity for t in terms])
    scale = math.sqrt(2 * float(m @ w**2 + np.sum(h))) + abs(constant)

    def height(t: float) -> float:
        s = 1 - 2 * w * t
        return float(constant * t + np.sum(h * t * t / s - m * np.log(s) / 2)) - math.log(abs(t))

    def slope(t: float) -> float:
        s = 1 - 2 * w * t
        return float(constant + np.sum(m * w / s + 2 * h * t * (1 - w * t) / s**2)) - 1 / t

    points = []
    for side in (1, -1):
        steepest = max(side * w)
        low, high = 0.0, min(1 / (2 * steepest), _FAR / scale) if steepest > 0 else _FAR / scale
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if side * slope(side * middle) < 0 else (low, middle)
        points.append(side * (low or high / 2))
    best = min(points, key=height)
    return best if all(1 - 2 * t.weight * best > 0 for t in terms) else None


def _end(constant: Any, terms: list[_Term], start: float, enough: Any) -> tuple[Any, Any]:
    """Return where the segment ends, and what :func:`_ray_bound` leaves there: at most ``enough`` if possible."""
    best, least = acb(start, abs(start)), arb(math.inf)
    length = abs(start)
    for _ in range(_LENGTHENINGS):
        for angle in (math.pi / 2, math.pi / 2 - _TILT, math.pi / 2 + _TILT):
            end = acb(start + length * math.cos(angle), length * math.sin(angle))
            rest = _ray_bound(constant, terms, end)
            if rest < enough:
                return end, rest
            if rest < least:
                best, least = end, rest
        length *= 2 if length < 1e6 * abs(start) else 64
    return best, least


def _ray_bound(constant: Any, terms: list[_Term], end: Any) -> Any:
    """Return a bound on ``int |exp(K(t)) / t| |dt|`` over the ray from ``end = a + U i`` up to ``a + infinity i``.

    With ``s = 1 - 2 w t``, on the ray ``Re s`` is constant and ``|s|`` rises in ``u = Im t``.

    - ``(|s(u)| / |s(U)|)^2 = 1 + k ((u / U)^2 - 1) >= (u / U)^(2 k)`` with ``k = (2 w U / |s(U)|)^2``, as ln is
      concave.
    - ``Re(t^2 / s) = (Re s / |s|^2 + Re s - 2) / (4 w^2)`` falls in ``u`` if ``Re s > 0``, and else rises to
      ``(Re s - 2) / (4 w^2)``.
    - If ``Re s > 0`` and ``A = b^2 Re s U^2 / (2 |s(U)|^4) >= 1/2``, a factor
      ``|s|^(-1/2) exp(b^2 Re(t^2 / s) / 2)`` falls at least as ``(u / U)^(-1/2)``, however small ``w`` is. With
      ``y = (u / U)^2 - 1`` its logarithm falls by ``A y / (1 + k y) + ln(1 + k y) / 4``: for ``k y <= 1`` the first
      part is ``>= A y / 2 >= ln(1 + y) / 4``; otherwise it is ``>= A / (2 k) >= ln(1 / k) / 4``, and
      ``ln(1 / k) + ln(1 + k y) >= ln(1 + y)``.

    So the integrand is at most its bound at ``U`` times ``(u / U)^(-r - 1)``, whose integral is the bound times
    ``U / r``.
    """
    height, exponent, rate = 1 / end.imag, constant * end.real, arb(0)
    for term in terms:
        s = 1 - 2 * term.weight * end
        square = s.real * s.real + s.imag * s.imag
        twice = 2 * term.weight * end.imag
        rises = twice * twice / square  # not by **, which is undefined for balls that contain 0
        fall = rises * term.multiplicity / 2
        most = (end * end / s).real
        if s.real > 0:
            if term.half_square * s.real * end.imag**2 / square**2 >= 0.5:
                fall = fall.max(arb(0.5))
        else:
            most = most.max((s.real - 2) / (4 * term.weight * term.weight))
        height *= square ** (-arb(term.multiplicity) / 4)
        exponent += term.half_square * most
        rate += fall
    return height * exponent.exp() * end.imag / rate


def _recall(s: Setting, sign: int) -> Probability:
    """Return the recall of the class of ``mu1``, whose prior is ``prior_ratio^sign`` times the other's."""
    root = np.linalg.cholesky(s.cov1)
    inner = solve_triangular(root, solve_triangular(root, s.cov2, lower=True).T, lower=True)
    floating = root @ np.linalg.eigh((inner + inner.T) / 2)[1]
    before, ctx.prec = ctx.prec, _BITS
    try:
        cov1, cov2, transform = (arb_mat(a.tolist()) for a in (s.cov1, s.cov2, floating))
        difference = arb_mat([[arb(a) - arb(b)] for a, b in zip(s.mu1.tolist(), s.mu2.tolist(), strict=True)])
        inverse, precise = transform.inv(), cov2.solve(transform)
        off = _norm(inverse * cov1 * inverse.transpose() - arb_mat(len(s.mu1), len(s.mu1), 1))
        form = (transform.transpose() * (precise - cov1.solve(transform))) / 2
        linear = precise.transpose() * difference
        weights = [float(form[j, j].mid()) for j in range(len(s.mu1))]
        slopes = [float(linear[j, 0].mid()) for j in range(len(s.mu1))]
        largest = arb(max(map(abs, weights)))
        rest = form - arb_mat(np.diag(weights).tolist())
        around_weights = (2 + off) * off * largest + (1 + off) * _norm(rest)
        around_slopes = _norm(linear - arb_mat([[b] for b in slopes])) + off * _norm(linear)
        constant = (
            sign * _ball("prior_ratio", s.prior_ratio).log()
            + (cov2.det() / cov1.det()).log() / 2
            + (difference.transpose() * cov2.solve(difference))[0, 0] / 2
        )
        radius = (around_weights + around_slopes / 2).upper()
        terms = [_Term(_widened(arb(w), radius), arb(b) ** 2 / 2, 1) for w, b in zip(weights, slopes, strict=True)]
        return _rounded(_enclose(_widened(constant, (around_slopes / 2).upper()), terms))
    except ZeroDivisionError:  # a matrix too close to a singular one to be enclosed
        return _UNKNOWN
    finally:
        ctx.prec = before


def _norm(matrix: Any) -> Any:
    """Return a bound on the spectral norm: the Frobenius norm."""
    return sum((entry.abs_upper() ** 2 for entry in matrix.entries()), arb(0)).sqrt().upper()


def _widened(ball: Any, radius: Any) -> Any:
    return (ball - radius).union(ball + radius)
