"""Class by class: the rank-1 errors, and what each class is taken for, with and without pre-training.

A column for each method. Above, the error of each class, mean and interval over the seeds; below, the part of each true
class (rows) that is taken for each class (columns), mean over the seeds. The first data set and the largest imbalance
of the results are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from figures.results import METHODS, STARTS, made_by, note_missing, points, read
from figures.style import COLOURS, styled

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "label", "error", "taken_for", "run")
_LOOK = {"none": (COLOURS[0], "o", -0.12), "rotation": (COLOURS[3], "s", 0.12)}
_PANEL = (2.7, 2.7)


command = made_by("classwise", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``classwise.csv`` and ``classwise.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "classwise", _COLUMNS)
    data, ratio = found.values("data")[0], max(found.values("imbalance"))
    width, height = _PANEL
    fig = Figure(figsize=(width * len(METHODS) + 0.8, height * (1 + len(STARTS)) + 0.9))
    grid = fig.subplots(1 + len(STARTS), len(METHODS), squeeze=False)
    image = None
    for (method, title), axes in zip(METHODS.items(), grid.T, strict=True):
        for ax, (start, (colour, marker, aside)) in zip(axes[1:], _LOOK.items(), strict=True):
            cells = found.where(data=data, imbalance=ratio, method=method, pretrain=start)
            rows = [row for row in cells if row["label"] is not None]
            labels = sorted({row["label"] for row in rows})
            errors = [[row["error"] for row in rows if row["label"] == label] for label in labels]
            at = [label + 1 + aside for label in labels]
            points(axes[0], at, errors, marker=marker, color=colour, markersize=4, label=STARTS[start])
            image = _draw_confusion(ax, rows) or image
        axes[0].set(title=title, ylim=(-3, 103), xlabel="class, from frequent to rare")
        axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
        axes[-1].set_xlabel("taken for class")
    grid[0, 0].set_ylabel("rank-1 error, %")
    for ax, start in zip(grid[1:, 0], STARTS, strict=True):
        ax.set_ylabel(f"{STARTS[start]}\ntrue class")
    if image is not None:
        fig.colorbar(image, ax=grid[1:, -1], label="part of the true class, %")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2, title="mean and 95 % interval over seeds")
    fig.suptitle(f"Errors and confusions by class: {data}, imbalance {ratio:g} ({found.profile})")
    note_missing(fig, found)
    return fig


def _draw_confusion(ax: Axes, rows: Sequence[dict[str, Any]]) -> AxesImage | None:
    """Draw the confusions over all seeds, if there are any."""
    ax.grid(visible=False)
    if not rows:
        return None
    taken = [np.array(str(row["taken_for"]).split(), dtype=float) for row in rows]
    classes = len(taken[0])
    total = np.zeros((classes, classes))
    for row, part in zip(rows, taken, strict=True):
        total[row["label"]] += part
    edge = classes + 0.5
    shares = 100 * total / total.sum(axis=1, keepdims=True)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    return ax.imshow(shares, cmap="Blues", vmin=0, vmax=100, extent=(0.5, edge, edge, 0.5))
