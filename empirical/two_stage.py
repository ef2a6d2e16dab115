"""The second stage of section 5.1: classifiers of two classes on features that are given.

The positive class is the majority, and a score above 0 decides for it. Linear discriminant analysis is computed from
the moments of the two classes, so that those of a class serve all its pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

__all__ = ["WEIGHT_DECAY", "Moments", "Rule", "head", "lda", "moments"]

Floats = NDArray[np.float64]

WEIGHT_DECAY = 2e-4
"""Of the linear heads: that of the recipe (:class:`empirical.config.Config`)."""

_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class Moments:
    """What discriminant analysis knows of a class.

    Attributes:
        n: the number of its samples, or the weight that it is to have.
        mean: shape ``(d,)``.
        cov: the covariance by maximum likelihood, over ``n``, shape ``(d, d)``.
    """

    n: float
    mean: Floats
    cov: Floats


@dataclass(frozen=True, eq=False)
class Rule:
    """A linear classifier: positive where ``w . x + b > 0``."""

    w: Floats
    b: float

    def scores(self, x: Floats) -> Floats:
        """Return ``w . x + b`` for features of shape ``(n, d)``."""
        return np.asarray(x @ self.w + self.b)

    def recalls(self, pos: Floats, neg: Floats) -> tuple[float, float]:
        """Return the recalls of the positive and of the negative class on features of shape ``(n, d)`` each."""
        return float((self.scores(pos) > 0).mean()), float((self.scores(neg) <= 0).mean())


def moments(x: Floats) -> Moments:
    """Return the moments of features, shape ``(n, d)``.

    Example:
        >>> found = moments(np.array([[1.0, 0.0], [3.0, 0.0]]))
        >>> found.n, found.mean.tolist(), found.cov.tolist()
        (2, [2.0, 0.0], [[1.0, 0.0], [0.0, 0.0]])
    """
    mean = x.mean(axis=0)
    centred = x - mean
    return Moments(len(x), mean, centred.T @ centred / len(x))


def lda(pos: Moments, neg: Moments) -> Rule:
    """Return the rule of :func:`empirical.measure.lda_recalls`: Theorem 2 with everything estimated.

    ``w = S^-1 (mean1 - mean2)`` with the pooled covariance ``S = (n1 S1 + n2 S2) / (n1 + n2)`` (its pseudo-inverse,
    where features are constant), and ``b = -w . (mean1 + mean2) / 2 + ln(n1 / n2)``.

    Example:
        >>> rule = lda(moments(np.array([[1.0], [2.0], [3.0]])), moments(np.array([[-3.0], [-1.0]])))
        >>> rule.recalls(np.array([[1.5], [-4.0]]), np.array([[-2.0]]))
        (0.5, 1.0)
    """
    pooled = (pos.n * pos.cov + neg.n * neg.cov) / (pos.n + neg.n)
    w = np.linalg.lstsq(pooled, pos.mean - neg.mean, rcond=None)[0]
    return Rule(w, float(-w @ (pos.mean + neg.mean) / 2 + math.log(pos.n / neg.n)))


def head(pos: Floats, neg: Floats, weight_decay: float = WEIGHT_DECAY) -> Rule:
    """Return the linear head with the least cross entropy on features, shape ``(n, d)`` each class.

    It is the minimum itself, which training by gradient descent comes near to, so that no step size or seed is in it:
    of the mean cross entropy of two logits with ``weight_decay / 2`` times the squared weights of both, which for the
    difference of the logits is ``weight_decay / 4 |w|^2``; the bias is free.

    Example:
        >>> rule = head(np.array([[1.0], [2.0]]), np.array([[-1.0], [-2.0]]))
        >>> rule.recalls(np.array([[0.5]]), np.array([[-0.5]]))
        (1.0, 1.0)
    """
    x = np.concatenate([pos, neg])
    y = np.repeat([1, 0], [len(pos), len(neg)])
    fit = LogisticRegression(
        C=2 / (weight_decay * len(x)), solver="newton-cholesky", max_iter=_ITERATIONS, tol=1e-6
    ).fit(x, y)
    return Rule(fit.coef_[0], float(fit.intercept_[0]))
