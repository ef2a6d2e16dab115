"""The experiments, one module each, by name.

May import :mod:`empirical.analysis`, :mod:`empirical.sweeps` and what they may import.

An experiment is a module with these functions:

``add_arguments(parser)``
    adds its options to an ``argparse`` parser;
``prepare(args)``
    returns its ``Setting`` from the parsed options, everything validated and the data loaded; ``ValueError``
    when something cannot be;
``run(setting, track)``
    returns the tidy table: a list of dataclass instances, one a row; ``track`` wraps its longest loop and shows
    the progress; further tables hang on it (:class:`empirical.experiments.shared.rows.Tables`);
``summarise(rows)``
    returns the few numbers to look at first, as a list of dictionaries.

Its ``Setting`` has two more: ``arguments()``, the options that repeat the run, and ``provenance()``, what the data
were. It may have ``exit_code``, that of the command once it has run.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["EXPERIMENTS", "PREDICTING", "headline", "load"]

EXPERIMENTS = {
    "pairs": "empirical.experiments.pairs",
    "network-pairs": "empirical.experiments.network_pairs",
    "network-classes": "empirical.experiments.network_classes",
    "majority": "empirical.experiments.majority",
    "minority": "empirical.experiments.minority",
    "similar-fraction": "empirical.experiments.similar_fraction",
    "similar-degree": "empirical.experiments.similar_degree",
    "rebalance": "empirical.experiments.rebalance",
    "embedding": "empirical.experiments.embedding",
    "norms": "empirical.experiments.norms",
    "representation": "empirical.experiments.representation",
    "ssl": "empirical.experiments.ssl",
    "depth": "empirical.experiments.depth",
    "losses": "empirical.experiments.losses",
    "classwise": "empirical.experiments.classwise",
    "shift": "empirical.experiments.shift",
    "similarity-or-number": "empirical.experiments.similarity_or_number",
    "pretraining": "empirical.experiments.pretraining",
    "corrections": "empirical.experiments.corrections",
    "norm-angle": "empirical.experiments.norm_angle",
    "class-order": "empirical.experiments.class_order",
    "which-tau": "empirical.experiments.which_tau",
}

PREDICTING = ("network-pairs", "network-classes", "similarity-or-number", "corrections")
"""Those that write predictions down before they train what is predicted; their ``provenance()`` has them."""


def load(name: str) -> ModuleType:
    """Return the module of the experiment ``name``, a key of ``EXPERIMENTS``."""
    return import_module(EXPERIMENTS[name])


def headline(name: str) -> str:
    """Return the first line of what the experiment ``name`` says about itself."""
    return str(load(name).__doc__).partition("\n")[0]
