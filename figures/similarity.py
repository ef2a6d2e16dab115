"""Figures 3 and 4: the accuracy of the majority and of the minority against the similar samples.

The lines are Theorem 1's, with nothing fitted to the similar samples. From the two accuracies without them, ``a_1`` of
the majority and ``a_10`` of the minority, come two Gaussian classes of unit variance at the distance
``M = Phi^-1(a_1) + Phi^-1(a_10)``; the shift of the estimated boundary (:func:`theory.theorem1.shift` with
``beta = lambda``, ``p = 1 - rho``) moves the boundary from there towards the minority.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

from figures.results import (
    PERCENT,
    Results,
    caption_text,
    command_reader,
    data_name,
    interval,
    note_missing,
    points,
    read,
    subset_note,
)
from figures.style import COLOURS, MARKERS, canvas, entitle, styled
from figures.wording import average
from theory import theorem1

__all__ = ["degree_command", "draw_degree", "draw_fraction", "fraction_command", "predicted"]

_COLUMNS = ("data", "imbalance", "fraction", "degree", "majority", "minority", "accuracy", "run")
_SERIES = {
    "majority": ("the first class, the majority", -0.008),
    "minority": ("the last class, the minority", 0.0),
    "accuracy": ("all classes", 0.008),
}
_GRID = np.linspace(0.005, 0.995, 100)
_SYMBOL = {"fraction": "rho", "degree": "lambda"}
_MOST = 2  # panels

fraction_command = command_reader("similar-fraction", _COLUMNS)
degree_command = command_reader("similar-degree", _COLUMNS)


def draw_fraction(results: Path) -> Figure:
    """Draw ``similar-fraction.csv`` and ``similar-fraction.json`` of the folder ``results``: Figure 3.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    xlabel = "rho: part of the majority's images that are mixed"
    subject = "Accuracy as more of the majority's samples are similar to the minority"
    return _draw_similarity(results, "similar-fraction", "fraction", xlabel, subject)


def draw_degree(results: Path) -> Figure:
    """Draw ``similar-degree.csv`` and ``similar-degree.json`` of the folder ``results``: Figure 4.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    xlabel = "lambda: weight of the majority's image (1: not mixed)"
    subject = "Accuracy by how similar the majority's mixed samples are"
    return _draw_similarity(results, "similar-degree", "degree", xlabel, subject)


@styled()
def _draw_similarity(results: Path, name: str, varied: str, xlabel: str, subject: str) -> Figure:
    """Draw the results of the experiment ``name``, in which ``fraction`` or ``degree`` is ``varied``."""
    table = read(results, name, _COLUMNS)
    there = list(dict.fromkeys((row["data"], row["imbalance"]) for row in table.rows))
    cases = there[:_MOST]
    fig = canvas(3.9)
    axes = fig.subplots(1, len(cases), squeeze=False)[0]
    for ax, (data, ratio) in zip(axes, cases, strict=True):
        _draw(ax, table.where(data=data, imbalance=ratio), varied)
        ax.set(title=f"{data_name(data)}, imbalance {ratio:g}", xlim=(-0.03, 1.03), ylim=(-3, 103))
        ax.set_xlabel(xlabel if len(cases) == 1 else xlabel.partition(": ")[0])
    axes[0].set_ylabel("test accuracy, %")
    entries = {label: drawn for ax in axes for drawn, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=1)
    other = "degree" if varied == "fraction" else "fraction"
    fixed = max(row[other] for row in table.rows)
    entitle(
        fig,
        _message(table, cases, varied),
        caption_text(
            table,
            f"{xlabel}; {_SYMBOL[other]} = {fixed:g}. Marks are means over the seeds with 95% intervals (Student's t);",
            "lines follow Theorem 1's shift from the accuracies without similar samples.",
            subset_note(cases, there, "settings"),
        ),
        subject,
    )
    note_missing(fig, table)
    return fig


def _message(table: Results, cases: Sequence[tuple[str, float]], varied: str) -> str | None:
    """Return the accuracies at the ends, in the panels of the first data set where all are measured."""
    parts: list[str] = []
    for ratio in (ratio for data, ratio in cases if data == cases[0][0]):
        rows = table.where(data=cases[0][0], imbalance=ratio)
        ends = [function(row[varied] for row in rows) for function in (min, max)]
        high, low = (
            [average([row[name] for row in rows if row[varied] == end]) for end in ends]
            for name in ("majority", "minority")
        )
        if ends[0] < ends[1] and None not in (*high, *low):
            begin = "" if parts else f"From {_SYMBOL[varied]} {ends[0]:g} to {ends[1]:g} majority and minority go "
            said = f"from {high[0]:.0f} and {low[0]:.0f} to {high[1]:.0f} and {low[1]:.0f} %"
            parts.append(f"{begin}{said} at {'' if parts else 'imbalance '}{ratio:g}")
    return ", ".join(parts) or None


def predicted(
    majority: float, minority: float, fraction: Sequence[float], degree: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the accuracies of majority and minority that Theorem 1's shift leads to, in per cent.

    Args:
        majority: its accuracy without similar samples, in per cent.
        minority: that of the minority.
        fraction: ``rho`` of each point, in [0, 1].
        degree: ``lambda`` of each point, in (0, 1).

    Returns:
        None where the accuracies are no pair of Gaussian classes: one of them is 0 or 100, or they say ``M <= 0``.

    Example:
        >>> high, low = predicted(90.0, 60.0, [0.0, 1.0], [0.2, 0.2])
        >>> high.round(1).tolist(), low.round(1).tolist()
        ([90.0, 97.1], [60.0, 35.9])
    """
    quantiles = norm.ppf([majority / 100, minority / 100])
    separation = float(quantiles.sum())
    if not np.isfinite(separation) or separation <= 0:
        return None
    shifts = np.array(
        [
            float(theorem1.shift(theorem1.Setting(0, separation, 1, beta=by, p=1 - part, n_pos=1, n_neg=1)))
            for part, by in zip(fraction, degree, strict=True)
        ]
    )
    return 100 * norm.cdf(quantiles[0] + shifts), 100 * norm.cdf(quantiles[1] - shifts)


def _draw(ax: Axes, rows: list[dict[str, Any]], varied: str) -> None:
    """Draw a panel."""
    values = sorted({row[varied] for row in rows})
    for i, (name, (label, aside)) in enumerate(_SERIES.items()):
        samples = [[row[name] for row in rows if row[varied] == value] for value in values]
        points(ax, [v + aside for v in values], samples, PERCENT, marker=MARKERS[i], color=COLOURS[i], label=label)
    plain = [row for row in rows if row["fraction"] == 0 or row["degree"] == 1]
    start = [interval([row[name] for row in plain]) for name in ("majority", "minority")]
    if start[0] is None or start[1] is None:
        return
    fixed = np.full(len(_GRID), max(row["degree" if varied == "fraction" else "fraction"] for row in rows))
    fraction, degree = (_GRID, fixed) if varied == "fraction" else (fixed, _GRID)
    lines = predicted(start[0][0], start[1][0], fraction.tolist(), degree.tolist())
    if lines is None:
        at = f"at imbalance {rows[0]['imbalance']:g}"
        ax.plot([], [], " ", label=f"Theorem 1: no line {at}, no two Gaussian\nclasses have these accuracies")
        return
    for i, (line, who) in enumerate(zip(lines, ("majority", "minority"), strict=True)):
        ax.plot(_GRID, line, color=COLOURS[i], label=f"Theorem 1's shift, from the {who} without similar samples")
