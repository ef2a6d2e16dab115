"""Corrections of linear heads on features of two classes, and the offset of their boundary by theory and measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.linear_classifiers import Rule, weighted_head
from empirical.config import Config
from theory import corrections, theorem2

__all__ = [
    "BalancedHead",
    "Floats",
    "corrected_head",
    "effective_ratio",
    "offset",
    "offset_without_bias",
    "retrained_head",
]

_BETA: float = Config.beta
_RIDGE = 1e-6  # of the mean variance: features that are always 0 must not make a covariance singular

Floats = NDArray[np.float64]


def effective_ratio(method: str, n_pos: int, n_neg: int) -> float:
    """Return the effective prior ratio that theory gives a correction, all but ``tau``.

    After cross entropy ``tau = 1`` restores the balanced boundary if the logits are those of Bayes' rule, and ``tau =
    T``, which the likelihood looks for, if they are those of Bayes' rule times ``T`` (:mod:`theory.temperature`).

    Example:
        >>> [round(effective_ratio(method, 5000, 50), 3) for method in ("ce", "rw", "logit-adjustment")]
        [100.0, 1.268, 1.0]
    """
    ratio = n_pos / n_neg
    if method == "ce":
        return ratio
    if method in ("rw", "rs", "drw"):
        return corrections.effective_number(n_pos, n_neg, _BETA)
    if method == "rw-inverse":
        return corrections.reweighting(ratio, 1 / n_pos, 1 / n_neg)
    if method in ("logit-adjustment", "post-hoc", "likelihood"):
        return corrections.logit_adjustment(ratio)
    return corrections.resampling(ratio)


def offset(pos: Floats, neg: Floats) -> float:
    """Return the offset of a boundary from the logit differences of the images of both classes.

    Example:
        >>> offset(np.array([3.0, 3.0]), np.array([-1.0]))
        0.25
    """
    mean_pos, mean_neg = float(pos.mean()), float(neg.mean())
    return (mean_pos + mean_neg) / (2 * (mean_pos - mean_neg))


def offset_without_bias(pos: Floats, neg: Floats) -> float:
    """Return the offset of the boundary that is parallel to the Bayes one and passes through the origin.

    Args:
        pos: balanced features of the positive class, shape ``(n, d)``.
        neg: of the negative class, shape ``(n, d)``.

    Example:
        >>> round(offset_without_bias(np.array([[2.0], [4.0]]), np.array([[0.0], [2.0]])), 6)
        1.0
    """
    pooled = np.atleast_2d((np.cov(pos.T) + np.cov(neg.T)) / 2)
    cov = pooled + _RIDGE * np.trace(pooled) / len(pooled) * np.eye(len(pooled))
    s = theorem2.Setting(pos.mean(axis=0), neg.mean(axis=0), cov, prior_ratio=1)
    line = s.mu1 - s.mu2
    crossing = corrections.crossing_point(s, theorem2.hyperplane(s)[0], 0.0)
    return float(((s.mu1 + s.mu2) / 2 - crossing) @ line / (line @ line))


@dataclass(frozen=True)
class BalancedHead:
    """The balanced classifier of two classes, which predictions are made from.

    Attributes:
        rule: the balanced classifier.
        read: the test features of the two classes that it is read off.
        kept: how many other test images the minority has.
        through_origin: the offset of the boundary without biases.
    """

    rule: Rule
    read: Sequence[Floats]
    kept: int
    through_origin: float

    @property
    def separation(self) -> float:
        """``M`` by :func:`empirical.analysis.agreement.separation_from_recalls`."""
        return separation_from_recalls(self.rule.recalls(*self.read), [len(x) for x in self.read])


def corrected_head(method: str, pos: Floats, neg: Floats, rng: Generator) -> Rule:
    """Return the linear classifier that a correction trains."""
    from empirical.training.losses import effective_weights, inverse_weights

    counts = len(pos), len(neg)
    if method == "ce":
        return weighted_head(pos, neg)
    if method in ("rw", "rw-inverse"):
        weights = effective_weights(counts, _BETA) if method == "rw" else inverse_weights(counts)
        return weighted_head(pos, neg, weights=tuple(weights.tolist()))
    if method == "logit-adjustment":
        return weighted_head(pos, neg, added=math.log(counts[0] / counts[1]))
    if method == "retrained":
        return retrained_head(np.concatenate([pos, neg]), np.repeat([0, 1], counts), rng)
    share = np.array(counts) * effective_weights(counts, _BETA).numpy()
    # A class that is not drawn at all would leave no boundary; a chance of 2^-50 at the sizes at hand.
    drawn = np.clip(rng.binomial(sum(counts), share[0] / share.sum()), 1, sum(counts) - 1)
    return weighted_head(rng.choice(pos, drawn), rng.choice(neg, sum(counts) - drawn))


def retrained_head(x: Floats, labels: NDArray[np.int64], rng: Generator) -> Rule:
    """Return the classifier that is trained with classes drawn equally often."""
    import torch

    from empirical.training.evaluate import retrain_classifier

    seed = int(rng.integers(2**31))
    new = retrain_classifier(torch.from_numpy(x).float(), torch.from_numpy(labels), 2, seed=seed)
    w, b = new.weight.double().numpy(), new.bias.double().numpy()
    return Rule(w[0] - w[1], float(b[0] - b[1]))
