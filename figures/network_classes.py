"""The recall of every class at any class counts: predicted from balanced features, and measured.

A row for each set of features. Left, for each order of the classes: measured against predicted recall of
discriminant analysis, a point for each class, the mean over the seeds, by the rules drawn at the class counts; the
band is the floor, within which two sets of images agree on the trained classifiers. Then the error of each law over
imbalance with the floor, and the error over the number of balanced images with the floor of as many. The data are those
of ``empirical.experiments.network_classes``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from figures.results import Results, made_by, note_missing, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_NAME = "network-classes"
_LAWS = {
    "theorem2": "Theorem 2 for C classes",
    "covariances": "a covariance for each class",
    "samples": "and finite samples",
    "moved": "moved by log priors, images read",
    "drawn": "rules drawn at the counts, images read",
    "crossed": "the same, all images read",
}
_COLUMNS = (
    *("data", "seed", "features", "classifier", "order", "imbalance", "images", "label", "n", "run"),
    *("drawn", "crossed", "floor", "measured"),
)
_ORDERS = {"first": "the first class most frequent", "last": "the last class most frequent"}
_FEATURES = {"plain": "features", "sqrt": "square roots"}
_WIDTH, _HEIGHT = 3.0, 3.0
Row = dict[str, Any]
_UNDER: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "handletextpad": 0.4}

command = made_by(_NAME, _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``network-classes.csv`` and ``network-classes.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, _NAME, _COLUMNS)
    lda = [row for row in found.rows if row["classifier"] == "lda" and row["measured"] is not None]
    views = list(dict.fromkeys((row["data"], row["features"]) for row in lda))
    fig = Figure(figsize=(4 * _WIDTH, _HEIGHT * max(1, len(views)) + 1.3))
    grid = fig.subplots(max(1, len(views)), 4, squeeze=False)
    for (data, kind), axes in zip(views, grid, strict=False):
        own = [row for row in lda if (row["data"], row["features"]) == (data, kind)]
        most = max(row["images"] for row in own)
        full = [row for row in own if row["images"] == most]
        for ax, (order, title) in zip(axes, _ORDERS.items(), strict=False):
            _draw_agreement(ax, [row for row in full if row["order"] == order])
            ax.set_title(title)
        axes[0].set_ylabel(f"{data}, {_FEATURES[kind]}\n\nmeasured recall")
        _draw_laws(axes[2], full)
        _draw_images(axes[3], own)
    if views:
        for ax in grid[-1][2:]:
            ax.legend(**_UNDER)
    else:
        for ax in grid[0]:
            ax.set_axis_off()
    fig.suptitle(f"Every class's recall, predicted before anything imbalanced is trained ({found.profile})")
    note_missing(fig, Results([{"run": row["run"], "measured": row["measured"]} for row in found.rows], found.made))
    return fig


def _errors(rows: list[Row], column: str) -> float:
    """Return the mean absolute error of a column, in points."""
    return float(100 * np.mean([abs(row[column] - row["measured"]) for row in rows]))


def _draw_agreement(ax: Axes, rows: list[Row]) -> None:
    """Draw measured against predicted recall, a marker for each imbalance."""
    ratios = sorted({row["imbalance"] for row in rows})
    for i, ratio in enumerate(ratios):
        own = [row for row in rows if row["imbalance"] == ratio]
        labels = sorted({row["label"] for row in own})
        x, y = (
            [np.mean([row[name] for row in own if row["label"] == label]) for label in labels]
            for name in ("drawn", "measured")
        )
        look: dict[str, Any] = {
            "marker": MARKERS[i],
            "color": COLOURS[i],
            "linestyle": "none",
            "markersize": 4,
            "alpha": 0.8,
        }
        ax.plot(x, y, label=f"imbalance {ratio:g}: {_errors(own, 'drawn'):.1f} points", **look)
    floor = _errors(rows, "floor") / 100 if rows else 0.0
    low = min([min(row["drawn"], row["measured"]) for row in rows], default=0.0) - 0.05
    ends = np.array([max(0.0, low), 1.0])
    ax.fill_between(ends, ends - floor, ends + floor, color="#BBBBBB", linewidth=0, label=f"floor: {100 * floor:.1f}")
    ax.plot(ends, ends, color="#555555", linewidth=0.8, zorder=1)
    ax.set(xlabel="predicted recall", xlim=ends, ylim=ends, aspect="equal")
    ax.legend(loc="upper left", fontsize=6.5, handletextpad=0.3, labelspacing=0.2, borderaxespad=0.1)


def _draw_laws(ax: Axes, rows: list[Row]) -> None:
    """Draw the error of each law over imbalance."""
    ratios = sorted({row["imbalance"] for row in rows})
    for i, (law, title) in enumerate(_LAWS.items()):
        values = [_errors([row for row in rows if row["imbalance"] == ratio], law) for ratio in ratios]
        ax.plot(ratios, values, marker=MARKERS[i], markersize=4, color=COLOURS[i], linewidth=1.1, label=title)
    floor = [_errors([row for row in rows if row["imbalance"] == ratio], "floor") for ratio in ratios]
    ax.plot(ratios, floor, color="#555555", linestyle="--", linewidth=1.1, label="floor")
    _logarithmic(ax, ratios)
    ax.set(xlabel="imbalance", ylabel="mean absolute error, points", title="Errors of each law", ylim=(0, None))


def _draw_images(ax: Axes, rows: list[Row]) -> None:
    """Draw the error over the number of balanced images that a prediction is made from."""
    images = sorted({row["images"] for row in rows})
    for i, ratio in enumerate(sorted({row["imbalance"] for row in rows})):
        own = [[row for row in rows if (row["images"], row["imbalance"]) == (m, ratio)] for m in images]
        for name, style in (("crossed", "-"), ("floor", "--")):
            values = [_errors(part, name) for part in own]
            label = f"imbalance {ratio:g}" if name == "crossed" else None
            ax.plot(
                images, values, style, marker=MARKERS[i], markersize=4, color=COLOURS[i], linewidth=1.1, label=label
            )
    ax.plot([], [], "--", color="#555555", label="floor, as many images")
    _logarithmic(ax, images)
    ax.set(xlabel="balanced images of each class", ylabel="mean absolute error, points", ylim=(0, None))
    ax.set_title("How few images")


def _logarithmic(ax: Axes, ticks: list[float]) -> None:
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
