"""Table 1: does pre-training without labels improve every method at every imbalance?

Cross entropy (CE), re-sampling (RS), re-weighting (RW) and deferred re-weighting (DRW), from random weights and from
rotation pre-training on the same images, at each imbalance.

The table reports the last epoch. The codebases that the paper follows report the best epoch on the test images, of one
run; that number stands beside it, for comparison only. RS and RW use the effective number of samples with beta 0.9999,
DRW begins at the first fall of the learning rate, and the class counts fall by the same factor from class to class, in
the order of the labels: as those codebases do it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

from empirical.config import Config
from empirical.experiments import training
from empirical.experiments.printed import PEERS, TABLE1, cell
from empirical.experiments.training import Setting, add_arguments, average, data_name, percent, spread
from empirical.progress import Track, silent

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


@dataclass(frozen=True)
class Row:
    """A run; what it measured is None while it is not finished.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        pretrain: what it starts from.
        seed: of everything random.
        accuracy: on the test images after the last epoch, in per cent.
        best: of the best epoch that was tested, in per cent: chosen on the test images, so too good.
        best_epoch: that epoch.
        images: to train on.
        run: the name of its folder.
    """

    data: str
    imbalance: float
    method: str
    pretrain: str
    seed: int
    accuracy: float | None
    best: float | None
    best_epoch: int | None
    images: int | None
    run: str


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


def run(setting: Setting, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    return [_row(config, result) for config, result in track(training.results(setting), "runs")]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each cell of the table the mean and the standard deviation over the seeds, in per cent.

    ``seeds`` counts the finished runs and ``missing`` those that are not; ``printed`` is the paper's cell and
    ``peers`` what other codebases report, both for the recipe of the profile ``paper``.
    """

    def where(row: Row) -> tuple[Any, ...]:
        return row.data, row.imbalance, row.method, row.pretrain

    summary = []
    for (data, imbalance, method, pretrain), group in groupby(sorted(rows, key=_place), key=where):
        own = list(group)
        last = [row.accuracy for row in own]
        peers = [cell(cells, data, imbalance, method, pretrain) for cells in PEERS.values()]
        summary.append(
            {
                "data": data,
                "imbalance": imbalance,
                "method": method,
                "pretrain": pretrain,
                "seeds": len(own) - last.count(None),
                "missing": last.count(None),
                "last": average(last),
                "spread": spread(last),
                "best": average([row.best for row in own]),
                "printed": cell(TABLE1, data, imbalance, method, pretrain),
                "peers": ", ".join(f"{value:.1f}" for value in peers if value is not None) or None,
            }
        )
    return summary


def _place(row: Row) -> tuple[Any, ...]:
    """Return the place of a row in the order of Table 1: the largest imbalance first."""
    return row.data, -row.imbalance, METHODS.index(row.method), PRETRAININGS.index(row.pretrain)


def _row(config: Config, result: dict[str, Any] | None) -> Row:
    last, best = (None, None) if result is None else (result["last"], result["best"])
    return Row(
        data=data_name(config),
        imbalance=config.imbalance,
        method=str(config.method),
        pretrain=config.pretrain,
        seed=config.seed,
        accuracy=None if last is None else percent(last["accuracy"]),
        best=None if best is None else percent(best["accuracy"]),
        best_epoch=None if best is None else best["epoch"],
        images=None if result is None else sum(result["counts"]),
        run=config.digest,
    )
