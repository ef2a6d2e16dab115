"""Theorem 2 against networks: predictions from balanced data, and what came of them.

Three figures of the first data set of the results: for each classifier measured against predicted recall, every class
as the minority of every pair; the error of each law by imbalance; and all of it on one axis, ``ln(imbalance) / M^2``,
on which Theorem 2 says that ``Phi^-1(recall) / M`` is the line ``1/2 - ln(imbalance) / M^2``. The data are those of
``empirical.experiments.network_pairs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from scipy.special import ndtr, ndtri

from figures.agreement import Cloud, draw_agreement, legend
from figures.results import Results, caption_text, command_reader, data_set, note_missing, read
from figures.style import COLOURS, GREY, MARKERS, canvas, entitle, styled
from figures.wording import span

__all__ = ["command", "draw", "draw_errors", "draw_line"]

_NAME = "network-pairs"
_COLUMNS = (
    "data",
    "classifier",
    "features",
    "imbalance",
    "n_pos",
    "n_neg",
    "separation",
    "theorem2",
    "measured",
    "run",
)
_CLASSIFIERS = {"lda": "LDA", "head": "linear head, CE", "network": "networks from scratch"}
_FEATURES = {"relu": "features", "sqrt": "square roots of features", "pixels": "pixels", "own": ""}
_LAWS = {
    "oracle": "theory at the known M",
    "theorem2": "Theorem 2, M of the balanced accuracy",
    "finite": "and finite samples",
    "variances": "variance of each class along w",
    "covariances": "unequal covariances",
    "together": "unequal covariances, finite samples",
    "scores": "boundary moved by ln r, no normal law",
    "moments": "unequal covariances, no normal law",
}
_MOST = 4  # panels
_CURVES = 4


command = command_reader(_NAME, _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw measured against predicted recall, a panel for each classifier, from ``network-pairs.csv``.

    Raises:
        ResultsError: it or ``network-pairs.json`` is missing or cannot be read.
    """
    table, name = _read(results)
    kinds = _kinds(table, name)[:_MOST] or [("", "")]
    rows = -(-len(kinds) // 2)
    fig = canvas(2.75 * rows + 0.85)
    grid = fig.subplots(rows, min(2, len(kinds)), squeeze=False)
    ratios = sorted({row["imbalance"] for row in table.where(data=name) if row["imbalance"] is not None})
    errors = [
        error
        for ax, kind in zip(grid.flat, kinds, strict=False)
        if (error := _draw_agreement(ax, table, name, kind, ratios)) is not None
    ]
    for ax in list(grid.flat)[len(kinds) :]:
        ax.set_axis_off()
    legend(fig, list(grid.flat), ratios)
    off = f", off by {span(errors)} points" if errors else ""
    numbers = [
        f"{_title(kind)}: {', '.join(Cloud([], [], part).label for part in _summary(table, name, kind, 'theorem2'))}."
        for kind in kinds
    ]
    return _finish(
        fig,
        table,
        name,
        f"One balanced number predicts minority recall{off}",
        "Each point is a pair of classes: the recall that Theorem 2 predicts from the accuracy on balanced data, and "
        "the recall of the classifier trained on imbalanced data; nothing is fitted. Mean absolute error in points and "
        f"correlation by imbalance: {' '.join(numbers)}",
    )


@styled()
def draw_errors(results: Path) -> Figure:
    """Draw the mean absolute error of each law by imbalance, from the summary in ``network-pairs.json``.

    Raises:
        ResultsError: it or ``network-pairs.csv`` is missing or cannot be read.
    """
    table, name = _read(results)
    kinds = [kind for kind in _kinds(table, name) if kind[0] == "lda"][:2] or [("lda", "relu")]
    fig = canvas(3.9)
    grid = fig.subplots(1, len(kinds), squeeze=False, sharey=True)
    for ax, kind in zip(grid.flat, kinds, strict=True):
        _draw_errors(ax, table, name, kind)
    grid[0, 0].set_ylabel("mean absolute error, points")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if handles:
        fig.legend(handles, labels, loc="outside lower center", ncols=2)
    parts = [part for kind in kinds for law in _LAWS for part in _summary(table, name, kind, law)]
    there = [part for part in parts if part["mae"] is not None]
    least = ""
    if there:
        most = max(part["imbalance"] for part in there)
        best = min(part["mae"] for part in there if part["imbalance"] == most)
        least = f"; at imbalance {most:g} the least is {best:.1f} points"
    text = "The mean absolute error of predicted minority recall, in points, of each law, by imbalance."
    return _finish(fig, table, name, f"Errors of the laws of minority recall{least}", text)


@styled()
def draw_line(results: Path) -> Figure:
    """Draw recall and all classifiers against the one axis ``ln(r) / M^2``, from ``network-pairs.csv``.

    Raises:
        ResultsError: it or ``network-pairs.json`` is missing or cannot be read.
    """
    table, name = _read(results)
    fig = canvas(3.6)
    left, right = fig.subplots(1, 2)
    _draw_recall(left, table, name)
    distances = _draw_line(right, table, name, _kinds(table, name))
    handles, labels = right.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2, markerscale=1.5)
    text = (
        "Left, minority recall of LDA on features, coloured by the separation M, with Theorem 2's curves at four "
        "separations. Right, Theorem 2 says that Phi^-1(recall) / M is the line 1/2 - ln(r) / M^2, r the imbalance; "
        "recalls of 0 and 1 are left out there."
    )
    message = "Number and similarity of classes act on one axis"
    if distances:
        message += f", {np.mean(distances):.2f} from Theorem 2's line on average"
    return _finish(fig, table, name, message, text)


def _read(results: Path) -> tuple[Results, str]:
    """Return the results and the first data set, the one that is drawn."""
    table = read(results, _NAME, _COLUMNS)
    return table, str(table.values("data")[0])


def _finish(fig: Figure, table: Results, data: str, message: str, text: str) -> Figure:
    """Entitle a figure and note what is missing."""
    entitle(fig, message, caption_text(table, f"{text} {data_set(table)}."))
    note_missing(fig, table)
    return fig


def _kinds(table: Results, data: str) -> list[tuple[str, str]]:
    """Return the classifiers and kinds of features that there are."""
    rows = [row for row in table.where(data=data) if row["classifier"] is not None]
    return list(dict.fromkeys((row["classifier"], row["features"]) for row in rows))


def _title(kind: tuple[str, str]) -> str:
    classifier, features = (names.get(name, name) for names, name in zip((_CLASSIFIERS, _FEATURES), kind, strict=True))
    return f"{classifier} on {features}" if features else classifier


def _measured(table: Results, data: str, kind: tuple[str, str], **cells: Any) -> list[dict[str, Any]]:
    """Return the rows with a prediction and a measurement."""
    rows = table.where(data=data, classifier=kind[0], features=kind[1], **cells)
    return [row for row in rows if row["measured"] is not None and row["theorem2"] is not None]


def _summary(table: Results, data: str, kind: tuple[str, str], law: str) -> list[dict[str, Any]]:
    """Return the agreement of a law by imbalance."""
    own = {"data": data, "classifier": kind[0], "features": kind[1], "law": law}
    parts = [part for part in table.metadata["summary"] if own.items() <= part.items()]
    return [part for part in parts if part["imbalance"] is not None]


def _draw_agreement(
    ax: Axes, table: Results, data: str, kind: tuple[str, str], ratios: Sequence[float]
) -> float | None:
    """Draw measured recall against that of Theorem 2."""
    clouds = []
    for part in _summary(table, data, kind, "theorem2"):
        rows = _measured(table, data, kind, imbalance=part["imbalance"])
        clouds.append(Cloud([row["theorem2"] for row in rows], [row["measured"] for row in rows], part))
    return draw_agreement(ax, clouds, _title(kind), ratios)


def _draw_errors(ax: Axes, table: Results, data: str, kind: tuple[str, str]) -> None:
    """Draw the mean absolute error of each law by imbalance."""
    ratios: set[float] = set()
    for i, (law, title) in enumerate(_LAWS.items()):
        parts = [part for part in _summary(table, data, kind, law) if part["mae"] is not None]
        ratios |= {part["imbalance"] for part in parts}
        # The first two share a colour: the same formula, at the known separation and at the measured one.
        look: dict[str, Any] = {
            "color": COLOURS[max(0, i - 1)],
            "marker": MARKERS[max(0, i - 1)],
            "linewidth": 1.1,
            "markersize": 4,
        }
        look |= {"linestyle": ":", "fillstyle": "none"} if law == "oracle" else {}
        if parts:
            ax.plot([part["imbalance"] for part in parts], [part["mae"] for part in parts], label=title, **look)
    if ratios:
        ax.set_xscale("log")
        ax.set_xticks(sorted(ratios), [f"{ratio:g}" for ratio in sorted(ratios)])
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlabel="imbalance r", title=_title(kind))
    ax.set_ylim(bottom=0)


def _draw_recall(ax: Axes, table: Results, data: str) -> None:
    """Draw recall against the one axis, with curves of a few separations."""
    rows = _measured(table, data, ("lda", "relu"))
    ax.set(xlabel="ln r / M²", ylabel="minority recall", title="LDA on features")
    if not rows:
        return
    x, m, recall = (np.array(column) for column in zip(*map(_sort_key, rows), strict=True))
    norm, colours = Normalize(m.min(), m.max()), matplotlib.colormaps["viridis"]
    ax.scatter(x, recall, c=m, cmap=colours, norm=norm, s=5, linewidths=0, alpha=0.8)
    grid = np.linspace(0, x.max(), 200)
    for separation in np.linspace(m.min(), m.max(), _CURVES):
        ax.plot(grid, ndtr(separation * (0.5 - grid)), color=colours(norm(separation)), linewidth=1.1)
    bar = ax.figure.colorbar(
        ScalarMappable(norm, colours), cax=ax.inset_axes((0.52, 0.93, 0.44, 0.035)), orientation="horizontal"
    )
    bar.set_label("separation M")


def _draw_line(ax: Axes, table: Results, data: str, kinds: list[tuple[str, str]]) -> list[float]:
    """Draw what Theorem 2 brings to one line, for all classifiers, and return how far the points are from it.

    Recalls of 0 and 1 have no place on it.
    """
    last, distances = 0.0, []
    for i, kind in enumerate(kinds):
        places = [place for row in _measured(table, data, kind) if 0 < (place := _sort_key(row))[2] < 1]
        if places:
            x, m, recall = np.transpose(places)
            last = max(last, x.max())
            distances += np.abs(ndtri(recall) / m - (0.5 - x)).tolist()
            big = kind[0] == "network"
            look: dict[str, Any] = {
                "marker": MARKERS[i],
                "color": COLOURS[i],
                "s": 22 if big else 6,
                "linewidths": 0.4 if big else 0,
            }
            look |= {"edgecolors": "black", "zorder": 3} if big else {"alpha": 0.5}
            ax.scatter(x, ndtri(recall) / m, label=_title(kind), **look)
    ends = [0, last] if last else []
    ax.plot(ends, np.subtract(0.5, ends), color=GREY, linewidth=1, label="Theorem 2: 1/2 - ln r / M²")
    ax.set(xlabel="ln r / M²", ylabel="Φ⁻¹(recall) / M", title="all classifiers")
    return distances


def _sort_key(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return ``ln(n_pos / n_neg) / M^2``, ``M`` and the recall."""
    m = row["separation"]
    return float(np.log(row["n_pos"] / row["n_neg"])) / m**2, m, row["measured"]
