"""Measured against predicted recall, a cloud of points for each imbalance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from figures.style import COLOURS, MARKERS

__all__ = ["Cloud", "draw_agreement"]


@dataclass(frozen=True)
class Cloud:
    """The cases of one imbalance.

    Attributes:
        predicted: recalls.
        measured: recalls.
        summary: ``imbalance``, ``mae`` and ``correlation`` of them, for the legend; the latter two may be None.
    """

    predicted: Sequence[float]
    measured: Sequence[float]
    summary: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Imbalance, mean absolute error in points, correlation."""
        mae, correlation = (self.summary[name] for name in ("mae", "correlation"))
        error = "-" if mae is None else f"{mae:.1f}"
        return f"{self.summary['imbalance']}: {error}, {'-' if correlation is None else f'{correlation:.2f}'}"


def draw_agreement(ax: Axes, clouds: Sequence[Cloud], title: str) -> None:
    """Draw the clouds and the diagonal that a perfect prediction lies on."""
    ax.plot([0, 1], [0, 1], color="#555555", linewidth=1, zorder=1)
    for i, cloud in enumerate(clouds):
        ax.plot(
            cloud.predicted,
            cloud.measured,
            linestyle="none",
            marker=MARKERS[i % len(MARKERS)],
            markersize=3.5,
            markeredgewidth=0,
            color=COLOURS[i % len(COLOURS)],
            alpha=0.65,
            label=cloud.label,
        )
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
        anchor="N",
        xlabel="predicted minority recall",
        ylabel="measured minority recall",
        title=title,
    )
