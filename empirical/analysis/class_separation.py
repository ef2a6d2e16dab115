"""The separation of classes by features: silhouette, nearest neighbours, and the separation of section 5.1, by class.

All of them take features ``x``, shape ``(n, d)``, and labels from 0 to ``C - 1``, each class at least once. What is not
defined is NaN. Distances are Euclidean but for the separations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import silhouette_samples
from sklearn.neighbors import NearestNeighbors

from theory.support.validate import floats, integer, refuse

__all__ = ["NEIGHBOURS", "purities", "separations", "silhouettes"]

NEIGHBOURS = 10
"""How many neighbours the purity looks at."""


def silhouettes(x: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    r"""Return the mean silhouette of the members of each class, from -1 to 1, shape ``(C,)``.

    .. math:: s(i) = \frac{b(i) - a(i)}{\max(a(i), b(i))}

    with ``a`` the mean distance to the other members of its class and ``b`` the least of the mean distances to the
    members of another class. A class of a single member has none.

    Raises:
        ValueError: ``x`` or ``labels`` has the wrong shape, or there are fewer than two classes.

    References:
        P. J. Rousseeuw, Silhouettes: a graphical aid to the interpretation and validation of cluster analysis,
        Journal of Computational and Applied Mathematics 20 (1987), 53-65.

    Example:
        >>> silhouettes([[0.0], [1.0], [10.0], [11.0]], [0, 0, 1, 1]).round(3)
        array([0.9, 0.9])
    """
    points, classes, counts = _checked(x, labels)
    if len(points) == len(counts):
        return np.full(len(counts), np.nan)
    own = np.bincount(classes, silhouette_samples(points, classes))
    return np.where(counts > 1, own / counts, np.nan)


def purities(x: ArrayLike, labels: ArrayLike, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Return how much of its nearest neighbours is of the same class, from 0 to 1, mean of each class, shape ``(C,)``.

    Of each member the nearest ``min(neighbours, n_c - 1)`` others are looked at, ``n_c`` being the size of its class,
    so that 1 can be reached by rare classes too. All ``n`` points are candidates, so in imbalanced data a class that
    is not kept apart has about its share of the points. A class of a single member has none.

    Raises:
        ValueError: as in :func:`silhouettes`, or ``neighbours`` is not a whole number of at least 1.

    Example:
        >>> purities([[0.0], [1.0], [10.0], [11.0], [2.0]], [0, 0, 1, 1, 1], neighbours=1)
        array([1.        , 0.66666667])
    """
    points, classes, counts = _checked(x, labels)
    most = min(integer("neighbours", neighbours), len(points) - 1)
    nearest = NearestNeighbors(n_neighbors=most, algorithm="brute").fit(points).kneighbors(return_distance=False)
    same = classes[nearest] == classes[:, None]
    found = np.full(len(counts), np.nan)
    for label, count in enumerate(counts):
        if count > 1:
            found[label] = same[classes == label, : count - 1].mean()
    return found


def separations(x: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    r"""Return the Mahalanobis distance between the means of any two classes, shape ``(C, C)``, NaN on the diagonal.

    .. math:: M_{ij}^2 = \max\Bigl(0,\ \tfrac{n - C - r - 1}{n - C} (m_i - m_j)^T S^{-1} (m_i - m_j)
        - r \bigl(\tfrac{1}{n_i} + \tfrac{1}{n_j}\bigr)\Bigr)

    the separation of Theorem 2 with everything estimated. ``S`` is the covariance within the classes, pooled over all
    of them, with ``n - C`` below: classes with many members weigh more in it. It is not shrunk; directions in which no
    class varies are left out, and ``r`` is the rank of the rest. Before negative values become 0, the square has no
    bias for Gaussian classes with a common covariance, whose inverse is that of a Wishart matrix: the factor is for its
    mean, and the last term for the noise of the two means, which makes rare classes look far apart.

    All are NaN if ``r`` is 0, or if ``n - C`` is not above ``r + 1``: too few members for so many features.

    Raises:
        ValueError: as in :func:`silhouettes`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.repeat([0, 1], 5000)
        >>> x = rng.normal(size=(10000, 4)) + 3 * labels[:, None] * [1, 0, 0, 0]
        >>> separations(x, labels).round(1)
        array([[nan,  3.],
               [ 3., nan]])
    """
    points, classes, counts = _checked(x, labels)
    freedom, c = len(points) - len(counts), len(counts)
    means = np.stack([points[classes == label].mean(axis=0) for label in range(c)])
    scale = np.sqrt(((points - means[classes]) ** 2).sum(axis=0) / max(freedom, 1))
    moving = scale > np.finfo(np.float32).eps * np.abs(points).max(axis=0)
    inside = (points - means[classes])[:, moving] / scale[moving]
    values, axes = np.linalg.eigh(inside.T @ inside / max(freedom, 1))
    kept = values > np.finfo(np.float32).eps * len(values)  # features come in 32 bits
    rank = int(kept.sum())
    found: NDArray[np.float64] = np.full((c, c), np.nan)
    if rank == 0 or freedom <= rank + 1:
        return found
    white = (means[:, moving] / scale[moving]) @ axes[:, kept] / np.sqrt(values[kept])
    squares = ((white[:, None] - white[None]) ** 2).sum(axis=2) * (freedom - rank - 1) / freedom
    found = np.sqrt(np.maximum(squares - rank * (1 / counts[:, None] + 1 / counts), 0))
    np.fill_diagonal(found, np.nan)
    return found


def _checked(x: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any]]:
    """Return points, labels and the sizes of the classes."""
    points = floats("x", x, "must be finite numbers, a row a member", ndim=2)
    classes = np.asarray(labels)
    if classes.shape != points.shape[:1] or classes.dtype.kind not in "iu" or (classes < 0).any():
        refuse("labels", classes.shape, f"must be whole numbers from 0, one for each of the {len(points)} rows of x")
    counts = np.bincount(classes)
    if len(counts) < 2 or not counts.all():
        refuse("labels", counts.tolist(), "must have members of each of two or more classes")
    return points, classes.astype(np.int64), counts
