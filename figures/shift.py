"""Theorem 1 in feature space: how far similar samples move the boundary, by both formulas and as measured.

A column for each kind of sample and way of mixing. Top: the shift against ``rho`` at the smallest imbalance, with the
formula that holds as a line, the printed one dashed, the widest exact band shaded; a point is a pair of classes of one
network, with 95 % of its repeats. Middle: how often the boundary lies within the bands. Bottom: where the nearest-mean
hyperplane crosses the line of the means (linear up to 1, then logarithmic).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator, NullLocator, SymmetricalLogLocator
from scipy.stats import binomtest

from figures.results import made_by, note_missing, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

_COLUMNS = (
    *("data", "space", "mixed", "imbalance", "fraction", "degree", "separation", "predicted", "printed", "measured"),
    *("low", "high", "band_exact", "crossing", "predicted_crossing", "repeats", "inside_exact", "as_printed", "run"),
)
_KINDS = {
    ("features", "features"): "features, mixed as features\n(the theorem's setting)",
    ("features", "images"): "features of mixed images\n(the simulation's setting)",
    ("pixels", "features"): "pixels, mixed as pixels",
    ("pixels", "images"): "pixels of mixed images",
}
_BANDS = {
    "inside_printed": "within the printed band, about the shift that holds",
    "inside_sharp": "within the sharp band",
    "inside_exact": "within the exact band",
    "as_printed": "within the printed band, about the printed shift",
}
_PANEL = (3.0, 2.6)
_LEVEL = 95
_LINEAR = 1.0


command = made_by("shift", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``shift.csv`` and ``shift.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "shift", _COLUMNS)
    data = found.values("data")
    width, height = _PANEL
    fig = Figure(figsize=(width * len(_KINDS) + 0.6, height * 3 * len(data) + 1.5))
    grid = fig.subplots(3 * len(data), len(_KINDS), squeeze=False)
    for i, name in enumerate(data):
        short, (top, middle, bottom) = name.partition(":")[0], grid[3 * i : 3 * i + 3]
        for j, ((space, mixed), title) in enumerate(_KINDS.items()):
            rows = found.where(data=name, space=space, mixed=mixed)
            _draw_shift(top[j], rows)
            _draw_inside(middle[j], rows)
            _draw_crossing(bottom[j], rows)
            top[j].set_title(title)
        top[0].set_ylabel(f"{short}: shift / |mu2 - mu1|")
        middle[0].set_ylabel(f"{short}: boundaries inside, %")
        bottom[0].set_ylabel(f"{short}: crossing, measured")
        for axes in (top, bottom):
            _share_y(axes)
    _legend(fig, grid)
    fig.suptitle(f"Theorem 1's shift by similar samples, nothing fitted ({found.profile})")
    note_missing(fig, found)
    return fig


def _draw_shift(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw the shift against ``rho``."""
    rows = [row for row in rows if row["imbalance"] == min(r["imbalance"] for r in rows)]
    fractions = sorted({row["fraction"] for row in rows})
    for i, degree in enumerate(sorted({row["degree"] for row in rows})):
        own = [row for row in rows if row["degree"] == degree]
        for name, look in (("predicted", "-"), ("printed", "--")):
            line = [next(row[name] for row in own if row["fraction"] == at) for at in fractions]
            ax.plot(fractions, line, look, color=COLOURS[i], linewidth=1.2)
        middle = [next(row["predicted"] for row in own if row["fraction"] == at) for at in fractions]
        half = [max(row["band_exact"] for row in own if row["fraction"] == at) for at in fractions]
        ax.fill_between(
            fractions, np.subtract(middle, half), np.add(middle, half), color=COLOURS[i], alpha=0.12, linewidth=0
        )
        cases = list(dict.fromkeys((row["run"], row["majority"], row["minority"]) for row in own))
        for k, case in enumerate(cases):
            points = [row for row in own if (row["run"], row["majority"], row["minority"]) == case]
            measured = np.array([row["measured"] for row in points])
            ax.errorbar(
                [row["fraction"] + 0.06 * ((k + 0.5) / len(cases) - 0.5) for row in points],
                measured,
                np.maximum(0, [measured - [row["low"] for row in points], [row["high"] for row in points] - measured]),
                linestyle="none",
                marker=MARKERS[i],
                markersize=3,
                elinewidth=0.7,
                color=COLOURS[i],
                label=f"lambda = {degree:g}, measured" if k == 0 else None,
            )
    ax.set_xlabel("rho, similar part of the majority")


def _draw_inside(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw how many boundaries lie within the bands, with exact intervals."""
    ratios = sorted({row["imbalance"] for row in rows})
    ax.axhline(_LEVEL, color="#555555", linewidth=1)
    for i, (name, label) in enumerate(_BANDS.items()):
        for ratio in ratios:
            own = [row for row in rows if row["imbalance"] == ratio]
            hits, total = (sum(row[key] for row in own) for key in (name, "repeats"))
            ci = binomtest(hits, total).proportion_ci(method="exact")
            part = 100 * hits / total
            ax.errorbar(
                [ratio * (0.88 + 0.08 * i)],
                [part],
                [[max(0, part - 100 * ci.low)], [max(0, 100 * ci.high - part)]],
                linestyle="none",
                marker=MARKERS[i + 3],
                markersize=4.5,
                elinewidth=0.9,
                color=COLOURS[i + 3],
                label=label if ratio == ratios[0] else None,
            )
    if ratios:
        ax.set_xscale("log")
        ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlim(min(ratios) / 1.5, max(ratios) * 1.5)
    ax.set(ylim=(-3, 103), xlabel="imbalance n+ / n-")


def _draw_crossing(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw where the hyperplane crosses, predicted and measured."""
    for i, ratio in enumerate(sorted({row["imbalance"] for row in rows})):
        own = [row for row in rows if row["imbalance"] == ratio]
        ax.plot(
            [row["predicted_crossing"] for row in own],
            [row["crossing"] for row in own],
            linestyle="none",
            marker=("o", "s", "^")[i % 3],
            markersize=3,
            fillstyle="none",
            color=("#000000", "#56B4E9", "#D55E00")[i % 3],
            label=f"hyperplane, imbalance {ratio:g}",
        )
    if rows:
        predicted = [row["predicted_crossing"] for row in rows]
        ends = np.linspace(min(predicted), max(predicted), 200)
        ax.plot(ends, ends, color="#555555", linewidth=1, zorder=1)
    # Where few samples in many dimensions leave little between the means, it crosses far away.
    ax.set_xscale("symlog", linthresh=_LINEAR)
    ax.set_yscale("symlog", linthresh=_LINEAR)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(_Ticks(base=10, linthresh=_LINEAR, subs=(1, 3)))
        axis.set_major_formatter(FormatStrFormatter("%g"))
    ax.set_xlabel("crossing, predicted to first order")


class _Ticks(SymmetricalLogLocator):
    """Ticks of a scale that is linear about 0; where nothing lies beyond that part, those of a linear scale."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the places of the ticks."""
        linear = max(abs(vmin), abs(vmax)) <= _LINEAR
        return MaxNLocator(4).tick_values(vmin, vmax) if linear else super().tick_values(vmin, vmax)


def _share_y(axes: Any) -> None:
    """Give panels the same limits."""
    limits = [ax.get_ylim() for ax in axes]
    for ax in axes:
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _legend(fig: Figure, grid: Any) -> None:
    handles: dict[str, Any] = {}
    for row in grid[:3]:
        drawn, labels = row[0].get_legend_handles_labels()
        handles.update(dict(zip(labels, drawn, strict=True)))
    line = grid[0][0].plot([], [], color="#555555")[0]
    dashed = grid[0][0].plot([], [], "--", color="#555555")[0]
    shown = {"the shift that holds, shaded: exact 95 % band": line, "the shift as printed": dashed, **handles}
    fig.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=3)
