"""Pairs of classes on held-out features: rules from one half of the images, judged on the other, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from empirical.analysis.agreement import separation_from_recalls
from empirical.analysis.examine.inputs import Inputs, class_sums, pieces
from empirical.analysis.examine.intervals import Z
from empirical.analysis.linear_classifiers import Moments, Rule, lda, moments
from empirical.runtime.progress import Track, silent

__all__ = ["Pair", "Pairs"]

ENOUGH = 2
"""How many images a covariance takes for each feature."""

_ALL, _NEAREST = 12, 3
_CACHED, _KEPT = 2**29, (4, 64)  # bytes of what is kept, and how many classes at least and at most
_MOST_IMAGES = 5000  # of a class and half: more would not make a recall more precise than half a point
_RIDGE = 1e-6
_LEAST, _ROUNDING = 1e-100, 1e-10  # what features vary by, itself and over their size
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two classes and how far they are apart.

    Attributes:
        first: a class.
        second: another.
        recalls: of the two at balance, from 0 to 1.
        images: the held-out images of the two.
        separation: ``M``, that of the balanced accuracy.
        error: the standard error of the balanced accuracy.
    """

    first: int
    second: int
    recalls: tuple[float, float]
    images: tuple[int, int]
    separation: float
    error: float

    def bounds(self) -> tuple[float, float]:
        """Return the ends of the interval of the separation."""
        low, high = (
            separation_from_recalls(np.clip(np.mean(self.recalls) + sign * Z * self.error, 0, 1).repeat(2), self.images)
            for sign in (-1, 1)
        )
        return low, high


class Pairs:
    """The classes of a network by their held-out features.

    Attributes:
        own: whether a pair has images enough for a covariance of its own; else all classes share one.
        enough: whether there are images enough for either.
    """

    def __init__(self, inputs: Inputs, track: Track = silent) -> None:
        """Sort the images by class and half; nothing is read yet."""
        assert inputs.features is not None
        assert inputs.labels is not None
        assert inputs.first is not None
        self.inputs = inputs
        self._track = track
        self._features, self._labels, self._first = inputs.features, inputs.labels, inputs.first
        self._order = np.argsort(inputs.labels, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(inputs.held_out)])
        dimension = inputs.features.shape[1]
        least = int(inputs.held_out.min()) // 2
        self.own = 2 * least - 2 >= ENOUGH * dimension
        shared = len(inputs.labels) // 2 - inputs.classes >= ENOUGH * dimension
        self.enough = least >= 1 and (self.own or shared)
        most = min(int(inputs.held_out.max()) // 2 + 1, _MOST_IMAGES)
        self._cached = lru_cache(_entries(dimension**2))(self._moments)
        self._images = lru_cache(_entries(dimension * most))(self._read)

    def vary(self) -> bool:
        """Return whether features vary within the classes, by more than rounding does."""
        means = class_sums(self._features, self._labels, self.inputs.classes) / self.inputs.held_out[:, None]
        furthest = size = 0.0
        for rows in self._track(pieces(len(self._labels), self._features.shape[1]), "spread"):
            x = np.asarray(self._features[rows], dtype=np.float64)
            furthest = max(furthest, float(np.abs(x - means[self._labels[rows]]).max()))
            size = max(size, float(np.abs(x).max()))
        return furthest > max(_LEAST, _ROUNDING * size)

    def images(self, label: int, first: bool) -> Floats:
        """Return the features of a class in a half, shape ``(n, d)``; of very many some that are evenly spaced."""
        return self._images(label, first)

    def moments(self, label: int, first: bool) -> Moments:
        """Return the moments of a class in a half."""
        return self._cached(label, first)

    def rule(self, a: int, b: int, first: bool) -> Rule:
        """Return the balanced rule of a pair from the images of a half."""
        if self.own:
            pos, neg = self.moments(a, first), self.moments(b, first)
            return lda(Moments(1, pos.mean, pos.cov), Moments(1, neg.mean, neg.cov))
        means, _, solved = self._shared[first]
        w = solved[a] - solved[b]
        return Rule(w, float(-w @ (means[a] + means[b]) / 2))

    def pair(self, a: int, b: int) -> Pair:
        """Return two classes, each half judged by the rule of the other."""
        right, n = np.zeros(2), np.zeros(2, dtype=int)
        for first in (True, False):
            rule = self.rule(a, b, first)
            pos, neg = self.images(a, not first), self.images(b, not first)
            right += (rule.scores(pos) > 0).sum(), (rule.scores(neg) <= 0).sum()
            n += len(pos), len(neg)
        recalls = right / n
        smoothed = (right + 1) / (n + 2)
        error = float(np.sqrt(np.sum(smoothed * (1 - smoothed) / n))) / 2
        both = float(recalls[0]), float(recalls[1])
        images = int(n[0]), int(n[1])
        return Pair(
            first=a,
            second=b,
            recalls=both,
            images=images,
            separation=separation_from_recalls(both, images),
            error=error,
        )

    def near(self) -> list[tuple[int, int]]:
        """Return the pairs to look at: all of few classes, and of many the nearest of each class."""
        if self.inputs.classes <= _ALL:
            return list(combinations(range(self.inputs.classes), 2))
        means, factor, _ = self._shared[None]
        white = solve_triangular(factor[0], (means - means.mean(axis=0)).T, lower=True).T
        noise = white.shape[1] / self.inputs.held_out
        lengths = (white**2).sum(axis=1)
        found = set()
        for rows in pieces(len(white), len(white)):
            squares = lengths[rows, None] + lengths - 2 * white[rows] @ white.T - noise[rows, None] - noise
            own = np.arange(rows.start, rows.stop)
            squares[np.arange(len(own)), own] = np.inf
            nearest = np.argpartition(squares, _NEAREST, axis=1)[:, :_NEAREST]
            found |= {
                (min(a, b), max(a, b)) for a, near in zip(own.tolist(), nearest.tolist(), strict=True) for b in near
            }
        return sorted(found)

    def _read(self, label: int, first: bool) -> Floats:
        rows = self._order[self._starts[label] : self._starts[label + 1]]
        own = rows[self._first[rows] == first]
        if len(own) > _MOST_IMAGES:
            own = own[np.linspace(0, len(own) - 1, _MOST_IMAGES).astype(int)]
        return np.asarray(self._features[own], dtype=np.float64)

    def _moments(self, label: int, first: bool) -> Moments:
        return moments(self.images(label, first))

    @cached_property
    def _shared(self) -> Mapping[bool | None, _Shared]:
        """The means and the covariance within all classes, of each half and, under None, of all images."""
        classes, dimension = self.inputs.classes, self._features.shape[1]
        halves = ~self._first, self._first
        n = np.stack([np.bincount(self._labels[half], minlength=classes) for half in halves])[:, :, None]
        means = np.stack([class_sums(self._features, self._labels, classes, half) for half in halves]) / n
        scatter = np.zeros((2, dimension, dimension))
        for rows in self._track(pieces(len(self._labels), dimension), "covariance"):
            first, labels = self._first[rows], self._labels[rows]
            x = np.asarray(self._features[rows], dtype=np.float64) - means[first.astype(int), labels]
            for at, own in enumerate((x[~first], x[first])):
                scatter[at] += own.T @ own
        apart = (means[1] - means[0]) * np.sqrt(n[0] * n[1] / (n[0] + n[1]))
        images = n.sum(axis=(1, 2))
        return {
            False: _shared(means[0], scatter[0] / (images[0] - classes)),
            True: _shared(means[1], scatter[1] / (images[1] - classes)),
            None: _shared(
                (n * means).sum(axis=0) / n.sum(axis=0),
                (scatter.sum(axis=0) + apart.T @ apart) / (images.sum() - classes),
            ),
        }


class _Shared(NamedTuple):
    """What rules take of classes with one covariance: their means, its Cholesky factor, and it inverted times them."""

    means: Floats
    factor: tuple[Floats, bool]
    solved: Floats


def _shared(means: Floats, cov: Floats) -> _Shared:
    level = float(np.trace(cov)) / len(cov) or 1.0
    factor = cho_factor(cov + _RIDGE * level * np.eye(len(cov)), lower=True)
    return _Shared(means, factor, cho_solve(factor, (means - means.mean(axis=0)).T).T)


def _entries(numbers: int) -> int:
    """Return how many arrays of so many numbers are kept."""
    least, most = _KEPT
    return max(least, min(most, _CACHED // (8 * numbers)))
