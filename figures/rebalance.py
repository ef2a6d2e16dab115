"""Table 1 as a picture: accuracy with and without pre-training, a panel for each method, beside the printed cells."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from empirical.printed import TABLE1
from figures.accuracies import COLUMNS, Layout, draw_accuracies
from figures.results import METHODS, made_by, read
from figures.style import styled

__all__ = ["command", "draw"]


command = made_by("rebalance", COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``rebalance.csv`` and ``rebalance.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "rebalance", COLUMNS)
    panels = {title: {"method": method} for method, title in METHODS.items()}
    layout = Layout("imbalance", "imbalance", panels, [TABLE1], "printed (ResNet-32, 200 epochs)")
    return draw_accuracies(found, "With and without pre-training, Table 1", layout)
