"""Self-supervised methods: accuracy by imbalance from each start, a row for each data set."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from empirical.printed import TABLE1
from figures.accuracies import COLUMNS, Layout, draw_accuracies
from figures.results import METHODS, made_by, read
from figures.style import styled

__all__ = ["command", "draw"]


command = made_by("ssl", COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``ssl.csv`` and ``ssl.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "ssl", COLUMNS)
    panels = {METHODS.get(method, method): {"method": method} for method in found.values("method")}
    layout = Layout("imbalance", "imbalance", panels, [TABLE1], "printed (ResNet-32, 200 epochs)")
    return draw_accuracies(found, "Self-supervised methods, section 5.4", layout)
