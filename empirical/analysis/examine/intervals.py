"""Intervals of 95 %: of shares, of means over classes, of weighted means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainccinv, betaincinv, ndtri

__all__ = ["LEVEL", "Z", "mean_over_classes", "shares", "weighted_mean"]

LEVEL = 0.95
"""The confidence of every interval."""

Z = float(ndtri((1 + LEVEL) / 2))
"""The quantile of the normal law that belongs to it."""

Floats = NDArray[np.float64]
_ERROR = (1 - LEVEL) / 2


def shares(counts: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """Return the ends of the exact intervals of binomial shares (Clopper and Pearson).

    Example:
        >>> low, high = shares([0, 50], [100, 100])
        >>> low.round(3), high.round(3)
        (array([0.   , 0.398]), array([0.036, 0.602]))
    """
    k, n = np.asarray(counts, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, _ERROR), 0.0)
        high = np.where(k < n, betainccinv(k + 1, np.maximum(n - k, 1), _ERROR), 1.0)
    return low, high


def mean_over_classes(
    values: Floats, labels: NDArray[np.int64], weights: Floats, least: float = -1.0, most: float = 1.0
) -> tuple[float, float, float]:
    """Return ``sum_c weights_c mean_c`` and the ends of its interval, ``mean_c`` being the mean of a class.

    Its variance is the sum of ``weights_c^2 variance_c / n_c``. One value at each end of the range is added to a class
    before its variance is taken, as Agresti and Coull do, so that classes without errors keep an interval.

    Args:
        values: of each image, from ``least`` to ``most``, shape ``(n,)``.
        labels: of each image; every class has images.
        weights: of each class.
        least: the least value that there is.
        most: the largest.

    References:
        A. Agresti, B. A. Coull, Approximate is better than "exact" for interval estimation of binomial proportions, The
        American Statistician 52 (1998), 119-126.

    Example:
        >>> found = mean_over_classes(np.array([1.0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0.5, 0.5]), least=0)
        >>> [round(value, 2) for value in found]
        [0.75, 0.43, 1.07]
    """
    classes = len(weights)
    n = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, values, minlength=classes)
    squares = np.bincount(labels, values * values, minlength=classes)
    estimate = float(weights @ (sums / n))
    middle = (sums + least + most) / (n + 2)
    variance = (squares + least**2 + most**2) / (n + 2) - middle**2
    half = Z * float(np.sqrt(weights**2 @ (variance / (n + 2))))
    return estimate, estimate - half, estimate + half


def weighted_mean(values: Floats, weights: Floats) -> tuple[float, float, float]:
    """Return the weighted mean of independent values and the ends of its interval, by the delta method.

    Example:
        >>> [round(value, 2) for value in weighted_mean(np.array([0.0, 1.0, 1.0]), np.array([2.0, 1.0, 1.0]))]
        [0.5, -0.1, 1.1]
    """
    total = float(weights.sum())
    mean = float(weights @ values / total)
    half = Z * float(np.sqrt(weights**2 @ (values - mean) ** 2)) / total
    return mean, mean - half, mean + half
