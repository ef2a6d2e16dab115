"""Number or similarity: how much of a minority's drop in recall is due to which.

The first data set of the results. Above left: the number's share of the drop by Theorem 2, against imbalance and
separation; in the circles the share that was measured, for pairs in four groups of their separation. Above right: the
mean recall of similar and of dissimilar pairs. Below: the drop from balanced and dissimilar to imbalanced and similar,
and its two parts. The data are those of ``empirical.experiments.similarity_or_number``.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from figures.results import caption_text, command_reader, data_name, data_set, note_missing, points, read
from figures.style import COLOURS, canvas, entitle, styled
from figures.wording import span
from theory.attribution import attribution, split

__all__ = ["command", "draw"]

_NAME = "similarity-or-number"
_COLUMNS = ("data", "group", "minority", "imbalance", "separation", "theorem2", "finite", "measured", "run")
_GROUPS = {"similar": (COLOURS[3], "o"), "dissimilar": (COLOURS[0], "s")}
_SOURCES = {"measured": "measured", "theorem2": "Theorem 2", "finite": "with finite samples"}
_BINS = 4


command = command_reader(_NAME, _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``similarity-or-number.csv`` and ``similarity-or-number.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = read(results, _NAME, _COLUMNS)
    name = str(table.values("data")[0])
    rows = [row for row in table.where(data=name) if row["measured"] is not None]
    fig = canvas(5.2)
    (first, second), (third, last) = fig.subplots(2, 2)
    last.set_axis_off()
    message = None
    if rows:
        parts = [part for part in table.metadata["summary"] if part["data"] == name]
        _draw_map(first, rows)
        _draw_recalls(second, rows)
        _draw_parts(third, last, parts)
        shares = [part["share"] for part in parts if part["source"] == "measured" and part["share"] is not None]
        if shares:
            message = f"Number has {span(shares, 0, ' %')} of a minority's drop in recall, similarity the rest"
        drawn = second.get_legend_handles_labels()
        last.legend(*drawn, loc="upper left", title="Recall of the groups", alignment="left")
    else:
        for ax in (first, second, third):
            ax.set_axis_off()
        first.set_title(f"{data_name(name)}: nothing is measured yet")
    entitle(
        fig,
        message,
        caption_text(
            table,
            "Above left, the share of the drop that Theorem 2 puts down to the number of images, by imbalance and",
            "separation M, and in circles as measured, for pairs in four groups of their separation. Above right, the",
            "mean recall of similar and of dissimilar pairs, points with 95% intervals over the classes. Below, the",
            "drop from balanced and dissimilar to imbalanced and similar, and its two parts. LDA on",
            f"features of a network. {data_set(table)}.",
        ),
        "A minority's drop in recall: due to number or to similarity",
    )
    note_missing(fig, table)
    return fig


def _mean(rows: list[dict[str, Any]], column: str) -> float:
    values = [row[column] for row in rows if row[column] is not None]
    return float(np.mean(values)) if values else float("nan")


def _draw_map(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw the share of the number by theory, and in circles as measured."""
    ratios = sorted({row["imbalance"] for row in rows if row["imbalance"] > 1})
    far = [row for row in rows if row["group"] == "dissimilar"]
    reference = float(np.median([row["separation"] for row in far]))
    near = [row for row in rows if row["separation"] < reference]
    low = min(row["separation"] for row in near)
    m = np.linspace(low, reference, 101)[:-1]
    grid = np.geomspace(ratios[0] / 1.5, ratios[-1] * 1.5, 100)
    share = 100 * attribution(m[:, None], grid, reference).number_share
    levels = np.linspace(0, 100, 11)
    filled = ax.contourf(grid, m, share, levels, cmap="RdBu", alpha=0.85)
    edges = np.quantile([row["separation"] for row in near], np.linspace(0, 1, _BINS + 1))
    for first, last in pairwise(edges):
        own = [row for row in near if first <= row["separation"] <= last]
        at = float(np.mean([row["separation"] for row in own]))
        balanced = [row for row in own if row["imbalance"] == 1]
        for ratio in ratios:
            cells = ([row for row in group if row["imbalance"] == r] for group, r in ((far, 1), (far, ratio)))
            both = [row for row in own if row["imbalance"] == ratio]
            parts = split(*(_mean(cell, "measured") for cell in (*cells, balanced, both)))
            look: dict[str, Any] = {
                "cmap": "RdBu",
                "vmin": 0,
                "vmax": 100,
                "s": 60,
                "edgecolors": "black",
                "linewidths": 0.8,
            }
            ax.scatter([ratio], [at], c=[100 * parts.number_share], zorder=3, **look)
    bar = ax.figure.colorbar(filled, ax=ax, ticks=levels[::2])
    bar.set_label("due to number, % (circle: measured)")
    _log(ax, ratios)
    ax.set_xlim(grid[0], grid[-1])
    ax.set(ylabel="separation M", title=f"from a dissimilar pair, M = {reference:.1f}")
    ax.grid(visible=False)


def _draw_recalls(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw the mean recalls of the groups."""
    ratios = sorted({row["imbalance"] for row in rows})
    for group, (colour, marker) in _GROUPS.items():
        own = [row for row in rows if row["group"] == group]
        by_class = []
        for ratio in ratios:
            here = [row for row in own if row["imbalance"] == ratio]
            names = sorted({str(row["minority"]) for row in here})
            by_class.append(
                [_mean([row for row in here if str(row["minority"]) == name], "measured") for name in names]
            )
        points(ax, ratios, by_class, (0.0, 1.0), color=colour, marker=marker, label=f"{group} pairs")
        for law, style in (("theorem2", "-"), ("finite", "--")):
            means = [_mean([row for row in own if row["imbalance"] == ratio], law) for ratio in ratios]
            ax.plot(ratios, means, color=colour, linestyle=style, linewidth=1.2, label=f"{group}: {_SOURCES[law]}")
    _log(ax, ratios)
    ax.set(ylim=(-0.02, 1.02), ylabel="mean minority recall", title="Recall of the two groups")


def _draw_parts(ax: Axes, neighbour: Axes, summary: list[dict[str, Any]]) -> None:
    """Draw the parts of the drop as bars, one on the other."""
    ratios = sorted({part["imbalance"] for part in summary})
    width = 0.8 / len(_SOURCES)
    for i, source in enumerate(_SOURCES):
        parts = {part["imbalance"]: part for part in summary if part["source"] == source}
        x = np.arange(len(ratios)) + (i - (len(_SOURCES) - 1) / 2) * width
        number = np.array([parts[ratio]["number"] for ratio in ratios])
        similarity = np.array([parts[ratio]["similarity"] for ratio in ratios])
        faint = 1.0 if source == "measured" else 0.55
        hatch = {"measured": "", "theorem2": "", "finite": "////"}[source]
        look: dict[str, Any] = {"width": 0.9 * width, "alpha": faint, "hatch": hatch, "edgecolor": "white"}
        ax.bar(x, number, color=COLOURS[0], **look)
        ax.bar(x, similarity, bottom=number, color=COLOURS[3], **look)
        for at, ratio in zip(x, ratios, strict=True):
            top = parts[ratio]["drop"] + 1
            share = parts[ratio]["share"]
            ax.text(at, top, "-" if share is None else f"{share:.0f} %", ha="center", rotation=90, va="bottom")
    ax.set_xticks(range(len(ratios)), [f"{ratio:g}" for ratio in ratios])
    handles = [Patch(color=COLOURS[0], label="due to number (its share above)"), Patch(color=COLOURS[3])]
    handles[1].set_label("due to similarity")
    grey: dict[str, Any] = {"facecolor": "#777777", "edgecolor": "white"}
    handles += [
        Patch(label="measured", **grey),
        Patch(label="Theorem 2", alpha=0.55, **grey),
        Patch(label="with finite samples", alpha=0.55, hatch="////", **grey),
    ]
    neighbour.add_artist(neighbour.legend(handles=handles, loc="lower left", title="Drop and parts", alignment="left"))
    most = max(part["drop"] for part in summary)
    ax.set(xlabel="imbalance", ylabel="drop in recall, points", title="The drop and its parts", ylim=(0, 1.25 * most))
    ax.grid(visible=False, axis="x")


def _log(ax: Axes, ratios: list[float]) -> None:
    ax.set_xscale("log")
    ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("imbalance")
