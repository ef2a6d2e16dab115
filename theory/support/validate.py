"""Checks of arguments: each either returns the value in a plain type or raises one clear line.

Every message reads ``name=value: allowed``, so that a caller sees at once which argument was wrong, what it
was, and what it may be.

Numbers are exact or refused: a single number becomes an ``int``, a ``Fraction`` or a ``float`` of the same value,
whatever type it comes in; an array is refused if 64-bit floats cannot hold its entries exactly, or if it is masked.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MOST_IMAGES",
    "array",
    "as_numpy",
    "broadcastable",
    "choice",
    "distinct",
    "exact",
    "flag",
    "float_below",
    "floats",
    "generator",
    "image_counts",
    "instance",
    "integer",
    "number",
    "positive",
    "ratio_of_priors",
    "refuse",
    "spd_matrix",
    "two_means",
]

Number = float | Fraction | int

MOST_IMAGES = 2**53
"""Images of a class: more have no exact float."""

_SHOWN = 80
_TAIL = 50
_LISTED = 8  # entries of an array that a message shows
_MOST_BITS = 1 << 22  # of a numerator or denominator: larger exponents would take the memory, not say more
_RANGE = f"and be 0 or from {math.ulp(0.0):.2g} to {np.finfo(float).max:.2g} in size, as floats are"
_MASKED = "must not be a masked array: fill in the masked entries, or leave them out"
_INEXACT = "must hold numbers that 64-bit floats hold exactly: round them first"
_ASYMMETRY = 1e-10  # relative to the variances: what rounding may leave in a product of matrices


def refuse(name: str, value: object, allowed: str) -> NoReturn:
    """Raise the ``ValueError`` that every bad argument gets."""
    try:
        shown = " ".join(repr(value).split())
    except ValueError:  # an int of more digits than Python prints
        shown = f"<{type(value).__name__}>"
    if len(shown) > _SHOWN:
        # Of a path the end says most.
        tail = _TAIL if isinstance(value, str) and "/" in value else 0
        shown = shown[: _SHOWN - 3 - tail] + "..." + shown[len(shown) - tail :]
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
) -> Number:
    """Return a number within the range of floats, exactly: a ``float`` only if it was one, or has its precision.

    Besides Python's and NumPy's numbers these may be ``decimal.Decimal``, and the exact numbers of mpmath, SymPy,
    gmpy2 and python-flint.
    """
    plain = _exact(name, value, allowed)
    if not (plain > above and plain >= least and plain <= most and plain < below):
        refuse(name, value, allowed)
    try:
        fits = (float(plain) == 0) == (plain == 0)
    except OverflowError:
        fits = False
    if not fits:
        refuse(name, value, f"{allowed}, {_RANGE}")
    return plain


def exact(name: str, value: Any, *, least: float = -math.inf) -> Fraction:
    """Return a number of any size as the fraction that it is."""
    allowed = "must be a finite real number"
    plain = Fraction(_exact(name, value, allowed))
    if not plain >= least:
        refuse(name, value, allowed)
    return plain


def float_below(value: Number) -> float:
    """Return the largest float that is at most ``value``, a number within the range of floats."""
    nearest = float(value)
    return nearest if nearest <= value else math.nextafter(nearest, -math.inf)


def _exact(name: str, value: Any, allowed: str) -> Number:
    """Return the value of a finite real number of any type, without rounding."""
    if isinstance(value, bool | np.bool_ | np.timedelta64):  # NumPy counts durations among the whole numbers
        refuse(name, value, allowed)
    if isinstance(value, Rational):
        return _fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        refuse(name, value, allowed)
    if isinstance(value, Decimal):
        if not value.is_finite():
            refuse(name, value, allowed)
        if abs(value.adjusted()) > _MOST_BITS // 4:
            refuse(name, value, f"{allowed}, {_RANGE}")
        return _fraction(*value.as_integer_ratio())
    power = _power_of_two(value)
    if power is not None:
        digits, exponent = power
        if abs(exponent) > _MOST_BITS:
            refuse(name, value, f"{allowed}, {_RANGE}")
        return _as_float_if_exact(Fraction(digits) * Fraction(2) ** exponent)
    if type(value).__module__.partition(".")[0] == "flint" and type(value).__name__ in ("fmpz", "fmpq"):
        return _fraction(int(value), 1) if type(value).__name__ == "fmpz" else _fraction(int(value.p), int(value.q))
    if isinstance(value, Real) and hasattr(value, "as_integer_ratio"):
        try:
            top, bottom = value.as_integer_ratio()
        except (ValueError, OverflowError):  # nan, infinity
            refuse(name, value, allowed)
        return _as_float_if_exact(Fraction(int(top), int(bottom)))
    refuse(name, value, allowed)


def _power_of_two(value: Any) -> tuple[int, int] | None:
    """Return ``(m, e)`` with ``value = m 2^e`` for a number of mpmath, SymPy or python-flint, ``None`` for others."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    parts = getattr(value, "_mpf_", None)
    if package in ("mpmath", "sympy") and parts is not None and kind.__name__ != "constant":
        sign, digits, exponent, _ = parts
        if digits or not exponent:  # otherwise infinite, or no number
            return (-int(digits) if sign else int(digits)), int(exponent)
    if package == "flint" and kind.__name__ == "arb" and value.is_finite() and value.is_exact():
        digits, exponent = value.man_exp()
        return int(digits), int(exponent)
    return None


def _fraction(top: int, bottom: int) -> Fraction | int:
    value = Fraction(top, bottom)
    return value.numerator if value.denominator == 1 else value


def _as_float_if_exact(value: Fraction) -> float | Fraction:
    try:
        nearest = float(value)
    except OverflowError:
        return value
    return nearest if nearest == value else value


def positive(name: str, value: Any) -> float | Fraction | int:
    """Return ``value`` as :func:`number` does if it is greater than 0."""
    return number(name, value, "must be a finite number > 0", above=0)


def flag(name: str, value: Any) -> None:
    """Refuse a ``value`` that is not ``True`` or ``False``."""
    if not isinstance(value, bool):
        refuse(name, value, "must be True or False")


def generator(name: str, value: Any) -> None:
    """Refuse a ``value`` that is no ``numpy.random.Generator``."""
    if not isinstance(value, np.random.Generator):
        refuse(name, value, "must be a numpy.random.Generator")


def image_counts(name: str, value: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return ``value`` as whole numbers, one for each of the ``classes``, each at least 2: a class has a variance."""
    allowed = f"must hold {classes} whole numbers of at least 2 and at most {MOST_IMAGES:,}, the images of each class"
    n = floats(name, value, allowed, ndim=1, least=2, most=MOST_IMAGES)
    if n.shape != (classes,) or np.any(n != np.floor(n)):
        refuse(name, value, allowed)
    return n.astype(np.int64)


def instance(name: str, value: Any, kind: type) -> None:
    """Refuse a ``value`` that is not of the ``kind``."""
    if not isinstance(value, kind):
        refuse(name, value, f"must be a {kind.__module__.rpartition('.')[2]}.{kind.__qualname__}")


def integer(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an ``int`` that is at least ``least`` and at most ``most``."""
    allowed = f"must be a whole number of at least {least}" + (f" and at most {most:,}" if most else "")
    try:
        plain = operator.index(value)
    except TypeError:
        refuse(name, value, allowed)
    if isinstance(value, bool | np.bool_) or plain < least or (most is not None and plain > most):
        refuse(name, value, allowed)
    return plain


def choice(name: str, value: Any, names: Collection[str]) -> str:
    """Return ``value`` if it is one of the ``names`` names."""
    if not isinstance(value, str) or value not in names:
        refuse(name, value, "must be one of " + ", ".join(sorted(names)))
    return value


def distinct(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values as a tuple if none comes twice."""
    if len(set(values)) < len(values):
        refuse(name, list(values), "must be all different")
    return tuple(values)


def array(name: str, value: Any, allowed: str, dtype: Any = None) -> NDArray[Any]:
    """Return ``value`` as an array. Masked arrays, whose masks an array would lose, are refused."""
    if _masked(value):
        refuse(name, value, _MASKED)
    try:
        return np.asarray(as_numpy(value), dtype=dtype)
    except (TypeError, ValueError, OverflowError):
        refuse(name, value, allowed)


def as_numpy(value: Any) -> Any:
    """Return what NumPy can take of a tensor of torch: without its gradient, on the CPU; other values as they are."""
    if not callable(getattr(value, "detach", None)):
        return value
    kept = value.detach().cpu()
    return kept.float() if str(kept.dtype) == "torch.bfloat16" else kept


def _masked(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        if np.ma.isMaskedArray(value):
            return True
        return value.dtype == object and any(map(_masked, value.flat))
    return isinstance(value, list | tuple) and any(map(_masked, value))


def _first_missing(values: NDArray[np.float64]) -> str:
    """Return which entry of an array too long for a message is the first that is not finite; empty if none is.

    Example:
        >>> _first_missing(np.array([[1.0] * 9, [1.0, np.nan] + [1.0] * 7]))
        '; entry 1, 1 is nan'
    """
    missing = np.argwhere(~np.isfinite(values))
    if values.size <= _LISTED or len(missing) == 0:
        return ""
    at = tuple(missing[0].tolist())
    return f"; entry {', '.join(map(str, at))} is {values[at]}"


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
    """Return ``value`` as an array of floats, every entry finite, within the limits, and not rounded."""
    given = array(name, value, allowed)
    if given.dtype.kind == "O":
        entries = [_exact(name, entry, allowed) for entry in given.flat]
        try:
            rounded = np.array([float(entry) for entry in entries]).reshape(given.shape)
        except OverflowError:
            refuse(name, value, allowed)
        same = all(a == b for a, b in zip(rounded.flat, entries, strict=True))
    elif given.dtype.kind in "iuf":
        with np.errstate(over="ignore"):
            rounded = given.astype(np.float64)
        finite = np.isfinite(rounded)
        if given.dtype.kind == "f":
            same = bool(np.all((rounded == given) | ~finite))
        else:
            same = given.dtype.itemsize < 8 or all(
                int(rounded.flat[i]) == int(given.flat[i]) for i in np.flatnonzero(np.abs(rounded) > 2**53)
            )
    else:
        refuse(name, value, allowed)
    if (
        (ndim is not None and rounded.ndim != ndim)
        or not np.all(np.isfinite(rounded))
        or not np.all((rounded > above) & (rounded >= least) & (rounded <= most) & (rounded < below))
    ):
        refuse(name, value, allowed + _first_missing(rounded))
    if not same:
        refuse(name, value, _INEXACT)
    return rounded


def broadcastable(**arrays: NDArray[np.float64]) -> None:
    """Refuse the last of the arrays if their shapes do not broadcast."""
    *others, last = arrays
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name}, {arrays[name].shape}" for name in others)
        refuse(last, arrays[last].shape, f"its shape must broadcast with that of {shapes}")


def ratio_of_priors(name: str, value: Any) -> float | Fraction:
    """Return ``value`` as a prior ratio of two classes: a float if one is exact."""
    allowed = "must be a finite number greater than 0 (the prior of the positive class over the negative's)"
    return _as_float_if_exact(Fraction(number(name, value, allowed, above=0)))


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
