"""Theorem 3 on trained classifiers: what norms, biases, angles and features have to do with the gap between classes.

The first data set of the results, a panel for each imbalance; for each method the gap in recall between the
more frequent and the rarer half of the classes, as trained and after tau-normalisation, and what adds up to it: mean
over the seeds with its interval. The parts are those of :mod:`empirical.experiments.norm_angle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empirical.analysis.rarity import gap
from figures.results import (
    METHODS,
    Results,
    caption_text,
    command_reader,
    data_set,
    note_missing,
    points,
    read,
    subset_note,
)
from figures.style import COLOURS, MARKERS, canvas, entitle, styled
from figures.wording import average

__all__ = ["command", "draw"]

_SERIES = {
    "recall": "the gap as trained",
    "norms": "due to the norms",
    "biases": "due to the biases",
    "angles": "due to the angles",
    "neutral": "left without these: the features",
    "tau_1": "after tau-normalisation (tau 1)",
}
_COLUMNS = ("data", "imbalance", "method", "label", "run", *_SERIES)
_MOST = 4  # panels


command = command_reader("norm-angle", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``norm-angle.csv`` and ``norm-angle.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = read(results, "norm-angle", _COLUMNS)
    data = str(table.values("data")[0])
    there = sorted({row["imbalance"] for row in table.where(data=data)}, reverse=True)
    ratios = there[:_MOST]
    rows = -(-len(ratios) // 2)
    fig = canvas(1.9 * rows + 1.15)
    grid = fig.subplots(rows, min(2, len(ratios)), squeeze=False, sharey=True)
    for ratio, ax in zip(ratios, grid.flat, strict=False):
        _draw(ax, table, data, ratio)
    for ax in list(grid.flat)[len(ratios) :]:
        ax.set_axis_off()
    for axes in grid:
        axes[0].set_ylabel("gap in recall, points")
    fig.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    entitle(
        fig,
        _message(table, data, ratios),
        caption_text(
            table,
            "Recall of the more frequent half of the classes minus that of the rarer half, and the parts that add up",
            "to it: of the norms, the biases and the angles of the classifier's weights, and of the features. Mean",
            f"over the seeds with 95% interval (Student's t). {data_set(table)}.",
            subset_note(ratios, there, "imbalances"),
        ),
        "What the gap between frequent and rare classes is made of",
    )
    note_missing(fig, table)
    return fig


def _message(table: Results, data: str, ratios: Sequence[float]) -> str | None:
    """Return what of the gap is due to norms, at the first imbalance and under the first method that are measured."""
    for ratio, (method, title) in product(ratios, METHODS.items()):
        rows = table.where(data=data, imbalance=ratio, method=method)
        gap, norms = (average(_run_gaps(rows, name)) for name in ("recall", "norms"))
        if gap is not None and norms is not None:
            return (
                f"At imbalance {ratio:g} the gap between frequent and rare classes is {gap:z.0f} points under {title}: "
                f"norms make {norms:z.0f} of it"
            )
    return None


def _draw(ax: Axes, table: Results, data: str, ratio: float) -> None:
    """Draw a panel."""
    for i, (name, label) in enumerate(_SERIES.items()):
        samples = [_run_gaps(table.where(data=data, imbalance=ratio, method=method), name) for method in METHODS]
        x = np.arange(len(METHODS)) + (i - (len(_SERIES) - 1) / 2) * 0.13
        hollow: dict[str, Any] = {"fillstyle": "none"} if name == "tau_1" else {}
        points(
            ax,
            list(x),
            samples,
            markersize=3,
            capsize=0,
            marker=MARKERS[i],
            color=COLOURS[-1 if i == 0 else i - 1],
            label=label,
            **hollow,
        )
    ax.axhline(0, color="#555555", linewidth=0.8, zorder=1)
    ax.set_xticks(range(len(METHODS)), list(METHODS.values()))
    ax.set_xlim(-0.5, len(METHODS) - 0.5)
    ax.set_title(f"imbalance {ratio:g}")


def _run_gaps(rows: list[dict[str, Any]], name: str) -> list[float | None]:
    """Return for each run by how much a column is larger for the more frequent half of the classes."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(row)
    in_order = (sorted(own, key=lambda row: row["label"] or 0) for own in runs.values())
    return [gap([row[name] for row in own]) for own in in_order]
