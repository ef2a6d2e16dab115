"""What Figures 1 and 2 share: accuracy against a number of images, of one class, of the others, and of all.

The line is Theorem 2's, with nothing fitted to the imbalance. The accuracy ``a`` of the one class where it has as many
images as each other class is that of two Gaussian classes at the distance ``M = 2 Phi^-1(a)``; at other numbers the
Bayes classifier recalls :func:`theory.theorem2.minority_recall` of it. It knows one other class, not nine, and the
features that the balanced run has learnt, not those that fewer images would teach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

from figures.results import Results, interval, note_missing, points
from figures.style import COLOURS, MARKERS
from theory.theorem2 import minority_recall

__all__ = ["COLUMNS", "Case", "draw_toy", "predicted"]

COLUMNS = ("data", "label", "minority_images", "majority_images", "seed", "minority", "majority", "accuracy", "run")
"""The columns that both need."""

_SERIES = {"minority": "the one class, class {}", "majority": "the other classes", "accuracy": "all classes"}
_ASIDE = 0.004  # between the series at one place, of the axis
_MARGIN = 0.04  # beside the outermost ones, likewise
_PANEL = (5.4, 4.2)
_HALF = 50

Rows = list[dict[str, Any]]
Extra = Callable[[Axes, Rows], None]


@dataclass(frozen=True)
class Case:
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


def draw_toy(found: Results, title: str, case: Case) -> Figure:
    """Draw the results of a case."""
    panels = list(dict.fromkeys((row["data"], row[case.fixed]) for row in found.rows))
    width, height = _PANEL
    fig = Figure(figsize=(width * len(panels) + 3.2, height))
    axes = fig.subplots(1, len(panels), squeeze=False)[0]
    for ax, (data, value) in zip(axes, panels, strict=True):
        _draw(ax, found.where(**{"data": data, case.fixed: value}), case)
        ax.set(xlabel=case.xlabel, title=f"{data}, {case.heading.format(f'{value:,}')}", ylim=(-3, 103))
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    axes[0].set_ylabel("test accuracy, %: mean, 95 % interval over seeds")
    fig.suptitle(f"{title} ({found.profile})")
    note_missing(fig, found)
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


def _draw(ax: Axes, rows: Rows, case: Case) -> None:
    """Draw a panel."""
    numbers = sorted({row[case.varied] for row in rows})
    span = numbers[-1] - numbers[0] or 1
    for i, (name, label) in enumerate(_SERIES.items()):
        samples = [[row[name] for row in rows if row[case.varied] == number] for number in numbers]
        x = [number + (i - 1) * _ASIDE * span for number in numbers]
        points(ax, x, samples, marker=MARKERS[i], color=COLOURS[i], label=label.format(rows[0]["label"] + 1))
    balanced = interval([row["minority"] for row in rows if row["minority_images"] == row["majority_images"]])
    if balanced is not None:
        grid = np.linspace(numbers[0], numbers[-1], 400)
        fixed = np.full_like(grid, rows[0][case.fixed])
        minority, majority = (grid, fixed) if case.varied == "minority_images" else (fixed, grid)
        line = predicted(balanced[0], (majority / minority).tolist())
        if line is None:
            ax.plot([], [], " ", label="Theorem 2: no line, no two\nGaussian classes have this accuracy")
        else:
            ax.plot(grid, line, color=COLOURS[0], label="Theorem 2, from the\nbalanced runs")
    ax.set_xlim(numbers[0] - _MARGIN * span, numbers[-1] + _MARGIN * span)
    if case.extra is not None:
        case.extra(ax, rows)
