"""Accuracies of methods, losses, self-supervised starts and depths, beside what was published.

Filled marks are the last epoch, mean and interval over the seeds; the dash beside them is the best epoch, which the
test images chose; hollow marks are published numbers, which are of their own scale whatever the profile. The first data
set of the results is drawn, in at most four panels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from empirical.printed import PEERS, TABLE1, Cells, cell
from figures.results import (
    ALL_METHODS,
    METHODS,
    PERCENT,
    STARTS,
    Results,
    caption_text,
    command_reader,
    data_set,
    interval,
    note_missing,
    points,
    read,
)
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import average, span

__all__ = [
    "depth_command",
    "draw_depth",
    "draw_losses",
    "draw_rebalance",
    "draw_ssl",
    "losses_command",
    "rebalance_command",
    "ssl_command",
]

_COLUMNS = ("data", "imbalance", "method", "pretrain", "accuracy", "best", "run")
_DEPTH = (*_COLUMNS, "depth")
_TABLE1_DEPTH = 32
_LOOK = {
    "none": (STARTS["none"], COLOURS[0], MARKERS[0]),
    "rotation": (STARTS["rotation"], COLOURS[3], MARKERS[1]),
    "simclr": ("SimCLR pre-training", COLOURS[1], MARKERS[2]),
    "moco": ("MoCo pre-training", COLOURS[2], MARKERS[3]),
    "barlow": ("Barlow Twins pre-training", COLOURS[5], MARKERS[4]),
}
_MOST = 4  # panels
_HEIGHT = 1.75
_STEP = 0.12  # between the series at one place, in natural logarithms
_MARGIN = 0.1  # beside the outermost series, likewise
_SPAN = 2.3  # of a panel at least, likewise: what belongs together is to stay together where the places are few
_SIZE = 5
_ASIDE = 0.24  # between the starts of a loss, of the distance of two losses

Rows = list[dict[str, Any]]

rebalance_command = command_reader("rebalance", _COLUMNS)
ssl_command = command_reader("ssl", _COLUMNS)
losses_command = command_reader("losses", _COLUMNS)
depth_command = command_reader("depth", _DEPTH)


@dataclass(frozen=True)
class _Layout:
    """What is where.

    Attributes:
        x: the column along a panel, of numbers above 0; the axis is logarithmic.
        xlabel: what it is called.
        panels: title by cells that choose their rows.
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


@styled()
def draw_rebalance(results: Path) -> Figure:
    """Draw ``rebalance.csv`` and ``rebalance.json`` of the folder ``results``: Table 1, a panel for each method.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    whole = read(results, "rebalance", _COLUMNS)
    table = _first(whole)
    panels = {title: {"method": method} for method, title in METHODS.items()}
    layout = _Layout("imbalance", "imbalance", panels, [TABLE1], "printed (ResNet-32, 200 epochs)")
    subject = "Accuracy by imbalance, with and without pre-training"
    return _draw_by(table, "Pre-training", subject, f"Table 1. {data_set(whole)}.", layout)


@styled()
def draw_ssl(results: Path) -> Figure:
    """Draw ``ssl.csv`` and ``ssl.json`` of the folder ``results``: self-supervised starts, section 5.4.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    whole = read(results, "ssl", _COLUMNS)
    table = _first(whole)
    panels = {ALL_METHODS.get(method, method): {"method": method} for method in table.values("method")[:_MOST]}
    layout = _Layout("imbalance", "imbalance", panels, [TABLE1], "printed (ResNet-32, 200 epochs)")
    subject = "Accuracy from self-supervised starts, by imbalance"
    return _draw_by(table, "Self-supervised pre-training", subject, f"Section 5.4. {data_set(whole)}.", layout)


@styled()
def draw_depth(results: Path) -> Figure:
    """Draw ``depth.csv`` and ``depth.json`` of the folder ``results``: a panel for each imbalance, section 5.4.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    whole = read(results, "depth", _DEPTH)
    table = _first(whole)
    ratios = sorted(table.values("imbalance"), reverse=True)[:_MOST]
    layout = _Layout(
        "depth",
        "layers with weights",
        {f"imbalance {ratio:g}": {"imbalance": ratio} for ratio in ratios},
        [TABLE1],
        "printed in Table 1 (ResNet-32, 200 epochs)",
        lambda row: row["depth"] == _TABLE1_DEPTH,
    )
    subject = "Accuracy by depth of the network, with and without pre-training"
    return _draw_by(table, "At these depths pre-training", subject, f"Section 5.4. {data_set(whole)}.", layout)


@styled()
def draw_losses(results: Path) -> Figure:
    """Draw ``losses.csv`` and ``losses.json`` of the folder ``results``: a panel for each imbalance, section 5.4.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    whole = read(results, "losses", _COLUMNS)
    results_table = _first(whole)
    ratios = sorted(results_table.values("imbalance"), reverse=True)[:_MOST]
    methods = results_table.values("method")
    rows = -(-len(ratios) // 2) if len(ratios) > 1 else 1
    fig = canvas(rows * (0.55 + 0.17 * len(methods)) + 1.1)
    grid = fig.subplots(rows, min(2, len(ratios)), squeeze=False, sharey=True, sharex=True)
    starts = _starts(results_table)
    hollow = False
    for ratio, ax in zip(ratios, grid.flat, strict=False):
        for i, start in enumerate(starts):
            _, colour, marker = _LOOK[start]
            look: dict[str, Any] = {"marker": marker, "color": colour}
            y = np.arange(len(methods)) + _ASIDE * (i - (len(starts) - 1) / 2)
            own = [results_table.where(imbalance=ratio, method=method, pretrain=start) for method in methods]
            _across(ax, y, own, look)
            cells = {"data": results_table.values("data")[0], "imbalance": ratio, "pretrain": start}
            published = [
                (value, at)
                for at, method in zip(y, methods, strict=True)
                for table in (TABLE1, *PEERS.values())
                if (value := _published(table, {**cells, "method": method})) is not None
            ]
            if published:
                ax.plot(*np.transpose(published), linestyle="none", markersize=_SIZE, fillstyle="none", **look)
                hollow = True
        ax.set_title(f"imbalance {ratio:g}")
        ax.set_yticks(range(len(methods)), [ALL_METHODS.get(method, method) for method in methods])
        ax.grid(visible=False, axis="y")
    grid[0, 0].set_ylim(len(methods) - 0.5, -0.5)
    for ax in list(grid.flat)[len(ratios) :]:
        ax.set_axis_off()
    for ax in grid[-1]:
        ax.set_xlabel("test accuracy, %")
    handles = _handles(starts, "published (ResNet-32, 200 epochs)" if hollow else None, best="|")
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    drawn = [row for row in results_table.rows if row["imbalance"] in ratios]
    entitle(
        fig,
        _message(drawn, "Under these losses pre-training", "imbalance"),
        _caption(results_table, f"Section 5.4. {data_set(whole)}."),
        "Losses for long tails, with and without pre-training",
    )
    note_missing(fig, results_table)
    return fig


def _across(ax: Axes, y: Any, own: Sequence[Rows], look: dict[str, Any]) -> None:
    """Draw the mean accuracies along the x axis, each with its interval and the best epoch."""
    for at, rows in zip(y, own, strict=True):
        last, best = (interval([row[name] for row in rows]) for name in ("accuracy", "best"))
        if last is not None:
            mean, half = last
            reach = np.nan_to_num(half)
            ends = [[min(reach, mean)], [min(reach, 100 - mean)]]
            ax.errorbar([mean], [at], xerr=ends, markersize=3.5, elinewidth=0.8, capsize=1.5, **look)
        if best is not None:
            ax.plot(best[0], at, linestyle="none", marker="|", color=look["color"])


def _first(table: Results) -> Results:
    """Return the results of the first data set."""
    return replace(table, rows=table.where(data=table.values("data")[0]))


def _starts(table: Results) -> list[str]:
    return [start for start in _LOOK if start in table.values("pretrain")]


def _caption(table: Results, source: str) -> str:
    return caption_text(
        table,
        f"{source} Filled marks are the accuracy on the test images after the",
        "last epoch, mean and 95% interval over the seeds (Student's t); dashes the best epoch, which the test images",
        "chose; hollow marks what was published, at ResNet-32 and 200 epochs.",
    )


def _message(rows: Rows, cause: str, column: str) -> str | None:
    """Return by how much pre-training changes the mean accuracies, from least to most, or None where no pair is there.

    Args:
        rows: those that are drawn.
        cause: what changes it, as a sentence begins.
        column: the one that, with the imbalance and the method, says which means are compared.
    """
    samples: dict[tuple[Any, ...], dict[str, list[float | None]]] = {}
    for row in rows:
        case = (row["imbalance"], row["method"], row[column])
        samples.setdefault(case, {}).setdefault(row["pretrain"], []).append(row["accuracy"])
    changes = []
    for by_start in samples.values():
        means = {start: mean for start in _LOOK if (mean := average(by_start.get(start, []))) is not None}
        plain = means.pop("none", None)
        changes += [mean - plain for mean in means.values()] if plain is not None else []
    return f"{cause} changes accuracy by {span(changes)} points" if changes else None


def _draw_by(table: Results, cause: str, subject: str, source: str, layout: _Layout) -> Figure:
    """Draw panels of accuracy against a number, a series for each start; ``cause`` begins the message."""
    starts = _starts(table)
    rows = -(-len(layout.panels) // 2) if len(layout.panels) > 1 else 1
    columns = min(2, len(layout.panels))
    fig = canvas(_HEIGHT * rows * (1.4 if columns == 1 else 1) + 1.1)
    grid = fig.subplots(rows, columns, squeeze=False, sharey=True)
    hollow = False
    for (heading, cells), ax in zip(layout.panels.items(), grid.flat, strict=False):
        hollow |= _draw(ax, table.where(**cells), table, starts, layout)
        ax.set_title(heading)
    for ax in list(grid.flat)[len(layout.panels) :]:
        ax.set_axis_off()
    for axes in grid:
        axes[0].set_ylabel("test accuracy, %")
    for ax in grid[-1]:
        ax.set_xlabel(layout.xlabel)
    drawn = [row for cells in layout.panels.values() for row in table.where(**cells)]
    entitle(fig, _message(drawn, cause, layout.x), _caption(table, source), subject)
    fig.legend(handles=_handles(starts, layout.published if hollow else None), loc="outside lower center", ncols=2)
    note_missing(fig, table)
    return fig


def _draw(ax: Axes, rows: Rows, results_table: Results, starts: Sequence[str], layout: _Layout) -> bool:
    """Draw a panel and return whether anything published is in it."""
    places = sorted(results_table.values(layout.x))
    hollow = False
    for i, start in enumerate(starts):
        own = [[row for row in rows if row["pretrain"] == start and row[layout.x] == place] for place in places]
        x = np.array(places) * np.exp(_STEP * (i - (len(starts) - 1) / 2))
        _, colour, marker = _LOOK[start]
        look: dict[str, Any] = {"marker": marker, "color": colour}
        points(ax, x, [[row["accuracy"] for row in part] for part in own], PERCENT, **look)
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


def _handles(starts: Sequence[str], published: str | None, best: str = "_") -> list[Line2D]:
    """Return what the legend explains."""
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=label)
        for label, colour, marker in (_LOOK[start] for start in starts)
    ]
    grey: dict[str, Any] = {"linestyle": "none", "color": GREY}
    handles += [
        Line2D([], [], marker="o", label="last epoch, 95 % interval over seeds", **grey),
        Line2D([], [], marker=best, label="best epoch on the test images", **grey),
    ]
    if published:
        handles.append(Line2D([], [], marker="o", markersize=_SIZE, fillstyle="none", label=published, **grey))
    return handles
