"""Bounds on Theorem 1's failure probability, as :mod:`theory.verdicts.judge` judges them.

A candidate is a sum of terms ``c_i exp(-e_i)``. It holds if at every setting some of its terms have ``c_i`` that sum
to at least 2 and exponents that are at most ``alpha^2 / (2 (v1 + v2))``, since ``2 exp(-alpha^2 / (2 (v1 + v2)))``
is proved to be a bound (:func:`theory.proofs.theorem1.probability`); or if some ``c_i`` that sum to at least 1 have
exponents of at most 0. Bounds that hold for a subtler reason are not recognised. Where a domain is given, settings are
those in it.

A candidate fails if at one setting the exact probability is larger. The settings to try cover the corners of the
parameter space and the places where the proved bound is nearly reached: a fair share of similar samples, many more
positive samples than negative ones, ``v1`` near ``v2``, and an ``alpha`` of many standard deviations, so that the
factor in front of the exponential no longer hides a wrong exponent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, islice, product
from typing import Any, NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray

from theory import theorem1
from theory.proofs import derivations as d
from theory.proofs.evidence import Step, identity, lemma
from theory.proofs.theorem1 import V_COUNT, V_GAUSS  # the very proxies that the proof is about

__all__ = ["Suspect", "sufficient", "suspects"]

_R1, _R2, _RN, _H = sympy.symbols("r1 r2 rn h", positive=True)
_REDUCED = {  # every setting, rationally: v1 = r1^2, v2 = r2^2, n+ = rn^2, n+ n- / (n+ + n-) = h^2
    d.SIGMA: 2 * _R1 * _H,
    d.MU2: d.MU1 + 4 * _RN * _R2 / (1 - d.BETA),
    d.N_NEG: _H**2 * _RN**2 / (_RN**2 - _H**2),
    d.N_POS: _RN**2,
}
_DOMAIN = (_RN >= 1, _H < _RN, _H**2 * _RN**2 >= _RN**2 - _H**2, d.BETA > 0, d.BETA < 1, d.P >= 0, d.P <= 1)
_ORDER = (d.MU1, d.MU2, d.SIGMA, d.BETA, d.P, d.N_POS, d.N_NEG, d.ALPHA)
_UNITS = (Fraction(1), Fraction(1, 50), Fraction(50))
_PLACES = (Fraction(0), Fraction(-51, 100), Fraction(3))
_MOST_TERMS, _MOST_SUSPECTS = 6, 8
_FLOAT_ERROR = 1e-9  # relative, of both sides


class Suspect(NamedTuple):
    """A setting and an ``alpha`` at which a candidate seems to fail."""

    setting: theorem1.Setting
    alpha: Fraction


def sufficient(total: Any, within: Sequence[Any] = ()) -> list[Step]:
    """Return the steps that together show that ``total`` is a bound; one that fails if it is no ``sum c exp(-e)``.

    Args:
        total: the candidate, an expression in the symbols of Theorem 1.
        within: inequalities in these, under which it is to be one.
    """
    where = "at every setting" + (f" with {', '.join(map(str, within))}" if within else "")
    domain = (*_DOMAIN, *(type(one)(_reduced(one.lhs - one.rhs), 0) for one in within))
    plain, choices = _without_choices(total)
    terms = _terms(plain)
    sizes = range(1, len(terms) + 1) if len(terms) <= _MOST_TERMS else ()
    ways = []
    for chosen in (c for size in sizes for c in combinations(terms, size)):
        weight = _reduced(sum(_rational_part(coefficient) for coefficient, _ in chosen))
        shares = [_reduced(2 * (_R1**2 + _R2**2) / d.ALPHA**2 * exponent) for _, exponent in chosen]
        ways += [
            sympy.And(weight >= 2, *(share <= 1 for share in shares)),
            sympy.And(weight >= 1, *(share <= 0 for share in shares)),
        ]
    return [
        identity("v1 = r1^2, v2 = r2^2 name every setting", lambda: (_reduced(V_GAUSS + V_COUNT), _R1**2 + _R2**2)),
        _lemma(
            "no term is negative", choices, domain, sympy.And(*(_reduced(coefficient) >= 0 for coefficient, _ in terms))
        ),
        _lemma(
            f"{where} terms whose factors sum to 2 have exponents of at most alpha^2/(2 (v1 + v2)), or terms whose "
            "factors sum to 1 have exponents of at most 0",
            choices,
            domain,
            sympy.Or(*ways),
        ),
    ]


def suspects(total: Any, inside: Callable[[Suspect], bool] = lambda _: True) -> Iterator[Suspect]:
    """Yield settings at which ``total``, by floats, lies below the exact probability, those of fewest samples first.

    Args:
        total: the candidate.
        inside: whether a setting is one to try.
    """
    table, log_exact = _table()
    columns = np.array([[float(v) for v in _values(one)] for one in table]).T
    with np.errstate(all="ignore"):
        stated = np.broadcast_to(sympy.lambdify(_ORDER, total, modules=["scipy", "numpy"])(*columns), log_exact.shape)
        excess = log_exact - np.log(np.maximum(stated, 0))
    found = np.flatnonzero(excess > _FLOAT_ERROR)
    samples = columns[_ORDER.index(d.N_POS)] + columns[_ORDER.index(d.N_NEG)]
    ordered = found[np.lexsort((-excess[found], samples[found]))].tolist()
    yield from islice((table[i] for i in ordered if inside(table[i])), _MOST_SUSPECTS)


def _values(one: Suspect) -> tuple[Any, ...]:
    s = one.setting
    return s.mu1, s.mu2, s.sigma, s.beta, s.p, s.n_pos, s.n_neg, one.alpha


def _terms(total: Any) -> list[tuple[Any, Any]]:
    """Return the pairs ``(c, e)`` of ``sum c exp(-e)``."""
    pairs = []
    for term in sympy.Add.make_args(sympy.expand_mul(total)):
        factors = sympy.Mul.make_args(term)
        exponent = -sum((f.args[0] for f in factors if f.func is sympy.exp), sympy.S.Zero)
        pairs.append((sympy.Mul(*(f for f in factors if f.func is not sympy.exp)), exponent))
    return pairs


def _reduced(expression: Any) -> Any:
    return sympy.cancel(sympy.together(expression.subs(_REDUCED, simultaneous=True)))


def _rational_part(coefficient: Any) -> Any:
    """Return the coefficient, or a rational number just below it where it is irrational."""
    if coefficient.is_number and not coefficient.is_Rational:
        return sympy.Rational(sympy.floor(coefficient * 10**9), 10**9)
    return coefficient


def _without_choices(total: Any) -> tuple[Any, list[Any]]:
    """Return ``total`` with a symbol for each minimum, maximum and absolute value, and the relations that say so."""
    relations: list[Any] = []
    while found := total.atoms(sympy.Min, sympy.Max, sympy.Abs):
        innermost = next(one for one in found if not any(a.has(sympy.Min, sympy.Max, sympy.Abs) for a in one.args))
        among = (innermost.args[0], -innermost.args[0]) if innermost.func is sympy.Abs else innermost.args
        beyond = sympy.Le if innermost.func is sympy.Min else sympy.Ge
        symbol = sympy.Symbol(f"choice{len(relations)}", real=True)
        relations += [beyond(_reduced(symbol - one), 0) for one in among]
        relations.append(sympy.Or(*(sympy.Eq(_reduced(symbol - one), 0) for one in among)))
        total = total.subs(innermost, symbol)
    return total, relations


def _lemma(statement: str, choices: Sequence[Any], within: Sequence[Any], claim: Any) -> Step:
    """Return the lemma under those relations of the domain that speak of the symbols at hand."""
    symbols = set().union(*(relation.free_symbols for relation in (*choices, claim)))
    domain = [relation for relation in within if relation.free_symbols <= symbols]
    return lemma(statement, lambda: ([*choices, *domain], claim))


@cache
def _table() -> tuple[list[Suspect], NDArray[np.float64]]:
    """Return the settings to try and the logarithms of their exact probabilities."""
    table, log_exact = [], []
    for s, alpha in _shapes():
        probability = theorem1.failure_probability(s, alpha)
        if probability == 0:
            continue
        for unit, place in product(_UNITS, _PLACES):
            mu1 = place * unit
            moved = theorem1.Setting(mu1, mu1 + unit, s.sigma * unit, s.beta, s.p, s.n_pos, s.n_neg)
            table.append(Suspect(moved, alpha * unit))
            log_exact.append(math.log(probability))
    return table, np.array(log_exact)


def _shapes() -> Iterator[Suspect]:
    """Yield the settings up to place and unit, with ``mu1 = 0`` and ``mu2 = 1``."""
    half = Fraction(1, 2)
    percent = (50, 65, 75, 80, 85, 90, 95, 98, 100, 102, 105, 110, 115, 120, 125, 140, 200)
    ratios = [Fraction(k, 100) for k in percent]
    for ratio, (exponent, n_pos) in product(ratios, ((60, 10**4), (150, 10**5), (300, 10**6), (600, 10**6))):
        yield _shape(n_pos, 1, half, half, ratio, exponent)
    sizes = ((1, 1), (1, 100), (100, 1), (100, 100), (10**4, 1), (10**4, 10**4), (10, 10**4))
    betas = (Fraction(1, 100), half, Fraction(99, 100))
    wide = tuple(map(Fraction, ("1/1000000", "1/10", "4/5", "1", "5/4", "10", "1000000")))
    chances = (Fraction(0), Fraction(1, 10), half, Fraction(1))
    for (n_pos, n_neg), beta, p, ratio, reach in product(sizes, betas, chances, wide, (0.3, 0.49, 3.0, 30.0, 150.0)):
        yield _shape(n_pos, n_neg, beta, p, ratio, reach)


def _shape(n_pos: int, n_neg: int, beta: Fraction, p: Fraction, ratio: Fraction, exponent: float) -> Suspect:
    """Return the setting with ``v1 = ratio v2`` and ``alpha^2 / (2 (v1 + v2)) = exponent``, to four digits."""
    v2 = (1 - beta) ** 2 / (16 * n_pos)
    sigma = 2 * math.sqrt(ratio * v2 * Fraction(n_pos * n_neg, n_pos + n_neg))
    alpha = math.sqrt(2 * exponent * (1 + ratio) * v2)
    s = theorem1.Setting(0, 1, Fraction(f"{sigma:.3e}"), beta, p, n_pos, n_neg)
    return Suspect(s, Fraction(f"{alpha:.3e}"))
