"""Experiments on frozen features: the two-stage setting of section 5.1.

A network is trained on half of the training images, as many of each class. Its features of the *other* half are what
classifiers are trained on, and those of the test images what they are tested on: a network fits the features of its
own images, whose spread would say nothing about new ones (:mod:`empirical.experiments.shared.backbone`). The features
are taken without augmentation.

The test images of each class are split into halves (:func:`halves`): predictions read one, ``M``, the moments of scores
and the scores themselves, and recall is measured on the other.

``relu``
    the features as they are, means of what a ReLU lets through: never negative, skewed.
``sqrt``
    their square roots, which are closer to normal; nothing about it is fitted.
``pixels``
    the pixels themselves, for ``gaussian`` data only, where theory knows their separation exactly.

The features may be anyone's (``--arrays FILE.npz``, the arrays ``features`` and ``labels`` and optionally
``class_names``), of images that the network was not trained on: each seed draws half of each class to train on, the
others are the test images. They are taken as they are, ``plain``, and, if none is negative, ``sqrt``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.recall_laws import LAWS
from empirical.config import Config
from empirical.data.dataset import Dataset
from empirical.data.longtail import imbalance_ratio
from empirical.data.pair_draws import FEWEST, MOST_DRAWS, majority_count, minority_count
from empirical.experiments.shared import backbone, own_arrays
from empirical.experiments.shared.second_stage import (
    REPEATS,
    Pair,
    Prediction,
    SecondStage,
    balanced_pair,
    halves,
    kinds,
    recall_columns,
    true_separation,
)
from empirical.runtime.command_line import numeric
from empirical.storage.prediction_record import NO_RECORD, PredictionRecord
from empirical.sweeps.options import add_sweep_options
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.support.validate import choice, distinct, integer, refuse

__all__ = [
    "REPEATS",
    "Options",
    "Pair",
    "Prediction",
    "SecondStage",
    "Source",
    "Trainer",
    "add_options",
    "arrays_sweep",
    "balanced_pair",
    "features",
    "halves",
    "kinds",
    "majority",
    "recall_columns",
    "setup",
    "true_separation",
]

_INSTANT = 1e-6


def majority(images: int, imbalance: Sequence[float], name: str = "imbalance") -> int:
    """Return how many of its ``images`` the majority is trained on (:func:`empirical.data.pair_draws.majority_count`).

    Args:
        images: how many there are.
        imbalance: what it is to be imbalanced by, each in turn.
        name: of the argument that says so.

    Raises:
        ValueError: the largest imbalance leaves the minority fewer than two.
    """
    most = max(imbalance)
    n_pos = majority_count(images, most) if most < images else 0
    if n_pos < FEWEST or minority_count(n_pos, most) < FEWEST:
        refuse(name, most, f"must leave the minority {FEWEST} of the {images} images that train no network")
    return n_pos


def features(run: Config, runs: Path, root: Path | None) -> dict[str, Dataset]:
    """Return the features of a finished run by their kind, each as a data set whose ``images`` are features.

    Its training images are those that the network was not trained on, its test images the test images.

    Raises:
        ValueError: the run is not finished, or its data are others.
    """
    import torch

    from empirical.runtime.threads import one_thread

    one_thread()  # the same features to the bit each time, so that predictions from them can be compared
    seen = backbone.of_run(run, runs, root)
    images = torch.cat([seen.others, seen.training_set.test_images])
    labels = np.concatenate([seen.labels, seen.training_set.test_labels.numpy()]).astype(np.intp)
    x = seen.features(images)
    found = {"relu": x, "sqrt": np.sqrt(x), "pixels": images.flatten(1).double().numpy()}
    test = np.arange(len(labels)) >= len(seen.labels)
    return {kind: Dataset(run.data, seen.classes, found[kind], labels, test) for kind in kinds(run.data)}


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options of an experiment on frozen features.

    Attributes:
        sweep: the networks whose features are looked at.
        imbalance: the imbalances of the classifiers on their features.
        images: the training images of the smallest class, for each data set.
        classes: how many classes there are, for each data set.
        repeats: how many times the minority's images are drawn.
        arrays: files of features, in place of networks.
    """

    sweep: Sweep
    imbalance: tuple[float, ...]
    images: Mapping[str, int]
    classes: Mapping[str, int]
    repeats: int
    arrays: tuple[Path, ...] = ()

    @property
    def trained(self) -> Sweep | None:
        """The sweep; None with arrays, which train no network."""
        return None if self.arrays else self.sweep

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat the run."""
        return {**self.sweep.arguments(), "repeats": self.repeats}

    def record(self, name: str) -> PredictionRecord:
        """Return the record of an experiment's predictions, beside the runs."""
        values = "balanced_accuracy", "separation", "oracle", *LAWS
        return PredictionRecord(runs=self.sweep.runs, name=name, values=values)

    def recorded(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a record says of predictions; of arrays there are no runs that would show when they were made."""
        return {**metadata, "when": NO_RECORD} if self.arrays else dict(metadata)

    def sources(self, runs: Iterable[Config]) -> Iterator[Source]:
        """Yield the features of finished runs, or of each file of arrays and seed."""
        for run in runs:
            n_pos = majority(backbone.held_out(self.images[run.data]), self.imbalance)
            yield Source(
                run=run,
                features=features(run, self.sweep.runs, self.sweep.root),
                n_pos=n_pos,
                repeats=self.repeats,
                name=run.digest,
            )
        for path in self.arrays:
            x, y, classes = own_arrays.features_and_labels(path)
            spaces = {"plain": x, **({"sqrt": np.sqrt(x)} if x.min() >= 0 else {})}
            for seed in range(self.sweep.seeds):
                run = Config(data=str(path), seed=seed)
                seen = {kind: own_arrays.split(path.name, space, y, classes, seed) for kind, space in spaces.items()}
                yield Source(
                    run=run,
                    features=seen,
                    n_pos=majority(_pool(y), self.imbalance),
                    repeats=self.repeats,
                    name=path.name,
                )


@dataclass(frozen=True, eq=False)
class Source:
    """The features of one network.

    Attributes:
        run: it, or for arrays a configuration that has their file as its data, and the seed.
        features: by their kind, the first as they are.
        n_pos: training images of the majority.
        repeats: how many times the training images are drawn.
        name: what tables call it: the folder of the run, or the file.
    """

    run: Config
    features: Mapping[str, Dataset]
    n_pos: int
    repeats: int
    name: str

    @property
    def plain(self) -> str:
        """The kind of features that are as the network has them."""
        return next(iter(self.features))

    def stage(self, classifier: str, kind: str) -> SecondStage:
        """Return the classifiers of one kind on one kind of features."""
        return SecondStage(self.run, self.features, kind, classifier, self.n_pos, self.repeats, self.name)


def _pool(labels: NDArray[np.intp]) -> int:
    """Return how many images of the smallest class there are to train on."""
    return backbone.held_out(int(np.bincount(labels).min()))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a sweep, features of one's own, and how often the minority's images are drawn."""
    add_sweep_options(parser)
    own_arrays.add_arrays(parser, "features and labels")
    parser.add_argument("--repeats", type=numeric, metavar="N", help="draws of the images, on frozen features")


def setup(
    args: argparse.Namespace, data: Mapping[str, Sequence[str]], imbalance: Mapping[str, Sequence[float]]
) -> Options:
    """Return the options, everything checked and nothing written.

    Args:
        args: the options of :func:`add_options` as they were parsed, and ``out``.
        data: the data sets by profile, where the options name none.
        imbalance: the imbalances likewise.

    Raises:
        ValueError: as in :func:`empirical.experiments.shared.backbone.prepare`, or an imbalance leaves too few images.
    """
    repeats = None if args.repeats is None else integer("repeats", args.repeats, most=MOST_DRAWS)
    arrays = own_arrays.checked_files(args, "runs", "time_budget", "workers", "executor")
    available: Mapping[str, Sequence[int]] = {}
    if arrays:
        sweep = arrays_sweep(args, arrays, imbalance, lambda images, ratio: majority(images, [ratio]))
    else:
        sweep, available = backbone.prepare(args, data, imbalance, lambda images, ratio: majority(images, [ratio]))
    return Options(
        sweep=sweep,
        imbalance=sweep.options["imbalance"],
        images={name: min(images) for name, images in available.items()},
        classes={name: len(images) for name, images in available.items()},
        repeats=repeats or REPEATS[sweep.profile],
        arrays=arrays,
    )


def arrays_sweep(
    args: argparse.Namespace,
    arrays: Sequence[Path],
    imbalance: Mapping[str, Sequence[float]],
    check: Callable[[int, float], Any],
) -> Sweep:
    """Return a sweep that trains no network, for files of features; predictions are in the folder for the results.

    Args:
        args: the options as they were parsed.
        arrays: the files.
        imbalance: the imbalances by profile, where the options name none.
        check: refuses an imbalance for which the images of a class are too few.

    Raises:
        ValueError: an option is outside its range, or a file does not hold what it should.
    """
    profile = choice("profile", args.profile, PROFILES)
    ratios = distinct("imbalance", [imbalance_ratio(value) for value in args.imbalance or imbalance[profile]])
    found = {}
    for path in arrays:
        x, y, classes = own_arrays.features_and_labels(path)
        for ratio in ratios:
            check(_pool(y), ratio)
        found[path.name] = own_arrays.about(path, x, classes)
    return Sweep(
        profile=profile,
        data=(),
        options={"arrays": tuple(path.name for path in arrays), "imbalance": ratios},
        seeds=own_arrays.SEEDS if args.seeds is None else integer("seeds", args.seeds, most=1000),
        configs=(),
        runs=args.out,
        root=args.root,
        device=args.device,
        workers=None,
        seconds=None,
        about=found,
        out=args.out,
        only_predictions=args.only_predictions,
    )


class Trainer:
    """Trains runs of a sweep, some now and some later, within the sweep's time."""

    def __init__(self, sweep: Sweep) -> None:
        """Begin to count the time."""
        self._sweep, self._began = sweep, time.monotonic()

    def __call__(self, runs: Iterable[Config]) -> dict[Config, dict[str, Any] | None]:
        """Return each run with its result, None where it is not finished (:func:`training.results`)."""
        own, limit = tuple(dict.fromkeys(runs)), self._sweep.seconds
        left = None if limit is None else max(_INSTANT, limit - (time.monotonic() - self._began))
        return dict(run_sweep(replace(self._sweep, configs=own, seconds=left)))
