"""Checks of what the fits of logit adjustment and tau-normalisation take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.support.validate import array, floats, refuse

__all__ = [
    "LARGEST",
    "Floats",
    "Labels",
    "checked_labels",
    "checked_logits",
    "checked_numbers",
    "checked_split",
    "checked_target",
    "refuse_equal",
    "refuse_falling",
    "shown",
]

LARGEST = 1e100
"""Of logits, counts and norms: their squares are numbers too."""

_ALIKE = 1e-9  # relative differences of counts and of norms that say nothing

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def checked_split(logits: ArrayLike, labels: ArrayLike, counts: ArrayLike) -> tuple[Floats, Labels, Floats]:
    """Return logits, labels and counts, checked."""
    z = checked_logits(logits, None)
    return z, checked_labels("labels", labels, *z.shape), checked_numbers("counts", counts, z.shape[1])


def checked_labels(name: str, value: ArrayLike, images: int, classes: int) -> Labels:
    """Return classes, one for each image."""
    allowed = f"must be whole numbers, one for each of the {images} rows of logits"
    y = array(name, value, allowed)
    if y.shape != (images,) or y.dtype.kind not in "iu":
        refuse(name, shown(y), allowed)
    if y.min() < 0 or y.max() >= classes:
        refuse(name, int(y.max() if y.max() >= classes else y.min()), f"must lie between 0 and {classes - 1}")
    return y.astype(np.int64)


def checked_logits(logits: ArrayLike, classes: int | None) -> Floats:
    """Return logits as floats, finite, a row an image."""
    columns = "two or more" if classes is None else str(classes)
    allowed = f"must be finite real numbers, a row an image and {columns} columns, one a class"
    z = floats("logits", logits, allowed, ndim=2)
    if len(z) == 0 or z.shape[1] < 2 or (classes is not None and z.shape[1] != classes):
        refuse("logits", z.shape, allowed)
    if np.abs(z).max() > LARGEST:
        refuse("logits", float(np.abs(z).max()), f"must be at most {LARGEST:g} in size")
    return z


def checked_numbers(name: str, value: ArrayLike, classes: int) -> Floats:
    """Return a number above 0 for each class."""
    allowed = f"must be {classes} numbers above 0, one a class, from {1 / LARGEST:g} to {LARGEST:g}"
    found = floats(name, value, allowed, ndim=1, least=1 / LARGEST, most=LARGEST)
    if len(found) != classes:
        refuse(name, value, allowed)
    return found


def checked_target(value: ArrayLike, classes: int) -> Floats:
    """Return class frequencies that sum to 1."""
    allowed = f"must be {classes} numbers of at least 0, one a class, not all 0, and at most {LARGEST:g}"
    found = floats("target", value, allowed, ndim=1, least=0, most=LARGEST)
    if len(found) != classes or not found.sum() > 0:
        refuse("target", value, allowed)
    shares: Floats = found / found.sum()
    return shares


def refuse_equal(name: str, values: Floats) -> None:
    """Refuse counts, or norms, that are all equal."""
    if np.ptp(values) <= _ALIKE * values.max():
        refuse(name, values.tolist(), "must not all be equal: every tau then decides alike")


def refuse_falling(logits: Floats, slope: float) -> None:
    """Refuse logits that fall with the chance of their class: the most likely ``1 / T`` is not above 0."""
    if not slope > 0:
        refuse(
            "logits", shown(logits), f"must rise with the chance of their class, but the most likely 1/T is {slope:.3g}"
        )


def shown(values: NDArray[Any]) -> str:
    """Return an array in a few words."""
    return f"{values.dtype} of shape {values.shape}"
