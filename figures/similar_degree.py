"""Figure 4: accuracy of the majority and the minority against the degree of similarity, ``lambda``."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from figures.results import made_by
from figures.similarity import COLUMNS, draw_similarity

__all__ = ["command", "draw"]


command = made_by("similar-degree", COLUMNS)


def draw(results: Path) -> Figure:
    """Draw ``similar-degree.csv`` and ``similar-degree.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    xlabel = "lambda: weight of the majority's image (1: not mixed)"
    return draw_similarity(results, "similar-degree", "degree", xlabel)
