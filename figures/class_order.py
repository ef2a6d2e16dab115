"""Rarity or class: gaps between frequent and rare classes with the classes in either order, and what is due to rarity.

A row for each data set and imbalance: left the recalls, right the norms of the classifier's weights. For each method
the gap in both orders and its two parts (:mod:`empirical.experiments.class_order`): mean over the seeds with its
interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empirical.analysis.rarity import ORDERS, Split, split
from figures.results import (
    METHODS,
    Results,
    caption_text,
    command_reader,
    data_name,
    note_missing,
    points,
    read,
    subset_note,
)
from figures.style import COLOURS, MARKERS, canvas, entitle, styled
from figures.wording import average

__all__ = ["command", "draw"]

_SERIES = {
    "labels": "the gap in the data's order",
    "reversed": "the gap in the reverse order",
    "rarity": "due to rarity",
    "classes": "due to which classes are rare",
}
_TITLES = {"recall": "recall, points", "norm": "norms of the weights"}
_COLUMNS = ("data", "imbalance", "method", "seed", "order", "place", *_TITLES)
_MOST = 2  # rows of panels


command = command_reader("class-order", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``class-order.csv`` and ``class-order.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = read(results, "class-order", _COLUMNS)
    there = list(dict.fromkeys((row["data"], row["imbalance"]) for row in table.rows))
    places = there[:_MOST]
    fig = canvas(2.0 * len(places) + 1.0)
    grid = fig.subplots(len(places), len(_TITLES), squeeze=False)
    for (data, ratio), axes in zip(places, grid, strict=True):
        for (name, title), ax in zip(_TITLES.items(), axes, strict=True):
            _draw(ax, table, data, ratio, name)
            ax.set(ylabel=f"gap in {title}", title=f"{data_name(data)}, imbalance {ratio:g}")
    fig.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    entitle(
        fig,
        _message(table, places),
        caption_text(
            table,
            "The more frequent half of the classes minus the rarer half, with the classes in the data's order and in",
            "the reverse one: half the sum of both gaps is due to rarity, half the difference to the classes. Mean",
            "over the seeds with 95% interval (Student's t).",
            subset_note(places, there, "settings"),
        ),
        "How much of the gap is due to rarity, how much to which classes are rare",
    )
    note_missing(fig, table)
    return fig


def _message(table: Results, cases: Sequence[tuple[str, float]]) -> str | None:
    """Return how much of the gap is due to rarity, in the first case and under the first method that are measured."""
    for (data, ratio), (method, title) in product(cases, METHODS.items()):
        splits = _splits(table.where(data=data, imbalance=ratio, method=method), "recall")
        gap, rarity, classes = (
            average([getattr(one, part) for one in splits]) for part in ("labels", "rarity", "classes")
        )
        if gap is not None and rarity is not None and classes is not None:
            return (
                f"At imbalance {ratio:g} the gap between frequent and rare classes is {gap:z.0f} points under {title}: "
                f"rarity makes {rarity:z.0f} of it, which classes are rare {classes:z.0f}"
            )
    return None


def _draw(ax: Axes, table: Results, data: str, ratio: float, name: str) -> None:
    """Draw a panel."""
    splits = [_splits(table.where(data=data, imbalance=ratio, method=method), name) for method in METHODS]
    for i, (part, label) in enumerate(_SERIES.items()):
        x = np.arange(len(METHODS)) + (i - (len(_SERIES) - 1) / 2) * 0.16
        samples = [[getattr(one, part) for one in own] for own in splits]
        points(ax, list(x), samples, marker=MARKERS[i], color=COLOURS[i], label=label)
    ax.axhline(0, color="#555555", linewidth=0.8, zorder=1)
    ax.set_xticks(range(len(METHODS)), list(METHODS.values()))
    ax.set_xlim(-0.5, len(METHODS) - 0.5)


def _splits(rows: list[dict[str, Any]], name: str) -> list[Split]:
    """Return the gap and its parts for each seed."""
    found = []
    for seed in dict.fromkeys(row["seed"] for row in rows):
        own = sorted((row for row in rows if row["seed"] == seed), key=lambda row: row["place"] or 0)
        found.append(split(*([row[name] for row in own if row["order"] == order] for order in ORDERS)))
    return found
