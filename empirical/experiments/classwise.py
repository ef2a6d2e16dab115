"""Class by class: the rank-1 error of every class, and what it is taken for.

The runs are those of the experiment ``rebalance``, on CIFAR-10 as in section 5.4 and at its largest imbalance, unless
others are asked for; with the same folder of runs nothing is trained again. All numbers are those of the last epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["EXPERIMENT", "Row", "run", "summarise"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class of a run; a run that is not finished has one row, in which all that was measured is None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        pretrain: what it starts from.
        seed: of everything random.
        label: the class, from 0, the most frequent, to C - 1.
        class_name: its name.
        images: of the class, to train on.
        error: the part of its test images that are taken for another class, in per cent.
        taken_for: how many of its test images are taken for each class: C numbers, with spaces between.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "label")
    outcome: ClassVar[tuple[str, ...]] = ("error",)

    data: str
    imbalance: float
    method: str
    pretrain: str
    seed: int
    label: int | None
    class_name: str | None
    images: int | None
    error: float | None
    taken_for: str | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run and class."""
    return [row for config, result in track(run_sweep(sweep), "runs") for row in _rows(sweep, config, result)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each method and start the errors over the seeds, in per cent.

    ``first`` is the error of the most frequent class, ``last`` that of the rarest, ``mean`` the mean over classes;
    ``confused`` is the confusion that happens most often, the true class before the arrow; None if there is none.
    """

    def key(row: Row) -> tuple[Any, ...]:
        method, start = table1_grid.METHODS.index(row.method), table1_grid.PRETRAININGS.index(row.pretrain)
        return row.data, -row.imbalance, method, start

    summary = []
    for (data, against, method, start), own in grouped(rows, key):
        found = [row for row in own if row.label is not None]
        labels = {row.label for row in found}
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": table1_grid.METHODS[method],
                "pretrain": table1_grid.PRETRAININGS[start],
                "seeds": len({row.run for row in found}),
                "missing": len(own) - len(found),
                "first": average([row.error for row in found if row.label == 0]),
                "last": average([row.error for row in found if row.label == len(labels) - 1]),
                "mean": average([row.error for row in found]),
                "confused": _most_confused(found),
            }
        )
    return summary


def _most_confused(rows: Sequence[Row]) -> str | None:
    """Return the names of the pair of classes with the most confusions, over all runs."""
    if not rows:
        return None
    parts = [np.array(str(row.taken_for).split(), dtype=int) for row in rows]
    total = np.zeros((len(parts[0]), len(parts[0])))
    for row, part in zip(rows, parts, strict=True):
        total[row.label] += part / part.sum()
    np.fill_diagonal(total, 0)
    if not total.any():
        return None
    names = {row.label: row.class_name for row in rows}
    return " -> ".join(str(names[int(label)]) for label in np.unravel_index(total.argmax(), total.shape))


def _rows(sweep: Sweep, config: Config, result: dict[str, Any] | None) -> list[Row]:
    key = run_key(config, "imbalance", "method", "pretrain")
    if result is None:
        return [blank(Row, key)]
    last = result["last"]
    measured = zip(sweep.class_names(config), result["counts"], last["per_class"], last["confusion"], strict=True)
    return [
        Row(
            **key,
            label=label,
            class_name=name,
            images=images,
            error=percent(1 - recall),
            taken_for=" ".join(map(str, taken)),
        )
        for label, (name, images, recall, taken) in enumerate(measured)
    ]


EXPERIMENT = Experiment(
    name="classwise",
    doc=__doc__,
    row=Row,
    data={profile: names[:1] for profile, names in table1_grid.DATA.items()},
    imbalance={profile: ratios[:1] for profile, ratios in table1_grid.IMBALANCE.items()},
    plan=table1_grid.plan,
    run=run,
    summarise=summarise,
)
