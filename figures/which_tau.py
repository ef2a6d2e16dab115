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

from figures.results import ALL_METHODS, caption_text, command_reader, data_name, note_missing, read
from figures.style import COLOURS, GREY, canvas, entitle, series, styled
from figures.wording import average

__all__ = ["command", "draw"]

_COLUMNS = ("data", "imbalance", "method", "fraction", "rule", "images", "lost", "lost_95", "run")
_CHOSEN_ON_SPLITS = ("likelihood", "swept", "temperature", "mean posterior", "vector scaling")
_RULES = {
    "none": "no correction",
    "swept": "sweep",
    "tau 1": "tau = 1",
    "retrained head": "re-trained head",
    "tau-normalisation by likelihood": "same, by likelihood",
}
"""The rules whose names in the table are short."""
_WIDTH = 0.6


command = command_reader("which-tau", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``which-tau.csv`` and ``which-tau.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    table = read(results, "which-tau", _COLUMNS)
    there = [row for row in table.rows if row["lost"] is not None]
    fig = canvas(4.4)
    left, right = fig.subplots(1, 2, gridspec_kw={"width_ratios": [3, 2]})
    _draw_rules(left, there)
    _draw_sizes(right, there)
    for ax in (left, right):
        ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
        ax.set_yscale("symlog", linthresh=1)
        ax.set_yticks([-0.5, 0, 0.3, 1, 3, 10, 30], ["-0.5", "0", "0.3", "1", "3", "10", "30"])
    left.set_ylabel("points lost against the best tau")
    right.plot([], [], "--", color=GREY, label="the worst 5 % of splits")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15))
    handles, labels = left.get_legend_handles_labels()
    title = None if len({row["imbalance"] for row in there}) == 1 else "method, imbalance"
    fig.legend(handles, labels, loc="outside lower left", ncols=3, title=title, alignment="left")
    entitle(
        fig,
        _message(there),
        caption_text(
            table,
            "Left, at the largest split, a point is a network and the bar the mean over them; right, rules that choose",
            "on the split, mean over the networks, dashed the worst 5% of the splits. What is lost is counted from the",
            "best tau of a sweep on the judging images; the scale is linear below one point and logarithmic above.",
        ),
        "Points lost by rules that choose tau on a long-tailed split",
    )
    note_missing(fig, table)
    return fig


def _largest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the largest split."""
    largest = max((row["fraction"] for row in rows), default=0)
    return [row for row in rows if row["fraction"] == largest]


def _message(rows: list[dict[str, Any]]) -> str | None:
    """Return what is lost by the likelihood and by a sweep at the largest split, mean over the networks."""
    own = _largest(rows)
    likelihood, swept = (average([row["lost"] for row in own if row["rule"] == rule]) for rule in _CHOSEN_ON_SPLITS[:2])
    if likelihood is None or swept is None:
        return None
    return (
        f"Choosing tau by likelihood loses {likelihood:z.1f} points, by a sweep on the same split {swept:z.1f}, "
        "mean over the networks"
    )


def _name(row: dict[str, Any]) -> str:
    """Return what the legend calls a network."""
    return ALL_METHODS.get(row["method"], row["method"]) if row["method"] else data_name(row["data"])


def _draw_rules(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw a point for each rule and network, at the largest size of the split."""
    own = _largest(rows)
    rules = list(dict.fromkeys(row["rule"] for row in own))
    networks = list(dict.fromkeys((_name(row), row["imbalance"]) for row in own))
    one = len({ratio for _, ratio in networks}) == 1
    for i, rule in enumerate(rules):
        lost = [row["lost"] for row in own if row["rule"] == rule]
        ax.plot([i - _WIDTH / 2, i + _WIDTH / 2], [np.mean(lost)] * 2, color="#000000", linewidth=1.2)
    for k, network in enumerate(networks):
        mine = [row for row in own if (_name(row), row["imbalance"]) == network]
        shift = _WIDTH * ((k + 0.5) / len(networks) - 0.5)
        ax.plot(
            [rules.index(row["rule"]) + shift for row in mine],
            [row["lost"] for row in mine],
            linestyle="none",
            markersize=3.5,
            markeredgewidth=0.8,
            **series(k),
            label=network[0] if one else f"{network[0]}, {network[1]:g}",
        )
    names = [_RULES.get(rule, rule) for rule in rules]
    ax.set_xticks(range(len(rules)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.grid(visible=False, axis="x")
    largest = own[0]["fraction"] if own else 0
    split = f"a split of {100 * largest:g} % of the counts"
    ax.set_title(f"imbalance {networks[0][1]:g}, {split}" if one else split)


def _draw_sizes(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw what rules lose against the size of the split."""
    fractions = sorted({row["fraction"] for row in rows})
    for i, rule in enumerate(_CHOSEN_ON_SPLITS):
        own = [[row for row in rows if row["rule"] == rule and row["fraction"] == f] for f in fractions]
        sizes = [100 * part[0]["fraction"] for part in own if part]
        for column, style in (("lost", "-"), ("lost_95", "--")):
            values = [np.mean([row[column] for row in part]) for part in own if part]
            label = _RULES.get(rule, rule) if column == "lost" else None
            ax.plot(sizes, values, style, color=COLOURS[i], marker="o" if label else None, markersize=3, label=label)
    ax.set_xscale("log")
    ax.set_xticks([100 * f for f in fractions], [f"{100 * f:g}" for f in fractions])
    ax.minorticks_off()
    ax.set_xlabel("split, % of the training counts")
    ax.set_title("smaller splits")
