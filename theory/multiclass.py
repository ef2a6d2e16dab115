"""Theorem 2 for more than two classes that share a covariance: boundaries, recalls and the confusion matrix.

Class ``k`` of ``C`` has the prior ``p_k`` and features ``x | k ~ N(mu_k, cov)``. The Bayes classifier takes the
largest of

    w_k . x + b_k,   w_k = cov^-1 mu_k,   b_k = -w_k . mu_k / 2 + ln p_k,

so that between each two classes the boundary is that of Theorem 2 with the prior ratio ``p_i / p_j``, where neither
loses to a third class.

In coordinates in which the covariance is the identity and only the ``q <= min(C - 1, d)`` directions between means
are kept, a feature is ``mu_k + r u`` with ``u`` uniform on the unit sphere and ``r`` the root of a chi-square
variable with ``q`` degrees of freedom. Along ``u`` each class wins on an interval of ``r``, whose probability is
exact; what is left is an average over directions: two of them for ``q = 1``, an integral over the circle for
``q = 2``, quasi-Monte Carlo beyond. The method is that of A. Genz, F. Bretz, Computation of multivariate normal and
t probabilities, 2009 (spherical-radial transformation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammainc, logsumexp, ndtri, stdtrit

from theory import theorem2
from theory.support.validate import floats, instance, integer, refuse, spd_matrix

__all__ = [
    "Confusion",
    "Setting",
    "boundary_point",
    "confusion",
    "decide",
    "linear_classifier",
    "pair",
    "recalls",
]

_BATCHES = 16
_CHUNK = 2**21  # numbers held at a time
_CONFIDENCE = 1 - 1e-6
_RANK = 1e-12
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """A Gaussian problem with ``C >= 2`` classes in ``d`` dimensions and one covariance.

    Args:
        means: one row a class, shape ``(C, d)``, all different.
        cov: the covariance that all classes share, shape ``(d, d)``, symmetric positive definite.
        priors: shape ``(C,)``, greater than 0; only their ratios matter (numbers of samples will do).

    Raises:
        ValueError: an argument is not finite, has the wrong shape, or lies outside its range.

    Example:
        >>> s = Setting(means=[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], cov=[[1.0, 0.0], [0.0, 1.0]], priors=[100, 10, 1])
        >>> recalls(s).round(3)
        array([0.984, 0.44 , 0.096])
    """

    means: Floats
    cov: Floats
    priors: Floats

    def __post_init__(self) -> None:
        """Validate the arguments and freeze the arrays."""
        means = floats("means", self.means, "must be a matrix of finite real numbers, one row a class", ndim=2)
        count, d = means.shape
        if count < 2 or d < 1:
            refuse("means", means.shape, "must hold at least two classes and one dimension")
        if len(np.unique(means, axis=0)) < count:
            refuse("means", self.means, "must all differ: equal classes have no boundary")
        cov = spd_matrix("cov", self.cov, d)
        allowed = f"must be a vector of {count} finite numbers greater than 0, one a class"
        priors = floats("priors", self.priors, allowed, ndim=1, above=0)
        if len(priors) != count:
            refuse("priors", self.priors, allowed)
        with np.errstate(all="ignore"):
            first, second = np.triu_indices(count, 1)
            gaps = np.concatenate([means[first] - means[second], means])
            squares = np.sum(gaps * np.linalg.solve(cov, gaps.T).T, axis=1)
        if not (np.all(np.isfinite(squares)) and np.all(squares[: len(first)] > 0)):
            refuse("means", self.means, "must lie at distances, in units of cov, whose squares floats can hold")
        for name, array in (("means", means), ("cov", cov), ("priors", priors)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)


class Confusion(NamedTuple):
    """The probabilities ``matrix[k, j]`` that a feature of class ``k`` is given to class ``j``, and their ``error``.

    Rows sum to 1. The error is rounding for means on a line, an estimate by adaptive quadrature for means in a
    plane, and beyond the half width of an interval of confidence 1 - 1e-6 (Student's, from 16 independent
    randomisations).
    """

    matrix: Floats
    error: Floats


def linear_classifier(s: Setting) -> tuple[Floats, Floats]:
    """Return the Bayes classifier's ``(weights, biases)``, of shapes ``(C, d)`` and ``(C,)``.

    Its softmax gives the posteriors. The priors enter the biases only, through ``ln p_k``.

    Example:
        >>> linear_classifier(Setting([[0.0], [2.0]], [[1.0]], priors=[0.5, 0.5]))[0]
        array([[0.],
               [2.]])
    """
    instance("s", s, Setting)
    weights = np.asarray(np.linalg.solve(s.cov, s.means.T).T, dtype=np.float64)
    return weights, _log_priors(s) - np.sum(weights * s.means, axis=1) / 2


def decide(s: Setting, x: ArrayLike) -> NDArray[np.intp]:
    """Return the class that the Bayes classifier gives to each feature of ``x``, shape ``(..., d)``.

    Example:
        >>> decide(Setting([[0.0], [2.0]], [[1.0]], priors=[0.5, 0.5]), [[0.9], [1.1]])
        array([0, 1])
    """
    instance("s", s, Setting)
    at = floats("x", x)
    if at.ndim == 0 or at.shape[-1] != s.means.shape[1]:
        refuse("x", at.shape, f"its last dimension must be that of the means, {s.means.shape[1]}")
    centre = s.means.mean(axis=0)  # scores differ as they do anywhere, without the digits that its distance takes
    weights, biases = linear_classifier(replace(s, means=s.means - centre))
    return np.asarray(np.argmax((at - centre) @ weights.T + biases, axis=-1))


def pair(s: Setting, i: int, j: int) -> theorem2.Setting:
    """Return the two-class problem of the classes ``i`` (positive) and ``j`` (negative).

    Raises:
        ValueError: an index is no class of ``s``, both are the same, or the ratio of their priors overflows.

    Example:
        >>> pair(Setting([[0.0], [2.0], [5.0]], [[1.0]], priors=[100, 10, 1]), 0, 2).prior_ratio
        100.0
    """
    instance("s", s, Setting)
    for name, index in (("i", i), ("j", j)):
        if integer(name, index, 0) >= len(s.means):
            refuse(name, index, f"must be below {len(s.means)}, the number of classes")
    if i == j:
        refuse("j", j, "must differ from i")
    with np.errstate(over="ignore"):
        ratio = float(s.priors[i] / s.priors[j])
    if not 0 < ratio < math.inf:
        refuse("priors", s.priors, f"must have a ratio that floats can hold for the classes {i} and {j}")
    return theorem2.Setting(s.means[i], s.means[j], s.cov, ratio)


def boundary_point(s: Setting, i: int, j: int) -> Floats:
    """Return Theorem 2's point for the classes ``i`` and ``j``, where the line of their means has equal scores.

    A third class may have a larger score there; then the point lies on no boundary of the classifier's
    (compare :func:`decide`), although the boundary between ``i`` and ``j``, if there is one, is still a part of the
    same hyperplane.

    Example:
        >>> boundary_point(Setting([[0.0], [2.0], [5.0]], [[1.0]], priors=[1, 1, 1]), 0, 1)
        array([1.])
    """
    return theorem2.boundary_point(pair(s, i, j))


def recalls(s: Setting) -> Floats:
    """Return the recall of each class, shape ``(C,)``: the diagonal of :func:`confusion`, which gives the error too."""
    return np.diagonal(confusion(s).matrix).copy()


def confusion(s: Setting, seed: int = 0, log2_points: int = 11) -> Confusion:
    """Return the Bayes classifier's confusion matrix.

    Args:
        s: the problem.
        seed: of the quasi-Monte Carlo directions, which are used if the means span more than a plane.
        log2_points: there are ``32 * 2^log2_points`` of them, and the time is that number times ``C^3``.

    Example:
        >>> matrix, error = confusion(Setting([[0.0], [2.0]], [[1.0]], priors=[10, 1]))
        >>> matrix.round(4)
        array([[0.9843, 0.0157],
               [0.5601, 0.4399]])
    """
    instance("s", s, Setting)
    integer("seed", seed, 0)
    if integer("log2_points", log2_points) > 20:
        refuse("log2_points", log2_points, "must be at most 20")
    means = _reduced(s)
    leads = _leads(means, _log_priors(s))
    q = means.shape[1]
    if q == 1:
        matrix = _average(means, leads, np.array([[1.0], [-1.0]]))
        return Confusion(matrix, np.full_like(matrix, 1e-14))
    if q == 2:
        return _over_circle(means, leads)
    batches = np.stack([_average(means, leads, u) for u in _directions(q, seed, log2_points)])
    half = stdtrit(_BATCHES - 1, (1 + _CONFIDENCE) / 2) / np.sqrt(_BATCHES)
    return Confusion(batches.mean(axis=0), half * batches.std(axis=0, ddof=1))


def _log_priors(s: Setting) -> Floats:
    logs = np.log(s.priors)
    return np.asarray(logs - logsumexp(logs))


def _reduced(s: Setting) -> Floats:
    """Return the means in coordinates of identity covariance, in the space of their differences, shape ``(C, q)``."""
    white = solve_triangular(np.linalg.cholesky(s.cov), (s.means - s.means.mean(axis=0)).T, lower=True).T
    left, size, _ = np.linalg.svd(white, full_matrices=False)
    rank = max(1, int(np.sum(size > _RANK * size[0])))
    reduced: Floats = (left * size)[:, :rank]
    return reduced


def _leads(means: Floats, log_priors: Floats) -> Floats:
    """Return by how much class ``j`` scores above ``i`` at the mean of class ``k``, shape ``(C, C, C)``, ``k`` first.

    From the differences of means: scores themselves are as large as the squared distance of the farthest class, and
    would leave no digits for classes that are near each other.
    """
    apart, middle = means[:, None] - means[None], (means[:, None] + means[None]) / 2
    odds = log_priors[:, None] - log_priors[None]
    return np.stack([np.sum(apart * (mean - middle), axis=2) + odds for mean in means])


def _over_circle(means: Floats, leads: Floats) -> Confusion:
    from scipy.integrate import quad_vec

    def at(angle: float) -> Floats:
        return np.asarray(_rays(means, leads, np.array([[np.cos(angle), np.sin(angle)]]))[0] / (2 * np.pi))

    kinks = np.sort(np.concatenate([_angles(means), [0.0, 2 * np.pi]]))

    matrix, error = quad_vec(at, 0, 2 * np.pi, epsabs=1e-12, epsrel=1e-12, norm="max", points=kinks, limit=2000)
    return Confusion(matrix / matrix.sum(axis=1, keepdims=True), np.full_like(matrix, max(error, 1e-14)))


def _angles(means: Floats) -> Floats:
    """Return the directions parallel to a boundary: there a class' interval may start or cease to be unbounded."""
    i, j = np.triu_indices(len(means), 1)
    across = np.arctan2(*(means[i] - means[j])[:, ::-1].T) + np.pi / 2
    return np.unique(np.concatenate([across, across + np.pi]) % (2 * np.pi))


def _average(means: Floats, leads: Floats, u: Floats) -> Floats:
    """Return the mean over the directions ``u``, a few of them at a time."""
    parts = np.array_split(u, math.ceil(len(u) * len(means) ** 3 / _CHUNK))
    return np.asarray(sum(np.sum(_rays(means, leads, part), axis=0) for part in parts) / len(u))


def _directions(q: int, seed: int, log2_points: int) -> list[Floats]:
    """Return independent randomisations of points that fill the unit sphere evenly."""
    from scipy.stats import qmc

    batches = []
    for child in np.random.SeedSequence(seed).spawn(_BATCHES):
        points = qmc.Sobol(q, seed=np.random.default_rng(child)).random_base2(log2_points)
        normal = ndtri(np.clip(points, 1e-300, 1 - 1e-16))
        u = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        batches.append(np.concatenate([u, -u]))
    return batches


def _rays(means: Floats, leads: Floats, u: Floats) -> Floats:
    """Return the confusion matrix along each of the directions ``u``, shape ``(len(u), C, C)``.

    At ``mu_k + r u`` class ``j`` leads ``i`` by ``leads[k, j, i] + r (means[j] - means[i]) . u``: it wins below the
    crossing if its slope is smaller, above it if its slope is larger, everywhere or nowhere if the slopes are equal.
    """
    slopes = u @ means.T
    rise = slopes[:, None, :, None] - slopes[:, None, None, :]  # of j against i
    lead = leads[None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossing = -lead / rise
    low = np.max(np.where(rise > 0, crossing, 0.0), axis=-1)
    never = np.any((rise == 0) & (lead < 0), axis=-1)
    high = np.min(np.where(rise < 0, crossing, np.inf), axis=-1)
    low, high = np.maximum(low, 0.0), np.where(never, 0.0, np.maximum(high, 0.0))
    half = means.shape[1] / 2
    with np.errstate(over="ignore"):  # of what is as good as unbounded
        low, high = low**2 / 2, high**2 / 2
    return np.asarray(np.maximum(gammainc(half, high) - gammainc(half, low), 0.0))
