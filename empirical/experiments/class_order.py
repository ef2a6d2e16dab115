"""Rarity or class: what stays of the gaps in recall and in norms when the classes are rare in the reverse order?

A long-tailed data set makes the first class the most frequent and the last the rarest, always the same ones, so what is
said of rare classes is said of these classes as well. Here the runs of ``rebalance`` that start from random weights are
joined by as many in which the order of the classes is reversed and nothing else is changed.

The gap is the mean over the more frequent half of the classes minus that over the rarer half, of ``C`` classes without
the middle one if ``C`` is odd. Let the class ``c`` at the place ``k`` have ``a(c) + f(k)``. The gap is
``A + F`` in the data's order and ``-A + F`` in the reverse one, where ``A`` and ``F`` are the gaps of ``a`` and ``f``:

- half their sum, ``F``, is due to rarity,
- half their difference, ``A``, to which classes are rare.

Where the two do not add up, ``F`` still is the mean of the gaps of two data sets that differ in nothing but the order.
Data whose classes are of different sizes give the two orders different numbers of images.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from empirical.analysis.rarity import ORDERS, Split, split
from empirical.config import NO_PRETRAINING, Config
from empirical.data.size import class_count
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key, standard_deviation
from empirical.runtime.progress import Track, silent
from empirical.sweeps.options import prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["EXPERIMENT", "Row", "plan", "run", "summarise"]

_DATA = {**table1_grid.DATA, "cpu": ("cifar10",)}
_MEASURED = ("recall", "norm")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class of a run; a run that is not finished has one row, in which all that was measured is None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        seed: of everything random.
        order: of the classes: that of the labels, or the reverse.
        label: the class, by its label in the data.
        class_name: its name.
        place: where it stands, from 0, the most frequent, to C - 1.
        images: of the class, to train on.
        recall: of its test images, in per cent.
        norm: the L2 norm of its row of the classifier.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "label")
    outcome: ClassVar[tuple[str, ...]] = ("recall",)

    data: str
    imbalance: float
    method: str
    seed: int
    order: str
    label: int | None
    class_name: str | None
    place: int | None
    images: int | None
    recall: float | None
    norm: float | None
    run: str


def plan(profile: str, data: str, imbalance: float, seed: int, classes: int) -> list[Config]:
    """Return the runs of a data set with so many classes, an imbalance and a seed.

    Example:
        >>> [(run.method, run.classes) for run in plan("paper", "toy", 100, 0, classes=3)][::4]
        [('ce', None), ('ce', (2, 1, 0))]
    """
    orders = None, tuple(range(classes))[::-1]
    own = {"data": data, "imbalance": imbalance, "seed": seed, "pretrain": NO_PRETRAINING}
    return [
        profile_config(profile, method=method, classes=order, **own)
        for order in orders
        for method in table1_grid.METHODS
    ]


def _setup(args: argparse.Namespace) -> Sweep:
    """Return the sweep that the parsed options describe."""

    @cache
    def classes(data: str) -> int:
        return class_count(data, args.root)

    def own(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
        return plan(profile, data, imbalance, seed, classes(data))

    return prepare_sweep(args, own, _DATA, table1_grid.IMBALANCE, as_they_are=False)


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run and class."""
    return [row for config, result in track(run_sweep(sweep), "runs") for row in _rows(sweep, config, result)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each data set, imbalance and method the gaps in recall, in points, and in norms, and their parts.

    Means over the seeds that have both orders.
    ``recall_labels`` and ``norm_labels`` are the gaps where the classes are rare in the order of their labels.
    ``recall_reversed`` and ``norm_reversed`` are those in the reverse order.
    ``recall_rarity`` and ``norm_rarity`` are the parts that are due to rarity, whichever classes are rare.
    ``recall_classes`` and ``norm_classes`` are the parts that are due to which classes are rare.
    ``recall_spread`` and ``norm_spread`` are the standard deviations over the seeds of the part that is due to rarity.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, -row.imbalance, table1_grid.METHODS.index(row.method)

    summary = []
    for (data, against, method), group in grouped(rows, key):
        seeds = [own for _, own in grouped(group, lambda row: row.seed)]
        parts = {name: [_split(own, name) for own in seeds] for name in _MEASURED}
        missing = [part.rarity for part in parts["recall"]].count(None)
        numbers: dict[str, float | None] = {}
        for name, found in parts.items():
            both = [part for part in found if part.rarity is not None]
            for part in ("labels", "reversed", "rarity", "classes"):
                numbers[f"{name}_{part}"] = average([getattr(one, part) for one in both])
            numbers[f"{name}_spread"] = standard_deviation([one.rarity for one in both])
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": table1_grid.METHODS[method],
                "seeds": len(seeds) - missing,
                "missing": missing,
                **numbers,
            }
        )
    return summary


def _split(rows: Sequence[Row], name: str) -> Split:
    """Return the split of a column of a seed's rows."""
    in_place = sorted(rows, key=lambda row: row.place or 0)
    return split(*([getattr(row, name) for row in in_place if row.order == order] for order in ORDERS))


def _rows(sweep: Sweep, config: Config, result: dict[str, Any] | None) -> list[Row]:
    key = {**run_key(config, "imbalance", "method"), "order": ORDERS[config.classes is not None]}
    if result is None:
        return [blank(Row, key)]
    counts = result["counts"]
    measured = zip(
        map(int, config.classes or range(len(counts))),
        sweep.class_names(config),
        counts,
        result["last"]["per_class"],
        result["classifier"]["norms"],
        strict=True,
    )
    return [
        Row(**key, label=label, class_name=name, place=place, images=images, recall=percent(recall), norm=norm)
        for place, (label, name, images, recall, norm) in enumerate(measured)
    ]


EXPERIMENT = Experiment(
    name="class-order",
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=table1_grid.IMBALANCE,
    setup=_setup,
    run=run,
    summarise=summarise,
)
