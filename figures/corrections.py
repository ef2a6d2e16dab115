"""Corrections of imbalance as movements of the boundary: by theory and as measured.

Two figures, a panel for each kind of classifier and imbalance: how much of the imbalance's shift each correction
undoes, its movement over theory's ``ln(n+ / n-) / M^2``; and the minority's recall. A point is a pair of classes,
mean over the seeds with its interval, from the least separate pair on the left to the most; the dash is theory's.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from figures.results import (
    PERCENT,
    caption_text,
    command_reader,
    data_name,
    interval,
    note_missing,
    points,
    read,
    subset_note,
)
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import average, span

__all__ = ["command", "draw", "draw_recall"]

_COLUMNS = (
    *("data", "level", "imbalance", "majority", "minority", "n_pos", "n_neg", "method", "separation"),
    *("moved_predicted", "moved", "recall_predicted", "recall", "run"),
)
_METHODS = {
    "ce": "CE",
    "rw": "RW",
    "rw-inverse": "RW inverse",
    "rs": "RS",
    "drw": "DRW",
    "logit-adjustment": "logit adj.",
    "tau": "tau",
    "retrained": "re-trained",
    "post-hoc": "post-hoc adj.",
    "likelihood": "tau by likel.",
}
_LEVELS = {
    "pixels": "linear classifiers on Gaussian pixels",
    "heads": "linear classifiers on frozen features",
    "networks": "networks",
}
_LOOK = dict(
    zip(_METHODS, zip(["#777777", *COLOURS, *COLOURS[:2]], ["*", *MARKERS, "<", ">"], strict=True), strict=True)
)
_MOST = 4  # panels
_WIDTH = 0.72


command = command_reader("corrections", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw how much of the shift each correction undoes, from ``corrections.csv``, a panel for each case.

    Raises:
        ResultsError: it or ``corrections.json`` is missing or cannot be read.
    """
    text = (
        "How much of the boundary's shift by the imbalance each correction undoes: its movement as a part of theory's "
        "ln(n+ / n-) / M^2. 1 undoes all of it, more is too much."
    )
    subject = "How much of the boundary's shift each correction undoes"
    message = "Corrections undo {} of the boundary's shift"
    return _draw_cases(results, "undone", "part of the shift undone", message, subject, text)


@styled()
def draw_recall(results: Path) -> Figure:
    """Draw the minority's recall under each correction, from ``corrections.csv``, a panel for each case.

    Raises:
        ResultsError: it or ``corrections.json`` is missing or cannot be read.
    """
    subject = "The minority's recall under each correction"
    message = "The minority's mean recall is {}"
    return _draw_cases(results, "recall", "minority recall, %", message, subject, "")


def _draw_cases(results: Path, name: str, ylabel: str, message: str, subject: str, text: str) -> Figure:
    """Draw a column and its prediction, a panel for each kind of classifier and imbalance.

    In the ``message`` stand the least and the largest mean of a method in the first panel with any.
    """
    table = read(results, "corrections", _COLUMNS)
    kept = [_shares(row) for row in table.rows if row["moved"] is not None and row["separation"] is not None]
    places = dict.fromkeys((row["data"], row["level"], row["imbalance"]) for row in kept)
    cases = sorted(places, key=lambda case: (case[0], list(_LEVELS).index(case[1]), -case[2]))[:_MOST]
    rows = -(-len(cases) // 2) or 1
    fig = canvas(2.05 * rows + 0.8)
    grid = fig.subplots(rows, 2 if len(cases) > 1 else 1, squeeze=False)
    said = None
    for case, ax in zip(cases, grid.flat, strict=False):
        own = [row for row in kept if (row["data"], row["level"], row["imbalance"]) == case]
        own = [row for row in own if name == "recall" or row["method"] != "ce"]
        _draw(ax, own, f"{name}_predicted", name)
        if said is None and (means := _means(own, name)):
            said = f"{message.format(span(means, 0, ' %'))} ({_LEVELS[case[1]]}, imbalance {case[2]:g})"
        ax.set_title(f"{_LEVELS[case[1]]},\n{data_name(case[0])}, imbalance {case[2]:g}")
        if name == "recall":
            ax.set(ylim=(-3, 103))
    for ax in list(grid.flat)[max(1, len(cases)) :]:
        ax.set_axis_off()
    for axes in grid:
        axes[0].set_ylabel(ylabel)
    handles = [
        Line2D([], [], linestyle="none", marker="o", color=GREY, label="measured, a pair of classes"),
        Line2D([], [], linestyle="none", marker="_", markersize=7, color="#000000", label="theory"),
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    entitle(
        fig,
        said,
        caption_text(
            table,
            text,
            "A point is a pair of classes, mean over the seeds with its 95% interval (Student's t), from the least",
            "separate pair on the left to the most; the dash is theory's.",
            subset_note(cases, places, "settings"),
        ),
        subject,
    )
    note_missing(fig, table)
    return fig


def _shares(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its movements as parts of what theory says that the imbalance moves."""
    whole = math.log(row["n_pos"] / row["n_neg"]) / row["separation"] ** 2
    return {**row, "undone": -row["moved"] / whole, "undone_predicted": -row["moved_predicted"] / whole}


def _means(rows: list[dict[str, Any]], name: str) -> dict[str, float]:
    """Return the mean of each method over pairs and seeds, in percent."""
    means = {}
    for method, title in _METHODS.items():
        mean = average([row[name] for row in rows if row["method"] == method])
        if mean is not None:
            means[title] = mean if name == "recall" else 100 * mean
    return means


def _draw(ax: Axes, rows: list[dict[str, Any]], predicted: str, measured: str) -> None:
    """Draw a panel."""
    methods = [method for method in _METHODS if any(row["method"] == method for row in rows)]
    separations: dict[tuple[Any, Any], list[float]] = {}
    for row in rows:
        separations.setdefault((row["majority"], row["minority"]), []).append(row["separation"])
    pairs = sorted(separations, key=lambda pair: float(np.mean(separations[pair])))
    for i, method in enumerate(methods):
        colour, marker = _LOOK[method]
        for k, pair in enumerate(pairs):
            own = [row for row in rows if (row["majority"], row["minority"], row["method"]) == (*pair, method)]
            at = i + _WIDTH * ((k + 0.5) / len(pairs) - 0.5)
            points(
                ax,
                [at],
                [[row[measured] for row in own]],
                PERCENT if measured == "recall" else None,
                marker=marker,
                color=colour,
                markersize=3,
                capsize=0,
            )
            theory = interval([row[predicted] for row in own])
            if theory is not None:
                ax.plot([at], [theory[0]], marker="_", markersize=5, color="#000000")
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(range(len(methods)), [_METHODS[method] for method in methods], **turned)
    ax.grid(visible=False, axis="x")
