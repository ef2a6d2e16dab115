"""The functions of :mod:`theory.temperature`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import normal_cdf, rational

__all__ = ["cost", "decision", "which_tau"]

_PRIOR, _TARGET, _DENSITY = (
    (sympy.Rational(1, 4), sympy.Rational(2, 3), sympy.Rational(1, 12)),
    (sympy.Rational(2, 7), sympy.Rational(1, 7), sympy.Rational(4, 7)),
    (sympy.Rational(1, 2), sympy.Rational(1, 5), sympy.Rational(7, 3)),
)
_TAU, _T = sympy.Rational(3, 2), sympy.Rational(9, 5)
_COSTS = (  # separation, prior ratio, error of tau, temperature
    (Fraction(3, 2), Fraction(50), Fraction(1, 5), Fraction(7, 4)),
    (Fraction(7, 3), Fraction(1, 9), Fraction(-2, 3), Fraction(5, 6)),
)


def _floats(values: tuple[Any, ...]) -> list[float]:
    return [float(value) for value in values]


def decision() -> tuple[Step, ...]:
    """Compare the adjusted logits and the posterior with Bayes' rule, for logits of the model."""
    z = tuple(_T * sympy.log(f) + _TAU * sympy.log(p) for f, p in zip(_DENSITY, _PRIOR, strict=True))
    given = (_floats(z), _floats(_PRIOR), float(_TAU), float(_T))
    balanced = [_T * sympy.log(f) for f in _DENSITY]
    aimed = [_T * sympy.log(q * f) for q, f in zip(_TARGET, _DENSITY, strict=True)]

    def joint(frequencies: tuple[Any, ...]) -> list[Any]:
        weights = [q * f for q, f in zip(frequencies, _DENSITY, strict=True)]
        return [weight / sum(weights) for weight in weights]

    targets = [(None, (sympy.S.One,) * 3), (_floats(_PRIOR), _PRIOR), (_floats(_TARGET), _TARGET)]
    return (
        code(
            "T ln p(x | k), and T ln q_k p(x | k) with a target q, for logits of the model",
            "temperature.adjusted",
            lambda: [Case((*given, None), balanced), Case((*given, _floats(_TARGET)), aimed)],
        ),
        code(
            "q_k p(x | k) over its sum, for equal q, the frequencies of training and others",
            "temperature.posterior",
            lambda: [Case((*given, target), joint(q)) for target, q in targets],
        ),
    )


def which_tau() -> tuple[Step, ...]:
    """Compare the tau of a way to train with the formula."""
    points = [
        (Fraction(100), None, Fraction(19, 10), Fraction(0)),
        (Fraction(100), Fraction(7, 2), Fraction(3, 2), Fraction(1)),
        (Fraction(1, 20), Fraction(3), Fraction(4, 5), Fraction(-2, 7)),
    ]

    def value(r: Fraction, e: Fraction | None, t: Fraction, added: Fraction) -> Any:
        share = sympy.log(rational(r if e is None else e)) / sympy.log(rational(r))
        return rational(t) * share - rational(added)

    return (
        code(
            "T ln e/ln r - t, with e = r by default",
            "temperature.which_tau",
            lambda: [Case(point, value(*point)) for point in points],
        ),
    )


def cost() -> tuple[Step, ...]:
    """Compare the cost of a wrong tau, and its bound, with the formulas."""

    def moved(m: Fraction, r: Fraction, d: Fraction, t: Fraction) -> tuple[Any, Any]:
        return rational(m), rational(d) * sympy.log(rational(r)) / rational(t)

    def lost(point: tuple[Fraction, ...], s: Any) -> Any:
        (m, h), share = moved(*point), s / (1 + s)

        def accuracy(at: Any) -> Any:
            return share * normal_cdf(m / 2 + at / m) + (1 - share) * normal_cdf(m / 2 - at / m)

        return accuracy(sympy.log(s)) - accuracy(sympy.log(s) + h)

    def bound(point: tuple[Fraction, ...]) -> Any:
        m, h = moved(*point)
        return sympy.exp(-sympy.Rational(1, 2)) / sympy.sqrt(2 * sympy.pi) / 2 * (h / m) ** 2

    return (
        code(
            "A(ln s) - A(ln s + d ln r/T), A(h) = q+ Phi(M/2 + h/M) + q- Phi(M/2 - h/M)",
            "temperature.cost",
            lambda: [Case((*point, s), lost(point, rational(s))) for point in _COSTS for s in (1, Fraction(5, 2))],
        ),
        code(
            "phi(1)/2 (d ln r/(T M))^2",
            "temperature.cost_bound",
            lambda: [Case(point, bound(point)) for point in _COSTS],
        ),
    )
