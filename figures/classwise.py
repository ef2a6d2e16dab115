"""Class by class: the rank-1 errors, and what each class is taken for, with and without pre-training.

Figures of the first data set and the largest imbalance of the results, a panel for each method: the error of each
class, mean and interval over the seeds; and for each start the part of each true class (rows) that is taken for each
class (columns), over all seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

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
from figures.wording import average

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
    return _finish(fig, table, _message(table, data, ratio), text, f"Error of each class at imbalance {ratio:g}")


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
    confused: list[tuple[float, str]] = []
    for (method, title), ax in zip(METHODS.items(), grid.flat, strict=True):
        ax.set_title(title)
        ax.grid(visible=False)
        if rows := _rows(table, data, ratio, method, start):
            shares = _shares(rows)
            names = [shortened(name) for name in class_names(rows, len(shares))]
            image = _draw_confusion(ax, shares, names)
            confused += _confused(shares, names, title)
    for axes in grid:
        axes[0].set_ylabel("true class")
    for ax in grid[1]:
        ax.set_xlabel("taken for")
    if image is not None:
        fig.colorbar(image, ax=grid, label="part of the true class, %", shrink=0.6)
    text = "The part of the test images of each class (rows) that is taken for each class (columns), over all seeds."
    begin = STARTS[start][:1].upper() + STARTS[start][1:]
    message = f"{begin}, {max(confused)[1]}, the most of all pairs" if confused else None
    return _finish(fig, table, message, text, f"What each class is taken for, {STARTS[start]}")


def _read(results: Path) -> tuple[Results, str, float]:
    """Return the results, and the data set and the imbalance that are drawn."""
    table = read(results, "classwise", _COLUMNS)
    return table, str(table.values("data")[0]), max(table.values("imbalance"))


def _rows(table: Results, data: str, ratio: float, method: str, start: str) -> list[dict[str, Any]]:
    cells = table.where(data=data, imbalance=ratio, method=method, pretrain=start)
    return [row for row in cells if row["label"] is not None]


def _message(table: Results, data: str, ratio: float) -> str | None:
    """Return the errors of the rarest and the most frequent class, of the first method and start that are measured."""
    for method, start in product(METHODS, _LOOK):
        if rows := _rows(table, data, ratio, method, start):
            labels = [row["label"] for row in rows]
            ends = ([row["error"] for row in rows if row["label"] == label] for label in (max(labels), min(labels)))
            rare, frequent = map(average, ends)
            return (
                f"At imbalance {ratio:g} the rarest class has {rare:.0f} % errors, the most frequent {frequent:.0f} % "
                f"({METHODS[method]}, {STARTS[start]})"
            )
    return None


def _finish(fig: Figure, table: Results, message: str | None, text: str, subject: str) -> Figure:
    about = f"{data_set(table)}, imbalance {max(table.values('imbalance')):g}."
    entitle(fig, message, caption_text(table, text, about), subject)
    note_missing(fig, table)
    return fig


def _shares(rows: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
    """Return the part of each true class that is taken for each class over all seeds, in percent."""
    taken = [np.array(str(row["taken_for"]).split(), dtype=float) for row in rows]
    classes = len(taken[0])
    total = np.zeros((classes, classes))
    for row, part in zip(rows, taken, strict=True):
        total[row["label"]] += part
    shares: NDArray[np.float64] = 100 * total / total.sum(axis=1, keepdims=True)
    return shares


def _confused(shares: NDArray[np.float64], names: Sequence[str], method: str) -> list[tuple[float, str]]:
    """Return how much of each class is taken for each other one, as a number and in words."""
    return [
        (share, f"{method}: {share:.0f} % of class {names[true]} is taken for class {names[taken]}")
        for (true, taken), share in np.ndenumerate(shares)
        if true != taken and np.isfinite(share)
    ]


def _draw_confusion(ax: Axes, shares: NDArray[np.float64], names: Sequence[str]) -> AxesImage:
    """Draw the confusions."""
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    if len(names) <= _NAMED:
        ax.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(names)), names)
    return image
