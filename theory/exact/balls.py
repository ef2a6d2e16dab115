"""Arb balls (python-flint): exact numbers as balls, the ends of balls as exact numbers, and rising precision.

A ball is a midpoint and a radius that contains the exact value, whatever the rounding.

Reference: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

from flint import arb, ctx, fmpq

__all__ = ["between", "decide", "ends", "exact", "refine"]

Result = TypeVar("Result")
_START_BITS, _MOST_BITS = 64, 4096
_RADIUS_BITS = 30


def exact(value: float | Fraction) -> Any:
    """Return a ball around a rational number; a float is taken as the binary fraction that it is."""
    fraction = Fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Return exact numbers at or just outside the two ends of a finite ball.

    Example:
        >>> ends(arb(1))
        (Fraction(1, 1), Fraction(1, 1))
    """
    return _exactly(ball.lower()), _exactly(ball.upper())


def between(low: float | Fraction, high: float | Fraction) -> Any:
    """Return a ball that holds the numbers from ``low`` to ``high``; its radius has 30 bits and is rounded up.

    If all of them are above 0, so are all in the ball, and if all are below, likewise.

    Example:
        >>> 0.25 in between(0, Fraction(1, 3))
        True
        >>> between(Fraction(1, 10**30), 1) > 0
        True
    """
    found = exact(low).union(exact(high))
    if low <= 0 <= high or found > 0 or found < 0:
        return found
    sign = 1 if low > 0 else -1
    nearest, furthest = sorted((abs(Fraction(low)), abs(Fraction(high))))
    least = _short(nearest, math.floor)
    half = exact(_short((furthest - least) / 2, math.ceil))
    radius = _exactly(arb(0, half).rad())  # what flint makes of it, rounding up
    with ctx.workprec(2 * _RADIUS_BITS + math.ceil(radius / least).bit_length()):
        return arb(exact(sign * (least + radius)), half)


def refine(attempt: Callable[[], Result | None]) -> Result | None:
    """Return the first result of ``attempt()`` other than ``None`` as the precision rises, or ``None`` at the cap."""
    before = ctx.prec
    bits = _START_BITS
    try:
        while bits <= _MOST_BITS:
            ctx.prec = bits
            result = attempt()
            if result is not None:
                return result
            bits *= 4
        return None
    finally:
        ctx.prec = before


def decide(claim: Callable[[], Any]) -> bool | None:
    """Return whether ``claim()`` holds, raising the precision until it is decided, or ``None`` at the cap.

    ``claim()`` returns a ball whose sign decides: positive means that the claim holds, negative that it fails.

    Example:
        >>> decide(lambda: arb(2).sqrt() - 1)
        True
        >>> decide(lambda: arb(2).sqrt() - arb(2).sqrt()) is None
        True
    """

    def sign() -> bool | None:
        ball = claim()
        return True if ball > 0 else False if ball < 0 else None

    return refine(sign)


def _short(value: Fraction, rounded: Callable[[Fraction], int]) -> Fraction:
    """Return a number above 0 rounded to about as many bits as a radius has."""
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() - _RADIUS_BITS)
    return rounded(value / unit) * unit


def _exactly(number: Any) -> Fraction:
    mantissa, exponent = (int(part) for part in number.man_exp())
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)
