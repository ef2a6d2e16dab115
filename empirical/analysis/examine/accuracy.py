"""Accuracy by class and by groups of classes, and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from empirical.analysis.examine.inputs import Inputs
from empirical.analysis.examine.intervals import mean_over_classes, shares, weighted_mean
from empirical.analysis.examine.tables import Accuracy, Calibration, ClassAccuracy, Reliability
from empirical.data.longtail import GROUPS, frequency_group
from empirical.runtime.progress import Track, silent

__all__ = ["BINS", "GROUPS", "Decisions", "accuracies", "calibration", "class_accuracies", "decide", "groups"]

BINS = 15
"""The bins of the reliability curve."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decisions:
    """The decisions of a network on each held-out image.

    Attributes:
        label: the class that it is taken for, shape ``(n,)``.
        right: whether that is its own.
        confidence: the probability of that class.
        nll: the negative logarithm of the probability of its own class.
    """

    label: NDArray[np.int64]
    right: NDArray[np.bool_]
    confidence: Floats
    nll: Floats


def decide(given: Inputs, track: Track = silent) -> Decisions:
    """Return what the network says of each held-out image."""
    assert given.labels is not None
    n = len(given.labels)
    label, confidence, nll = np.empty(n, np.int64), np.empty(n), np.empty(n)
    for rows, logits in given.logit_pieces(track, "logits"):
        total = logsumexp(logits, axis=1)
        label[rows] = logits.argmax(axis=1)
        confidence[rows] = np.exp(logits.max(axis=1) - total)
        nll[rows] = total - np.take_along_axis(logits, given.labels[rows, None], axis=1)[:, 0]
    return Decisions(label, label == given.labels, confidence, nll)


def groups(counts: NDArray[np.int64]) -> list[str]:
    """Return the group of each class.

    Example:
        >>> groups(np.array([101, 100, 20, 19]))
        ['many', 'medium', 'medium', 'few']
    """
    return [frequency_group(n) for n in counts]


def accuracies(given: Inputs, found: Decisions) -> Iterator[Accuracy]:
    """Yield the accuracy of all images, the mean over the classes, and that of each group of classes."""
    assert given.labels is not None
    right, n = found.right.astype(float), given.held_out
    ends = shares(right.sum(), len(right))
    yield Accuracy("all images", len(n), len(right), *(100 * float(value) for value in (right.mean(), *ends)))
    of = {"mean over classes": np.ones(len(n), dtype=bool)}
    if given.counts is not None:
        names = np.array(groups(given.counts))
        of |= {group: names == group for group in GROUPS if (names == group).any()}
    for name, members in of.items():
        value, low, high = mean_over_classes(right, given.labels, members / members.sum(), least=0.0)
        inside = value, max(low, 0.0), min(high, 1.0)
        yield Accuracy(name, int(members.sum()), int(n[members].sum()), *(100 * part for part in inside))


def class_accuracies(given: Inputs, found: Decisions) -> Iterator[ClassAccuracy]:
    """Yield the row of each class."""
    assert given.labels is not None
    n, right = given.held_out, np.bincount(given.labels, found.right, minlength=given.classes)
    low, high = shares(right, n)
    taken = np.bincount(found.label, minlength=given.classes)
    wrong = ~found.right
    pairs, often = np.unique(given.labels[wrong] * given.classes + found.label[wrong], return_counts=True)
    worst: dict[int, tuple[int, int]] = {}
    for pair, number in zip(pairs.tolist(), often.tolist(), strict=True):
        label, other = divmod(pair, given.classes)
        if number > worst.get(label, (0, 0))[0]:
            worst[label] = number, other
    for label, name in enumerate(given.class_names):
        number, other = worst.get(label, (0, -1))
        yield ClassAccuracy(
            label=label,
            name=name,
            count=None if given.counts is None else int(given.counts[label]),
            images=int(n[label]),
            recall=100 * float(right[label] / n[label]),
            low=100 * float(low[label]),
            high=100 * float(high[label]),
            precision=100 * float(right[label] / taken[label]) if taken[label] else None,
            taken_for=given.class_names[other] if number else None,
            taken_share=100 * number / int(n[label]) if number else None,
        )


def calibration(given: Inputs, found: Decisions) -> tuple[list[Calibration], list[Reliability]]:
    """Return how far the probabilities can be believed, and the reliability curves."""
    assert given.labels is not None
    n = given.held_out
    priors = {"held-out": np.ones(given.classes)}
    if given.counts is not None:
        priors["training"] = given.counts / n * (n.sum() / given.counts.sum())
    bins = np.minimum((found.confidence * BINS).astype(int), BINS - 1)
    rows, curve = [], []
    for prior, by_class in priors.items():
        weights = by_class[given.labels]
        excess = found.right - found.confidence
        signs = np.sign(np.bincount(bins, weights * excess, minlength=BINS))
        ece = weighted_mean(signs[bins] * excess, weights)
        nll = weighted_mean(found.nll, weights)
        rows.append(
            Calibration(
                prior=prior,
                accuracy=100 * float(weights @ found.right / weights.sum()),
                confidence=100 * float(weights @ found.confidence / weights.sum()),
                ece=100 * max(ece[0], 0.0),
                ece_low=100 * max(ece[1], 0.0),
                ece_high=100 * max(ece[2], 0.0),
                nll=nll[0],
                nll_low=max(nll[1], 0.0),
                nll_high=nll[2],
            )
        )
        inside = np.bincount(bins, weights, minlength=BINS)
        for at in np.flatnonzero(inside):
            own = bins == at
            curve.append(
                Reliability(
                    prior=prior,
                    start=int(at) / BINS,
                    stop=(int(at) + 1) / BINS,
                    images=int(own.sum()),
                    share=100 * float(inside[at] / weights.sum()),
                    confidence=100 * float(weights[own] @ found.confidence[own] / inside[at]),
                    accuracy=100 * float(weights[own] @ found.right[own] / inside[at]),
                )
            )
    return rows, curve
