r"""The parts of a last layer, and how much of each class's recall is due to them (Theorem 3, with the bias).

Class ``c`` has the logit ``|w_c| |f| cos(w_c, f) + b_c``. Each of its three parts can be as it was trained, or neutral,
without any preference that training gave it:

``norms``
    neutral: ``|w_c|`` is replaced by the mean of the norms, which is tau-normalisation with ``tau = 1`` on the scale of
    the trained weights;
``biases``
    neutral: left out;
``angles``
    neutral: the direction of ``w_c`` is replaced by that of the mean feature of the class.

For each of the eight combinations ``S`` of parts as trained, ``r_c(S)`` is the recall of class ``c``. What part ``i``
adds is its Shapley value, the mean over all orders in which the parts can be put in,

.. math:: \phi_c(i) = \sum_{S \not\ni i} \frac{|S|! (2 - |S|)!}{3!} (r_c(S \cup i) - r_c(S)),

so that the recall as trained is ``r_c({}) + phi_c(norms) + phi_c(biases) + phi_c(angles)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.theorem3 import tau_normalize

__all__ = ["PARTS", "recalls", "right", "shapley"]

PARTS = ("norms", "biases", "angles")
"""What a classifier is made of."""

Floats = NDArray[np.float64]


def right(
    weight: Floats, bias: Floats, means: Floats, features: Floats, labels: NDArray[np.int64]
) -> dict[frozenset[str], NDArray[np.bool_]]:
    """Return whether each image is classified right, for each combination of parts as trained.

    Args:
        weight: of the classifier, shape ``(C, d)``, no row zero.
        bias: shape ``(C,)``.
        means: the mean feature of each class, shape ``(C, d)``, none zero.
        features: of the images, shape ``(n, d)``.
        labels: shape ``(n,)``.

    Returns:
        For each set of the names in :data:`PARTS`, shape ``(n,)``.

    Raises:
        ValueError: a row of ``weight`` or of ``means`` is zero.
    """
    lengths = np.linalg.norm(weight, axis=1, keepdims=True)
    directions = {True: tau_normalize(weight, 1), False: tau_normalize(means, 1)}
    cosines = {trained: features @ direction.T for trained, direction in directions.items()}
    found = {}
    for parts in _combinations(PARTS):
        scale = lengths if "norms" in parts else np.full_like(lengths, lengths.mean())
        logits = cosines["angles" in parts] * scale.T + (bias if "biases" in parts else 0.0)
        found[parts] = logits.argmax(axis=1) == labels
    return found


def recalls(
    weight: Floats, bias: Floats, means: Floats, features: Floats, labels: NDArray[np.int64]
) -> dict[frozenset[str], Floats]:
    """Return the recall of each class, shape ``(C,)``, for each combination; every class has images.

    The arguments are those of :func:`right`.

    Example:
        >>> found = recalls(np.diag([5.0, 1.0]), np.zeros(2), np.eye(2), np.array([[2, 1.0], [1, 2]]), np.array([0, 1]))
        >>> found[frozenset()].tolist(), found[frozenset({"norms"})].tolist()
        ([1.0, 1.0], [1.0, 0.0])
    """
    images = np.bincount(labels, minlength=len(weight))
    return {
        parts: np.bincount(labels, those, len(weight)) / images
        for parts, those in right(weight, bias, means, features, labels).items()
    }


def shapley(values: Mapping[frozenset[str], NDArray[Any]]) -> dict[str, Floats]:
    """Return the Shapley value of each part.

    Args:
        values: of each set of the names in :data:`PARTS`.

    Example:
        >>> values = {parts: np.array(2.0 * ("norms" in parts)) for parts in _combinations(PARTS)}
        >>> {part: round(float(value), 9) for part, value in shapley(values).items()}
        {'norms': 2.0, 'biases': 0.0, 'angles': 0.0}
    """
    n = len(PARTS)
    numbers = {parts: np.asarray(value, dtype=np.float64) for parts, value in values.items()}
    found: dict[str, Floats] = {}
    for part in PARTS:
        others = [other for other in PARTS if other != part]
        found[part] = np.sum(
            [
                factorial(len(s)) * factorial(n - 1 - len(s)) / factorial(n) * (numbers[s | {part}] - numbers[s])
                for s in _combinations(others)
            ],
            axis=0,
        )
    return found


def _combinations(parts: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(some) for size in range(len(parts) + 1) for some in combinations(parts, size)]
