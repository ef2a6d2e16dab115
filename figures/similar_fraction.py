"""Figure 3: accuracy of the majority and the minority against the part of similar samples, ``rho``."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from figures.results import made_by
from figures.similarity import COLUMNS, draw_similarity

__all__ = ["command", "draw"]


command = made_by("similar-fraction", COLUMNS)


def draw(results: Path) -> Figure:
    """Draw ``similar-fraction.csv`` and ``similar-fraction.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    xlabel = "rho: part of the majority's images that are mixed"
    return draw_similarity(results, "similar-fraction", "fraction", xlabel)
