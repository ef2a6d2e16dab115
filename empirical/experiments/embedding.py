"""Figure 5: does pre-training without labels draw clearer boundaries between the classes, the rare ones above all?

Cross entropy at imbalance 50, from random weights and from rotation pre-training on the same images. The features,
what the last layer sees of the images as they are, are drawn by t-SNE as the paper draws them; and what the eye sees
there is measured, class by class, on the features themselves (:mod:`empirical.analysis.class_separation`) and, for
comparison, on the map.

The text says neither which images are drawn nor how. Here a map shows up to 100 images a class (20 in ``smoke``), the
same ones for every run of a seed, chosen by a fixed seed; train and test images have a map each; t-SNE starts from the
first two principal components, with perplexity 30 (a third of the images if they are fewer than 90) and a fixed seed.
The numbers of the features are those of all images of the split: of the training images in their imbalance, of the
test images as balanced as the test set is. The training images are those that the features were fitted to.

A long-tailed data set always makes the same classes rare, and how clear a class's boundary is depends on the class
too. So cross entropy from random weights also gets the classes in the reverse order, as in
:mod:`empirical.experiments.class_order`: half the sum over both orders of what frequent classes have before rare ones
is due to rarity.

Of the sentence that "good representations would reduce the inter-class differences among the classes" two readings can
be measured: classes would come closer (``separation``), or classes would become more alike in how well they are kept
apart (``uneven`` in the summary). Both are given.

``embedding-map.csv`` has the points of the maps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from empirical.analysis.rarity import ORDERS
from empirical.config import Config
from empirical.data.size import class_count
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.class_thirds import THIRDS, third
from empirical.experiments.shared.rows import Tables, average, blank, grouped, run_key, standard_deviation
from empirical.experiments.shared.run_features import features_of_runs
from empirical.runtime.progress import Track, silent
from empirical.runtime.threads import threadpool_limits
from empirical.sweeps.options import prepare_sweep
from empirical.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "DATA",
    "EXPERIMENT",
    "SHOWN",
    "SPLITS",
    "Point",
    "Row",
    "map_images",
    "plan",
    "run",
    "summarise",
    "tsne",
]

DATA = {"smoke": ("digits",), "cpu": ("cifar10",), "paper": ("cifar10",)}
"""The data sets of each profile."""

_IMBALANCE = {"smoke": (20,), "cpu": (50,), "paper": (50,)}
# that of smoke is one of rebalance, where the rarest digit has 6 images

SHOWN = {"smoke": 20, "cpu": 100, "paper": 100}
"""How many images of a class a map shows at most."""

SPLITS = ("train", "test")
"""The images of a map."""

_PERPLEXITY = 30.0
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class in a split of a run; a run that is not finished has one row a split, in which what was measured is None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        pretrain: what the run starts from.
        order: of the classes: that of their labels (of data as they are the most frequent first), or the reverse.
        seed: of everything random in it.
        split: ``train`` or ``test``.
        label: the class by its place in the order, from 0, the most frequent, to C - 1.
        class_name: its name.
        group: the third of the classes that it is in.
        images: of the class in the split.
        silhouette: mean of the class's images (:func:`empirical.analysis.class_separation.silhouettes`).
        purity: of the 10 nearest neighbours, in per cent (:func:`empirical.analysis.class_separation.purities`).
        separation_least: the Mahalanobis distance to the nearest other class
            (:func:`empirical.analysis.class_separation.separations`).
        separation_mean: the mean of those to all others.
        nearest: that nearest class.
        nearest_name: its name.
        shown: how many images the map shows.
        map_silhouette: ``silhouette`` of the shown images on the map.
        map_purity: ``purity`` of the shown images on the map.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "split", "label")
    outcome: ClassVar[tuple[str, ...]] = ("silhouette",)

    data: str
    imbalance: float
    pretrain: str
    order: str
    seed: int
    split: str
    label: int | None
    class_name: str | None
    group: str | None
    images: int | None
    silhouette: float | None
    purity: float | None
    separation_least: float | None
    separation_mean: float | None
    nearest: int | None
    nearest_name: str | None
    shown: int | None
    map_silhouette: float | None
    map_purity: float | None
    run: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """An image on a map; a run that is not finished has one row a split, without a place.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        pretrain: what the run starts from.
        order: of the classes: that of their labels (of data as they are the most frequent first), or the reverse.
        seed: of everything random in it.
        split: ``train`` or ``test``.
        image: its number among the images of the split.
        label: its class, by its place in the order.
        class_name: the name of the class.
        x: its place on the map of its run and split, in no unit.
        y: likewise.
        run: the name of the run's folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run", "split", "image")
    outcome: ClassVar[tuple[str, ...]] = ("x",)

    data: str
    imbalance: float
    pretrain: str
    order: str
    seed: int
    split: str
    image: int | None
    label: int | None
    class_name: str | None
    x: float | None
    y: float | None
    run: str


def plan(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
    """Return the runs of a data set, an imbalance and a seed, the classes in their order: as in ``rebalance``.

    Example:
        >>> [run.pretrain for run in plan("paper", "cifar10", 50, 0)]
        ['none', 'rotation']
    """
    return table1_grid.plan(profile, data, imbalance, seed, methods=["ce"])


def _setup(args: argparse.Namespace) -> Sweep:
    """Return the sweep with the classes in both orders."""

    @cache
    def classes(data: str) -> int:
        return class_count(data, args.root)

    def both(profile: str, data: str, imbalance: float, seed: int) -> list[Config]:
        usual = plan(profile, data, imbalance, seed)
        return [*usual, replace(usual[0], classes=tuple(range(classes(data)))[::-1])]

    return prepare_sweep(args, both, DATA, _IMBALANCE)


def run(sweep: Sweep, track: Track = silent) -> Tables:
    """Train what is missing and return a row for each run, split and class, with the points of the maps."""
    rows: list[Row] = []
    points: list[Point] = []
    for config, features in features_of_runs(sweep, track):
        order = ORDERS[config.classes is not None and config.counts is None]  # counts: data as they are, in one order
        names = sweep.class_names(config)
        for split in SPLITS:
            key = {**run_key(config, "imbalance", "pretrain"), "order": order, "split": split}
            if features is None:
                rows.append(blank(Row, key))
                points.append(blank(Point, key))
                continue
            x, labels = _arrays(getattr(features, split), getattr(features, f"{split}_labels"))
            at = map_images(labels, SHOWN[sweep.profile])
            with threadpool_limits(1):  # more threads spin through t-SNE's many small steps
                positions = tsne(x[at])
                measured = list(_measured(x, labels, positions, labels[at], names))
            rows += [Row(**key, **cells) for cells in measured]
            points += [
                Point(**key, image=int(image), label=int(label), class_name=names[label], x=float(x1), y=float(x2))
                for image, label, (x1, x2) in zip(at, labels[at], positions, strict=True)
            ]
    return Tables(rows, map=points)


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each order of the classes, split, third and start the means over classes and seeds.

    ``classes`` is ``all`` or the third of the classes that the means are over.
    ``purity_spread`` is the standard deviation over the seeds, ``separation`` the mean of ``separation_least``, and
    ``uneven`` the standard deviation of ``separation_least`` over the classes of the third.
    """

    def key(row: Row) -> tuple[Any, ...]:
        start = table1_grid.PRETRAININGS.index(row.pretrain)
        return row.data, row.imbalance, ORDERS.index(row.order), SPLITS.index(row.split), start

    summary = []
    for (data, imbalance, order, split, start), own in grouped(rows, key):
        found = [row for row in own if row.label is not None]
        for name in ("all", *THIRDS):
            runs = _by_run([row for row in found if name in ("all", row.group)])
            purity = [average([row.purity for row in part]) for part in runs]
            summary.append(
                {
                    "data": data,
                    "imbalance": imbalance,
                    "order": ORDERS[order],
                    "split": SPLITS[split],
                    "classes": name,
                    "pretrain": table1_grid.PRETRAININGS[start],
                    "seeds": len({row.run for row in found}),
                    "missing": len(own) - len(found),
                    "silhouette": average([row.silhouette for part in runs for row in part]),
                    "purity": average(purity),
                    "purity_spread": standard_deviation(purity),
                    "separation": average([row.separation_least for part in runs for row in part]),
                    "separation_mean": average([row.separation_mean for part in runs for row in part]),
                    "uneven": average([standard_deviation([row.separation_least for row in part]) for part in runs]),
                    "map_silhouette": average([row.map_silhouette for part in runs for row in part]),
                    "map_purity": average([row.map_purity for part in runs for row in part]),
                }
            )
    return summary


def map_images(labels: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Return which images a map shows: of each class ``limit`` or all of them, in order, the same ones each time.

    Example:
        >>> labels = np.array([0] * 50 + [1] * 2)
        >>> labels[map_images(labels, 3)]
        array([0, 0, 0, 1, 1])
    """
    rng = np.random.default_rng(np.random.SeedSequence(_SEED))
    own = [rng.permutation(np.flatnonzero(labels == label))[:limit] for label in range(labels.max() + 1)]
    return np.sort(np.concatenate(own))


def tsne(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the positions of the rows of ``x``, shape ``(n, d)``, on a map, shape ``(n, 2)``; all 0 if all are equal.

    Source: L. van der Maaten and G. Hinton, Visualizing data using t-SNE, 2008 (the paper's [37]).
    """
    from sklearn.manifold import TSNE

    if not np.ptp(x, axis=0).any():
        return np.zeros((len(x), 2))
    perplexity = min(_PERPLEXITY, len(x) / 3)
    positions = TSNE(perplexity=perplexity, init="pca", random_state=_SEED).fit_transform(x)
    return np.asarray(positions, dtype=np.float64)


def _arrays(features: Tensor, labels: Tensor) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return features.double().numpy(), labels.numpy().astype(np.int64)


def _measured(
    x: NDArray[np.float64],
    labels: NDArray[np.int64],
    positions: NDArray[np.float64],
    shown: NDArray[np.int64],
    names: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """Yield for each class the cells of its row from ``label`` to ``map_purity``."""
    from empirical.analysis.class_separation import purities, separations, silhouettes

    images, shows = np.bincount(labels), np.bincount(shown)
    silhouette, purity, apart = silhouettes(x, labels), 100 * purities(x, labels), separations(x, labels)
    map_silhouette, map_purity = silhouettes(positions, shown), 100 * purities(positions, shown)
    for label, others in enumerate(apart):
        nearest = None if np.isnan(others).all() else int(np.nanargmin(others))
        yield {
            "label": label,
            "class_name": names[label],
            "group": third(label, len(images)),
            "images": int(images[label]),
            "silhouette": _number(silhouette[label]),
            "purity": _number(purity[label]),
            "separation_least": None if nearest is None else _number(others[nearest]),
            "separation_mean": None if nearest is None else _number(np.nanmean(others)),
            "nearest": nearest,
            "nearest_name": None if nearest is None else names[nearest],
            "shown": int(shows[label]),
            "map_silhouette": _number(map_silhouette[label]),
            "map_purity": _number(map_purity[label]),
        }


def _number(value: float) -> float | None:
    """Return a number, None if it is not one."""
    return None if np.isnan(value) else float(value)


def _by_run(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each run, in the order of the table."""
    return [list(own) for _, own in groupby(rows, key=lambda row: row.run)]


EXPERIMENT = Experiment(
    name="embedding",
    doc=__doc__,
    row=Row,
    extra_rows={"map": Point},
    data=DATA,
    imbalance=_IMBALANCE,
    plan=plan,
    setup=_setup,
    run=run,
    summarise=summarise,
)
