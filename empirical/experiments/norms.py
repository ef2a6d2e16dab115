"""Table 2 and Figure 6: how even are the norms of the classifier's weights, class by class?

The classifiers are those of the experiment ``rebalance`` that start from random weights; with the same folder of runs
nothing is trained again. ``variance`` and ``std`` are those of the C norms as a population. What the paper prints as
the variance can, by its size, only be about 100 times the standard deviation: that number is given too, and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from empirical.config import NO_PRETRAINING, Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, run_key, standard_deviation
from empirical.printed import TABLE2, cell
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["EXPERIMENT", "Row", "plan", "run", "summarise"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class of a run; a run that is not finished has one row, in which all that was measured is None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        seed: of everything random.
        label: the class, from 0, the most frequent, to C - 1.
        class_name: its name.
        images: of the class, to train on.
        norm: the L2 norm of the class's row of the classifier.
        variance: of the norms of the run.
        std: their standard deviation.
        std_100: 100 times that.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "label")
    outcome: ClassVar[tuple[str, ...]] = ("norm",)

    data: str
    imbalance: float
    method: str
    seed: int
    label: int | None
    class_name: str | None
    images: int | None
    norm: float | None
    variance: float | None
    std: float | None
    std_100: float | None
    run: str


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [run.method for run in plan("paper", "cifar10", 100, 0)]
        ['ce', 'rs', 'rw', 'drw']
    """
    return table1_grid.plan(profile, data, imbalance, seed, pretrainings=[NO_PRETRAINING])


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run and class."""
    return [row for config, result in track(run_sweep(sweep), "runs") for row in _rows(sweep, config, result)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each cell of the table the means over the seeds, and the standard deviation of ``std_100``.

    ``printed`` is the paper's cell, of the profile ``paper``.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, -row.imbalance, table1_grid.METHODS.index(row.method)

    summary = []
    for (data, against, method), group in grouped(rows, key):
        own = list({row.run: row for row in group}.values())
        scaled = [row.std_100 for row in own]
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": table1_grid.METHODS[method],
                "seeds": len(own) - scaled.count(None),
                "missing": scaled.count(None),
                "variance": average([row.variance for row in own]),
                "std": average([row.std for row in own]),
                "std_100": average(scaled),
                "spread": standard_deviation(scaled),
                "printed": cell(TABLE2, data, -against, table1_grid.METHODS[method], NO_PRETRAINING),
            }
        )
    return summary


def _rows(sweep: Sweep, config: Config, result: dict[str, Any] | None) -> list[Row]:
    key = run_key(config, "imbalance", "method")
    if result is None:
        return [blank(Row, key)]
    classifier = result["classifier"]
    evenness = {name: classifier[name] for name in ("variance", "std", "std_100")}
    measured = zip(sweep.class_names(config), result["counts"], classifier["norms"], strict=True)
    return [
        Row(**key, label=label, class_name=name, images=images, norm=norm, **evenness)
        for label, (name, images, norm) in enumerate(measured)
    ]


EXPERIMENT = Experiment(
    name="norms",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=plan,
    run=run,
    summarise=summarise,
)
