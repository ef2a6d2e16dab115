"""The two cases of section 3: one class with a number of images of its own among classes with another.

The one class is the last (``class-10``) unless ``--label`` names another. The network is trained with cross entropy,
from random weights unless ``--pretrain`` names a pre-training, and tested on the same balanced images whatever it was
trained on. The text leaves the details to its appendix; as in its section 5.2 all runs have the same number of epochs,
so that a run on few images makes fewer steps. ``--schedule steps`` gives every run the epochs that make about as many
steps as the largest run, to tell few images from little training.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any, ClassVar

from empirical.config import NO_PRETRAINING, Config
from empirical.data.class_names import label_of
from empirical.data.load import load
from empirical.data.size import class_count, size_of
from empirical.experiments.shared.rows import average, grouped, percent, run_key, standard_deviation
from empirical.runtime.command_line import numeric
from empirical.runtime.progress import Track, silent
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import PROFILES, profile_config
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.support.validate import choice, distinct, integer, refuse

__all__ = ["DATA", "SCHEDULES", "Design", "Row", "add_options", "run", "setup", "summarise"]

DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
"""The data sets of each profile."""

SCHEDULES = ("epochs", "steps")
"""What all runs have the same number of."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """The runs of a case: every pair of a number of images of the one class and one of each other class.

    Attributes:
        majority: the numbers of images of each of the other classes.
        minority: those of the one class.
        label: the one class; None for the last.
        pretrain: what the runs start from.
        schedule: one of :data:`SCHEDULES`.
        fields: further fields of the configurations.

    Example:
        >>> runs = Design(majority=(100, 200), minority=(100,)).runs("paper", "cifar10", 10, seed=0)
        >>> [(sum(run.counts), run.counts[-1]) for run in runs]
        [(1000, 100), (1900, 100)]
    """

    majority: tuple[int, ...]
    minority: tuple[int, ...]
    label: int | None = None
    pretrain: str = NO_PRETRAINING
    schedule: str = "epochs"
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers, as far as that can be done without the data."""
        for name, values in (("majority", self.majority), ("minority", self.minority)):
            object.__setattr__(self, name, distinct(name, [integer(name, value) for value in values]))
        choice("schedule", self.schedule, SCHEDULES)

    def runs(self, profile: str, data: str, classes: int, seed: int) -> list[Config]:
        """Return the runs on data with so many classes.

        Raises:
            ValueError: there is no such class, or no such pre-training.
        """
        label = classes - 1 if self.label is None else integer("label", self.label, least=0, most=classes - 1)
        configs = []
        for majority, minority in product(self.majority, self.minority):
            counts = tuple(minority if other == label else majority for other in range(classes))
            own = {"data": data, "counts": counts, "pretrain": self.pretrain, "seed": seed, **self.fields}
            configs.append(profile_config(profile, **own))
        if self.schedule == "steps":
            most = max(sum(run.counts or ()) for run in configs)
            return [_longer(run, most / sum(run.counts or ())) for run in configs]
        return configs

    def check(self, available: Sequence[int]) -> None:
        """Refuse numbers of images that the data, with ``available`` training images of each class, do not have.

        Example:
            >>> Design(majority=(100, 5000), minority=(100,)).check([5000] * 10)
        """
        own = len(available) - 1 if self.label is None else self.label
        least = min(range(len(available)), key=lambda label: (label == own, available[label]))
        for name, numbers, label in (("majority", self.majority, least), ("minority", self.minority, own)):
            if max(numbers) > available[label]:
                most = available[label]
                refuse(name, max(numbers), f"must be at most {most}: the class of label {label} has no more")

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat it, but for the class."""
        return {
            "majority": self.majority,
            "minority": self.minority,
            "pretrain": self.pretrain,
            "schedule": self.schedule,
        }


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run; what it measured is None while it is not finished.

    Attributes:
        data: the data set.
        label: the class with a number of images of its own.
        class_name: its name.
        minority_images: that number.
        majority_images: the number of images of each other class.
        pretrain: what the run starts from.
        seed: of everything random.
        minority: the accuracy on the test images of the one class after the last epoch, in per cent.
        majority: the same for those of all other classes together.
        accuracy: the same for all images.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run",)
    outcome: ClassVar[tuple[str, ...]] = ("accuracy",)

    data: str
    label: int
    class_name: str
    minority_images: int
    majority_images: int
    pretrain: str
    seed: int
    minority: float | None
    majority: float | None
    accuracy: float | None
    run: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; the experiment's design goes to :func:`setup`."""
    add_sweep_options(parser, imbalance=False)
    add = parser.add_argument
    add("--majority", type=numeric, nargs="+", metavar="N", help="images of each of the other classes")
    add("--minority", type=numeric, nargs="+", metavar="N", help="images of the one class")
    add("--label", metavar="CLASS", help="the one class, by name or by label, from 0 (default: the last)")
    add("--pretrain", metavar="NAME", help=f"what the runs start from (default: {NO_PRETRAINING})")
    add("--schedule", metavar="|".join(SCHEDULES), help="what all runs have the same number of (default: epochs)")


def setup(args: argparse.Namespace, designs: Mapping[str, Design]) -> Sweep:
    """Return the sweep that the parsed options describe: the profile's design, with what they change in it."""
    profile = choice("profile", args.profile, PROFILES)
    options = {
        "majority": args.majority,
        "minority": args.minority,
        "pretrain": args.pretrain,
        "schedule": args.schedule,
    }
    design = replace(designs[profile], **{name: value for name, value in options.items() if value is not None})

    @cache
    def available(data: str) -> tuple[int, ...]:
        return size_of(data, args.root).available

    @cache
    def classes(data: str) -> int:
        return class_count(data, args.root)

    @cache
    def own(data: str) -> Design:
        if args.label is None:
            return design
        return replace(design, label=label_of("label", args.label, load(data, args.root).classes))

    def plan(profile: str, data: str, _: None, seed: int) -> list[Config]:
        runs = own(data).runs(profile, data, classes(data), seed)
        if not args.only_plan:
            own(data).check(available(data))
        return runs

    label = {} if args.label is None else {"label": args.label}
    return prepare_sweep(args, plan, DATA, None, design.arguments() | label)


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    rows = []
    for config, result in track(run_sweep(sweep), "runs"):
        names = sweep.class_names(config)
        label = label_of("label", sweep.options.get("label", len(names) - 1), names)
        rows.append(_row(config, result, label, names[label]))
    return rows


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each pair of numbers the means over the seeds, in per cent, the largest numbers last.

    ``spread`` is the standard deviation of the accuracy of the one class.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, row.majority_images, row.minority_images

    summary = []
    for (data, majority, minority), own in grouped(rows, key):
        found = [row.minority for row in own]
        summary.append(
            {
                "data": data,
                "majority_images": majority,
                "minority_images": minority,
                "seeds": len(own) - found.count(None),
                "missing": found.count(None),
                "minority": average(found),
                "spread": standard_deviation(found),
                "majority": average([row.majority for row in own]),
                "accuracy": average([row.accuracy for row in own]),
            }
        )
    return summary


def _longer(run: Config, factor: float) -> Config:
    """Return a run with as many times the epochs, tested as often."""
    epochs, every = round(run.epochs * factor), round(run.evaluate_every * factor)
    return replace(run, epochs=epochs, evaluate_every=every)


def _row(config: Config, result: Mapping[str, Any] | None, label: int, name: str) -> Row:
    counts = config.counts or ()
    measured: dict[str, Any] = dict.fromkeys(("minority", "majority", "accuracy"))
    if result is not None:
        confusion = result["last"]["confusion"]
        right = [line[i] for i, line in enumerate(confusion)]
        total = [sum(line) for line in confusion]
        measured = {
            "minority": percent(right[label] / total[label]),
            "majority": percent((sum(right) - right[label]) / (sum(total) - total[label])),
            "accuracy": percent(sum(right) / sum(total)),
        }
    return Row(
        **run_key(config, "pretrain"),
        label=label,
        class_name=name,
        minority_images=counts[label],
        majority_images=counts[label - 1],
        **measured,
    )
