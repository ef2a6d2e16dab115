"""Section 5.4: representation and classifier apart: accuracy under several last layers, and how even their norms are.

A row for each data set and imbalance, a mark for each representation. Left, the accuracy of each classifier on all
classes and on the last third of them; hollow, what the paper prints for the joint classifier. Middle, the accuracy over
tau. Right, how uneven the norms of the joint and of the re-trained classifier are; hollow, what the paper prints as
the variance. Marks are means with intervals over the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from empirical.printed import TABLE1, TABLE2, Cells, cell
from figures.results import (
    METHODS,
    PERCENT,
    STARTS,
    Results,
    caption_text,
    command_reader,
    data_name,
    note_missing,
    points,
    read,
    read_extra,
    subset_note,
)
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import average, span

__all__ = ["command", "draw", "draw_norms", "draw_tau"]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "classifier", "accuracy", "last_third", "std_100", "run")
_SWEEP = ("data", "imbalance", "method", "pretrain", "tau", "accuracy", "run")
_CLASSIFIERS = {
    "joint": "joint",
    "retrained": "re-trained",
    "tau-1": "tau 1",
    "tau-train": "tau: training",
    "tau-halves": "tau: other half",
    "tau-test": "tau: test itself",
    "nearest-mean": "nearest mean",
}
_UNEVEN = ("joint", "retrained")
_ASIDE = 0.17
_MOST = 4  # panels

Case = tuple[str, float]
Kind = tuple[str, str]
Look = tuple[str, str, float]


command = command_reader("representation", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw the accuracy of each representation under each classifier, from ``representation.csv``.

    Raises:
        ResultsError: it, ``representation-tau.csv`` or ``representation.json`` is missing or cannot be read.
    """
    table, _ = _read(results)
    there, looks = _panels(table), _looks(table)
    cases = there[: _MOST // 2]
    fig = canvas(2.1 * len(cases) + 1.3)
    grid = fig.subplots(len(cases), 2, squeeze=False)
    for case, axes in zip(cases, grid, strict=True):
        for kind, look in looks.items():
            cells = _select(table, case, kind)
            _draw_classifiers(axes[0], cells, "accuracy", look)
            _draw_classifiers(axes[1], cells, "last_third", look)
            _draw_printed(axes[0], TABLE1, (*case, *kind), look)
        axes[0].set(ylabel="test accuracy, %", title=f"all classes, imbalance {case[1]:g}")
        axes[1].set(title=f"the rarest third, imbalance {case[1]:g}")
    fig.legend(handles=_handles(looks, any(data in TABLE1 for data, _ in cases)), loc="outside lower center", ncols=2)
    text = (
        "Accuracy on test images of one representation under classifiers that are trained anew or normalised (section "
        "5.4), of all classes and of the last third; tau is chosen on the training images, on one half of the test "
        "images for the other, and on the test images themselves, which is too good. Mean over the seeds, 95% interval."
    )
    message = _message(table, cases, _say_accuracies)
    subject = "The same features under other classifiers"
    return _finish(fig, table, message, subject, text, subset_note(cases, there, "settings"))


@styled()
def draw_tau(results: Path) -> Figure:
    """Draw the accuracy of each representation over tau, a panel for each imbalance, from ``representation-tau.csv``.

    Raises:
        ResultsError: it, ``representation.csv`` or ``representation.json`` is missing or cannot be read.
    """
    table, sweep = _read(results)
    text = "Test accuracy after tau-normalisation of the classifier's weights, mean over the seeds, against tau."

    def panel(ax: Axes, case: Case, kind: Kind, look: Look) -> None:
        _draw_sweep(ax, _select(sweep, case, kind).rows, look)

    message = _message(sweep, _panels(table)[:_MOST], _say_best_tau)
    return _draw_panels(table, panel, "test accuracy, %", message, "Accuracy by tau", text, xlabel="tau")


@styled()
def draw_norms(results: Path) -> Figure:
    """Draw how uneven the norms of the classifiers are, a panel for each imbalance, from ``representation.csv``.

    Raises:
        ResultsError: it, ``representation-tau.csv`` or ``representation.json`` is missing or cannot be read.
    """
    table, _ = _read(results)
    text = (
        "100 times the standard deviation over the classes of the norms of the classifier's weights, mean over the "
        "seeds with 95% interval; hollow, what Table 2 prints as the variance."
    )

    def panel(ax: Axes, case: Case, kind: Kind, look: Look) -> None:
        _draw_uneven(ax, _select(table, case, kind), look)
        _draw_printed(ax, TABLE2, (*case, *kind), look)

    message = _message(table, _panels(table)[:_MOST], _say_uneven)
    subject = "How uneven the norms of joint and re-trained classifiers are"
    return _draw_panels(table, panel, "100 x standard deviation", message, subject, text, least=0)


def _draw_panels(
    table: Results,
    panel: Callable[[Axes, Case, Kind, Look], None],
    ylabel: str,
    message: str | None,
    subject: str,
    text: str,
    xlabel: str = "",
    least: float | None = None,
) -> Figure:
    """Draw a panel for each data set and imbalance."""
    there, looks = _panels(table), _looks(table)
    cases = there[:_MOST]
    rows = -(-len(cases) // 2)
    fig = canvas(2.1 * rows + 1.1)
    grid = fig.subplots(rows, min(2, len(cases)), squeeze=False)
    for case, ax in zip(cases, grid.flat, strict=False):
        for kind, look in looks.items():
            panel(ax, case, kind, look)
        ax.set(title=f"{data_name(case[0])}, imbalance {case[1]:g}", xlabel=xlabel)
        ax.set_ylim(bottom=least)
    for ax in list(grid.flat)[len(cases) :]:
        ax.set_axis_off()
    for axes in grid:
        axes[0].set_ylabel(ylabel)
    printed = ylabel.startswith("100") and any(data in TABLE2 for data, _ in cases)
    fig.legend(handles=_handles(looks, printed), loc="outside lower center", ncols=2)
    return _finish(fig, table, message, subject, text, subset_note(cases, there, "settings"))


def _read(results: Path) -> tuple[Results, Results]:
    return read(results, "representation", _COLUMNS), read_extra(results, "representation", "tau", _SWEEP)


def _panels(table: Results) -> list[Case]:
    return list(dict.fromkeys((row["data"], row["imbalance"]) for row in table.rows))


def _looks(table: Results) -> dict[Kind, Look]:
    """Return the colour, the marker and the place aside of each method and start."""
    kinds = list(dict.fromkeys((row["method"], row["pretrain"]) for row in table.rows))
    return {kind: (COLOURS[i], MARKERS[i], (i - (len(kinds) - 1) / 2) * _ASIDE) for i, kind in enumerate(kinds)}


def _select(table: Results, case: Case, kind: Kind) -> Results:
    """Return the results of one data set, imbalance, method and start."""
    names = ("data", "imbalance", "method", "pretrain")
    return replace(table, rows=table.where(**dict(zip(names, (*case, *kind), strict=True))))


def _message(table: Results, cases: Sequence[Case], say: Callable[[Results], str | None]) -> str | None:
    """Return what is said of the first data set, imbalance, method and start of which anything can be."""
    for case, (method, start) in product(cases, _looks(table)):
        if said := say(_select(table, case, (method, start))):
            return f"{said} ({METHODS[method]}, {STARTS[start]}, imbalance {case[1]:g})"
    return None


def _say_accuracies(cells: Results) -> str | None:
    """Return the least and the largest accuracy, without that of the tau that the test images choose."""
    names = {name: title for name, title in _CLASSIFIERS.items() if name != "tau-test"}
    means = {title: average([row["accuracy"] for row in cells.where(classifier=name)]) for name, title in names.items()}
    known = {title: mean for title, mean in means.items() if mean is not None}
    return f"The same features give {span(known, 1, ' %')} accuracy" if len(known) > 1 else None


def _say_best_tau(cells: Results) -> str | None:
    """Return the accuracy at the least tau and at the best."""
    means = _sweep(cells.rows)
    if not means:
        return None
    first, best = min(means), max(means, key=lambda tau: means[tau])
    return f"Accuracy goes from {means[first]:.1f} % at tau {first:g} to {means[best]:.1f} % at {best:g}, the best"


def _say_uneven(cells: Results) -> str | None:
    """Return how uneven the norms of a re-trained classifier are, beside the joint one's."""
    joint, again = (average([row["std_100"] for row in cells.where(classifier=name)]) for name in _UNEVEN)
    return None if not joint or again is None else f"Re-trained norms are {again / joint:.2f} times as uneven as joint"


def _finish(fig: Figure, table: Results, message: str | None, subject: str, *texts: str) -> Figure:
    entitle(fig, message, caption_text(table, *texts), subject)
    note_missing(fig, table)
    return fig


def _draw_classifiers(ax: Axes, cells: Results, column: str, look: Look) -> None:
    """Draw the accuracy of a representation under each classifier."""
    colour, marker, aside = look
    samples = [[row[column] for row in cells.where(classifier=name)] for name in _CLASSIFIERS]
    points(ax, np.arange(len(samples)) + aside, samples, PERCENT, marker=marker, color=colour, capsize=0)
    ax.set_xticks(range(len(samples)), list(_CLASSIFIERS.values()), rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.5, len(samples) - 0.5)
    ax.grid(visible=False, axis="x")


def _sweep(rows: list[dict[str, Any]]) -> dict[float, float]:
    """Return the mean accuracy by tau."""
    taus = sorted({row["tau"] for row in rows if row["tau"] is not None})
    means = {tau: average([row["accuracy"] for row in rows if row["tau"] == tau]) for tau in taus}
    return {tau: mean for tau, mean in means.items() if mean is not None}


def _draw_sweep(ax: Axes, rows: list[dict[str, Any]], look: Look) -> None:
    """Draw the mean accuracy of a representation over tau."""
    if means := _sweep(rows):
        ax.plot(
            list(means), list(means.values()), color=look[0], marker=look[1], markersize=3, markevery=5, linewidth=1
        )


def _draw_uneven(ax: Axes, cells: Results, look: Look) -> None:
    """Draw how uneven the norms of the linear classifiers are."""
    colour, marker, aside = look
    samples = [[row["std_100"] for row in cells.where(classifier=name)] for name in _UNEVEN]
    points(ax, np.arange(len(samples)) + aside, samples, marker=marker, color=colour)
    ax.set_xticks(range(len(samples)), [_CLASSIFIERS[name] for name in _UNEVEN])
    ax.set_xlim(-0.5, len(samples) - 0.5)
    ax.grid(visible=False, axis="x")


def _draw_printed(ax: Axes, table: Cells, position: tuple[str, float, str, str], look: Look) -> None:
    """Draw what a table of the paper prints beside the joint classifier."""
    colour, marker, aside = look
    value = cell(table, *position)
    if value is not None:
        ax.plot(aside, value, linestyle="none", marker=marker, markersize=5, color=colour, fillstyle="none")


def _handles(looks: dict[Kind, Look], printed: bool) -> list[Line2D]:
    """Return what the legend explains."""
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=f"{METHODS[method]}, {STARTS[start]}")
        for (method, start), (colour, marker, _) in looks.items()
    ]
    grey: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": GREY}
    handles.append(Line2D([], [], label="mean, 95 % interval over seeds", **grey))
    hollow = Line2D([], [], markersize=5, fillstyle="none", label="printed (ResNet-32, 200 epochs)", **grey)
    return [*handles, hollow] if printed else handles
