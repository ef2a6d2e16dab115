"""The steps that prove, or disprove, what the paper says in Theorem 3 and Property 3 (section 5.3)."""

from __future__ import annotations

from fractions import Fraction

import sympy

from theory.proofs.evidence import Comparison, Step, cited, identity, lemma, witness

__all__ = ["angles_remain", "balancing_harms", "decision", "equal_norms", "norms_and_angles"]

_W, _F = sympy.symbols("w_norm f_norm", positive=True)
_ANGLE = sympy.Symbol("angle", real=True)
_TOP = sympy.Symbol("top", real=True)
_REST = sympy.Symbol("rest", positive=True)  # the other classes' sum of exponentials


def norms_and_angles() -> tuple[Step, ...]:
    """Show Theorem 3, and that norm and angle each do influence the probability."""
    a, b = sympy.symbols("a b", real=True)
    logit = _W * _F * sympy.cos(_ANGLE)
    probability = sympy.exp(logit) / (sympy.exp(logit) + _REST)
    other = 1 / (1 + sympy.exp(logit) + _REST)  # of a class whose logit is 0, beside this one and the rest
    return (
        identity(
            "w = |w| (cos(a), sin(a)), f = |f| (cos(b), sin(b)) in the plane of both: w . f = |w| |f| cos(a - b)",
            lambda: (
                _W * sympy.cos(a) * _F * sympy.cos(b) + _W * sympy.sin(a) * _F * sympy.sin(b),
                logit.subs(_ANGLE, a - b),
            ),
        ),
        identity(
            "d ln P_t/d|w_t| = |f| cos(angle) (1 - P_t): its sign is that of the cosine",
            lambda: (
                sympy.diff(sympy.log(probability), _W),
                _F * sympy.cos(_ANGLE) * (1 - probability),
            ),
        ),
        identity(
            "d ln P_t/d angle = -|w_t| |f| sin(angle) (1 - P_t): a smaller angle, a larger probability",
            lambda: (
                sympy.diff(sympy.log(probability), _ANGLE),
                -_W * _F * sympy.sin(_ANGLE) * (1 - probability),
            ),
        ),
        identity(
            "d ln P_j/d|w_t| = -|f| cos(angle) P_t for every other class j",
            lambda: (
                sympy.diff(sympy.log(other), _W),
                -_F * sympy.cos(_ANGLE) * sympy.exp(logit) / (1 + sympy.exp(logit) + _REST),
            ),
        ),
    )


def decision() -> tuple[Step, ...]:
    """Show that equation (7) and the discriminant say the same, and that it is the most probable class by (6)."""
    scores = sympy.symbols("s1 s2 s3", real=True)
    parts = sympy.symbols("e1 e2 e3", positive=True)
    first, second, third = scores
    largest = [sympy.Or(*(sympy.Eq(s, _TOP) for s in scores)), *(s <= _TOP for s in scores)]
    return (
        lemma(
            "if s_1 is the largest score, s_1 - s_j >= 0 for every j (three classes)",
            lambda: ([*largest, sympy.Eq(first, _TOP)], sympy.And(first - second >= 0, first - third >= 0)),
        ),
        lemma(
            "and if s_1 - s_j >= 0 for every j it is the largest",
            lambda: ([*largest, first - second >= 0, first - third >= 0], sympy.Eq(first, _TOP)),
        ),
        cited("the exponential rises: e_1 > e_j where s_1 > s_j, e_j = exp(s_j)", "NIST DLMF, section 4.2"),
        lemma(
            "the class of the largest e_j has the largest e_j/(e_1 + e_2 + e_3), its probability by (6)",
            lambda: ([parts[0] > parts[1]], parts[0] / sum(parts) > parts[1] / sum(parts)),
        ),
    )


def equal_norms() -> tuple[Step, ...]:
    """Show what equal norms do: they leave the decision to the angles alone."""
    tau = sympy.Symbol("tau", real=True)
    norm = sympy.Symbol("norm", positive=True)
    cos_1, cos_2 = sympy.symbols("cos_1 cos_2", real=True)
    return (
        identity(
            "|w/|w|^tau| = |w|^(1 - tau): all norms are 1 at tau = 1",
            lambda: (
                sympy.Matrix([_W / _W**tau, 1]),
                sympy.Matrix([_W ** (1 - tau), (_W ** (1 - tau)).subs(tau, 1)]),
            ),
        ),
        lemma(
            "with equal norms the class of the larger cosine has the larger logit: norms no longer decide",
            lambda: ([cos_1 > cos_2], norm * _F * cos_1 > norm * _F * cos_2),
        ),
    )


def angles_remain() -> tuple[Step, ...]:
    """Exhibit equal norms that leave a bias."""

    def still_biased() -> list[Comparison]:
        weights = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))  # majority, minority: norms 1 and 1
        majority, minority = _logits(weights, (2, 1))  # a minority sample nearer to the majority's weight
        return [(majority, ">", minority)]

    return (witness("w1 = (1, 0), w2 = (0, 1), f = (2, 1) of class 2: norms equal, decided for class 1", still_biased),)


def balancing_harms() -> tuple[Step, ...]:
    """Exhibit norms whose balancing turns a right decision for the minority into a wrong one."""

    def made_biased() -> list[Comparison]:
        w_major, w_minor = (Fraction(-3, 5), Fraction(4, 5)), (Fraction(-4, 5), Fraction(3, 5))  # norms 1 and 1
        small = (w_minor[0] / 2, w_minor[1] / 2)  # the minority's weight as trained: norm 1/2
        before, after = (_logits((w_major, w), (1, 0)) for w in (small, w_minor))
        return [(before[1], ">", before[0]), (after[1], "<", after[0])]

    return (
        witness(
            "w1 = (-3, 4)/5, w2 = (-4, 3)/10, f = (1, 0) of class 2: decided rightly with norms 1 and 1/2, wrongly "
            "after tau-normalisation makes them equal (both cosines are negative)",
            made_biased,
        ),
    )


def _logits(weights: tuple[tuple[Fraction, Fraction], ...], feature: tuple[int, int]) -> list[Fraction]:
    return [sum((a * b for a, b in zip(w, feature, strict=True)), Fraction(0)) for w in weights]
