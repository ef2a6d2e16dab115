"""Table 2 and Figure 6: the norms of the classifier's weights by class, and how uneven they are.

A row for each data set. Left, a panel for each imbalance: the norm of each class, mean over the seeds. Right, 100 times
the standard deviation of the norms against the imbalance, with the numbers that the paper prints as the variance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from empirical.printed import TABLE2, cell
from figures.results import METHODS, Results, made_by, note_missing, points, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "label", "norm", "std_100", "run")
_PANEL = (2.9, 2.9)
_MANY = 20
_ASIDE = (0.91, 0.97, 1.03, 1.09)


command = made_by("norms", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``norms.csv`` and ``norms.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "norms", _COLUMNS)
    data, ratios = found.values("data"), sorted(found.values("imbalance"), reverse=True)
    width, height = _PANEL
    fig = Figure(figsize=(max(7.5, width * (len(ratios) + 1)), height * len(data) + 1.1))
    grid = fig.subplots(len(data), len(ratios) + 1, squeeze=False)
    for name, axes in zip(data, grid, strict=True):
        for ratio, ax in zip(ratios, axes, strict=False):
            _draw_norms(ax, found, name, ratio)
        axes[0].set_ylabel(f"{name}: norm of the class's weights")
        _draw_spread(axes[-1], found, name, ratios)
    handles, labels = grid[0][-1].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=3)
    fig.suptitle(f"Norms of the classifier's weights, Table 2 and Figure 6 ({found.profile})")
    note_missing(fig, found)
    return fig


def _draw_norms(ax: Axes, found: Results, data: str, ratio: float) -> None:
    """Draw the norms by class at one imbalance."""
    for i, method in enumerate(METHODS):
        rows = [row for row in found.where(data=data, method=method, imbalance=ratio) if row["label"] is not None]
        labels = sorted({row["label"] for row in rows})
        samples = [[row["norm"] for row in rows if row["label"] == label] for label in labels]
        few = len(labels) <= _MANY
        aside = (i - 1.5) * 0.12 if few else 0.0
        look: dict[str, Any] = {"markersize": 4.5 if few else 2.2, "elinewidth": 1 if few else 0, "capsize": 0}
        at = [label + 1 + aside for label in labels]
        points(ax, at, samples, marker=MARKERS[i], color=COLOURS[i], **look)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="class, from frequent to rare", title=f"imbalance {ratio:g}")


def _draw_spread(ax: Axes, found: Results, data: str, ratios: list[float]) -> None:
    """Draw how uneven the norms are."""
    grey: dict[str, Any] = {"linestyle": "none", "color": "#555555"}
    for i, (method, title) in enumerate(METHODS.items()):
        x = np.array(ratios) * _ASIDE[i]
        samples = []
        for ratio in ratios:
            runs = {row["run"]: row["std_100"] for row in found.where(data=data, method=method, imbalance=ratio)}
            samples.append(list(runs.values()))
        points(ax, x, samples, marker=MARKERS[i], color=COLOURS[i], label=title)
        cells = [cell(TABLE2, data, ratio, method, "none") for ratio in ratios]
        hollow = [np.nan if value is None else value for value in cells]
        ax.plot(x, hollow, linestyle="none", marker=MARKERS[i], markersize=7, color=COLOURS[i], fillstyle="none")
    ax.plot([], [], marker="o", label="mean, 95 % interval over seeds", **grey)
    if data in TABLE2:
        ax.plot([], [], marker="o", markersize=7, fillstyle="none", label='printed as "variance"', **grey)
    ax.set_xscale("log")
    ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(min(ratios) / 1.3, max(ratios) * 1.3)
    ax.set_ylim(bottom=0)
    ax.set(xlabel="imbalance", ylabel="100 x standard deviation", title="how uneven the norms are")
