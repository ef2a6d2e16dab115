"""Theorem 3 on trained classifiers: how much of each class's recall is due to norms, to angles, to biases?

The classifiers are those of the experiment ``rebalance`` that start from random weights; with the same folder of runs
nothing is trained again. Norms, biases and angles are each as they were trained or neutral
(:mod:`empirical.analysis.classifier_parts`); the neutral directions are those of the mean features of the training
images, which a class has however few there are. What a part adds to a recall is its Shapley value. All of it is linear
in the recalls: the gap between the more frequent and the rarer half of the classes (of an odd number, the middle one is
in neither) splits in the same way, and what is left with all three neutral is due to the features.

With ``--arrays FILE.npz`` the networks are anyone's: ``weight``, shape ``(C, d)``, optionally ``bias``, shape ``(C,)``,
``train_features`` and ``train_labels`` of the images that it was trained on, and ``features`` and ``labels`` of others.
The imbalance is then the most over the fewest training images of a class, and no method is named.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.classifier_parts import PARTS, recalls, shapley
from empirical.analysis.rarity import gap
from empirical.config import Config
from empirical.data.npz import arrays_of
from empirical.experiments import norms
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import own_arrays, table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key, standard_deviation
from empirical.runtime.progress import Track, silent
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.support.validate import choice, floats, refuse

__all__ = ["EXPERIMENT", "PARTS", "Options", "Row", "run", "summarise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class of a run; a run that is not finished has one row, in which all that was measured is None.

    Recalls are in per cent of the class's test images, what a part adds in points.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning; None for arrays.
        seed: of everything random.
        label: the class; of a run from 0, the most frequent, to C - 1.
        class_name: its name.
        images: of the class, to train on.
        recall: as trained.
        without_biases: norms and angles as trained.
        equal_norms: biases and angles as trained, the norms equal.
        tau_1: angles as trained, the norms equal and no biases: tau-normalisation with ``tau = 1``.
        neutral: all three parts neutral.
        norms: what the norms add.
        biases: what the biases add.
        angles: what the angles add.
        run: the name of its folder, or the file of arrays.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "label")
    outcome: ClassVar[tuple[str, ...]] = ("recall",)

    data: str
    imbalance: float
    method: str | None
    seed: int
    label: int | None
    class_name: str | None
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


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options.

    Attributes:
        sweep: the networks that are trained; None with arrays.
        arrays: files of other networks.
    """

    sweep: Sweep | None
    arrays: tuple[Path, ...] = ()


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a sweep, and networks of one's own."""
    add_sweep_options(parser)
    own_arrays.add_arrays(parser, "last layer, training and other features")


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, everything checked and nothing written."""
    arrays = own_arrays.checked_files(args, "runs", "imbalance", "seeds", "time_budget", "workers", "executor")
    if not arrays:
        sweep = prepare_sweep(args, norms.plan, table1_grid.DATA, table1_grid.IMBALANCE)
        return Prepared(work=Options(sweep), sweep=sweep, arguments=sweep.arguments(), provenance=sweep.about)
    profile = choice("profile", args.profile, PROFILES)
    found = {}
    for path in arrays:
        network = _arrays(path)
        found[path.name] = own_arrays.about(path, network.test, network.names)
    arguments = {"profile": profile, "arrays": tuple(path.name for path in arrays)}
    return Prepared(work=Options(None, arrays), sweep=None, arguments=arguments, provenance=found)


def run(options: Options, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run, or file of arrays, and class."""
    sweep = options.sweep
    if sweep is None:
        return [row for path in track(options.arrays, "arrays") for row in _of_arrays(path)]
    return [row for config, result in track(run_sweep(sweep), "runs") for row in _rows(sweep, config, result)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each data set, imbalance and method how the gap between frequent and rare classes splits, in points.

    ``gap`` is the mean recall of the more frequent half of the classes minus that of the rarer half, mean over the
    seeds, and ``spread`` its standard deviation; ``norms``, ``biases``, ``angles`` and ``features`` add up to it.
    ``gap_tau_1`` is the gap after tau-normalisation with ``tau = 1``.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, -row.imbalance, -1 if row.method is None else table1_grid.METHODS.index(row.method)

    summary = []
    for (data, against, method), group in grouped(rows, key):
        runs: dict[str, list[Row]] = {}
        for row in group:
            runs.setdefault(row.run, []).append(row)
        gaps = {name: [_gap(own, name) for own in runs.values()] for name in ("recall", *PARTS, "neutral", "tau_1")}
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": None if method < 0 else table1_grid.METHODS[method],
                "seeds": len(runs) - gaps["recall"].count(None),
                "missing": gaps["recall"].count(None),
                "gap": average(gaps["recall"]),
                "spread": standard_deviation(gaps["recall"]),
                **{part: average(gaps[part]) for part in PARTS},
                "features": average(gaps["neutral"]),
                "gap_tau_1": average(gaps["tau_1"]),
            }
        )
    return summary


def _gap(rows: Sequence[Row], name: str) -> float | None:
    """Return by how much a column is larger for the more frequent half of the classes."""
    return gap([getattr(row, name) for row in sorted(rows, key=lambda row: (-(row.images or 0), row.label or 0))])


def _rows(sweep: Sweep, config: Config, result: dict[str, Any] | None) -> list[Row]:
    key = run_key(config, "imbalance", "method")
    if result is None:
        return [blank(Row, key)]
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    weight, train, test = (x.double().numpy() for x in (seen.weight, seen.train, seen.test))
    bias = np.zeros(len(weight)) if seen.bias is None else seen.bias.double().numpy()
    labels, tested = seen.train_labels.numpy(), seen.test_labels.numpy()
    network = _Network(
        weight=weight,
        bias=bias,
        train=train,
        train_labels=labels,
        test=test,
        labels=tested,
        names=sweep.class_names(config),
    )
    return _class_rows(key, network, seen.counts)


@dataclass(frozen=True, eq=False)
class _Network:
    """A last layer, the features that it sees, and the names of the classes."""

    weight: Floats
    bias: Floats
    train: Floats
    train_labels: NDArray[np.int64]
    test: Floats
    labels: NDArray[np.int64]
    names: tuple[str, ...]


def _class_rows(key: Mapping[str, Any], network: _Network, counts: Sequence[int]) -> list[Row]:
    """Return the rows of a network's classes."""
    classes = range(len(network.weight))
    means = np.stack([network.train[network.train_labels == label].mean(axis=0) for label in classes])
    found = recalls(network.weight, network.bias, means, network.test, network.labels)
    columns = {
        "recall": found[frozenset(PARTS)],
        "without_biases": found[frozenset({"norms", "angles"})],
        "equal_norms": found[frozenset({"biases", "angles"})],
        "tau_1": found[frozenset({"angles"})],
        "neutral": found[frozenset()],
        **shapley(found),
    }

    def columns_of(label: int) -> dict[str, Any]:
        return {name: percent(float(values[label])) for name, values in columns.items()}

    return [
        Row(**key, label=label, class_name=name, images=images, **columns_of(label))
        for label, (name, images) in enumerate(zip(network.names, counts, strict=True))
    ]


def _of_arrays(path: Path) -> list[Row]:
    network = _arrays(path)
    counts = np.bincount(network.train_labels).tolist()
    where = {"data": path.name, "imbalance": max(counts) / min(counts), "method": None, "seed": 0, "run": path.name}
    return _class_rows(where, network, counts)


def _arrays(path: Path) -> _Network:
    """Return the network of a file.

    Raises:
        ValueError: it cannot be read, lacks an array, or one does not fit the others.
    """
    held = arrays_of(path, "arrays")
    if "weight" not in held:
        refuse("arrays", str(path), "must hold weight, the last layer of shape (C, d)")
    weight = floats("weight", held["weight"], "must hold finite real numbers, a row for each class", ndim=2)
    bias = np.zeros(len(weight))
    if "bias" in held:
        bias = floats("bias", held["bias"], "must hold finite real numbers, one a class", ndim=1)
    if len(weight) < 2 or len(bias) != len(weight):
        refuse("bias", bias.shape, f"must be of shape ({len(weight)},), one number for each of at least 2 classes")
    parts = [own_arrays.vectors(path, held, prefix) for prefix in ("train_", "")]
    for prefix, (x, y) in zip(("train_", ""), parts, strict=True):
        if x.shape[1] != weight.shape[1]:
            refuse(f"{prefix}features", x.shape, f"must have {weight.shape[1]} columns, as weight has")
        each = np.bincount(y, minlength=len(weight))
        if len(each) > len(weight) or not each.all():
            refuse(f"{prefix}labels", each.tolist(), f"must hold images of each of the {len(weight)} classes of weight")
    (train, train_labels), (test, labels) = parts
    return _Network(
        weight=weight,
        bias=bias,
        train=train,
        train_labels=train_labels.astype(np.int64),
        test=test,
        labels=labels.astype(np.int64),
        names=own_arrays.class_names(held, len(weight)),
    )


EXPERIMENT = Experiment(
    name="norm-angle",
    doc=__doc__,
    row=Row,
    data=table1_grid.DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=norms.plan,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "arrays", "imbalance", "seeds"),
)
