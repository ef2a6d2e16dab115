"""The recall of every class at any class counts, predicted from balanced features before anything is trained.

All classes at once, where :mod:`empirical.experiments.network_pairs` takes two. The features are those of a network, of
images that it was not trained on: by default of half of the training images and the test images of a network that the
experiment trains (:mod:`empirical.experiments.shared.backbone`), or anyone's, ``--arrays FILE.npz`` with the arrays
``features``, shape ``(n, d)``, and ``labels``. They are taken as they are (``plain``), and their square roots
(``sqrt``) where none is negative.

Each seed splits the images of every class. Half of them are those that imbalanced classifiers are trained on, as
many of each class as a long tail leaves, in both orders of the classes; they give the moments too. A quarter is what
predictions read; the last quarter is what the trained classifiers are measured on. The classifiers:

``lda``
    linear discriminant analysis;
``lda-tau``
    the same with the log priors taken off again (tau = 1), as by logit adjustment;
``head``
    a linear head by cross entropy; ``head-tau``: its logits minus the log priors; ``head-balanced``: by cross entropy
    in which all classes weigh the same, as in re-training. On plain features only, and, but for the profile ``paper``,
    for the first seeds only (three of ``cpu``), as heads take most of the time.

For ``lda`` the laws are those of :mod:`empirical.analysis.class_laws`. For the others there are ``drawn``, from normal
features where a head is trained, and ``crossed``, where it is trained on balanced features themselves. Rows with fewer
``images`` say what ``crossed`` predicts from so many balanced images of each class, none of which a classifier is
trained on. ``floor`` is what the trained classifiers themselves score on the images that the prediction reads: what is
between it and what is measured is the noise of two sets of images, which no prediction is without.

All predictions go to a record beside the runs (:mod:`empirical.storage.prediction_record`); only then is anything
imbalanced trained. For ``--arrays`` there are no runs: the record is in the folder for the results, and says nothing of
what another folder holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.agreement import agreement
from empirical.analysis.class_laws import LAWS, ClassLaws, read
from empirical.analysis.linear_classifiers import multiclass_head
from empirical.data.longtail import counts, imbalance_ratio
from empirical.data.pair_draws import FEWEST
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared import backbone, frozen_features, own_arrays
from empirical.experiments.shared.rows import blank, data_name, grouped, run_key
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from empirical.storage.prediction_record import NO_RECORD, PredictionRecord
from empirical.sweeps.profiles import PROFILES
from empirical.sweeps.sweep import Sweep
from theory.support.validate import choice, distinct, integer, refuse

__all__ = ["CLASSIFIERS", "EXPERIMENT", "GOAL", "Options", "Prediction", "Row", "run", "summarise"]

CLASSIFIERS = ("lda", "lda-tau", "head", "head-tau", "head-balanced")
"""The classifiers, as above."""

GOAL = 1.1
"""How many times the floor the mean absolute error of a prediction may be."""

_NAME = "network-classes"
_DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
_IMBALANCE = {"smoke": (2, 10), "cpu": (2, 10, 100), "paper": (2, 10, 100)}
_FEW = (20, 50, 100, 200, 500)
_ORDERS = ("first", "last")
_DRAWS = {"smoke": 10, "cpu": 40, "paper": 40}
_HEADS = {"smoke": 2, "cpu": 6, "paper": 20}  # rules that are drawn of a head: each is trained
_REPEATS = {"smoke": 2, "cpu": 5, "paper": 10}
_HEAD_SEEDS = {"smoke": 1, "cpu": 3, "paper": 1000}  # seeds that have heads, which take most of the time
_TRAINING = 1  # the spawn key of the training images that are drawn
Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Rule = tuple[Floats, Floats]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The predictions for a class, made before an imbalanced classifier is trained; None where a law says nothing.

    Attributes:
        data: the data set, or the name of the file of arrays.
        seed: of the split, and of the network that the experiment trains.
        features: ``plain`` or ``sqrt``.
        classifier: one of :data:`CLASSIFIERS`.
        order: which class is the most frequent, the ``first`` or the ``last``.
        imbalance: the first class's images over the last one's.
        images: balanced images of each class that the prediction is made from.
        label: the class.
        n: its training images.
        theorem2: its recall by this law of :mod:`empirical.analysis.class_laws`, as are the next five.
        covariances: likewise.
        samples: likewise.
        moved: likewise.
        drawn: likewise.
        crossed: likewise.
        run: the name of the folder of the network, or the file of arrays.
    """

    data: str
    seed: int
    features: str
    classifier: str
    order: str
    imbalance: float
    images: int
    label: int
    n: int
    theorem2: float | None
    covariances: float | None
    samples: float | None
    moved: float | None
    drawn: float | None
    crossed: float | None
    run: str


@dataclass(frozen=True, kw_only=True)
class Row(Prediction):
    """A prediction and what came of it; everything is None while the network is not trained.

    Attributes:
        class_name: of the class.
        floor: the mean recall of the trained classifiers on the images that the prediction reads.
        measured: on the images that are kept for it.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "seed", "features", "classifier", "order", "imbalance", "images", "label")
    outcome: ClassVar[tuple[str, ...]] = ("measured",)

    class_name: str
    floor: float | None
    measured: float | None


@dataclass(frozen=True, eq=False)
class Options:
    """The checked options.

    Attributes:
        profile: how much.
        imbalance: the imbalances.
        classifiers: which ones.
        sweep: the networks that are trained; None with arrays.
        arrays: the files of features.
        seeds: splits of each file of arrays.
        repeats: how many classifiers are trained.
        records: the folder that the record of the predictions is kept under.
        about: what the data are, and, once they are written, the predictions.
        only_predictions: whether to end once they are written.
    """

    profile: str
    imbalance: tuple[float, ...]
    classifiers: tuple[str, ...]
    sweep: Sweep | None
    arrays: tuple[Path, ...]
    seeds: int
    repeats: int
    records: Path
    about: dict[str, Any]
    only_predictions: bool

    def prepared(self) -> Prepared[Options]:
        """Return them with the arguments that repeat the run."""
        own = {"classifiers": self.classifiers, "repeats": self.repeats}
        if self.sweep is not None:
            return Prepared(
                work=self, sweep=self.sweep, arguments={**self.sweep.arguments(), **own}, provenance=self.about
            )
        names = tuple(path.name for path in self.arrays)
        arguments = {"profile": self.profile, "arrays": names, "imbalance": self.imbalance, "seeds": self.seeds, **own}
        return Prepared(work=self, sweep=None, arguments=arguments, provenance=self.about)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options."""
    frozen_features.add_options(parser)
    parser.add_argument(
        "--classifiers", nargs="+", metavar="NAME", help=f"which of {', '.join(CLASSIFIERS)} (default: all)"
    )


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, everything checked and nothing written."""
    profile = choice("profile", args.profile, PROFILES)
    names = distinct("classifiers", [choice("classifiers", c, CLASSIFIERS) for c in args.classifiers or CLASSIFIERS])
    repeats = integer("repeats", _REPEATS[profile] if args.repeats is None else args.repeats, most=1000)
    paths = own_arrays.checked_files(args, "runs", "time_budget", "workers", "executor")
    if not paths:
        sweep, _ = backbone.prepare(
            args, _DATA, _IMBALANCE, lambda images, ratio: _tail(images // 2, 2, ratio, "first")
        )
        return Options(
            profile=profile,
            imbalance=sweep.options["imbalance"],
            classifiers=names,
            sweep=sweep,
            arrays=(),
            seeds=sweep.seeds,
            repeats=repeats,
            records=sweep.runs,
            about=sweep.about,
            only_predictions=sweep.only_predictions,
        ).prepared()
    ratios = distinct("imbalance", [imbalance_ratio(value) for value in args.imbalance or _IMBALANCE[profile]])
    seeds = integer("seeds", own_arrays.SEEDS if args.seeds is None else args.seeds, most=1000)
    about: dict[str, Any] = {}
    for path in paths:
        x, y, classes = own_arrays.features_and_labels(path)
        for ratio in ratios:
            _tail(int(np.bincount(y).min()) // 2, y.max() + 1, ratio, "first")
        about[path.name] = own_arrays.about(path, x, classes)
    return Options(
        profile=profile,
        imbalance=ratios,
        classifiers=names,
        sweep=None,
        arrays=paths,
        seeds=seeds,
        repeats=repeats,
        records=args.out,
        about=about,
        only_predictions=args.only_predictions,
    ).prepared()


def run(options: Options, track: Track = silent) -> list[Row]:
    """Predict, write it down, train, and return a row for each class, count, classifier and set of images."""
    sources, runs = list(_sources(options)), () if options.sweep is None else options.sweep.configs
    lost = [run for run in runs if run.digest not in {source.run for source in sources}]
    if lost:
        return [blank(Row, run_key(run)) for run in lost]
    with threadpool_limits(1):  # for matrices this small several threads wait for each other
        cases = [case for source in sources for case in source.cases(options)]
        predicted = [(case, case.predict()) for case in track(cases, "predictions")]
        written = [part for _, parts in predicted for part in parts]
        made = PredictionRecord(runs=options.records, name=_NAME, values=LAWS).write(map(asdict, written), ())
        options.about["predictions"] = {**made, "when": NO_RECORD} if options.sweep is None else made
        if options.only_predictions:
            return [case.row(part) for case, parts in predicted for part in parts]
        return [row for case, parts in track(predicted, "classifiers") for row in case.measure(parts)]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how far each law is off, in percentage points, by imbalance; both orders and all seeds together.

    ``mae`` is the mean absolute error over classes, ``floor`` that of the trained classifiers read on the same images,
    ``ratio`` of the two, ``met`` whether it is at most :data:`GOAL`; None while something is missing.
    """
    summary: list[dict[str, Any]] = []
    for where, group in grouped([row for row in rows if row.classifier is not None], _sort_key):
        for law in LAWS:
            told = [row for row in group if getattr(row, law) is not None]
            if told:
                summary.append({**dict(zip(_PLACE, where, strict=True)), "law": law, **_errors(told, law)})
    return summary or [{"missing": len(rows)}]


_PLACE = ("data", "features", "classifier", "images", "imbalance")


def _sort_key(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _PLACE)


def _errors(rows: Sequence[Row], law: str) -> dict[str, Any]:
    known = [(getattr(row, law), row.floor, row.measured) for row in rows if row.measured is not None]
    predicted, floor, measured = (list(column) for column in zip(*known, strict=True))
    found = agreement(predicted, measured)
    mae, least = (float(np.mean(np.abs(np.subtract(own, measured)))) * 100 for own in (predicted, floor))
    return {
        "cases": len(known),
        "mae": mae,
        "bias": found["bias"],
        "correlation": found["correlation"],
        "floor": least,
        "ratio": mae / least if least else None,
        "met": mae <= GOAL * least,
    }


@dataclass(frozen=True, eq=False)
class _Source:
    """Features of one network and one seed."""

    data: str
    seed: int
    run: str
    x: Floats
    y: Labels
    classes: tuple[str, ...]

    def cases(self, options: Options) -> Iterator[_Case]:
        """Yield what is predicted and measured together."""
        parts = _split(self.y, self.seed)
        for kind in ("plain", "sqrt") if self.x.min() >= 0 else ("plain",):
            x = np.sqrt(self.x) if kind == "sqrt" else self.x
            pool, others, measured = ((x[part], self.y[part]) for part in parts)
            for ratio in options.imbalance:
                for order in _ORDERS:
                    n = _tail(int(np.bincount(pool[1]).min()), self.y.max() + 1, ratio, order)
                    yield _Case(
                        source=self,
                        options=options,
                        kind=kind,
                        imbalance=ratio,
                        order=order,
                        n=n,
                        pool=pool,
                        others=others,
                        kept=measured,
                    )


@dataclass(frozen=True, eq=False)
class _Case:
    """One long tail over the features of a source, which are split into three parts."""

    source: _Source
    options: Options
    kind: str
    imbalance: float
    order: str
    n: NDArray[np.int64]
    pool: tuple[Floats, Labels]
    others: tuple[Floats, Labels]
    kept: tuple[Floats, Labels]

    @property
    def classifiers(self) -> list[str]:
        """The classifiers of this kind of features and this seed."""
        heads = self.kind == "plain" and self.source.seed < _HEAD_SEEDS[self.options.profile]
        return [name for name in self.options.classifiers if heads or name.startswith("lda")]

    @cached_property
    def few(self) -> dict[int, tuple[Floats, Labels]]:
        """The first so many images of each class that predictions read, by their number."""
        x, y = self.others
        rank = _rank(y)
        return {m: (x[rank < m], y[rank < m]) for m in _FEW if m <= rank.max() + 1}

    def predict(self) -> list[Prediction]:
        """Return what is said of every class, in the order in which :meth:`measure` takes it."""
        from theory.class_counts import class_moments, recalls_at

        draws, seed = _DRAWS[self.options.profile], self.source.seed
        every = int(np.bincount(self.pool[1]).min() + np.bincount(self.others[1]).min())
        x, y = (np.concatenate(pair) for pair in zip(self.pool, self.others, strict=True))
        told: list[Prediction] = []
        remembered, own_laws = _Remembered(), ClassLaws(self.pool, self.others, draws, seed)
        for name in self.classifiers:
            if name.startswith("lda"):
                laws = own_laws.recalls(self.n) if name == "lda" else own_laws.drawn(self.n, _tau(name))
            else:
                law = partial(
                    recalls_at,
                    counts=self.n,
                    tau=_tau(name),
                    fit=remembered(name),
                    draws=_HEADS[self.options.profile],
                    seed=seed,
                )
                crossed = law(x, labels=y)
                drawn = law(class_moments(*self.pool), held_out=self.others)
                laws = {"drawn": drawn.recalls, "crossed": crossed.recalls}
            told += self._rows(name, every, laws)
        if "lda" in self.classifiers:
            for images, own in self.few.items():
                found = recalls_at(own[0], self.n, own[1], draws=draws, seed=seed)
                told += self._rows("lda", images, {"crossed": found.recalls})
        return told

    def measure(self, predictions: Sequence[Prediction]) -> list[Row]:
        """Train imbalanced classifiers and return the rows of the predictions."""
        rows = []
        remembered = _Remembered()
        rules: dict[str, list[Rule]] = {name: [] for name in self.classifiers}
        rng = np.random.default_rng(np.random.SeedSequence(self.source.seed, spawn_key=(_TRAINING,)))
        for _ in range(self.options.repeats):
            samples = self._sample(rng)
            for name in self.classifiers:
                rules[name].append(_train(name, samples, remembered))
        for (name, images), own in _in_turn(predictions, lambda part: (part.classifier, part.images)):
            on = self.few[images] if images in self.few and own[0].drawn is None else self.others
            floor, measured = (np.mean([read(rule, part) for rule in rules[name]], axis=0) for part in (on, self.kept))
            rows += [self.row(part, floor[part.label], measured[part.label]) for part in own]
        return rows

    def row(self, part: Prediction, floor: float | None = None, measured: float | None = None) -> Row:
        """Return the row of a prediction; without numbers it is not measured."""
        return Row(**asdict(part), class_name=self.source.classes[part.label], floor=floor, measured=measured)

    def _sample(self, rng: np.random.Generator) -> list[Floats]:
        """Return the features that a classifier is trained on, by class."""
        x, y = self.pool
        return [x[rng.permutation(np.flatnonzero(y == label))[:n]] for label, n in enumerate(self.n)]

    def _rows(self, classifier: str, images: int, laws: Mapping[str, Floats]) -> list[Prediction]:
        source = self.source
        return [
            Prediction(
                data=source.data,
                seed=source.seed,
                features=self.kind,
                classifier=classifier,
                order=self.order,
                imbalance=self.imbalance,
                images=images,
                label=label,
                n=int(n),
                run=source.run,
                **{law: float(laws[law][label]) if law in laws else None for law in LAWS},
            )
            for label, n in enumerate(self.n)
        ]


class _Remembered:
    """Heads by the features that they are trained on: those of a sample serve with the log priors and without."""

    def __init__(self) -> None:
        self._heads: dict[tuple[bool, bytes], Rule] = {}

    def __call__(self, name: str) -> Callable[[list[Floats]], Rule]:
        """Return what trains the head ``name``, but for its log priors."""

        def fit(samples: list[Floats]) -> Rule:
            balanced = name == "head-balanced"
            key = balanced, samples[0].tobytes() + samples[-1].tobytes()
            if key not in self._heads:
                self._heads[key] = multiclass_head(samples, balanced=balanced)
            return self._heads[key]

        return fit


def _train(name: str, samples: list[Floats], remembered: _Remembered) -> Rule:
    """Return a classifier of the features of each class."""
    from theory.class_counts import LinearRule, lda_rule

    n = np.array([len(own) for own in samples])
    if name.startswith("lda"):
        means = np.stack([own.mean(axis=0) for own in samples])
        centred = np.concatenate([own - mean for own, mean in zip(samples, means, strict=True)])
        return lda_rule(means, centred.T @ centred, n, _tau(name))
    weights, biases = remembered(name)(samples)
    return LinearRule(weights, biases - _tau(name) * np.log(n / n.sum()))


def _tau(name: str) -> float:
    return 1.0 if name.endswith("-tau") else 0.0


def _tail(largest: int, classes: int, imbalance: float, order: str) -> NDArray[np.int64]:
    """Return the training images of each class, two at least."""
    if largest < FEWEST * imbalance:
        allowed = f"must be at most {largest // FEWEST} here, for the rarest class to have {FEWEST} of {largest} images"
        refuse("imbalance", imbalance, allowed)
    n = counts(classes, largest, imbalance)
    return n if order == "first" else n[::-1].copy()


def _rank(labels: Labels) -> Labels:
    """Return which image of its class each is."""
    rank = np.empty(len(labels), dtype=np.intp)
    for label in range(labels.max() + 1):
        own = np.flatnonzero(labels == label)
        rank[own] = np.arange(len(own))
    return rank


def _split(labels: Labels, seed: int) -> list[Labels]:
    """Return the indices of the images to train on, to read and to measure on: half and two quarters of each class.

    All classes have as many.
    """
    each = int(np.bincount(labels).min())
    order = np.random.default_rng(np.random.SeedSequence(seed)).permutation(len(labels))
    rank = np.empty(len(labels), dtype=np.intp)
    rank[order] = _rank(labels[order])
    edges = (0, each - 2 * (each // 4), each - each // 4, each)
    return [order[(rank[order] >= a) & (rank[order] < b)] for a, b in pairwise(edges)]


def _sources(options: Options) -> Iterator[_Source]:
    """Yield the features of each network, trained if it is not, and seed; none of a network that is not finished."""
    for path in options.arrays:
        x, y, classes = own_arrays.features_and_labels(path)
        for seed in range(options.seeds):
            yield _Source(data=path.stem, seed=seed, run=path.name, x=x, y=y, classes=classes)
    sweep = options.sweep
    if sweep is None:
        return
    for run, result in frozen_features.Trainer(sweep)(sweep.configs).items():
        if result is not None:
            own = frozen_features.features(run, sweep.runs, sweep.root)["relu"]
            yield _Source(
                data=data_name(run),
                seed=run.seed,
                run=run.digest,
                x=np.asarray(own.images, dtype=np.float64),
                y=own.labels,
                classes=sweep.class_names(run),
            )


def _in_turn(
    parts: Sequence[Prediction], key: Callable[[Prediction], tuple[str, int]]
) -> Iterator[tuple[tuple[str, int], list[Prediction]]]:
    """Yield the parts that follow one another with the same key."""
    for value in dict.fromkeys(map(key, parts)):
        yield value, [part for part in parts if key(part) == value]


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
    merges=("data", "arrays", "imbalance", "seeds", "classifiers"),
)
