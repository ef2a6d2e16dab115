"""The recall of every class at any class counts: predicted from balanced features, and measured.

The first data set and kind of features of the results. Above, for each order of the classes: measured against predicted
recall of discriminant analysis, a point for each class, the mean over the seeds, by the rules drawn at the class
counts; the band is the floor, within which two sets of images agree on the trained classifiers. Below, the error of
each law over imbalance with the floor, and the error over the number of balanced images with the floor of as many. The
data are those of ``empirical.experiments.network_classes``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from figures.results import caption_text, command_reader, data_name, note_missing, read
from figures.style import COLOURS, MARKERS, canvas, entitle, styled

__all__ = ["command", "draw", "draw_roots"]

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
Row = dict[str, Any]
_UNDER: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "handletextpad": 0.4}

command = command_reader(_NAME, _COLUMNS)


def draw(results: Path) -> Figure:
    """Draw ``network-classes.csv`` and ``network-classes.json`` of the folder ``results``, of plain features.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return _draw_kind(results, "plain")


def draw_roots(results: Path) -> Figure:
    """Draw ``network-classes.csv`` and ``network-classes.json``, of the square roots of features.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return _draw_kind(results, "sqrt")


@styled()
def _draw_kind(results: Path, kind: str) -> Figure:
    """Draw the first data set of one kind of features."""
    table = read(results, _NAME, _COLUMNS)
    lda = [row for row in table.rows if row["classifier"] == "lda" and row["measured"] is not None]
    views = list(dict.fromkeys(row["data"] for row in lda if row["features"] == kind))
    fig = canvas(6.6)
    grid = fig.subplots(2, 2)
    text, message = "", None
    if views:
        data = views[0]
        further = f", the first of {len(views)}" if len(views) > 1 else ""
        own = [row for row in lda if (row["data"], row["features"]) == (data, kind)]
        most = max(row["images"] for row in own)
        full = [row for row in own if row["images"] == most]
        for ax, (order, title) in zip(grid[0], _ORDERS.items(), strict=True):
            _draw_agreement(ax, [row for row in full if row["order"] == order])
            ax.set_title(title)
        grid[0, 0].set_ylabel("measured recall")
        _draw_laws(grid[1, 0], full)
        _draw_images(grid[1, 1], own)
        for ax in grid[1]:
            ax.legend(**_UNDER)
        text = f" Data set {data_name(data)}{further}, {_FEATURES[kind]}."
        message = (
            f"The recall of every class is predicted with an error of {_errors(full, 'drawn'):.1f} points; "
            f"two sets of images differ by {_errors(full, 'floor'):.1f}"
        )
    else:
        for ax in grid.flat:
            ax.set_axis_off()
    entitle(
        fig,
        message,
        caption_text(
            table,
            "Above, measured against predicted recall of discriminant analysis, a point for each class, the mean over",
            "the seeds, by rules drawn at the class counts; the band is the floor, within which two sets of images",
            "agree on the trained classifiers.",
            f"Below, the error of each law, and the error by the number of balanced images.{text}",
        ),
        "Every class's recall, predicted before anything imbalanced is trained",
    )
    note_missing(fig, table)
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
            "markersize": 3,
            "alpha": 0.8,
        }
        ax.plot(x, y, label=f"imbalance {ratio:g}: {_errors(own, 'drawn'):.1f} points", **look)
    floor = _errors(rows, "floor") / 100 if rows else 0.0
    low = min([min(row["drawn"], row["measured"]) for row in rows], default=0.0) - 0.05
    ends = np.array([max(0.0, low), 1.0])
    ax.fill_between(
        ends,
        *np.clip([ends - floor, ends + floor], 0, 1),
        color="#BBBBBB",
        linewidth=0,
        label=f"floor: {100 * floor:.1f}",
    )
    ax.plot(ends, ends, color="#555555", linewidth=0.8, zorder=1)
    ax.set(xlabel="predicted recall", xlim=ends, ylim=ends, aspect="equal")
    ax.legend(loc="upper left", handletextpad=0.3, labelspacing=0.2, borderaxespad=0.1)


def _draw_laws(ax: Axes, rows: list[Row]) -> None:
    """Draw the error of each law over imbalance."""
    ratios = sorted({row["imbalance"] for row in rows})
    for i, (law, title) in enumerate(_LAWS.items()):
        values = [_errors([row for row in rows if row["imbalance"] == ratio], law) for ratio in ratios]
        ax.plot(ratios, values, marker=MARKERS[i], markersize=3, color=COLOURS[i], linewidth=1.1, label=title)
    floor = [_errors([row for row in rows if row["imbalance"] == ratio], "floor") for ratio in ratios]
    ax.plot(ratios, floor, color="#555555", linestyle="--", linewidth=1.1, label="floor")
    _logarithmic(ax, ratios)
    ax.set(xlabel="imbalance", ylabel="mean absolute error, points", title="Error of each law", ylim=(0, None))


def _draw_images(ax: Axes, rows: list[Row]) -> None:
    """Draw the error over the number of balanced images that a prediction is made from."""
    images = sorted({row["images"] for row in rows})
    for i, ratio in enumerate(sorted({row["imbalance"] for row in rows})):
        own = [[row for row in rows if (row["images"], row["imbalance"]) == (m, ratio)] for m in images]
        for name, style in (("crossed", "-"), ("floor", "--")):
            values = [_errors(part, name) for part in own]
            label = f"imbalance {ratio:g}" if name == "crossed" else None
            ax.plot(
                images, values, style, marker=MARKERS[i], markersize=3, color=COLOURS[i], linewidth=1.1, label=label
            )
    ax.plot([], [], "--", color="#555555", label="floor, as many images")
    _logarithmic(ax, images)
    ax.set(xlabel="balanced images of each class", ylabel="mean absolute error, points", ylim=(0, None))
    ax.set_title("Error by the number of images")


def _logarithmic(ax: Axes, ticks: list[float]) -> None:
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
