"""Corrections of imbalance as movements of the boundary: by theory and as measured.

A column for each kind of classifier and imbalance. Top: how much of the imbalance's shift each correction undoes, its
movement over theory's ``ln(n+ / n-) / M^2``; bottom: the minority's recall. A point is a pair of classes, mean over the
seeds with its interval, from the least separate pair on the left to the most; the dash beside it is theory's.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.results import interval, made_by, note_missing, points, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_COLUMNS = (
    *("data", "level", "imbalance", "majority", "minority", "n_pos", "n_neg", "method", "separation"),
    *("moved_predicted", "moved", "recall_predicted", "recall", "run"),
)
_METHODS = {
    "ce": "CE",
    "rw": "RW",
    "rw-inverse": "RW\ninv.",
    "rs": "RS",
    "drw": "DRW",
    "logit-adjustment": "logit\nadj.",
    "tau": "tau",
    "retrained": "re-\ntrained",
}
_LEVELS = {
    "pixels": "linear classifiers on Gaussian pixels",
    "heads": "linear classifiers on frozen features",
    "networks": "networks",
}
_LOOK = dict(zip(_METHODS, zip(["#777777", *COLOURS], ["*", *MARKERS], strict=True), strict=True))
_PANEL = (4.6, 2.9)
_WIDTH = 0.72


command = made_by("corrections", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``corrections.csv`` and ``corrections.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "corrections", _COLUMNS)
    kept = [_shares(row) for row in found.rows if row["moved"] is not None and row["separation"] is not None]
    places = dict.fromkeys((row["data"], row["level"], row["imbalance"]) for row in kept)
    cases = sorted(places, key=lambda case: (case[0], list(_LEVELS).index(case[1]), case[2])) or [("", None, None)]
    width, height = _PANEL
    fig = Figure(figsize=(max(7.5, width * len(cases)), 2 * height + 1.2))
    grid = fig.subplots(2, len(cases), squeeze=False)
    for case, (top, bottom) in zip(cases, grid.T, strict=True):
        rows = [row for row in kept if (row["data"], row["level"], row["imbalance"]) == case]
        _draw(top, [row for row in rows if row["method"] != "ce"], "undone_predicted", "undone")
        _draw(bottom, rows, "recall_predicted", "recall")
        bottom.set(ylim=(-3, 103))
        if rows:
            top.set_title(f"{case[0].partition(':')[0]}, imbalance {case[2]:g}\n{_LEVELS[case[1]]}")
    grid[0][0].set_ylabel("part of the imbalance's shift undone")
    grid[1][0].set_ylabel("minority recall, %")
    handles = [
        grid[0][0].plot([], [], linestyle="none", marker="o", color="#555555", label="measured, a pair of classes")[0],
        grid[0][0].plot([], [], linestyle="none", marker="_", markersize=9, color="#000000", label="theory")[0],
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    fig.suptitle(f"Corrections as movements of the boundary ({found.profile})")
    note_missing(fig, found)
    return fig


def _shares(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its movements as parts of what theory says that the imbalance moves."""
    whole = math.log(row["n_pos"] / row["n_neg"]) / row["separation"] ** 2
    return {**row, "undone": -row["moved"] / whole, "undone_predicted": -row["moved_predicted"] / whole}


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
                marker=marker,
                color=colour,
                markersize=4,
            )
            theory = interval([row[predicted] for row in own])
            if theory is not None:
                ax.plot([at], [theory[0]], marker="_", markersize=7, color="#000000")
    ax.set_xticks(range(len(methods)), [_METHODS[method] for method in methods])
    ax.grid(visible=False, axis="x")
