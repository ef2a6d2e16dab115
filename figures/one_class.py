"""Figures 1 and 2: accuracy of one class, of the others and of all, against the images of either.

The line is Theorem 2's, with nothing fitted to the imbalance. The accuracy ``a`` of the one class where it has as many
images as each other class is that of two Gaussian classes at the distance ``M = 2 Phi^-1(a)``; at other numbers the
Bayes classifier recalls :func:`theory.theorem2.minority_recall` of it. It knows one other class, not nine, and the
features that the balanced run has learnt, not those that fewer images would teach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

from empirical.experiments.shared.bend import bend
from figures.results import (
    CIFAR10,
    PERCENT,
    Results,
    caption_text,
    class_names,
    command_reader,
    data_name,
    interval,
    note_missing,
    points,
    read,
    shortened,
    subset_note,
)
from figures.style import COLOURS, MARKERS, canvas, entitle, styled
from figures.wording import average
from theory.theorem2 import minority_recall

__all__ = ["draw_majority", "draw_minority", "majority_command", "minority_command", "predicted"]

_COLUMNS = ("data", "label", "minority_images", "majority_images", "seed", "minority", "majority", "accuracy", "run")
_SERIES = {"minority": "the one class, {}", "majority": "the other classes", "accuracy": "all classes"}
_ASIDE = 0.004  # between the series at one place, of the axis
_MARGIN = 0.04  # beside the outermost ones, likewise
_MOST = 2  # panels
_HALF = 50

majority_command = command_reader("majority", _COLUMNS)
minority_command = command_reader("minority", _COLUMNS)

Rows = list[dict[str, Any]]
Extra = Callable[[Axes, Rows], None]


@dataclass(frozen=True)
class _Case:
    """One of the two cases.

    Attributes:
        varied: the column of the number of images that varies.
        fixed: that of the other one; a panel for each of its values.
        xlabel: what ``varied`` is.
        heading: the title of a panel, with ``{}`` for the value of ``fixed``.
        extra: draws what else belongs into a panel.
    """

    varied: str
    fixed: str
    xlabel: str
    heading: str
    extra: Extra | None = None


@styled()
def draw_majority(results: Path) -> Figure:
    """Draw ``majority.csv`` and ``majority.json`` of the folder ``results``: Figure 1.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    case = _Case("majority_images", "minority_images", "images of each other class", "the one class has {} images")
    table = read(results, "majority", _COLUMNS)
    return _draw_case(table, "Accuracy of one class by the number of images of the others", "Figure 1.", case)


@styled()
def draw_minority(results: Path) -> Figure:
    """Draw ``minority.csv`` and ``minority.json`` of the folder ``results``: Figure 2, and where it bends.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    case = _Case(
        "minority_images", "majority_images", "images of the one class", "the others have {} images each", _draw_fits
    )
    table = read(results, "minority", _COLUMNS)
    return _draw_case(table, "Accuracy of a class by the number of its images", "Figure 2.", case)


def _draw_case(table: Results, subject: str, source: str, case: _Case) -> Figure:
    """Draw the results of a case."""
    there = list(dict.fromkeys((row["data"], row[case.fixed]) for row in table.rows))
    panels = there[:_MOST]
    fig = canvas(3.5 if len(panels) == 1 else 4.6)
    axes = fig.subplots(1, len(panels), squeeze=False)[0]
    for ax, (data, value) in zip(axes, panels, strict=True):
        _draw(ax, table.where(**{"data": data, case.fixed: value}), case)
        ax.set(xlabel=case.xlabel, title=f"{data_name(data)}, {case.heading.format(f'{value:,}')}", ylim=(-3, 103))
        if len(panels) == 1:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
        else:
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18))
    axes[0].set_ylabel("test accuracy, %")
    entitle(
        fig,
        _message(table, panels, case),
        caption_text(
            table,
            f"{source} Marks are means over the seeds with 95% intervals (Student's t); the line is Theorem 2's,",
            "from the balanced runs and nothing else.",
            subset_note(panels, there, "settings"),
        ),
        subject,
    )
    note_missing(fig, table)
    return fig


def predicted(balanced: float, ratios: Sequence[float]) -> NDArray[np.float64] | None:
    """Return Theorem 2's accuracy of a class that is so many times rarer than another, in per cent.

    Args:
        balanced: its accuracy where it is as frequent, in per cent.
        ratios: how many times as many images the other class has, above 0.

    Returns:
        None where the accuracy is none of two Gaussian classes: at most 50, or 100.

    Example:
        >>> predicted(84.13, [1, 10, 100]).round(1).tolist(), predicted(50.0, [1])
        ([84.1, 44.0, 9.6], None)
    """
    if not _HALF < balanced < 2 * _HALF:
        return None
    return 100 * minority_recall(2 * norm.ppf(balanced / 100), np.asarray(ratios, dtype=float))


def _message(table: Results, panels: Sequence[tuple[str, int]], case: _Case) -> str | None:
    """Return the recall of the one class at its ends, in the first panel where both are measured."""
    for data, value in panels:
        rows = table.where(**{"data": data, case.fixed: value})
        ends = [function(row[case.varied] for row in rows) for function in (min, max)]
        first, last = (average([row["minority"] for row in rows if row[case.varied] == end]) for end in ends)
        if first is not None and last is not None and ends[0] < ends[1]:
            return (
                f"The accuracy of {_name(rows[0])} goes from {first:.0f} to {last:.0f} % as {case.xlabel} go from "
                f"{ends[0]:,} to {ends[1]:,} ({case.heading.format(f'{value:,}')})"
            )
    return None


def _draw(ax: Axes, rows: Rows, case: _Case) -> None:
    """Draw a panel."""
    numbers = sorted({row[case.varied] for row in rows})
    span = numbers[-1] - numbers[0] or 1
    for i, (name, label) in enumerate(_SERIES.items()):
        samples = [[row[name] for row in rows if row[case.varied] == number] for number in numbers]
        x = [number + (i - 1) * _ASIDE * span for number in numbers]
        points(ax, x, samples, PERCENT, marker=MARKERS[i], color=COLOURS[i], label=label.format(_name(rows[0])))
    balanced = interval([row["minority"] for row in rows if row["minority_images"] == row["majority_images"]])
    if balanced is not None:
        grid = np.linspace(numbers[0], numbers[-1], 400)
        fixed = np.full_like(grid, rows[0][case.fixed])
        minority, majority = (grid, fixed) if case.varied == "minority_images" else (fixed, grid)
        line = predicted(balanced[0], (majority / minority).tolist())
        if line is None:
            ax.plot([], [], " ", label="Theorem 2: no line, no two\nGaussian classes have this accuracy")
        else:
            ax.plot(grid, line, color=COLOURS[0], label="Theorem 2, from the balanced runs")
    ax.set_xlim(numbers[0] - _MARGIN * span, numbers[-1] + _MARGIN * span)
    if case.extra is not None:
        case.extra(ax, rows)


def _name(row: dict[str, Any]) -> str:
    """Return the name of the one class."""
    name = class_names([row], max(len(CIFAR10), row["label"] + 1))[row["label"]]
    return f"class {name}" if name == str(row["label"] + 1) else shortened(name)


def _draw_fits(ax: Axes, rows: Rows) -> None:
    """Draw the straight and the bent line, and the interval of the bend."""
    there = [row for row in rows if row["minority"] is not None]
    numbers = [row["minority_images"] for row in there]
    found = bend(numbers, [row["minority"] for row in there], [row["seed"] for row in there])
    if found is None:
        return
    x = np.unique(numbers)
    ax.plot(x, found.line(x), ":", color=COLOURS[6], label=f"straight line, p = {found.p:.4f}")
    interval = "one bend is not enough"
    if found.low is not None and found.high is not None:
        interval = f"95 % interval {found.low:,.0f} to {found.high:,.0f}"
        ax.axvspan(found.low, found.high, color="#BBBBBB", alpha=0.4, linewidth=1)
    ax.plot(x, found.bent(x), "--", color=COLOURS[3], label=f"bent at {found.at:,.0f} images,\n{interval}")
