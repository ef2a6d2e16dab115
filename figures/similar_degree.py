"""Figure 4: accuracy of the majority and the minority against the degree of similarity, ``lambda``."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from figures.similarity import draw_similarity, read_command

__all__ = ["command", "draw"]


def command(results: Path) -> str:
    """Return the command line that made the results in the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    return read_command(results, "similar-degree")


def draw(results: Path) -> Figure:
    """Draw ``similar-degree.csv`` and ``similar-degree.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    xlabel = "lambda: weight of the majority's image (1: not mixed)"
    return draw_similarity(results, "similar-degree", "degree", xlabel)
