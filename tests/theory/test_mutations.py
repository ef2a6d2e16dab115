"""Can the judge tell right from wrong? Wrong variants of every formula have to fall, right ones to stand.

A variant of a bound that is weaker than what holds is a right one, though it differs from what the paper prints:
dropping the square of ``1 - beta`` or halving an exponent gives a true statement, and stands among the right ones.
"""

from fractions import Fraction

import pytest
import sympy
from sympy import Rational, exp, sqrt

from theory.proofs.derivations import ALPHA, BETA, LOG_RATIO, MU1, MU2, N_NEG, N_POS, SIGMA, K, P, printed_exponents
from theory.verdicts import formulas as f
from theory.verdicts import judge as judge_module
from theory.verdicts.judge import judge

HALF, GAP = Rational(1, 2), MU2 - MU1
M, D, L = f.SEPARATION, f.DISTANCE, LOG_RATIO
W, F, A, TAU = f.WEIGHT_NORM, f.FEATURE_NORM, f.ANGLE, f.TAU
PURE, SIMILAR = SIGMA**2, SIGMA**2 * (BETA**2 + (1 - BETA) ** 2)
MEAN = (1 - BETA) * GAP * K / (2 * N_POS)
VARIANCE = SIGMA**2 / 4 * ((N_POS - K + K * (BETA**2 + (1 - BETA) ** 2)) / N_POS**2 + 1 / N_NEG)
E1, E2 = printed_exponents()
V1, V2 = SIGMA**2 / 4 * (1 / N_POS + 1 / N_NEG), (1 - BETA) ** 2 * GAP**2 / (16 * N_POS)
HARMONIC = N_POS * N_NEG / (N_POS + N_NEG)
LOGIT = W * F * sympy.cos(A)
SLOPE_NORM, SLOPE_ANGLE = F * sympy.cos(A) * (1 - f.CHANCE), -W * F * sympy.sin(A) * (1 - f.CHANCE)


def first(n=HARMONIC, a=ALPHA**2, s=SIGMA**2):
    return a / s * n


def second(factor=4, n=N_POS, a=ALPHA**2, reach=(1 - BETA) ** 2 * GAP**2):
    return factor * n * a / reach


WRONG = {
    "T1.shift": [
        (1 - BETA) * (1 - P / 2) * GAP,  # as printed
        (1 - BETA) * (1 - P) * GAP,
        (1 - BETA) * (1 - P / 2) * GAP / 2,
        (1 - BETA) * P * GAP / 2,
        BETA * (1 - P) * GAP / 2,
        -(1 - BETA) * (1 - P) * GAP / 2,
        (1 + BETA) * (1 - P) * GAP / 2,
        (1 - BETA) * (1 - P) * (MU1 + MU2) / 2,
        (1 - BETA) * (1 - P) * MU2 / 2,
        (1 - BETA) ** 2 * (1 - P) * GAP / 2,
        (1 - BETA * P) * GAP / 2,
        (1 - BETA) * (1 - P) * GAP / 2 + Rational(1, 10**9),
    ],
    "T1.law": [
        (MEAN * 2, VARIANCE),
        (MEAN.subs(N_POS, N_NEG), VARIANCE),
        (BETA * GAP * K / (2 * N_POS), VARIANCE),
        (-MEAN, VARIANCE),
        ((1 - BETA) * GAP * (N_POS - K) / (2 * N_POS), VARIANCE),
        (MEAN, VARIANCE * 4),
        (MEAN, VARIANCE / SIGMA),
        (MEAN, SIGMA**2 / 4 * (1 / N_POS + 1 / N_NEG)),
        (MEAN, SIGMA**2 / 4 * ((N_POS - K + K * (BETA**2 + (1 - BETA) ** 2)) / N_POS + 1 / N_NEG)),
        (MEAN, SIGMA**2 / 4 * ((N_POS - K + K * (BETA**2 - (1 - BETA) ** 2)) / N_POS**2 + 1 / N_NEG)),
        (MEAN, SIGMA**2 / 4 * ((K + (N_POS - K) * (BETA**2 + (1 - BETA) ** 2)) / N_POS**2 + 1 / N_NEG)),
        (MEAN, SIGMA**2 / 4 * ((N_POS - K + K * (BETA + (1 - BETA)) ** 2) / N_POS**2 + 1 / N_NEG)),
    ],
    "T1.probability": [
        (Rational(11, 10) * E1, E2),
        (E1, Rational(11, 10) * E2),
        (Rational(11, 10) * E1, Rational(11, 10) * E2),
        (Rational(103, 100) * E1, E2),
        (E1, Rational(103, 100) * E2),
        (2 * E1, E2),
        (E1, 2 * E2),
        (-E1 + E2, 2 * E2),
        (first(s=SIGMA), E2),
        (first(a=ALPHA), E2),
        (first(n=N_POS), E2),
        (first(n=N_NEG), E2),
        (first(n=N_POS + N_NEG), E2),
        (first(n=2 * HARMONIC), E2),
        (first(n=sqrt(N_POS * N_NEG)), E2),
        (E1, second(n=N_NEG)),
        (E1, second(n=N_POS + N_NEG)),
        (E1, second(n=N_POS**2)),
        (E1, second(factor=8)),
        (E1, second(factor=16)),
        (E1, second(a=ALPHA)),
        (E1, second(reach=BETA**2 * GAP**2)),
        (E1, second(reach=(1 - BETA) ** 3 * GAP**2)),
        (E1, second(reach=(1 - BETA) ** 2 * GAP)),
        (E1, second(reach=(1 - BETA) ** 2 * (MU1 + MU2) ** 2)),
        (E1, second(reach=(1 - BETA) ** 2 * MU2**2)),
        (E1, second(reach=(1 - BETA) ** 2 * (MU1**2 + MU2**2))),
        (E1, second(reach=(1 - BETA) ** 2 * (1 - P) ** 2 * GAP**2)),
        (E1, second(reach=(1 - BETA) ** 2 * P * (1 - P) * GAP**2)),
        exp(-E1) + exp(-E2),
        2 * exp(-E1) + exp(-E2),
        2 * exp(-E1) + Rational(5, 4) * exp(-E2),
        2 * exp(-E1),
        2 * exp(-E2),
        2 * exp(-E1 - E2),
        2 * exp(-sympy.Max(E1, E2)),
        exp(-(ALPHA**2) / (2 * (V1 + V2))),
        2 * exp(-(ALPHA**2) / (V1 + V2)),
        2 * exp(-(ALPHA**2) / (2 * V1)) + 2 * exp(-(ALPHA**2) / (2 * V2)),
        2 * exp(-Rational(11, 10) * ALPHA**2 / (2 * (V1 + V2))),
        (2 * exp(-E1) + 2 * exp(-E2)) * P,
        (2 * exp(-E1) + 2 * exp(-E2)) * (1 - P),
    ],
    "T1.log-odds": [
        -GAP / SIGMA**2 * ((MU1 + MU2) / 2 - f.X),
        GAP / SIGMA * ((MU1 + MU2) / 2 - f.X),
        GAP / SIGMA**2 * (MU1 + MU2 - f.X),
        GAP / (2 * SIGMA**2) * ((MU1 + MU2) / 2 - f.X),
    ],
    "T1.sign-rule": [
        f.X - (MU1 + MU2) / 2,  # as printed
        (MU1 - MU2) / 2 - f.X,
        MU1 + MU2 - f.X,
        f.X < MU2,
        f.X > (MU1 + MU2) / 2,
        ((MU1 + MU2) / 2 - f.X) ** 2,
    ],
    "T2.boundary": [
        L / M**2,
        -L / M,
        -L / (2 * M**2),
        -2 * L / M**2,
        -exp(L) / M**2,
        -(M**2) * L,
        (1, -L / M**2),
        (HALF, -L / M**2 - HALF),
    ],
    "T2.recalls": [
        M / 2 + L / M,
        M - L / M,
        M / 2 - L / M**2,
        M / 2 - L,
        M**2 / 2 - L / M,
        (M / 2 - L / M, M / 2 + L / M),
    ],
    "P1": [1, 0, -HALF, (HALF, 1 / M**2)],
    "P2": [
        SIGMA**2 / D**2 * L,
        -SIGMA / D**2 * L,
        -(SIGMA**2) / D * L,
        -(D**2) / SIGMA**2 * L,
        -(SIGMA**2) / (2 * D**2) * L,
    ],
    "T3.logit": [W * F * sympy.sin(A), W * sympy.cos(A), W * F, W**2 * F * sympy.cos(A), W * F * sympy.cos(2 * A)],
    "T3.probability": [exp(LOGIT) / f.REST, LOGIT / (LOGIT + f.REST), exp(-LOGIT) / (exp(-LOGIT) + f.REST)],
    "T3.slopes": [
        (SLOPE_NORM, -SLOPE_ANGLE),
        (F * sympy.cos(A) * f.CHANCE, SLOPE_ANGLE),
        (W * SLOPE_NORM, SLOPE_ANGLE),
        (SLOPE_NORM, SLOPE_ANGLE / W),
        (SLOPE_NORM, -W * F * sympy.cos(A) * (1 - f.CHANCE)),
    ],
    "P3": [W**TAU, W ** (1 + TAU), W / TAU, W * (1 - TAU), W ** (TAU - 1)],
}

RIGHT = {
    "T1.shift": [
        (1 - BETA) * (1 - P) * GAP / 2,
        sympy.expand((1 - BETA) * (1 - P) * GAP / 2),
        (BETA - 1) * (1 - P) * (MU1 - MU2) / 2,
        HALF * (1 - P - BETA + P * BETA) * sqrt((MU1 - MU2) ** 2),
        (1 - BETA**2) * (1 - P) * sympy.Abs(MU1 - MU2) / (2 * (1 + BETA)),
        (P * MU1 + (1 - P) * (BETA * MU1 + (1 - BETA) * MU2) + MU2) / 2 - (MU1 + MU2) / 2,
    ],
    "T1.law": [
        (MEAN, VARIANCE),
        ((1 - BETA) * GAP / 2 * (K / N_POS), ((N_POS - K) * PURE + K * SIMILAR) / (4 * N_POS**2) + PURE / (4 * N_NEG)),
        (sympy.expand(MEAN), sympy.factor(VARIANCE)),
        (MEAN, V1 - SIGMA**2 * K * BETA * (1 - BETA) / (2 * N_POS**2)),
    ],
    "T1.probability": [
        (E1, E2),
        (sympy.expand(E1), sympy.expand(E2)),
        (E2, E1),
        (ALPHA**2 / (4 * V1), ALPHA**2 / (4 * V2)),
        (ALPHA**2 / SIGMA**2 / (1 / N_POS + 1 / N_NEG), (2 * ALPHA / ((1 - BETA) * GAP)) ** 2 * N_POS),
        (E1 / 2, E2 / 2),
        (E1, E2 / 3),
        (first(n=sympy.Min(N_POS, N_NEG) / 2), E2),
        (E1, second(reach=(1 - BETA) * GAP**2)),  # weaker: 1 - beta < 1
        (E1, second(reach=GAP**2)),
        (E1, second(factor=1)),
        2 * exp(-E1) + 2 * exp(-E2),
        4 * exp(-sympy.Min(E1, E2)),
        2 * exp(-sympy.Min(E1, E2)),  # sharper than printed
        2 * exp(-(ALPHA**2) / (2 * (V1 + V2))),  # sharper still
        2 * (exp(-E1) + exp(-E2)),
        exp(-E1) + exp(-E1) + 3 * exp(-E2) + exp(-2 * E2),
        exp(-E1 / 2 - E2 / 2) + exp(-E1 / 2 - E2 / 2) + 2 * exp(-E1) + 2 * exp(-E2),
        (2 + P) * (exp(-E1) + exp(-E2)),
        sqrt(5) * (exp(-E1) + exp(-E2)),
        sympy.S.One,
    ],
    "T1.log-odds": [
        ((f.X - MU2) ** 2 - (f.X - MU1) ** 2) / (2 * SIGMA**2),
        (MU2**2 - MU1**2) / (2 * SIGMA**2) - GAP * f.X / SIGMA**2,
    ],
    "T1.sign-rule": [
        (MU1 + MU2) / 2 - f.X,
        f.X < (MU1 + MU2) / 2,
        (f.X - MU2) ** 2 - (f.X - MU1) ** 2,
        GAP / SIGMA**2 * ((MU1 + MU2) / 2 - f.X),
        MU1 + MU2 > 2 * f.X,
    ],
    "T2.boundary": [-L / M**2, -(M**-2) * L, (HALF, -L / M**2), (HALF, (M - L / M) / M - 1)],
    "T2.recalls": [M / 2 - L / M, (M**2 - 2 * L) / (2 * M), (M / 2 + L / M, M / 2 - L / M)],
    "P1": [HALF, Fraction(1, 2), (HALF, 0)],
    "P2": [-(SIGMA**2) / D**2 * L, -((SIGMA / D) ** 2) * L, (HALF, -L / (D / SIGMA) ** 2)],
    "T3.logit": [LOGIT, W * F * (2 * sympy.cos(A / 2) ** 2 - 1), -W * F * sympy.cos(sympy.pi - A)],
    "T3.probability": [1 / (1 + f.REST * exp(-LOGIT)), 1 - f.REST / (exp(LOGIT) + f.REST)],
    "T3.slopes": [(SLOPE_NORM, SLOPE_ANGLE), (sympy.expand(SLOPE_NORM), W * F * sympy.sin(-A) * (1 - f.CHANCE))],
    "P3": [W ** (1 - TAU), W / W**TAU, exp((1 - TAU) * sympy.log(W))],
}


def cases(table):
    return [pytest.param(name, c, id=f"{name}-{i}") for name, listed in table.items() for i, c in enumerate(listed)]


def test_there_are_enough_of_both():
    assert set(WRONG) == set(RIGHT) == set(f.FORMULAS)
    assert sum(map(len, WRONG.values())) >= 60
    assert sum(map(len, RIGHT.values())) >= 20


@pytest.mark.parametrize(("formula", "candidate"), cases(WRONG))
def test_wrong_variants_are_refuted(formula, candidate):
    found = judge(formula, candidate)
    assert found.verdict == "refuted"
    assert found.counterexample


@pytest.mark.parametrize(("formula", "candidate"), cases(RIGHT))
def test_right_variants_are_certified(formula, candidate):
    assert judge(formula, candidate).verdict == "certified"


@pytest.mark.parametrize(("formula", "candidate"), cases(WRONG))
def test_wrong_variants_are_not_certified_even_if_no_counterexample_is_looked_for(formula, candidate, monkeypatch):
    for search in ("_unequal", "_against_rule", "_above_bound"):
        monkeypatch.setattr(judge_module, search, lambda *_: None)
    assert judge(formula, candidate).verdict == "undecided"
