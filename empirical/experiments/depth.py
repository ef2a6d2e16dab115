"""Section 5.4, architectures: what does the depth of the network do, with and without pre-training?

ResNet-20, 32, 44 and 56 on two data sets, trained with cross entropy (``--method`` names another method) from random
weights and from rotation pre-training by the same network. The text names neither the data sets nor the depths: the
data sets and the imbalances of ``paper`` are those of Table 1, and the depths are the four smallest of the network's
source, of which ResNet-32 is Table 1's. ``--arch`` names other networks.

The profile ``cpu`` has ResNet-8, 14 and 20, imbalance 100 alone and 20 epochs. Three trainings of each network (with
and without pre-training, and that itself) on 23,253 images of two data sets with three seeds are 4.2 million images;
at 6,000, 3,500 and 2,500 images a second and core they take 30 minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import accuracies, table1_grid
from empirical.runtime.progress import Track, silent
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.support.validate import distinct

__all__ = ["ARCHITECTURES", "EXPERIMENT", "Row", "plan", "run", "summarise"]

ARCHITECTURES = {
    "smoke": ("resnet8", "resnet14"),
    "cpu": ("resnet8", "resnet14", "resnet20"),
    "paper": ("resnet20", "resnet32", "resnet44", "resnet56"),
}
"""The networks of each profile."""

_IMBALANCE = {"smoke": (20,), "cpu": (100,), "paper": (100, 50, 20, 10)}
_EPOCHS = {"cpu": {"epochs": 20}}
_TABLE1 = 32


@dataclass(frozen=True, kw_only=True)
class Row(accuracies.Row):
    """A run: what :class:`empirical.experiments.shared.accuracies.Row` has, and the depth.

    Attributes:
        depth: how many layers with weights the network has.
    """

    depth: int


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_sweep_options(parser)
    parser.add_argument("--arch", nargs="+", metavar="ARCH", help="the networks: resnet20, resnet32, ...")
    parser.add_argument("--method", default="ce", metavar="METHOD", help="of long-tailed learning (default: ce)")


def plan(
    profile: str, data: str, imbalance: float, seed: int, archs: Sequence[str] | None = None, method: str = "ce"
) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [(run.arch, run.pretrain) for run in plan("smoke", "digits", 20, 0)]
        [('resnet8', 'none'), ('resnet8', 'rotation'), ('resnet14', 'none'), ('resnet14', 'rotation')]
    """
    return [
        profile_config(
            profile,
            data=data,
            imbalance=imbalance,
            seed=seed,
            method=method,
            arch=arch,
            pretrain=pretrain,
            **_EPOCHS.get(profile, {}),
        )
        for arch, pretrain in product(archs or ARCHITECTURES[profile], table1_grid.PRETRAININGS)
    ]


def _setup(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""
    archs = None if args.arch is None else distinct("arch", args.arch)

    def own(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
        return plan(profile, data, imbalance, seed, archs, args.method)

    options = {**({} if archs is None else {"arch": archs}), "method": args.method}
    return prepare_sweep(args, own, table1_grid.DATA, _IMBALANCE, options)


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    return [
        Row(**vars(accuracies.row(config, result)), depth=int(config.arch.removeprefix("resnet")))
        for config, result in track(run_sweep(sweep), "runs")
    ]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the cells of the table (:func:`empirical.experiments.shared.accuracies.summarise`).

    ``printed`` and ``peers`` are those of Table 1's depth.
    """
    depths = sorted({row.depth for row in rows})
    methods = sorted({row.method for row in rows})
    columns: dict[str, Sequence[Any]] = {"method": methods, "depth": depths, "pretrain": table1_grid.PRETRAININGS}
    return [
        part if part["depth"] == _TABLE1 else {**part, "printed": None, "peers": None}
        for part in accuracies.summarise(rows, columns)
    ]


EXPERIMENT = Experiment(
    name="depth",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=_IMBALANCE,
    plan=plan,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "imbalance", "seeds", "arch"),
)
