"""Theorem 2: how the minority's recall falls with the imbalance, a line for each separation of the classes.

Everything is computed here; no results are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import ArrayLike

from figures.style import COLOURS, canvas, entitle, styled
from theory.support.cli import program_name
from theory.support.validate import refuse
from theory.theorem2 import minority_recall

__all__ = ["command", "draw", "plot_minority_recall"]

_SEPARATIONS = (1, 2, 3, 4)
_IMBALANCES = (1, 100)
_LARGEST = 1e100  # whose logarithmic axis can be drawn


def command(results: Path, separation: Sequence[float] = _SEPARATIONS, imbalance: Sequence[float] = _IMBALANCES) -> str:
    """Return the command line that makes the figure."""
    given = {"separation": (separation, _SEPARATIONS), "imbalance": (imbalance, _IMBALANCES)}
    options = "".join(
        f" --{name} {' '.join(map(repr, np.asarray(values).tolist()))}"
        for name, (values, usual) in given.items()
        if tuple(values) != usual
    )
    return f"{program_name('figures')} theorem2{options}"


@styled()
def draw(results: Path, separation: Sequence[float] = _SEPARATIONS, imbalance: Sequence[float] = _IMBALANCES) -> Figure:
    """Draw the figure; ``results`` is not read.

    Raises:
        ValueError: as :func:`plot_minority_recall`, which draws it.
    """
    fig = canvas(2.8, columns=1)
    plot_minority_recall(separation, imbalance, fig.subplots())
    distances, most = sorted(np.ravel(separation).tolist()), max(np.ravel(imbalance).tolist())
    ends = [distances[0], distances[-1]] if len(distances) > 1 else distances
    said = [f"{100 * float(minority_recall(m, most)):.2g} % at M = {m:g}" for m in ends]
    entitle(
        fig,
        f"Minority recall at imbalance {most:g}: {', '.join(said)}",
        "The minority's recall Phi(M / 2 - ln(r) / M) of the Bayes classifier of two Gaussian classes of equal "
        "covariance, against the imbalance r, for the separations M at the lines. No data.",
    )
    return fig


@styled()
def plot_minority_recall(separations: ArrayLike, imbalances: ArrayLike, ax: Axes | None = None) -> Axes:
    """Return axes with Theorem 2's minority recall against the imbalance, a line for each separation.

    Args:
        separations: the Mahalanobis distances ``M`` of the two classes, above 0.
        imbalances: numbers from 1 to 1e100, two or more of them different: the line is drawn from the least to the
            largest.
        ax: where to draw; by default a new figure, as wide as one column.

    Raises:
        ValueError: an argument is outside its range.

    Example:
        >>> ax = plot_minority_recall([1, 2], [1, 100])
        >>> [text.get_text() for text in ax.texts], ax.lines[1].get_ydata()[0].round(3)
        (['M = 1', 'M = 2'], np.float64(0.841))
    """
    checked = []
    for name, values in (("separation", separations), ("imbalance", imbalances)):
        try:
            numbers = np.asarray(values, dtype=float).ravel()
        except (TypeError, ValueError):
            refuse(name, values, "must be numbers")
        if name == "separation":
            fits, allowed = np.isfinite(numbers) & (numbers > 0), "must be finite numbers above 0"
        else:
            fits, allowed = (numbers >= 1) & (numbers <= _LARGEST), f"must be numbers from 1 to {_LARGEST:g}"
        if len(numbers) == 0 or not fits.all():
            refuse(name, values, allowed)
        checked.append(numbers)
    distances, ratios = checked
    if ratios.min() == ratios.max():
        refuse("imbalance", imbalances, "must be two different numbers or more")
    if ax is None:
        ax = canvas(2.6, columns=1).subplots()
    grid = np.geomspace(ratios.min(), ratios.max(), 300)
    for i, m in enumerate(distances):
        colour = COLOURS[i % len(COLOURS)]
        line = minority_recall(m, grid)
        ax.plot(grid, line, color=colour)
        ax.annotate(
            f"M = {m:g}",
            (grid[-1], line[-1]),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    ax.set(xscale="log", xlim=(grid[0], grid[-1]), ylim=(0, 1), xlabel="imbalance r", ylabel="minority recall")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    return ax
