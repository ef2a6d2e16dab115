"""The formulas that :mod:`theory.verdicts.judge` judges candidates for: their symbols, what holds, and what proves it.

Symbols of Theorem 1 are those of :mod:`theory.proofs.derivations`; the others are here. Theorem 2 and its properties
are judged by the coefficients of the vectors ``mu1 + mu2`` and ``mu1 - mu2``, as formulas in ``ln_ratio = ln(p+ / p-)``
and the separation ``M`` (the distance ``|mu1 - mu2|`` for Property 2), for every dimension and covariance at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from theory.proofs import derivations as d
from theory.proofs import theorem1, theorem2, theorem3
from theory.proofs.evidence import Step, identity

__all__ = [
    "ANGLE",
    "CHANCE",
    "DISTANCE",
    "FEATURE_NORM",
    "FORMULAS",
    "REST",
    "SEPARATION",
    "TAU",
    "WEIGHT_NORM",
    "Expressions",
    "Formula",
    "Point",
    "X",
    "points",
]

X = sympy.Symbol("x", real=True)  # a sample
SEPARATION = sympy.Symbol("separation", positive=True)  # M, the Mahalanobis distance between the means
DISTANCE = sympy.Symbol("distance", positive=True)  # |mu1 - mu2|
WEIGHT_NORM, FEATURE_NORM = sympy.symbols("weight_norm feature_norm", positive=True)  # |w_t| and |f|
ANGLE, TAU = sympy.symbols("angle tau", real=True)
CHANCE = sympy.Symbol("chance", positive=True)  # P(t | f), below 1
REST = sympy.Symbol("rest", positive=True)  # the other classes' sum of exponentials

Expressions = tuple[Any, ...]
Point = Mapping[Any, Fraction]

_HALF = sympy.Rational(1, 2)
_LOGIT = WEIGHT_NORM * FEATURE_NORM * sympy.cos(ANGLE)


@dataclass(frozen=True)
class Formula:
    """A formula that candidates can replace.

    Args:
        states: what a candidate for it gives.
        symbols: the symbols that a candidate may hold.
        answers: what holds, as tuples of expressions; more than one where a candidate may give more or less of it.
        proofs: the steps that show the answers.
        kind: ``equal`` (has to equal one of the answers), ``rule`` (has to have the sign of the answer) or ``bound``
            (has to be at least the failure probability; the answers only tell how many expressions it may have).
        within: the relations that the statement itself presupposes; a candidate is judged where they hold.
    """

    states: str
    symbols: tuple[Any, ...]
    answers: tuple[Expressions, ...]
    proofs: Callable[[], Sequence[Step]]
    kind: str = "equal"
    within: tuple[Any, ...] = ()

    @property
    def domain(self) -> list[Any]:
        """The relations that every setting satisfies, as far as the symbols themselves do not say so."""
        relations = [*self.within, *d.theorem1_domain(), d.K <= d.N_POS, CHANCE < 1, ANGLE >= 0]
        return [relation for relation in relations if relation.free_symbols <= set(self.symbols)]

    def is_within(self, point: Point) -> bool:
        """Return whether the relations of ``within`` hold at a point."""
        exact = {symbol: sympy.Rational(v.numerator, v.denominator) for symbol, v in point.items()}
        return all(relation.subs(exact) == sympy.true for relation in self.within)


def _recalls() -> tuple[Step, ...]:
    return (
        *theorem2.boundary()[:1],
        identity(
            "for x of class +, the log odds <y, m> + L have the mean M^2/2 + L and the standard deviation M, so that "
            "they are > 0 with the probability Phi((M^2/2 + L)/M); for class - likewise, L with the other sign",
            lambda: ((SEPARATION**2 / 2 + d.LOG_RATIO) / SEPARATION, SEPARATION / 2 + d.LOG_RATIO / SEPARATION),
        ),
    )


FORMULAS: Mapping[str, Formula] = {
    "T1.shift": Formula(
        "E[f] - (mu1 + mu2)/2, the shift of Theorem 1",
        (d.MU1, d.MU2, d.BETA, d.P),
        ((d.theorem1_shift(),),),
        lambda: theorem1.shift_holds()[:1],  # the derivation, without the simulation beside it
    ),
    "T1.law": Formula(
        "mean and variance of f - (mu1 + mu2)/2 given k similar samples",
        (d.MU1, d.MU2, d.SIGMA, d.BETA, d.N_POS, d.N_NEG, d.K),
        ((d.conditional_mean(), d.conditional_variance()),),
        lambda: theorem1.probability()[:2],
    ),
    "T1.probability": Formula(
        "a bound on P(|f - E f| > alpha), or the exponents (e1, e2) of 2 exp(-e1) + 2 exp(-e2)",
        (d.MU1, d.MU2, d.SIGMA, d.BETA, d.P, d.N_POS, d.N_NEG, d.ALPHA),
        ((sum((2 * sympy.exp(-e) for e in d.printed_exponents()), sympy.S.Zero),), d.printed_exponents()),
        theorem1.probability,
        kind="bound",
    ),
    "T1.log-odds": Formula(
        "ln p(+|x)/p(-|x) of a sample x",
        (X, d.MU1, d.MU2, d.SIGMA),
        (((d.MU2 - d.MU1) / d.SIGMA**2 * ((d.MU1 + d.MU2) / 2 - X),),),
        theorem1.sign_rule_holds,
    ),
    "T1.sign-rule": Formula(
        "a function of x that is > 0 where the Bayes classifier decides for the positive class, < 0 for the negative",
        (X, d.MU1, d.MU2, d.SIGMA),
        (((d.MU1 + d.MU2) / 2 - X,),),
        theorem1.sign_rule_holds,
        kind="rule",
    ),
    "T2.boundary": Formula(
        "the coefficient of mu1 - mu2 in the point B^, or the coefficients of mu1 + mu2 and of mu1 - mu2",
        (SEPARATION, d.LOG_RATIO),
        ((-d.LOG_RATIO / SEPARATION**2,), (_HALF, -d.LOG_RATIO / SEPARATION**2)),
        theorem2.boundary,
    ),
    "T2.recalls": Formula(
        "z of the negative class's recall Phi(z), or z of the positive class's and of the negative class's",
        (SEPARATION, d.LOG_RATIO),
        (
            (SEPARATION / 2 - d.LOG_RATIO / SEPARATION,),
            (SEPARATION / 2 + d.LOG_RATIO / SEPARATION, SEPARATION / 2 - d.LOG_RATIO / SEPARATION),
        ),
        _recalls,
    ),
    "P1": Formula(
        "the coefficient of mu1 + mu2 in the point B^ for equal priors, or also that of mu1 - mu2",
        (SEPARATION,),
        ((_HALF,), (_HALF, sympy.S.Zero)),
        theorem2.balanced,
    ),
    "P2": Formula(
        "the coefficient of mu1 - mu2 in the point B^ for cov = sigma^2 I, or those of mu1 + mu2 and of mu1 - mu2",
        (d.SIGMA, DISTANCE, d.LOG_RATIO),
        (
            (-(d.SIGMA**2) / DISTANCE**2 * d.LOG_RATIO,),
            (_HALF, -(d.SIGMA**2) / DISTANCE**2 * d.LOG_RATIO),
        ),
        theorem2.isotropic,
        within=(d.LOG_RATIO > 0,),  # Property 2: "under the case of p+ > p-"
    ),
    "T3.logit": Formula(
        "w . f by norms and angle",
        (WEIGHT_NORM, FEATURE_NORM, ANGLE),
        ((_LOGIT,),),
        theorem3.norms_and_angles,
    ),
    "T3.probability": Formula(
        "P(t | f) by norms, angle and the other classes' sum of exponentials",
        (WEIGHT_NORM, FEATURE_NORM, ANGLE, REST),
        ((sympy.exp(_LOGIT) / (sympy.exp(_LOGIT) + REST),),),
        theorem3.norms_and_angles,
    ),
    "T3.slopes": Formula(
        "the slopes of ln P(t | f) in |w_t| and in the angle, by norms, angle and the probability",
        (WEIGHT_NORM, FEATURE_NORM, ANGLE, CHANCE),
        (
            (
                FEATURE_NORM * sympy.cos(ANGLE) * (1 - CHANCE),
                -WEIGHT_NORM * FEATURE_NORM * sympy.sin(ANGLE) * (1 - CHANCE),
            ),
        ),
        theorem3.norms_and_angles,
    ),
    "P3": Formula(
        "the norm of the tau-normalised weight w/|w|^tau",
        (WEIGHT_NORM, TAU),
        ((WEIGHT_NORM ** (1 - TAU),),),
        theorem3.equal_norms,
        within=(TAU >= 0, TAU <= 1),  # from no normalisation to equal norms
    ),
}

_VALUES: Mapping[Any, tuple[Fraction | int, ...]] = {  # of no pattern, so that different formulas differ somewhere
    d.MU1: (0, Fraction(-3, 7), 2, Fraction(-11, 3)),
    d.MU2: (1, Fraction(5, 2), Fraction(19, 7), Fraction(-1, 5)),
    d.SIGMA: (Fraction(3, 2), Fraction(1, 3), 5, Fraction(7, 11)),
    d.BETA: (Fraction(1, 3), Fraction(4, 5), Fraction(2, 7), Fraction(11, 12)),
    d.P: (Fraction(2, 5), Fraction(1, 7), Fraction(9, 11), Fraction(3, 4)),
    d.N_POS: (7, 50, 3, 1000),
    d.N_NEG: (4, 3, 19, 77),
    d.K: (3, 41, 1, 333),
    d.ALPHA: (Fraction(1, 2), Fraction(1, 7), 3, Fraction(5, 3)),
    d.LOG_RATIO: (1, Fraction(7, 3), Fraction(1, 4), Fraction(-2, 5)),
    X: (Fraction(1, 4), 2, Fraction(12, 5), -30),
    SEPARATION: (2, Fraction(1, 3), 5, Fraction(9, 4)),
    DISTANCE: (3, Fraction(1, 5), 2, Fraction(13, 4)),
    WEIGHT_NORM: (2, Fraction(1, 3), 5, Fraction(9, 4)),
    FEATURE_NORM: (3, Fraction(1, 5), 2, Fraction(13, 4)),
    ANGLE: (Fraction(1, 2), Fraction(5, 4), Fraction(5, 2), 3),
    TAU: (Fraction(1, 2), 1, 0, Fraction(-3, 2)),
    CHANCE: (Fraction(1, 3), Fraction(1, 10), Fraction(9, 10), Fraction(3, 5)),
    REST: (2, Fraction(1, 3), 5, Fraction(9, 4)),
}


def points(formula: Formula) -> Iterator[Point]:
    """Yield settings of the formula's domain at which candidates are compared with what holds."""
    for i in range(4):
        point = {symbol: Fraction(_VALUES[symbol][i]) for symbol in formula.symbols}
        if formula.is_within(point):
            yield point
