"""Rigorous enclosures by Arb ball arithmetic (python-flint) of Theorem 1's exact law and of its printed bound.

Every returned ball contains the exact value for the setting's exact (rational) parameters, whatever the rounding.

The exact law is a sum over the counts of similar samples. Only a window of counts is summed, its masses by the
recurrence ``P(k + 1) / P(k) = (n - k) q / ((k + 1) (1 - q))``; since this ratio falls in ``k``, the masses beyond an
end of the window sum to at most ``first mass beyond it / (1 - next ratio)``, and the ball takes them in. The window
grows with the precision, and its width with the square root of the number of samples.

Reference: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from flint import arb, ctx, fmpq
from scipy.special import log_ndtr

from theory import theorem1
from theory.exact.binomial import log_pmf
from theory.exact.binomial_normal import BinomialNormal

__all__ = ["bound", "decide", "exact", "failure_probability", "outside", "refine", "upper_tail"]

Result = TypeVar("Result")
_START_BITS, _MOST_BITS = 64, 4096


def upper_tail(law: BinomialNormal, threshold: Fraction) -> Any:
    """Return a ball around ``P(X > threshold)``."""
    return outside(law, None, threshold)


def outside(law: BinomialNormal, low: Fraction | None, high: Fraction, floor: Any = None) -> Any:
    """Return a ball around ``P(X < low) + P(X > high)``, for ``low <= high``.

    Args:
        law: the law of ``X``.
        low: lower threshold; ``None`` for the upper tail alone.
        high: upper threshold.
        floor: a ball of positive numbers; what is smaller than it by a factor of ``2^precision`` need not be
            resolved. By default the ball is about as narrow as the precision allows, however small the value.

    Returns:
        A ball at flint's current precision; it costs about ``sqrt(n (precision + ln 1 / value))`` terms.

    Example:
        >>> law = BinomialNormal(1, Fraction(0), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
        >>> abs(outside(law, Fraction(-2), Fraction(2)) - arb("0.0455002638963584")) < 1e-15
        True
    """
    n, a, b = law.n, law.q.numerator, law.q.denominator - law.q.numerator  # the odds q / (1 - q) = a / b
    first, last = _window(law, low, high, floor)
    given = [law.mean, law.mean_step, high, high if low is None else low]
    length = math.lcm(*(value.denominator for value in given))
    mean, step, above, below = (int(value * length) for value in given)
    area = math.lcm(law.var.denominator, law.var_step.denominator)
    var, var_step = int(law.var * area), int(law.var_step * area)
    scale = (arb(area) / 2).sqrt() / length
    mass = lowest = _mass(law, first)
    total = arb(0)
    for k in range(first, last + 1):  # whole numbers stay exact, so no difference below cancels
        root = arb(var + k * var_step).rsqrt() * scale
        share = ((above - mean - k * step) * root).erfc()
        if low is not None:
            share += ((mean + k * step - below) * root).erfc()
        total += mass * share
        mass = mass * ((n - k) * a) / ((k + 1) * b) if b else arb(0)
    total /= 2
    if last < n:
        total += _up_to(mass, Fraction((n - last - 1) * a, (last + 2) * b))
    if first > 0 and b:
        beyond = lowest * (first * b) / ((n - first + 1) * a)
        total += _up_to(beyond, Fraction((first - 1) * b, (n - first + 2) * a))
    return total


def failure_probability(s: theorem1.Setting, alpha: Fraction, shift: Fraction | None = None, floor: Any = None) -> Any:
    """Return a ball around ``P(|f - (mu1 + mu2) / 2 - shift| > alpha)``, by default at the shift that holds.

    ``floor`` is that of :func:`outside`.
    """
    law = theorem1.law(s)
    center = law.expectation if shift is None else Fraction(shift)
    return outside(law, center - Fraction(alpha), center + Fraction(alpha), floor)


def bound(s: theorem1.Setting, alpha: Fraction) -> Any:
    """Return a ball around the failure probability that Theorem 1 states."""
    first, second = theorem1.exponents(s, alpha)
    return 2 * (-exact(first)).exp() + 2 * (-exact(second)).exp()


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


def exact(value: float | Fraction) -> Any:
    """Return a ball around a rational number; a float is taken as the binary fraction that it is."""
    fraction = Fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def _window(law: BinomialNormal, low: Fraction | None, high: Fraction, floor: Any) -> tuple[int, int]:
    """Return the first and the last count to sum.

    Bernstein's inequality puts at most ``2 exp(-needed)`` beyond ``reach``. How small that has to be is told by a
    float estimate of the largest term: the choice of window decides how narrow the ball is, not whether it is right.
    """
    if law.q in (0, 1):
        return int(law.n * law.q), int(law.n * law.q)
    size = _log_largest_term(law, high)
    if low is not None:
        mirrored = BinomialNormal(law.n, law.q, -law.mean, -law.mean_step, law.var, law.var_step)
        size = max(size, _log_largest_term(mirrored, -low))
    if floor is not None:
        size = max(size, float(floor.lower().log()))
    needed = max(ctx.prec * math.log(2) - size, 0.0)
    if not math.isfinite(needed):
        return 0, law.n
    mean, variance = law.n * law.q, float(law.n * law.q * (1 - law.q))
    reach = math.ceil(needed / 3 + math.sqrt(needed**2 / 9 + 2 * needed * variance)) + 1
    return max(0, math.floor(mean) - reach), min(law.n, math.ceil(mean) + reach)


def _log_largest_term(law: BinomialNormal, threshold: Fraction) -> float:
    k = law.largest_term(threshold)
    at = np.array([k])
    return float((log_pmf(at, law.n, law.q) + log_ndtr(-law.standardized(at, k, threshold)))[0])


def _mass(law: BinomialNormal, k: int) -> Any:
    """Return a ball around ``P(K = k)``, with digits to spare for the powers of large counts."""
    bits = ctx.prec
    try:
        ctx.prec = bits + 2 * law.n.bit_length()
        return arb.bin_uiui(law.n, k) * exact(law.q) ** k * exact(1 - law.q) ** (law.n - k)
    finally:
        ctx.prec = bits


def _up_to(beyond: Any, ratio: Fraction) -> Any:
    """Return a ball from 0 to ``beyond / (1 - ratio)``: masses that start at ``beyond`` and fall by ``ratio``."""
    most = beyond / exact(1 - ratio) if ratio < 1 else arb(1)
    return arb(0).union(most)
