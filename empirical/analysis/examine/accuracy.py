"""Accuracy by class and by groups of classes, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def decide(inputs: Inputs, track: Track = silent, others: Sequence[Callable[[slice, Floats], None]] = ()) -> Decisions:
    """Return what the network says of each held-out image; the logits are shown to ``others`` on the way."""
    assert inputs.labels is not None
    n = len(inputs.labels)
    label, confidence, nll = np.empty(n, np.int64), np.empty(n), np.empty(n)
    for rows, logits in inputs.logit_pieces(track, "logits"):
        total = logsumexp(logits, axis=1)
        label[rows] = logits.argmax(axis=1)
        for other in others:
            other(rows, logits)
        confidence[rows] = np.exp(logits.max(axis=1) - total)
        nll[rows] = total - np.take_along_axis(logits, inputs.labels[rows, None], axis=1)[:, 0]
    return Decisions(label=label, right=label == inputs.labels, confidence=confidence, nll=nll)


def groups(counts: NDArray[np.int64]) -> list[str]:
    """Return the group of each class.

    Example:
        >>> groups(np.array([101, 100, 20, 19]))
        ['many', 'medium', 'medium', 'few']
    """
    return [frequency_group(n) for n in counts]


def accuracies(inputs: Inputs, decisions: Decisions) -> Iterator[Accuracy]:
    """Yield the accuracy of all images, the mean over the classes, and that of each group of classes."""
    assert inputs.labels is not None
    right, n = decisions.right.astype(float), inputs.held_out
    ends = shares(right.sum(), len(right))
    yield Accuracy(
        of="all images",
        classes=len(n),
        images=len(right),
        accuracy=100 * float(right.mean()),
        low=100 * float(ends[0]),
        high=100 * float(ends[1]),
    )
    of = {"mean over classes": np.ones(len(n), dtype=bool)}
    if inputs.counts is not None:
        names = np.array(groups(inputs.counts))
        of |= {group: names == group for group in GROUPS if (names == group).any()}
    for name, members in of.items():
        value, low, high = mean_over_classes(right, inputs.labels, members / members.sum(), least=0.0)
        yield Accuracy(
            of=name,
            classes=int(members.sum()),
            images=int(n[members].sum()),
            accuracy=100 * value,
            low=100 * max(low, 0.0),
            high=100 * min(high, 1.0),
        )


def class_accuracies(inputs: Inputs, decisions: Decisions) -> Iterator[ClassAccuracy]:
    """Yield the row of each class."""
    assert inputs.labels is not None
    n, right = inputs.held_out, np.bincount(inputs.labels, decisions.right, minlength=inputs.classes)
    low, high = shares(right, n)
    taken = np.bincount(decisions.label, minlength=inputs.classes)
    wrong = ~decisions.right
    pairs, often = np.unique(inputs.labels[wrong] * inputs.classes + decisions.label[wrong], return_counts=True)
    worst: dict[int, tuple[int, int]] = {}
    for pair, number in zip(pairs.tolist(), often.tolist(), strict=True):
        label, other = divmod(pair, inputs.classes)
        if number > worst.get(label, (0, 0))[0]:
            worst[label] = number, other
    for label, name in enumerate(inputs.class_names):
        number, other = worst.get(label, (0, -1))
        yield ClassAccuracy(
            label=label,
            name=name,
            count=None if inputs.counts is None else int(inputs.counts[label]),
            images=int(n[label]),
            recall=100 * float(right[label] / n[label]),
            low=100 * float(low[label]),
            high=100 * float(high[label]),
            precision=100 * float(right[label] / taken[label]) if taken[label] else None,
            taken_for=inputs.class_names[other] if number else None,
            taken_share=100 * number / int(n[label]) if number else None,
        )


def calibration(inputs: Inputs, decisions: Decisions) -> tuple[list[Calibration], list[Reliability]]:
    """Return how far the probabilities can be believed, and the reliability curves."""
    assert inputs.labels is not None
    n = inputs.held_out
    priors = {"held-out": np.ones(inputs.classes)}
    if inputs.counts is not None:
        priors["training"] = inputs.counts / n * (n.sum() / inputs.counts.sum())
    bins = np.minimum((decisions.confidence * BINS).astype(int), BINS - 1)
    rows, curve = [], []
    for prior, by_class in priors.items():
        weights = by_class[inputs.labels]
        excess = decisions.right - decisions.confidence
        signs = np.sign(np.bincount(bins, weights * excess, minlength=BINS))
        ece = weighted_mean(signs[bins] * excess, weights)
        nll = weighted_mean(decisions.nll, weights)
        rows.append(
            Calibration(
                prior=prior,
                accuracy=100 * float(weights @ decisions.right / weights.sum()),
                confidence=100 * float(weights @ decisions.confidence / weights.sum()),
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
                    confidence=100 * float(weights[own] @ decisions.confidence[own] / inside[at]),
                    accuracy=100 * float(weights[own] @ decisions.right[own] / inside[at]),
                )
            )
    return rows, curve
