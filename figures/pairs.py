"""Theorem 2 against real images: predicted and measured minority recall over pairs of classes.

Left, a panel for each number of components: every class as the minority of every pair. Right: recall against
imbalance for pairs from the most similar to the least, at evenly spaced ranks of their separation, so that nobody
picks them. The data are those of ``empirical.experiments.pairs``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from figures.agreement import Cloud, draw_agreement
from figures.results import Results, read, refuse
from figures.style import COLOURS, styled
from theory.theorem2 import minority_recall

__all__ = ["command", "draw"]

_NUMBERS = ("components", "imbalance", "separation", "predicted", "measured", "low", "high")
_NAMES = ("majority", "minority")
_SHOWN = 4
_PANEL = (3.6, 5.3)
_UNDER: dict[str, Any] = {
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.14),
    "handletextpad": 0.4,
    "labelspacing": 0.35,
}


def command(results: Path) -> str:
    """Return the command line that made the results in the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return str(_read(results).made["command"])


@styled()
def draw(results: Path) -> Figure:
    """Draw ``pairs.csv`` and ``pairs.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = _read(results)
    components = sorted({row["components"] for row in found.rows})
    width, height = _PANEL
    fig = Figure(figsize=(width * (len(components) + 1), height))
    axes = fig.subplots(1, len(components) + 1, squeeze=False)[0]
    for ax, k in zip(axes, components, strict=False):
        _draw_agreement(ax, k, found)
    middle = components[len(components) // 2]
    _draw_recall(axes[-1], middle, [row for row in found.rows if row["components"] == middle])
    fig.suptitle(f"Minority recall of pairs of classes ({found.made['data']['name']}): Theorem 2, nothing fitted")
    return fig


def _draw_agreement(ax: Axes, components: int, found: Results) -> None:
    """Draw measured against predicted recall, with the agreement of each imbalance in the legend."""
    clouds = []
    for part in found.made["summary"]:
        if part["components"] == components:
            rows = [
                row for row in found.rows if (row["components"], row["imbalance"]) == (components, part["imbalance"])
            ]
            clouds.append(Cloud([row["predicted"] for row in rows], [row["measured"] for row in rows], part))
    draw_agreement(ax, clouds, f"{components:g} principal components")
    ax.legend(title="imbalance: mean abs. error in points, correlation", title_fontsize=8, ncols=2, **_UNDER)


def _draw_recall(ax: Axes, components: int, rows: list[dict[str, Any]]) -> None:
    """Draw recall against imbalance for a few pairs."""
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        pairs.setdefault(tuple(sorted((row["majority"], row["minority"]))), []).append(row)
    by_separation = sorted(pairs.items(), key=lambda pair: pair[1][0]["separation"])
    ranks = np.unique(np.linspace(0, len(pairs) - 1, _SHOWN).round().astype(int))
    imbalances = sorted({row["imbalance"] for row in rows})
    grid = np.geomspace(imbalances[0], imbalances[-1], 200)
    for rank, colour in zip(ranks, COLOURS, strict=False):
        (first, second), points = by_separation[rank]
        separation = points[0]["separation"]
        label = f"{first} and {second}, M = {separation:.1f}"
        ax.plot(grid, minority_recall(separation, grid), color=colour, label=label)
        # Aside by a few per cent, or the intervals of the two classes would cover each other.
        for minority, marker, aside in ((first, "^", 0.96), (second, "v", 1.04)):
            own = [row for row in points if row["minority"] == minority]
            measured = np.array([row["measured"] for row in own])
            ax.errorbar(
                [row["imbalance"] * aside for row in own],
                measured,
                # A mean can lie outside the quantiles of very uneven repeats; an interval has no negative side.
                np.maximum(0, [measured - [row["low"] for row in own], [row["high"] for row in own] - measured]),
                linestyle="none",
                marker=marker,
                markersize=4.5,
                color=colour,
                elinewidth=0.9,
            )
    ax.set_xscale("log")
    ax.set_xticks(imbalances, [f"{ratio}" for ratio in imbalances])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(
        ylim=(-0.02, 1.02),
        box_aspect=1,
        anchor="N",
        xlabel="imbalance",
        ylabel="minority recall",
        title=f"From similar to dissimilar ({components:g} components)",
    )
    lines, labels = ax.get_legend_handles_labels()
    for marker, text in (("^", "first class is the minority"), ("v", "second class is the minority")):
        lines.append(Line2D([], [], linestyle="none", marker=marker, color="#555555", markersize=4.5))
        labels.append(text)
    title = "line: theory; points: mean and 95 % of repeats"
    ax.legend(lines, labels, title=title, title_fontsize=8, **_UNDER)


def _read(results: Path) -> Results:
    """Return the results in the folder ``results``."""
    found = read(results, "pairs", (*_NAMES, *_NUMBERS), text=_NAMES, profile=False)
    whole = all(row[name] is not None for row in found.rows for name in (*_NAMES, *_NUMBERS))
    if not whole or not {"data", "summary"} <= found.made.keys():
        refuse(results, "pairs", "must hold a pairs.csv and a pairs.json of one run of the experiment")
    return found
