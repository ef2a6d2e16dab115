"""The points at which shipped functions are compared with formulas: fractions, all different, none of them whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from theory import theorem1
from theory.proofs import derivations as d

__all__ = ["ALPHAS", "SETTINGS", "normal_cdf", "rational", "values"]

SETTINGS = (
    theorem1.Setting(Fraction(-1, 3), Fraction(5, 7), Fraction(2, 3), Fraction(1, 4), Fraction(2, 5), 7, 3),
    theorem1.Setting(Fraction(1, 2), Fraction(9, 4), Fraction(8, 5), Fraction(5, 6), Fraction(6, 7), 2, 11),
)
ALPHAS = (Fraction(1, 3), Fraction(7, 5))


def rational(value: float | Fraction) -> Any:
    """Return a number as SymPy's exact rational."""
    fraction = Fraction(value)
    return sympy.Rational(fraction.numerator, fraction.denominator)


def values(s: theorem1.Setting, alpha: Fraction | None = None) -> dict[Any, Any]:
    """Return what the symbols of :mod:`theory.proofs.derivations` stand for at a setting."""
    fields = {
        d.MU1: s.mu1,
        d.MU2: s.mu2,
        d.SIGMA: s.sigma,
        d.BETA: s.beta,
        d.P: s.p,
        d.N_POS: s.n_pos,
        d.N_NEG: s.n_neg,
    }
    if alpha is not None:
        fields[d.ALPHA] = alpha
    return {symbol: rational(value) for symbol, value in fields.items()}


def normal_cdf(x: Any) -> Any:
    """Return ``Phi(x)`` as a SymPy expression."""
    return sympy.erfc(-x / sympy.sqrt(2)) / 2
