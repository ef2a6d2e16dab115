"""The gap between frequent and rare classes, and the parts of it that are due to the parts of the last layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.classifier_parts import PARTS, right, shapley
from empirical.analysis.examine.inputs import Inputs, class_sums, pieces
from empirical.analysis.examine.intervals import mean_over_classes
from empirical.analysis.examine.tables import ClassParts, Part
from empirical.runtime.progress import Track, silent

__all__ = ["class_parts", "contributions", "gap_weights", "split"]

NEUTRAL, RECALL = "neutral", "recall"
Floats = NDArray[np.float64]


def contributions(inputs: Inputs, track: Track = silent) -> dict[str, Floats] | None:
    """Return for each held-out image whether it is classified right by the layer as it is and by the neutral one.

    And what each of :data:`empirical.analysis.classifier_parts.PARTS` adds. The mean feature of a class is that of its
    training images where they are given. Else each half of the held-out images is judged with the means of the other
    half. None if a row of the weight or a mean is zero, so that it has no direction.
    """
    assert inputs.features is not None
    assert inputs.labels is not None
    assert inputs.first is not None
    assert inputs.weight is not None
    assert inputs.bias is not None
    n = len(inputs.labels)
    found = {name: np.empty(n) for name in (RECALL, NEUTRAL, *PARTS)}
    if inputs.train_features is not None and inputs.train_labels is not None:
        sums = class_sums(inputs.train_features, inputs.train_labels, inputs.classes)
        judged = [(np.ones(n, dtype=bool), sums / np.bincount(inputs.train_labels)[:, None])]
    else:
        judged = []
        for half in (inputs.first, ~inputs.first):
            sums = class_sums(inputs.features, inputs.labels, inputs.classes, ~half)
            judged.append((half, sums / np.bincount(inputs.labels[~half])[:, None]))
    if any((np.linalg.norm(rows, axis=1) == 0).any() for rows in (inputs.weight, *(means for _, means in judged))):
        return None
    for rows in track(pieces(n, max(inputs.classes, inputs.features.shape[1])), "parts of the last layer"):
        seen, labels = np.asarray(inputs.features[rows], dtype=np.float64), inputs.labels[rows]
        for half, means in judged:
            own = half[rows]
            values = right(inputs.weight, inputs.bias, means, seen[own], labels[own])
            for name, value in {
                RECALL: values[frozenset(PARTS)],
                NEUTRAL: values[frozenset()],
                **shapley(values),
            }.items():
                found[name][rows][own] = value
    return found


def gap_weights(counts: NDArray[np.int64]) -> Floats:
    """Return the weight of each class in the mean of the more frequent half minus that of the rarer half.

    Example:
        >>> gap_weights(np.array([10, 500, 100])).tolist()
        [-1.0, 1.0, 0.0]
    """
    order, half = np.argsort(-counts, kind="stable"), len(counts) // 2
    weights = np.zeros(len(counts))
    weights[order[:half]] = 1 / half
    weights[order[-half:]] = -1 / half
    return weights


def split(inputs: Inputs, terms: Mapping[str, Floats]) -> list[Part]:
    """Return the gap and its parts."""
    assert inputs.counts is not None
    assert inputs.labels is not None
    weights = gap_weights(inputs.counts)
    names = {"gap": RECALL, **{part: part for part in PARTS}, "features": NEUTRAL}
    rows = []
    for name, key in names.items():
        points, low, high = mean_over_classes(terms[key], inputs.labels, weights, least=-1.0 if key in PARTS else 0.0)
        rows.append(Part(part=name, points=100 * points, low=100 * low, high=100 * high))
    return rows


def class_parts(inputs: Inputs, terms: Mapping[str, Floats] | None) -> list[ClassParts]:
    """Return the row of each class; without ``terms`` only what the last layer says by itself."""
    assert inputs.weight is not None
    assert inputs.bias is not None
    norms = np.linalg.norm(inputs.weight, axis=1)
    means: dict[str, Floats] = {}
    if terms is not None and inputs.labels is not None:
        means = {
            name: 100 * np.bincount(inputs.labels, values, minlength=inputs.classes) / inputs.held_out
            for name, values in terms.items()
        }

    def of(name: str, label: int) -> float | None:
        return float(means[name][label]) if name in means else None

    return [
        ClassParts(
            label=label,
            name=name,
            count=None if inputs.counts is None else int(inputs.counts[label]),
            norm=float(norms[label]),
            bias=float(inputs.bias[label]) if inputs.has_bias else None,
            **{part: of(part, label) for part in (RECALL, NEUTRAL, *PARTS)},
        )
        for label, name in enumerate(inputs.class_names)
    ]
