"""Rigorous enclosures by Arb ball arithmetic (python-flint) of Theorem 1's exact law and of its printed bound.

Every returned ball contains the exact value for the setting's exact (rational) parameters, whatever the rounding.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from theory import theorem1
from theory.binomial_normal import BinomialNormal

__all__ = ["bound", "decide", "failure_probability", "upper_tail"]

_START_BITS, _MOST_BITS = 64, 4096


def upper_tail(law: BinomialNormal, threshold: Fraction) -> Any:
    """Return a ball around ``P(X > threshold)``, the sum over every count at the current precision."""
    q, root2 = _exact(law.q), arb(2).sqrt()
    total = arb(0)
    for k in range(law.n + 1):
        mass = arb.bin_uiui(law.n, k) * q**k * (1 - q) ** (law.n - k)
        z = _exact(threshold - law.mean - k * law.mean_step) / _exact(law.var + k * law.var_step).sqrt()
        total += mass * (z / root2).erfc() / 2
    return total


def failure_probability(s: theorem1.Setting, alpha: Fraction, shift: Fraction | None = None) -> Any:
    """Return a ball around ``P(|f - (mu1 + mu2) / 2 - shift| > alpha)``, by default at the shift that holds."""
    law = theorem1.law(s)
    center = law.n * law.q * law.mean_step if shift is None else Fraction(shift)
    mirrored = BinomialNormal(law.n, law.q, law.mean, -law.mean_step, law.var, law.var_step)
    return upper_tail(law, center + Fraction(alpha)) + upper_tail(mirrored, Fraction(alpha) - center)


def bound(s: theorem1.Setting, alpha: Fraction) -> Any:
    """Return a ball around the failure probability that Theorem 1 states."""
    first, second = theorem1.exponents(s, alpha)
    return 2 * (-_exact(first)).exp() + 2 * (-_exact(second)).exp()


def decide(claim: Any) -> bool | None:
    """Return whether ``claim()`` holds, raising the precision until it is decided, or ``None`` at the cap.

    ``claim()`` returns a ball whose sign decides: positive means that the claim holds, negative that it fails.

    Example:
        >>> decide(lambda: arb(2).sqrt() - 1)
        True
        >>> decide(lambda: arb(2).sqrt() - arb(2).sqrt()) is None
        True
    """
    before = ctx.prec
    bits = _START_BITS
    try:
        while bits <= _MOST_BITS:
            ctx.prec = bits
            ball = claim()
            if ball > 0:
                return True
            if ball < 0:
                return False
            bits *= 4
        return None
    finally:
        ctx.prec = before


def _exact(value: Fraction) -> Any:
    return arb(fmpq(value.numerator, value.denominator))
