"""The fit of the theory to these features: predicted against measured recalls, and departures from normality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from scipy.special import ndtr

from empirical.analysis.examine.inputs import Inputs
from empirical.analysis.examine.pairs import Pair, Pairs
from empirical.analysis.examine.tables import Fit, Normality
from empirical.analysis.linear_classifiers import lda, moments
from empirical.analysis.recall_laws import from_balance, from_moments
from empirical.runtime.progress import Track, silent
from theory.class_counts import lda_rule, recalls_at

__all__ = ["IMBALANCES", "all_classes", "normality", "pair_fits"]

IMBALANCES = (1, 2, 10, 100)
"""The imbalances that pairs are measured at."""

LAWS = {"theorem2": "Theorem 2, separation alone", "together": "with covariances and finite samples"}
ALL_CLASSES = "all classes at once"

_DRAWS, _DRAWS_OF_ALL = 3, 20
_MOST_PAIRS = 45
_FEWEST = 2
_ALIKE = 1e-6  # points: recalls that differ by no more have no correlation
Floats = NDArray[np.float64]


def pair_fits(pairs: Pairs, ranked_pairs: Sequence[Pair], track: Track = silent) -> list[Fit]:
    """Return how well the recall of a minority is predicted, over pairs of classes in both orders.

    Discriminant analysis is trained on one half of the held-out images, the minority on as few as the imbalance says,
    drawn several times, and measured on the other half. Predictions know the balanced half and nothing of that. Of many
    pairs those at evenly spaced ranks of the separation are measured.
    """
    ranked = sorted(ranked_pairs, key=lambda pair: pair.separation)
    if len(ranked) > _MOST_PAIRS:
        ranked = [ranked[round(at)] for at in np.linspace(0, len(ranked) - 1, _MOST_PAIRS)]
    streams = SeedSequence(pairs.inputs.seed, spawn_key=(1,)).spawn(len(ranked))
    cases: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for pair, stream in track(list(zip(ranked, streams, strict=True)), "pairs of classes"):
        rng = np.random.default_rng(stream)
        for first in (True, False):
            for a, b in ((pair.first, pair.second), (pair.second, pair.first)):
                for key, value in _measured(pairs, a, b, first, rng):
                    cases.setdefault(key, []).append(value)
    return [_fit(LAWS[law], ratio, values) for (law, ratio), values in sorted(cases.items(), key=_grid_cell)]


def _grid_cell(case: tuple[tuple[str, int], object]) -> tuple[int, int]:
    (law, ratio), _ = case
    return list(LAWS).index(law), ratio


def _measured(
    pairs: Pairs, a: int, b: int, first: bool, rng: np.random.Generator
) -> Iterator[tuple[tuple[str, int], tuple[float, float]]]:
    """Yield what was predicted and measured of the minority ``b`` against ``a``, by law and imbalance."""
    few, test = pairs.images(b, first), (pairs.images(a, not first), pairs.images(b, not first))
    pos, neg = pairs.moments(a, first), pairs.moments(b, first)
    rule = lda(pos, neg)
    for ratio in IMBALANCES:
        n_neg = round(int(pos.n) / ratio)
        if n_neg < _FEWEST or n_neg > len(few):
            continue
        recalls = [
            lda(pos, neg if ratio == 1 else moments(rng.permutation(few)[:n_neg])).recalls(*test)[1]
            for _ in range(1 if ratio == 1 else _DRAWS)
        ]
        laws = from_balance(rule, *test, int(pos.n), n_neg) | from_moments(pos, neg, test[1], int(pos.n), n_neg)
        for law in LAWS:
            if law in laws:
                yield (law, ratio), (laws[law], float(np.mean(recalls)))


def all_classes(inputs: Inputs, pairs: Pairs) -> Fit | None:
    """Return how well all recalls at once are predicted, at the network's counts scaled down to half of the images.

    A half of the images gives moments, and the training sets that are measured; of the other half one part is read by
    the prediction, and the rest measures. None where the halves are too small.
    """
    assert inputs.counts is not None
    halves = [(pairs.images(label, True), pairs.images(label, False)) for label in range(inputs.classes)]
    train, other = [half[0] for half in halves], [half[1] for half in halves]
    sizes = np.array([len(x) for x in train])
    counts = np.maximum(_FEWEST, (inputs.counts * (sizes / inputs.counts).min()).astype(int))
    counts = np.minimum(counts, sizes)
    if min(sizes) <= _FEWEST or min(map(len, other)) < _FEWEST:
        return None
    read, measure = [x[::2] for x in other], [x[1::2] for x in other]
    predicted = recalls_at(*_stacked(train, counts), held_out=_labelled(read), seed=inputs.seed).recalls
    rng = np.random.default_rng(SeedSequence(inputs.seed, spawn_key=(2,)))
    recalls = []
    for _ in range(_DRAWS_OF_ALL):
        drawn = [rng.permutation(x)[:n] for x, n in zip(train, counts, strict=True)]
        means = np.stack([x.mean(axis=0) for x in drawn])
        scatter = sum((x - mean).T @ (x - mean) for x, mean in zip(drawn, means, strict=True))
        weights, biases = lda_rule(means, scatter, counts)
        decided = [(x @ weights.T + biases).argmax(axis=1) == label for label, x in enumerate(measure)]
        recalls.append([float(right.mean()) for right in decided])
    measured = np.mean(recalls, axis=0)
    ratio = round(int(counts.max()) / int(counts.min()))
    return _fit(ALL_CLASSES, ratio, list(zip(predicted.tolist(), measured.tolist(), strict=True)))


def _labelled(parts: Sequence[Floats]) -> tuple[Floats, NDArray[np.intp]]:
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(x) for x in parts])


def _stacked(parts: Sequence[Floats], counts: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64], NDArray[np.intp]]:
    x, labels = _labelled(parts)
    return x, counts, labels


def _fit(law: str, ratio: int, cases: Sequence[tuple[float, float]]) -> Fit:
    predicted, measured = 100 * np.array(cases).T
    off = predicted - measured
    defined = min(np.ptp(predicted), np.ptp(measured)) > _ALIKE
    return Fit(
        law=law,
        imbalance=ratio,
        cases=len(cases),
        measured=float(measured.mean()),
        error=float(np.abs(off).mean()),
        bias=float(off.mean()),
        worst=float(np.quantile(np.abs(off), 0.95)),
        correlation=float(np.corrcoef(predicted, measured)[0, 1]) if defined else None,
    )


def normality(pairs: Pairs, ranked_pairs: Sequence[Pair]) -> Iterator[Normality]:
    """Yield how far from normal the scores of each class against its nearest rival are."""
    nearest: dict[int, tuple[float, int]] = {}
    for pair in ranked_pairs:
        for label, other in ((pair.first, pair.second), (pair.second, pair.first)):
            nearest[label] = min(nearest.get(label, (np.inf, -1)), (pair.separation, other))
    for label in sorted(nearest):
        other = nearest[label][1]
        scores: list[Floats] = []
        spreads = []
        for first in (True, False):
            rule = pairs.rule(label, other, first)
            own, rival = rule.scores(pairs.images(label, not first)), rule.scores(pairs.images(other, not first))
            scores.append(own)
            spreads.append(own.std() / rival.std() if rival.std() > 0 else np.nan)
        both = np.concatenate(scores)
        if both.std() == 0 or not np.isfinite(spreads).all():
            continue
        away = both - both.mean()
        central = [float(np.mean(away**power)) for power in (2, 3, 4)]
        law, counted = 100 * float(ndtr(both.mean() / both.std())), 100 * float((both > 0).mean())
        yield Normality(
            label=label,
            name=pairs.inputs.class_names[label],
            rival=pairs.inputs.class_names[other],
            skewness=central[1] / central[0] ** 1.5,
            kurtosis=central[2] / central[0] ** 2 - 3,
            spread=float(np.mean(spreads)),
            normal=law,
            counted=counted,
            departure=law - counted,
        )
