"""The experiments, one module each, by name.

May import :mod:`empirical.analysis`, :mod:`empirical.sweeps` and what they may import.

The constant ``EXPERIMENT`` of a module is all that the commands know of it
(:class:`empirical.experiments.experiment.Experiment`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirical.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS", "PREDICTING", "load"]

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
"""Those that write predictions down before they train what is predicted; their provenance has them."""


def load(name: str) -> Experiment[Any, Any]:
    """Return the experiment ``name``, a key of ``EXPERIMENTS``."""
    experiment: Experiment[Any, Any] = import_module(EXPERIMENTS[name]).EXPERIMENT
    return experiment
