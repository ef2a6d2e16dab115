"""The runs of an experiment by its own defaults, with nothing loaded and nothing trained."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from empirical.config import Config
from empirical.experiments import load
from empirical.runtime.command_line import Parser, program_name

__all__ = ["planned_runs", "pretrainings"]


def planned_runs(name: str, profile: str, root: Path = Path("data")) -> tuple[Config, ...] | None:
    """Return the runs of an experiment in a profile; None if it is one that trains nothing.

    Args:
        name: a key of :data:`empirical.experiments.EXPERIMENTS`.
        profile: a key of :data:`empirical.sweeps.profiles.PROFILES`.
        root: the folder of the data sets.

    Raises:
        ValueError: there is no such profile.

    Example:
        >>> len(planned_runs("norms", "paper")), planned_runs("pairs", "paper")
        (96, None)
    """
    experiment = load(name)
    if not experiment.trains:
        return None
    parser = Parser(prog=f"{program_name('empirical')} run {name}")
    experiment.add_options(parser)
    args = parser.parse_args(["--profile", profile, "--root", str(root)])
    args.only_plan, args.out = True, Path()
    sweep = experiment.prepare(args).sweep
    return None if sweep is None else sweep.configs


def pretrainings(configs: Iterable[Config]) -> set[Config]:
    """Return the pre-trainings that runs start from."""
    return {first for run in configs if (first := run.pretraining()) is not None}
