"""The functions of :mod:`theory.theorem1`, and those of :mod:`theory.cost` that rest on them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from theory import theorem1
from theory.proofs import derivations as d
from theory.proofs.evidence import Case, Step, code
from theory.proofs.shipped.points import ALPHAS, SETTINGS, normal_cdf, rational, values

__all__ = ["exponents", "failure", "given_count", "law", "printed_shift", "recalls", "shift", "shifted"]

_PAIRS = [(s, alpha) for s in SETTINGS for alpha in ALPHAS]


def shift() -> tuple[Step, ...]:
    """Compare the shift with the one that holds."""
    formula = (1 - d.BETA) * (1 - d.P) * (d.MU2 - d.MU1) / 2
    return (
        code(
            "(1 - beta)(1 - p)(mu2 - mu1)/2",
            "theorem1.shift",
            lambda: [Case((s,), formula.subs(values(s))) for s in SETTINGS],
        ),
    )


def printed_shift() -> tuple[Step, ...]:
    """Compare the printed shift with the text."""
    return (
        code(
            "(1 - beta)(1 - p/2)(mu2 - mu1)",
            "theorem1.printed_shift",
            lambda: [Case((s,), d.printed_shift().subs(values(s))) for s in SETTINGS],
        ),
    )


def exponents() -> tuple[Step, ...]:
    """Compare the printed exponents, and the bound that they make, with the text."""
    printed = d.printed_exponents()
    total = sum(2 * sympy.exp(-e) for e in printed)
    return (
        code(
            "alpha^2/sigma^2 n+ n-/(n+ + n-) and 4 n+ alpha^2/((1 - beta)^2 (mu1 - mu2)^2)",
            "theorem1.exponents",
            lambda: [Case((s, a), [e.subs(values(s, a)) for e in printed]) for s, a in _PAIRS],
        ),
        code(
            "2 exp(-e1) + 2 exp(-e2) with the exponents as printed",
            "theorem1.bound",
            lambda: [Case((s, a), total.subs(values(s, a))) for s, a in _PAIRS],
        ),
    )


def law() -> tuple[Step, ...]:
    """Compare the exact law, and the probability that it gives, with the derived moments given the count."""

    def read(exact_law: Any) -> Any:
        return [
            exact_law.n,
            exact_law.q,
            [
                [exact_law.mean + k * exact_law.mean_step, exact_law.var + k * exact_law.var_step]
                for k in range(exact_law.n + 1)
            ],
        ]

    return (
        code(
            "given k similar samples of n+, k binomial of chance 1 - p, the derived mean and variance",
            "theorem1.law",
            lambda: [
                Case((s,), [s.n_pos, 1 - s.p, [[mean, variance] for _, mean, variance in given_count(s)]], read)
                for s in SETTINGS
            ],
        ),
        code(
            "the sum over k of binomial chances times normal tails, around the shift that holds and the printed one",
            "theorem1.failure_probability",
            lambda: [
                *(Case((s, a), failure(s, a, d.theorem1_shift().subs(values(s)))) for s, a in _PAIRS),
                *(
                    Case((s, a, theorem1.printed_shift(s)), failure(s, a, d.printed_shift().subs(values(s))))
                    for s, a in _PAIRS
                ),
            ],
        ),
    )


def given_count(s: theorem1.Setting) -> list[tuple[Any, Any, Any]]:
    """Return, for each count of similar samples, its chance and the mean and variance of the boundary given it."""
    n, q = s.n_pos, 1 - values(s)[d.P]
    moments = (d.conditional_mean(), d.conditional_variance())
    return [
        (sympy.binomial(n, k) * q**k * (1 - q) ** (n - k), *(m.subs({**values(s), d.K: k}) for m in moments))
        for k in range(n + 1)
    ]


def failure(s: theorem1.Setting, alpha: Fraction, center: Any) -> Any:
    """Return the chance to lie beyond ``alpha`` of a shift, summed over the counts."""
    a = rational(alpha)
    return sum(
        chance * (normal_cdf((center - a - mean) / sympy.sqrt(v)) + normal_cdf((mean - center - a) / sympy.sqrt(v)))
        for chance, mean, v in given_count(s)
    )


def recalls() -> tuple[Step, ...]:
    """Compare the recalls under the estimated boundary, of which +1 lies below, with the moments of ``f - x``."""

    def expected(s: theorem1.Setting) -> list[Any]:
        at = values(s)
        n, q = s.n_pos, 1 - at[d.P]
        half = (at[d.MU2] - at[d.MU1]) / 2
        totals = [sympy.S.Zero, sympy.S.Zero]
        for k in range(n + 1):
            chance = sympy.binomial(n, k) * q**k * (1 - q) ** (n - k)
            mean, variance = (m.subs({**at, d.K: k}) for m in (d.conditional_mean(), d.conditional_variance()))
            spread = sympy.sqrt(variance + at[d.SIGMA] ** 2)
            totals = [
                t + chance * normal_cdf((half + sign * mean) / spread) for t, sign in zip(totals, (1, -1), strict=True)
            ]
        return [*totals, normal_cdf(half / at[d.SIGMA])]

    def limit(s: theorem1.Setting) -> list[Any]:
        at = values(s)
        half, moved = (at[d.MU2] - at[d.MU1]) / 2, d.theorem1_shift().subs(at)
        return [normal_cdf((half + move) / at[d.SIGMA]) for move in (moved, -moved, 0)]

    def read(result: Any) -> Any:
        return [result.positive, result.negative, result.ideal]

    return (
        code(
            "P(x < f) for a new positive, P(x > f) for a new negative sample: f - x has the variance of f plus sigma^2",
            "cost.expected_recall",
            lambda: [Case((s,), expected(s), read) for s in SETTINGS],
        ),
        code(
            "Phi(M/2 + shift/sigma) and Phi(M/2 - shift/sigma), M = (mu2 - mu1)/sigma",
            "cost.limit_recall",
            lambda: [Case((s,), limit(s), read) for s in SETTINGS],
        ),
    )


def shifted() -> tuple[Step, ...]:
    """Compare the probability that the boundary is shifted to the negative class with the sum over the counts."""

    def expected(s: theorem1.Setting) -> Any:
        return sum(chance * normal_cdf(mean / sympy.sqrt(v)) for chance, mean, v in given_count(s))

    return (
        code(
            "P(f > (mu1 + mu2)/2), the upper tail at 0, is the sum over k of binomial chances times Phi(mean/sd)",
            "theorem1.law",
            lambda: [Case((s,), expected(s), lambda law: law.upper_tail(Fraction(0))) for s in SETTINGS],
        ),
    )
