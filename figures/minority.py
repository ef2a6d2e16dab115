"""Figure 2: accuracy against the number of images of one class, and where the relation stops being linear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empirical.experiments.shared.bend import bend
from figures.results import made_by, read
from figures.style import COLOURS, styled
from figures.toy import COLUMNS, Case, draw_toy

__all__ = ["command", "draw"]


command = made_by("minority", COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``minority.csv`` and ``minority.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "minority", COLUMNS)
    case = Case(
        "minority_images", "majority_images", "images of the one class", "the others have {} images each", _draw_fits
    )
    return draw_toy(found, "Fewer images of one class, Figure 2", case)


def _draw_fits(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Draw the straight and the bent line, and the interval of the bend."""
    there = [row for row in rows if row["minority"] is not None]
    numbers = [row["minority_images"] for row in there]
    found = bend(numbers, [row["minority"] for row in there], [row["seed"] for row in there])
    if found is None:
        return
    x = np.unique(numbers)
    ax.plot(x, found.line(x), ":", color=COLOURS[6], label=f"straight line, p = {found.p:.4f}")
    interval = "one bend is not enough"
    if found.low is not None and found.high is not None:
        interval = f"95 % interval {found.low:,.0f} to {found.high:,.0f}"
        ax.axvspan(found.low, found.high, color="#BBBBBB", alpha=0.4, linewidth=1)
    ax.plot(x, found.bent(x), "--", color=COLOURS[3], label=f"bent at {found.at:,.0f} images,\n{interval}")
