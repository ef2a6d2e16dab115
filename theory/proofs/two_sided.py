"""The steps behind :mod:`theory.two_sided`: similar samples in both classes."""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy

from theory.proofs import derivations as d
from theory.proofs.evidence import Step, cited, identity, lemma

__all__ = [
    "BETA_NEG",
    "BETA_POS",
    "K_NEG",
    "K_POS",
    "P_NEG",
    "P_POS",
    "SHIFT_ARGUMENTS",
    "bound_holds",
    "cancellation",
    "derived_shift",
    "given_counts",
    "reduces_to_theorem1",
    "shift_holds",
]

BETA_POS, BETA_NEG = sympy.symbols("beta_pos beta_neg", positive=True)
P_POS, P_NEG = sympy.symbols("p_pos p_neg", real=True)
SHIFT_ARGUMENTS = (d.MU1, d.MU2, BETA_POS, BETA_NEG, P_POS, P_NEG)
K_POS, K_NEG = sympy.symbols("k_pos k_neg", nonnegative=True)
_GAP = d.MU2 - d.MU1
_ONE_SIDED = {BETA_POS: d.BETA, P_POS: d.P, P_NEG: 1, K_POS: d.K, K_NEG: 0}


@cache
def sample_moments() -> dict[str, tuple[Any, Any]]:
    """Return (mean, variance) of a pure and of a similar sample of either class, from Theorem 1's integrals."""
    own, mixed = d.sample_moments()["pure"], d.sample_moments()["similar"]
    swap = {d.MU1: d.MU2, d.MU2: d.MU1, d.BETA: BETA_NEG}  # the classes change their parts
    return {
        "pure positive": own,
        "similar positive": _replaced(mixed, {d.BETA: BETA_POS}),
        "pure negative": d.sample_moments()["negative"],
        "similar negative": _replaced(mixed, swap),
    }


def _replaced(moments: tuple[Any, Any], values: dict[Any, Any]) -> tuple[Any, Any]:
    mean, variance = (moment.subs(values, simultaneous=True) for moment in moments)
    return mean, variance


@cache
def derived_shift() -> Any:
    """Return ``E[f] - (mu1 + mu2) / 2`` from the generating process: the law of total expectation, in either class."""
    mean = {name: moments[0] for name, moments in sample_moments().items()}
    positive = P_POS * mean["pure positive"] + (1 - P_POS) * mean["similar positive"]
    negative = P_NEG * mean["pure negative"] + (1 - P_NEG) * mean["similar negative"]
    return sympy.factor((positive + negative) / 2 - (d.MU1 + d.MU2) / 2)


def given_counts(moment: int) -> Any:
    """Return the mean (0) or the variance (1) of ``f`` given the numbers of similar samples."""
    m = {name: moments[moment] for name, moments in sample_moments().items()}
    power = moment + 1
    positive = ((d.N_POS - K_POS) * m["pure positive"] + K_POS * m["similar positive"]) / d.N_POS**power
    negative = ((d.N_NEG - K_NEG) * m["pure negative"] + K_NEG * m["similar negative"]) / d.N_NEG**power
    return (positive + negative) / 2**power


def _domain() -> list[Any]:
    chances = [P_POS >= 0, P_POS <= 1, P_NEG >= 0, P_NEG <= 1]
    return [d.MU1 < d.MU2, BETA_POS < 1, BETA_NEG < 1, *chances, d.N_POS >= 1, d.N_NEG >= 1]


def shift_holds() -> tuple[Step, ...]:
    """Show the shift that the generating process implies."""
    holds = ((1 - BETA_POS) * (1 - P_POS) - (1 - BETA_NEG) * (1 - P_NEG)) * _GAP / 2
    return (
        identity(
            "E[f] - (mu1 + mu2)/2, integrated, = ((1 - beta+)(1 - p+) - (1 - beta-)(1 - p-))(mu2 - mu1)/2",
            lambda: (derived_shift(), holds),
        ),
    )


def cancellation() -> tuple[Step, ...]:
    """Show when the two classes' shifts cancel."""
    pull = (1 - BETA_POS) * (1 - P_POS) - (1 - BETA_NEG) * (1 - P_NEG)
    shift = derived_shift()
    return (
        lemma(
            "the shift is 0 only if (1 - beta+)(1 - p+) = (1 - beta-)(1 - p-)",
            lambda: ([*_domain(), sympy.Eq(shift, 0)], sympy.Eq(pull, 0)),
        ),
        lemma("and if so", lambda: ([*_domain(), sympy.Eq(pull, 0)], sympy.Eq(shift, 0))),
        lemma(
            "it is > 0, towards the negative class, exactly when the positives' share is the larger one",
            lambda: ([*_domain(), pull > 0], shift > 0),
        ),
    )


def reduces_to_theorem1() -> tuple[Step, ...]:
    """Show that without similar negatives all is as in Theorem 1."""
    return (
        identity("at p- = 1 the shift is Theorem 1's", lambda: (derived_shift().subs(_ONE_SIDED), d.theorem1_shift())),
        identity(
            "given k+ = k and k- = 0 so are mean and variance",
            lambda: (
                sympy.Matrix([given_counts(0) - (d.MU1 + d.MU2) / 2, given_counts(1)]).subs(_ONE_SIDED),
                sympy.Matrix([d.conditional_mean(), d.conditional_variance()]),
            ),
        ),
    )


def bound_holds() -> tuple[Step, ...]:
    """Show, for all settings, ``P(|f - E f| > alpha) <= 2 exp(-alpha^2/(4 v1)) + 2 exp(-alpha^2/(4 v2))``."""
    t, (v1, v2) = sympy.Symbol("t", real=True), sympy.symbols("v1 v2", positive=True)
    h_pos, h_neg, s_pos, s_neg = sympy.symbols("h_pos h_neg s_pos s_neg", real=True)
    step_pos, step_neg = (1 - BETA_POS) * _GAP / (2 * d.N_POS), -(1 - BETA_NEG) * _GAP / (2 * d.N_NEG)
    count = (_GAP**2 / 16) * ((1 - BETA_POS) ** 2 / d.N_POS + (1 - BETA_NEG) ** 2 / d.N_NEG)
    normal = d.SIGMA**2 / 4 * (1 / d.N_POS + 1 / d.N_NEG)
    return (
        identity(
            "given the counts, f - (mu1 + mu2)/2 has mean k+ step+ + k- step-, step+ = (1 - beta+)(mu2 - mu1)/(2 n+), "
            "step- = -(1 - beta-)(mu2 - mu1)/(2 n-)",
            lambda: (given_counts(0) - (d.MU1 + d.MU2) / 2, K_POS * step_pos + K_NEG * step_neg),
        ),
        cited(
            "given the counts, f is Gaussian: a linear combination of independent Gaussians",
            "Feller 1971, volume II, section III.6",
        ),
        lemma(
            "its variance is at most v1 = sigma^2/4 (1/n+ + 1/n-), whatever the counts",
            lambda: ([*_domain(), K_POS <= d.N_POS, K_NEG <= d.N_NEG], given_counts(1) <= normal),
        ),
        cited(
            "the two counts are independent; a centred indicator has log mgf <= t^2/8 (Hoeffding's lemma)",
            "Hoeffding 1963, section 4",
        ),
        lemma(
            "so n+ h(t step+) + n- h(t step-) is at most n+ (t step+)^2/8 + n- (t step-)^2/8",
            lambda: (
                [h_pos <= (t * s_pos) ** 2 / 8, h_neg <= (t * s_neg) ** 2 / 8],
                d.N_POS * h_pos + d.N_NEG * h_neg <= d.N_POS * (t * s_pos) ** 2 / 8 + d.N_NEG * (t * s_neg) ** 2 / 8,
            ),
        ),
        identity(
            "which is t^2 v2/2, v2 = (mu2 - mu1)^2/16 ((1 - beta+)^2/n+ + (1 - beta-)^2/n-): the mean's part; a "
            "class with p in {0, 1} has no random count and adds nothing",
            lambda: (d.N_POS * (t * step_pos) ** 2 / 8 + d.N_NEG * (t * step_neg) ** 2 / 8, t**2 * count / 2),
        ),
        cited(
            "hence P(|f - E f| > alpha) <= 2 exp(-alpha^2/(2 (v1 + v2)))",
            "Boucheron, Lugosi and Massart 2013, section 2.2",
        ),
        lemma(
            "alpha^2/(2 (v1 + v2)) >= min(alpha^2/(4 v1), alpha^2/(4 v2))",
            lambda: (
                [d.ALPHA > 0],
                sympy.Or(
                    d.ALPHA**2 / (2 * (v1 + v2)) >= d.ALPHA**2 / (4 * v1),
                    d.ALPHA**2 / (2 * (v1 + v2)) >= d.ALPHA**2 / (4 * v2),
                ),
            ),
        ),
        identity(
            "without the negatives' term these are Theorem 1's exponents",
            lambda: (
                sympy.Matrix(
                    [
                        d.ALPHA**2 / (4 * normal),
                        d.ALPHA**2 / (4 * (1 - d.BETA) ** 2 * _GAP**2 / (16 * d.N_POS)),
                    ]
                ),
                sympy.Matrix(d.printed_exponents()),
            ),
        ),
    )
