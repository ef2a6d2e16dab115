"""Measured against predicted recall, about the line where both are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from figures.style import COLOURS, GREY, canvas, series, styled
from theory.support.validate import refuse

__all__ = ["Cloud", "draw_agreement", "identity", "legend", "plot_predicted"]


@dataclass(frozen=True)
class Cloud:
    """The cases of one imbalance.

    Attributes:
        predicted: recalls.
        measured: recalls.
        summary: ``imbalance``, ``mae`` and ``correlation`` of them; the latter two may be None.
    """

    predicted: Sequence[float]
    measured: Sequence[float]
    summary: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Imbalance, mean absolute error in points, correlation: a sentence of the caption."""
        mae, correlation = (self.summary[name] for name in ("mae", "correlation"))
        error = "-" if mae is None else f"{mae:.1f}"
        return f"{self.summary['imbalance']:g}: {error}, {'-' if correlation is None else f'{correlation:.2f}'}"


@styled()
def plot_predicted(
    measured: ArrayLike, predicted: ArrayLike, *, band: float | None = None, ax: Axes | None = None, **look: Any
) -> Axes:
    """Return axes with measured against predicted values, the line where both are equal, and a band about it.

    Args:
        measured: the measured values.
        predicted: the predicted ones, as many.
        band: half the height of the band, in the unit of the values; by default their mean absolute error.
        ax: where to draw; by default a new figure, as wide as one column.
        **look: of the points, as ``Axes.plot`` takes them; a ``label`` is shown by ``ax.legend()``.

    Raises:
        ValueError: the values are not finite, or not as many of one as of the other, or there are none.

    Example:
        >>> ax = plot_predicted([0.9, 0.5, 0.2], [0.8, 0.5, 0.3])
        >>> ax.get_title()
        'mean absolute error 0.0667'
    """
    found, expected = (np.asarray(values, dtype=float).ravel() for values in (measured, predicted))
    for name, values in (("measured", found), ("predicted", expected)):
        if len(values) == 0 or not np.isfinite(values).all():
            refuse(name, values.tolist(), "must be finite numbers, one or more")
    if len(found) != len(expected):
        refuse("predicted", expected.tolist(), f"must be as many as measured, {len(found)}")
    if ax is None:
        ax = canvas(3.1, columns=1).subplots()
    error = float(np.abs(found - expected).mean())
    both = np.concatenate([found, expected])
    inside = both.min() >= 0 and both.max() <= 1
    low, high = (0.0, 1.0) if inside else (float(both.min()), float(both.max()))
    identity(ax, low, high, error if band is None else band, limits=(0, 1) if inside else None)
    ax.plot(expected, found, **{"linestyle": "none", "marker": "o", "color": COLOURS[0], "alpha": 0.7, **look})
    ax.set(xlabel="predicted", ylabel="measured", title=f"mean absolute error {error:.3g}")
    return ax


def identity(ax: Axes, low: float, high: float, band: float, limits: tuple[float, float] | None = None) -> None:
    """Draw the line where prediction and measurement are equal, and a band of half height ``band`` about it.

    The band is kept inside ``limits``, the range of the quantity.
    """
    ends = np.linspace(low, high, 101)
    edges = np.array([ends - band, ends + band])
    if limits is not None:
        edges = edges.clip(*limits)
    ax.fill_between(ends, *edges, color="#BBBBBB", alpha=0.45, linewidth=0, zorder=0.5)
    ax.plot([low, high], [low, high], color=GREY, linewidth=0.8, zorder=1)


def draw_agreement(ax: Axes, clouds: Sequence[Cloud], title: str, ratios: Sequence[float]) -> float | None:
    """Draw the clouds, the line where both are equal, and the band of the mean absolute error, which is returned.

    Each imbalance of ``ratios`` has a look of its own, the same in all panels.
    """
    apart = [np.abs(np.subtract(cloud.measured, cloud.predicted)) for cloud in clouds if len(cloud.measured)]
    error = float(np.concatenate(apart).mean()) if apart else 0.0
    identity(ax, 0, 1, error, limits=(0, 1))
    for cloud in clouds:
        i = ratios.index(cloud.summary["imbalance"])
        ax.plot(
            cloud.predicted,
            cloud.measured,
            linestyle="none",
            markersize=2.8,
            markeredgewidth=0 if i < len(COLOURS) else 0.5,
            alpha=0.65,
            label=f"{cloud.summary['imbalance']:g}",
            **series(i),
        )
    if apart:
        ax.text(0.97, 0.05, f"mean error\n{100 * error:.1f} points", ha="right", transform=ax.transAxes)
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
        xlabel="predicted minority recall",
        ylabel="measured minority recall",
        title=title,
    )
    return 100 * error if apart else None


def legend(fig: Figure, axes: Sequence[Axes], ratios: Sequence[float]) -> None:
    """Explain below the figure which mark is which imbalance, once for all panels."""
    drawn = {label: line for ax in axes for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    entries = {f"{ratio:g}": drawn[f"{ratio:g}"] for ratio in ratios if f"{ratio:g}" in drawn}
    if entries:
        fig.legend(
            list(entries.values()),
            list(entries),
            loc="outside lower center",
            ncols=len(entries),
            title="imbalance (line: both are equal; band: mean absolute error)",
            markerscale=1.5,
        )
