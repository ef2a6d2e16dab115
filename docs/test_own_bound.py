"""Test your own bound on the failure probability of Theorem 1, in three ways: see ``own-bound.md``.

The bound of this example replaces Theorem 1's two terms by one: ``2 exp(-alpha^2 / (2 (v1 + v2)))``.
"""

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import find, given, settings
from hypothesis import strategies as st

from theory import check_tail_bound, theorem1
from theory.proofs import derivations as d
from theory.strategies import alphas, theorem1_settings
from theory.verdicts.judge import judge


def own_bound(s, alpha):
    """Return the bound: a formula of yours."""
    v1 = s.sigma**2 / 4 * (1 / s.n_pos + 1 / s.n_neg)
    v2 = (1 - s.beta) ** 2 * (s.mu2 - s.mu1) ** 2 / (16 * s.n_pos)
    return 2 * math.exp(-(alpha**2) / (2 * (v1 + v2)))


def own_wrong_bound(s, alpha):
    """Return what comes of forgetting the count of similar samples, ``v2``."""
    v1 = s.sigma**2 / 4 * (1 / s.n_pos + 1 / s.n_neg)
    return 2 * math.exp(-min(alpha**2 / (2 * v1), 700))


@given(st.data(), theorem1_settings())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_it_is_never_below_the_exact_probability(data, s):
    """Way 1: random settings against the exact law, which is good to a relative error of about 1e-12."""
    alpha = data.draw(alphas(s))
    assert theorem1.failure_probability(s, alpha) <= own_bound(s, alpha) * (1 + 1e-11)


def test_a_wrong_bound_falls_at_a_simple_setting():
    """Hypothesis reports the simplest setting that it finds at which a bound is too small."""

    def too_small(s):
        return theorem1.failure_probability(s, 0.2) > own_wrong_bound(s, 0.2) * (1 + 1e-11)

    s = find(theorem1_settings(), too_small, settings=settings(max_examples=2000, derandomize=True, database=None))
    assert check_tail_bound(own_wrong_bound, s, 0.2).verdict == "refuted"


@pytest.mark.parametrize("alpha", [0.1, 0.3, 1.0])
def test_it_holds_rigorously_at_a_setting_of_interest(alpha):
    """Way 2: ball arithmetic encloses the exact probability; the verdict cannot be a rounding error."""
    s = theorem1.Setting(mu1=0, mu2=1, sigma=1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
    check = check_tail_bound(own_bound, s, alpha)
    assert check.verdict == "certified"
    assert check.vacuous == (own_bound(s, alpha) >= 1)


def test_it_is_proved_for_all_settings():
    """Way 3: the formula as an expression, judged for all settings at once; an exponent 10% too large falls."""
    v1 = d.SIGMA**2 / 4 * (1 / d.N_POS + 1 / d.N_NEG)
    v2 = (1 - d.BETA) ** 2 * (d.MU2 - d.MU1) ** 2 / (16 * d.N_POS)
    exponent = d.ALPHA**2 / (2 * (v1 + v2))
    assert judge("T1.probability", 2 * sympy.exp(-exponent)).verdict == "certified"
    wrong = judge("T1.probability", 2 * sympy.exp(-Fraction(11, 10) * exponent))
    assert wrong.verdict == "refuted"
    assert wrong.evidence[0].run()
