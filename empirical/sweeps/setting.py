"""What the experiments that train networks share: profiles, options, and a sweep that goes on where it stopped.

Each of them has a grid of configurations for each profile. What is not trained yet is trained, what is there is
read; so a sweep that was stopped gives a table at once, in which a run that is missing is a row with empty cells, and
the same command goes on with it.

The profiles are ``paper``, the recipe of section 5.2 in the numbers of the codebases that the paper follows
(ResNet-32, 200 epochs, images as they are, tested after each epoch); ``cpu``, the same on real images brought to 16 x
16, with a ResNet-8 of half the width, 30 epochs, tested every tenth; and ``smoke``, scikit-learn's digits, a ResNet-8
of 4 channels, 5 epochs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar

from empirical.config import Config
from empirical.data.longtail import imbalance_ratio
from empirical.experiments.shared.rows import grouped
from empirical.runtime.command_line import ROOT, folder, numeric
from empirical.runtime.stop import duration
from empirical.runtime.threads import GPU_WORKERS, wait_passively
from empirical.sweeps.sweep import Outcome, check_executor, results
from theory.support.validate import choice, refuse, whole

__all__ = [
    "PROFILES",
    "Plan",
    "Setting",
    "add_arguments",
    "average",
    "blank",
    "config",
    "data_name",
    "different",
    "percent",
    "prepare",
    "results",
    "spread",
]

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {"arch": "resnet8", "width": 4, "epochs": 5, "batch_size": 32},
    "cpu": {"arch": "resnet8", "width": 8, "resolution": 16, "epochs": 30, "evaluate_every": 10},
    "paper": {},
}
"""In which numbers of the recipe each profile differs from the defaults of :class:`empirical.config.Config`."""

_SEEDS = {"smoke": 1, "cpu": 3, "paper": 3}
_MOST_SEEDS = 1000
_MOST_WORKERS = 1000

_Row = TypeVar("_Row")

Plan = Callable[[str, str, Any, int], list[Config]]
"""From a profile, a data set, an imbalance and a seed to the runs that an experiment has for them.

The imbalance is None in an experiment that has none to choose.
"""


@dataclass(frozen=True, eq=False)
class Setting:
    """A sweep.

    Attributes:
        profile: a key of :data:`PROFILES`.
        data: the data sets.
        options: what else repeats the sweep, by the names of the command line: the imbalances, what an experiment has
            of its own.
        seeds: how many seeds, 0, 1, ...
        configs: the runs.
        runs: their folder.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.
        workers: how many runs are trained side by side; None for what suits the executor.
        seconds: how long it may take; None for no limit.
        about: what the data are.
        executor: where the runs are trained (:mod:`empirical.sweeps.sweep`).
        resources: what a run takes of a cluster.
        outcome: how the sweep has ended, once it has.
        out: the folder for the results.
    """

    profile: str
    data: tuple[str, ...]
    options: Mapping[str, Any]
    seeds: int
    configs: tuple[Config, ...]
    runs: Path
    root: Path
    device: str
    workers: int | None
    seconds: float | None
    about: dict[str, Any]
    executor: Executor | str | None = None
    resources: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    out: Path = Path()

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat the sweep, without its folders."""
        return {
            "profile": self.profile,
            "data": tuple(Path(name).name for name in self.data),
            **self.options,
            "seeds": self.seeds,
        }

    @property
    def exit_code(self) -> int:
        """That of the command: 75 if the sweep stopped early, 1 if a run failed, 0 if all is trained."""
        return self.outcome.exit_code

    def provenance(self) -> dict[str, Any]:
        """Return what the data were: by name, the fingerprint and the numbers of classes and test images."""
        return self.about


def add_arguments(parser: argparse.ArgumentParser, *, imbalance: bool = True) -> None:
    """Add the options of a sweep, with or without ``--imbalance``; plan and defaults go to :func:`prepare`."""
    add = parser.add_argument
    add("--profile", required=True, metavar="smoke|cpu|paper", help="how much: seconds, a laptop, or a GPU")
    add(
        "--data", nargs="+", metavar="DATA", help="cifar10, cifar100, digits, gaussian, a .npz file, a folder of images"
    )
    add("--root", type=folder, default=ROOT, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    if imbalance:
        text = "images of the first class over those of the last"
        add("--imbalance", type=numeric, nargs="+", metavar="R", help=text)
    add("--seeds", type=numeric, metavar="N", help="repeat with the seeds 0 to N - 1")
    add(
        "--runs",
        type=folder,
        metavar="DIR",
        help="the folder of the runs (default: runs in the folder for the results)",
    )
    add("--time-budget", metavar="TIME", help="stop in time and make the table of what is there: 90s, 9m, 1.5h")
    add("--device", default="auto", metavar="auto|cpu|cuda", help="what computes (default: auto)")
    add(
        "--workers",
        type=numeric,
        metavar="N",
        help=f"runs side by side (default: one a core, {GPU_WORKERS} on a GPU; smoke: 1; as many as a cluster takes)",
    )
    add(
        "--executor",
        metavar="dask://HOST:PORT|submitit",
        help="train on a Dask cluster, or as jobs of SLURM (default: processes of this machine)",
    )
    add(
        "--resources",
        type=_resource,
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="what a run takes of a Dask worker (GPU=1), or a job's parameters for SLURM (time=60 partition=gpu)",
    )
    parser.set_defaults(only_plan=False)


def config(profile: str, **fields: Any) -> Config:
    """Return a configuration of the ``profile``.

    Example:
        >>> config("cpu", data="cifar10", imbalance=50).arch, config("paper", data="cifar10").epochs
        ('resnet8', 200)
    """
    return Config(**{**PROFILES[profile], **fields})


def prepare(
    args: argparse.Namespace,
    plan: Plan,
    data: Mapping[str, Sequence[str]],
    imbalance: Mapping[str, Sequence[float]] | None,
    options: Mapping[str, Any] | None = None,
) -> Setting:
    """Return the sweep that the parsed options describe, everything checked and nothing written.

    Args:
        args: the options of :func:`add_arguments`, and ``out``. With ``only_plan`` nothing is loaded or checked
            either: ``python -m empirical list`` asks for the runs alone.
        plan: the experiment's runs.
        data: the data sets by profile, where the options name none.
        imbalance: the imbalances likewise; None if the parser has no ``--imbalance``.
        options: the experiment's own options, as the command line that repeats the sweep is to have them.

    Raises:
        ValueError: an option is outside its range, the data are missing or too few, the device is missing, or the
            folder of the runs holds a run of other data or a result that cannot be read.
    """
    profile = choice("profile", args.profile, PROFILES)
    names = different("data", args.data or data[profile])
    ratios: tuple[Any, ...] = (None,)
    if imbalance is not None:
        ratios = different("imbalance", [imbalance_ratio(value) for value in args.imbalance or imbalance[profile]])
    seeds = whole("seeds", _SEEDS[profile] if args.seeds is None else args.seeds, most=_MOST_SEEDS)
    workers = None if args.workers is None else whole("workers", args.workers, most=_MOST_WORKERS)
    seconds = None if args.time_budget is None else duration(args.time_budget)
    configs = [
        run for name in names for ratio in ratios for seed in range(seeds) for run in plan(profile, name, ratio, seed)
    ]
    resources = dict(args.resources)
    setting = Setting(
        profile,
        names,
        {**({} if imbalance is None else {"imbalance": ratios}), **(options or {})},
        seeds,
        tuple(configs),
        args.runs or args.out / "runs",
        args.root,
        args.device,
        workers,
        seconds,
        {},
        args.executor,
        resources,
        out=getattr(args, "out", Path()),  # a caller that names the folder of the runs need not have one
    )
    if args.only_plan:
        return setting
    check_executor(args.executor, resources)
    wait_passively()
    # Torch is imported from here on: the setting of its threads must come before.
    from empirical.data.training_set import gather
    from empirical.storage.run_folder import Run
    from empirical.training.step import DEVICES, find_device
    from empirical.training.tasks import build_network

    if args.executor is None:
        find_device(args.device)
    else:
        choice("device", args.device, DEVICES)  # another machine has it
    runs = setting.runs
    about: dict[str, Any] = {}
    for name in names:
        for _, own in grouped((run for run in configs if run.data == name), lambda run: run.classes or ()):
            material = gather(_hardest(own), args.root)
            build_network(own[0], material)  # refuses images that the network cannot take
            for run in own:
                known = Run(run, runs).result()
                if known is not None and known["data"] != material.fingerprint:
                    refuse("data", name, f"must hold the images that {Run(run, runs).folder} was trained on")
            first = {
                "fingerprint": material.fingerprint,
                "classes": len(material.counts),
                "test_images": len(material.test_labels),
            }
            about.setdefault(Path(name).name, first)
    return replace(setting, about=about)


def different(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values if none comes twice."""
    if len(set(values)) < len(values):
        refuse(name, list(values), "must be all different")
    return tuple(values)


def data_name(run: Config) -> str:
    """Return what tables call the data of a run: the name, without the folder of a file."""
    return Path(run.data).name


def blank(row: type[_Row], run: Config, *where: Any) -> _Row:
    """Return the ``row``, a data class, of a run that is not finished.

    It begins with the cells ``where`` and names the ``run``; what is measured or predicted from it is None.
    """
    names = [part.name for part in fields(row)]  # type: ignore[arg-type]
    return row(**{**dict.fromkeys(names), **dict(zip(names, where, strict=False)), "run": run.digest})


def percent(part: float) -> float:
    """Return a fraction in per cent."""
    return 100 * part


def average(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are there; None if none is.

    Example:
        >>> average([1.0, None, 2.0]), average([None])
        (1.5, None)
    """
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def spread(values: Sequence[float | None]) -> float | None:
    """Return the sample's standard deviation of the values that are there; None if they are fewer than two.

    Example:
        >>> spread([1.0, None, 3.0, 2.0]), spread([1.0, None])
        (1.0, None)
    """
    there = [value for value in values if value is not None]
    return stdev(there) if len(there) > 1 else None


def _hardest(runs: Sequence[Config]) -> Config:
    """Return a run whose images are enough for each of the runs, which are of one data set."""
    counts = [run.counts for run in runs if run.counts is not None]
    if not counts:
        return max(runs, key=lambda run: run.imbalance or 0)
    return replace(runs[0], counts=tuple(map(max, zip(*counts, strict=True))))


def _resource(text: str) -> tuple[str, Any]:
    """Return the name and the value of a resource."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: must be NAME=VALUE")
    return name, numeric(value)
