"""The second stage of section 5.1: classifiers of two classes on fixed features.

The positive class is the majority, and a score above 0 decides for it. Linear discriminant analysis is computed from
the moments of the two classes, so that those of a class serve all its pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirical.config import Config

__all__ = ["WEIGHT_DECAY", "Moments", "Rule", "head", "lda", "moments", "multiclass_head", "weighted_head"]

Floats = NDArray[np.float64]

WEIGHT_DECAY: float = Config.weight_decay
"""Of the linear heads: that of the recipe."""

_ITERATIONS = 1000
_STEPS = 100
_SMALL = 1e-8
_DENSE = 1000  # parameters up to which Newton's method takes less time


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of a class, as discriminant analysis needs them.

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
    """Return the rule of :func:`empirical.analysis.agreement.lda_recalls`: Theorem 2 with everything estimated.

    ``w = S^-1 (mean1 - mean2)`` with the pooled covariance ``S = (n1 S1 + n2 S2) / (n1 + n2)`` (its pseudo-inverse,
    where features are constant), and ``b = -w . (mean1 + mean2) / 2 + ln(n1 / n2)``.

    Example:
        >>> rule = lda(moments(np.array([[1.0], [2.0], [3.0]])), moments(np.array([[-3.0], [-1.0]])))
        >>> rule.recalls(np.array([[1.5], [-4.0]]), np.array([[-2.0]]))
        (0.5, 1.0)
    """
    pooled = (pos.n * pos.cov + neg.n * neg.cov) / (pos.n + neg.n)
    w = np.linalg.lstsq(pooled, pos.mean - neg.mean, rcond=None)[0].astype(np.float64)
    return Rule(w, float(-w @ (pos.mean + neg.mean) / 2 + math.log(pos.n / neg.n)))


def head(pos: Floats, neg: Floats, weight_decay: float = WEIGHT_DECAY) -> Rule:
    """Return the linear head with the least cross entropy on features, shape ``(n, d)`` each class.

    It is the minimum itself, which training by gradient descent comes near to, so that no step size or seed is in it:
    of the mean cross entropy of two logits with ``weight_decay / 2`` times the squared weights of both, which for the
    difference of the logits is ``weight_decay / 4 |w|^2``; the bias is free.

    :func:`weighted_head` with a free bias would find the same to more digits; published predictions have these.

    Example:
        >>> rule = head(np.array([[1.0], [2.0]]), np.array([[-1.0], [-2.0]]))
        >>> rule.recalls(np.array([[0.5]]), np.array([[-0.5]]))
        (1.0, 1.0)
    """
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([pos, neg])
    y = np.repeat([1, 0], [len(pos), len(neg)])
    fit = LogisticRegression(
        C=2 / (weight_decay * len(x)), solver="newton-cholesky", max_iter=_ITERATIONS, tol=1e-6
    ).fit(x, y)
    return Rule(fit.coef_[0], float(fit.intercept_[0]))


def weighted_head(
    pos: Floats,
    neg: Floats,
    weights: tuple[float, float] = (1.0, 1.0),
    added: float = 0.0,
    weight_decay: float = WEIGHT_DECAY,
) -> Rule:
    """Return the linear head with the least weighted cross entropy on features, its biases decaying as its weights do.

    The loss is the weighted mean of ``ln(1 + exp(-y (w . x + b + added)))`` with ``weight_decay / 2`` times the squares
    of the weights and biases of both softmax rows, which at the minimum are ``w / 2`` and ``-w / 2``. The minimum
    itself, as for :func:`head`, by Newton's method, the step halved until the loss falls.

    Args:
        pos: features of the positive class, shape ``(n, d)``.
        neg: of the negative class, shape ``(m, d)``.
        weights: of a sample of either class.
        added: what the loss adds to the logit difference, for logit adjustment.
        weight_decay: above 0.

    Example:
        >>> rule = weighted_head(np.array([[1.0], [2.0]]), np.array([[-1.0], [-2.0]]))
        >>> rule.recalls(np.array([[0.5]]), np.array([[-0.5]]))
        (1.0, 1.0)
    """
    from scipy.special import expit

    x = np.column_stack([np.concatenate([pos, neg]), np.ones(len(pos) + len(neg))])
    y = np.repeat([1.0, -1.0], [len(pos), len(neg)])
    share = np.repeat(weights, [len(pos), len(neg)])
    share = share / share.sum()
    theta = np.zeros(x.shape[1])

    def loss(theta: Floats) -> float:
        return float(share @ np.logaddexp(0, -y * (x @ theta + added)) + weight_decay / 4 * theta @ theta)

    value = loss(theta)
    for _ in range(_STEPS):
        chance = expit(x @ theta + added)
        gradient = x.T @ (share * (chance - (y > 0))) + weight_decay / 2 * theta
        if np.abs(gradient).max() < _SMALL:
            break
        curvature = (x * (share * chance * (1 - chance))[:, None]).T @ x + weight_decay / 2 * np.eye(len(theta))
        step, size = np.linalg.solve(curvature, gradient), 1.0
        while size > _SMALL and loss(theta - size * step) > value:
            size /= 2
        theta = theta - size * step
        value = loss(theta)
    return Rule(theta[:-1], float(theta[-1]))


def multiclass_head(
    samples: Sequence[Floats], balanced: bool = False, weight_decay: float = WEIGHT_DECAY
) -> tuple[Floats, Floats]:
    """Return the linear head of all classes with the least cross entropy: its weights ``(C, d)`` and biases ``(C,)``.

    Of the mean cross entropy with ``weight_decay / 2`` times the squared weights, the biases free.

    Args:
        samples: the features of each class, shape ``(n_k, d)``.
        balanced: whether each class weighs the same in the mean, as in re-training of a head on balanced batches.
        weight_decay: above 0.

    Example:
        >>> weights, biases = multiclass_head([np.array([[1.0], [2.0]]), np.array([[-1.0], [-2.0]])])
        >>> (np.array([[0.5], [-0.5]]) @ weights.T + biases).argmax(axis=1).tolist()
        [0, 1]
    """
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate(samples)
    y = np.repeat(np.arange(len(samples)), [len(own) for own in samples])
    weight = np.concatenate([np.full(len(own), 1 / len(own)) for own in samples]) if balanced else np.ones(len(x))
    weight = weight / weight.sum()
    solver = "newton-cholesky" if len(samples) * x.shape[1] <= _DENSE else "lbfgs"
    # For two classes it fits the difference w of the weights, for which their squares sum to |w|^2 / 2.
    rows = 2 if len(samples) == 2 else 1
    model = LogisticRegression(C=rows / weight_decay, solver=solver, max_iter=_ITERATIONS, tol=1e-4)
    fit = model.fit(x, y, sample_weight=weight)
    if len(samples) == 2:
        return np.concatenate([-fit.coef_, fit.coef_]) / 2, np.concatenate([-fit.intercept_, fit.intercept_]) / 2
    return np.asarray(fit.coef_), np.asarray(fit.intercept_)
