"""What the pictures of accuracies share: panels of measured marks beside hollow ones of what was published.

A row of panels for each data set. Filled marks are the last epoch, mean and interval over the seeds; the dash beside
them is the best epoch, which the test images chose; hollow marks are published numbers, which are of their own scale
whatever the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from empirical.printed import Cells, cell
from figures.results import STARTS, Results, interval, note_missing, points
from figures.style import COLOURS, MARKERS

__all__ = ["COLUMNS", "Layout", "draw_accuracies"]

COLUMNS = ("data", "imbalance", "method", "pretrain", "accuracy", "best", "run")
"""The columns that each of them needs."""

_LOOK = {
    "none": (STARTS["none"], COLOURS[0], MARKERS[0]),
    "rotation": (STARTS["rotation"], COLOURS[3], MARKERS[1]),
    "simclr": ("SimCLR pre-training", COLOURS[1], MARKERS[2]),
    "moco": ("MoCo pre-training", COLOURS[2], MARKERS[3]),
    "barlow": ("Barlow Twins pre-training", COLOURS[5], MARKERS[4]),
}
_PANEL = (2.7, 2.9)
_NARROW, _MANY = 2.2, 4  # the width of a panel where there are more than so many
_NARROWEST = 7.5
_STEP = 0.12  # between the series at one place, in natural logarithms
_MARGIN = 0.1  # beside the outermost series, likewise
_SPAN = 2.3  # of a panel at least, likewise: what belongs together is to stay together where the places are few
_SIZE = 7


@dataclass(frozen=True)
class Layout:
    """What is where.

    Attributes:
        x: the column along a panel, of numbers above 0; the axis is logarithmic.
        xlabel: what it is called.
        panels: the panels of a row, title by cells that choose their rows.
        tables: where published numbers are.
        published: what the legend calls them.
        counts: which rows the published numbers belong to; by default all.
    """

    x: str
    xlabel: str
    panels: Mapping[str, Mapping[str, Any]]
    tables: Sequence[Cells]
    published: str
    counts: Callable[[Mapping[str, Any]], bool] = lambda row: True


def draw_accuracies(found: Results, title: str, layout: Layout) -> Figure:
    """Draw the results with a series for each start."""
    data = found.values("data")
    starts = [start for start in _LOOK if start in found.values("pretrain")]
    width, height = _PANEL
    width = _NARROW if len(layout.panels) > _MANY else width
    shape = max(_NARROWEST, width * len(layout.panels)), height * len(data) + 1.1
    fig = Figure(figsize=shape)
    grid = fig.subplots(len(data), len(layout.panels), squeeze=False, sharey="row")
    hollow = False
    for name, axes in zip(data, grid, strict=True):
        for (heading, cells), ax in zip(layout.panels.items(), axes, strict=True):
            hollow |= _draw(ax, found.where(data=name, **cells), found, starts, layout)
            ax.set_title(heading)
        axes[0].set_ylabel(f"{name}: test accuracy, %")
    for ax in grid[-1]:
        ax.set_xlabel(layout.xlabel)
    fig.suptitle(f"{title} ({found.profile})")
    handles = _handles(starts, layout.published if hollow else None)
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    note_missing(fig, found)
    return fig


def _draw(ax: Axes, rows: list[dict[str, Any]], found: Results, starts: Sequence[str], layout: Layout) -> bool:
    """Draw a panel and return whether anything published is in it."""
    places = sorted(found.values(layout.x))
    hollow = False
    for i, start in enumerate(starts):
        own = [[row for row in rows if row["pretrain"] == start and row[layout.x] == place] for place in places]
        x = np.array(places) * np.exp(_STEP * (i - (len(starts) - 1) / 2))
        _, colour, marker = _LOOK[start]
        look: dict[str, Any] = {"marker": marker, "color": colour}
        points(ax, x, [[row["accuracy"] for row in part] for part in own], **look)
        best = [interval([row["best"] for row in part]) for part in own]
        means = [np.nan if mean is None else mean[0] for mean in best]
        ax.plot(x * np.exp(_STEP / 2), means, linestyle="none", marker="_", color=colour)
        published = [
            (at, value)
            for at, part in zip(x, own, strict=True)
            for table in layout.tables
            if part and layout.counts(part[0]) and (value := _published(table, part[0])) is not None
        ]
        if published:
            ax.plot(*zip(*published, strict=True), linestyle="none", markersize=_SIZE, fillstyle="none", **look)
            hollow = True
    ax.set_xscale("log")
    ax.set_xticks(places, [f"{place:g}" for place in places])
    ax.xaxis.set_minor_locator(NullLocator())
    low, high = np.log(places[0]), np.log(places[-1])
    margin = max(_STEP * (len(starts) + 1) / 2 + _MARGIN, (_SPAN - (high - low)) / 2)
    ax.set_xlim(*np.exp([low - margin, high + margin]))
    return hollow


def _published(table: Cells, row: Mapping[str, Any]) -> float | None:
    return cell(table, row["data"], row["imbalance"], row["method"], row["pretrain"])


def _handles(starts: Sequence[str], published: str | None) -> list[Line2D]:
    """Return what the legend explains."""
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=label)
        for label, colour, marker in (_LOOK[start] for start in starts)
    ]
    grey: dict[str, Any] = {"linestyle": "none", "color": "#555555"}
    handles += [
        Line2D([], [], marker="o", label="last epoch: mean, 95 % interval over seeds", **grey),
        Line2D([], [], marker="_", label="best epoch on the test images", **grey),
    ]
    if published:
        handles.append(Line2D([], [], marker="o", markersize=_SIZE, fillstyle="none", label=published, **grey))
    return handles
