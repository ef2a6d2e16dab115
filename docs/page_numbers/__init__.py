"""The numbers and tables of README.md and the pages of results, each with the expression that makes it.

``docs/measured.py`` writes them into the pages. Each module fills a page or a part of one: its import adds its numbers
to ``NUMBERS`` and its tables to ``TABLES``. The expressions read the tables in ``figures/published`` and the ledger.
"""

from . import choosing_tau, class_counts, judged, networks, paper_scale, paper_small, predicted, speed, theory
from .registry import NUMBERS, TABLES

__all__ = [
    "NUMBERS",
    "TABLES",
    "choosing_tau",
    "class_counts",
    "judged",
    "networks",
    "paper_scale",
    "paper_small",
    "predicted",
    "speed",
    "theory",
]
