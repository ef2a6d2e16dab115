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
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from pathlib import Path
from statistics import fmean, stdev
from types import FrameType
from typing import Any

from empirical.config import Config
from empirical.options import folder, numeric
from empirical.stopping import Interrupted, Stop, duration
from empirical.threads import cores, one_thread, wait_passively
from theory._validate import choice, number, refuse, whole

__all__ = [
    "PROFILES",
    "Plan",
    "Setting",
    "add_arguments",
    "average",
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
_ROOT = Path("data")

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
        workers: how many runs are trained side by side.
        seconds: how long it may take; None for no limit.
        about: what the data are.
    """

    profile: str
    data: tuple[str, ...]
    options: Mapping[str, Any]
    seeds: int
    configs: tuple[Config, ...]
    runs: Path
    root: Path
    device: str
    workers: int
    seconds: float | None
    about: dict[str, Any]

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat the sweep, without its folders."""
        return {
            "profile": self.profile,
            "data": tuple(Path(name).name for name in self.data),
            **self.options,
            "seeds": self.seeds,
        }

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
    add("--root", type=folder, default=_ROOT, metavar="DIR", help=f"the folder of the data sets (default: {_ROOT})")
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
    add("--workers", type=numeric, metavar="N", help="runs side by side (default: one a core; smoke: 1)")


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
        args: the options of :func:`add_arguments`, and ``out``.
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
        ratios = different("imbalance", [_ratio(value) for value in args.imbalance or imbalance[profile]])
    seeds = whole("seeds", _SEEDS[profile] if args.seeds is None else args.seeds)
    usual = 1 if profile == "smoke" else cores()
    workers = whole("workers", usual if args.workers is None else args.workers)
    seconds = None if args.time_budget is None else duration(args.time_budget)
    configs = [
        run for name in names for ratio in ratios for seed in range(seeds) for run in plan(profile, name, ratio, seed)
    ]
    wait_passively()
    # Torch is imported from here on: the setting of its threads must come before.
    from empirical.learning import build_network
    from empirical.material import gather
    from empirical.runs import Run
    from empirical.steps import find_device

    find_device(args.device)
    runs, about = args.runs or args.out / "runs", {}
    for name in names:
        own = [run for run in configs if run.data == name]
        material = gather(_hardest(own), args.root)
        build_network(own[0], material)  # refuses images that the network cannot take
        for run in own:
            known = Run(run, runs).result()
            if known is not None and known["data"] != material.fingerprint:
                refuse("data", name, f"must hold the images that {Run(run, runs).folder} was trained on")
        about[Path(name).name] = {
            "fingerprint": material.fingerprint,
            "classes": len(material.counts),
            "test_images": len(material.test_labels),
        }
    repeating = {**({} if imbalance is None else {"imbalance": ratios}), **(options or {})}
    where = runs, args.root, args.device, workers, seconds
    return Setting(profile, names, repeating, seeds, tuple(configs), *where, about)


def results(setting: Setting) -> list[tuple[Config, dict[str, Any] | None]]:
    """Train what is missing; return each run with what its ``result.json`` holds, None where it is not finished.

    A sweep that stops early (SIGTERM, the end of its time, a run that diverges, a full disk, a lost process) says so
    on standard error and returns what there is.
    """
    from empirical.folders import make_folder
    from empirical.runs import Run
    from empirical.train import train_many

    missing = [run for run in setting.configs if Run(run, setting.runs).result() is None]
    if missing:
        stop = Stop(setting.seconds)
        options = {"root": setting.root, "device": setting.device, "stop": stop}
        try:
            make_folder(setting.runs)
            with _executor(setting.workers, stop) as pool:
                train_many(missing, setting.runs, _Counting(pool, _trainings(missing, setting.runs)), **options)
        except (Interrupted, ArithmeticError, OSError, ValueError, BrokenExecutor) as error:
            _say(f"stopped: {error}; the same command goes on from there")
    return [(run, Run(run, setting.runs).result()) for run in setting.configs]


def different(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values if none comes twice."""
    if len(set(values)) < len(values):
        refuse(name, list(values), "must be all different")
    return tuple(values)


def data_name(run: Config) -> str:
    """Return what tables call the data of a run: the name, without the folder of a file."""
    return Path(run.data).name


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


class _Counting(Executor):
    """Another executor, which says on standard error how many of its trainings are done."""

    def __init__(self, pool: Executor, total: int) -> None:
        self._pool, self._total, self._done = pool, total, 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        future = self._pool.submit(function, *args, **options)
        future.add_done_callback(self._count)
        return future

    def _count(self, future: Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._done += 1
            _say(f"{self._done} of {self._total} trained")


@contextmanager
def _executor(workers: int, stop: Stop) -> Iterator[Executor]:
    """Yield what the runs are trained in: this process if they are one after the other, else processes.

    Each run has one thread either way, so that the number of workers changes no result. SIGTERM stops either: the
    runs go on after their last whole epoch.
    """
    if workers == 1:
        with stop, ThreadPoolExecutor(1, initializer=one_thread) as threads:
            yield threads
    else:
        context = get_context("spawn")
        with _Terminating(), ProcessPoolExecutor(workers, mp_context=context, initializer=one_thread) as processes:
            yield processes


class _Terminating(Stop):
    """SIGTERM ends the processes of the sweep as well: the flag of a ``Stop`` does not reach them."""

    def _ask(self, number: int, frame: FrameType | None) -> None:
        super()._ask(number, frame)
        for child in active_children():
            child.terminate()


def _trainings(configs: Sequence[Config], runs: Path) -> int:
    """Return how many runs :func:`empirical.train.train_many` goes through: the pre-trainings too."""
    return len(set(configs) | {first for run in configs if (first := run.pretraining()) is not None})


def _say(text: str) -> None:
    print(f"runs: {text}", file=sys.stderr, flush=True)


def _hardest(runs: Sequence[Config]) -> Config:
    """Return a run whose images are enough for each of the runs, which are of one data set."""
    counts = [run.counts for run in runs if run.counts is not None]
    if not counts:
        return max(runs, key=lambda run: run.imbalance)
    return replace(runs[0], counts=tuple(map(max, zip(*counts, strict=True))))


def _ratio(value: Any) -> float:
    """Return an imbalance, as an ``int`` where it is one."""
    ratio = number("imbalance", value, "must be a finite number of at least 1", least=1)
    return ratio if isinstance(ratio, int) else float(ratio)
