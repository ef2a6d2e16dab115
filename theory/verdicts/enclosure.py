"""Rigorous enclosures by Arb ball arithmetic (python-flint) of Theorem 1's exact law and of its printed bound.

The law's own enclosures are in :mod:`theory.exact.enclosure`.

Reference: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, 2017.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory import theorem1
from theory.exact.balls import decide, exact, refine
from theory.exact.enclosure import outside_probability, upper_tail

__all__ = ["bound", "decide", "exact", "failure_probability", "outside_probability", "refine", "upper_tail"]


def failure_probability(s: theorem1.Setting, alpha: Fraction, shift: Fraction | None = None, floor: Any = None) -> Any:
    """Return a ball around ``P(|f - (mu1 + mu2) / 2 - shift| > alpha)``, by default at the shift that holds.

    ``floor`` is that of :func:`outside`.
    """
    law = theorem1.law(s)
    center = law.expectation if shift is None else Fraction(shift)
    return outside_probability(law, center - Fraction(alpha), center + Fraction(alpha), floor)


def bound(s: theorem1.Setting, alpha: Fraction) -> Any:
    """Return a ball around the failure probability that Theorem 1 states."""
    first, second = theorem1.exponents(s, alpha)
    return 2 * (-exact(first)).exp() + 2 * (-exact(second)).exp()
