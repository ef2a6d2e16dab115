"""Theorem 2 against real images: predicted and measured minority recall over pairs of classes.

A panel for each number of components: every class as the minority of every pair. Last: recall against
imbalance for pairs from the most similar to the least, at evenly spaced ranks of their separation, so that nobody
picks them. The data are those of ``empirical.experiments.pairs``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from figures.agreement import Cloud, draw_agreement, legend
from figures.results import Results, read, refuse, shortened
from figures.style import COLOURS, canvas, entitle, styled
from figures.wording import span
from theory.theorem2 import minority_recall

__all__ = ["command", "draw"]

_NUMBERS = ("components", "imbalance", "separation", "predicted", "measured", "low", "high")
_NAMES = ("majority", "minority")
_SHOWN = 4
_MOST = 4  # panels


def command(results: Path) -> str:
    """Return the command line that made the results in the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return str(_read(results).metadata["command"])


@styled()
def draw(results: Path) -> Figure:
    """Draw ``pairs.csv`` and ``pairs.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = _read(results)
    components = sorted({row["components"] for row in table.rows})
    shown = components[: _MOST - 1]
    rows = 2 if len(shown) > 1 else 1
    fig = canvas(2.75 * rows + 0.75)
    grid = fig.subplots(rows, 2, squeeze=False)
    ratios = sorted({row["imbalance"] for row in table.rows})
    drawn = (_draw_agreement(ax, k, table, ratios) for ax, k in zip(grid.flat, shown, strict=False))
    errors = [error for error in drawn if error is not None]
    middle = shown[len(shown) // 2]
    last = grid.flat[len(shown)]
    _draw_recall(last, middle, [row for row in table.rows if row["components"] == middle])
    for ax in list(grid.flat)[len(shown) + 1 :]:
        ax.set_axis_off()
    legend(fig, list(grid.flat)[: len(shown)], ratios)
    data = table.metadata["data"]["name"]
    numbers = [
        f"{k:g} components: "
        + ", ".join(Cloud([], [], part).label for part in table.metadata["summary"] if part["components"] == k)
        + "."
        for k in shown
    ]
    entitle(
        fig,
        f"One balanced number predicts minority recall, off by {span(errors)} points",
        f"Pairs of classes of {data}, every class as the minority; Theorem 2, nothing fitted. "
        "Last panel: recall against imbalance of pairs at evenly spaced ranks of their separation M, lines by theory, "
        "points the mean and 95% of the repeats, upward where the first class is the minority, downward the second. "
        f"Mean absolute error in points and correlation by imbalance: {' '.join(numbers)} "
        f"n = {len(table.rows)} pairs, imbalances and numbers of components.",
    )
    return fig


def _draw_agreement(ax: Axes, components: int, table: Results, ratios: list[float]) -> float | None:
    """Draw measured against predicted recall and return the mean absolute error in points."""
    clouds = []
    for part in table.metadata["summary"]:
        if part["components"] == components:
            rows = [
                row for row in table.rows if (row["components"], row["imbalance"]) == (components, part["imbalance"])
            ]
            clouds.append(Cloud([row["predicted"] for row in rows], [row["measured"] for row in rows], part))
    return draw_agreement(ax, clouds, f"{components:g} principal components", ratios)


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
        label = f"{shortened(first)} and {shortened(second)}, M = {separation:.1f}"
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
                markersize=3,
                color=colour,
                elinewidth=0.9,
            )
    ax.set_xscale("log")
    ax.set_xticks(imbalances, [f"{ratio}" for ratio in imbalances])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(
        ylim=(-0.02, 1.02),
        box_aspect=1,
        xlabel="imbalance",
        ylabel="minority recall",
        title=f"{len(ranks)} pairs, {components:g} components",
    )
    ax.legend(loc="best", handlelength=1, borderaxespad=0.1)


def _read(results: Path) -> Results:
    """Return the results in the folder ``results``."""
    table = read(results, "pairs", (*_NAMES, *_NUMBERS), text=_NAMES, profile=False)
    whole = all(row[name] is not None for row in table.rows for name in (*_NAMES, *_NUMBERS))
    if not whole or not {"data", "summary"} <= table.metadata.keys():
        refuse(results, "pairs", "must hold a pairs.csv and a pairs.json of one run of the experiment")
    return table
