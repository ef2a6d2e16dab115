"""Table 2 and Figure 6: the norms of the classifier's weights by class, and how uneven they are.

Two figures of the first data set of the results: the norm of each class, mean over the seeds, a panel for each
imbalance; and 100 times the standard deviation of the norms against the imbalance, with the numbers that the paper
prints as the variance.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from empirical.printed import TABLE2, cell
from figures.results import (
    METHODS,
    Results,
    caption_text,
    classes_axis,
    command_reader,
    data_set,
    note_missing,
    points,
    read,
)
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import average

__all__ = ["command", "draw", "draw_spread"]

_COLUMNS = ("data", "imbalance", "method", "label", "norm", "std_100", "run")
_MOST = 4  # panels
_MANY = 20
_ASIDE = (0.91, 0.97, 1.03, 1.09)


command = command_reader("norms", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw the norm of each class's weights, a panel for each imbalance, from ``norms.csv``.

    Raises:
        ResultsError: it or ``norms.json`` is missing or cannot be read.
    """
    table, data, ratios = _read(results)
    rows = -(-len(ratios) // 2)
    fig = canvas(1.95 * rows + 0.8)
    grid = fig.subplots(rows, min(2, len(ratios)), squeeze=False, sharey=True)
    for ratio, ax in zip(ratios, grid.flat, strict=False):
        _draw_norms(ax, table, data, ratio)
    for ax in list(grid.flat)[len(ratios) :]:
        ax.set_axis_off()
    for axes in grid[:-1]:
        for ax in axes:
            ax.set_xlabel("")
    for axes in grid:
        axes[0].set_ylabel("norm of the weights")
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=title)
        for title, marker, colour in zip(METHODS.values(), MARKERS, COLOURS, strict=False)
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    text = "The norm of each class's weights in the last layer (Figure 6), mean over the seeds with 95% interval."
    subject = "Norm of each class's weights, from the most frequent class to the rarest"
    return _finish(fig, table, _message(table, data, ratios), text, subject)


@styled()
def draw_spread(results: Path) -> Figure:
    """Draw how uneven the norms are, beside what Table 2 prints, from ``norms.csv``.

    Raises:
        ResultsError: it or ``norms.json`` is missing or cannot be read.
    """
    table, data, ratios = _read(results)
    fig = canvas(3.3, columns=1)
    ax = fig.subplots()
    _draw_spread(ax, table, data, ratios)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    text = (
        "100 times the standard deviation over the classes of the norms of their weights, mean over the seeds with 95% "
        "interval; hollow, the numbers that Table 2 prints as the variance."
    )
    means = {title: average(_spreads(table, data, method, ratios[0])) for method, title in METHODS.items()}
    known = sorted((mean, title) for title, mean in means.items() if mean is not None)
    message = None
    if len(known) > 1 and known[0][0] > 0:
        message = (
            f"Imbalance {ratios[0]:g}: norms under {known[-1][1]} are {known[-1][0] / known[0][0]:.1f} times as uneven "
            f"as under {known[0][1]}"
        )
    return _finish(fig, table, message, text, "How uneven the norms are")


def _read(results: Path) -> tuple[Results, str, list[float]]:
    """Return the results, the first data set, which is drawn, and its imbalances."""
    table = read(results, "norms", _COLUMNS)
    data = str(table.values("data")[0])
    ratios = sorted({row["imbalance"] for row in table.where(data=data)}, reverse=True)
    return table, data, ratios[:_MOST]


def _message(table: Results, data: str, ratios: list[float]) -> str | None:
    """Return the norms of the most frequent and the rarest class, where they are first measured."""
    for ratio, (method, title) in product(ratios, METHODS.items()):
        rows = [row for row in table.where(data=data, method=method, imbalance=ratio) if row["label"] is not None]
        labels = {row["label"] for row in rows}
        if labels:
            ends = [average([row["norm"] for row in rows if row["label"] == at]) for at in (min(labels), max(labels))]
            return (
                f"At imbalance {ratio:g} the norms go from {ends[0]:.2f} for the most frequent class to {ends[1]:.2f} "
                f"for the rarest ({title})"
            )
    return None


def _finish(fig: Figure, table: Results, message: str | None, text: str, subject: str) -> Figure:
    entitle(fig, message, caption_text(table, f"{text} {data_set(table)}."), subject)
    note_missing(fig, table)
    return fig


def _draw_norms(ax: Axes, table: Results, data: str, ratio: float) -> None:
    """Draw the norms by class at one imbalance."""
    for i, method in enumerate(METHODS):
        rows = [row for row in table.where(data=data, method=method, imbalance=ratio) if row["label"] is not None]
        labels = sorted({row["label"] for row in rows})
        samples = [[row["norm"] for row in rows if row["label"] == label] for label in labels]
        few = len(labels) <= _MANY
        aside = (i - 1.5) * 0.12 if few else 0.0
        look: dict[str, Any] = {"markersize": 3 if few else 1.8, "elinewidth": 0.8 if few else 0, "capsize": 0}
        at = [label + aside for label in labels]
        points(ax, at, samples, marker=MARKERS[i], color=COLOURS[i], **look)
    classes_axis(ax, table.where(data=data, imbalance=ratio))
    ax.set(title=f"imbalance {ratio:g}")


def _spreads(table: Results, data: str, method: str, ratio: float) -> list[float | None]:
    """Return how uneven the norms of each run are."""
    runs = {row["run"]: row["std_100"] for row in table.where(data=data, method=method, imbalance=ratio)}
    return list(runs.values())


def _draw_spread(ax: Axes, table: Results, data: str, ratios: list[float]) -> None:
    """Draw how uneven the norms are."""
    grey: dict[str, Any] = {"linestyle": "none", "color": GREY}
    for i, (method, title) in enumerate(METHODS.items()):
        x = np.array(ratios) * _ASIDE[i]
        samples = [_spreads(table, data, method, ratio) for ratio in ratios]
        points(ax, x, samples, marker=MARKERS[i], color=COLOURS[i], label=title)
        cells = [cell(TABLE2, data, ratio, method, "none") for ratio in ratios]
        hollow = [np.nan if value is None else value for value in cells]
        ax.plot(x, hollow, linestyle="none", marker=MARKERS[i], markersize=5, color=COLOURS[i], fillstyle="none")
    ax.plot([], [], marker="o", label="mean, 95 % interval", **grey)
    if data in TABLE2:
        ax.plot([], [], marker="o", markersize=5, fillstyle="none", label='printed as "variance"', **grey)
    ax.set_xscale("log")
    ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(min(ratios) / 1.3, max(ratios) * 1.3)
    ax.set_ylim(bottom=0)
    ax.set(xlabel="imbalance", ylabel="100 x standard deviation")
