"""Every pair of classes: does the separation seen on balanced data predict the recall under imbalance?

For each pair, on features that know no labels:

1. a classifier trained on balanced data is measured on held-out images;
2. its balanced accuracy gives the separation ``M`` (:func:`empirical.analysis.agreement.separation_from_recalls`);
3. Theorem 2 predicts the minority recall under imbalance, ``Phi(M / 2 - ln(n+ / n-) / M)``; nothing is fitted;
4. the classifier is trained on imbalanced data, each class as the minority in turn, and its recall is measured.

The features are the first principal components of the raw pixels, the classifier is linear discriminant analysis:
the two stages of section 5.1, with the Gaussian model replaced by images. The positive class is the majority.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.agreement import agreement, lda_recalls, pca_features, separation_from_recalls
from empirical.data.dataset import Dataset
from empirical.data.load import load
from empirical.data.longtail import imbalance_ratio
from empirical.data.pair_draws import FEWEST, MOST_DRAWS, Draw, draws, majority_count, minority_count
from empirical.experiments.experiment import Experiment, Prepared
from empirical.experiments.shared.rows import SPREAD, grouped
from empirical.runtime.command_line import ROOT, folder, numeric
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from theory.support.validate import integer, refuse
from theory.theorem2 import minority_recall

__all__ = ["EXPERIMENT", "Options", "Row", "run", "summarise"]


@dataclass(frozen=True, eq=False)
class Options:
    """The options, checked.

    Args:
        data: the images.
        components: the numbers of principal components to use, each in turn.
        imbalance: the imbalances ``n+ / n-`` to train at, each at least 1.
        repeats: how many times to draw the training images, and the held-out ones where the data have no test set.
        majority: how many training images the majority class has. By default as many as the smallest class has,
            rounded down to a multiple of the largest imbalance if that leaves the minority two.
        seed: of everything random.

    Attributes:
        n_pos: the number of training images of the majority that follows from ``majority``.
        draws: the split and the order of the training images of each repeat.

    Raises:
        ValueError: an argument is out of its range, or the data have too few images for it.
    """

    data: Dataset
    components: Sequence[int] = (2, 4, 8)
    imbalance: Sequence[float] = (1, 2, 5, 10, 20, 50)
    repeats: int = 10
    majority: int | None = None
    seed: int = 0
    n_pos: int = field(init=False)
    draws: tuple[Draw, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Validate the arguments and draw the subsets."""
        components = _different("components", [integer("components", k) for k in self.components])
        imbalance = _different("imbalance", [imbalance_ratio(ratio) for ratio in self.imbalance])
        drawn = draws(self.data, integer("seed", self.seed, least=0), integer("repeats", self.repeats, most=MOST_DRAWS))
        smallest = min(len(images) for draw in drawn for images in draw.train)
        if self.majority is None:
            n_pos = majority_count(smallest, max(imbalance))
        elif (n_pos := integer("majority", self.majority)) > smallest:
            refuse("majority", n_pos, f"must be at most {smallest}: the smallest class has no more to train on")
        fewest = min(minority_count(n_pos, ratio) for ratio in imbalance)
        if fewest < FEWEST:
            refuse("imbalance", max(imbalance), f"must leave the minority {FEWEST} of {n_pos} images, for its spread")
        # Fewer images than this and the pooled covariance, of n+ + n- - 2 degrees of freedom, is singular.
        freedom = n_pos + fewest - 2
        most = min(self.data.images.shape[1], freedom)
        if max(components) > most:
            refuse("components", max(components), f"must be at most {most}: no more pixels or images to train on")
        for name, value in (
            ("components", components),
            ("imbalance", imbalance),
            ("n_pos", n_pos),
            ("draws", drawn),
        ):
            object.__setattr__(self, name, value)

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat the run."""
        return {
            "data": self.data.name,
            "components": self.components,
            "imbalance": self.imbalance,
            "repeats": self.repeats,
            "majority": self.n_pos,
            "seed": self.seed,
        }

    def provenance(self) -> dict[str, Any]:
        """Return what the data were."""
        return {
            "name": self.data.name,
            "sha256": self.data.sha256,
            "classes": len(self.data.classes),
            "images": len(self.data.labels),
            "test": "part of the data" if self.data.test is not None else "drawn anew for each repeat",
        }


@dataclass(frozen=True, kw_only=True)
class Row:
    """One class as the minority of one pair, at one imbalance.

    Attributes:
        data: the data set.
        components: how many principal components the features have.
        majority: the positive class.
        minority: the negative class.
        imbalance: as asked for.
        n_pos: training images of the majority.
        n_neg: training images of the minority, ``n_pos / imbalance`` to the nearest integer.
        held_out_pos: different images of the majority that were held out in any repeat.
        held_out_neg: the same for the minority.
        balanced_accuracy: mean recall of the two classes after balanced training, over the repeats.
        separation: ``M`` read off it, with the corrections of
            :func:`empirical.analysis.agreement.separation_from_recalls`.
        predicted: the minority's recall by Theorem 2 for ``M`` and ``n_pos / n_neg``.
        measured: the minority's recall on held-out images, mean over the repeats.
        low: the 2.5 % quantile of the repeats' recalls.
        high: their 97.5 % quantile. From ``low`` to ``high`` is the spread over training images (and held-out
            images where they are drawn); the repeats share images, so it is no confidence interval of the mean.
        repeats: how many there were.
    """

    key: ClassVar[tuple[str, ...]] = ("data", "components", "majority", "minority", "imbalance")
    outcome: ClassVar[tuple[str, ...]] = ("measured",)

    data: str
    components: int
    majority: str
    minority: str
    imbalance: float
    n_pos: int
    n_neg: int
    held_out_pos: int
    held_out_neg: int
    balanced_accuracy: float
    separation: float
    predicted: float
    measured: float
    low: float
    high: float
    repeats: int


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options."""
    add = parser.add_argument
    kinds = "cifar10, cifar100, digits, gaussian, a .npz file, a folder of images"
    add("--data", required=True, metavar="DATA", help=kinds)
    add("--root", type=folder, default=ROOT, metavar="DIR", help=f"the folder of the data sets (default: {ROOT})")
    add("--components", type=numeric, nargs="+", default=Options.components, metavar="K", help="components of PCA")
    add("--imbalance", type=numeric, nargs="+", default=Options.imbalance, metavar="R", help="majority / minority")
    add("--repeats", type=numeric, default=Options.repeats, metavar="N", help="draws of the training images")
    add(
        "--majority",
        type=numeric,
        metavar="N",
        help="training images of the majority (default: all)",
    )
    add("--seed", type=numeric, default=Options.seed, metavar="N", help="of everything random")


def _setup(args: argparse.Namespace) -> Prepared[Options]:
    """Return the options, with the data."""
    data = load(args.data, args.root)
    options = Options(
        data=data,
        components=args.components,
        imbalance=args.imbalance,
        repeats=args.repeats,
        majority=args.majority,
        seed=args.seed,
    )
    return Prepared(work=options, sweep=None, arguments=options.arguments(), provenance=options.provenance())


def run(options: Options, track: Track = silent) -> list[Row]:
    """Run the experiment and return one row for each number of components, pair, minority and imbalance."""
    pairs = list(combinations(range(len(options.data.classes)), 2))
    features = _features(options)
    # The classifiers are too small for several threads: waiting for each other takes them longer than the work.
    with threadpool_limits(1):
        return [
            row
            for k, pair in track(list(product(options.components, pairs)), "pairs of classes")
            for row in _pair(options, [f[:, :k] for f in features], pair)
        ]


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each number of components and imbalance how well the predictions agree with the measurements.

    ``cases`` counts classes as the minority of a pair, twice the number of pairs. The numbers are those of
    :func:`empirical.analysis.agreement.agreement` over the cases, and ``pair_mae`` and ``pair_correlation`` those over
    pairs, with the two recalls of a pair averaged: Theorem 2 predicts the same for both.
    """

    def setup(row: Row) -> tuple[int, float]:
        return row.components, row.imbalance

    summary = []
    for (components, imbalance), cases in grouped(rows, setup):
        pairs: dict[frozenset[str], list[Row]] = {}
        for row in cases:
            pairs.setdefault(frozenset((row.majority, row.minority)), []).append(row)
        means = [np.mean([(row.predicted, row.measured) for row in pair], axis=0) for pair in pairs.values()]
        over_pairs = agreement(*np.transpose(means))
        summary.append(
            {
                "components": components,
                "imbalance": imbalance,
                "cases": len(cases),
                **agreement([row.predicted for row in cases], [row.measured for row in cases]),
                "pair_mae": over_pairs["mae"],
                "pair_correlation": over_pairs["correlation"],
            }
        )
    return summary


def _features(options: Options) -> list[NDArray[np.float64]]:
    """Return the features of all images for each draw: the same ones where the held-out images are fixed."""
    data, most = options.data, max(options.components)
    if data.test is not None:
        return [pca_features(data.images, data.test, most)] * options.repeats
    return [pca_features(data.images, draw.held_out, most) for draw in options.draws]


def _pair(options: Options, features: list[NDArray[np.float64]], pair: tuple[int, int]) -> list[Row]:
    """Return the rows of a pair of classes; ``features`` holds an array for each draw."""
    most = options.n_pos

    def recalls(pos: int, neg: int, n_neg: int) -> NDArray[np.float64]:
        """Return the two recalls of each draw, shape ``(repeats, 2)``."""
        return np.array(
            [
                lda_recalls(x[d.train[pos][:most]], x[d.train[neg][:n_neg]], x[d.test[pos]], x[d.test[neg]])
                for x, d in zip(features, options.draws, strict=True)
            ]
        )

    balanced = recalls(*pair, n_neg=most).mean(axis=0)
    held_out = {c: len(np.unique(np.concatenate([draw.test[c] for draw in options.draws]))) for c in pair}
    separation = separation_from_recalls(balanced, [held_out[c] for c in pair])
    counts = [minority_count(most, ratio) for ratio in options.imbalance]
    predicted = minority_recall(separation, most / np.array(counts))
    rows = []
    for pos, neg in (pair, pair[::-1]):
        for ratio, n_neg, prediction in zip(options.imbalance, counts, predicted, strict=True):
            measured = recalls(pos, neg, n_neg)[:, 1]
            low, high = np.quantile(measured, SPREAD)
            rows.append(
                Row(
                    data=options.data.name,
                    components=features[0].shape[1],
                    majority=options.data.classes[pos],
                    minority=options.data.classes[neg],
                    imbalance=ratio,
                    n_pos=most,
                    n_neg=n_neg,
                    held_out_pos=held_out[pos],
                    held_out_neg=held_out[neg],
                    balanced_accuracy=float(balanced.mean()),
                    separation=separation,
                    predicted=float(prediction),
                    measured=float(measured.mean()),
                    low=float(low),
                    high=float(high),
                    repeats=options.repeats,
                )
            )
    return rows


def _different(name: str, values: list[Any]) -> tuple[Any, ...]:
    """Return the values if there is at least one and none comes twice."""
    if not values or len(set(values)) < len(values):
        refuse(name, values, "must be one or more values, all different")
    return tuple(values)


EXPERIMENT = Experiment(
    name="pairs",
    doc=__doc__,
    row=Row,
    trains=False,
    add_options=_add_options,
    setup=_setup,
    run=run,
    summarise=summarise,
    merges=("imbalance",),
)
