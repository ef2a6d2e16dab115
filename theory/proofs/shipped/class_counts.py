"""The functions of :mod:`theory.class_counts`."""

from __future__ import annotations

import sympy

from theory.class_counts import ClassMoments
from theory.proofs.evidence import Case, Step, code

__all__ = ["mean_noise", "rule"]


def mean_noise() -> tuple[Step, ...]:
    """Compare what the scores lose with the formula, for features of two independent coordinates."""
    variances = ((1, 3), (2, 5), (4, 7))
    counts = (20, 7, 3)
    moments = ClassMoments.of_covariances(
        [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [[[a, 0.0], [0.0, b]] for a, b in variances]
    )
    total = sum(counts)
    pooled = [sympy.Rational(sum(n * v[i] for n, v in zip(counts, variances, strict=True)), total) for i in (0, 1)]
    lost = [sum(v[i] / pooled[i] for i in (0, 1)) / (2 * n) for n, v in zip(counts, variances, strict=True)]
    return (code("tr(P S_k)/(2 n_k)", "class_counts.score_losses", lambda: [Case((moments, counts), lost)]),)


def rule() -> tuple[Step, ...]:
    """Compare discriminant analysis with its formula, for one feature."""
    means, scatter, counts = (sympy.Rational(-1, 2), sympy.Rational(7, 3), sympy.Integer(5)), 60, (9, 4, 2)
    centre = sum(means) / len(means)
    total, taus = sum(counts), (sympy.Integer(0), sympy.Rational(1, 3), sympy.Integer(1))
    cov = sympy.Rational(scatter, total) * (1 + sympy.Rational(1, 10**6))  # with the millionth on the diagonal

    def case(tau: sympy.Rational) -> Case:
        weights = [(m - centre) / cov for m in means]
        biases = [
            -w * (m + centre) / 2 + (1 - tau) * sympy.log(sympy.Rational(n, total))
            for w, m, n in zip(weights, means, counts, strict=True)
        ]
        given = [[float(m)] for m in means], [[float(scatter)]], counts, float(tau)
        return Case(given, [[[w] for w in weights], biases], read=list)

    return (
        code(
            "w_k = S^-1 (x_k - c), b_k = -w_k . (x_k + c)/2 + (1 - tau) ln(n_k/n), c the mean of the x_k, with a "
            "millionth of the variance added",
            "class_counts.lda_rule",
            lambda: [case(tau) for tau in taus],
        ),
    )
