"""Theorem 3 on trained classifiers: how much of each class's recall is due to norms, to angles, to biases?

The classifiers are those of the experiment ``rebalance`` that start from random weights; with the same folder of runs
nothing is trained again. Norms, biases and angles are each as they were trained or neutral
(:mod:`empirical.analysis.classifier_parts`); the neutral directions are those of the mean features of the training
images, which a class has however few there are. What a part adds to a recall is its Shapley value. All of it is linear
in the recalls: the gap between the more frequent and the rarer half of the classes (of an odd number, the middle one is
in neither) splits in the same way, and what is left with all three neutral is due to the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirical.analysis.classifier_parts import PARTS, recalls, shapley
from empirical.analysis.rarity import gap
from empirical.config import Config
from empirical.experiments import norms
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key, spread
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["EXPERIMENT", "PARTS", "Row", "run", "summarise"]


@dataclass(frozen=True)
class Row:
    """A class of a run; a run that is not finished has one row, in which all that was measured is None.

    Recalls are in per cent of the class's test images, what a part adds in points.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        seed: of everything random.
        label: the class, from 0, the most frequent, to C - 1.
        images: of the class, to train on.
        recall: as trained.
        without_biases: norms and angles as trained.
        equal_norms: biases and angles as trained, the norms equal.
        tau_1: angles as trained, the norms equal and no biases: tau-normalisation with ``tau = 1``.
        neutral: all three parts neutral.
        norms: what the norms add.
        biases: what the biases add.
        angles: what the angles add.
        run: the name of its folder.
    """

    data: str
    imbalance: float
    method: str
    seed: int
    label: int | None
    images: int | None
    recall: float | None
    without_biases: float | None
    equal_norms: float | None
    tau_1: float | None
    neutral: float | None
    norms: float | None
    biases: float | None
    angles: float | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run and class."""
    finished = run_sweep(sweep)
    return [row for config, result in track(finished, "runs") for row in _rows(sweep, config, result)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each data set, imbalance and method how the gap between frequent and rare classes splits, in points.

    ``gap`` is the mean recall of the more frequent half of the classes minus that of the rarer half, mean over the
    seeds, and ``spread`` its standard deviation; ``norms``, ``biases``, ``angles`` and ``features`` add up to it.
    ``gap_tau_1`` is the gap after tau-normalisation with ``tau = 1``.
    """

    def where(row: Row) -> tuple[Any, ...]:
        return row.data, -row.imbalance, table1_grid.METHODS.index(row.method)

    summary = []
    for (data, against, method), group in grouped(rows, where):
        runs: dict[str, list[Row]] = {}
        for row in group:
            runs.setdefault(row.run, []).append(row)
        gaps = {name: [_gap(own, name) for own in runs.values()] for name in ("recall", *PARTS, "neutral", "tau_1")}
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": table1_grid.METHODS[method],
                "seeds": len(runs) - gaps["recall"].count(None),
                "missing": gaps["recall"].count(None),
                "gap": average(gaps["recall"]),
                "spread": spread(gaps["recall"]),
                **{part: average(gaps[part]) for part in PARTS},
                "features": average(gaps["neutral"]),
                "gap_tau_1": average(gaps["tau_1"]),
            }
        )
    return summary


def _gap(rows: Sequence[Row], name: str) -> float | None:
    """Return by how much a column is larger for the more frequent half of the classes."""
    return gap([getattr(row, name) for row in sorted(rows, key=lambda row: row.label or 0)])


def _rows(sweep: Sweep, config: Config, result: dict[str, Any] | None) -> list[Row]:
    key = run_key(config, "imbalance", "method")
    if result is None:
        return [blank(Row, key)]
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    weight, train, test = (x.double().numpy() for x in (seen.weight, seen.train, seen.test))
    labels = seen.train_labels.numpy()
    means = np.stack([train[labels == label].mean(axis=0) for label in range(len(weight))])
    bias = np.zeros(len(weight)) if seen.bias is None else seen.bias.double().numpy()
    found = recalls(weight, bias, means, test, seen.test_labels.numpy())
    columns = {
        "recall": found[frozenset(PARTS)],
        "without_biases": found[frozenset({"norms", "angles"})],
        "equal_norms": found[frozenset({"biases", "angles"})],
        "tau_1": found[frozenset({"angles"})],
        "neutral": found[frozenset()],
        **shapley(found),
    }

    def cells(label: int) -> dict[str, Any]:
        return {name: percent(float(values[label])) for name, values in columns.items()}

    return [Row(**key, label=label, images=images, **cells(label)) for label, images in enumerate(seen.counts)]


EXPERIMENT = Experiment(
    name="norm-angle",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=norms.plan,
    run=run,
    summarise=summarise,
)
