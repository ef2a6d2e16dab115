"""The steps behind :mod:`theory.cost`: expected recall under the estimated boundary."""

from __future__ import annotations

import sympy

from theory.proofs import derivations as d
from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = [
    "balanced_at_most_ideal",
    "negative_recall_falls_in_beta",
    "negative_recall_falls_in_share",
    "negative_recall_given_count",
    "recall_is_a_tail",
    "shift_moves_recall",
]

_U = sympy.Symbol("u", real=True)
_M = sympy.Symbol("M", positive=True)
_KAPPA, _H, _G = sympy.symbols("kappa h g", real=True)
_SHARES = [d.BETA < 1, _KAPPA >= 0, _KAPPA <= 1, _H > 0, _H <= 1, _G > 0, _G <= 1]


def recall_is_a_tail() -> tuple[Step, ...]:
    """Show that expected recall is a tail of the boundary's law with ``sigma^2`` added to the variance."""
    middle = (d.MU1 + d.MU2) / 2
    return (
        cited(
            "E Phi((f - mu1)/sigma) = P(x < f) for x ~ N(mu1, sigma^2) independent of f (Fubini)",
            "Feller 1971, volume II, section IV.2",
        ),
        identity(
            "x < f exactly where (f - middle) - (x - mu1) > mu1 - middle = -(mu2 - mu1)/2, and x > f for the negative "
            "class exactly where (f - middle) - (x - mu2) < mu2 - middle = (mu2 - mu1)/2",
            lambda: (
                sympy.Matrix([d.MU1 - middle, d.MU2 - middle]),
                sympy.Matrix([-(d.MU2 - d.MU1) / 2, (d.MU2 - d.MU1) / 2]),
            ),
        ),
        cited(
            "given the counts both terms are independent normals: variances add", "Feller 1971, volume II, section II.4"
        ),
    )


def balanced_at_most_ideal() -> tuple[Step, ...]:
    """Show that no boundary, hence no estimated one on average, has a better mean recall than the middle."""
    density = sympy.exp(-(_U**2) / 2)
    log_ratio = sympy.log(density) - sympy.log(density.subs(_U, _M - _U))
    return (
        identity(
            "at the boundary mu1 + u sigma the two recalls are Phi(u) and Phi(M - u); their sum's slope has the sign "
            "of ln phi(u) - ln phi(M - u) = M (M - 2u)/2",
            lambda: (sympy.expand_log(log_ratio, force=True), _M * (_M - 2 * _U) / 2),
        ),
        lemma("it is > 0 for u < M/2", lambda: ([_U < _M / 2], _M * (_M - 2 * _U) / 2 > 0)),
        lemma("and < 0 for u > M/2: the middle is best", lambda: ([_U > _M / 2], _M * (_M - 2 * _U) / 2 < 0)),
    )


def shift_moves_recall() -> tuple[Step, ...]:
    """Show that a positive shift raises the positive class's recall in the limit and lowers the negative one's."""
    shift = d.theorem1_shift()
    return (
        lemma(
            "p < 1: M/2 + shift/sigma > M/2 > M/2 - shift/sigma, and Phi rises",
            lambda: (
                [*d.theorem1_domain(), d.P < 1],
                sympy.And(_M / 2 + shift / d.SIGMA > _M / 2, _M / 2 - shift / d.SIGMA < _M / 2),
            ),
        ),
    )


def _score() -> tuple[sympy.Expr, sympy.Expr]:
    """Return numerator and squared denominator of ``z``, where ``Phi(z)`` is the negative class's recall.

    Up to a factor, ``z = (1 - (1 - beta) kappa)/sqrt(A - beta (1 - beta) kappa h/2)`` with ``kappa = k/n+``,
    ``h = 1/n+``, ``g = 1/n-`` and ``A = 1 + (h + g)/4``.
    """
    return 1 - (1 - d.BETA) * _KAPPA, 1 + (_H + _G) / 4 - d.BETA * (1 - d.BETA) * _KAPPA * _H / 2


def negative_recall_given_count() -> tuple[Step, ...]:
    """Show the negative class's recall given the number of similar samples."""
    top, square = _score()
    half = (d.MU2 - d.MU1) / 2
    shares = {_KAPPA: d.K / d.N_POS, _H: 1 / d.N_POS, _G: 1 / d.N_NEG}
    return (
        *recall_is_a_tail(),
        identity(
            "given k similar samples the negative class's recall is Phi(z), z = ((mu2 - mu1)/2 - mean)/sd of f - x: "
            "(mu2 - mu1)/2 - mean = (mu2 - mu1)/2 (1 - (1 - beta) kappa), kappa = k/n+",
            lambda: (half - d.conditional_mean(), (half * top).subs(shares)),
        ),
        identity(
            "and sd^2 = sigma^2 (1 + (1/n+ + 1/n-)/4 - beta (1 - beta) kappa/(2 n+))",
            lambda: (d.conditional_variance() + d.SIGMA**2, (d.SIGMA**2 * square).subs(shares)),
        ),
    )


def negative_recall_falls_in_share() -> tuple[Step, ...]:
    """Show that the negative class's expected recall falls with the similar samples' number, for all settings."""
    top, square = _score()
    spread = d.BETA * (1 - d.BETA) * _H / 2
    return (
        identity(
            "d ln z/d kappa = (c (1 - b kappa) - 2 b S)/(2 (1 - b kappa) S), b = 1 - beta, S = sd^2/sigma^2, "
            "c = beta b/(2 n+)",
            lambda: (
                sympy.diff(sympy.log(top) - sympy.log(square) / 2, _KAPPA),
                (spread * top - 2 * (1 - d.BETA) * square) / (2 * top * square),
            ),
        ),
        lemma(
            "its numerator is < 0 for all settings: each further similar sample lowers the recall",
            lambda: (_SHARES, spread * top - 2 * (1 - d.BETA) * square < 0),
        ),
        lemma(
            "and its denominator > 0",
            lambda: (_SHARES, 2 * top * square > 0),
        ),
        cited(
            "k is binomial of chance 1 - p: the smaller p, the larger k in the usual stochastic order, and the lower "
            "the expectation of what falls in k; at p = 1 there are none",
            "Shaked and Shanthikumar 2007, section 1.A",
        ),
    )


def negative_recall_falls_in_beta() -> tuple[Step, ...]:
    """Show that the negative class's expected recall falls with the degree of similarity, for all settings."""
    top, square = _score()
    slope = _KAPPA * (4 * square + (1 - 2 * d.BETA) * top * _H)
    return (
        identity(
            "d ln z/d beta = kappa (4 S + (1 - 2 beta)(1 - b kappa)/n+)/(4 (1 - b kappa) S)",
            lambda: (sympy.diff(sympy.log(top) - sympy.log(square) / 2, d.BETA), slope / (4 * top * square)),
        ),
        lemma(
            "its numerator is > 0 for all settings with k > 0: the more similar, the lower the recall",
            lambda: ([*_SHARES, _KAPPA > 0], slope > 0),
        ),
    )
