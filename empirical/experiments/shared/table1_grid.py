"""The grid of Table 1: its methods, starts, data sets and imbalances, which several experiments look at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from empirical.config import Config
from empirical.sweeps.profiles import profile_config

__all__ = ["DATA", "IMBALANCE", "METHODS", "PRETRAININGS", "plan"]

METHODS = ("ce", "rs", "rw", "drw")
"""The methods of Table 1."""

PRETRAININGS = ("none", "rotation")
"""Where they start from."""

DATA = {"smoke": ("digits",), "cpu": ("cifar10", "cifar100"), "paper": ("cifar10", "cifar100")}
"""The data sets of each profile."""

IMBALANCE = {"smoke": (20, 5), "cpu": (100, 10), "paper": (100, 50, 20, 10)}
"""The imbalances of each profile."""


def plan(
    profile: str,
    data: str,
    imbalance: float,
    seed: int,
    *,
    methods: Sequence[str] | None = None,
    pretrainings: Sequence[str] | None = None,
) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed, of all methods and starts or of those named.

    Example:
        >>> len(plan("paper", "cifar10", 100, 0)), len(plan("paper", "cifar10", 100, 0, methods=["ce"]))
        (8, 2)
    """
    return [
        profile_config(profile, data=data, imbalance=imbalance, seed=seed, method=method, pretrain=pretrain)
        for pretrain, method in product(pretrainings or PRETRAININGS, methods or METHODS)
    ]
