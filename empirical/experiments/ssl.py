"""Section 5.4, self-supervised methods: which pre-training helps, and how much at which imbalance?

From random weights and from four pre-trainings on the same images: rotation, the paper's own, and SimCLR, MoCo and
Barlow Twins, the text naming none; in the numbers of :mod:`empirical.training.pretrain` and for as many epochs as the
training that follows. The network is trained with cross entropy, because every method that re-balances changes the
classifier as well, and what is asked for is what the features alone do; ``--method`` names another.

The profile ``paper`` has the data sets and imbalances of Table 1. ``cpu`` has CIFAR-10 alone at 100 and 10, and 15
epochs: with three seeds and a contrastive step at three times the time of a supervised one (two to three, measured),
22.2 million images at 6,000 a second and core are 31 minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from empirical.config import NO_PRETRAINING, Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import accuracies
from empirical.experiments.shared.accuracies import Row
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep

__all__ = ["EXPERIMENT", "PRETRAININGS", "plan", "summarise"]

PRETRAININGS = (NO_PRETRAINING, "rotation", "simclr", "moco", "barlow")
"""Where the runs start from."""

_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10", "cifar100")}
_IMBALANCE = {"smoke": (20,), "cpu": (100, 10), "paper": (100, 50, 20, 10)}
_EPOCHS = {"cpu": {"epochs": 15}}


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_sweep_options(parser)
    parser.add_argument("--method", default="ce", metavar="METHOD", help="of long-tailed learning (default: ce)")


def plan(profile: str, data: str, imbalance: float, seed: int, method: str = "ce") -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [run.pretrain for run in plan("paper", "cifar10", 100, 0)]
        ['none', 'rotation', 'simclr', 'moco', 'barlow']
    """
    own = {"data": data, "imbalance": imbalance, "seed": seed, "method": method, **_EPOCHS.get(profile, {})}
    return [profile_config(profile, pretrain=pretrain, **own) for pretrain in PRETRAININGS]


def _setup(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""

    def own(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
        return plan(profile, data, imbalance, seed, args.method)

    return prepare_sweep(args, own, _DATA, _IMBALANCE, {"method": args.method})


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the cells of the table (:func:`empirical.experiments.shared.accuracies.summarise`)."""
    return accuracies.summarise(rows, {"method": sorted({row.method for row in rows}), "pretrain": PRETRAININGS})


EXPERIMENT = Experiment(
    name="ssl",
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    plan=plan,
    add_options=_add_options,
    setup=_setup,
    run=accuracies.run,
    summarise=summarise,
)
