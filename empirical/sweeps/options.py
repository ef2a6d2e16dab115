"""The command-line options of a sweep: from what was typed to a sweep whose arguments are checked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from empirical.config import Config, has_name
from empirical.data.class_names import with_labels
from empirical.data.load import load
from empirical.data.longtail import imbalance_ratio
from empirical.data.size import size_of
from empirical.runtime.command_line import DEVICES, ROOT, folder, numeric
from empirical.runtime.stop import duration
from empirical.runtime.threads import GPU_WORKERS, wait_passively
from empirical.storage.run_folder import Run
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import Sweep, check_executor
from theory.support.validate import choice, distinct, integer, refuse

__all__ = ["Plan", "add_sweep_options", "prepare_sweep"]


_SEEDS = {"smoke": 1, "cpu": 3, "paper": 3}
_MOST_SEEDS = 1000
_MOST_WORKERS = 1000

Plan = Callable[[str, str, Any, int], list[Config]]
"""From a profile, a data set, an imbalance and a seed to the runs that an experiment has for them.

The imbalance is None in an experiment that has none to choose.
"""


def add_sweep_options(parser: argparse.ArgumentParser, *, imbalance: bool = True) -> None:
    """Add the options of a sweep, with or without ``--imbalance``; plan and defaults go to :func:`prepare_sweep`."""
    add = parser.add_argument
    add("--profile", required=True, metavar="smoke|cpu|paper", help="how much: seconds, a laptop, or a GPU")
    add(
        "--data", nargs="+", metavar="DATA", help="cifar10, cifar100, digits, gaussian, a .npz file, a folder of images"
    )
    add("--root", type=folder, default=ROOT, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    if imbalance:
        text = "first class over last (default: the profile's; files and folders as they are)"
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
    parser.set_defaults(only_plan=False, only_predictions=False)


def prepare_sweep(
    args: argparse.Namespace,
    plan: Plan,
    data: Mapping[str, Sequence[str]],
    imbalance: Mapping[str, Sequence[float]] | None,
    options: Mapping[str, Any] | None = None,
    *,
    as_they_are: bool = True,
) -> Sweep:
    """Return the sweep that the parsed options describe, everything checked and nothing written.

    Args:
        args: the options of :func:`add_sweep_options`, and ``out``. With ``only_plan`` nothing is loaded or checked
            either: ``tailbound empirical list`` asks for the runs alone.
        plan: the experiment's runs.
        data: the data sets by profile, where the options name none.
        imbalance: the imbalances likewise; None if the parser has no ``--imbalance``.
        options: the experiment's own options, as the command line that repeats the sweep is to have them.
        as_they_are: whether files and folders keep all their images where no imbalance is given, the classes in the
            order of how many they have; else they get the profile's.

    Raises:
        ValueError: an option is outside its range, the data are missing or too few, the device is missing, or the
            folder of the runs holds a run of other data or a result that cannot be read.
    """
    profile = choice("profile", args.profile, PROFILES)
    names = distinct("data", [Config(data=name).data for name in args.data or data[profile]])
    if len({Path(name).name for name in names}) < len(names):
        refuse(
            "data", list(names), "must have different names without their folders: tables and runs know them by these"
        )
    ratios: tuple[Any, ...] = (None,)
    whole_sets: list[str] = []
    if imbalance is not None:
        ratios = distinct("imbalance", [imbalance_ratio(value) for value in args.imbalance or imbalance[profile]])
        if as_they_are and args.imbalance is None:
            whole_sets = [name for name in names if not has_name(name)]
    seeds = integer("seeds", _SEEDS[profile] if args.seeds is None else args.seeds, most=_MOST_SEEDS)
    workers = None if args.workers is None else integer("workers", args.workers, most=_MOST_WORKERS)
    seconds = None if args.time_budget is None else duration(args.time_budget)
    configs = [
        run if name not in whole_sets else _on_all_images(run, args.root)
        for name in names
        for ratio in ((1,) if name in whole_sets else ratios)
        for seed in range(seeds)
        for run in plan(profile, name, ratio, seed)
    ]
    resources = dict(args.resources)
    setting = Sweep(
        profile=profile,
        data=names,
        options={**({} if imbalance is None or whole_sets else {"imbalance": ratios}), **(options or {})},
        seeds=seeds,
        configs=tuple(dict.fromkeys(configs)),
        runs=args.runs or args.out / "runs",
        root=args.root,
        device=args.device,
        workers=workers,
        seconds=seconds,
        about={},
        executor=args.executor,
        resources=resources,
        out=getattr(args, "out", Path()),  # a caller that names the folder of the runs need not have one
        only_predictions=getattr(args, "only_predictions", False),
    )
    if args.only_plan:
        return setting
    check_executor(args.executor, resources)
    wait_passively()
    choice("device", args.device, DEVICES)
    results = {run: Run(run, setting.runs).result() for run in configs}
    if None in results.values() or args.device == "cuda":
        about, notes = _data_to_train_on(setting, results, whole_sets)
    else:
        about, notes = _data_of_results(setting, results)
    return replace(setting, about=about, notes=notes)


Results = Mapping[Config, Mapping[str, Any] | None]


def _data_to_train_on(
    sweep: Sweep, results: Results, whole_sets: Collection[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what the data of a sweep are, and what to say of them, once all of it can be trained on."""
    # Torch is imported from here on: the setting of its threads must come before.
    from empirical.data.training_set import load_training_set
    from empirical.runtime.device import find_device
    from empirical.training.tasks import build_network

    if sweep.executor is None:  # else another machine has the device
        find_device(sweep.device)
    about: dict[str, Any] = {}
    notes: list[str] = []
    for name, own in _by_classes(sweep):
        training_set = load_training_set(_hardest(own), sweep.root)
        build_network(own[0], training_set)  # refuses images that the network cannot take
        _check_fingerprint(sweep, own, results, training_set.fingerprint)
        kept = ", all as they are" if name in whole_sets else ""
        notes += [f"{os.path.basename(name)}: {training_set.described()}{kept}", *training_set.notes]
        classes, names = len(training_set.counts), training_set.data_classes
        found = _described(training_set.fingerprint, classes, names, len(training_set.test_labels))
        about.setdefault(Path(name).name, found)
    return about, tuple(notes)


def _data_of_results(sweep: Sweep, results: Results) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the same of a sweep that is finished, without torch: the data are only compared."""
    about: dict[str, Any] = {}
    for name, own in _by_classes(sweep):
        data = load(name, sweep.root, seed=own[0].data_seed, resolution=own[0].resolution)
        names = data.classes
        labels = with_labels(own[0], data.classes).classes
        if labels is not None:
            data, _ = data.select_classes([int(label) for label in labels])
        data = data.with_test()
        _check_fingerprint(sweep, own, results, data.fingerprint)
        found = _described(data.fingerprint, len(data.classes), names, len(data.test_labels))
        about.setdefault(Path(name).name, found)
    return about, ()


def _described(fingerprint: str, classes: int, names: Sequence[str], test_images: int) -> dict[str, Any]:
    """Return what a record says of data: how many classes are used, and the names of all that there are."""
    return {"fingerprint": fingerprint, "classes": classes, "names": list(names), "test_images": test_images}


def _by_classes(sweep: Sweep) -> list[tuple[str, list[Config]]]:
    """Return the runs of each data set that have the same classes, with its name."""
    groups: dict[tuple[str, tuple[int | str, ...]], list[Config]] = {}
    for name in sweep.data:
        for run in sweep.configs:
            if run.data == name:
                groups.setdefault((name, run.classes or ()), []).append(run)
    return [(name, own) for (name, _), own in groups.items()]


def _check_fingerprint(sweep: Sweep, runs: Sequence[Config], results: Results, fingerprint: str) -> None:
    """Refuse data that are not those of the results."""
    for run in runs:
        result = results[run]
        if result is not None and result["data"] != fingerprint:
            folder = Run(run, sweep.runs).folder
            refuse("data", run.data, f"must hold the images that {folder} was trained on")


def _on_all_images(run: Config, root: Path) -> Config:
    """Return a run on all images of its data, the most frequent class first."""
    available = size_of(run.data, root, seed=run.data_seed, resolution=run.resolution).available
    order = tuple(sorted(range(len(available)), key=lambda label: -available[label]))
    classes = None if order == tuple(range(len(order))) else order
    return replace(run, imbalance=None, classes=classes, counts=tuple(available[label] for label in order))


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
