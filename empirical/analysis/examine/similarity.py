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
    sides = [(pair, *ends) for pair in pairs for ends in ((pair.first, pair.second), (pair.second, pair.first))]
    ratios = np.array([_ratio(inputs, label, other) for _, label, other in sides])
    predicted = minority_recall([pair.separation for pair, _, _ in sides], ratios)
    of_class: dict[int, list[int]] = {label: [] for label in range(inputs.classes)}
    for at, (_, label, _) in enumerate(sides):
        of_class[label].append(at)
    worst = [
        at for own in of_class.values() for at in sorted(own, key=lambda at: (predicted[at], sides[at][2]))[:_SHOWN]
    ]
    chosen = [sides[at] for at in worst]
    separations = np.array([(pair.separation, *pair.bounds()) for pair, _, _ in chosen])
    balanced = 100 * minority_recall(separations[:, 0], 1)
    parts = _parts(separations, ratios[worst, None], reference)
    for at, (pair, label, other) in enumerate(chosen):
        row: dict[str, Any] = {
            "label": label,
            "name": inputs.class_names[label],
            "count": _count(inputs, label),
            "rival": inputs.class_names[other],
            "rival_count": _count(inputs, other),
            "separation": pair.separation,
            "separation_low": float(separations[at, 1]),
            "separation_high": float(separations[at, 2]),
            "balanced": float(balanced[at]),
        }
        if inputs.counts is None:
            yield Rival(
                **row, predicted=None, number=None, similarity=None, number_share=None, share_low=None, share_high=None
            )
            continue
        number, similarity, share = (value[at].tolist() for value in parts)
        ends = [end for end in share[1:] if not math.isnan(end)] if not math.isnan(share[0]) else []
        yield Rival(
            **row,
            predicted=100 * float(predicted[worst[at]]),
            number=number[0],
            similarity=similarity[0],
            number_share=None if math.isnan(share[0]) else share[0],
            share_low=min(ends, default=None),
            share_high=max(ends, default=None),
        )


def _ratio(inputs: Inputs, label: int, other: int) -> float:
    return 1.0 if inputs.counts is None else float(inputs.counts[other] / inputs.counts[label])


def _parts(separations: Floats, ratios: Floats, reference: float) -> tuple[Floats, Floats, Floats]:
    """Return the parts of number and of similarity, in points, and the share of number in per cent, NaN for none."""
    origin = np.maximum(reference, separations)
    points = ((origin, 1), (origin, ratios), (separations, 1), (separations, ratios))
    found = split(*(minority_recall(m, r) for m, r in points))
    share = np.where((ratios >= 1) & (found.drop > 0), found.number_share, np.nan)
    return 100 * found.number, 100 * found.similarity, 100 * share


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
            low=max(counts - error, 0.0),
            high=min(counts + error, 100.0),
            similarity=100 - balanced,
            number=balanced - counts,
            beyond=None if recall is None else counts - recall,
        )
