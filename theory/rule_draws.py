"""Draws of the rules that training would give, from the moments of balanced features."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammaincinv

from theory.class_moments import (
    FEWEST,
    ClassMoments,
    Counts,
    Floats,
    Labelled,
    Labels,
    LinearRule,
    by_class,
    check_labelled,
    check_tau,
    lda_of_scatter,
    moments_by_class,
)
from theory.support.validate import floats, integer, refuse

__all__ = ["DRAWS", "DrawnRules", "Fit", "drawn_rules", "normal_scores"]

DRAWS = 40
"""How many rules are drawn, if nothing is said."""

_FOLDS = 5
_NORMAL_IMAGES = 1000  # of each class and drawn rule, where the normal law is read

_MOST_OF_SCATTER = 1e6  # what is taken off a scatter may be so many times what is left, for the sake of its digits
_FOLDING = 2**31  # the spawn key of what draws the folds, apart from those of the rules

Fit = Callable[[list[Floats]], LinearRule | tuple[Floats, Floats]]
"""Trains a classifier: from the features of each class, shape ``(n_k, d)``, to its weights and biases."""


class DrawnRules:
    """Rules drawn from moments, and what they are read on.

    Args:
        moments: of the balanced features.
        images: what is read; None for the normal law.
        tau: of post-hoc logit adjustment.
        fit: the classifier; None for discriminant analysis.
        draws: how many rules.
        seed: of them.
        fold: of cross-fitting; different folds draw independently.
        features: those that gave the moments, by class; None where moments are all that is known.
    """

    def __init__(
        self,
        moments: ClassMoments,
        images: Labelled | None,
        tau: float,
        fit: Fit | None,
        draws: int,
        seed: int,
        fold: int = 0,
        features: list[Floats] | None = None,
    ) -> None:
        """Hold the arguments; nothing is drawn yet."""
        self.classes = len(moments.means)
        self.images = images
        self._moments, self._tau, self._fit, self._draws = moments, tau, fit, draws
        self._seed, self._fold, self._features = seed, fold, features
        self._base: dict[bytes, list[tuple[Floats, Floats]]] = {}
        self._kept_class: tuple[int, int] | None = None
        self._scatters: dict[int, Floats] = {}

    @property
    def weight(self) -> NDArray[Any]:
        """How many images of each class are read; 1 for the normal law."""
        return np.ones(self.classes) if self.images is None else np.bincount(self.images[1], minlength=self.classes)

    def with_images(self, images: Labelled | None) -> DrawnRules:
        """Return the same rules, read on other images; statistics that one of the two has drawn serve both."""
        return self._changed(images=images)

    def with_tau(self, tau: float) -> DrawnRules:
        """Return the same rules with another ``tau``, of the same statistics likewise."""
        return self._changed(_tau=tau)

    def _changed(self, **attributes: Any) -> DrawnRules:
        found = copy(self)
        vars(found).update(attributes)
        return found

    def recalls(self, n: Counts, only: int | None = None, base: Counts | None = None) -> Floats:
        """Return the recalls of the drawn rules at the counts ``n``, shape ``(draws, C)``.

        Args:
            n: images of each class.
            only: the class that matters, if it is one; the recalls of the others are NaN then.
            base: counts that are kept in memory, so that only classes whose counts differ are drawn again.
        """
        rules = (self._rule(draw, n, n if base is None else base) for draw in range(self._draws))
        return np.stack([self._read(rule, draw, only) for draw, rule in enumerate(rules)])

    def _rng(self, draw: int, k: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(self._fold, draw, k)))

    def _rule(self, draw: int, n: Counts, base: Counts) -> LinearRule:
        classes, rng = range(self.classes), self._rng
        if self._fit is not None:
            return _fitted(self._fit, [self._sample(k, int(n[k]), rng(draw, k)) for k in classes], n, self._tau)
        changed = np.flatnonzero(n != base)
        if base[changed].sum() > _MOST_OF_SCATTER * n.sum():
            return lda_of_scatter(*self._pooled(draw, n), n, self._tau)
        key = base.tobytes()
        if key not in self._base:
            self._base.clear()
            self._base[key] = [self._pooled(at, base) for at in range(self._draws)]
        means, scatter = self._base[key][draw]
        if changed.size:
            means, scatter = means.copy(), scatter.copy()
        for k in changed.tolist():
            scatter -= self._kept_scatter(draw, k, int(base[k]))
            means[k], own = _statistics(self._moments, k, int(n[k]), rng(draw, k))
            scatter += own
        return lda_of_scatter(means, scatter, n, self._tau)

    def _kept_scatter(self, draw: int, k: int, n: int) -> Floats:
        """Return the scatter of a class, remembered until another class or count is asked for."""
        if self._kept_class != (k, n):
            self._kept_class, self._scatters = (k, n), {}
        if draw not in self._scatters:
            self._scatters[draw] = _statistics(self._moments, k, n, self._rng(draw, k))[1]
        return self._scatters[draw]

    def _sample(self, k: int, n: int, rng: np.random.Generator) -> Floats:
        """Return ``n`` features of a class."""
        if self._features is None:
            return _sample(self._moments, k, n, rng)
        own = self._features[k][rng.permutation(len(self._features[k]))[:n]]
        lacking = n - len(own)
        if not lacking:
            return own
        root = self._moments.roots[k]
        return np.concatenate([own, self._moments.means[k] + rng.standard_normal((lacking, len(root))) @ root])

    def _pooled(self, draw: int, n: Counts) -> tuple[Floats, Floats]:
        means = np.empty_like(self._moments.means)
        scatter = np.zeros((means.shape[1], means.shape[1]))
        for k in range(self.classes):
            means[k], own = _statistics(self._moments, k, int(n[k]), self._rng(draw, k))
            scatter += own
        return means, scatter

    def _read(self, rule: LinearRule, draw: int, only: int | None) -> Floats:
        """Return the share of each class's images, or of normal ones, that the rule gives to the class."""
        found = np.full(self.classes, np.nan)
        for k in range(self.classes) if only is None else (only,):
            if self.images is not None:
                x = self.images[0][self.images[1] == k]
                scores = x @ rule.weights.T + rule.biases
            else:
                scores = normal_scores(rule, self._moments, k, _NORMAL_IMAGES, self._rng(draw, self.classes + k))
            found[k] = np.mean(scores.argmax(axis=1) == k)
        return found


def normal_scores(rule: LinearRule, moments: ClassMoments, k: int, images: int, rng: np.random.Generator) -> Floats:
    """Return the scores of normal features of a class, shape ``(images, C)``, drawn in the space of the scores."""
    spread = np.linalg.qr(moments.roots[k] @ rule.weights.T, mode="r")
    return np.asarray(
        moments.means[k] @ rule.weights.T + rule.biases + rng.standard_normal((images, len(spread))) @ spread
    )


def drawn_rules(
    source: ClassMoments | ArrayLike,
    labels: ArrayLike | None,
    held_out: tuple[ArrayLike, ArrayLike] | None,
    tau: float,
    fit: Fit | None,
    draws: int,
    seed: int,
) -> list[DrawnRules]:
    """Return the moments that rules are drawn from, each with the images that are read by them, everything checked."""
    shift = check_tau(tau)
    integer("draws", draws, FEWEST)
    integer("seed", seed, 0)
    if fit is not None and not callable(fit):
        refuse("fit", fit, "must be a function that trains a classifier, or None")
    features: list[Floats] | None
    if isinstance(source, ClassMoments):
        if labels is not None:
            refuse("labels", labels, "must be left out where moments are given")
        moments, features = source, None
    else:
        x, y = check_labelled("source", source, labels)
        if held_out is None:
            fold = _folds(y, seed)
            share = max(FEWEST, math.ceil(draws / (fold.max() + 1)))
            found = []
            for at in range(fold.max() + 1):
                rest, own = by_class(x[fold != at], y[fold != at]), (x[fold == at], y[fold == at])
                found.append(DrawnRules(moments_by_class("source", rest), own, shift, fit, share, seed, at, rest))
            return found
        features = by_class(x, y)
        moments = moments_by_class("source", features)
    if held_out is not None and (not isinstance(held_out, tuple | list) or len(held_out) != 2):
        refuse("held_out", held_out, "must be a pair: features and the class of each")
    read = None if held_out is None else check_labelled("held_out", *held_out, classes=len(moments.means))
    if read is not None and read[0].shape[1] != moments.means.shape[1]:
        refuse("held_out", read[0].shape, f"must have {moments.means.shape[1]} features, as the moments have")
    return [DrawnRules(moments, read, shift, fit, draws, seed, features=features)]


def _folds(labels: Labels, seed: int) -> Labels:
    """Return the fold of each image, each class spread evenly over them; every fold leaves two images of each class."""
    least = int(np.bincount(labels).min())
    if least <= FEWEST:
        refuse("labels", np.bincount(labels).tolist(), "must hold at least 3 features of each class without held_out")
    folds = min(_FOLDS, least)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_FOLDING,)))
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(len(labels), dtype=np.intp)
    rank = np.concatenate([np.arange(size) for size in np.bincount(labels)])
    found[order] = rank % folds
    return found


def _statistics(moments: ClassMoments, k: int, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the sample mean and the scatter of ``n`` normal features of a class, given its moments.

    The normal and uniform variables are the same for every ``n``, so that differences between counts are precise.
    """
    root, mean = moments.roots[k], moments.means[k]
    rank = len(root)
    size = None if moments.sizes is None else moments.sizes[k]
    if size is not None and n >= size:
        return mean, (n - 1) * root.T @ root
    deviation = rng.standard_normal(rank)
    inside = _bartlett(n - 1, rank, rng)
    if size is None:
        factor = inside @ root
        return mean + deviation @ root / math.sqrt(n), factor.T @ factor
    # Of `size` images: the scatter of n, that of the others and that between the two; it is their sum that is known.
    outside = _bartlett(size - n - 1, rank, rng)
    lower = np.linalg.cholesky(inside.T @ inside + outside.T @ outside + np.outer(deviation, deviation))
    known = math.sqrt(size - 1) * root
    factor = solve_triangular(lower, inside.T, lower=True, check_finite=False).T @ known
    moved = solve_triangular(lower, deviation, lower=True, check_finite=False) @ known
    return mean + math.sqrt(1 / n - 1 / size) * moved, factor.T @ factor


def _bartlett(degrees: int, rank: int, rng: np.random.Generator) -> Floats:
    """Return ``T`` with ``T^T T`` a Wishart matrix of ``rank`` dimensions, by Bartlett's decomposition.

    It has at most ``degrees`` rows and is upper triangular: independent standard normal entries above the diagonal, and
    the roots of chi-square variables with ``degrees, degrees - 1, ...`` degrees of freedom on it.
    """
    uniform, normal = rng.random(rank), rng.standard_normal((rank, rank))
    rows = min(rank, degrees)
    t = np.triu(normal[:rows], 1)
    t[np.arange(rows), np.arange(rows)] = np.sqrt(2 * gammaincinv((degrees - np.arange(rows)) / 2, uniform[:rows]))
    return t


def _sample(moments: ClassMoments, k: int, n: int, rng: np.random.Generator) -> Floats:
    """Return ``n`` normal features of a class, given its moments, shape ``(n, d)``."""
    root, mean = moments.roots[k], moments.means[k]
    if moments.sizes is None:
        return np.asarray(mean + rng.standard_normal((n, len(root))) @ root)
    rows = max(n, moments.sizes[k])
    normal = rng.standard_normal((rows, len(root)))
    normal -= normal.mean(axis=0)
    lower = np.linalg.cholesky(normal.T @ normal)
    return np.asarray(mean + math.sqrt(rows - 1) * solve_triangular(lower, normal[:n].T, lower=True).T @ root)


def _fitted(fit: Fit, samples: list[Floats], n: Counts, tau: float) -> LinearRule:
    shape = len(samples), samples[0].shape[1]
    allowed = f"must return finite weights of shape {shape} and biases of shape {shape[:1]}"
    found = fit(samples)
    if not isinstance(found, tuple | list) or len(found) != 2:
        refuse("fit", fit, f"{allowed}; it returned a {type(found).__name__}")
    weights, biases = (floats("fit", part, allowed) for part in found)
    if weights.shape != shape or biases.shape != shape[:1]:
        refuse("fit", fit, f"{allowed}; it returned {weights.shape} and {biases.shape}")
    return LinearRule(weights, biases - tau * np.log(n / n.sum()))
