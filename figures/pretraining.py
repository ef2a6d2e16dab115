"""Does pre-training raise the separation of classes, and the minority's recall by as much as that predicts?

The first data set of the results, for each imbalance two panels. Left: the separation of each pair of classes with
pre-training against that without. Right: the gain in the rarer class's recall against the gain that Theorem 2 predicts
from the two separations. A point is a pair of classes, mean over the seeds with its interval; the line is where both
are equal, and the cross is the mean over the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from figures.results import (
    Results,
    caption_text,
    command_reader,
    data_name,
    data_set,
    interval,
    note_missing,
    read,
    subset_note,
)
from figures.style import COLOURS, canvas, entitle, styled

__all__ = ["command", "draw"]

_SIDES = (("separation", "separation_pretrained"), ("gain_predicted", "gain"))
_COLUMNS = ("data", "imbalance", "seed", "majority", "minority", "run", *_SIDES[0], *_SIDES[1])
_MOST = 2  # rows of panels


command = command_reader("pretraining", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``pretraining.csv`` and ``pretraining.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = read(results, "pretraining", _COLUMNS)
    data = str(table.values("data")[0])
    there = sorted({row["imbalance"] for row in table.where(data=data)}, reverse=True)
    ratios = there[:_MOST]
    fig = canvas(2.5 * len(ratios) + 0.9)
    grid = fig.subplots(len(ratios), 2, squeeze=False)
    for ratio, axes in zip(ratios, grid, strict=True):
        for side, ax in enumerate(axes):
            _draw(ax, table, data, ratio, side)
    fig.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    entitle(
        fig,
        _message(table, data, ratios),
        caption_text(
            table,
            "Left, the separation M of each pair of classes with rotation pre-training against that without, in cross",
            "entropy; right, the gain in the rarer class's recall against the gain that Theorem 2 predicts from both",
            "separations. A point is a pair of classes, mean over the seeds with 95% interval; the line is where both",
            f"are equal. {data_set(table)}.",
            subset_note(ratios, there, "imbalances"),
        ),
        "What pre-training adds to the separation of classes and to recall",
    )
    note_missing(fig, table)
    return fig


def _message(table: Results, data: str, ratios: Sequence[float]) -> str | None:
    """Return the changes by pre-training, mean over the pairs, at the first imbalance that is measured."""
    for ratio in ratios:
        sides = [_cases(table, data, ratio, side) for side in range(len(_SIDES))]
        if all(map(len, sides)):
            (before, after, _), (predicted, gain, _) = (side.mean(axis=0) for side in sides)
            return (
                f"At imbalance {ratio:g} pre-training changes separations by {after - before:z.1f} and recall by "
                f"{gain:z.1f} points, by theory {predicted:z.1f}"
            )
    return None


def _cases(table: Results, data: str, ratio: float, side: int) -> NDArray[np.float64]:
    """Return for each pair of classes its place in a panel, mean over the seeds, and half its interval."""
    pairs: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for row in table.where(data=data, imbalance=ratio):
        pairs.setdefault((row["majority"], row["minority"]), []).append(row)
    series = [[interval([row[name] for row in rows]) for name in _SIDES[side]] for rows in pairs.values()]
    return np.array([(x[0], y[0], y[1]) for x, y in series if x is not None and y is not None]).reshape(-1, 3)


def _draw(ax: Axes, table: Results, data: str, ratio: float, side: int) -> None:
    """Draw a panel."""
    drawn = _cases(table, data, ratio, side)
    look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 2.8, "elinewidth": 0.5, "alpha": 0.75}
    ax.errorbar(drawn[:, 0], drawn[:, 1], np.nan_to_num(drawn[:, 2]), color=COLOURS[side], **look)
    if len(drawn):
        ax.plot(*drawn[:, :2].mean(axis=0), "X", color="#000000", markersize=6, zorder=3)
        ends = [drawn[:, :2].min(), drawn[:, :2].max()]
        ax.plot(ends, ends, color="#555555", linewidth=1, zorder=1)
    label = "a pair of classes, 95 % interval over seeds"
    ax.plot([], [], linestyle="none", marker="o", markersize=3.5, color="#555555", label=label)
    ax.plot([], [], "X", color="#000000", markersize=6, label="mean over the pairs")
    ax.plot([], [], color="#555555", linewidth=1, label="both are equal")
    if side == 0:
        ax.set(xlabel="separation M from random weights", ylabel="M with pre-training")
    else:
        ax.set(xlabel="gain in recall by Theorem 2, points", ylabel="gain measured, points")
    ax.set_title(f"{data_name(data)}, imbalance {ratio:g}")
