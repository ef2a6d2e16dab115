"""Figure 5: maps of the features with and without pre-training, and numbers for what the eye sees on them.

Three figures of the first data set and the largest imbalance of the results. The t-SNE maps of the runs of the first
seed that has them, above the training images, below the test images. Class by class, mean and interval over the seeds,
for either set of images: the purity of the nearest neighbours and the silhouette, of the features and, hollow, of the
map; and the Mahalanobis distance of the features to the nearest other class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from figures.results import (
    PERCENT,
    STARTS,
    Results,
    caption_text,
    class_names,
    classes_axis,
    command_reader,
    data_set,
    note_missing,
    points,
    read,
    read_extra,
    shortened,
)
from figures.style import COLOURS, GREY, canvas, entitle, series, styled
from figures.wording import average

__all__ = ["command", "draw", "draw_numbers", "draw_training"]

_COLUMNS = (
    *("data", "imbalance", "pretrain", "seed", "split", "label", "images", "silhouette", "purity"),
    *("separation_least", "map_silhouette", "map_purity", "run"),
)
_PLACES = ("data", "imbalance", "pretrain", "seed", "split", "label", "x", "y", "run")
_SPLITS = {"train": "training images", "test": "test images"}
_LOOK = {"none": (COLOURS[0], "o", -0.14), "rotation": (COLOURS[3], "s", 0.14)}
_NUMBERS: dict[str, tuple[str | None, str, tuple[float, float]]] = {
    "purity": ("map_purity", "same class among neighbours, %", PERCENT),
    "silhouette": ("map_silhouette", "silhouette", (-1.0, 1.0)),
    "separation_least": (None, "distance to the nearest class", (0.0, math.inf)),
}
_COLOURED = 10
_LETTER, _LINE = 0.026, 0.045  # the width and height of a letter of a class's name, parts of a panel


command = command_reader("embedding", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw the t-SNE maps of the features, from ``embedding-map.csv``.

    Raises:
        ResultsError: it, ``embedding.csv`` or ``embedding.json`` is missing or cannot be read.
    """
    table, places = _read(results)
    data, ratio = _case(table)
    fig = canvas(5.6)
    grid = fig.subplots(len(_SPLITS), len(STARTS))
    for (split, title), axes in zip(_SPLITS.items(), grid, strict=True):
        for start, ax in zip(STARTS, axes, strict=True):
            _draw_map(ax, places.where(data=data, imbalance=ratio, pretrain=start, split=split))
        axes[0].set_ylabel(title)
    for start, ax in zip(STARTS.values(), grid[0], strict=True):
        ax.set_title(start)
    text = (
        "t-SNE maps of the features of the first seed (Figure 5). A colour and a mark is a class, hollow where a "
        "colour comes again, its name at its median; of more than ten classes the ten rarest are coloured."
    )
    seeds = [row["seed"] for row in places.where(data=data, imbalance=ratio) if row["label"] is not None]
    cells = table.where(data=data, imbalance=ratio, split="test", seed=min(seeds)) if seeds else []
    message = _message(cells, "map_purity", "Of the neighbours of test images on the map")
    return _finish(fig, table, message, text, "Maps of the features with and without pre-training")


def draw_numbers(results: Path) -> Figure:
    """Draw what the maps show in numbers, of test images, from ``embedding.csv``.

    Raises:
        ResultsError: it, ``embedding-map.csv`` or ``embedding.json`` is missing or cannot be read.
    """
    return _draw_split(results, "test")


def draw_training(results: Path) -> Figure:
    """Draw what the maps show in numbers, of training images, from ``embedding.csv``.

    Raises:
        ResultsError: it, ``embedding-map.csv`` or ``embedding.json`` is missing or cannot be read.
    """
    return _draw_split(results, "train")


@styled()
def _draw_split(results: Path, split: str) -> Figure:
    """Draw the numbers of the classes of one set of images."""
    table, _ = _read(results)
    data, ratio = _case(table)
    fig = canvas(5.2)
    grid = fig.subplots(2, 2)
    cells = [row for row in table.where(data=data, imbalance=ratio, split=split) if row["label"] is not None]
    for name, ax in zip(_NUMBERS, grid.flat, strict=False):
        _draw_numbers(ax, cells, name)
    grid[1, 1].set_axis_off()
    grid[1, 1].legend(handles=_handles(), loc="center", handletextpad=0.6)
    text = (
        f"Class by class on {_SPLITS[split]}, mean over the seeds with 95% interval, of the features and, hollow, of "
        "the map: the share of the nearest neighbours that are of the same class, the silhouette, and the Mahalanobis "
        "distance of the features to the nearest other class."
    )
    message = _message(cells, "purity", f"Of the neighbours of {_SPLITS[split]}")
    return _finish(fig, table, message, text, f"How clearly the classes lie apart: {_SPLITS[split]}")


def _read(results: Path) -> tuple[Results, Results]:
    """Return the table and the maps, where the classes are in the order of their labels, as the figure has them."""
    both = read(results, "embedding", _COLUMNS), read_extra(results, "embedding", "map", _PLACES)
    table, places = (
        replace(part, rows=[row for row in part.rows if row.get("order", "labels") == "labels"]) for part in both
    )
    return table, places


def _case(table: Results) -> tuple[str, float]:
    """Return the data set and the imbalance that are drawn."""
    return str(table.values("data")[0]), max(table.values("imbalance"))


def _message(rows: Sequence[dict[str, Any]], column: str, where: str) -> str | None:
    """Return how many of the nearest neighbours are of the same class, mean over the classes, from both starts."""
    plain, trained = (average([row[column] for row in rows if row["pretrain"] == start]) for start in _LOOK)
    if plain is None or trained is None:
        return None
    return f"{where} {plain:.0f} % are of the same class from random weights, {trained:.0f} % with pre-training"


def _finish(fig: Figure, table: Results, message: str | None, text: str, subject: str) -> Figure:
    _, ratio = _case(table)
    entitle(fig, message, caption_text(table, text, f"{data_set(table)}, imbalance {ratio:g}."), subject)
    note_missing(fig, table)
    return fig


def _draw_map(ax: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """Draw the map of the first seed that has one."""
    ax.grid(visible=False)
    ax.set(xticks=[], yticks=[])
    ax.spines[["right", "top"]].set_visible(True)
    there = [row for row in rows if row["label"] is not None]
    if not there:
        return
    own = [row for row in there if row["seed"] == min(row["seed"] for row in there)]
    labels = sorted({row["label"] for row in own})
    names = [shortened(name) for name in class_names(own, max(labels) + 1)]
    written = []
    for label in labels:
        at = np.array([(row["x"], row["y"]) for row in own if row["label"] == label])
        rank = label - max(0, len(labels) - _COLOURED)
        look = series(rank) if rank >= 0 else {"marker": ".", "color": "#BBBBBB"}
        edge = 0 if rank < len(COLOURS) else 0.5
        ax.plot(*at.T, linestyle="none", markersize=2.4, markeredgewidth=edge, alpha=0.75, **look)
        if rank >= 0:
            written.append((names[label], *np.median(at, axis=0), look["color"]))
    ax.autoscale_view()
    outline = [withStroke(linewidth=1.8, foreground="white")]
    text: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold", "path_effects": outline}
    low, high = ax.get_ylim()
    taken: list[tuple[float, float, float]] = []
    for name, x, y, colour in sorted(written, key=lambda item: item[2]):
        half = len(name) * _LETTER * (ax.get_xlim()[1] - ax.get_xlim()[0]) / 2
        for other_x, other_y, other_half in taken:  # from below, so that each moves up past those under it
            if abs(x - other_x) < half + other_half:
                y = max(y, other_y + _LINE * (high - low))
        taken.append((x, y, half))
        ax.text(x, y, name, color=colour, zorder=5, **text)


def _draw_numbers(ax: Axes, rows: Sequence[dict[str, Any]], name: str) -> None:
    """Draw a number of each class, of the features and of the map."""
    on_map, title, within = _NUMBERS[name]
    for start, (colour, marker, aside) in _LOOK.items():
        own = [row for row in rows if row["pretrain"] == start]
        labels = sorted({row["label"] for row in own})
        at = [label + aside for label in labels]
        hollow: dict[str, Any] = {"fillstyle": "none", "alpha": 0.6, "elinewidth": 0.6, "capsize": 0}
        looks: list[tuple[str | None, dict[str, Any]]] = [(name, {}), (on_map, hollow)]
        for column, look in looks:
            if column is not None:
                samples = [[row[column] for row in own if row["label"] == label] for label in labels]
                points(ax, at, samples, within, marker=marker, color=colour, **{"markersize": 3, **look})
    classes_axis(ax, rows)
    ax.set_ylabel(title)
    if name == "silhouette":
        ax.axhline(0, color="#888888", linewidth=0.8)
    else:
        ax.set_ylim(0, 103 if name == "purity" else 1.06 * ax.get_ylim()[1])


def _handles() -> list[Line2D]:
    """Return what the legend explains."""
    grey: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": GREY}
    return [
        *(
            Line2D([], [], linestyle="none", marker=marker, color=colour, label=STARTS[start])
            for start, (colour, marker, _) in _LOOK.items()
        ),
        Line2D([], [], label="features: mean, 95 % interval over seeds", **grey),
        Line2D([], [], label="the same on the map", fillstyle="none", **grey),
    ]
