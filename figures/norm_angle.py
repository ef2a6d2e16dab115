"""Theorem 3 on trained classifiers: what norms, biases, angles and features have to do with the gap between classes.

A row for each data set, a panel for each imbalance; for each method the gap in recall between the more frequent and the
rarer half of the classes, as trained and after tau-normalisation, and what adds up to it: mean over the seeds with its
interval. The parts are those of :mod:`empirical.experiments.norm_angle`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empirical.analysis.rarity import gap
from figures.results import METHODS, Results, made_by, note_missing, points, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_SERIES = {
    "recall": "the gap as trained",
    "norms": "due to the norms",
    "biases": "due to the biases",
    "angles": "due to the angles",
    "neutral": "left with neutral norms, biases and angles: the features",
    "tau_1": "the gap after tau-normalisation, tau = 1",
}
_COLUMNS = ("data", "imbalance", "method", "label", "run", *_SERIES)
_PANEL = (3.6, 2.9)


command = made_by("norm-angle", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``norm-angle.csv`` and ``norm-angle.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "norm-angle", _COLUMNS)
    data, ratios = found.values("data"), sorted(found.values("imbalance"), reverse=True)
    width, height = _PANEL
    fig = Figure(figsize=(max(7.5, width * len(ratios)), height * len(data) + 1.3))
    grid = fig.subplots(len(data), len(ratios), squeeze=False, sharey="row")
    for name, axes in zip(data, grid, strict=True):
        for ratio, ax in zip(ratios, axes, strict=True):
            _draw(ax, found, name, ratio)
        axes[0].set_ylabel(f"{name.partition(':')[0]}: gap in recall, points")
    fig.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    fig.suptitle(f"Recall of the more frequent half of the classes minus that of the rarer half ({found.profile})")
    note_missing(fig, found)
    return fig


def _draw(ax: Axes, found: Results, data: str, ratio: float) -> None:
    """Draw a panel."""
    for i, (name, label) in enumerate(_SERIES.items()):
        samples = [_gaps(found.where(data=data, imbalance=ratio, method=method), name) for method in METHODS]
        x = np.arange(len(METHODS)) + (i - (len(_SERIES) - 1) / 2) * 0.13
        hollow: dict[str, Any] = {"fillstyle": "none"} if name == "tau_1" else {}
        points(ax, list(x), samples, marker=MARKERS[i], color=COLOURS[-1 if i == 0 else i - 1], label=label, **hollow)
    ax.axhline(0, color="#555555", linewidth=0.8, zorder=1)
    ax.set_xticks(range(len(METHODS)), list(METHODS.values()))
    ax.set_xlim(-0.5, len(METHODS) - 0.5)
    ax.set_title(f"imbalance {ratio:g}")


def _gaps(rows: list[dict[str, Any]], name: str) -> list[float | None]:
    """Return for each run by how much a column is larger for the more frequent half of the classes."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(row)
    in_order = (sorted(own, key=lambda row: row["label"] or 0) for own in runs.values())
    return [gap([row[name] for row in own]) for own in in_order]
