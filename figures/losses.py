"""Losses for long tails, with and without pre-training, a panel for each, beside what their codebases report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from empirical.printed import PEERS, TABLE1
from figures.accuracies import COLUMNS, Layout, draw_accuracies
from figures.results import METHODS, made_by, read
from figures.style import styled

__all__ = ["command", "draw"]

_TITLES = {
    **METHODS,
    "focal": "focal loss",
    "ldam": "LDAM",
    "ldam-drw": "LDAM-DRW",
    "balanced-softmax": "balanced softmax",
    "logit-adjustment": "logit adjustment",
}


command = made_by("losses", COLUMNS)


@styled()
def draw(results: Path) -> Figure:
    """Draw ``losses.csv`` and ``losses.json`` of the folder ``results``.

    Raises:
        ResultsError: they are missing or cannot be read.
    """
    found = read(results, "losses", COLUMNS)
    panels = {_TITLES.get(method, method): {"method": method} for method in found.values("method")}
    layout = Layout("imbalance", "imbalance", panels, [TABLE1, *PEERS.values()], "published (ResNet-32, 200 epochs)")
    return draw_accuracies(found, "Losses for long tails, section 5.4", layout)
