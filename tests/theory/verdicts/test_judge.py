"""The judge: verdicts with evidence, what stays undecided, bad input; its mutation suite is test_mutations.py."""

import dataclasses
import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import settings as configure
from sympy import Rational, exp

from theory import strategies, theorem1
from theory.proofs.derivations import ALPHA, BETA, MU1, MU2, N_NEG, N_POS, SIGMA, P, printed_exponents
from theory.proofs.evidence import Step
from theory.verdicts import bounds as judged_bounds
from theory.verdicts import formulas
from theory.verdicts import judge as module
from theory.verdicts.judge import judge

E1, E2 = printed_exponents()
SHIFT = (1 - BETA) * (1 - P) * (MU2 - MU1) / 2
GAUSS, COUNT = SIGMA**2 / 4 * (1 / N_POS + 1 / N_NEG), (1 - BETA) ** 2 * (MU2 - MU1) ** 2 / (16 * N_POS)


def bound(first=E1, second=E2, a=2, b=2):
    return a * exp(-first) + b * exp(-second)


def test_a_certificate_holds_the_proof_of_what_it_rests_on():
    found = judge("T1.probability", bound())
    assert found.verdict == "certified"
    assert found.counterexample is None
    assert {step.level for step in found.evidence} == {"identity", "lemma", "cited"}
    assert any("P(|f - E f| > alpha) <= 2 exp" in step.statement for step in found.evidence)
    assert all(step.run() for step in found.evidence)


def test_a_refutation_of_an_equality_is_exact_and_can_be_recomputed():
    found = judge("T1.shift", SHIFT + Rational(1, 10**30))
    (step,) = found.evidence
    assert (found.verdict, step.level, step.run()) == ("refuted", "witness", True)
    assert set(found.counterexample) == {"mu1", "mu2", "beta", "p"}
    s = theorem1.Setting(**found.counterexample, sigma=1, n_pos=1, n_neg=1)
    assert theorem1.shift(s) != theorem1.shift(s) + Fraction(1, 10**30)


@pytest.mark.parametrize("candidate", [bound(Rational(11, 10) * E1), bound(b=1), bound(second=2 * E2)])
def test_a_refutation_of_a_bound_is_a_ball_and_agrees_with_the_float_law(candidate):
    found = judge("T1.probability", candidate)
    (step,) = found.evidence
    assert (found.verdict, step.level, step.run()) == ("refuted", "ball", True)
    values = dict(found.counterexample)
    alpha = values.pop("alpha")
    s = theorem1.Setting(**values | {n: int(values[n]) for n in ("n_pos", "n_neg")})
    stated = candidate.subs({symbol: found.counterexample[symbol.name] for symbol in candidate.free_symbols})
    assert theorem1.failure_probability(s, alpha) > float(stated)


@pytest.mark.parametrize(
    "candidate",
    [
        bound(Rational(1001, 1000) * E1),  # wrong, but only where probabilities are too small for the table
        bound(a=1),  # not known: the factor 1 in the place of the first 2
        bound() / (1 - P),  # has no value at p = 1
        sympy.gamma(ALPHA),
        sympy.Function("g")(ALPHA),
        sympy.Piecewise((1, ALPHA < 1), (2, True)),
        3 * exp(-E1) + 3 * exp(-E2) - exp(-E1 - E2),  # holds, but has a negative term
    ],
)
def test_bounds_that_nothing_shows_are_undecided(candidate):
    assert judge("T1.probability", candidate) == module.Judgement("T1.probability", "undecided")


@pytest.mark.parametrize(
    ("formula", "candidate"),
    [
        ("T1.shift", SHIFT * sympy.Function("one")(P)),
        ("T1.shift", (1 - BETA) * (P - P**2) / P * (MU2 - MU1) / 2),  # has no value at p = 0
        ("T1.sign-rule", sympy.sign(MU1 + MU2 - 2 * formulas.X)),
        ("T1.sign-rule", exp(-((formulas.X - MU1) ** 2)) - exp(-((formulas.X - MU2) ** 2))),
    ],
)
def test_formulas_that_nothing_shows_are_undecided(formula, candidate):
    assert judge(formula, candidate) == module.Judgement(formula, "undecided")


def test_without_the_proof_of_what_holds_nothing_is_certified(monkeypatch):
    broken = dataclasses.replace(
        formulas.FORMULAS["T1.shift"], proofs=lambda: (Step("identity", "false", lambda: False),)
    )
    monkeypatch.setitem(formulas.FORMULAS, "T1.shift", broken)
    module._proved.cache_clear()
    assert judge("T1.shift", SHIFT).verdict == "undecided"
    monkeypatch.undo()
    module._proved.cache_clear()
    assert judge("T1.shift", SHIFT).verdict == "certified"


def test_every_formula_is_its_own_answer():
    for name, formula in formulas.FORMULAS.items():
        for answer in formula.answers:
            assert judge(name, answer).verdict == "certified", name


@pytest.mark.parametrize("name", formulas.FORMULAS)
def test_points_are_settings(name):
    formula = formulas.FORMULAS[name]
    for point in formulas.points(formula):
        assert set(point) == set(formula.symbols)
        assert all(bool(relation.subs(point)) for relation in formula.domain)
        assert all(value > 0 for symbol, value in point.items() if symbol.is_positive)


def test_symbols_are_known_by_name_and_floats_are_exact():
    beta, p, mu1, mu2 = sympy.symbols("beta p mu1 mu2")
    assert judge("T1.shift", 0.5 * (1 - beta) * (1 - p) * (mu2 - mu1)).verdict == "certified"
    assert judge("P1", 0.5).verdict == judge("P1", Fraction(1, 2)).verdict == "certified"
    assert judge("P1", 0.1 + 0.4 + 2**-53).verdict == "refuted"


@given(strategies.theorem1_settings(exact=True))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_the_reduced_symbols_name_every_setting(s):
    values = {MU1: s.mu1, MU2: s.mu2, SIGMA: s.sigma, BETA: s.beta, N_POS: s.n_pos, N_NEG: s.n_neg}
    v1, v2, h2 = (float(e.subs(values)) for e in (GAUSS, COUNT, N_POS * N_NEG / (N_POS + N_NEG)))
    reduced = dict(
        zip(
            (judged_bounds._R1, judged_bounds._R2, judged_bounds._RN, judged_bounds._H),
            map(math.sqrt, (v1, v2, s.n_pos, h2)),
            strict=True,
        )
    )
    for symbol, expression in judged_bounds._REDUCED.items():
        back = float(expression.subs({MU1: s.mu1, BETA: s.beta} | reduced))
        assert back == pytest.approx(float(values[symbol]), rel=1e-9, abs=1e-9)


def test_a_suspicion_alone_refutes_nothing(monkeypatch):
    suspect = judged_bounds.Suspect(theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 50, 50), Fraction(1, 2))
    monkeypatch.setattr(judged_bounds, "suspects", lambda total, inside: [suspect])
    assert judge("T1.probability", bound()).verdict == "certified"


def test_the_table_of_settings_refutes_no_proved_bound():
    assert not list(judged_bounds.suspects(bound()))
    assert not list(judged_bounds.suspects(2 * exp(-(ALPHA**2) / (2 * (GAUSS + COUNT)))))


@pytest.mark.parametrize(
    ("formula", "candidate", "message"),
    [
        ("T4", 1, "^formula='T4': must be one of P1, "),
        ("T1.shift", "mu1", "^candidate='mu1': must be real SymPy expressions"),
        ("T1.shift", None, "^candidate=None: "),
        ("T1.shift", (SHIFT, SHIFT), "^candidate=.*: must be 1 of: "),
        ("T1.law", SHIFT, "^candidate=.*: must be 2 of: "),
        ("T1.shift", sympy.I, "^candidate=I: "),
        ("T1.shift", math.nan, "^candidate=nan: "),
        ("T1.shift", math.inf, "^candidate=inf: "),
        ("T1.shift", MU1 < MU2, "^candidate=mu1 < mu2: "),
        ("T1.shift", True, "^candidate=True: "),
        ("T1.shift", SIGMA, "^candidate=sigma: may hold the symbols mu1, mu2, beta, p, not sigma$"),
    ],
)
def test_bad_input(formula, candidate, message):
    with pytest.raises(ValueError, match=message) as error:
        judge(formula, candidate)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("formula", "candidate"),
    [
        ("T1.sign-rule", sympy.Eq(sympy.Symbol("x", real=True), MU1)),
        ("T1.shift", sympy.Sum(P, (sympy.Symbol("j"), 1, 2))),
        ("T1.shift", sympy.Integral(P, P)),
        ("T1.shift", sympy.Derivative(P**2, P)),
        ("T1.shift", sympy.Matrix([P])),
        ("P1", sympy.MatrixSymbol("separation", 1, 1)),
    ],
)
def test_what_is_no_plain_formula_is_refused(formula, candidate):
    with pytest.raises(ValueError, match=r"^candidate="):
        judge(formula, candidate)


@pytest.mark.parametrize(
    ("formula", "right", "wrong", "domain"),
    [
        ("P2", "-(sigma/distance)**2*Abs(%s)", "-(sigma/distance)**2*%s*2", ("%s > 0",)),
        ("P3", "weight_norm**(1-Abs(%s))", "weight_norm**(2-%s)", ("%s >= 0", "%s <= 1")),
    ],
)
def test_candidates_are_judged_where_the_statement_speaks(formula, right, wrong, domain):
    """A form that is right in the statement's own domain only is certified there, and refuted in a wider one."""
    own = {symbol.name: symbol for symbol in formulas.FORMULAS[formula].symbols}
    name = next(symbol.name for relation in formulas.FORMULAS[formula].within for symbol in relation.free_symbols)
    right, wrong = (sympy.sympify(text % name, locals=own) for text in (right, wrong))
    found = judge(formula, right)
    assert (found.verdict, found.domain) == ("certified", tuple(text % name for text in domain))
    assert all(step.run() for step in found.evidence)
    wider = judge(formula, right, domain=())
    assert (wider.verdict, wider.domain) == ("refuted", ())
    assert wider.counterexample[name] < 0
    assert judge(formula, wrong).verdict == "refuted"


def test_a_bound_is_judged_where_the_caller_asks():
    """With no similar samples the boundary is normal with the variance of the means: that bound is wrong elsewhere."""
    candidate = 2 * exp(-(ALPHA**2) / (2 * GAUSS))
    assert judge("T1.probability", candidate).verdict == "refuted"
    assert judge("T1.probability", candidate, domain=(P >= 1,)).verdict == "undecided"
    found = judge("T1.probability", candidate, domain=(Rational(1, 2) >= P, P > 0))
    assert found.verdict == "refuted"
    assert 0 < found.counterexample["p"] <= Rational(1, 2)


def test_a_bound_is_shown_where_the_caller_asks():
    """Twice the bound's exponent is enough where the variance of the counts is as large as that of the means."""
    candidate = 2 * exp(-(ALPHA**2) / (4 * COUNT))
    assert judge("T1.probability", candidate).verdict == "refuted"
    assert judge("T1.probability", candidate, domain=(COUNT >= GAUSS,)).verdict == "certified"


@pytest.mark.parametrize("domain", ["x", 3, [1], [sympy.Symbol("y") > 0], [None]])
def test_domains_are_checked(domain):
    with pytest.raises(ValueError, match="^domain="):
        judge("P3", sympy.Symbol("weight_norm"), domain=domain)
