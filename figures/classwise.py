"""Class by class: the rank-1 errors, and what each class is taken for, with and without pre-training.

Figures of the first data set and the largest imbalance of the results, a panel for each method: the error of each
class, mean and interval over the seeds; and for each start the part of each true class (rows) that is taken for each
class (columns), over all seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from figures.results import (
    METHODS,
    PERCENT,
    STARTS,
    Results,
    caption_text,
    class_names,
    classes_axis,
    command_reader,
    data_set,
    note_missing,
    points,
    read,
    shortened,
)
from figures.style import COLOURS, canvas, entitle, styled

__all__ = ["command", "draw", "draw_confusion", "draw_confusion_pretrained"]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "label", "error", "taken_for", "run")
_LOOK = {"none": (COLOURS[0], "o", -0.12), "rotation": (COLOURS[3], "s", 0.12)}
_NAMED = 10  # classes, up to which their names fit


command = command_reader("classwise", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw the error of each class, a panel for each method, from ``classwise.csv``.

    Raises:
        ResultsError: it or ``classwise.json`` is missing or cannot be read.
    """
    table, data, ratio = _read(results)
    fig = canvas(4.7)
    grid = fig.subplots(2, 2, sharex=True, sharey=True)
    for (method, title), ax in zip(METHODS.items(), grid.flat, strict=True):
        for start, (colour, marker, aside) in _LOOK.items():
            rows = _rows(table, data, ratio, method, start)
            labels = sorted({row["label"] for row in rows})
            errors = [[row["error"] for row in rows if row["label"] == label] for label in labels]
            at = [label + aside for label in labels]
            points(ax, at, errors, PERCENT, marker=marker, color=colour, markersize=3, capsize=0, label=STARTS[start])
        ax.set(title=title, ylim=(-3, 103))
        classes_axis(ax, table.where(data=data, imbalance=ratio))
    for ax in grid[0]:
        ax.set_xlabel("")
    for axes in grid:
        axes[0].set_ylabel("error, %")
    fig.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    text = "Test images of each class that are taken for another, in percent, mean over the seeds with 95% interval."
    return _finish(fig, table, f"Error of each class at imbalance {ratio:g}", text, data)


def draw_confusion(results: Path) -> Figure:
    """Draw what each class is taken for, from random weights, from ``classwise.csv``.

    Raises:
        ResultsError: it or ``classwise.json`` is missing or cannot be read.
    """
    return _draw_confusions(results, "none")


def draw_confusion_pretrained(results: Path) -> Figure:
    """Draw what each class is taken for, with pre-training, from ``classwise.csv``.

    Raises:
        ResultsError: it or ``classwise.json`` is missing or cannot be read.
    """
    return _draw_confusions(results, "rotation")


@styled()
def _draw_confusions(results: Path, start: str) -> Figure:
    """Draw the confusions of one start, a panel for each method."""
    table, data, ratio = _read(results)
    fig = canvas(5.4)
    grid = fig.subplots(2, 2, sharex=True, sharey=True)
    image = None
    for (method, title), ax in zip(METHODS.items(), grid.flat, strict=True):
        image = _draw_confusion(ax, _rows(table, data, ratio, method, start)) or image
        ax.set_title(title)
    for axes in grid:
        axes[0].set_ylabel("true class")
    for ax in grid[1]:
        ax.set_xlabel("taken for")
    if image is not None:
        fig.colorbar(image, ax=grid, label="part of the true class, %", shrink=0.6)
    text = "The part of the test images of each class (rows) that is taken for each class (columns), over all seeds."
    return _finish(fig, table, f"What each class is taken for, {STARTS[start]}", text, data)


def _read(results: Path) -> tuple[Results, str, float]:
    """Return the results, and the data set and the imbalance that are drawn."""
    table = read(results, "classwise", _COLUMNS)
    return table, str(table.values("data")[0]), max(table.values("imbalance"))


def _rows(table: Results, data: str, ratio: float, method: str, start: str) -> list[dict[str, Any]]:
    cells = table.where(data=data, imbalance=ratio, method=method, pretrain=start)
    return [row for row in cells if row["label"] is not None]


def _finish(fig: Figure, table: Results, message: str, text: str, data: str) -> Figure:
    entitle(
        fig, message, caption_text(table, text, f"{data_set(table)}, imbalance {max(table.values('imbalance')):g}.")
    )
    note_missing(fig, table)
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
    shares = 100 * total / total.sum(axis=1, keepdims=True)
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    if classes <= _NAMED:
        names = [shortened(name) for name in class_names(rows, classes)]
        ax.set_xticks(range(classes), names, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(classes), names)
    return image
