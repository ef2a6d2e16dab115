"""Theorem 2 against networks: predictions from balanced data, and what came of them.

Two rows for each data set. Above, for each classifier: measured against predicted recall, every class as the minority
of every pair. Below: the error of each law by imbalance, and all of it on one axis, ``ln(imbalance) / M^2``, on which
Theorem 2 says that ``Phi^-1(recall) / M`` is the line ``1/2 - ln(imbalance) / M^2``. The data are those of
``empirical.experiments.network_pairs``.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from scipy.special import ndtr, ndtri

from figures.agreement import Cloud, draw_agreement
from figures.results import Results, made_by, note_missing, read
from figures.style import COLOURS, MARKERS, styled

__all__ = ["command", "draw"]

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
_WIDTH, _HEIGHTS = 3.4, (4.2, 4.7)
_CURVES = 4
_LETTERS = 40
_UNDER: dict[str, Any] = {
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.14),
    "handletextpad": 0.4,
    "labelspacing": 0.35,
}


command = made_by(_NAME, _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``network-pairs.csv`` and ``network-pairs.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, _NAME, _COLUMNS)
    there = {name: _kinds(found, name) for name in found.values("data")}
    columns = max(2, *(max(len(kinds), _ldas(kinds) + 2) for kinds in there.values()))
    heights = _HEIGHTS * len(there)
    fig = Figure(figsize=(_WIDTH * columns, sum(heights) + 0.4))
    grid = fig.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    for i, (name, kinds) in enumerate(there.items()):
        above, below = grid[2 * i], grid[2 * i + 1]
        for ax, kind in zip(above, kinds, strict=False):
            _draw_agreement(ax, found, name, kind)
        if len(there) > 1:
            above[0].set_ylabel(f"{fill(name.replace(',', ', '), _LETTERS)}\n{above[0].get_ylabel()}")
        ldas = [kind for kind in kinds if kind[0] == "lda"]
        for ax, kind in zip(below, ldas, strict=False):
            _draw_errors(ax, found, name, kind)
        _draw_recall(below[len(ldas)], found, name)
        _draw_line(below[len(ldas) + 1], found, name, kinds)
        for ax in [*above[len(kinds) :], *below[len(ldas) + 2 :]]:
            ax.set_axis_off()
    about = f"{next(iter(there))}; {found.profile}" if len(there) == 1 else found.profile
    fig.suptitle(f"Minority recall predicted before training ({about}); nothing is fitted")
    note_missing(fig, Results([{"run": row["run"], "measured": row["measured"]} for row in found.rows], found.made))
    return fig


def _kinds(found: Results, data: str) -> list[tuple[str, str]]:
    """Return the classifiers and kinds of features that there are."""
    rows = [row for row in found.where(data=data) if row["classifier"] is not None]
    return list(dict.fromkeys((row["classifier"], row["features"]) for row in rows))


def _ldas(kinds: list[tuple[str, str]]) -> int:
    return sum(classifier == "lda" for classifier, _ in kinds)


def _title(kind: tuple[str, str]) -> str:
    classifier, features = kind
    about = _FEATURES[features]
    return f"{_CLASSIFIERS[classifier]} on {about}" if about else _CLASSIFIERS[classifier]


def _measured(found: Results, data: str, kind: tuple[str, str], **cells: Any) -> list[dict[str, Any]]:
    """Return the rows with a prediction and a measurement."""
    rows = found.where(data=data, classifier=kind[0], features=kind[1], **cells)
    return [row for row in rows if row["measured"] is not None and row["theorem2"] is not None]


def _summary(found: Results, data: str, kind: tuple[str, str], law: str) -> list[dict[str, Any]]:
    """Return the agreement of a law by imbalance."""
    own = {"data": data, "classifier": kind[0], "features": kind[1], "law": law}
    parts = [part for part in found.made["summary"] if own.items() <= part.items()]
    return [part for part in parts if part["imbalance"] is not None]


def _draw_agreement(ax: Axes, found: Results, data: str, kind: tuple[str, str]) -> None:
    """Draw measured recall against that of Theorem 2."""
    clouds = []
    for part in _summary(found, data, kind, "theorem2"):
        rows = _measured(found, data, kind, imbalance=part["imbalance"])
        clouds.append(Cloud([row["theorem2"] for row in rows], [row["measured"] for row in rows], part))
    draw_agreement(ax, clouds, _title(kind))
    ax.legend(title="imbalance: mean abs. error in points, correlation", title_fontsize=8, ncols=2, **_UNDER)


def _draw_errors(ax: Axes, found: Results, data: str, kind: tuple[str, str]) -> None:
    """Draw the mean absolute error of each law by imbalance."""
    ratios: set[float] = set()
    for i, (law, title) in enumerate(_LAWS.items()):
        parts = [part for part in _summary(found, data, kind, law) if part["mae"] is not None]
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
        ax.legend(**_UNDER)
    ax.set(xlabel="imbalance r", ylabel="mean absolute error, points", title=f"Errors: {_title(kind)}", box_aspect=1)
    ax.set_ylim(bottom=0)
    ax.set_anchor("N")


def _draw_recall(ax: Axes, found: Results, data: str) -> None:
    """Draw recall against the one axis, with curves of a few separations."""
    rows = _measured(found, data, ("lda", "relu"))
    ax.set(xlabel="ln r / M²", ylabel="minority recall", title="LDA on features, by separation M", box_aspect=1)
    ax.set_anchor("N")
    if not rows:
        return
    x, m, recall = (np.array(column) for column in zip(*map(_place, rows), strict=True))
    norm, colours = Normalize(m.min(), m.max()), matplotlib.colormaps["viridis"]
    ax.scatter(x, recall, c=m, cmap=colours, norm=norm, s=7, linewidths=0, alpha=0.8)
    grid = np.linspace(0, x.max(), 200)
    for separation in np.linspace(m.min(), m.max(), _CURVES):
        ax.plot(grid, ndtr(separation * (0.5 - grid)), color=colours(norm(separation)), linewidth=1.1)
    bar = ax.figure.colorbar(
        ScalarMappable(norm, colours), cax=ax.inset_axes((0.5, 0.92, 0.46, 0.04)), orientation="horizontal"
    )
    bar.set_label("M (line: Theorem 2)", fontsize=8)


def _draw_line(ax: Axes, found: Results, data: str, kinds: list[tuple[str, str]]) -> None:
    """Draw what Theorem 2 brings to one line, for all classifiers; recalls of 0 and 1 have no place on it."""
    last = 0.0
    for i, kind in enumerate(kinds):
        places = [place for row in _measured(found, data, kind) if 0 < (place := _place(row))[2] < 1]
        if places:
            x, m, recall = np.transpose(places)
            last = max(last, x.max())
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
    ax.plot(ends, np.subtract(0.5, ends), color="#555555", linewidth=1, label="Theorem 2: 1/2 - ln r / M²")
    ax.set(xlabel="ln r / M²", ylabel="Φ⁻¹(recall) / M", title="Number and similarity on one line", box_aspect=1)
    ax.set_anchor("N")
    ax.legend(markerscale=1.5, **_UNDER)


def _place(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return ``ln(n_pos / n_neg) / M^2``, ``M`` and the recall."""
    m = row["separation"]
    return float(np.log(row["n_pos"] / row["n_neg"])) / m**2, m, row["measured"]
