"""Table 1 as a picture: accuracy with and without pre-training, method by method, beside the printed cells.

A row for each data set, a panel for each method. Filled marks are the last epoch, mean and interval over the seeds; the
dash beside them is the best epoch, which the test images chose; hollow marks are the paper's, which are of its own
scale whatever the profile.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from empirical.experiments.printed import TABLE1, cell
from figures.results import METHODS, STARTS, Results, interval, note_missing, points, read
from figures.style import COLOURS, styled

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "accuracy", "best", "run")
_LOOK = {"none": (COLOURS[0], "o", 0.94), "rotation": (COLOURS[3], "s", 1.06)}
_PANEL = (2.7, 2.9)


def command(results: Path) -> str:
    """Return the command line that made the results in the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return read(results, "rebalance", _COLUMNS).command


@styled()
def draw(results: Path) -> Figure:
    """Draw ``rebalance.csv`` and ``rebalance.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "rebalance", _COLUMNS)
    data = found.values("data")
    width, height = _PANEL
    fig = Figure(figsize=(width * len(METHODS), height * len(data) + 1.1))
    grid = fig.subplots(len(data), len(METHODS), squeeze=False, sharey="row")
    for name, axes in zip(data, grid, strict=True):
        for method, ax in zip(METHODS, axes, strict=True):
            _draw(ax, found, name, method)
        axes[0].set_ylabel(f"{name}: test accuracy, %")
    for ax in grid[-1]:
        ax.set_xlabel("imbalance")
    fig.suptitle(f"With and without pre-training, Table 1 ({found.profile})")
    handles = _handles(printed=any(name in TABLE1 for name in data))
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    note_missing(fig, found)
    return fig


def _draw(ax: Axes, found: Results, data: str, method: str) -> None:
    """Draw a panel."""
    ratios = sorted(found.values("imbalance"))
    for start, (colour, marker, aside) in _LOOK.items():
        own = [found.where(data=data, method=method, pretrain=start, imbalance=ratio) for ratio in ratios]
        x = np.array(ratios) * aside
        points(ax, x, [[row["accuracy"] for row in rows] for rows in own], marker=marker, color=colour)
        best = [interval([row["best"] for row in rows]) for rows in own]
        ax.plot(
            x * aside,
            [np.nan if mean is None else mean[0] for mean in best],
            linestyle="none",
            marker="_",
            color=colour,
        )
        cells = [cell(TABLE1, data, ratio, method, start) for ratio in ratios]
        hollow = [np.nan if value is None else value for value in cells]
        ax.plot(x, hollow, linestyle="none", marker=marker, markersize=7, color=colour, fillstyle="none")
    ax.set_xscale("log")
    ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(ratios[0] / 1.3, ratios[-1] * 1.3)
    ax.set_title(METHODS[method])


def _handles(printed: bool) -> list[Line2D]:
    """Return what the legend explains."""
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=STARTS[start])
        for start, (colour, marker, _) in _LOOK.items()
    ]
    grey: dict[str, Any] = {"linestyle": "none", "color": "#555555"}
    handles += [
        Line2D([], [], marker="o", label="last epoch: mean, 95 % interval over seeds", **grey),
        Line2D([], [], marker="_", label="best epoch on the test images", **grey),
    ]
    hollow = Line2D([], [], marker="o", markersize=7, fillstyle="none", label="printed (ResNet-32, 200 epochs)", **grey)
    return [*handles, hollow] if printed else handles
