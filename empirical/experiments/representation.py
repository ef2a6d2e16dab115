"""Section 5.4: representation and classifier apart: do better features alone even out the classifier?

Features of cross entropy (CE) and of deferred re-weighting (DRW), from random weights and from rotation pre-training,
each under several last layers: runs of ``rebalance``, so that with the same folder of runs nothing is trained again.
The paper sends the details to an appendix that is not at hand; the classifiers are those of the decoupled training that
it builds on (its [14]):

``joint``
    the last layer as it was trained;
``retrained``
    a new one on the frozen features of the training images, each class drawn equally often, 10 epochs
    (:func:`empirical.training.evaluate.retrain_classifier`);
``tau-1``
    the joint one without bias, every row divided by its norm;
``tau-train``
    every row divided by its norm to the power tau, with the tau of 0, 0.1, ..., 2 that has the best mean accuracy over
    the classes on the training images, the least of several; no test image has a say, but the features know those
    images, and a network that has learnt them all by heart cannot tell one tau from another;
``tau-halves``
    each half of the test images under the tau that is best on the other half: chosen on held-out images, none of which
    chooses for itself;
``tau-test``
    the tau that is best on the test images: too good, for comparison only;
``nearest-mean``
    the class whose mean feature has the greatest cosine with the image's; it has no norms that could be uneven.

``representation-tau.csv`` has the whole sweep over tau.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

from empirical.config import Config
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.class_thirds import THIRDS, third_mean
from empirical.experiments.shared.rows import Tables, average, blank, grouped, percent, run_key, standard_deviation
from empirical.experiments.shared.run_features import features_of_runs
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from empirical.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from torch import Tensor

    from empirical.analysis.features import Features

__all__ = [
    "CLASSIFIERS",
    "EXPERIMENT",
    "METHODS",
    "Row",
    "Strength",
    "plan",
    "run",
    "summarise",
]

METHODS = ("ce", "drw")
"""The methods whose features are looked at."""

CLASSIFIERS = ("joint", "retrained", "tau-1", "tau-train", "tau-halves", "tau-test", "nearest-mean")
"""The last layers."""

_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10", "cifar100")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A classifier on the features of a run; all that was measured is None while the run is not finished.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning that the features come from.
        pretrain: what they start from.
        seed: of everything random.
        classifier: one of :data:`CLASSIFIERS`.
        tau: the strength of normalisation: 0 for a layer as it is, 1 where norms play no part, the mean of the two
            for ``tau-halves``.
        accuracy: on the test images, in per cent.
        first_third: for the first third of the classes (:func:`empirical.experiments.shared.class_thirds.third`).
        middle_third: for the middle third.
        last_third: for the last third.
        std_100: 100 times the standard deviation of the norms of the rows, as in ``norms``.
        relative: the standard deviation over the mean of the norms, which the scale of the weights does not change.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "classifier")
    outcome: ClassVar[tuple[str, ...]] = ("accuracy",)

    data: str
    imbalance: float
    method: str
    pretrain: str
    seed: int
    classifier: str
    tau: float | None
    accuracy: float | None
    first_third: float | None
    middle_third: float | None
    last_third: float | None
    std_100: float | None
    relative: float | None
    run: str


@dataclass(frozen=True, kw_only=True)
class Strength:
    """A tau of the sweep on the features of a run; a run that is not finished has one row, in which they are None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning that the features come from.
        pretrain: what they start from.
        seed: of everything random.
        tau: the strength of normalisation.
        accuracy: on the test images, in per cent.
        first_third: for the first third of the classes.
        middle_third: for the middle third.
        last_third: for the last third.
        balanced_train: the mean accuracy over the classes on the training images, in per cent.
        std_100: 100 times the standard deviation of the norms.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "tau")
    outcome: ClassVar[tuple[str, ...]] = ("accuracy",)

    data: str
    imbalance: float
    method: str
    pretrain: str
    seed: int
    tau: float | None
    accuracy: float | None
    first_third: float | None
    middle_third: float | None
    last_third: float | None
    balanced_train: float | None
    std_100: float | None
    run: str


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed.

    Example:
        >>> [(run.method, run.pretrain) for run in plan("paper", "cifar10", 100, 0)]
        [('ce', 'none'), ('drw', 'none'), ('ce', 'rotation'), ('drw', 'rotation')]
    """
    return table1_grid.plan(profile, data, imbalance, seed, methods=METHODS)


def run(sweep: Sweep, track: Track = silent) -> Tables:
    """Train what is missing and return a row for each run and classifier, with the sweep over tau."""
    rows: list[Row] = []
    strengths_of_runs: list[Strength] = []
    for config, features in features_of_runs(sweep, track):
        key = run_key(config, "imbalance", "method", "pretrain")
        if features is None:
            rows += [blank(Row, {**key, "classifier": name}) for name in CLASSIFIERS]
            strengths_of_runs.append(blank(Strength, key))
            continue
        with threadpool_limits(1):  # more threads would only wait for each other in steps this small
            strengths = _strengths(features)
            classified = list(_classifiers(features, strengths, config.seed))
        rows += [
            Row(**key, classifier=name, tau=tau, **_accuracies(found), **uneven)
            for name, tau, found, uneven in classified
        ]
        strengths_of_runs += [
            Strength(
                **key,
                tau=part["tau"],
                **_accuracies(part),
                balanced_train=percent(part["balanced_train"]),
                std_100=100 * part["norm_std"],
            )
            for part in strengths
        ]
    return Tables(rows, tau=strengths_of_runs)


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each representation and classifier the means over the seeds, accuracies in per cent.

    ``spread`` is the standard deviation of the accuracy.
    """

    def key(row: Row) -> tuple[Any, ...]:
        method, start = METHODS.index(row.method), table1_grid.PRETRAININGS.index(row.pretrain)
        return row.data, -row.imbalance, method, start, CLASSIFIERS.index(row.classifier)

    summary = []
    for (data, against, method, start, classifier), own in grouped(rows, key):
        accuracy = [row.accuracy for row in own]
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "method": METHODS[method],
                "pretrain": table1_grid.PRETRAININGS[start],
                "classifier": CLASSIFIERS[classifier],
                "seeds": len(own) - accuracy.count(None),
                "missing": accuracy.count(None),
                "accuracy": average(accuracy),
                "spread": standard_deviation(accuracy),
                **{name: average([getattr(row, name) for row in own]) for name in (*THIRDS, "tau", "std_100")},
                "relative": average([row.relative for row in own]),
            }
        )
    return summary


def _strengths(features: Features) -> list[dict[str, Any]]:
    """Return the sweep over tau on the test images, each with the mean accuracy by class on the training images."""
    from empirical.training.evaluate import tau_sweep

    tested = tau_sweep(features.test, features.test_labels, features.weight)
    taus = [row["tau"] for row in tested]
    trained = tau_sweep(features.train, features.train_labels, features.weight, taus=taus)
    return [
        {**test, "balanced_train": sum(train["per_class"]) / len(train["per_class"])}
        for test, train in zip(tested, trained, strict=True)
    ]


def _classifiers(
    features: Features, strengths: Sequence[dict[str, Any]], seed: int
) -> Iterator[tuple[str, float, dict[str, Any], dict[str, Any]]]:
    """Yield for each classifier its name, tau, scores on the test images and how uneven its norms are."""
    from torch.nn.functional import linear, normalize

    from empirical.training.evaluate import retrain_classifier

    new = retrain_classifier(features.train, features.train_labels, len(features.counts), seed=seed)
    best = {
        "tau-1": 1.0,
        "tau-train": max(strengths, key=itemgetter("balanced_train"))["tau"],
        "tau-test": max(strengths, key=itemgetter("accuracy"))["tau"],
    }
    layers = {
        "joint": (0.0, features.weight, features.bias),
        "retrained": (0.0, new.weight, new.bias),
        **{name: (tau, _normalised(features.weight, tau), None) for name, tau in best.items()},
        "nearest-mean": (1.0, normalize(_class_means(features)), None),
    }
    for name in CLASSIFIERS:
        if name == "tau-halves":
            yield name, *_halves(features)
        else:
            tau, weight, bias = layers[name]
            yield name, tau, _scores(linear(features.test, weight, bias), features), _uneven(weight)


def _halves(features: Features) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """Return the mean tau, the scores and the mean unevenness where each half of the test images has the other's tau.

    The images of a class belong to the halves in turn.
    """
    import torch
    from torch.nn.functional import linear

    from empirical.training.evaluate import tau_sweep

    second = torch.zeros_like(features.test_labels, dtype=torch.bool)
    for label in range(len(features.counts)):
        second[torch.nonzero(features.test_labels == label).flatten()[1::2]] = True
    logits = torch.empty(len(second), len(features.counts))
    taus, spreads = [], []
    for half in (second, ~second):
        swept = tau_sweep(features.test[~half], features.test_labels[~half], features.weight)
        tau = max(swept, key=itemgetter("accuracy"))["tau"]
        scaled = _normalised(features.weight, tau)
        logits[half] = linear(features.test[half], scaled)
        taus.append(tau)
        spreads.append(_uneven(scaled))
    uneven = {name: fmean(part[name] for part in spreads) for name in spreads[0]}
    return fmean(taus), _scores(logits, features), uneven


def _scores(logits: Tensor, features: Features) -> dict[str, Any]:
    """Return accuracy and accuracy by class of logits of the test images."""
    from empirical.training.evaluate import scores

    return vars(scores(logits, features.test_labels))


def _normalised(weight: Tensor, tau: float) -> Tensor:
    """Return the rows divided by their norms to the power tau."""
    norms: Tensor = weight.norm(dim=1, keepdim=True)
    return weight / norms**tau


def _class_means(features: Features) -> Tensor:
    """Return the mean feature of the training images of each class."""
    import torch

    parts = [features.train[features.train_labels == label] for label in range(len(features.counts))]
    return torch.stack([part.mean(dim=0) for part in parts])


def _uneven(weight: Tensor) -> dict[str, Any]:
    """Return 100 times the standard deviation of the norms, and the standard deviation over their mean."""
    from empirical.training.evaluate import norms

    found = norms(weight)
    return {"std_100": found["std_100"], "relative": found["std"] / fmean(found["norms"])}


def _accuracies(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accuracy and those of the thirds of the classes, in per cent."""
    parts = {"accuracy": result["accuracy"], **{name: third_mean(result["per_class"], name) for name in THIRDS}}
    return {name: None if part is None else percent(part) for name, part in parts.items()}


EXPERIMENT = Experiment(
    name="representation",
    doc=__doc__,
    row=Row,
    extra_rows={"tau": Strength},
    data=_DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=plan,
    run=run,
    summarise=summarise,
)
