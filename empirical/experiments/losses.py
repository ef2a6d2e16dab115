"""Section 5.4, losses for long tails: does pre-training help them too?

The text has "three classical techniques or losses" in its appendix; section 5.2 names focal loss and LDAM among the
baselines. Here are these two, LDAM with deferred re-weighting, balanced softmax and logit adjustment, and cross entropy
to compare with, each from random weights and from rotation pre-training; ``--method`` names others. Their numbers are
those of the codebases that the paper follows: gamma 1; margins up to 0.5 and scale 30, on cosines; tau 1. With tau 1
logit adjustment is balanced softmax by another name (:func:`empirical.training.losses.method_loss`), so that the two
rows differ by what rounding makes of the training: a measure of the noise that is left with the seed fixed.

The profile ``paper`` has the data sets and imbalances of Table 1. ``cpu`` has imbalance 100 alone: 13 trainings, of
which LDAM-DRW takes over four fifths of its two from LDAM, of 23,253 images on two data sets, 30 epochs, three seeds,
at 6,000 images a second and core are 33 minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from typing import Any

from empirical import registry
from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import accuracies, table1_grid
from empirical.experiments.shared.accuracies import Row
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep
from theory.support.validate import distinct

__all__ = ["EXPERIMENT", "METHODS", "plan", "summarise"]

METHODS = ("ce", "focal", "ldam", "ldam-drw", "balanced-softmax", "logit-adjustment")
"""The methods, cross entropy first."""

_IMBALANCE = {"smoke": (20,), "cpu": (100,), "paper": (100, 50, 20, 10)}


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_sweep_options(parser)
    parser.add_argument(
        "--method", nargs="+", default=METHODS, metavar="METHOD", help=f"the methods (default: {' '.join(METHODS)})"
    )


def plan(profile: str, data: str, imbalance: float, seed: int, methods: Sequence[str] = METHODS) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> len(plan("paper", "cifar10", 100, 0))
        12
    """
    return [
        profile_config(profile, data=data, imbalance=imbalance, seed=seed, method=method, pretrain=pretrain)
        for pretrain, method in product(table1_grid.PRETRAININGS, methods)
    ]


def _setup(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""
    methods = distinct("method", args.method)

    def own(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
        return plan(profile, data, imbalance, seed, methods)

    return prepare_sweep(args, own, table1_grid.DATA, _IMBALANCE, {"method": methods})


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the cells of the table (:func:`empirical.experiments.shared.accuracies.summarise`)."""
    return accuracies.summarise(rows, {"method": registry.METHODS, "pretrain": table1_grid.PRETRAININGS})


EXPERIMENT = Experiment(
    name="losses",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=_IMBALANCE,
    plan=plan,
    add_options=_add_options,
    setup=_setup,
    run=accuracies.run,
    summarise=summarise,
    merges=("data", "imbalance", "seeds", "method"),
)
