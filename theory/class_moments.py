"""The moments of each class of features, and the linear rule of discriminant analysis that they give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve

from theory.support.validate import floats, image_counts, integer, number, refuse

__all__ = [
    "FEWEST",
    "ClassMoments",
    "Counts",
    "Floats",
    "Labelled",
    "Labels",
    "LinearRule",
    "by_class",
    "check_labelled",
    "check_tau",
    "class_moments",
    "lda_of_scatter",
    "lda_rule",
    "moments_by_class",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Labelled = tuple[Floats, Labels]
Counts = NDArray[np.int64]

FEWEST = 2
_MOST = 2**53

_LARGEST = 1e100  # of features and their spread: squares and quotients are numbers too
_RIDGE = 1e-6


class LinearRule(NamedTuple):
    """A linear classifier of ``C`` classes: it decides for the largest of ``weights @ x + biases``."""

    weights: Floats
    biases: Floats


@dataclass(frozen=True, eq=False)
class ClassMoments:
    """The moments of balanced features: each class's mean and covariance.

    Args:
        means: shape ``(C, d)``.
        roots: one matrix ``R_k`` a class, shape ``(r_k, d)``, with ``R_k^T R_k`` the covariance of the class.
        sizes: how many images of each class they were taken from; None if they are known exactly.

    :func:`class_moments` makes them from features, :meth:`of_covariances` from covariances.

    Raises:
        ValueError: the shapes do not fit, a number is not finite or its square would not be, or no class varies.
    """

    means: Floats
    roots: tuple[Floats, ...]
    sizes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Validate the arguments."""
        means = floats("means", self.means, "must hold finite real numbers, one row a class", ndim=2)
        classes, d = _shape("means", means)
        allowed = f"must be {classes} matrices of {d} columns, one a class"
        if not isinstance(self.roots, tuple | list) or len(self.roots) != classes:
            refuse("roots", self.roots, allowed)
        roots = tuple(floats("roots", root, allowed, ndim=2) for root in self.roots)
        if any(root.shape[1] != d for root in roots):
            refuse("roots", [root.shape for root in roots], allowed)
        if self.sizes is not None:
            if not isinstance(self.sizes, tuple | list) or len(self.sizes) != classes:
                refuse("sizes", self.sizes, f"must be {classes} numbers of images, one a class")
            for size in self.sizes:
                integer("sizes", size, FEWEST)
        _check_measurable("roots", means, roots)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "roots", roots)

    @classmethod
    def of_covariances(cls, means: ArrayLike, covs: ArrayLike) -> ClassMoments:
        """Return the moments with these means, shape ``(C, d)``, and covariances, ``(C, d, d)`` or one, ``(d, d)``.

        Raises:
            ValueError: the shapes do not fit, or a covariance is not symmetric and positive semidefinite.

        Example:
            >>> ClassMoments.of_covariances([[0.0], [2.0]], [[1.0]]).covariances.ravel().tolist()
            [1.0, 1.0]
        """
        mu = floats("means", means, "must hold finite real numbers, one row a class", ndim=2)
        cov = floats("covs", covs, "must hold finite real numbers")
        classes, d = _shape("means", mu)
        cov = np.broadcast_to(cov, (classes, d, d)) if cov.shape == (d, d) else cov
        if cov.shape != (classes, d, d):
            refuse("covs", cov.shape, f"must have the shape ({classes}, {d}, {d}) or ({d}, {d}), as the means have")
        values, vectors = np.linalg.eigh((cov + np.swapaxes(cov, 1, 2)) / 2)
        size = np.abs(cov).max(initial=0.0)
        if np.abs(cov - np.swapaxes(cov, 1, 2)).max() > 1e-8 * size or values.min() < -1e-8 * size:
            refuse("covs", covs, "must be symmetric and positive semidefinite")
        roots = np.sqrt(np.maximum(values, 0))[:, :, None] * np.swapaxes(vectors, 1, 2)
        return cls(mu, tuple(roots))

    @property
    def covariances(self) -> Floats:
        """The covariances, shape ``(C, d, d)``."""
        return np.stack([root.T @ root for root in self.roots])


def class_moments(features: ArrayLike, labels: ArrayLike) -> ClassMoments:
    """Return the means and covariances (over ``n - 1``) of features.

    Args:
        features: shape ``(n, d)``.
        labels: the class of each, shape ``(n,)``: whole numbers from 0, at least two features of each class.

    Raises:
        ValueError: the shapes do not fit, or a class has fewer than two features.

    Example:
        >>> class_moments([[0.0], [2.0], [5.0], [7.0]], [0, 0, 1, 1]).means.tolist()
        [[1.0], [6.0]]
    """
    return moments_by_class("features", by_class(*check_labelled("features", features, labels)))


def lda_rule(means: ArrayLike, scatter: ArrayLike, counts: ArrayLike, tau: float = 0.0) -> LinearRule:
    """Return linear discriminant analysis from its statistics, as the formula of this module has it.

    A millionth of the mean variance is added to the diagonal of ``S``, so that features that are constant, or more
    than there are images, leave it invertible.

    Args:
        means: the sample means, shape ``(C, d)``.
        scatter: the sum over classes of the squares about the class means, shape ``(d, d)``.
        counts: images of each class, shape ``(C,)``.
        tau: of post-hoc logit adjustment.

    Raises:
        ValueError: the shapes do not fit, the scatter is 0 or not semidefinite, or floats cannot hold the rule.

    Example:
        >>> rule = lda_rule([[-1.0], [1.0]], [[200.0]], [100, 100])
        >>> rule.weights.round(3).tolist(), rule.biases.round(3).tolist()
        ([[-1.0], [1.0]], [-1.193, -1.193])
    """
    mu = floats("means", means, "must hold finite real numbers, one row a class", ndim=2)
    classes, d = _shape("means", mu)
    total = floats("scatter", scatter, f"must have the shape ({d}, {d})")
    if total.shape != (d, d):
        refuse("scatter", scatter, f"must have the shape ({d}, {d}), as the means have {d} features")
    n, shift = image_counts("counts", counts, classes), check_tau(tau)
    with np.errstate(all="ignore"):
        try:
            rule = lda_of_scatter(mu, total, n, shift)
        except (np.linalg.LinAlgError, ValueError):  # not definite, not finite
            refuse("scatter", scatter, "must be positive semidefinite and not 0")
    if not (np.isfinite(rule.weights).all() and np.isfinite(rule.biases).all()):
        refuse("means", means, "must lie at distances, in units of the scatter, whose squares floats can hold")
    return rule


def check_tau(tau: float) -> float:
    """Return the strength of logit adjustment as a float, or refuse it."""
    return float(
        number("tau", tau, f"must be a number of at most {_LARGEST:g} in size", least=-_LARGEST, most=_LARGEST)
    )


def _shape(name: str, means: Floats) -> tuple[int, int]:
    """Return how many classes and features there are."""
    if len(means) < 2 or means.shape[1] < 1:
        refuse(name, means.shape, "must have at least two classes and one feature")
    return means.shape[0], means.shape[1]


def check_labelled(name: str, features: ArrayLike, labels: ArrayLike | None, classes: int | None = None) -> Labelled:
    """Return features and labels, checked; of ``classes`` classes, if it is known how many there are."""
    allowed = f"must hold real numbers of at most {_LARGEST:g} in size, one row an image"
    x = floats(name, features, allowed, ndim=2, least=-_LARGEST, most=_LARGEST)
    told = "labels" if classes is None else name
    if labels is None:
        refuse(told, labels, f"must be the class of each of the {len(x)} features")
    allowed = f"must hold the class of each of the {len(x)} features, whole numbers from 0"
    y = floats(told, labels, allowed, ndim=1, least=0, most=_MOST)
    if y.shape != (len(x),) or np.any(y != np.floor(y)) or x.size == 0:
        refuse(told, labels, allowed)
    own: Labels = y.astype(np.intp)
    if own.max() >= max(len(x), classes or 0):  # fewer images than classes
        refuse(told, int(own.max()), allowed)
    found = np.bincount(own, minlength=classes or 0)
    if classes is not None and (len(found) > classes or found.min() < 1):
        refuse("held_out", found.tolist(), f"must hold images of each of the {classes} classes, and of no other")
    if len(found) < 2 or (classes is None and found.min() < FEWEST):
        refuse(told, found.tolist(), f"must hold at least two classes and {FEWEST} features of each")
    return x, own


def _check_measurable(name: str, means: Floats, roots: Sequence[Floats]) -> None:
    """Refuse moments whose scores floats cannot hold."""
    spread = max(float(np.abs(root).max(initial=0)) for root in roots)
    if not 1 / _LARGEST <= spread <= _LARGEST:
        refuse(name, spread, f"must have a largest standard deviation from {1 / _LARGEST:g} to {_LARGEST:g}")
    if (largest := float(np.abs(means).max())) > _LARGEST * min(spread, 1):
        refuse(name, largest, f"its means must be at most {_LARGEST:g} in size, and in standard deviations")


def by_class(x: Floats, labels: Labels) -> list[Floats]:
    """Return the features of each class."""
    return [x[labels == k] for k in range(labels.max() + 1)]


def moments_by_class(name: str, own: list[Floats]) -> ClassMoments:
    """Return the moments of features that lie by class; ``name`` is the argument that an error names."""
    means = np.stack([part.mean(axis=0) for part in own])
    roots = []
    for part, mean in zip(own, means, strict=True):
        _, size, axes = np.linalg.svd(part - mean, full_matrices=False)
        rank = min(len(part) - 1, part.shape[1])
        roots.append(size[:rank, None] * axes[:rank] / math.sqrt(len(part) - 1))
    _check_measurable(name, means, roots)
    return ClassMoments(means, tuple(roots), tuple(map(len, own)))


def lda_of_scatter(means: Floats, scatter: Floats, n: Counts, tau: float) -> LinearRule:
    """Return :func:`lda_rule` of arguments that are checked already."""
    total = n.sum()
    cov = scatter / total
    cov = cov + _RIDGE * np.trace(cov) / len(cov) * np.eye(len(cov))
    centre = means.mean(axis=0)
    weights = cho_solve(cho_factor(cov), (means - centre).T).T
    return LinearRule(weights, -np.sum(weights * (means + centre), axis=1) / 2 + (1 - tau) * np.log(n / total))
