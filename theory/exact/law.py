"""The base of all exact laws: what each offers, and what a new one has to supply.

A law computes at flint's current precision. The public methods raise that precision until the ball is as narrow as
asked for, so that no rounding and no cancellation is left to the caller.

Where a parameter is a ball, it stands for every number in it. Each law's tail is monotone in every one of its
parameters, the others and the threshold held fixed; so the largest and the smallest tail over a box of parameters are
at corners of the box, and the union of the corners' balls holds all of them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple, Self

import numpy as np

from theory.support.validate import integer, number, refuse

__all__ = ["Box", "ContinuousLaw", "DiscreteLaw", "Law", "is_ball", "parameter", "point", "values"]

_FLOAT_BITS = 80
_GUARD_BITS = 32
_MOST_BITS = 1 << 14


def is_ball(value: Any) -> bool:
    """Return whether the value is an ``arb``."""
    return type(value).__name__ == "arb" and str(type(value).__module__).startswith("flint")


class Box(NamedTuple):
    """Every number from ``low`` to ``high``, exact fractions, as a parameter."""

    low: Fraction
    high: Fraction

    def __mul__(self, factor: Any) -> Box:
        """Return the products with a positive number."""
        return Box(self.low * factor, self.high * factor)


def parameter(name: str, value: Any, allowed: str, **limits: float) -> Any:
    """Return a parameter as a number within the limits or, for a ball, as the :class:`Box` of it within the limits.

    A ball is cut down to the limits, because the rounding of its radius may take it a little beyond them.
    """
    if isinstance(value, Box):
        low, high = value
    elif not is_ball(value):
        return number(name, value, allowed, **limits)
    elif value.is_finite():
        from theory.exact.balls import ends

        low, high = ends(value)
    else:
        refuse(name, value, allowed)
    above, below = limits.get("above", -math.inf), limits.get("below", math.inf)
    if (least := limits.get("least")) is not None:
        low = max(low, Fraction(least))
    if (most := limits.get("most")) is not None:
        high = min(high, Fraction(most))
    if low > high or low <= above or high >= below:
        refuse(name, value, allowed)
    return Box(low, high) if low < high else low


class Law(ABC):
    """A probability law whose tails are enclosed rigorously.

    ``cdf``, ``sf`` and ``pmf`` or ``pdf`` return floats with a relative error of at most ``1.2e-16`` (2^-53 and a
    little: the exact value, rounded once; what is below the smallest float becomes 0). ``cdf_ball``, ``sf_ball`` and
    ``pmf_ball`` or ``pdf_ball`` return Arb balls that contain the exact value, with ``bits`` correct bits (relative to
    the value, however small) where all parameters are numbers.

    Parameters are rational numbers, floats (each taken as the binary fraction that it is) or Arb balls. A ball stands
    for all numbers in it that are allowed, and is kept as a :class:`Box`: a box of parameters is enclosed at once.
    """

    @property
    def discrete(self) -> bool:
        """Whether the law has masses rather than a density."""
        return False

    def cdf(self, x: Any, *, strict: bool = False) -> Any:
        """Return ``P(X <= x)``, or ``P(X < x)`` if ``strict``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._lower_tail(one, strict)))

    def sf(self, x: Any, *, strict: bool = True) -> Any:
        """Return ``P(X > x)``, or ``P(X >= x)`` unless ``strict``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._upper_tail(one, strict)))

    def cdf_ball(self, x: Any, bits: int = 128, *, strict: bool = False) -> Any:
        """Return a ball around ``P(X <= x)``, or ``P(X < x)`` if ``strict``."""
        return self._ball(lambda: self._lower_tail(x, strict), bits, x)

    def sf_ball(self, x: Any, bits: int = 128, *, strict: bool = True) -> Any:
        """Return a ball around ``P(X > x)``, or ``P(X >= x)`` unless ``strict``."""
        return self._ball(lambda: self._upper_tail(x, strict), bits, x)

    def scipy(self) -> Any:
        """Return the same law as a frozen distribution of ``scipy.stats``, its parameters rounded to floats.

        Raises:
            ValueError: SciPy has no such law, or a parameter is a box.
        """
        if self._free():
            refuse("law", self, "SciPy's laws need numbers as parameters, not boxes")
        frozen = self._scipy()
        if frozen is None:
            refuse("law", self, "SciPy has no such law")
        return frozen

    @abstractmethod
    def _lower(self, x: Fraction, strict: bool) -> Any:
        """Return a ball around ``P(X <= x)`` or ``P(X < x)``, all parameters being numbers."""

    @abstractmethod
    def _upper(self, x: Fraction, strict: bool) -> Any:
        """Return a ball around ``P(X > x)`` or ``P(X >= x)``, all parameters being numbers."""

    def _scipy(self) -> Any:
        return None

    def _free(self) -> tuple[str, ...]:
        """Return the names of the parameters that are boxes."""
        return tuple(field.name for field in fields(self) if isinstance(getattr(self, field.name), Box))  # type: ignore[arg-type]

    def _corners(self) -> Iterator[Self]:
        """Yield the law at each corner of its box of parameters."""
        names = self._free()
        if not names:
            yield self
            return
        for corner in product(*(getattr(self, name) for name in names)):
            yield replace(self, **dict(zip(names, corner, strict=True)))  # type: ignore[type-var]

    def _lower_tail(self, x: Any, strict: bool) -> Any:
        return _tail([corner._lower for corner in self._corners()], x, strict, at_infinity=1)

    def _upper_tail(self, x: Any, strict: bool) -> Any:
        return _tail([corner._upper for corner in self._corners()], x, strict, at_infinity=0)

    def _ball(self, compute: Callable[[], Any], bits: int, *balls: Any) -> Any:
        """Return ``compute()`` at a precision at which it has the ``bits`` asked for, if there is one."""
        from flint import ctx

        bits = integer("bits", bits, least=2, most=_MOST_BITS)
        wide = bool(self._free()) or any(is_ball(ball) and not ball.is_exact() for ball in balls)
        precision = bits + _GUARD_BITS
        while True:
            with ctx.workprec(precision):
                ball = compute()
            if wide or precision > 4 * _MOST_BITS or ball.is_exact() or ball.rel_accuracy_bits() >= bits:
                return ball
            precision *= 2

    def _float(self, compute: Callable[[], Any]) -> float:
        if self._free():
            refuse("law", self, "a box of parameters has no single value: use cdf_ball, sf_ball, pmf_ball or pdf_ball")
        found = float(self._ball(compute, _FLOAT_BITS).mid())
        if math.isnan(found):
            refuse("law", self, f"cannot be enclosed here, with {4 * _MOST_BITS} bits: its parameters are too large")
        return found


class ContinuousLaw(Law):
    """A law with a density."""

    def pdf(self, x: Any) -> Any:
        """Return the density at ``x``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._density(point(one))))

    def pdf_ball(self, x: Any, bits: int = 128) -> Any:
        """Return a ball around the density at ``x``, a number or a ball."""
        return self._ball(lambda: self._density(x if is_ball(x) else point(x)), bits, x)

    @abstractmethod
    def _density(self, x: Any) -> Any:
        """Return a ball around the density at ``x``, a number or a ball; parameters may be balls."""


class DiscreteLaw(Law):
    """A law with masses at points."""

    @property
    def discrete(self) -> bool:
        """Whether the law has masses rather than a density: it has."""
        return True

    def pmf(self, x: Any) -> Any:
        """Return ``P(X = x)``; an array for an array."""
        return values(x, lambda one: self._float(lambda: self._mass(point(one))))

    def pmf_ball(self, x: Any, bits: int = 128) -> Any:
        """Return a ball around ``P(X = x)`` for a number ``x``."""
        return self._ball(lambda: self._mass(point(x)), bits)

    @abstractmethod
    def _mass(self, x: Fraction) -> Any:
        """Return a ball around ``P(X = x)``; parameters may be balls."""


def _tail(tails: list[Callable[[Fraction, bool], Any]], x: Any, strict: bool, at_infinity: int) -> Any:
    """Return the union of the tails at ``x``, over all of ``x`` if it is a ball: a tail is monotone in it."""
    from flint import arb

    if isinstance(x, Box):
        at = sorted(set(x))
    elif not is_ball(x):
        if isinstance(x, float) and math.isinf(x):
            return arb(at_infinity if x > 0 else 1 - at_infinity)
        at = [point(x)]
    elif x.is_finite():
        from theory.exact.balls import ends

        at = sorted(set(ends(x)))
    else:
        return arb(0).union(arb(1))
    total = None
    for tail, threshold in product(tails, at):
        ball = tail(threshold, strict)
        total = ball if total is None else total.union(ball)
    return total


def point(x: Any) -> Fraction:
    """Return the number ``x`` as a fraction."""
    return Fraction(number("x", x))


def values(x: Any, function: Callable[[Any], float]) -> Any:
    """Return ``function(x)``, or the array of its values for an array or a sequence."""
    if not isinstance(x, np.ndarray | list | tuple):
        return function(x)
    try:
        given = np.asarray(x, dtype=object)
    except ValueError:
        refuse("x", x, "must be a number or an array of numbers")
    found = np.array([function(one) for one in given.flat], dtype=np.float64)
    return found.reshape(given.shape)
