"""Figure 1: accuracy against the number of images of all other classes."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from figures.results import made_by, read
from figures.style import styled
from figures.toy import COLUMNS, Case, draw_toy

__all__ = ["command", "draw"]

_CASE = Case("majority_images", "minority_images", "images of each other class", "the one class has {} images")


command = made_by("majority", COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``majority.csv`` and ``majority.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "majority", COLUMNS)
    return draw_toy(found, "More images of the others, Figure 1", _CASE)
