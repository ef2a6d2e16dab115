"""Every kind of step shows what is true and does not show what is wrong or cannot be decided."""

from fractions import Fraction

import flint
import pytest
import sympy

from theory import theorem1
from theory.proofs import evidence
from theory.proofs.evidence import Case, ball, cited, code, identity, lemma, witness
from theory.verdicts import enclosure

x, y = sympy.symbols("x y", real=True)
positive = sympy.Symbol("positive", positive=True)


def test_identity():
    assert identity("", lambda: ((x + y) ** 2, x**2 + 2 * x * y + y**2)).run()
    assert not identity("", lambda: ((x + y) ** 2, x**2 + x * y + y**2)).run()
    assert identity("", lambda: (sympy.Matrix([2 * x]), sympy.Matrix([x + x]))).run()
    assert not identity("", lambda: (sympy.Matrix([2 * x, 1]), sympy.Matrix([x + x, 2]))).run()


@pytest.mark.parametrize(
    ("assumptions", "claim", "shown"),
    [
        ([x > 1], x**2 > x, True),
        ([x > 0], x**2 > x, False),
        ([], x**2 + y**2 >= 2 * x * y, True),
        ([], x**2 + y**2 > 2 * x * y, False),
        ([x > 0, x < 0], sympy.Lt(y, 0), False),  # contradictory assumptions imply nothing here
        ([], positive > 0, True),
        ([], positive / (1 + positive) < 1, True),
        ([sympy.Eq(x, 2)], sympy.Or(x > 1, y > 0), True),
        ([sympy.Ne(x, 0)], x**2 > 0, True),
        ([], x / x >= 0, True),
        ([], 1 / x >= 0, False),
    ],
)
def test_lemma(assumptions, claim, shown):
    assert lemma("", lambda: (assumptions, claim)).run() == shown


def test_lemma_takes_no_division_by_zero_for_granted():
    assert not lemma("", lambda: ([1 / x > 1, x <= 0], x >= 0)).run()
    assert lemma("", lambda: ([1 / x > 1], x > 0)).run()


def test_what_z3_gives_up_on_is_not_shown(monkeypatch):
    """The limit counts steps, so that a busy machine changes no verdict."""
    parts = [x > 0, y > 0], x**3 + y**3 >= x**2 * y + x * y**2
    assert lemma("", lambda: parts).run()
    monkeypatch.setattr(evidence, "_LEMMA_LIMIT", 10)
    assert not lemma("", lambda: parts).run()


def test_lemma_is_about_real_symbols_each_with_its_own_name():
    with pytest.raises(TypeError, match="real symbols"):
        lemma("", lambda: ([], sympy.Symbol("z") ** 2 >= 0)).run()
    with pytest.raises(TypeError, match="one name"):
        lemma("", lambda: ([x > 1], sympy.Symbol("x", positive=True) > 1)).run()


def test_lemma_refuses_what_it_cannot_translate():
    with pytest.raises(TypeError, match="rational functions"):
        lemma("", lambda: ([], sympy.sin(x) <= 1)).run()


def test_cited_carries_its_source():
    assert cited("a + b = b + a", "Euclid").statement == "a + b = b + a [Euclid]"


def test_a_ball_is_shown_if_every_margin_is_positive():
    one, unsigned = flint.arb(1), flint.arb(0)
    assert ball("", lambda: [lambda: one, lambda: 2 * one]).run()
    assert not ball("", lambda: [lambda: one, lambda: -one]).run()
    assert not ball("", lambda: [lambda: one, lambda: unsigned]).run()
    assert not ball("", lambda: []).run()


def test_a_witness_is_shown_if_all_of_its_comparisons_hold():
    assert witness("", lambda: [(1, "<", 2), (3, "!=", 4)]).run()
    assert not witness("", lambda: [(1, "<", 2), (3, "==", 4)]).run()
    assert not witness("", lambda: []).run()


@pytest.mark.parametrize(
    ("value", "agrees"),
    [
        (Fraction(1, 4), True),
        (0.25, True),
        (0.25 * (1 + 1e-13), True),
        (0.25 * (1 + 1e-11), False),
        (Fraction(1, 4) + Fraction(1, 10**40), False),
        (float("nan"), False),
        (-0.25, False),
    ],
)
def test_code_agrees_exactly_or_to_its_digits(value, agrees, monkeypatch):
    monkeypatch.setattr(evidence, "_function", lambda _: lambda: value)
    assert code("", "a.b", lambda: [Case((), Fraction(1, 4))]).run() == agrees
    assert code("", "a.b", lambda: [Case((), [Fraction(1, 4)], lambda v: (v,))]).run() == agrees
    assert not code("", "a.b", lambda: [Case((), [Fraction(1, 4), 2], lambda v: (v,))]).run()
    assert not code("", "a.b", lambda: []).run()


def test_code_looks_its_function_up_when_it_runs(monkeypatch):
    step = code("", "theorem1.shift", lambda: [Case((), 5)])
    monkeypatch.setattr(theorem1, "shift", lambda: 5)
    assert step.run()


def test_decide_raises_the_precision_until_a_ball_has_a_sign():
    tiny = flint.fmpq(1, 10**200)
    assert enclosure.decide(lambda: (flint.arb(1) + tiny) - flint.arb(1)) is True
    assert enclosure.decide(lambda: flint.arb(1) - (flint.arb(1) + tiny)) is False
    assert enclosure.decide(lambda: flint.arb(2).sqrt() ** 2 - 2) is None
