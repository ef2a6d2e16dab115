"""Which tau: points lost by each rule, and by the size of the split.

Left: a split of the largest size; a point is a network, the bar the mean over them. Right: rules that choose on the
split, mean over the networks against the images of the split, and dashed the worst 5 % of the splits. What is lost is
counted from the best of a sweep on the judging images; the scale is linear below one point and logarithmic above.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.results import Results, about, made_by, note_missing, read
from figures.style import COLOURS, MARKERS, canvas, entitle, styled

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "fraction", "rule", "images", "lost", "lost_95", "run")
_CHOSEN_ON_SPLITS = ("likelihood", "swept", "temperature", "mean posterior", "vector scaling")
_WIDTH = 0.6


command = made_by("which-tau", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``which-tau.csv`` and ``which-tau.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "which-tau", _COLUMNS)
    there = [row for row in found.rows if row["lost"] is not None]
    fig = canvas(4.4)
    left, right = fig.subplots(1, 2, gridspec_kw={"width_ratios": [3, 2]})
    _draw_rules(left, there)
    _draw_sizes(right, there)
    for ax in (left, right):
        ax.axhline(0, color="#555555", linewidth=0.8, zorder=1)
        ax.set_yscale("symlog", linthresh=1)
        ax.set_yticks([-0.5, 0, 0.3, 1, 3, 10, 30], ["-0.5", "0", "0.3", "1", "3", "10", "30"])
    left.set_ylabel("points lost against the best tau")
    handles, labels = (
        [*one, *other]
        for one, other in zip(left.get_legend_handles_labels(), right.get_legend_handles_labels(), strict=True)
    )
    fig.legend(handles, labels, loc="outside lower center", ncols=3)
    entitle(
        fig,
        "Points lost by rules that choose tau on a long-tailed split",
        about(
            found,
            "Left, at the largest split, a point is a network and the bar the mean over them; right, rules that choose",
            "on the split, mean over the networks, dashed the worst 5% of the splits. What is lost is counted from the",
            "best tau of a sweep on the judging images; the scale is linear below one point and logarithmic above.",
        ),
    )
    finished = {row["run"] for row in there}
    note_missing(
        fig, Results([{"run": row["run"], "there": row["run"] in finished or None} for row in found.rows], found.made)
    )
    return fig


def _name(row: dict[str, Any]) -> str:
    """Return what the legend calls a network."""
    return f"{row['method'] or row['data']}, {row['imbalance']:g}"


def _draw_rules(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw a point for each rule and network, at the largest size of the split."""
    largest = max((row["fraction"] for row in rows), default=0)
    own = [row for row in rows if row["fraction"] == largest]
    rules = list(dict.fromkeys(row["rule"] for row in own))
    networks = list(dict.fromkeys(_name(row) for row in own))
    for i, rule in enumerate(rules):
        lost = [row["lost"] for row in own if row["rule"] == rule]
        ax.plot([i - _WIDTH / 2, i + _WIDTH / 2], [np.mean(lost)] * 2, color="#000000", linewidth=1.2)
    for k, network in enumerate(networks):
        mine = [row for row in own if _name(row) == network]
        shift = _WIDTH * ((k + 0.5) / len(networks) - 0.5)
        ax.plot(
            [rules.index(row["rule"]) + shift for row in mine],
            [row["lost"] for row in mine],
            linestyle="none",
            marker=MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            markersize=3,
            label=network,
        )
    names = [rule.replace(" by ", "\nby ") for rule in rules]
    ax.set_xticks(range(len(rules)), names, rotation=35, ha="right", rotation_mode="anchor")
    ax.grid(visible=False, axis="x")
    ax.set_title(f"a split of {100 * largest:g} % of the counts")


def _draw_sizes(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw what rules lose against the images of the split."""
    fractions = sorted({row["fraction"] for row in rows})
    for i, rule in enumerate(_CHOSEN_ON_SPLITS):
        own = [[row for row in rows if row["rule"] == rule and row["fraction"] == f] for f in fractions]
        images = [np.mean([row["images"] for row in part]) for part in own if part]
        for column, style in (("lost", "-"), ("lost_95", "--")):
            values = [np.mean([row[column] for row in part]) for part in own if part]
            label = rule if column == "lost" else None
            ax.plot(images, values, style, color=COLOURS[i], marker="o" if label else None, markersize=3, label=label)
    ax.set_xscale("log")
    ax.set_xlabel("images of the split")
    ax.set_title("smaller splits (dashed: the worst 5 %)")
