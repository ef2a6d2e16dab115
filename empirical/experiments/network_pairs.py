"""Theorem 2 against networks: recall of minorities, predicted from balanced data before anything imbalanced is trained.

The two stages of section 5.1 on the features of a trained network
(:mod:`empirical.experiments.shared.frozen_features`), for every pair of classes, and networks that are trained from
scratch on a few of the pairs. For each classifier

``lda``
    discriminant analysis on frozen features, the Bayes classifier of section 5.1 with everything estimated;
``head``
    a linear head on frozen features, by cross entropy (:func:`empirical.analysis.linear_classifiers.head`);
``network``
    a network of the pair, from random weights, by cross entropy,

the balanced one is measured on one half of the test images, its accuracy gives the separation ``M``, and Theorem 2
predicts the minority's recall on the other half at each imbalance; further laws (:mod:`empirical.analysis.recall_laws`)
say what mends the prediction. The predictions of all three go to a record beside the runs
(:mod:`empirical.storage.prediction_record`); only then is anything imbalanced trained. In tables without the columns
``read`` and ``kept`` both were measured on the same test images.

Networks have as many training images as the classifiers on frozen features. Their pairs are those at evenly spaced
ranks of ``M`` of discriminant analysis, from the most similar pair to the least, so that nobody picks them. Each class
is the minority in turn. For ``gaussian`` data there is an oracle: theory at the separation that the pixels are known to
have.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.agreement import agreement, separation_from_recalls
from empirical.analysis.recall_laws import LAWS, from_separation
from empirical.config import Config
from empirical.data.pair_draws import minority_count
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import backbone, frozen_features
from empirical.experiments.shared.rows import blank, data_name, grouped, run_key, standard_deviation
from empirical.runtime.command_line import numeric
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep
from theory.support.validate import distinct, integer, number, refuse

__all__ = ["EXPERIMENT", "GOALS", "GOAL_CORRELATION", "NETWORKS", "PAIRS", "Options", "Row", "run", "summarise"]

NETWORKS = {"smoke": (4,), "cpu": (10, 100), "paper": (10, 100)}
"""The imbalances of each profile, for networks."""

PAIRS = {"smoke": 2, "cpu": 4, "paper": 5}
"""For how many pairs networks are trained."""

_NAME = "network-pairs"
_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
_IMBALANCE = {"smoke": (1, 4, 16), "cpu": (1, 2, 5, 10, 30, 100), "paper": (1, 2, 5, 10, 30, 100)}  # frozen features
_HEADS = "relu"
"""The features that linear heads get: the network's own."""
GOALS = {"lda": 2.0, "head": 4.0, "network": 4.0}
"""The mean absolute error, in points, that a prediction of each classifier is to keep within."""

GOAL_CORRELATION = 0.97
"""And the correlation that it is to have."""


@dataclass(frozen=True, kw_only=True)
class Row(frozen_features.Prediction):
    """A prediction and what came of it; everything is None while the network is not trained.

    Attributes:
        measured: the minority's recall on the test images that are kept, the mean over its draws of training images.
        low: the 2.5 % quantile of the draws' recalls; of networks there is one, and no quantile.
        high: their 97.5 % quantile.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "seed", "classifier", "features", "majority", "minority", "imbalance")
    outcome: ClassVar[tuple[str, ...]] = ("measured",)

    measured: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options.

    Attributes:
        frozen: those of the classifiers on frozen features.
        networks: the imbalances of networks.
        pairs: for how many pairs of each data set networks are trained.
    """

    frozen: frozen_features.Options
    networks: tuple[float, ...]
    pairs: int


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options."""
    frozen_features.add_options(parser)
    add = parser.add_argument
    add("--networks", type=numeric, nargs="+", metavar="R", help="the imbalances of networks trained from scratch")
    add("--pairs", type=numeric, metavar="N", help="for how many pairs networks are trained; 0 for none")


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, everything checked and nothing written."""
    frozen = frozen_features.setup(args, _DATA, _IMBALANCE)
    profile, allowed = frozen.sweep.profile, "must be a finite number of at least 1"
    ratios = [number("networks", value, allowed, least=1) for value in args.networks or NETWORKS[profile]]
    networks = distinct("networks", ratios)
    for name in ("networks", "pairs") if frozen.arrays else ():
        if getattr(args, name) is not None:
            refuse(name, getattr(args, name), "must be left out with --arrays: no network is trained")
    pairs = integer("pairs", PAIRS[profile] if args.pairs is None else args.pairs, least=0)
    for data, classes in frozen.classes.items():
        frozen_features.majority(backbone.held_out(frozen.images[data]), networks, "networks")
        most = classes * (classes - 1) // 2
        if pairs > most:
            refuse("pairs", pairs, f"must be at most {most}, the pairs of the {classes} classes of {data}")
    arguments = {**frozen.arguments(), **({} if frozen.arrays else {"networks": networks, "pairs": pairs})}
    return Prepared(
        work=Options(frozen, networks, pairs), sweep=frozen.trained, arguments=arguments, provenance=frozen.sweep.about
    )


def run(options: Options, track: Track = silent) -> list[Row]:
    """Predict, write it down, train, and return a row for each minority, imbalance and classifier."""
    frozen, sweep = options.frozen, options.frozen.sweep
    train = frozen_features.Trainer(sweep)
    backbones = train(sweep.configs)
    lost = [run for run, result in backbones.items() if result is None]
    if lost:
        return [blank(Row, run_key(run)) for run in lost]
    with threadpool_limits(1):  # for matrices this small several threads wait for each other
        stages = [stage for source in frozen.sources(backbones) for stage in _stages(source)]
        cases = [(stage, *pair) for stage in stages for pair in permutations(range(len(stage.classes)), 2)]
        predicted = [
            (stage, pos, neg, [stage.predict(pos, neg, ratio) for ratio in frozen.imbalance])
            for stage, pos, neg in track(cases, "predictions")
        ]
        plans = [plan for run in backbones for plan in _networks(options, run, stages)]
        balanced = train([plan.balanced for plan in plans])
        even = {config: _right(sweep, config) for config, result in balanced.items() if result is not None}
        own = [plan.predict(ratio, even.get(plan.balanced)) for plan in plans for ratio in options.networks]
        written = [part for *_, parts in predicted for part in parts] + [part for _, part in own]
        if None in balanced.values():
            return [_row(part) for part in written]
        record, of = frozen.record(_NAME), {config.digest for config, _ in own}
        sweep.about["predictions"] = frozen.recorded(record.write(map(asdict, written), of))
        if sweep.only_predictions:
            return [_row(part) for part in written]
        rows = [
            _row(part, stage.measure(pos, neg, part.n_neg))
            for stage, pos, neg, parts in track(predicted, "pairs of classes")
            for part in parts
        ]
    results = train([config for config, _ in own])
    sweep.about["predictions"] = frozen.recorded(record.compare(sweep.about["predictions"], of))
    return rows + [_row(part, _kept_recall(sweep, config, results[config])) for config, part in own]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how well each law agrees with each classifier, by imbalance, in percentage points.

    The numbers are those of :func:`empirical.analysis.agreement.agreement` over classes as the minority of pairs. Where
    the imbalance is None they are over all imbalances above 1. ``spread`` is the standard deviation of ``mae`` over the
    seeds, ``goal`` the largest ``mae`` aimed at, and ``met`` whether it and a correlation of :data:`GOAL_CORRELATION`
    are reached; None while something is missing.
    """
    summary: list[dict[str, Any]] = []
    for _, group in grouped(rows, _order):
        own = [row for row in group if row.classifier is not None]
        for law in ("oracle", *LAWS) if own else ():
            for ratio in (*sorted({row.imbalance for row in own}), None):
                cases = [row for row in own if (row.imbalance > 1 if ratio is None else row.imbalance == ratio)]
                told = [row for row in cases if getattr(row, law) is not None or _unknown(row, law)]
                if told:
                    where = {name: getattr(own[0], name) for name in ("data", "classifier", "features")}
                    summary.append({**where, "law": law, "imbalance": ratio, **_agreement(told, law)})
    return summary or [{"missing": len(rows)}]


def _unknown(row: Row, law: str) -> bool:
    """Return whether the law says nothing of a row only because the balanced network is not trained."""
    return law == LAWS[0] and row.separation is None


def _agreement(rows: Sequence[Row], law: str) -> dict[str, Any]:
    """Return the agreement of a law with the rows that are measured, all of one classifier."""
    known = [(row.seed, getattr(row, law), row.measured) for row in rows if row.measured is not None]
    seeds = sorted({seed for seed, *_ in known})
    errors = [agreement(*zip(*[pair for at, *pair in known if at == seed], strict=True))["mae"] for seed in seeds]
    found: dict[str, float | None] = {"mae": None, "bias": None, "correlation": None}
    if known:
        found = agreement([predicted for _, predicted, _ in known], [measured for *_, measured in known])
    mae, correlation, missing, goal = (
        found["mae"],
        found["correlation"],
        len(rows) - len(known),
        GOALS[rows[0].classifier],
    )
    met = None if missing or mae is None else mae <= goal and (correlation or 0) >= GOAL_CORRELATION
    return {
        "cases": len(known),
        "missing": missing,
        "seeds": len(seeds),
        **found,
        "spread": standard_deviation(errors),
        "goal": goal,
        "met": met,
    }


@dataclass(frozen=True)
class _Networks:
    """A pair of classes, the second the minority, that networks are trained for.

    Attributes:
        options: of the experiment.
        source: the run that has the seed and the data.
        classes: the labels of the two.
        names: of the two.
    """

    options: Options
    source: Config
    classes: tuple[int, int]
    names: tuple[str, str]

    @property
    def n_pos(self) -> int:
        """The training images of the majority."""
        images = self.options.frozen.images[self.source.data]
        return frozen_features.majority(backbone.held_out(images), self.options.networks)

    @property
    def balanced(self) -> Config:
        """The balanced network, the same for both orders of the classes."""
        return self._run(tuple(sorted(self.classes)), self.n_pos)

    def predict(
        self, imbalance: float, balanced: Mapping[int, NDArray[np.bool_]] | None
    ) -> tuple[Config, frozen_features.Prediction]:
        """Return an imbalanced run and what Theorem 2 says of it, from what the ``balanced`` one has right."""
        n_neg = minority_count(self.n_pos, imbalance)
        run = self._run(self.classes, n_neg)
        accuracy = separation = None
        laws: dict[str, float | None] = dict.fromkeys(LAWS)
        read = kept = None
        if balanced is not None:
            halves = {label: _half(right, self.source.seed, label, 0) for label, right in balanced.items()}
            recalls = [float(own.mean()) for own in halves.values()]
            read = len(halves[self.classes[1]])
            kept = len(balanced[self.classes[1]]) - read
            accuracy = sum(recalls) / 2
            separation = separation_from_recalls(recalls, [len(own) for own in halves.values()])
            laws |= from_separation(separation, self.n_pos, n_neg)
        true = frozen_features.true_separation(self.source)
        oracle = None if true is None else from_separation(true[self.classes], self.n_pos, n_neg)["theorem2"]
        return run, frozen_features.Prediction(
            data=data_name(self.source),
            seed=self.source.seed,
            classifier="network",
            features="own",
            majority=self.names[0],
            minority=self.names[1],
            imbalance=imbalance,
            n_pos=self.n_pos,
            n_neg=n_neg,
            read=read,
            kept=kept,
            balanced_accuracy=accuracy,
            separation=separation,
            oracle=oracle,
            **laws,
            run=run.digest,
        )

    def _run(self, classes: tuple[int, ...], n_neg: int) -> Config:
        own = {"data": self.source.data, "seed": self.source.seed, "classes": classes}
        return profile_config(self.options.frozen.sweep.profile, **own, counts=(self.n_pos, n_neg))


def _stages(source: frozen_features.Source) -> list[frozen_features.SecondStage]:
    """Return the classifiers on frozen features: of each kind discriminant analysis, a head on those as they are."""
    return [*(source.stage("lda", kind) for kind in source.features), source.stage("head", source.plain)]


def _networks(options: Options, run: Config, stages: Sequence[frozen_features.SecondStage]) -> list[_Networks]:
    """Return what networks are trained for, with the data and the seed of ``run``.

    The pairs are chosen by their mean separation over the seeds.
    """
    own = [stage for stage in stages if stage.is_of(run.data, "lda", _HEADS)]
    names = own[0].classes

    def separation(a: int, b: int) -> float:
        return float(np.mean([stage.pair(a, b).separation for stage in own]))

    pairs = backbone.at_even_ranks(len(names), separation, options.pairs)
    orders = [order for pair in pairs for order in (pair, pair[::-1])]
    return [
        _Networks(options=options, source=run, classes=(pos, neg), names=(names[pos], names[neg]))
        for pos, neg in orders
    ]


def _right(sweep: Sweep, config: Config) -> dict[int, NDArray[np.bool_]]:
    """Return by class which of its test images a finished network of two classes has right."""
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    logits = seen.test @ seen.weight.T + (0 if seen.bias is None else seen.bias)
    decided, labels = logits.argmax(1).numpy(), seen.test_labels.numpy()
    return {int(label): decided[labels == at] == at for at, label in enumerate(config.classes or ())}


def _half(right: NDArray[np.bool_], seed: int, label: int, which: int) -> NDArray[np.bool_]:
    return right[frozen_features.halves(len(right), seed, label)[which]]


def _kept_recall(sweep: Sweep, config: Config, result: Mapping[str, Any] | None) -> list[float]:
    """Return the minority's recall on the test images that are kept, if the network is finished."""
    if result is None:
        return []
    *_, (label, right) = _right(sweep, config).items()
    return [float(_half(right, config.seed, label, 1).mean())]


def _row(part: frozen_features.Prediction, recalls: Sequence[float] | NDArray[np.float64] = ()) -> Row:
    """Return the row of a prediction, with the recalls of the draws if there are any."""
    return Row(**asdict(part), **frozen_features.recall_columns(recalls))


def _order(row: Row) -> tuple[str, int, str]:
    return row.data, [*GOALS, None].index(row.classifier), row.features or ""


EXPERIMENT = Experiment(
    name=_NAME,
    doc=__doc__,
    row=Row,
    data=_DATA,
    imbalance=_IMBALANCE,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("data", "arrays"),
)
