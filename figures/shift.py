"""Theorem 1 in feature space: how far similar samples move the boundary, by both formulas and as measured.

Three figures of the first data set of the results, each with a panel for each kind of sample and way of mixing. The
shift against ``rho`` at the smallest imbalance, with the formula that holds as a line, the printed one dashed, the
widest exact band shaded; a point is a pair of classes of one network, with 95 % of its repeats. How often the boundary
lies within the bands. Where the nearest-mean hyperplane crosses the line of the means (linear up to 1, then
logarithmic).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, MaxNLocator, NullLocator, SymmetricalLogLocator
from scipy.stats import binomtest

from figures.results import caption_text, command_reader, data_set, note_missing, read
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled

__all__ = ["command", "draw", "draw_bands", "draw_crossing"]

_COLUMNS = (
    *("data", "space", "mixed", "imbalance", "fraction", "degree", "separation", "predicted", "printed", "measured"),
    *("low", "high", "band_exact", "crossing", "predicted_crossing", "repeats", "inside_exact", "as_printed", "run"),
)
_KINDS = {
    ("features", "features"): "features, mixed as features",
    ("features", "images"): "features of mixed images (the simulation's)",
    ("pixels", "features"): "pixels, mixed",
    ("pixels", "images"): "pixels of mixed images",
}
_BANDS = {
    "inside_printed": "printed band, about the shift that holds",
    "inside_sharp": "sharp band",
    "inside_exact": "exact band",
    "as_printed": "printed band, about the printed shift",
}
_FORMULAS = ("predicted", "printed")  # the shift that holds and the one that is printed
_LEVEL = 95
_LINEAR = 1.0

Rows = list[dict[str, Any]]


command = command_reader("shift", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw the shift against ``rho`` by both formulas and as measured, from ``shift.csv``.

    Raises:
        ResultsError: it or ``shift.json`` is missing or cannot be read.
    """
    text = (
        "The shift of the estimated boundary, in units of the distance of the means, against rho, the similar part of "
        "the majority, at the smallest imbalance: lines, the formula that holds, the widest exact 95% band shaded; "
        "dashed, the printed formula; a point is a pair of classes of one network, with 95% of its repeats."
    )
    looks: dict[str, Any] = {"the shift that holds, exact 95 % band": "-", "the printed shift": "--"}
    lines = [Line2D([], [], color=GREY, linestyle=look, label=label) for label, look in looks.items()]
    subject = "The boundary shifts with similar samples: by formula and as measured"
    return _draw(results, _draw_shift, "shift / |mu2 - mu1|", _say_shift, subject, text, lines, share=True)


@styled()
def draw_bands(results: Path) -> Figure:
    """Draw how often the boundary lies within the bands, from ``shift.csv``.

    Raises:
        ResultsError: it or ``shift.json`` is missing or cannot be read.
    """
    text = (
        f"Percent of the boundaries inside each band, with exact 95% intervals; the line is {_LEVEL}%, the level of "
        "all bands."
    )
    subject = "How often the estimated boundary lies within each band"
    return _draw(results, _draw_inside, "boundaries inside, %", _say_inside, subject, text)


@styled()
def draw_crossing(results: Path) -> Figure:
    """Draw where the hyperplane crosses the line of the means, predicted and measured, from ``shift.csv``.

    Raises:
        ResultsError: it or ``shift.json`` is missing or cannot be read.
    """
    text = (
        "Where the nearest-mean hyperplane crosses the line of the means, from their middle, predicted to first order "
        "and measured; on the line both are equal. The scale is linear up to 1, then logarithmic."
    )
    subject = "Where the nearest-mean hyperplane crosses the line of the means"
    return _draw(results, _draw_crossing, "crossing, measured", _say_crossing, subject, text, share=True)


def _draw(
    results: Path,
    panel: Callable[[Axes, Rows], None],
    ylabel: str,
    say: Callable[[Sequence[Rows]], str],
    subject: str,
    text: str,
    lines: Sequence[Line2D] = (),
    *,
    share: bool = False,
) -> Figure:
    """Draw a panel for each kind of sample and way of mixing."""
    table = read(results, "shift", _COLUMNS)
    data = str(table.values("data")[0])
    fig = canvas(5.4)
    grid = fig.subplots(2, 2)
    panels = [table.where(data=data, space=space, mixed=mixed) for space, mixed in _KINDS]
    for ax, rows, title in zip(grid.flat, panels, _KINDS.values(), strict=True):
        panel(ax, rows)
        ax.set_title(title)
    for axes in grid:
        axes[0].set_ylabel(ylabel)
    if share:
        _share_y(grid.flat)
    shown: dict[str, Any] = {str(line.get_label()): line for line in lines}
    for ax in grid.flat:
        shown |= {label: line for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if shown:
        fig.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=2)
    message = say([rows for rows in panels if rows]) if any(panels) else None
    entitle(fig, message, caption_text(table, text, f"{data_set(table)}."), subject)
    note_missing(fig, table)
    return fig


def _most_even(rows: Rows) -> Rows:
    """Return the rows at the smallest imbalance."""
    least = min((row["imbalance"] for row in rows), default=None)
    return [row for row in rows if row["imbalance"] == least]


def _say_shift(panels: Sequence[Rows]) -> str:
    """Return how far both formulas are off, in percent of the distance of the means."""
    own = [row for rows in panels for row in _most_even(rows)]
    holds, printed = (100 * np.mean([abs(row[name] - row["measured"]) for row in own]) for name in _FORMULAS)
    return (
        f"The shift that holds is off by {holds:.1f} % of the distance of the means, the printed one by {printed:.1f} %"
    )


def _say_inside(panels: Sequence[Rows]) -> str:
    """Return how many boundaries lie within the exact and the printed band."""
    rows = [row for own in panels for row in own]
    exact, printed = (
        100 * sum(row[name] for row in rows) / sum(row["repeats"] for row in rows)
        for name in ("inside_exact", "as_printed")
    )
    return (
        f"{exact:.1f} % of the boundaries lie within the exact {_LEVEL} % band, {printed:.1f} % within the printed one "
        "about the printed shift"
    )


def _say_crossing(panels: Sequence[Rows]) -> str:
    """Return the median error of the crossing."""
    middle = np.median([abs(row["crossing"] - row["predicted_crossing"]) for rows in panels for row in rows])
    return (
        f"In half of the cases the hyperplane crosses within {100 * middle:.1f} % of the distance of the means of its "
        "prediction"
    )


def _draw_shift(ax: Axes, rows: Rows) -> None:
    """Draw the shift against ``rho``."""
    rows = _most_even(rows)
    fractions = sorted({row["fraction"] for row in rows})
    for i, degree in enumerate(sorted({row["degree"] for row in rows})):
        own = [row for row in rows if row["degree"] == degree]
        for name, look in zip(_FORMULAS, ("-", "--"), strict=True):
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
                markersize=2.2,
                elinewidth=0.6,
                color=COLOURS[i],
                label=f"lambda = {degree:g}, measured" if k == 0 else None,
            )
    ax.set_xlabel("rho, similar part of the majority")


def _draw_inside(ax: Axes, rows: Rows) -> None:
    """Draw how many boundaries lie within the bands, with exact intervals."""
    ratios = sorted({row["imbalance"] for row in rows})
    ax.axhline(_LEVEL, color=GREY, linewidth=1)
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
                markersize=3.5,
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


def _draw_crossing(ax: Axes, rows: Rows) -> None:
    """Draw where the hyperplane crosses, predicted and measured."""
    for i, ratio in enumerate(sorted({row["imbalance"] for row in rows})):
        own = [row for row in rows if row["imbalance"] == ratio]
        ax.plot(
            [row["predicted_crossing"] for row in own],
            [row["crossing"] for row in own],
            linestyle="none",
            marker=("o", "s", "^")[i % 3],
            markersize=2.4,
            markeredgewidth=0.6,
            fillstyle="none",
            color=("#000000", "#56B4E9", "#D55E00")[i % 3],
            label=f"hyperplane, imbalance {ratio:g}",
        )
    if rows:
        predicted = [row["predicted_crossing"] for row in rows]
        ends = np.linspace(min(predicted), max(predicted), 200)
        ax.plot(ends, ends, color=GREY, linewidth=1, zorder=1)
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
