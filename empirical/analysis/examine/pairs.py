"""Pairs of classes on held-out features: rules from one half of the images, judged on the other, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

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
        self._shared = lru_cache(None)(self._pooled)

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
        means, factor = self._shared(first)
        w = cho_solve(factor, means[a] - means[b])
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
        means, factor = self._shared(None)
        white = solve_triangular(factor[0], means.T, lower=True).T
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

    def _pooled(self, first: bool | None) -> tuple[Floats, tuple[Floats, bool]]:
        """Return the class means and the factor of the covariance within all classes, of a half or of all images."""
        chosen = None if first is None else self._first == first
        labels = self._labels if chosen is None else self._labels[chosen]
        n = np.bincount(labels, minlength=self.inputs.classes)
        means = class_sums(self._features, self._labels, self.inputs.classes, chosen) / n[:, None]
        dimension = means.shape[1]
        total = np.zeros((dimension, dimension))
        for rows in self._track(pieces(len(self._labels), dimension), "covariance"):
            kept = slice(None) if chosen is None else chosen[rows]
            x = np.asarray(self._features[rows], dtype=np.float64)[kept] - means[self._labels[rows][kept]]
            total += x.T @ x
        cov = total / (len(labels) - self.inputs.classes)
        level = float(np.trace(cov)) / dimension or 1.0
        return means, cho_factor(cov + _RIDGE * level * np.eye(dimension), lower=True)


def _entries(numbers: int) -> int:
    """Return how many arrays of so many numbers are kept."""
    least, most = _KEPT
    return max(least, min(most, _CACHED // (8 * numbers)))
