"""The steps that prove, or disprove, what the paper says in and under Theorem 2 (section 5.1), in any dimension.

Only the bilinear form ``<u, v> = u^T cov^-1 v`` enters, so the proofs write every vector as a combination of the
two that occur, ``y = x - (mu1 + mu2)/2`` and ``m = mu1 - mu2``, and expand by bilinearity: a proof for every
dimension and every symmetric positive definite ``cov`` at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import sympy

from theory.proofs.evidence import Comparison, Step, ball, cited, identity, lemma, witness

__all__ = [
    "balanced",
    "boundary",
    "boundary_is_more",
    "covariance_differs",
    "covariance_holds",
    "imbalance",
    "isotropic",
    "majority_higher",
    "majority_lower",
    "similarity_across_directions",
    "similarity_along_direction",
]

_YY, _YM = sympy.symbols("yy ym", real=True)  # <y, y> and <y, m>
_MM = sympy.Symbol("mm", positive=True)  # <m, m>, the separation squared
_L = sympy.Symbol("L", real=True)  # ln(p+ / p-)
_T = sympy.Symbol("t", positive=True)
_HALF = sympy.Rational(1, 2)


def _form(u: tuple[Any, Any], v: tuple[Any, Any]) -> Any:
    """Return ``<u, v>`` for vectors given by their coefficients on ``(y, m)``."""
    return sympy.expand(u[0] * v[0] * _YY + (u[0] * v[1] + u[1] * v[0]) * _YM + u[1] * v[1] * _MM)


def _log_odds() -> Any:
    """Return ``ln(p+ N(x; mu1, cov)) - ln(p- N(x; mu2, cov))``; the two normalising constants are equal."""
    to_mu1, to_mu2 = (1, -_HALF), (1, _HALF)
    return _L - _form(to_mu1, to_mu1) / 2 + _form(to_mu2, to_mu2) / 2


def boundary() -> tuple[Step, ...]:
    """Show that the boundary is a hyperplane, and which of its points equation (3) prints."""
    c = sympy.Symbol("c", real=True)
    return (
        identity(
            "the log posterior odds are ln(p+/p-) + <x - (mu1 + mu2)/2, mu1 - mu2>: affine in x, hence a hyperplane",
            lambda: (_log_odds(), _L + _YM),
        ),
        identity(
            "at the printed point, y = -m ln(p+/p-)/<m, m>, they are 0: it lies on the boundary",
            lambda: (_L + _form((0, -_L / _MM), (0, 1)), sympy.S.Zero),
        ),
        identity(
            "on the line through the means, y = c m, only c = -ln(p+/p-)/<m, m> lies on the boundary",
            lambda: (sympy.Matrix(sympy.solve(_L + _form((0, c), (0, 1)), c)), sympy.Matrix([-_L / _MM])),
        ),
        cited("<y, m>^2 <= <y, y> <m, m>: cov^-1 is positive definite", "Cauchy-Schwarz"),
        lemma(
            "hence <y, y> >= L^2/<m, m> on the boundary, the printed point's value: it is the point nearest to the "
            "midpoint in Mahalanobis distance",
            lambda: ([_YM**2 <= _YY * _MM, sympy.Eq(_YM, -_L)], _YY >= _L**2 / _MM),
        ),
    )


def covariance_holds() -> tuple[Step, ...]:
    """Show that equation (3) needs ``cov^-1`` of the covariance itself."""
    return boundary()[:2]


def covariance_differs() -> tuple[Step, ...]:
    """Exhibit a problem in one dimension where the covariance ``Sigma^2``, taken literally, contradicts (3)."""

    def off_boundary() -> list[Comparison]:
        mu1, mu2, big_sigma, log_ratio = (sympy.Integer(v) for v in (1, -1, 2, 1))
        point = (mu1 + mu2) / 2 - (mu1 - mu2) * log_ratio / ((mu1 - mu2) ** 2 / big_sigma)
        log_odds = log_ratio + (mu1 - mu2) * (point - (mu1 + mu2) / 2) / big_sigma**2
        return [(log_odds, "==", _HALF)]

    return (
        witness(
            "d = 1, mu = 1, -1, Sigma = 2, ln(p+/p-) = 1: with the variance Sigma^2 = 4 the printed point has log odds "
            "1/2, not 0",
            off_boundary,
        ),
    )


def similarity_along_direction() -> tuple[Step, ...]:
    """Show that the boundary moves further off as the means approach each other along one direction."""
    direction, form = sympy.symbols("length uu", positive=True)  # |u| and <u, u> of the direction u, m = t u
    distance = _T * direction * _L / (_T**2 * form)
    return (
        identity(
            "for m = t u the printed point lies |u| ln(p+/p-)/(t <u, u>) from the midpoint; its "
            "slope in t is that over -t",
            lambda: (sympy.diff(distance, _T), -direction * _L / (_T**2 * form)),
        ),
        lemma(
            "it is < 0 when p+ > p-: nearer means, larger bias",
            lambda: ([_L > 0], sympy.diff(distance, _T) < 0),
        ),
        lemma(
            "in Mahalanobis distance, in any direction: the point lies ln(p+/p-)/M from the midpoint, falling in M",
            lambda: ([_L > 0], sympy.diff(_L / _T, _T) < 0),
        ),
        lemma(
            "the minority's recall Phi(M/2 - ln(p+/p-)/M) rises in M",
            lambda: ([_L > 0], sympy.diff(_T / 2 - _L / _T, _T) > 0),
        ),
    )


def similarity_across_directions() -> tuple[Step, ...]:
    """Exhibit two problems in which the smaller mean difference has the smaller bias."""

    def reversed_order() -> list[Comparison]:
        variances = (Fraction(1), Fraction(100))
        near, far = (Fraction(1), Fraction(0)), (Fraction(0), Fraction(2))
        bias = [  # |m| / <m, m>, the Euclidean distance from the midpoint for ln(p+/p-) = 1
            max(m) / sum(v * v / s for v, s in zip(m, variances, strict=True)) for m in (near, far)
        ]
        return [(bias[0], "==", 1), (bias[1], "==", 50), (max(near), "<", max(far))]

    return (
        witness(
            "cov = diag(1, 100), ln(p+/p-) = 1: m = (1, 0) is moved by 1, the larger m = (0, 2) by 50",
            reversed_order,
        ),
    )


def imbalance() -> tuple[Step, ...]:
    """Show that the bias rises with the imbalance."""
    ratio = sympy.Symbol("r", positive=True)
    m, r = sympy.symbols("m r_any", real=True)
    bias = sympy.log(ratio) / sympy.sqrt(_MM)
    return (
        identity(
            "d/d(p+/p-) of the distance ln(p+/p-)/M is 1/(M p+/p-)",
            lambda: (sympy.diff(bias, ratio), 1 / (ratio * sympy.sqrt(_MM))),
        ),
        lemma("it is > 0 for all M > 0 and all priors", lambda: ([m > 0, r > 0], 1 / (m * r) > 0)),
        lemma(
            "the minority's recall Phi(M/2 - L/M) falls in L = ln(p+/p-)",
            lambda: ([m > 0], sympy.diff(m / 2 - _L / m, _L) < 0),
        ),
    )


def balanced() -> tuple[Step, ...]:
    """Show Property 1: with equal priors the boundary passes through the midpoint, which equation (4) prints."""
    return (
        identity(
            "for p+ = p- the log odds at the midpoint (y = 0) are 0",
            lambda: (_log_odds().subs({_YY: 0, _YM: 0, _L: 0}), sympy.S.Zero),
        ),
        identity(
            "and equation (3) gives the midpoint: the coefficient of m is 0",
            lambda: ((-_L / _MM).subs(_L, 0), sympy.S.Zero),
        ),
    )


def isotropic() -> tuple[Step, ...]:
    """Show Property 2: equation (3) with ``cov = sigma^2 I`` is equation (5)."""
    sigma, length = sympy.symbols("sigma length", positive=True)
    return (
        identity(
            "for cov = sigma^2 I, <m, m> = |m|^2/sigma^2, and (3)'s coefficient is that of (5)",
            lambda: ((-_L / _MM).subs(_MM, length**2 / sigma**2), -(sigma**2) / length**2 * _L),
        ),
        *boundary()[:2],
    )


def boundary_is_more() -> tuple[Step, ...]:
    """Exhibit another point of the boundary than the printed one: from two dimensions on it is no point."""

    def other_points() -> list[Comparison]:
        mu1, mu2, log_ratio = (Fraction(1), Fraction(0)), (Fraction(-1), Fraction(0)), Fraction(1)  # cov = I

        def log_odds(x: tuple[Fraction, Fraction]) -> Fraction:
            off = [a - (b + c) / 2 for a, b, c in zip(x, mu1, mu2, strict=True)]
            return log_ratio + sum((o * (b - c) for o, b, c in zip(off, mu1, mu2, strict=True)), Fraction(0))

        printed = (-log_ratio / 2, Fraction(0))
        return [(log_odds(printed), "==", 0), (log_odds((printed[0], Fraction(5))), "==", 0)]

    return (
        witness(
            "d = 2, cov = I, mu = (1, 0), (-1, 0), ln(p+/p-) = 1: the boundary holds the printed point (-1/2, 0) and "
            "(-1/2, 5)",
            other_points,
        ),
    )


def majority_higher() -> tuple[Step, ...]:
    """Show that with equal covariances the Bayes classifier has the higher accuracy for the majority class."""
    m, log_ratio = sympy.symbols("m log_ratio", real=True)
    return (
        lemma(
            "M/2 + ln(p+/p-)/M > M/2 - ln(p+/p-)/M for p+ > p-, and Phi rises",
            lambda: ([m > 0, log_ratio > 0], m / 2 + log_ratio / m > m / 2 - log_ratio / m),
        ),
    )


def majority_lower() -> tuple[Step, ...]:
    """Exhibit unequal covariances with which the majority class has the lower accuracy."""
    x = sympy.Symbol("x", real=True)
    log_odds = sympy.log(sympy.Rational(6, 5)) - sympy.log(2) - x**2 / 8 + x**2 / 2  # variances 4 and 1, means 0

    def margins() -> Iterator[Callable[[], Any]]:
        from flint import arb

        def threshold() -> Any:
            return (arb(8) / 3 * (arb(5) / 3).log()).sqrt()  # where the log odds are 0

        def majority() -> Any:
            return (threshold() / arb(8).sqrt()).erfc()

        def minority() -> Any:
            return (threshold() / arb(2).sqrt()).erf()

        yield lambda: minority() - arb("0.756")
        yield lambda: arb("0.561") - majority()

    return (
        identity(
            "means 0 and 0, variances 4 and 1, p+/p- = 6/5: the log odds are 0 at x^2 = 8/3 ln(5/3), the majority's "
            "features are those beyond",
            lambda: (
                log_odds.subs(x, sympy.sqrt(sympy.Rational(8, 3) * sympy.log(sympy.Rational(5, 3)))),
                sympy.S.Zero,
            ),
        ),
        ball("the minority's accuracy is above .756, the majority's below .561", margins),
    )
