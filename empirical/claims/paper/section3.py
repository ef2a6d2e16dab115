"""Section 3, the toy example: Figures 1 and 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from empirical.claims.claim import Claim, Comparison
from empirical.claims.measures import check_distinct, compared, curve_statistic, label_prefix, measure_of_tables, trend
from empirical.claims.tables import Row, Series, Statistic, Table, TooFewError

__all__ = ["CLAIMS"]

FALL = 5.0
"""The fall, in points over the whole of Figure 1, from which on a tendency counts as obviously downward.

A thousand test images of a class leave a standard error of up to 1.6 points, and the choice of the training images
about as much; 5 points are what the eye would see above both. Were number all that counts, Theorem 2 would have the
recall fall by tens of points between imbalance 1 and 50.
"""

BEND = 2.0
"""The bend, in points, up to which the upper half of Figure 2 counts as a straight line.

The bend is how far the parabola through the points of that half leaves its chord in the middle. 2 points are about the
standard error of one point of the curve: a smaller bend cannot be seen in a figure of single runs.
"""

LEAST_POINTS = 5
"""The fewest points of that half: a parabola has three numbers, and what is left over must tell a bend from noise."""

SCARCE = 0.1
"""Up to which part of the largest number of images few are left in Figure 2."""


def _minority(row: Row) -> float | None:
    recall: float | None = row["minority"]
    return recall


def _curves(table: Table, x: str) -> Iterator[tuple[str, str, Callable[[Statistic], Series]]]:
    """Yield each curve of a table: its data set, its name, and how to take a statistic of each seed's points.

    The claims are about networks from random weights; another class, or another number of the images that are fixed, is
    a curve of its own, and a single point is none.

    Raises:
        TooFewError: there is no curve.
    """
    fixed = "minority_images" if x == "majority_images" else "majority_images"
    table.need("data", "label", fixed, x, "minority", "seed", "pretrain")
    found = False
    for data, label, number in table.combinations("data", "label", fixed, pretrain="none"):
        cells = {"data": data, "label": label, fixed: number, "pretrain": "none"}
        if len(table.values(x, **cells)) > 1:
            found = True
            name = f"class {label + 1} {'with' if x == 'majority_images' else 'among'} {number:g}"
            yield data, label_prefix(data, None, name), partial(curve_statistic, table, x, **cells)
    if not found:
        raise TooFewError(f"in the table {table.name} a curve from random weights over several values of {x}")


def _flat(table: Table) -> list[Comparison]:
    comparisons = []
    for data, name, series in _curves(table, "majority_images"):
        for axis, scale in (("against the logarithm of the number", math.log), ("against the number", float)):
            rise = partial(series, trend("majority_images", _minority, scale))
            label = f"{name}, tendency {axis}"
            comparisons.append(compared(label, data, rise, by=FALL, decides=scale is math.log))
    return comparisons


def _upper(rows: Sequence[Row], least: int) -> list[tuple[float, float]] | None:
    """Return the points with at least half of the largest number of images; None while a run is missing.

    Raises:
        TooFewError: there are fewer than ``least`` of them.
    """
    half = max(row["minority_images"] for row in rows) / 2
    own = [row for row in rows if row["minority_images"] >= half]
    check_distinct("minority_images from half of the largest on", [row["minority_images"] for row in own], least)
    if any(row["minority"] is None for row in rows):
        return None
    return [(row["minority_images"], row["minority"]) for row in own]


def _bend(rows: Sequence[Row]) -> float | None:
    """Return how far the parabola through the upper half lies above its chord, in the middle."""
    points = _upper(rows, LEAST_POINTS)
    if points is None:
        return None
    x, y = np.array(points, dtype=float).T
    span = x.max() - x.min()
    return float(-np.polyfit((x - x.min()) / span, y, 2)[0] / 4)


def _excess(rows: Sequence[Row]) -> float | None:
    """Return by how much accuracy with few images lies below the straight line of the upper half, in points."""
    points = _upper(rows, 2)
    most = max(row["minority_images"] for row in rows)
    few = [row for row in rows if row["minority_images"] <= SCARCE * most]
    check_distinct(f"minority_images up to {SCARCE:g} of the largest", [row["minority_images"] for row in few], 1)
    if points is None:
        return None
    x, y = np.array(points, dtype=float).T
    line = np.polyfit(x, y, 1)
    return float(np.mean([np.polyval(line, row["minority_images"]) - row["minority"] for row in few]))


def _linear(table: Table) -> list[Comparison]:
    comparisons = []
    for data, name, series in _curves(table, "minority_images"):
        for side, sign in (("up", -1), ("down", 1)):
            bend = partial(series, _bend)
            label = f"{name}, bent {side} by less than {BEND:g} points"
            comparisons.append(compared(label, data, bend, by=BEND, factor=sign))
    return comparisons


def _nonlinear(table: Table) -> list[Comparison]:
    return [
        compared(f"{name}, drop beyond the line", data, partial(series, _excess))
        for data, name, series in _curves(table, "minority_images")
    ]


CLAIMS = (
    Claim(
        id="E1.flat",
        place="section 3, main results (1), Figure 1",
        printed="overall performance tendency of class-10 (red curve) is not obviously downward with increasing "
        "majority samples",
        statistic="a straight line is fitted to the accuracy of the last class against ln n, n being the number of "
        "images of each other class: slope * (max - min) + 5 points > 0; the line against n describes",
        margin="a fall of 5 points over the whole figure counts as not obvious: above the noise of a curve of single "
        "runs (about 1.6 points from the test images and as much from the choice of training images), and far below "
        "the tens of points that number alone would cost by Theorem 2",
        experiments=("majority",),
        measure=measure_of_tables(_flat),
    ),
    Claim(
        id="E2.linear",
        place="section 3, main results (2), Figure 2",
        printed="when the minority samples are slightly reduced, the relationship between sample number and "
        "performance dropping is linear",
        statistic="slightly reduced: down to half of the largest number. A parabola is fitted there to the accuracy of "
        "the last class, if there are five points or more; bend b = its height over its chord in the middle: 2 - b > 0 "
        "and 2 + b > 0 points",
        margin="a bend of 2 points counts as none: about the standard error of one point of the curve",
        experiments=("minority",),
        measure=measure_of_tables(_linear),
    ),
    Claim(
        id="E2.nonlinear",
        place="section 3, main results (2), Figure 2",
        printed="Once only few minority samples are available, the relationship between them would become non-linear",
        reading="below the line, by the additional performance dropping that the text goes on to speak of",
        statistic="the straight line through the points with at least half of the largest number, carried on to those "
        "with at most a tenth, minus the accuracy measured there, mean over these: > 0 (the drop is beyond linear)",
        experiments=("minority",),
        measure=measure_of_tables(_nonlinear),
    ),
)
"""The claims of the section."""
