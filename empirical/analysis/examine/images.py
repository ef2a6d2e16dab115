"""The gain by more training images of a class, by the law of all classes at once on these features."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.examine.inputs import Inputs
from empirical.analysis.examine.tables import Images
from theory.class_counts import ClassRecalls, gains_per_image, required_counts
from theory.class_moments import FEWEST

__all__ = ["DRAWS", "MOST", "images"]

DRAWS = 10
"""The rules that are drawn."""

MOST = 1_000_000
"""The most images of a class that are considered."""

_STEP = 0.25
Floats = NDArray[np.float64]


def images(inputs: Inputs, own: ClassRecalls, error: float, recall: float) -> Iterator[Images]:
    """Yield for each class what a quarter more images would give, and how many the wanted recall takes.

    Args:
        inputs: the network.
        own: the recalls at its own counts, by the same law.
        error: the mean absolute error of the law on these features, in points.
        recall: the recall that is wanted, from 0 to 1.
    """
    assert inputs.counts is not None
    x, labels = np.asarray(inputs.features, dtype=np.float64), inputs.labels
    counts = np.maximum(inputs.counts, FEWEST)
    gains = gains_per_image(x, counts, labels, step=_STEP, draws=DRAWS, seed=inputs.seed)
    goals = [recall + sign * error / 100 for sign in (0, -1, 1)]
    needed = [
        required_counts(x, counts, labels, recall=goal, most=MOST, draws=DRAWS, seed=inputs.seed)
        if 0 < goal < 1
        else [None] * inputs.classes
        for goal in goals
    ]
    for label, name in enumerate(inputs.class_names):
        n = int(counts[label])
        more = max(1, round(_STEP * n))
        reached = float(own.recalls[label]) >= recall
        yield Images(
            label=label,
            name=name,
            count=int(inputs.counts[label]),
            predicted=100 * float(own.recalls[label]),
            more=more,
            gain=100 * more * float(gains.matrix[label, label]),
            gain_mean=100 * more * float(gains.balanced[label]),
            wanted=100 * recall,
            reached=reached,
            needed=None if reached else needed[0][label],
            needed_low=None if reached else needed[1][label],
            needed_high=None if reached else needed[2][label],
        )
