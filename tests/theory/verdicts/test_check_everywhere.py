"""Bounds on a tail over a domain: ``theory.check.tail_everywhere``."""

import itertools
import math
from fractions import Fraction

import pytest
import sympy
from flint import arb

from theory import check
from theory.laws import (
    Affine,
    Binomial,
    Exponential,
    NegativeBinomial,
    Normal,
    Poisson,
)
from theory.proofs.evidence import lemma

HALF = Fraction(1, 2)
N, P, T, K = sympy.symbols("n p t k")


def hoeffding(factor, **changes):
    arguments = {
        "family": lambda n, p, t: Binomial(n, p),
        "bound": sympy.exp(-factor * N * T**2),
        "domain": {"n": range(1, 6), "p": (Fraction(1, 10), Fraction(9, 10)), "t": (Fraction(1, 20), Fraction(9, 10))},
        "threshold": N * (P + T),
    }
    return check.tail_everywhere(**{**arguments, **changes})


class TestEverywhere:
    def test_hoeffding_holds_and_a_sharper_exponent_falls(self):
        found = hoeffding(2)
        assert (found.verdict, found.counterexample, found.undecided) == ("certified", None, ())
        assert 0 < found.ratio < 1
        found.assert_holds()
        wrong = hoeffding(8)
        assert wrong.verdict == "refuted"
        assert wrong.probability.low > wrong.bound.high

    def test_the_counterexample_is_the_simplest(self):
        """The bound fails from n = 3 on, for p at least about 0.58: the simplest such fraction is 1, then 2/3."""
        found = check.tail_everywhere(
            Binomial,
            bound=lambda n, p: p if n < 3 else p**3 * 3 / 4 + 0.05,
            domain={"n": range(2, 9), "p": (Fraction(1, 10), Fraction(9, 10))},
            threshold=lambda n, p: n,
        )
        assert found.verdict == "refuted"
        n, p = found.counterexample["n"], found.counterexample["p"]
        assert n == 3
        fails = [
            Fraction(a, b)
            for b in range(1, 13)
            for a in range(1, b)
            if HALF / 5 <= Fraction(a, b) <= 1 - HALF / 5 and Fraction(a, b) ** 3 / 4 > Fraction(1, 20)
        ]
        assert p.denominator == min(value.denominator for value in fails)

    def test_a_counterexample_without_simple_fractions_is_found_too(self):
        low, high = Fraction(700, 1001), Fraction(701, 1001)
        found = check.tail_everywhere(
            lambda p: Binomial(1, p), bound=0.7, domain={"p": (low - Fraction(1, 100), high)}, threshold=1
        )
        assert found.verdict == "refuted"
        assert found.counterexample["p"] > Fraction(0.7)
        assert found.counterexample["p"].denominator < 1001

    def test_a_bound_that_touches_is_undecided_where_it_touches(self):
        found = check.tail_everywhere(lambda p: Binomial(2, p), lambda p: p, {"p": (HALF, 1)}, threshold=2)
        assert found.verdict == "undecided"
        assert all(region.box["p"].high > Fraction(99, 100) for region in found.undecided)
        with pytest.raises(AssertionError, match="Left: p from"):
            found.assert_holds()
        cut = check.tail_everywhere(
            lambda p: Binomial(2, p), lambda p: p, {"p": (HALF, Fraction(99, 100))}, threshold=2
        )
        assert cut.verdict == "certified"

    def test_effort_that_runs_out_is_undecided(self):
        assert hoeffding(2, effort=1, domain={"n": [5], "p": (Fraction(1, 10), 1), "t": (0, 1)}).verdict == "undecided"

    def test_no_end_needs_a_limit_and_a_lemma(self):
        def markov(**options):
            return check.tail_everywhere(
                lambda k, rate: Poisson(rate),
                bound=lambda k, rate: rate / k,
                domain={"k": itertools.count(1), "rate": (HALF, 3)},
                threshold=K,
                **options,
            )

        with pytest.raises(ValueError, match="has no end: limit="):
            markov()
        found = markov(limit={"k": 12})
        assert found.verdict == "qualified"
        assert "nothing was shown beyond" in found.explain()
        with pytest.raises(AssertionError, match="^qualified"):
            found.assert_holds()
        x = sympy.Symbol("x", positive=True)
        true, false = (lemma("a stand-in", lambda c=c: ([], x + c > 0)) for c in (1, -1))
        assert markov(limit={"k": 12}, beyond=true).verdict == "certified"
        assert markov(limit={"k": 12}, beyond=false).verdict == "qualified"

    def test_ranges_may_depend_on_the_parameters_before(self):
        found = check.tail_everywhere(
            lambda n, k, p: Binomial(n, p),
            bound=lambda n, k, p: (-2 * n * (arb(k) / n - p) ** 2).exp(),
            domain={
                "n": range(1, 5),
                "k": lambda n: range(1, n + 1),
                "p": lambda n, k: (0, Fraction(9 * k, 10 * n)),
            },
            threshold=lambda n, k, p: k,
        )
        assert found.verdict == "certified"

    def test_both_sides_and_a_center(self):
        found = check.tail_everywhere(
            lambda t: Affine(Normal(), 1, 5), sympy.exp(-(T**2) / 2), {"t": (1, 6)}, T, "both", center=5
        )
        assert found.verdict == "certified"
        half = check.tail_everywhere(
            lambda t: Affine(Normal(), 1, 5),
            sympy.exp(-(T**2) / 2) / 2,
            {"t": (Fraction(1, 9), 6)},
            T,
            "both",
            center=5,
        )
        assert half.verdict == "refuted"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"family": 3}, "family=3: must be callable"),
            ({"family": lambda n, p, t: 3}, "family=3: must be a law.Law"),
            ({"domain": [1]}, r"domain=\[1\]: must be a dictionary"),
            ({"domain": {"n": 3}}, "domain={'n': 3}: must be a range"),
            ({"domain": {"n": range(0)}}, "domain=.*must hold at least one setting"),
            ({"bound": sympy.Symbol("x")}, "bound=x: holds x, which the domain does not"),
            ({"bound": sympy.Function("f")(N)}, "bound=.*not an elementary function"),
            ({"bound": "x"}, "bound='x': must be a number, a function"),
            ({"effort": 0}, "effort=0: must be a whole number"),
            ({"beyond": 1}, "beyond=1: must be a evidence.Step"),
        ],
    )
    def test_what_is_refused(self, changes, message):
        with pytest.raises(ValueError, match=f"^{message}"):
            hoeffding(2, **changes)


def test_counts_by_steps_hold_the_numbers_that_they_reach():
    numbers = itertools.count(1, 2)
    found = check.tail_everywhere(
        Binomial,
        lambda n, p: n % 2,  # false at every even n
        {"n": numbers, "p": (Fraction(1, 4), Fraction(1, 2))},
        1,
        limit={"n": 6},
    )
    assert (found.verdict, found.counterexample, found.regions) == ("qualified", None, 3)
    assert next(numbers) == 1


@pytest.mark.parametrize("numbers", [itertools.count(1, -1), itertools.count(1, 0), itertools.count(0.5)])
def test_counts_that_are_no_rising_whole_numbers_are_refused(numbers):
    with pytest.raises(ValueError, match=r"^domain=.*: must count whole numbers upwards"):
        check.tail_everywhere(Binomial, 1, {"n": numbers, "p": (0, 1)}, 1, limit={"n": 5})


@pytest.mark.parametrize("limit", [{"n": 1}, {"q": 3}, {"p": 1}, [1], 3])
def test_limits_of_what_has_an_end_are_refused(limit):
    with pytest.raises(ValueError, match=r"^limit="):
        check.tail_everywhere(Binomial, 1, {"n": range(1, 3), "p": (0, 1)}, 1, limit=limit)


def test_a_domain_beyond_the_laws_is_refused():
    """A ball from 0 to 2 is cut down to probabilities, which would certify what holds up to 1 only."""
    with pytest.raises(ValueError, match=r"^p=.*: must be a number with 0 <= p <= 1"):
        check.tail_everywhere(Binomial, 1, {"n": [3], "p": (0, 2)}, 1)


def test_an_infinite_bound_holds_and_is_nowhere_tight():
    found = check.tail_everywhere(Binomial, lambda n, p: math.inf, {"n": [2], "p": (Fraction(1, 4), Fraction(1, 2))}, 2)
    assert found.verdict == "certified"
    assert math.isnan(found.ratio)
    assert "tightest" not in found.explain()


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, None, "1"])
@pytest.mark.parametrize("name", ["threshold", "center"])
def test_functions_that_return_no_number_are_refused(name, value):
    functions = {"threshold": 1, "center": 0, name: lambda n, p: value}
    with pytest.raises(ValueError, match=rf"^{name}="):
        check.tail_everywhere(Binomial, 0.5, {"n": [2], "p": (0, 1)}, side="both", **functions)


class TestWideBalls:
    """What has no value over a whole box has one over its parts."""

    def test_bounds(self):
        def one(p):
            return Binomial(1, p)

        found = check.tail_everywhere(one, 1.5 * sympy.sqrt(P * (1 - P)), {"p": (Fraction(1, 10), HALF)}, 1)
        assert found.verdict == "certified"
        assert check.tail_everywhere(one, (P - HALF) ** 2 + 1, {"p": (0, 1)}, 1).verdict == "certified"
        assert check.tail_everywhere(one, (P - HALF) ** 2 + sympy.Rational(1, 2), {"p": (0, 1)}, 1).verdict == "refuted"

    def test_chebyshev_but_for_its_pole(self):
        def found(low):
            return check.tail_everywhere(lambda t: Normal(), 1 / T**2, {"t": (low, 3)}, T, side="both")

        assert found(Fraction(1, 100)).verdict == "certified"
        at_the_pole = found(0)
        assert at_the_pole.verdict == "undecided"
        assert all(region.box["t"].low == 0 for region in at_the_pole.undecided)

    @pytest.mark.parametrize(
        ("family", "low"),
        [
            (lambda x: Exponential(x), Fraction(1, 10**8)),
            (lambda x: Exponential(2 * x), Fraction(1, 10**8)),
            (lambda x: NegativeBinomial(3, x / 100), Fraction(1, 10**10)),
            (lambda x: Normal(0, x), Fraction(1, 10**12)),
        ],
    )
    def test_parameters_that_begin_near_0(self, family, low):
        assert check.tail_everywhere(family, lambda x: 1, {"x": (low, 100)}, 1).verdict == "certified"

    def test_what_has_no_value_at_a_point_is_refused(self):
        with pytest.raises(ValueError, match="^bound=nan"):
            check.tail_everywhere(lambda p: Binomial(1, p), lambda p: arb("nan"), {"p": (0, 1)}, 1)
        with pytest.raises(ValueError, match="^p="):
            check.tail_everywhere(lambda x: Binomial(1, 3 * x * (1 - x) * 2), 1, {"x": (0, 1)}, 1)
