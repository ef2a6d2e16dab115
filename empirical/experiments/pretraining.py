r"""Does pre-training without labels raise the separation of classes, and the minority's recall as that predicts?

The runs are those of the experiment ``rebalance`` with cross entropy, from random weights and from rotation
pre-training; with the same folder of runs nothing is trained again. For each pair of classes of a run

1. discriminant analysis on the features of the balanced test images, trained on one half of them and tested on the
   other, and the other way round, has a balanced accuracy, which gives the separation ``M``
   (:func:`empirical.analysis.agreement.separation_from_recalls`); the same images give a Mahalanobis distance between
   the means. Both with the covariance that all classes share, of ``n - C`` degrees of freedom;
2. Theorem 2 predicts the recall of the rarer of the two against the other, ``Phi(M / 2 - ln(n+ / n-) / M)``, with the
   run's class counts. Labels enter on balanced images alone, and nothing of the trained classifier;
3. the recall is measured: the part of the rarer class's test images whose logit is larger than that of the other
   class, by the classifier that the run trained.

This explains and does not forecast: ``M`` is read off the test images of the very networks whose recall is explained,
the pre-trained one included.

The *gain* is what pre-training adds, run against run of the same seed. The paper's claim is in two parts: the gain in
``M`` is above 0, and the gain in recall is the one that the gain in ``M`` predicts.

The Mahalanobis distance is corrected for the noise of the estimates, ``(f - d - 1) / f D^2 - d (1 / n1 + 1 / n2)`` with
``f`` degrees of freedom and ``d`` features, which is unbiased for Gaussian classes; where it is below 0 it is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from empirical.analysis.agreement import agreement, separation_from_recalls
from empirical.config import NO_PRETRAINING, Config
from empirical.experiments import embedding
from empirical.experiments.experiment import Experiment
from empirical.experiments.shared import table1_grid
from empirical.experiments.shared.rows import average, blank, grouped, percent, run_key, standard_deviation
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep
from theory.theorem2 import minority_recall

__all__ = [
    "EXPERIMENT",
    "Row",
    "Separations",
    "run",
    "separations",
    "summarise",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A pair of classes, with and without pre-training; what needs a run that is not finished is None.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        seed: of everything random.
        majority: the more frequent class, from 0, the most frequent, to C - 1.
        minority: the rarer one.
        majority_name: the name of the more frequent class.
        minority_name: of the rarer one.
        ratio: how many times as many images the majority has.
        separation: ``M`` from the balanced accuracy, without pre-training.
        separation_pretrained: with it.
        mahalanobis: the distance between the means, without pre-training.
        mahalanobis_pretrained: with it.
        predicted: the minority's recall against the majority by Theorem 2, without pre-training, in per cent.
        predicted_pretrained: with it.
        recall: as measured, without pre-training, in per cent.
        recall_pretrained: with it.
        gain_predicted: ``predicted_pretrained - predicted``, in points.
        gain: ``recall_pretrained - recall``, in points.
        run: the folder of the run with pre-training.
    """

    key: ClassVar[tuple[str, ...]] = ("data", "imbalance", "seed", "majority", "minority")
    outcome: ClassVar[tuple[str, ...]] = ("gain",)

    data: str
    imbalance: float
    seed: int
    majority: int | None
    minority: int | None
    majority_name: str | None
    minority_name: str | None
    ratio: float | None
    separation: float | None
    separation_pretrained: float | None
    mahalanobis: float | None
    mahalanobis_pretrained: float | None
    predicted: float | None
    predicted_pretrained: float | None
    recall: float | None
    recall_pretrained: float | None
    gain_predicted: float | None
    gain: float | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each pair of classes with as many images in neither."""
    found = dict(run_sweep(sweep))
    rows: list[Row] = []
    plains = [config for config in found if config.pretrain == NO_PRETRAINING]
    for plain in track(plains, "runs"):
        [other] = [c for c in found if c.pretrain != NO_PRETRAINING and _case(c) == _case(plain)]
        if found[plain] is None or found[other] is None:
            rows.append(blank(Row, run_key(other, "imbalance")))
        else:
            looks = [_measure(sweep, config) for config in (plain, other)]
            rows += _rows(other, looks, sweep.class_names(other))
    return rows


def summarise(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return for each data set and imbalance what pre-training adds, mean over the pairs and then the seeds.

    ``raised`` is the gain in ``M``, ``raised_mahalanobis`` that in the Mahalanobis distance, ``spread_raised`` and
    ``spread`` the standard deviations over the seeds of ``raised`` and of ``gain``, and ``pairs_raised`` the part of
    the pairs whose ``M`` is raised, in per cent. ``mae`` and ``correlation`` compare the gains of all pairs, each the
    mean over the seeds; ``level_mae`` compares the recalls themselves.
    """

    def key(row: Row) -> tuple[Any, ...]:
        return row.data, -row.imbalance

    summary = []
    for (data, against), own in grouped(rows, key):
        done: list[Any] = [row for row in own if row.gain is not None]
        seeds = [[row for row in done if row.seed == seed] for seed in sorted({row.seed for row in done})]
        raised = [float(np.mean([r.separation_pretrained - r.separation for r in part])) for part in seeds]
        further = [float(np.mean([r.mahalanobis_pretrained - r.mahalanobis for r in part])) for part in seeds]
        gains = [float(np.mean([r.gain for r in part])) for part in seeds]
        summary.append(
            {
                "data": data,
                "imbalance": -against,
                "seeds": len(seeds),
                "missing": len({row.seed for row in own}) - len(seeds),
                "raised": average(raised),
                "spread_raised": standard_deviation(raised),
                "raised_mahalanobis": average(further),
                "pairs_raised": average([percent(r.separation_pretrained > r.separation) for r in done]),
                "gain_predicted": average([r.gain_predicted for r in done]),
                "gain": average(gains),
                "spread": standard_deviation(gains),
                **_compared(done),
            }
        )
    return summary


@dataclass(frozen=True, eq=False)
class Separations:
    """Of all pairs of classes, each of shape ``(C, C)``.

    Attributes:
        accuracy: ``M`` from the balanced accuracy of discriminant analysis.
        mahalanobis: the distance between the means, corrected.
    """

    accuracy: Floats
    mahalanobis: Floats


def separations(x: Floats, labels: NDArray[np.int64], seed: int) -> Separations:
    """Return the separations of classes in balanced features.

    Args:
        x: features, shape ``(n, d)``.
        labels: from 0 to ``C - 1``, shape ``(n,)``, at least two of each.
        seed: of the halves.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.repeat([0, 1], 2000)
        >>> found = separations(rng.standard_normal((4000, 3)) + 2 * labels[:, None] * [1, 0, 0], labels, seed=0)
        >>> found.accuracy.round(1).tolist()[0], found.mahalanobis.round(1).tolist()[0]
        ([0.0, 2.0], [0.0, 2.0])
    """
    classes = int(labels.max()) + 1
    rng = np.random.default_rng(SeedSequence(seed))
    half = np.zeros(len(labels), dtype=bool)
    for label in range(classes):
        own = rng.permutation(np.flatnonzero(labels == label))
        half[own[: len(own) // 2]] = True
    right = np.zeros((classes, classes))
    for train in (half, ~half):
        right += _right(x[train], labels[train], x[~train], labels[~train], classes)
    sizes = np.bincount(labels, minlength=classes)
    accuracy = np.zeros((classes, classes))
    for a, b in combinations(range(classes), 2):
        recalls = right[a, b] / sizes[a], right[b, a] / sizes[b]
        accuracy[a, b] = accuracy[b, a] = separation_from_recalls(recalls, (sizes[a], sizes[b]))
    return Separations(accuracy, _mahalanobis(x, labels, classes))


def _fit(x: Floats, labels: NDArray[np.int64], classes: int) -> tuple[Floats, Floats, int]:
    """Return the means, the inverse of the shared covariance, and its degrees of freedom."""
    means = np.stack([x[labels == label].mean(axis=0) for label in range(classes)])
    left, freedom = x - means[labels], len(x) - classes
    # Of a feature that is always 0 the pseudo-inverse makes no use.
    return means, np.linalg.pinv(left.T @ left / freedom, hermitian=True), freedom


def _right(x: Floats, labels: NDArray[np.int64], new: Floats, truth: NDArray[np.int64], classes: int) -> Floats:
    """Return how many new samples of class ``a`` are closer to it than to class ``b``, shape ``(C, C)``."""
    means, inverse, _ = _fit(x, labels, classes)
    scores = new @ inverse @ means.T - np.einsum("cd,de,ce->c", means, inverse, means) / 2
    return np.stack([(scores[truth == a, a, None] > scores[truth == a]).sum(axis=0) for a in range(classes)])


def _mahalanobis(x: Floats, labels: NDArray[np.int64], classes: int) -> Floats:
    """Return the distances between the means."""
    means, inverse, freedom = _fit(x, labels, classes)
    away = means[:, None] - means[None]
    squares = np.einsum("abd,de,abe->ab", away, inverse, away)
    d, parts = np.linalg.matrix_rank(inverse, hermitian=True), 1 / np.bincount(labels, minlength=classes)
    unbiased = (freedom - d - 1) / freedom * squares - d * (parts[:, None] + parts)
    distances: Floats = np.sqrt(np.maximum(0, unbiased))
    return distances


@dataclass(frozen=True, eq=False)
class _Measured:
    """The separations and recalls of a run."""

    found: Separations
    recalls: Floats
    counts: tuple[int, ...]


def _measure(sweep: Sweep, config: Config) -> _Measured:
    from empirical.analysis import features

    seen = features.of_run(config, sweep.runs, sweep.root)
    x, labels = seen.test.double().numpy(), seen.test_labels.numpy()
    logits = x @ seen.weight.double().numpy().T + (0 if seen.bias is None else seen.bias.double().numpy())
    classes = len(seen.counts)
    recalls = [(logits[labels == a, a, None] > logits[labels == a]).mean(axis=0) for a in range(classes)]
    return _Measured(separations(x, labels, config.seed), np.stack(recalls), seen.counts)


def _rows(pretrained: Config, looks: Sequence[_Measured], names: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of two runs, the second one ``pretrained``."""
    counts = looks[0].counts
    for a, b in combinations(range(len(counts)), 2):
        if counts[a] == counts[b]:
            continue
        major, minor = (a, b) if counts[a] > counts[b] else (b, a)
        ratio = counts[major] / counts[minor]
        far = [float(look.found.accuracy[major, minor]) for look in looks]
        predicted = [percent(float(minority_recall(m, ratio))) for m in far]
        recall = [percent(float(look.recalls[minor, major])) for look in looks]
        distance = [float(look.found.mahalanobis[major, minor]) for look in looks]
        yield Row(
            **run_key(pretrained, "imbalance"),
            majority=major,
            minority=minor,
            majority_name=names[major],
            minority_name=names[minor],
            ratio=ratio,
            separation=far[0],
            separation_pretrained=far[1],
            mahalanobis=distance[0],
            mahalanobis_pretrained=distance[1],
            predicted=predicted[0],
            predicted_pretrained=predicted[1],
            recall=recall[0],
            recall_pretrained=recall[1],
            gain_predicted=predicted[1] - predicted[0],
            gain=recall[1] - recall[0],
        )


def _compared(rows: Sequence[Any]) -> dict[str, float | None]:
    """Return how well predictions and measurements agree, over pairs."""
    pairs: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        pairs.setdefault((row.majority, row.minority), []).append(row)
    if not pairs:
        return {"mae": None, "correlation": None, "level_mae": None}
    means = np.array([np.mean([[r.gain_predicted, r.gain] for r in own], axis=0) for own in pairs.values()]) / 100
    gains = agreement(*means.T)
    levels = [(r.predicted, r.recall) for r in rows] + [(r.predicted_pretrained, r.recall_pretrained) for r in rows]
    level = agreement(*np.array(levels).T / 100)
    return {"mae": gains["mae"], "correlation": gains["correlation"], "level_mae": level["mae"]}


def _case(config: Config) -> tuple[str, float | None, int]:
    """Return the data, the imbalance and the seed."""
    return config.data, config.imbalance, config.seed


EXPERIMENT = Experiment(
    name="pretraining",
    doc=__doc__,
    row=Row,
    data=embedding.DATA,
    imbalance=table1_grid.IMBALANCE,
    plan=embedding.plan,
    run=run,
    summarise=summarise,
)
