"""Arb balls (python-flint): exact numbers as balls, the ends of balls as exact numbers, and rising precision.

A ball is a midpoint and a radius that contains the exact value, whatever the rounding.

Reference: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

from flint import arb, ctx, fmpq

__all__ = ["between", "decide", "ends", "exact", "refine"]

Result = TypeVar("Result")
_START_BITS, _MOST_BITS = 64, 4096


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

    Example:
        >>> 0.25 in between(0, Fraction(1, 3))
        True
    """
    return exact(low).union(exact(high))


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


def _exactly(number: Any) -> Fraction:
    mantissa, exponent = (int(part) for part in number.man_exp())
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)
