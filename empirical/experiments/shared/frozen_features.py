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

from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.linear_classifiers import Moments, Rule, head, lda, moments
from empirical.analysis.recall_laws import LAWS, from_balance, from_moments, from_samples, from_separation
from empirical.config import Config
from empirical.data.dataset import Dataset
from empirical.data.gaussian import is_gaussian
from empirical.data.load import gaussian_law
from empirical.data.longtail import imbalance_ratio
from empirical.data.pair_draws import FEWEST, MOST_DRAWS, draws, majority_count, minority_count
from empirical.experiments.shared import backbone, own_arrays
from empirical.experiments.shared.rows import SPREAD, data_name
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

REPEATS = {"smoke": 2, "cpu": 5, "paper": 5}
"""How many times each profile draws the minority's images."""

_INSTANT = 1e-6
_HALVES = MOST_DRAWS  # a spawn key that no draw of the training images has
Floats = NDArray[np.float64]


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


def halves(images: int, seed: int, label: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which test images of a class predictions read, and which recall is measured on.

    Args:
        images: how many test images the class has, at least 2; an odd one is measured on.
        seed: of the network.
        label: of the class in the data set, so that all experiments split a class alike.

    Example:
        >>> read, measured = halves(5, seed=0, label=3)
        >>> len(read), sorted({*read.tolist(), *measured.tolist()})
        (2, [0, 1, 2, 3, 4])
    """
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_HALVES, label))).permutation(images)
    return np.sort(order[: images // 2]), np.sort(order[images // 2 :])


def kinds(data: str) -> tuple[str, ...]:
    """Return which features there are.

    Example:
        >>> kinds("cifar10"), kinds("gaussian:separation=2")
        (('relu', 'sqrt'), ('relu', 'sqrt', 'pixels'))
    """
    return ("relu", "sqrt", "pixels") if is_gaussian(data) else ("relu", "sqrt")


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


def true_separation(run: Config) -> Floats | None:
    """Return the separation of any two classes' pixels if the data are ``gaussian``, shape ``(C, C)``; else None.

    Example:
        >>> from empirical.sweeps.profiles import profile_config
        >>> true_separation(profile_config("smoke", data="gaussian:separation=2,classes=3")).round(2).tolist()
        [[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]]
    """
    return gaussian_law(run.data, run.resolution).quantised() if is_gaussian(run.data) else None


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


@dataclass(frozen=True, eq=False)
class Pair:
    """The balanced classifier of two classes, and what it measures.

    Attributes:
        rule: trained on as many samples of either class; its positive class is the first.
        tests: the test features of the two classes that predictions read.
        recalls: of the two classes, on these.
        separation: ``M`` by :func:`empirical.analysis.agreement.separation_from_recalls`.
        known: the moments of the balanced training features of the two classes.
    """

    rule: Rule
    tests: tuple[Floats, Floats]
    recalls: tuple[float, float]
    separation: float
    known: tuple[Moments, Moments]

    @property
    def accuracy(self) -> float:
        """The balanced accuracy."""
        return sum(self.recalls) / 2

    def reversed(self) -> Pair:
        """Return it with the second class as the positive one."""
        rule = Rule(-self.rule.w, -self.rule.b)
        return Pair(
            rule=rule,
            tests=self.tests[::-1],
            recalls=self.recalls[::-1],
            separation=self.separation,
            known=self.known[::-1],
        )


def balanced_pair(train: tuple[Floats, Floats], tests: tuple[Floats, Floats], fit: Any = None) -> Pair:
    """Return the balanced pair of discriminant analysis, or of ``fit(pos, neg)`` if another classifier is given."""
    known = moments(train[0]), moments(train[1])
    rule = lda(*known) if fit is None else fit(*train)
    recalls = rule.recalls(*tests)
    separation = separation_from_recalls(recalls, [len(test) for test in tests])
    return Pair(rule=rule, tests=tests, recalls=recalls, separation=separation, known=known)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The predictions for a minority, made before an imbalanced classifier is trained; None where a law does not apply.

    Attributes:
        data: the data set.
        seed: of the network, and of the drawn images.
        classifier: ``lda``, ``head`` or ``network``.
        features: their kind; ``own`` for a network.
        majority: the positive class.
        minority: the negative class.
        imbalance: as asked for.
        n_pos: training images of the majority.
        n_neg: training images of the minority.
        read: test images of the minority that the prediction reads.
        kept: its other test images, which recall is measured on.
        balanced_accuracy: of the same classifier, trained on ``n_pos`` images of either class.
        separation: ``M``, from it.
        oracle: theory at the known separation of the pixels, for ``gaussian`` data: for ``lda`` on the pixels
            :func:`theory.plugin.asymptotic_recalls`, as nothing is unknown there, and for all else Theorem 2.
        theorem2: the minority's recall by this law of :mod:`empirical.analysis.recall_laws`, as are the next six.
        finite: likewise.
        variances: likewise.
        covariances: likewise.
        together: likewise.
        scores: likewise.
        moments: likewise.
        run: the name of the folder of the network, that of the features or the imbalanced one itself; or the file of
            arrays.
    """

    data: str
    seed: int
    classifier: str
    features: str
    majority: str
    minority: str
    imbalance: float
    n_pos: int
    n_neg: int
    read: int | None
    kept: int | None
    balanced_accuracy: float | None
    separation: float | None
    oracle: float | None
    theorem2: float | None
    finite: float | None
    variances: float | None
    covariances: float | None
    together: float | None
    scores: float | None
    moments: float | None
    run: str


class SecondStage:
    """Classifiers of one kind on the frozen features of one run.

    Args:
        run: whose features they are.
        features: what :func:`features` gives.
        kind: which of them.
        classifier: ``lda`` or ``head``.
        n_pos: training images of the majority.
        repeats: how many times the training images are drawn; the balanced classifiers have the first draw.
        name: what tables call the run; None for its folder.
    """

    def __init__(
        self,
        run: Config,
        features: Mapping[str, Dataset],
        kind: str,
        classifier: str,
        n_pos: int,
        repeats: int,
        name: str | None = None,
    ) -> None:
        """Draw the training images."""
        self._name = run.digest if name is None else name
        self.classes = features[kind].classes
        self._run, self._kind, self._classifier, self._n_pos = run, kind, classifier, n_pos
        self._x = features[kind].images
        self._draws = draws(features[kind], run.seed, repeats)
        self._true = true_separation(run)
        self._pairs: dict[tuple[int, int], Pair] = {}
        self._known: dict[tuple[int, int], Moments] = {}

    def is_of(self, data: str, classifier: str, kind: str) -> bool:
        """Return whether it is of these data, this classifier and this kind of features."""
        return (self._run.data, self._classifier, self._kind) == (data, classifier, kind)

    def pair(self, pos: int, neg: int) -> Pair:
        """Return the balanced classifier of two classes."""
        if pos > neg:
            return self.pair(neg, pos).reversed()
        if (pos, neg) not in self._pairs:
            first, tests = self._draws[0], (self._read(pos), self._read(neg))
            train = tuple(self._x[first.train[c][: self._n_pos]] for c in (pos, neg))
            fit = head if self._classifier == "head" else None
            self._pairs[pos, neg] = balanced_pair((train[0], train[1]), tests, fit)
        return self._pairs[pos, neg]

    def predict(self, pos: int, neg: int, imbalance: float) -> Prediction:
        """Return what the laws say of the minority ``neg``."""
        known, n_neg = self.pair(pos, neg), minority_count(self._n_pos, imbalance)
        found = from_balance(known.rule, *known.tests, self._n_pos, n_neg)
        if self._classifier == "lda":
            pooled = known.known[0].cov + known.known[1].cov
            dimension = int(np.linalg.matrix_rank(pooled, hermitian=True))
            found |= from_samples(known.accuracy, dimension, self._n_pos, n_neg)
            found |= from_moments(*known.known, known.tests[1], self._n_pos, n_neg)
        oracle = None if self._true is None else self._oracle(self._true[pos, neg], n_neg)
        return Prediction(
            data=data_name(self._run),
            seed=self._run.seed,
            classifier=self._classifier,
            features=self._kind,
            majority=self.classes[pos],
            minority=self.classes[neg],
            imbalance=imbalance,
            n_pos=self._n_pos,
            n_neg=n_neg,
            read=len(self._read(neg)),
            kept=len(self._measured_half(neg)),
            balanced_accuracy=known.accuracy,
            separation=known.separation,
            oracle=oracle,
            **{law: found.get(law) for law in LAWS},
            run=self._name,
        )

    def measure(self, pos: int, neg: int, n_neg: int, half: str = "kept") -> Floats:
        """Train imbalanced classifiers and return for each draw the minority's recall on the images that are kept.

        With ``half="read"`` it is on those that predictions read, which shows what is gained by reading them.
        """
        tests = (
            (self._read(pos), self._read(neg))
            if half == "read"
            else (self._measured_half(pos), self._measured_half(neg))
        )
        return np.array([self._rule(at, pos, neg, n_neg).recalls(*tests)[1] for at in range(len(self._draws))])

    def _oracle(self, separation: float, n_neg: int) -> float:
        """Return what theory says at the known separation of the pixels."""
        from theory.plugin import asymptotic_recalls

        dimension = self._x.shape[1]
        if (self._classifier, self._kind) == ("lda", "pixels") and self._n_pos + n_neg - 2 >= dimension:
            return asymptotic_recalls(separation, dimension, self._n_pos, n_neg, "estimated")[1]
        return from_separation(separation, self._n_pos, n_neg)["theorem2"]

    def _read(self, label: int) -> Floats:
        return self._half(label, 0)

    def _measured_half(self, label: int) -> Floats:
        return self._half(label, 1)

    def _half(self, label: int, which: int) -> Floats:
        own = self._draws[0].test[label]
        return self._x[own[halves(len(own), self._run.seed, label)[which]]]

    def _rule(self, at: int, pos: int, neg: int, n_neg: int) -> Rule:
        """Return the classifier of a draw."""
        train = self._draws[at].train
        rare = self._x[train[neg][:n_neg]]
        if self._classifier == "head":
            return head(self._x[train[pos][: self._n_pos]], rare)
        if (at, pos) not in self._known:
            self._known[at, pos] = moments(self._x[train[pos][: self._n_pos]])
        return lda(self._known[at, pos], moments(rare))


def recall_columns(recalls: Sequence[float] | Floats) -> dict[str, Any]:
    """Return the mean of the draws' recalls and the quantiles :data:`empirical.experiments.shared.rows.SPREAD` of them.

    Example:
        >>> measured([0.25, 0.75])["measured"], measured([0.5])["low"], measured([])["measured"]
        (0.5, None, None)
    """
    low, high = map(float, np.quantile(recalls, SPREAD)) if len(recalls) > 1 else (None, None)
    return {"measured": float(np.mean(recalls)) if len(recalls) else None, "low": low, "high": high}
