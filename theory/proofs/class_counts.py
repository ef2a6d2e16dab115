"""The steps behind recalls at any class counts: noise of means, and part of a sample given the moments of all.

``P`` is a fixed symmetric matrix, such as the inverse of the pooled covariance. Matrices enter through the traces
``t_k = tr(P S_k)`` only, so that the steps hold in every dimension, for any number of classes and unequal covariances.
"""

from __future__ import annotations

import sympy

from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = ["mean_noise", "without_replacement"]

_N, _M = sympy.symbols("N n", positive=True)  # balanced images, and those drawn of them
_D = sympy.Symbol("d", real=True)  # the mean of those that are drawn minus that of all, along a direction


def mean_noise() -> tuple[Step, ...]:
    """Show what the noise of a class's sample mean takes from its own score."""
    own, trace, first, second = sympy.symbols("q t n1 n2", positive=True)
    return (
        cited(
            "E (x - xbar)^T P (x - xbar) = (x - m)^T P (x - m) + tr(P S) / n for xbar of mean m and covariance S / n",
            "the mean of a quadratic form",
        ),
        identity(
            "so the score -(x - xbar)^T P (x - xbar)/2 loses tr(P S)/(2 n)",
            lambda: (-own / 2 - -(own + trace / first) / 2, trace / (2 * first)),
        ),
        lemma(
            "with fewer images it loses more",
            lambda: ([first < second], trace / (2 * first) > trace / (2 * second)),
        ),
    )


def without_replacement() -> tuple[Step, ...]:
    """Show that ``n`` of ``N`` normal features, given the moments of all, are ``n`` new ones over all samples."""
    rest = -_M * _D / (_N - _M)
    return (
        cited(
            "the mean and the scatter of N normal features are sufficient, so that the law of the features given them "
            "does not depend on the unknown mean and covariance; averaged over them it is the law of the features",
            "Fisher 1922; the law of total probability",
        ),
        cited(
            "given them, the standardised features are uniform on the matrices Q with Q^T Q = I, columns that sum to "
            "0, whose law does not change when rows are exchanged: any n of them are a sample without replacement",
            "Dawid, Biometrika 68, 1981",
        ),
        identity(
            "with d the mean of n minus that of all N, the mean of the others lies at -n d/(N - n)",
            lambda: ((_M * _D + (_N - _M) * rest) / _N, sympy.S.Zero),
        ),
        identity(
            "so the scatter of all is that of n, that of the others and g g^T, with g = d/sqrt(1/n - 1/N)",
            lambda: (_M * _D**2 + (_N - _M) * rest**2, _D**2 / (1 / _M - 1 / _N)),
        ),
        identity(
            "and the mean of n has the variance S(1/n - 1/N) about that of N, in all S/n",
            lambda: ((1 / _M - 1 / _N) + 1 / _N, 1 / _M),
        ),
        identity(
            "drawn freely around the moments of N, it would have 1/N more: the noise would count twice",
            lambda: (1 / _M + 1 / _N - 1 / _M, 1 / _N),
        ),
    )
