"""The collapse of a class: the separation and the imbalance at which Theorem 2's recalls reach a wanted value.

With the separation ``M``, the prior ratio ``r >= 1`` and ``L = ln r`` the Bayes classifier's recalls are

    minority Phi(M / 2 - L / M),    majority Phi(M / 2 + L / M)

(:func:`theory.theorem2.recalls`). Written as ``z = M / 2 - L / M``, that is ``M^2 - 2 z M - 2 L = 0``, everything
here is a root of a quadratic:

- the minority's recall is 1/2 at ``M = sqrt(2 ln r)``, and below 1/2 for every smaller separation;
- at the same separation the majority's recall has its minimum over ``M``, ``Phi(sqrt(2 ln r))``: bringing the
  classes closer first costs both of them, and from there on only the minority;
- ``M -> 0``: the recalls go to 0 and 1 for ``r > 1``; ``M -> infinity``: both to 1; ``r -> infinity``: to 0 and 1.

Proofs: :func:`theory.proofs.theorem2_corollaries.collapse` and ``balanced_accuracy``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from theory.support.validate import broadcastable, floats
from theory.theorem2 import minority_recall

__all__ = [
    "balanced_accuracy",
    "balanced_accuracy_loss",
    "collapse_separation",
    "majority_minimum",
    "prior_ratio_for",
    "separation_for",
]

_RATIO = "must hold finite numbers of at least 1 (the majority's prior over the minority's)"
_RECALL = "must hold numbers with 0 < recall < 1"
_SEPARATION = "must hold finite numbers greater than 0"
Floats = NDArray[np.float64]


def collapse_separation(prior_ratio: ArrayLike) -> Floats:
    """Return the separation at which the minority's recall is 1/2, ``sqrt(2 ln r)``; it is lower below.

    Args:
        prior_ratio: ``r >= 1``, any shape.

    Raises:
        ValueError: a ratio is not finite, or less than 1.

    Example:
        >>> collapse_separation([1, 10, 100]).round(4)
        array([0.    , 2.146 , 3.0349])
    """
    return np.asarray(np.sqrt(2 * np.log(floats("prior_ratio", prior_ratio, _RATIO, least=1))))


def separation_for(recall: ArrayLike, prior_ratio: ArrayLike) -> Floats:
    """Return the separation at which the minority reaches a recall.

    ``M = z + sqrt(z^2 + 2 ln r)`` with ``z = Phi^-1(recall)``.

    Args:
        recall: wanted, between 0 and 1; any shape.
        prior_ratio: ``r >= 1``, any shape that broadcasts.

    Returns:
        Separations of the broadcast shape. For ``r = 1`` no separation gives a recall of 1/2 or less; it is 0 then.

    Raises:
        ValueError: an argument lies outside its range, or the shapes do not broadcast.

    Example:
        >>> separation_for(0.9, [1, 10, 100]).round(4)
        array([2.5631, 3.7811, 4.5759])
    """
    goal = floats("recall", recall, _RECALL, above=0, below=1)
    ratio = floats("prior_ratio", prior_ratio, _RATIO, least=1)
    broadcastable(recall=goal, prior_ratio=ratio)
    z, twice = ndtri(goal), 2 * np.log(ratio)
    root = np.sqrt(z**2 + twice)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(z > 0, z + root, np.where(twice > 0, twice / (root - z), 0.0)))


def prior_ratio_for(recall: ArrayLike, separation: ArrayLike) -> Floats:
    """Return the prior ratio at which the minority's recall is a given one, ``r = exp(M^2 / 2 - z M)``.

    Above it the recall is lower. A value below 1 says that even balanced classes do not reach the recall; an infinite
    one, that the recall is kept at every ratio that a float holds. It is the inverse of :func:`separation_for`.

    Args:
        recall: between 0 and 1; any shape.
        separation: ``M > 0``, any shape that broadcasts.

    Raises:
        ValueError: an argument lies outside its range, or the shapes do not broadcast.

    Example:
        >>> prior_ratio_for(0.5, [1.0, 2.0, 3.0]).round(3)
        array([ 1.649,  7.389, 90.017])
    """
    goal = floats("recall", recall, _RECALL, above=0, below=1)
    m = floats("separation", separation, _SEPARATION, above=0)
    broadcastable(recall=goal, separation=m)
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(m * (m / 2 - ndtri(goal))))


def majority_minimum(prior_ratio: ArrayLike) -> tuple[Floats, Floats]:
    """Return where the majority's recall is lowest, ``M = sqrt(2 ln r)``, and that recall, ``Phi(sqrt(2 ln r))``.

    It is the separation of :func:`collapse_separation`: the slope ``1/2 - L / M^2`` of ``M / 2 + L / M`` is 0 where
    ``M / 2 - L / M`` is. (For ``r = 1`` it is the limit ``M -> 0``.)

    Example:
        >>> at, lowest = majority_minimum(10)
        >>> round(float(at), 4), round(float(lowest), 4)
        (2.146, 0.9841)
    """
    at = collapse_separation(prior_ratio)
    return at, np.asarray(ndtr(at))


def balanced_accuracy(separation: ArrayLike, prior_ratio: ArrayLike) -> Floats:
    """Return the mean of both recalls, ``(Phi(M / 2 - L / M) + Phi(M / 2 + L / M)) / 2``.

    Args:
        separation: ``M > 0``, any shape.
        prior_ratio: greater than 0, any shape that broadcasts; ``r`` and ``1 / r`` give the same.

    Raises:
        ValueError: an argument lies outside its range, or the shapes do not broadcast.

    Example:
        >>> balanced_accuracy(2.0, [1, 10, 100]).round(4)
        array([0.8413, 0.7121, 0.5479])
    """
    return np.asarray(
        (minority_recall(separation, prior_ratio) + minority_recall(separation, _inverse(prior_ratio))) / 2
    )


def balanced_accuracy_loss(separation: ArrayLike, prior_ratio: ArrayLike) -> Floats:
    """Return what imbalance costs in balanced accuracy, ``Phi(M / 2) - balanced accuracy >= 0``.

    It is 0 for ``r = 1``, rises with the imbalance, and tends to ``Phi(M / 2) - 1/2`` as ``r -> infinity``: it is
    all that correcting the prior can gain (:mod:`theory.corrections`).

    Example:
        >>> balanced_accuracy_loss(2.0, [1, 10, 100]).round(4)
        array([0.    , 0.1293, 0.2934])
    """
    m = floats("separation", separation, _SEPARATION, above=0)
    return np.asarray(np.maximum(ndtr(m / 2) - balanced_accuracy(m, prior_ratio), 0))  # against rounding


def _inverse(prior_ratio: ArrayLike) -> Floats:
    return 1 / floats("prior_ratio", prior_ratio, "must hold finite numbers greater than 0", above=0)
