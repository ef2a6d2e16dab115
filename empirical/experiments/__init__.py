"""The experiments, one module each, by name.

An experiment is a module with these functions:

``add_arguments(parser)``
    adds its options to an ``argparse`` parser;
``prepare(args)``
    returns its ``Setting`` from the parsed options, everything validated and the data loaded; ``ValueError``
    when something cannot be;
``run(setting, track)``
    returns the tidy table: a list of dataclass instances, one a row; ``track`` wraps its longest loop and shows
    the progress; further tables hang on it (:class:`empirical.experiments.tables.Tables`);
``summarise(rows)``
    returns the few numbers to look at first, as a list of dictionaries.

Its ``Setting`` has two more: ``arguments()``, the options that repeat the run, and ``provenance()``, what the data
were.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["EXPERIMENTS", "load"]

EXPERIMENTS = {
    "pairs": "empirical.experiments.pairs",
    "majority": "empirical.experiments.majority",
    "minority": "empirical.experiments.minority",
    "rebalance": "empirical.experiments.rebalance",
    "norms": "empirical.experiments.norms",
    "classwise": "empirical.experiments.classwise",
    "ssl": "empirical.experiments.ssl",
    "depth": "empirical.experiments.depth",
    "losses": "empirical.experiments.losses",
    "similar-fraction": "empirical.experiments.similar_fraction",
    "similar-degree": "empirical.experiments.similar_degree",
    "embedding": "empirical.experiments.embedding",
    "representation": "empirical.experiments.representation",
}


def load(name: str) -> ModuleType:
    """Return the module of the experiment ``name``, a key of ``EXPERIMENTS``."""
    return import_module(EXPERIMENTS[name])
