"""Theorem 2 with Properties 1 and 2: the Bayes boundary between two Gaussian classes under imbalance.

The two classes have features ``x | + ~ N(mu1, cov)`` and ``x | - ~ N(mu2, cov)``, and the positive class is
``prior_ratio = p+ / p-`` times as frequent. The Bayes classifier decides for the positive class where

    w . x + b > 0,   w = cov^-1 (mu1 - mu2),   b = -w . (mu1 + mu2) / 2 + ln(prior_ratio).

Everything that a class loses or gains depends on two numbers only: the ``separation``
``M = sqrt((mu1 - mu2)^T cov^-1 (mu1 - mu2))`` and the prior ratio.

The text writes the covariance of its model as a square (``N(mu, Sigma^2)``) and then uses ``Sigma^-1``; here
``cov`` is the covariance matrix itself, with which the printed formulas hold (``T2.covariance`` in the ledger).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tailbound_hypothesis import register
from theory.support.validate import (
    broadcastable,
    floats,
    instance,
    positive,
    ratio_of_priors,
    refuse,
    spd_matrix,
    two_means,
)

__all__ = [
    "Setting",
    "boundary_point",
    "hyperplane",
    "isotropic_boundary_point",
    "minority_recall",
    "recalls",
    "separation",
]


@dataclass(frozen=True, eq=False)
class Setting:
    """A two-class Gaussian problem in ``d`` dimensions (section 5.1 of the paper).

    Args:
        mu1: mean of the positive class, shape ``(d,)``.
        mu2: mean of the negative class, shape ``(d,)``, different from ``mu1``.
        cov: the covariance that both classes share, shape ``(d, d)``, symmetric positive definite.
        prior_ratio: ``p+ / p-``, greater than 0; greater than 1 when the positive class is the majority.

    Raises:
        ValueError: an argument is not finite, has the wrong shape, or lies outside its range.

    Example:
        >>> s = Setting(mu1=[1.0, 0.0], mu2=[-1.0, 0.0], cov=[[1.0, 0.0], [0.0, 4.0]], prior_ratio=10)
        >>> separation(s)
        2.0
    """

    mu1: NDArray[np.float64]
    mu2: NDArray[np.float64]
    cov: NDArray[np.float64]
    prior_ratio: float | Fraction

    def __post_init__(self) -> None:
        """Validate the arguments and freeze the arrays."""
        mu1, mu2 = two_means(self.mu1, self.mu2)
        if np.array_equal(mu1, mu2):
            refuse("mu2", self.mu2, "must differ from mu1: equal classes have no boundary")
        cov = spd_matrix("cov", self.cov, len(mu1))
        for array in (mu1, mu2, cov):
            array.setflags(write=False)
        with np.errstate(all="ignore"):
            m = float((mu1 - mu2) @ np.linalg.solve(cov, mu1 - mu2))
        if not 0 < m < math.inf:
            refuse("mu2", self.mu2, "must lie at a distance from mu1, in units of cov, that floats can hold")
        object.__setattr__(self, "mu1", mu1)
        object.__setattr__(self, "mu2", mu2)
        object.__setattr__(self, "cov", cov)
        object.__setattr__(self, "prior_ratio", ratio_of_priors("prior_ratio", self.prior_ratio))


def hyperplane(s: Setting) -> tuple[NDArray[np.float64], float]:
    """Return ``(w, b)`` of the Bayes boundary ``{x : w . x + b = 0}``; the positive class lies where it is > 0.

    ``w = cov^-1 (mu1 - mu2)`` of shape ``(d,)`` and ``b = -w . (mu1 + mu2) / 2 + ln(p+ / p-)``: the logarithm of
    the posterior odds, which for equal covariances is linear in ``x`` (Theorem 2).

    Example:
        >>> hyperplane(Setting([1.0], [-1.0], [[1.0]], prior_ratio=1))
        (array([2.]), 0.0)
    """
    instance("s", s, Setting)
    w = np.asarray(np.linalg.solve(s.cov, s.mu1 - s.mu2), dtype=np.float64)
    return w, float(-w @ (s.mu1 + s.mu2) / 2 + math.log(s.prior_ratio))


def separation(s: Setting) -> float:
    """Return the Mahalanobis distance ``M = sqrt((mu1 - mu2)^T cov^-1 (mu1 - mu2))`` between the class means."""
    instance("s", s, Setting)
    difference = s.mu1 - s.mu2
    return math.sqrt(difference @ np.linalg.solve(s.cov, difference))


def boundary_point(s: Setting) -> NDArray[np.float64]:
    """Return the point ``B^`` of Theorem 2, equation (3), shape ``(d,)``.

    ``B^ = (mu1 + mu2) / 2 - (mu1 - mu2) ln(p+ / p-) / M^2`` with ``M`` the :func:`separation`: where the Bayes
    hyperplane crosses the line through the class means, and its nearest point to their midpoint in Mahalanobis
    distance. For ``p+ = p-`` it is the midpoint (Property 1).

    Example:
        >>> boundary_point(Setting([1.0, 0.0], [-1.0, 0.0], [[1.0, 0.0], [0.0, 4.0]], prior_ratio=1))
        array([0., 0.])
    """
    instance("s", s, Setting)
    return (s.mu1 + s.mu2) / 2 - (s.mu1 - s.mu2) * (math.log(s.prior_ratio) / separation(s) ** 2)


def isotropic_boundary_point(mu1: ArrayLike, mu2: ArrayLike, sigma: float, prior_ratio: float) -> NDArray[np.float64]:
    """Return the point ``B^`` of Property 2, equation (5), for the covariance ``sigma^2 I``.

    ``B^ = (mu1 + mu2) / 2 - sigma^2 (mu1 - mu2) ln(p+ / p-) / |mu1 - mu2|^2``.

    Example:
        >>> isotropic_boundary_point([1.0, 0.0], [-1.0, 0.0], sigma=2.0, prior_ratio=1)
        array([0., 0.])
    """
    variance = float(positive("sigma", sigma)) * float(sigma)
    if not 0 < variance < math.inf:
        refuse("sigma", sigma, "must have a square that floats can hold")
    vector = floats("mu1", mu1, "must be a vector of finite real numbers", ndim=1)
    second = floats("mu2", mu2, f"must be a vector of {len(vector)} finite real numbers, as mu1 is", ndim=1)
    s = Setting(vector, second, variance * np.eye(len(vector)), prior_ratio)
    difference = s.mu1 - s.mu2
    return (s.mu1 + s.mu2) / 2 - variance / (difference @ difference) * difference * math.log(s.prior_ratio)


def recalls(s: Setting) -> tuple[float, float]:
    """Return the recalls ``(positive class, negative class)`` of the Bayes classifier.

    ``Phi(M / 2 + ln(p+ / p-) / M)`` and ``Phi(M / 2 - ln(p+ / p-) / M)``: along ``w`` each class is Gaussian with
    standard deviation ``M`` and the means lie ``M^2 / 2`` from the balanced boundary, which imbalance moves by
    ``ln(p+ / p-)``. Follows from Theorem 2; the paper does not state it.

    Example:
        >>> positive, negative = recalls(Setting([1.0], [-1.0], [[1.0]], prior_ratio=10))
        >>> round(positive, 4), round(negative, 4)
        (0.9843, 0.4399)
    """
    from scipy.special import ndtr

    m, log_ratio = separation(s), math.log(s.prior_ratio)
    return float(ndtr(m / 2 + log_ratio / m)), float(ndtr(m / 2 - log_ratio / m))


def minority_recall(separation: ArrayLike, prior_ratio: ArrayLike) -> NDArray[np.float64]:
    """Return the Bayes classifier's recall of the rarer class, ``Phi(M / 2 - ln(prior_ratio) / M)``.

    Args:
        separation: ``M > 0``, the Mahalanobis distance between the class means; any shape.
        prior_ratio: how many times as frequent the other class is, greater than 0; any shape that broadcasts.

    Returns:
        Recalls in [0, 1], of the broadcast shape. With a prior ratio below 1 it is the majority's recall.

    Raises:
        ValueError: an argument is not finite or not greater than 0, or the shapes do not broadcast.

    Example:
        >>> minority_recall(2.0, [1, 10, 100]).round(3)
        array([0.841, 0.44 , 0.096])
    """
    from scipy.special import ndtr

    m = floats("separation", separation, "must hold finite numbers greater than 0", above=0)
    ratio = floats("prior_ratio", prior_ratio, "must hold finite numbers greater than 0", above=0)
    broadcastable(separation=m, prior_ratio=ratio)
    return np.asarray(ndtr(m / 2 - np.log(ratio) / m))


register()
