r"""Corrections of imbalance as movements of the boundary: as far as theory says?

Two classes, the majority ``+`` with ``n+`` images and the minority ``-`` with ``n+ / imbalance``. A classifier with the
logit difference ``s(x) = z_+(x) - z_-(x)`` has mean differences ``s_+`` and ``s_-`` over test images of the two
classes. Where ``s`` is linear in the features, its boundary crosses the line through the class means at

.. math:: \delta = \frac{s_+ + s_-}{2 (s_+ - s_-)}

from the midpoint towards the minority, in units of the distance between the means: the *offset*, the one statistic
that is compared. By Theorem 2 it is ``ln e / M^2``, with ``M`` the separation and ``e`` the effective prior ratio that
:mod:`theory.corrections` gives for the correction. ``M`` is read off the balanced accuracy of the same kind of
classifier trained on ``n+`` images of both classes (:func:`empirical.analysis.agreement.separation_from_recalls`), on
one half of the test images of each class; offsets and recalls are measured on the other half
(:func:`empirical.experiments.shared.frozen_features.halves`). Nothing of the imbalanced data enters a prediction but
the class counts, and those for networks go to a record beside the runs (:mod:`empirical.storage.prediction_record`)
before an imbalanced one is trained. The recall of the minority is predicted as ``Phi(M / 2 - M delta)``. In tables
without the columns ``read`` and ``kept`` all test images were used for both.

Levels:

``heads``
    linear classifiers on the features of a frozen network (:mod:`empirical.experiments.shared.backbone`) for pairs of
    classes from similar to dissimilar, trained on images that the network did not see: the minimum of the cross entropy
    with the recipe's weight decay, of biases too (:func:`empirical.analysis.linear_classifiers.weighted_head`);
``pixels``
    the same on pixels, for ``gaussian`` data, where the model holds;
``networks``
    networks trained from scratch on the two classes: the first and the last one of section 4.2, and on CIFAR-10 cat
    and dog too.

With ``--arrays FILE.npz`` the features are anyone's (:mod:`empirical.experiments.shared.frozen_features`), and the only
level is ``heads``.

Corrections: ``rw`` and ``rw-inverse`` weight the loss, ``rs`` draws anew with the weights of ``rw``, ``drw`` is ``rw``
from the first fall of the learning rate on (for networks only: the minimum of a convex loss does not know how it was
reached), ``logit-adjustment`` adds the log frequencies in training, ``retrained`` is a linear classifier trained on the
frozen features with classes drawn equally often. ``tau`` is ``ce`` with its rows divided by their norms and without
biases. With weight decay the two rows of a trained classifier are each other's negative, so that dividing by the norms
does nothing and leaving out the bias all: the boundary is parallel to the balanced one and passes through the origin
of the features. Its offset is predicted so, from the means and the covariance of balanced features.

``post-hoc`` subtracts the log frequencies from the logits of ``ce`` after training, ``tau = 1``; ``likelihood``
subtracts ``tau`` times them, with the ``tau`` that training images make most likely which the classifier did not see
(:func:`theory.adjustment.fit_adjustment`). Theory says 1 of both effective prior ratios: of the first if the logits
are calibrated, of the second if they are so up to a temperature ``T``, as then ``tau = T`` (:mod:`theory.temperature`).

The images that choose ``tau`` were decided on before any measurement. With ``m`` rare images among them the standard
error of the boundary is ``1 / sqrt(m)`` in log odds or more. Of the 25 rare images of a head at imbalance 100 a tenth
leaves 0.6, and often images that some ``tau`` tells apart; all of them leave 0.2. So for linear classifiers, which take
milliseconds to train, ``tau`` is cross-fitted: the logits of each tenth are those of a classifier trained on the
other nine (:func:`empirical.experiments.shared.tau_choice.out_of_fold`), all of them choose ``tau``, and what is
corrected is the classifier of ``ce`` itself. Nobody trains a network ten times to choose a number: for networks a
tenth of the training images of each class is put aside, and what is corrected is a network of its own, trained on the
other nine tenths. No test image chooses anything. The column ``fit`` says whether the fit is without doubts; where it
is refused, as some ``tau`` tells the images apart, nothing is measured.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator, SeedSequence

from empirical.analysis.linear_classifiers import Rule, weighted_head
from empirical.config import Config
from empirical.data.gaussian import is_gaussian
from empirical.data.pair_draws import minority_count
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import backbone, own_arrays
from empirical.experiments.shared.corrected_heads import (
    BalancedHead,
    Floats,
    corrected_head,
    effective_ratio,
    offset,
    offset_without_bias,
)
from empirical.experiments.shared.corrected_networks import differences, halved_features, imbalanced_runs, network_rule
from empirical.experiments.shared.frozen_features import Trainer, arrays_sweep, halves
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key
from empirical.experiments.shared.tau_choice import POST_HOC, REFUSED, TauChoice, adjusted, cross_fitted
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import one_thread
from empirical.storage.prediction_record import PredictionRecord
from empirical.sweeps.options import add_sweep_options
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep
from theory.support.validate import refuse

__all__ = [
    "EXPERIMENT",
    "HEADS",
    "NETWORKS",
    "Options",
    "Row",
    "effective_ratio",
    "offset",
    "offset_without_bias",
    "run",
    "summarise",
]

NETWORKS = ("ce", "rw", "rs", "drw", "logit-adjustment", "tau", "retrained", "post-hoc", "likelihood")
"""The corrections of the level ``networks``."""

HEADS = ("ce", "rw", "rw-inverse", "rs", "logit-adjustment", "tau", "retrained", "post-hoc", "likelihood")
"""Those of the levels ``heads`` and ``pixels``."""

_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
_IMBALANCE = {"smoke": (10,), "cpu": (10, 100), "paper": (10, 100)}
_PAIRS = {"smoke": 3, "cpu": 5, "paper": 9}
_PREDICTED = ("separation", "predicted", "moved_predicted", "recall_predicted")
_MEASURED = ("measured", "moved", "recall", "tau", "tau_error", "temperature", "fit")
_CAT_AND_DOG = (3, 5)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A correction of a pair of classes; what needs a run that is not finished is None.

    Attributes:
        data: the data set.
        seed: of the network, and of the choice of images.
        level: ``heads``, ``pixels`` or ``networks``.
        majority: the class with ``n_pos`` images.
        minority: the class with ``n_neg`` images.
        imbalance: as asked for.
        n_pos: training images of the majority, with those that ``tau`` is chosen on.
        n_neg: training images of the minority, likewise.
        method: the correction.
        read: test images of the minority that the prediction reads.
        kept: its other test images, which the offset and the recall are measured on.
        separation: ``M``, from the balanced accuracy.
        predicted: the offset by theory.
        measured: the offset.
        moved_predicted: the offset by theory minus that of ``ce``.
        moved: the offset minus that of ``ce``.
        recall_predicted: of the minority, in per cent.
        recall: of the minority on the test images that are kept, in per cent.
        tau: what the log prior is multiplied by before it is subtracted after training; None for other corrections.
        tau_error: its robust standard error, of ``likelihood``.
        temperature: of the fit of ``likelihood``, which theory says that ``tau`` is.
        fit: of ``likelihood``: ``trusted``, ``doubtful``, or ``refused``, without a ``tau`` and a measurement.
        run: the folder of the network, or the file of arrays.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "seed", "level", "majority", "minority", "imbalance", "method")
    outcome: ClassVar[tuple[str, ...]] = ("moved", "fit")

    data: str
    seed: int
    level: str | None
    majority: str | None
    minority: str | None
    imbalance: float | None
    n_pos: int | None
    n_neg: int | None
    method: str | None
    read: int | None
    kept: int | None
    separation: float | None
    predicted: float | None
    measured: float | None
    moved_predicted: float | None
    moved: float | None
    recall_predicted: float | None
    recall: float | None
    tau: float | None
    tau_error: float | None
    temperature: float | None
    fit: str | None
    run: str


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options.

    Attributes:
        sweep: the networks whose features are frozen, and those trained from scratch.
        arrays: files of features, in place of networks.
    """

    sweep: Sweep
    arrays: tuple[Path, ...] = ()


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a sweep, and features of one's own."""
    add_sweep_options(parser)
    own_arrays.add_arrays(parser, "features and labels")


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, everything checked and nothing written."""
    arrays = own_arrays.checked_files(args, "runs", "time_budget", "workers", "executor")
    if arrays and args.only_predictions:
        refuse("arrays", str(arrays[0]), "must be left out: what is recorded beforehand is said of networks only")
    sweep = arrays_sweep(args, arrays, _IMBALANCE, minority_count) if arrays else _sweep(args)
    return Prepared(
        work=Options(sweep, arrays),
        sweep=None if arrays else sweep,
        arguments=sweep.arguments(),
        provenance=sweep.about,
    )


def _sweep(args: argparse.Namespace) -> Sweep:
    """Return the sweep of the networks whose features are frozen, and of those trained from scratch."""
    sweep, available = backbone.prepare(args, _DATA, _IMBALANCE, minority_count)
    runs = dict.fromkeys(sweep.configs)
    for config in sweep.configs:
        images = available[config.data]
        for pair in _deep_pairs(config.data, len(images)):
            runs.update(dict.fromkeys(_networks(sweep, config, pair, min(images))))
    return replace(sweep, configs=tuple(runs))


def run(options: Options, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each pair, imbalance and correction.

    What is predicted for networks is written down when the balanced ones are trained, and before the others are.
    """
    one_thread()  # the same features to the bit each time, so that predictions from them can be compared
    sweep = options.sweep
    if options.arrays:
        cases = [(path, seed) for path in options.arrays for seed in range(sweep.seeds)]
        return [row for case in track(cases, "arrays") for row in _of_arrays(sweep, *case)]
    train = Trainer(sweep)
    even = [config for config in sweep.configs if len(set(config.counts or ())) == 1]
    found = train([config for config in sweep.configs if config.classes is None or config in even])
    if None not in found.values():
        record = PredictionRecord(
            runs=sweep.runs, name="corrections", values=_PREDICTED, where=(("level", "networks"),)
        )
        of = {config.digest for config in sweep.configs if config.classes is not None and config not in even}
        made = record.write(_predictions(sweep, even, found), of)
        if not sweep.only_predictions:
            found |= train(sweep.configs)
            made = record.compare(made, of)
        sweep.about["predictions"] = made
    found = {config: found.get(config) for config in sweep.configs}
    rows: list[Row] = []
    for config in track(list(found), "runs"):
        if config.classes is None:
            rows += (
                _heads(sweep, config)
                if found[config] is not None
                else [blank(Row, {**run_key(config), "level": "heads"})]
            )
        elif config in even:
            rows += _pair(sweep, config, found)
    return rows


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each level, imbalance and correction the means over pairs and seeds.

    ``error`` is the mean absolute difference of ``moved`` and ``moved_predicted``, in per cent of the distance between
    the class means as they are, ``recall_error`` that of the minority's recall, in points; ``refused`` counts the fits
    of ``tau`` that were refused, which are left out.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, str(row.level), row.imbalance or 0, _order(row.method)

    summary = []
    for (data, level, ratio, _), own in grouped(rows, key):
        done = [row for row in own if row.moved is not None and row.moved_predicted is not None]
        refused = sum(row.fit == REFUSED.fit for row in own)
        moves = [abs(row.moved - row.moved_predicted) for row in done]  # type: ignore[operator]
        recalls = [abs(row.recall - row.recall_predicted) for row in done]  # type: ignore[operator]
        summary.append(
            {
                "data": data,
                "level": level,
                "imbalance": ratio,
                "method": own[0].method,
                "cases": len(done),
                "missing": len(own) - len(done) - refused,
                "refused": refused,
                "predicted": average([row.predicted for row in done]),
                "measured": average([row.measured for row in done]),
                "moved_predicted": average([row.moved_predicted for row in done]),
                "moved": average([row.moved for row in done]),
                "error": average([percent(move) for move in moves]),
                "recall_predicted": average([row.recall_predicted for row in done]),
                "recall": average([row.recall for row in done]),
                "recall_error": average(recalls),
                "tau": average([row.tau for row in done]),
            }
        )
    return summary


def _separation(features: Sequence[Floats], a: int, b: int) -> float:
    """Return the separation of two classes along the line of their means."""
    return backbone.geometry(features[a], features[b])[1]


def _heads(sweep: Sweep, config: Config) -> Iterator[Row]:
    """Yield the rows of the linear classifiers on the features of a network, and on the pixels of Gaussian data."""
    seen = backbone.of_run(config, sweep.runs, sweep.root)
    labels = range(len(seen.classes))
    spaces = {"heads": seen.features}
    if is_gaussian(config.data):
        spaces["pixels"] = seen.pixels
    for level, look in spaces.items():
        train, test = [look(images) for images in seen.images], [look(seen.test_images(label)) for label in labels]
        yield from _pair_rows(sweep, {**run_key(config), "level": level}, seen.classes, train, test)


def _of_arrays(sweep: Sweep, path: Path, seed: int) -> Iterator[Row]:
    """Yield the rows of the linear classifiers on features of a file, half of each class to train on."""
    data = own_arrays.split(path.name, *own_arrays.features_and_labels(path), seed)
    train, test = (
        [data.images[(data.labels == label) & (data.test == part)] for label in range(len(data.classes))]
        for part in (False, True)
    )
    least = min(map(len, train))
    key = {"data": path.name, "seed": seed, "run": path.name, "level": "heads"}
    yield from _pair_rows(sweep, key, data.classes, [x[:least] for x in train], test)


def _pair_rows(
    sweep: Sweep, key: Mapping[str, Any], classes: Sequence[str], train: Sequence[Floats], test: Sequence[Floats]
) -> Iterator[Row]:
    """Yield the rows of pairs of classes at evenly spaced ranks of their separation, from features of each class."""
    seed = key["seed"]
    split = [_halves(x, seed, label) for label, x in enumerate(test)]
    pairs = backbone.at_even_ranks(len(classes), partial(_separation, train), _PAIRS[sweep.profile])
    for (a, b), stream in zip(pairs, SeedSequence(seed).spawn(len(pairs)), strict=True):
        for ratio in sweep.arguments()["imbalance"]:
            rng = np.random.default_rng(stream)
            pos, neg = (rng.permutation(train[label]) for label in (a, b))
            own = {**key, "majority": classes[a], "minority": classes[b], "imbalance": ratio}
            yield from _head_rows(own, pos, neg, (split[a], split[b]), minority_count(len(pos), ratio), rng)


def _halves(x: Floats, seed: int, label: int) -> tuple[Floats, Floats]:
    """Return the test features of a class that predictions read, and those that are measured on."""
    read, kept = halves(len(x), seed, label)
    return x[read], x[kept]


def _head_rows(
    key: Mapping[str, Any],
    pos: Floats,
    neg: Floats,
    test: Sequence[tuple[Floats, Floats]],
    n_neg: int,
    rng: Generator,
) -> Iterator[Row]:
    """Yield the rows of the linear classifiers of a pair at an imbalance; ``test`` is of both classes, in halves."""
    read, kept = zip(*test, strict=True)
    known = BalancedHead(
        rule=weighted_head(pos, neg), read=read, kept=len(kept[1]), through_origin=offset_without_bias(pos, neg)
    )
    few = neg[:n_neg]
    counts = len(pos), n_neg
    choices = {"post-hoc": POST_HOC, "likelihood": cross_fitted(pos, few)}
    methods = {method: corrected_head(method, pos, few, rng) for method in HEADS if method not in ("tau", *choices)}
    methods["tau"] = Rule(methods["ce"].w, 0.0)
    methods |= adjusted(methods["ce"], choices, counts)
    measured = {method: (rule.scores(kept[0]), rule.scores(kept[1])) for method, rule in methods.items()}
    yield from _rows(dict.fromkeys(HEADS, key), counts, known, measured, choices)


def _pair(sweep: Sweep, even: Config, results: Mapping[Config, dict[str, Any] | None]) -> Iterator[Row]:
    """Yield the rows of the networks trained on a pair of classes; ``even`` is the balanced run."""
    assert even.counts is not None
    names = sweep.class_names(even)
    known = None
    if results[even] is not None:
        (read, kept), seen = halved_features(even, sweep)
        rule = network_rule(seen.weight, seen.bias)
        known = BalancedHead(rule=rule, read=read, kept=len(kept[1]), through_origin=offset_without_bias(*read))
    for ratio in sweep.arguments()["imbalance"]:
        counts = even.counts[0], minority_count(even.counts[0], ratio)
        runs = imbalanced_runs(even, counts)
        case = {"level": "networks", "majority": names[0], "minority": names[1], "imbalance": ratio}
        measured, choices = differences(runs, results, sweep)
        keys = {method: {**run_key(runs.get(method, runs["ce"])), **case} for method in NETWORKS}
        yield from _rows(keys, counts, known, measured, choices)


def _predictions(
    sweep: Sweep, even: Sequence[Config], results: Mapping[Config, dict[str, Any] | None]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the networks without what the imbalanced ones are measured for."""
    for config in even:
        for row in _pair(sweep, config, {**dict.fromkeys(sweep.configs), config: results[config]}):
            yield {name: value for name, value in asdict(row).items() if name not in _MEASURED}


def _rows(
    keys: Mapping[str, Mapping[str, Any]],
    counts: tuple[int, int],
    balanced: BalancedHead | None,
    measured: Mapping[str, tuple[Floats, Floats]],
    choices: Mapping[str, TauChoice],
) -> Iterator[Row]:
    """Yield a row for each correction that has a key, from the logit differences of those that are there.

    ``choices`` are those of the corrections that have a tau.
    """
    from scipy.special import ndtr

    offsets = {method: offset(*both) for method, both in measured.items()}
    predicted: dict[str, float | None] = dict.fromkeys(keys)
    separation = None
    if balanced is not None:
        separation = balanced.separation
        for method in keys:
            odds = None if method == "tau" else math.log(effective_ratio(method, *counts))
            predicted[method] = balanced.through_origin if odds is None else odds / separation**2
    for method, key in keys.items():
        expected, found = predicted[method], offsets.get(method)
        recall = None if found is None else percent(float((measured[method][1] <= 0).mean()))
        guess = None
        if separation is not None and expected is not None:
            guess = percent(float(ndtr(separation / 2 - separation * expected)))
        yield Row(
            **key,
            n_pos=counts[0],
            n_neg=counts[1],
            method=method,
            read=None if balanced is None else len(balanced.read[1]),
            kept=None if balanced is None else balanced.kept,
            separation=separation,
            predicted=expected,
            measured=found,
            moved_predicted=_difference(expected, predicted["ce"]),
            moved=_difference(found, offsets.get("ce")),
            recall_predicted=guess,
            recall=recall,
            **asdict(choices.get(method, TauChoice())),
        )


def _difference(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base


def _order(method: str | None) -> int:
    names = list(dict.fromkeys(HEADS + NETWORKS))
    return -1 if method is None else names.index(method)


def _deep_pairs(data: str, classes: int) -> list[tuple[int, int]]:
    """Return the pairs of the level ``networks``."""
    pairs = [(0, classes - 1)]
    return [*pairs, _CAT_AND_DOG] if data == "cifar10" else pairs


def _networks(sweep: Sweep, config: Config, pair: tuple[int, int], images: int) -> Iterator[Config]:
    """Yield the runs of the networks of a pair: the balanced one, and the corrections at each imbalance."""
    even = profile_config(sweep.profile, counts=(images, images), data=config.data, classes=pair, seed=config.seed)
    yield even
    for ratio in sweep.arguments()["imbalance"]:
        yield from imbalanced_runs(even, (images, minority_count(images, ratio))).values()


EXPERIMENT = Experiment(
    name="corrections",
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "arrays", "imbalance", "seeds"),
)
