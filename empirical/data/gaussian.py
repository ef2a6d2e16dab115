"""Images drawn from normal distributions: the separation of any two classes is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike, NDArray

from theory.support.validate import floats, integer, refuse

__all__ = ["GaussianImages", "is_gaussian"]

_LEVELS = np.arange(256)
_MIDDLE = 127.5
_CLEARANCE = 5.0
_LEAST_NOISE = 4.0
_CLOSE = 1e-6
_MOST = 1_000_000  # images of a class
_FURTHEST = 1e100  # between two classes, so that squares are numbers too


def is_gaussian(name: str) -> bool:
    """Return whether a data set is ``gaussian``, with numbers after a colon or without.

    Example:
        >>> is_gaussian("gaussian:classes=3"), is_gaussian("cifar10")
        (True, False)
    """
    return name.partition(":")[0] == "gaussian"


@dataclass(frozen=True, eq=False)
class GaussianImages:
    r"""A distribution of grey images for which Theorem 2's separation of any two classes is known.

    The pixels of an image of class ``c`` are independent and normal around ``means[c]`` with the standard deviation
    ``noise``, and then brought to the nearest whole number from 0 to 255. Before that, two classes have the separation
    (Mahalanobis distance of their means)

    .. math:: M_{cd} = |\mu_c - \mu_d| / \sigma

    that was asked for. Rounding can only lose information, so no classifier of two equally frequent classes is right
    more often than ``Phi(M / 2)``; and it adds ``1 / 12`` to the variance of a pixel, so that a linear classifier has
    the separation of :meth:`quantised`, smaller than ``M`` by at most 0.3 %.

    The means lie around the middle grey along waves of low frequency (of the discrete cosine transform), at the corners
    of a regular simplex where all separations are equal. ``noise`` is the largest with which 0 and 255 lie 5 standard
    deviations or more from every mean, and it is at least 4.

    Args:
        separation: ``M``, above 0: one for all pairs of classes, or a symmetric matrix of shape ``(C, C)`` with zeros
            on its diagonal, the distances of ``C`` points in some space.
        classes: ``C``, at least 2.
        side: of the images in pixels, with ``side^2 >= C``.

    Attributes:
        noise: in grey levels.
        means: of each class, in grey levels, shape ``(C, side, side)``.

    Raises:
        ValueError: an argument lies outside its range, or the separation is so large that the noise would be below 4.

    Example:
        >>> law = GaussianImages(separation=3.0, classes=4)
        >>> distance = np.linalg.norm(law.means[0] - law.means[3])
        >>> round(float(distance / law.noise), 12), round(float(law.quantised()[0, 3]), 4)
        (3.0, 2.9998)
    """

    separation: ArrayLike = 3.0
    classes: int = 10
    side: int = 8
    noise: float = field(init=False)
    means: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Place the means."""
        classes, side = integer("classes", self.classes, least=2), integer("side", self.side)
        if classes > side**2:
            refuse("classes", classes, f"must be at most {side**2}, the pixels of an image")
        points = _points(self.separation, classes)
        shifts = (points @ _waves(side)[: classes - 1]).reshape(classes, side, side)
        noise = float(_MIDDLE / (_CLEARANCE + np.abs(shifts).max()))
        if noise < _LEAST_NOISE:
            refuse("separation", self.separation, f"must be smaller: it leaves a noise of only {noise:.2f} grey levels")
        object.__setattr__(self, "noise", noise)
        object.__setattr__(self, "means", _MIDDLE + noise * shifts)

    def quantised(self) -> NDArray[np.float64]:
        """Return the separations after rounding, shape ``(C, C)``.

        That is ``sqrt(d' S^-1 d)`` for the difference ``d`` of two classes' means and the mean ``S`` of their
        covariances, both those of the rounded pixels, computed from the probability of each of the 256 levels.
        """
        from scipy.special import ndtr  # scipy takes a good part of a second, and other data do without

        edges = (_LEVELS[1:] - 0.5 - self.means[..., None]) / self.noise
        below = np.concatenate(
            [np.zeros((*self.means.shape, 1)), ndtr(edges), np.ones((*self.means.shape, 1))], axis=-1
        )
        chances = np.diff(below, axis=-1)
        mean = (chances @ _LEVELS).reshape(self.classes, -1)
        # Around the exact mean, where nothing cancels.
        spread = (chances * (_LEVELS - mean.reshape(self.means.shape)[..., None]) ** 2).sum(axis=-1)
        variance = spread.reshape(self.classes, -1)
        distances = [
            [np.sqrt(np.sum((a - b) ** 2 / ((v + w) / 2))) for b, w in zip(mean, variance, strict=True)]
            for a, v in zip(mean, variance, strict=True)
        ]
        return np.array(distances)

    def draw(self, train: int, test: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.bool_]]:
        """Return images, labels and the mask of the test images.

        Each class has a stream of its own for each part, so that more images are the same ones and further ones.

        Args:
            train: images of each class to train on, at least 1.
            test: images of each class to test on, at least 1.
            seed: at least 0.

        Returns:
            Shapes ``(n, side, side)``, ``(n,)`` and ``(n,)``: first what to train on, class after class.
        """
        streams = SeedSequence(integer("seed", seed, least=0)).spawn(2 * self.classes)
        numbers = integer("train", train, most=_MOST), integer("test", test, most=_MOST)
        sizes = [(c, n) for n in numbers for c in range(self.classes)]
        shape = self.means.shape[1:]
        parts = [
            self.means[c] + self.noise * np.random.default_rng(stream).standard_normal((n, *shape))
            for (c, n), stream in zip(sizes, streams, strict=True)
        ]
        images = np.concatenate([np.rint(part.clip(0, 255)).astype(np.uint8) for part in parts])
        labels = np.repeat([c for c, _ in sizes], [n for _, n in sizes]).astype(np.intp)
        return images, labels, np.repeat([False, True], [train * self.classes, test * self.classes])


def _points(separation: ArrayLike, classes: int) -> NDArray[np.float64]:
    """Return points around 0 with these distances, shape ``(classes, classes - 1)``."""
    allowed = (
        f"must be a number above 0 and at most {_FURTHEST:g}, or a symmetric {classes} x {classes} matrix of such "
        "distances of different points"
    )
    distances = floats("separation", separation, allowed, least=0, most=_FURTHEST)
    if distances.ndim == 0:
        distances = distances * (1 - np.eye(classes))
    if distances.shape != (classes, classes) or np.any((distances == 0) != np.eye(classes, dtype=bool)):
        refuse("separation", separation, allowed)
    squares = distances**2
    gram = (squares[1:, :1] + squares[:1, 1:] - squares[1:, 1:]) / 2
    # The first point at 0 and the others by Cholesky's factor of their scalar products, with columns of zeros where
    # they lie in fewer dimensions: unlike eigenvectors it is unique, so that every machine draws the same images.
    points = np.zeros((classes, classes - 1))
    for j in range(classes - 1):
        column = gram[j:, j] - points[j + 1 :, :j] @ points[j + 1, :j]
        if column[0] > _CLOSE**2 * squares.max():
            points[j + 1 :, j] = column / np.sqrt(column[0])
    found = np.linalg.norm(points[:, None] - points[None], axis=-1)
    if not np.allclose(found, distances, rtol=_CLOSE, atol=0):
        refuse("separation", separation, allowed)
    return np.asarray(points - points.mean(axis=0))


def _waves(side: int) -> NDArray[np.float64]:
    """Return the orthonormal waves but the constant one, lowest frequencies first, shape ``(side^2 - 1, side^2)``."""
    from scipy.fft import idctn

    order = sorted(np.ndindex(side, side), key=lambda frequency: (sum(frequency), frequency))
    spectra = np.zeros((side * side - 1, side, side))
    for spectrum, frequency in zip(spectra, order[1:], strict=True):
        spectrum[frequency] = 1
    return np.asarray(idctn(spectra, axes=(1, 2), norm="ortho").reshape(len(spectra), -1))
