"""SymPy derivations from the paper's generating processes: symbols, and the expressions that follow.

The symbols stand for the settings' arguments; numbers of samples are real and positive here, which only makes
statements about all of them stronger.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy
from sympy import stats

__all__ = [
    "ALPHA",
    "BETA",
    "LOG_RATIO",
    "MU1",
    "MU2",
    "N_NEG",
    "N_POS",
    "SIGMA",
    "K",
    "P",
    "conditional_mean",
    "conditional_variance",
    "printed_exponents",
    "printed_shift",
    "sample_moments",
    "theorem1_domain",
    "theorem1_shift",
]

MU1, MU2, P = sympy.symbols("mu1 mu2 p", real=True)
SIGMA, BETA, ALPHA, N_POS, N_NEG = sympy.symbols("sigma beta alpha n_pos n_neg", positive=True)
K = sympy.Symbol("k", nonnegative=True)
LOG_RATIO = sympy.Symbol("ln_ratio", real=True)


def theorem1_domain() -> list[Any]:
    """Return the relations that every setting of Theorem 1 satisfies."""
    return [MU1 < MU2, SIGMA > 0, BETA > 0, BETA < 1, P >= 0, P <= 1, N_POS >= 1, N_NEG >= 1]


@cache
def sample_moments() -> dict[str, tuple[Any, Any]]:
    """Return (mean, variance) of a pure positive, a similar positive and a negative sample, by integration."""
    z_pos, z_neg = stats.Normal("Z_pos", MU1, SIGMA), stats.Normal("Z_neg", MU2, SIGMA)
    similar = BETA * z_pos + (1 - BETA) * z_neg
    samples = {"pure": z_pos, "similar": similar, "negative": z_neg}
    return {name: (sympy.simplify(stats.E(x)), sympy.simplify(stats.variance(x))) for name, x in samples.items()}


@cache
def theorem1_shift() -> Any:
    """Return ``E[f] - (mu1 + mu2) / 2`` from the generating process: the law of total expectation over ``I``."""
    moments = sample_moments()
    positive = P * moments["pure"][0] + (1 - P) * moments["similar"][0]
    boundary = (positive + moments["negative"][0]) / 2  # a mean of equally distributed samples has their mean
    return sympy.factor(boundary - (MU1 + MU2) / 2)


def conditional_mean() -> Any:
    """Return the mean of ``f - (mu1 + mu2) / 2`` given ``k`` similar samples among the ``n_pos``."""
    moments = sample_moments()
    positive = ((N_POS - K) * moments["pure"][0] + K * moments["similar"][0]) / N_POS
    return sympy.factor((positive + moments["negative"][0]) / 2 - (MU1 + MU2) / 2)


def conditional_variance() -> Any:
    """Return the variance of ``f`` given ``k`` similar samples: all samples are independent."""
    moments = sample_moments()
    positive = ((N_POS - K) * moments["pure"][1] + K * moments["similar"][1]) / N_POS**2
    return (positive + moments["negative"][1] / N_NEG) / 4


def printed_shift() -> Any:
    """Return Theorem 1's shift as printed in the text at hand."""
    return (1 - BETA) * (1 - P / 2) * (MU2 - MU1)


def printed_exponents() -> tuple[Any, Any]:
    """Return the exponents of Theorem 1's probability as printed in the text at hand."""
    return (
        ALPHA**2 / SIGMA**2 * N_POS * N_NEG / (N_POS + N_NEG),
        4 * N_POS * ALPHA**2 / ((1 - BETA) ** 2 * (MU1 - MU2) ** 2),
    )
