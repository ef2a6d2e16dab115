"""Table 1: does pre-training without labels improve every method at every imbalance?

Cross entropy (CE), re-sampling (RS), re-weighting (RW) and deferred re-weighting (DRW), from random weights and from
rotation pre-training on the same images, at each imbalance.

RS and RW use the effective number of samples with beta 0.9999, DRW begins at the first fall of the learning rate, and
the class counts fall by the same factor from class to class, in the order of the labels: as the codebases that the
paper follows do it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from typing import Any

from empirical.config import Config
from empirical.experiments.shared import accuracies
from empirical.experiments.shared.accuracies import Row, run
from empirical.sweeps import setting as training
from empirical.sweeps.setting import Setting, add_arguments

__all__ = [
    "DATA",
    "IMBALANCE",
    "METHODS",
    "PRETRAININGS",
    "Row",
    "add_arguments",
    "plan",
    "prepare",
    "run",
    "summarise",
]

METHODS = ("ce", "rs", "rw", "drw")
"""The methods of Table 1."""

PRETRAININGS = ("none", "rotation")
"""Where they start from."""

DATA = {"smoke": ("digits",), "cpu": ("cifar10", "cifar100"), "paper": ("cifar10", "cifar100")}
"""The data sets of each profile."""

IMBALANCE = {"smoke": (20, 5), "cpu": (100, 10), "paper": (100, 50, 20, 10)}
"""The imbalances of each profile."""


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> len(plan("paper", "cifar10", 100, 0))
        8
    """
    return [
        training.config(profile, data=data, imbalance=imbalance, seed=seed, method=method, pretrain=pretrain)
        for pretrain, method in product(PRETRAININGS, METHODS)
    ]


def prepare(args: argparse.Namespace) -> Setting:
    """Return the sweep that the parsed options describe."""
    return training.prepare(args, plan, DATA, IMBALANCE)


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the cells of the table (:func:`empirical.experiments.shared.accuracies.summarise`)."""
    return accuracies.summarise(rows, {"method": METHODS, "pretrain": PRETRAININGS})
