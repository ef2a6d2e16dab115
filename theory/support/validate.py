"""Checks of arguments: each either returns the value in a plain type or raises one clear line.

Every message reads ``name=value: allowed``, so that a caller sees at once which argument was wrong, what it
was, and what it may be.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "broadcastable",
    "choice",
    "floats",
    "instance",
    "number",
    "positive",
    "ratio_of_priors",
    "refuse",
    "spd_matrix",
    "two_means",
    "whole",
]

_SHOWN = 80
_ASYMMETRY = 1e-10  # relative to the variances: what rounding may leave in a product of matrices


def refuse(name: str, value: object, allowed: str) -> NoReturn:
    """Raise the ``ValueError`` that every bad argument gets."""
    shown = " ".join(repr(value).split())
    if len(shown) > _SHOWN:
        shown = shown[: _SHOWN - 3] + "..."
    raise ValueError(f"{name}={shown}: {allowed}")


def number(
    name: str,
    value: Any,
    allowed: str = "must be a finite real number",
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float | Fraction | int:
    """Return ``value``: rational numbers as ``int`` or ``Fraction``, so that exact arithmetic stays exact."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not _fits(value):
        refuse(name, value, allowed)
    plain: float | Fraction | int
    if isinstance(value, Rational):
        plain = Fraction(int(value.numerator), int(value.denominator))
        plain = plain.numerator if plain.denominator == 1 else plain
    else:
        plain = float(value)
    if not (plain > above and plain >= least and plain <= most and plain < below):
        refuse(name, value, allowed)
    return plain


def _fits(value: Real) -> bool:
    """Return whether the number is finite, and zero as a float only if it is zero."""
    try:
        return math.isfinite(value) and bool(value == 0) == (float(value) == 0.0)
    except OverflowError:
        return False


def positive(name: str, value: Any) -> float | Fraction | int:
    """Return ``value`` as :func:`number` does if it is greater than 0."""
    return number(name, value, "must be a finite number > 0", above=0)


def instance(name: str, value: Any, kind: type) -> None:
    """Refuse a ``value`` that is not of the ``kind``."""
    if not isinstance(value, kind):
        refuse(name, value, f"must be a {kind.__module__.rpartition('.')[2]}.{kind.__qualname__}")


def whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an ``int`` that is at least ``least`` and at most ``most``."""
    allowed = f"must be a whole number of at least {least}" + (f" and at most {most:,}" if most else "")
    try:
        plain = operator.index(value)
    except TypeError:
        refuse(name, value, allowed)
    if isinstance(value, bool | np.bool_) or plain < least or (most is not None and plain > most):
        refuse(name, value, allowed)
    return plain


def choice(name: str, value: Any, known: Collection[str]) -> str:
    """Return ``value`` if it is one of the ``known`` names."""
    if not isinstance(value, str) or value not in known:
        refuse(name, value, "must be one of " + ", ".join(sorted(known)))
    return value


def floats(
    name: str,
    value: ArrayLike,
    allowed: str = "must hold finite real numbers",
    *,
    ndim: int | None = None,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> NDArray[np.float64]:
    """Return ``value`` as an array of floats, every entry finite and within the limits."""
    try:
        given = np.asarray(value)
        real = given.dtype.kind in "iuf" or (
            given.dtype.kind == "O" and all(isinstance(v, Real) and not isinstance(v, bool) for v in given.flat)
        )
        array = given.astype(np.float64) if real else np.empty(0)
    except (TypeError, ValueError, OverflowError):
        refuse(name, value, allowed)
    if (
        not real
        or (ndim is not None and array.ndim != ndim)
        or not np.all(np.isfinite(array))
        or not np.all((array > above) & (array >= least) & (array <= most) & (array < below))
    ):
        refuse(name, value, allowed)
    return array


def broadcastable(**arrays: NDArray[np.float64]) -> None:
    """Refuse the last of the arrays if their shapes do not broadcast."""
    *others, last = arrays
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name}, {arrays[name].shape}" for name in others)
        refuse(last, arrays[last].shape, f"its shape must broadcast with that of {shapes}")


def ratio_of_priors(name: str, value: Any) -> float:
    """Return ``value`` as a prior ratio of two classes."""
    allowed = "must be a finite number greater than 0 (the prior of the positive class over the negative's)"
    return float(number(name, value, allowed, above=0))


def two_means(mu1: ArrayLike, mu2: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of two classes as vectors of the same length."""
    first = floats("mu1", mu1, "must be a vector of finite real numbers", ndim=1)
    if len(first) == 0:
        refuse("mu1", mu1, "must have at least one component")
    allowed = f"must be a vector of {len(first)} finite real numbers, as mu1 is"
    second = floats("mu2", mu2, allowed, ndim=1)
    if second.shape != first.shape:
        refuse("mu2", mu2, allowed)
    return first, second


def spd_matrix(name: str, value: ArrayLike, size: int) -> NDArray[np.float64]:
    """Return ``value`` as a symmetric positive definite ``size`` x ``size`` matrix."""
    allowed = f"must be a symmetric positive definite {size} x {size} matrix"
    array = floats(name, value, allowed, ndim=2)
    if array.shape != (size, size) or not np.all(np.diag(array) > 0):
        refuse(name, value, allowed)
    scale = np.sqrt(np.diag(array))
    if np.any(np.abs(array - array.T) > _ASYMMETRY * scale * scale[:, None]):
        refuse(name, value, allowed)
    array = (array + array.T) / 2
    try:
        np.linalg.cholesky(array)
    except np.linalg.LinAlgError:
        refuse(name, value, allowed)
    return array
