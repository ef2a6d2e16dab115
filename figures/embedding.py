"""Figure 5: maps of the features with and without pre-training, and numbers for what the eye sees on them.

Above the training images, below the test images. Left, the t-SNE maps of the runs of the first seed that has them: a
colour and a mark for each class, hollow where a colour comes again, its number at the median of its points. Right,
class by class, mean and interval over the seeds: the purity of the nearest neighbours and the silhouette, of the
features and, hollow, of the map; and the Mahalanobis distance of the features to the nearest other class. The first
data set and the largest imbalance of the results are drawn. Of more than ten classes the ten rarest have colours on the
maps, the others are grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from figures.results import STARTS, further, made_by, note_missing, points, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_COLUMNS = (
    *("data", "imbalance", "pretrain", "seed", "split", "label", "images", "silhouette", "purity"),
    *("separation_least", "map_silhouette", "map_purity", "run"),
)
_PLACES = ("data", "imbalance", "pretrain", "seed", "split", "label", "x", "y", "run")
_SPLITS = {"train": "training images", "test": "test images"}
_LOOK = {"none": (COLOURS[0], "o", -0.14), "rotation": (COLOURS[3], "s", 0.14)}
_NUMBERS = {
    "purity": ("map_purity", "same class among nearest\nneighbours, %"),
    "silhouette": ("map_silhouette", "silhouette"),
    "separation_least": (None, "separation from the\nnearest class"),
}
_COLOURED = 10


command = made_by("embedding", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``embedding.csv``, ``embedding-map.csv`` and ``embedding.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found, places = read(results, "embedding", _COLUMNS), further(results, "embedding", "map", _PLACES)
    data, ratio = found.values("data")[0], max(found.values("imbalance"))
    fig = Figure(figsize=(16, 7.2))
    grid = fig.subplots(len(_SPLITS), len(STARTS) + len(_NUMBERS), width_ratios=[1.25, 1.25, 1, 1, 1])
    for (split, title), axes in zip(_SPLITS.items(), grid, strict=True):
        for start, ax in zip(STARTS, axes, strict=False):
            _draw_map(ax, places.where(data=data, imbalance=ratio, pretrain=start, split=split))
        axes[0].set_ylabel(title)
        cells = [row for row in found.where(data=data, imbalance=ratio, split=split) if row["label"] is not None]
        for name, ax in zip(_NUMBERS, axes[len(STARTS) :], strict=True):
            _draw_numbers(ax, cells, name)
    for start, ax in zip(STARTS.values(), grid[0], strict=False):
        ax.set_title(start)
    for ax in grid[-1, len(STARTS) :]:
        ax.set_xlabel("class, from frequent to rare")
    fig.legend(handles=_handles(), loc="outside lower center", ncols=4)
    fig.suptitle(f"Features with and without pre-training, Figure 5: {data}, imbalance {ratio:g} ({found.profile})")
    note_missing(fig, replace(found, rows=[{"run": row["run"], "images": row["images"]} for row in found.rows]))
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
    for label in labels:
        at = np.array([(row["x"], row["y"]) for row in own if row["label"] == label])
        rank = label - max(0, len(labels) - _COLOURED)
        colour = COLOURS[rank % len(COLOURS)] if rank >= 0 else "#BBBBBB"
        marker = MARKERS[rank % len(MARKERS)] if rank >= 0 else "."
        hollow = {"fillstyle": "none", "markeredgewidth": 0.7} if rank >= len(COLOURS) else {"markeredgewidth": 0}
        ax.plot(*at.T, linestyle="none", marker=marker, color=colour, markersize=3.4, alpha=0.75, **hollow)
        if rank >= 0:
            outline = [withStroke(linewidth=2.5, foreground="white")]
            text: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold", "path_effects": outline}
            x, y = np.median(at, axis=0)
            ax.text(x, y, str(label + 1), color=colour, zorder=5, **text)


def _draw_numbers(ax: Axes, rows: Sequence[dict[str, Any]], name: str) -> None:
    """Draw a number of each class, of the features and of the map."""
    on_map, title = _NUMBERS[name]
    for start, (colour, marker, aside) in _LOOK.items():
        own = [row for row in rows if row["pretrain"] == start]
        labels = sorted({row["label"] for row in own})
        at = [label + 1 + aside for label in labels]
        hollow: dict[str, Any] = {"fillstyle": "none", "alpha": 0.6, "elinewidth": 0.6, "capsize": 0}
        looks: list[tuple[str | None, dict[str, Any]]] = [(name, {}), (on_map, hollow)]
        for column, look in looks:
            if column is not None:
                samples = [[row[column] for row in own if row["label"] == label] for label in labels]
                points(ax, at, samples, marker=marker, color=colour, markersize=4.5, **look)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(title)
    if name == "silhouette":
        ax.axhline(0, color="#888888", linewidth=0.8)
    else:
        ax.set_ylim(0, 103 if name == "purity" else 1.06 * ax.get_ylim()[1])


def _handles() -> list[Line2D]:
    """Return what the legend explains."""
    grey: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": "#555555"}
    return [
        *(
            Line2D([], [], linestyle="none", marker=marker, color=colour, label=STARTS[start])
            for start, (colour, marker, _) in _LOOK.items()
        ),
        Line2D([], [], label="features: mean, 95 % interval over seeds", **grey),
        Line2D([], [], label="the same on the map", fillstyle="none", **grey),
    ]
