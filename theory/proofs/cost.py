"""The steps behind :mod:`theory.cost`: expected recall under the estimated boundary."""

from __future__ import annotations

import sympy

from theory.proofs import derivations as d
from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = ["balanced_at_most_ideal", "recall_is_a_tail", "shift_moves_recall"]

_U = sympy.Symbol("u", real=True)
_M = sympy.Symbol("M", positive=True)


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
