"""Number or similarity: what a class loses to similar classes, and what to its number of images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.examine.inputs import Inputs
from empirical.analysis.examine.pairs import Pair
from empirical.analysis.examine.tables import ClassLoss, Rival
from theory.attribution import split
from theory.class_counts import ClassRecalls
from theory.theorem2 import minority_recall

__all__ = ["class_losses", "even_counts", "rivals"]

_SHOWN = 3
_QUARTER = 4
_FEWEST = 2
Floats = NDArray[np.float64]


def rivals(inputs: Inputs, pairs: Sequence[Pair]) -> Iterator[Rival]:
    """Yield the worst rivals of each class at the network's own counts, by Theorem 2 for pairs."""
    apart = sorted(pair.separation for pair in pairs)
    reference = float(np.mean(apart[-max(1, len(apart) // _QUARTER) :]))
    own: dict[int, list[tuple[float, int, Pair]]] = {label: [] for label in range(inputs.classes)}
    for pair in pairs:
        for label, other in ((pair.first, pair.second), (pair.second, pair.first)):
            ratio = 1.0 if inputs.counts is None else float(inputs.counts[other] / inputs.counts[label])
            own[label].append((float(minority_recall(pair.separation, ratio)), other, pair))
    for label, found in own.items():
        for _, other, pair in sorted(found, key=lambda one: one[:2])[:_SHOWN]:
            yield _rival(inputs, label, other, pair, reference)


def _rival(inputs: Inputs, label: int, other: int, pair: Pair, reference: float) -> Rival:
    low, high = pair.bounds()
    balanced = 100 * float(minority_recall(pair.separation, 1))
    row: dict[str, Any] = {
        "label": label,
        "name": inputs.class_names[label],
        "count": _count(inputs, label),
        "rival": inputs.class_names[other],
        "rival_count": _count(inputs, other),
        "separation": pair.separation,
        "separation_low": low,
        "separation_high": high,
        "balanced": balanced,
    }
    if inputs.counts is None:
        return Rival(
            **row, predicted=None, number=None, similarity=None, number_share=None, share_low=None, share_high=None
        )
    ratio = float(inputs.counts[other] / inputs.counts[label])

    def parts(separation: float) -> tuple[float, float, float | None]:
        origin = max(reference, separation)
        found = split(
            *(
                float(minority_recall(m, r))
                for m, r in ((origin, 1), (origin, ratio), (separation, 1), (separation, ratio))
            )
        )
        share = 100 * float(found.number_share) if ratio >= 1 and found.drop > 0 else None
        return 100 * float(found.number), 100 * float(found.similarity), share

    number, similarity, share = parts(pair.separation)
    ends = [end for end in (parts(low)[2], parts(high)[2]) if end is not None]
    return Rival(
        **row,
        predicted=100 * float(minority_recall(pair.separation, ratio)),
        number=number,
        similarity=similarity,
        number_share=share,
        share_low=min(ends) if share is not None and ends else None,
        share_high=max(ends) if share is not None and ends else None,
    )


def _count(inputs: Inputs, label: int) -> int | None:
    return None if inputs.counts is None else int(inputs.counts[label])


def even_counts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return as many images spread evenly over the classes.

    Example:
        >>> even_counts(np.array([100, 10, 1])).tolist()
        [37, 37, 37]
    """
    return np.full(len(counts), max(_FEWEST, round(float(counts.mean()))))


def class_losses(
    inputs: Inputs, even: ClassRecalls, own: ClassRecalls, measured: Sequence[float] | None
) -> Iterator[ClassLoss]:
    """Yield for each class what is lost to similar classes, to the number of images, and beyond theory."""
    for label, name in enumerate(inputs.class_names):
        balanced, counts = 100 * float(even.recalls[label]), 100 * float(own.recalls[label])
        error = 196 * math.hypot(float(own.draw_error[label]), float(own.reading_error[label]))
        recall = None if measured is None else measured[label]
        yield ClassLoss(
            label=label,
            name=name,
            count=_count(inputs, label),
            recall=recall,
            balanced=balanced,
            predicted=counts,
            low=counts - error,
            high=counts + error,
            similarity=100 - balanced,
            number=balanced - counts,
            beyond=None if recall is None else counts - recall,
        )
