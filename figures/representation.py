"""Section 5.4: representation and classifier apart: accuracy under several last layers, and how even their norms are.

A row for each data set and imbalance, a mark for each representation. Left, the accuracy of each classifier on all
classes and on the last third of them; hollow, what the paper prints for the joint classifier. Middle, the accuracy over
tau. Right, how uneven the norms of the joint and of the re-trained classifier are; hollow, what the paper prints as
the variance. Marks are means with intervals over the seeds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from empirical.printed import TABLE1, TABLE2, cell
from figures.results import METHODS, STARTS, Results, further, interval, made_by, note_missing, points, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "classifier", "accuracy", "few", "std_100", "run")
_SWEEP = ("data", "imbalance", "method", "pretrain", "tau", "accuracy", "run")
_CLASSIFIERS = {
    "joint": "joint",
    "retrained": "re-trained",
    "tau-1": "tau 1",
    "tau-train": "tau by\ntraining",
    "tau-halves": "tau by\nother half",
    "tau-test": "tau by test\n(too good)",
    "nearest-mean": "nearest\nmean",
}
_UNEVEN = ("joint", "retrained")
_ASIDE = 0.17
_HEIGHT = 2.6


command = made_by("representation", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``representation.csv``, ``representation-tau.csv`` and ``representation.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found, sweep = read(results, "representation", _COLUMNS), further(results, "representation", "tau", _SWEEP)
    places = list(dict.fromkeys((row["data"], row["imbalance"]) for row in found.rows))
    kinds = list(dict.fromkeys((row["method"], row["pretrain"]) for row in found.rows))
    looks = {kind: (COLOURS[i], MARKERS[i], (i - (len(kinds) - 1) / 2) * _ASIDE) for i, kind in enumerate(kinds)}
    fig = Figure(figsize=(15.5, _HEIGHT * len(places) + 1.3))
    grid = fig.subplots(len(places), 4, squeeze=False, width_ratios=[2.2, 2.2, 1.3, 1])
    for (data, ratio), axes in zip(places, grid, strict=True):
        own = replace(found, rows=found.where(data=data, imbalance=ratio))
        swept = replace(sweep, rows=sweep.where(data=data, imbalance=ratio))
        for (method, start), look in looks.items():
            cells = replace(own, rows=own.where(method=method, pretrain=start))
            _draw_classifiers(axes[0], cells, "accuracy", look)
            _draw_classifiers(axes[1], cells, "few", look)
            _draw_sweep(axes[2], swept.where(method=method, pretrain=start), look)
            _draw_uneven(axes[3], cells, look)
            _draw_printed(axes, (data, ratio, method, start), look)
        axes[0].set_ylabel(f"{data}, imbalance {ratio:g}\naccuracy, %")
        axes[1].set_ylabel("accuracy, %")
        axes[3].set_ylim(0, 1.06 * axes[3].get_ylim()[1])
    titles = ("all classes", "the last third of the classes", "all classes, by tau", "100 x std of the norms")
    for title, ax in zip(titles, grid[0], strict=True):
        ax.set_title(title)
    grid[-1, 2].set_xlabel("tau")
    printed = any(data in TABLE1 for data, _ in places)
    fig.legend(handles=_handles(looks, printed), loc="outside lower center", ncols=4)
    fig.suptitle(f"Representation and classifier, section 5.4 ({found.profile})")
    note_missing(fig, replace(found, rows=[{"run": row["run"], "accuracy": row["accuracy"]} for row in found.rows]))
    return fig


def _draw_classifiers(ax: Axes, cells: Results, column: str, look: tuple[str, str, float]) -> None:
    """Draw the accuracy of a representation under each classifier."""
    colour, marker, aside = look
    samples = [[row[column] for row in cells.where(classifier=name)] for name in _CLASSIFIERS]
    points(ax, np.arange(len(samples)) + aside, samples, marker=marker, color=colour)
    ax.set_xticks(range(len(samples)), list(_CLASSIFIERS.values()), fontsize=7.5)
    ax.set_xlim(-0.5, len(samples) - 0.5)
    ax.grid(visible=False, axis="x")


def _draw_sweep(ax: Axes, rows: list[dict[str, Any]], look: tuple[str, str, float]) -> None:
    """Draw the mean accuracy of a representation over tau."""
    taus = sorted({row["tau"] for row in rows if row["tau"] is not None})
    means = [interval([row["accuracy"] for row in rows if row["tau"] == tau]) for tau in taus]
    found = [(tau, mean[0]) for tau, mean in zip(taus, means, strict=True) if mean is not None]
    if found:
        ax.plot(*np.transpose(found), color=look[0], marker=look[1], markersize=4, markevery=5, linewidth=1)


def _draw_uneven(ax: Axes, cells: Results, look: tuple[str, str, float]) -> None:
    """Draw how uneven the norms of the linear classifiers are."""
    colour, marker, aside = look
    samples = [[row["std_100"] for row in cells.where(classifier=name)] for name in _UNEVEN]
    points(ax, np.arange(len(samples)) + aside, samples, marker=marker, color=colour)
    ax.set_xticks(range(len(samples)), [_CLASSIFIERS[name] for name in _UNEVEN])
    ax.set_xlim(-0.5, len(samples) - 0.5)
    ax.grid(visible=False, axis="x")


def _draw_printed(axes: Any, where: tuple[str, float, str, str], look: tuple[str, str, float]) -> None:
    """Draw the cells of Tables 1 and 2 beside the joint classifier."""
    colour, marker, aside = look
    for ax, table in ((axes[0], TABLE1), (axes[3], TABLE2)):
        value = cell(table, *where)
        if value is not None:
            ax.plot(aside, value, linestyle="none", marker=marker, markersize=7, color=colour, fillstyle="none")


def _handles(looks: dict[tuple[str, str], tuple[str, str, float]], printed: bool) -> list[Line2D]:
    """Return what the legend explains."""
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=f"{METHODS[method]}, {STARTS[start]}")
        for (method, start), (colour, marker, _) in looks.items()
    ]
    grey: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": "#555555"}
    handles.append(Line2D([], [], label="mean, 95 % interval over seeds", **grey))
    hollow = Line2D([], [], markersize=7, fillstyle="none", label="printed (ResNet-32, 200 epochs)", **grey)
    return [*handles, hollow] if printed else handles
