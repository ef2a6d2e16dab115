"""Depth of the network: accuracy with and without pre-training, a panel for each imbalance."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from empirical.printed import TABLE1
from figures.accuracies import COLUMNS, Layout, draw_accuracies
from figures.results import made_by, read
from figures.style import styled

__all__ = ["command", "draw"]

_COLUMNS = (*COLUMNS, "depth")
_TABLE1 = 32


command = made_by("depth", _COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``depth.csv`` and ``depth.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "depth", _COLUMNS)
    ratios = sorted(found.values("imbalance"), reverse=True)
    layout = Layout(
        "depth",
        "layers with weights",
        {f"imbalance {ratio:g}": {"imbalance": ratio} for ratio in ratios},
        [TABLE1],
        "printed in Table 1 (ResNet-32, 200 epochs)",
        lambda row: row["depth"] == _TABLE1,
    )
    return draw_accuracies(found, "Depth of the network, section 5.4", layout)
