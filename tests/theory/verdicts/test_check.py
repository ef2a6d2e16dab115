"""Bounds and intervals of others: tails, whole domains, coverage, certificates, and the strategy for tight spots."""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb, ctx
from hypothesis import find, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy import stats

from theory import check, theorem1
from theory.__main__ import main
from theory.laws import (
    Affine,
    Binomial,
    Discrete,
    Family,
    Hypergeometric,
    Laplace,
    Mean,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    PoissonBinomial,
    Sum,
)
from theory.proofs.evidence import lemma
from theory.verdicts.canonical import digest

HALF = Fraction(1, 2)
TINY = Fraction(1, 10**30)


class TestTail:
    @pytest.mark.parametrize(
        ("law", "threshold"),
        [
            (Normal(), 3),
            (Laplace(), 40),
            (Binomial(30, 0.3), 15),
            (Poisson(2), Fraction(21, 2)),
            (Hypergeometric(50, 20, 10), 8),
            (NegativeBinomial(3, 0.5), 20),
            (PoissonBinomial([0.1, 0.2, 0.7]), 2),
            (Sum(Discrete([0, 1, 3], [HALF, Fraction(1, 3), Fraction(1, 6)]), 9), 11),
            (Mixture([HALF, HALF], [Normal(), Normal(0, 3)]), 5),
            (theorem1.law(theorem1.Setting(0, 1, 1, HALF, HALF, 50, 20)), Fraction(1, 2)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_a_bound_just_beside_the_tail_is_told_apart(self, law, threshold):
        for side, tail in (
            ("right", lambda: law.sf_ball(threshold, 300, strict=False)),
            ("left", lambda: law.cdf_ball(threshold, 300)),
            (
                "both",
                lambda: law.sf_ball(1 + threshold, 300, strict=False) + law.cdf_ball(1 - Fraction(threshold), 300),
            ),
        ):
            for factor, verdict in ((1 + TINY, "certified"), (1 - TINY, "refuted")):
                with ctx.workprec(400):
                    bound = tail() * factor.numerator / factor.denominator
                found = check.tail(law, threshold, bound, side, center=1)
                assert found.verdict == ("certified" if bound >= 1 else verdict), side

    def test_the_threshold_itself_counts_unless_strict(self):
        law = Binomial(4, HALF)
        assert check.tail(law, 4, Fraction(1, 16)).verdict == "certified"
        assert check.tail(law, 4, Fraction(1, 17)).verdict == "refuted"
        assert check.tail(law, 4, 0, strict=True).verdict == "certified"
        assert check.tail(law, 0, Fraction(1, 17), "left").verdict == "refuted"
        assert check.tail(law, 0, 0, "left", strict=True).verdict == "certified"
        assert check.tail(law, 2, Fraction(1, 8), "both", center=2).verdict == "certified"
        assert check.tail(law, 2, Fraction(1, 9), "both", center=2).verdict == "refuted"
        assert check.tail(law, 2, 0, "both", center=2, strict=True).verdict == "certified"

    def test_a_box_of_parameters_and_of_thresholds(self):
        law = Binomial(10, arb(0.5, 0.01))
        assert check.tail(law, 9, 0.0128).verdict == "certified"
        assert check.tail(law, 9, 0.009).verdict == "refuted"
        assert check.tail(law, 9, 0.0107).verdict == "undecided"
        assert check.tail(Normal(), arb(2, 0.1), 0.03).verdict == "certified"

    def test_floats_are_rounded_as_the_caller_says(self):
        exact = Fraction(1, 3)
        law = Discrete([0, 1], [1 - exact, exact])
        below = float(exact)  # the nearest float lies below 1/3
        assert Fraction(below) < exact
        assert check.tail(law, 1, below).verdict == "refuted"
        assert check.tail(law, 1, below, rounding="up").verdict == "certified"
        assert check.tail(law, 1, math.nextafter(below, 0), rounding="up").verdict == "refuted"

    def test_equality_that_balls_cannot_see_is_undecided(self):
        found = check.tail(Normal(), 1, lambda: (1 / arb(2).sqrt()).erfc() / 2)
        assert found.verdict == "undecided"
        with pytest.raises(AssertionError, match="Neither could be shown"):
            found.assert_holds()

    def test_the_message_says_what_and_by_how_much(self):
        with pytest.raises(AssertionError) as error:
            check.tail(Binomial(100, 0.5), 60, 0.02).assert_holds()
        assert str(error.value).splitlines()[0] == "refuted: P(X >= 60) <= bound for X ~ Binomial(n=100, p=0.5)"
        assert "The bound is too small by 0.00844" in str(error.value)
        check.tail(Binomial(100, 0.5), 60, 0.03).assert_holds()

    def test_results_of_before_can_be_asserted_too(self):
        s = theorem1.Setting(0, 1, 1, HALF, HALF, 50, 20)
        from theory import check_tail_bound

        check_tail_bound(theorem1.bound, s, 1).assert_holds()
        with pytest.raises(AssertionError, match="^refuted"):
            check_tail_bound(lambda s, alpha: 0.0, s, 1).assert_holds()
        check.simulated(lambda rng, size: rng.random(size) < 0.1, 0.5, rng=np.random.default_rng(1)).assert_holds()

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: check.tail(3, 1, 1), "law=3: must be a law.Law"),
            (lambda: check.tail(Normal(), "1", 1), "threshold='1': must be a finite number"),
            (lambda: check.tail(Normal(), -1, 1, "both"), "threshold=-1: must be a finite number > 0"),
            (lambda: check.tail(Normal(), 1, -1), "bound=-1: must be a number >= 0"),
            (lambda: check.tail(Normal(), 1, lambda: "x"), "bound='x': must be a number >= 0"),
            (lambda: check.tail(Normal(), 1, arb.nan()), "bound=nan: must be a number >= 0"),
            (lambda: check.tail(Normal(), 1, 1, "up"), "side='up': must be one of"),
            (lambda: check.tail(Normal(), 1, 1, rounding="down"), "rounding='down': must be one of"),
            (lambda: check.tail(Normal(), 1, 1, strict=1), "strict=1: must be True or False"),
        ],
    )
    def test_what_is_refused(self, call, message):
        with pytest.raises(ValueError, match=f"^{message}"):
            call()


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


def wald(n, z=1.959963984540054):
    def interval(k):
        half = z * math.sqrt(k / n * (1 - k / n) / n)
        return k / n - half, k / n + half

    return interval


def clopper_pearson(n, alpha=0.05):
    def interval(k):
        low = stats.beta.ppf(alpha / 2, k, n - k + 1) if k else 0.0
        high = stats.beta.isf(alpha / 2, k + 1, n - k) if k < n else 1.0
        return float(low), float(high)

    return interval


def exact_coverage(intervals, masses, p):
    """Return the coverage at a rational ``p``, in fractions."""
    return sum(mass for (low, high), mass in zip(intervals, masses, strict=True) if low <= p <= high)


def binomial_masses(n, p):
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


class TestCoverage:
    @given(st.integers(1, 7), st.data())
    @configure(max_examples=25, deadline=None, derandomize=True)
    def test_the_minimum_is_that_of_exact_fractions_just_beside_every_end(self, n, data):
        """Any intervals, monotone or not: no grid point is below the minimum, and one beside an end reaches it."""
        ends = st.fractions(0, 1, max_denominator=12)
        intervals = [tuple(sorted((data.draw(ends), data.draw(ends)))) for _ in range(n + 1)]
        found = check.coverage(lambda k: intervals[k], Family(Binomial, n=n), 0.5)
        tiny = Fraction(1, 10**9)
        cuts = sorted({Fraction(0), Fraction(1), *(end for pair in intervals for end in pair)})
        near = [p + step for p in cuts for step in (-tiny, 0, tiny) if 0 <= p + step <= 1]
        grid = [a + (b - a) * Fraction(j, 24) for a, b in itertools.pairwise(cuts) for j in range(25)]
        values = {p: exact_coverage(intervals, binomial_masses(n, p), p) for p in [*near, *grid]}
        assert min(values.values()) >= Fraction(found.value.low)
        beside = {"at": 0, "just above": tiny, "just below": -tiny}[found.side]
        at = found.at + beside
        assert exact_coverage(intervals, binomial_masses(n, at), at) <= Fraction(found.value.high) + n * tiny
        assert found.value.high - found.value.low < 1e-10
        assert found.verdict == ("certified" if found.value.low >= 0.5 else "refuted")

    def test_known_minima(self):
        """Wald's interval has no coverage near 0; Clopper and Pearson's keeps its promise."""
        found = check.coverage(wald(30), Family(Binomial, n=30), 0.95)
        assert (found.verdict, found.value, found.at, found.side) == ("refuted", (0.0, 0.0), 0, "just above")
        with pytest.raises(AssertionError, match=r"in the limit from above to 0\.0; 0\.95 was promised"):
            found.assert_holds()
        kept = check.coverage(clopper_pearson(30), Family(Binomial, n=30), 0.95)
        kept.assert_holds()
        p = np.linspace(0.0005, 0.9995, 1000)
        inside = sum(
            stats.binom.pmf(k, 30, p) * ((low <= p) & (p <= high))
            for k, (low, high) in enumerate(map(clopper_pearson(30), range(31)))
        )
        assert kept.value.low <= inside.min() < kept.value.low + 0.003
        at = math.nextafter(float(kept.at), 2 if kept.side == "just above" else -1)
        assert check.coverage_at(clopper_pearson(30), Family(Binomial, n=30), at) == pytest.approx(
            kept.value.low, abs=1e-12
        )

    def test_open_ends_lose_what_only_they_hold(self):
        intervals = [(0, HALF), (HALF, 1)]
        family = Family(Binomial, n=1)
        assert check.coverage(lambda k: intervals[k], family, 0.4).value == (0.5, 0.5)
        for closed, value in (("left", 0.5), ("right", 0.5), ("neither", 0.0)):
            found = check.coverage(lambda k: intervals[k], family, 0.4, (0.25, 0.75), closed=closed)
            assert found.value == (value, value), closed
            if closed == "neither":
                assert (found.at, found.side, found.verdict) == (HALF, "at", "refuted")
        assert check.coverage(lambda k: (0, 1), family, 0.9, closed="neither").at in (0, 1)

    def test_one_sided_intervals(self):
        def upper(k, n=12):
            return -math.inf, float(stats.beta.isf(0.1, k + 1, n - k)) if k < n else 1.0

        found = check.coverage(upper, Family(Binomial, n=12), 0.9, rounding=1e-12)
        assert found.verdict == "certified"
        assert found.value.low == pytest.approx(0.9, abs=1e-9)
        exactly = check.coverage(upper, Family(Binomial, n=12), 0.9)
        assert abs(exactly.value.low - 0.9) < 1e-12
        assert check.coverage(lambda k: (-math.inf, math.inf), Family(Binomial, n=3), 0.99).value == (1.0, 1.0)
        assert check.coverage(lambda k: None, Family(Binomial, n=3), 0.01).value == (0.0, 0.0)

    def test_rounding_is_the_callers_choice(self):
        """The coverage beside the end is lost if the end was rounded inwards by one unit."""
        intervals = [(0, math.nextafter(0.5, 0)), (0.5, 1)]
        family = Family(Binomial, n=1)
        assert check.coverage(lambda k: intervals[k], family, 0.4).value.low == 0.0
        assert check.coverage(lambda k: intervals[k], family, 0.4, rounding="up").value.low == pytest.approx(0.5)
        assert check.coverage(lambda k: intervals[k], family, 0.4, rounding=1e-15).value.low > 0.49

    def test_rates_by_an_exact_interval(self):
        def garwood(k):
            low = stats.chi2.ppf(0.025, 2 * k) / 2 if k else 0.0
            return float(low), float(stats.chi2.isf(0.025, 2 * k + 2) / 2)

        found = check.coverage(garwood, Family(Poisson), 0.95, (0, 20))
        assert found.verdict == "certified"
        rates = np.linspace(0, 20, 4001)
        inside = sum(
            stats.poisson.pmf(k, rates) * ((garwood(k)[0] <= rates) & (rates <= garwood(k)[1])) for k in range(90)
        )
        assert found.value.low <= inside.min() < found.value.low + 0.003

    def test_other_families(self):
        found = check.coverage(
            lambda k: (max(0, k - 2) / 40, (k + 6) / 9), Family(NegativeBinomial, n=3), 0.05, (0.2, 0.9)
        )
        p = np.linspace(0.2, 0.9, 3001)
        inside = sum(stats.nbinom.pmf(k, 3, p) * ((max(0, k - 2) / 40 <= p) & (p <= (k + 6) / 9)) for k in range(300))
        assert found.value.low <= inside.min() < found.value.low + 0.003
        urn = check.coverage(lambda k: (2 * k - 3, 2 * k + 3), Family(Hypergeometric, population=20, draws=10), 0.5)
        by_hand = [
            sum(stats.hypergeom.pmf(k, 20, successes, 10) for k in range(11) if 2 * k - 3 <= successes <= 2 * k + 3)
            for successes in range(21)
        ]
        assert urn.value.low == pytest.approx(min(by_hand), abs=1e-12)
        assert by_hand[int(urn.at)] == pytest.approx(min(by_hand), abs=1e-12)

    def test_a_family_of_which_nothing_is_known_is_searched(self):
        """The same coverage by branch and bound on balls, with the parameter entered as a plain function."""
        quick = check.coverage(clopper_pearson(5, 0.3), Family(Binomial, n=5), 0.7, (0.125, 0.875))
        slow = check.coverage(clopper_pearson(5, 0.3), lambda p: Binomial(5, p), 0.7, (0.125, 0.875))
        assert slow.verdict == quick.verdict
        assert slow.value.low <= quick.value.high
        assert slow.value.high >= quick.value.low
        assert slow.value.high - slow.value.low < 1e-3

    def test_a_quantity_of_interest_other_than_the_parameter(self):
        through = Family(Binomial, through=lambda odds: odds / (1 + odds), n=8)

        def odds(k):
            low, high = clopper_pearson(8)(k)
            return low / (1 - low), high / (1 - high) if high < 1 else math.inf

        found = check.coverage(odds, through, 0.95, (Fraction(1, 100), 100))
        plain = check.coverage(clopper_pearson(8), Family(Binomial, n=8), 0.95, (Fraction(1, 101), Fraction(100, 101)))
        assert found.value.low == pytest.approx(plain.value.low, abs=1e-9)

    def test_intervals_that_depend_on_more_than_the_count(self):
        both = check.coverage(lambda k: [(HALF, 0, HALF), (HALF, HALF, 1)] if k else (0, 1), Family(Binomial, n=1), 0.3)
        assert both.value == (0.5, 0.5)
        assert both.at == 1

    def test_a_set_with_a_gap_is_least_inside(self):
        """``(1 - p)^6 + p^6`` is least at 1/2, where its derivative has no sign over any range around it."""
        found = check.coverage(lambda k: (0, 1) if k in (0, 6) else None, Family(Binomial, n=6), 0.03)
        assert found.verdict == "certified"
        assert found.value.low == pytest.approx(2 / 64, abs=1e-10)
        assert float(found.at) == pytest.approx(0.5, abs=1e-4)

    def test_the_size_of_a_test(self):
        found = check.size(lambda k: k >= 8, Family(Binomial, n=10), 0.06, (0, HALF))
        assert found.verdict == "certified"
        assert found.value.low <= 56 / 1024 <= found.value.high
        assert (found.at, found.counts) == (HALF, ((0, 7),))
        wrong = check.size(lambda k: k >= 8, Family(Binomial, n=10), 0.05, (0, HALF))
        assert wrong.verdict == "refuted"
        two_sided = check.size(lambda k: k in (0, 10), Family(Binomial, n=10), 0.01, (0.4, 0.6))
        assert two_sided.value.high == pytest.approx(0.4**10 + 0.6**10, rel=1e-9)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"interval": 3}, "interval=3: must be callable"),
            ({"interval": lambda k: (1, 0)}, r"interval=\(1, 0\): must return \(low, high\)"),
            ({"interval": lambda k: (math.inf, math.inf)}, "interval=.*must return"),
            ({"interval": lambda k: 3}, r"interval=3: must return \(low, high\)"),
            ({"interval": lambda k: (math.nan, 1)}, r"interval\(0\)=nan: its ends must be numbers or infinite"),
            ({"interval": lambda k: [(HALF, 0, 1)]}, "interval=.*must sum to 1"),
            ({"level": 1}, "level=1: must be a number with 0 < level < 1"),
            ({"family": 3}, "family=3: must be a theory.laws.Family"),
            ({"family": Family(Poisson)}, "domain=None: must be a pair"),
            ({"domain": (0, 2)}, r"domain=\(0, 2\): must lie in the range of p, from 0 to 1"),
            ({"domain": (0.6, 0.5)}, r"domain=\(0.6, 0.5\): must be a pair"),
            ({"closed": "open"}, "closed='open': must be one of"),
            ({"rounding": "down"}, "rounding='down': must be one of"),
            ({"rounding": -1}, "rounding=-1: must be 'exact', 'up' or a number >= 0"),
            ({"family": lambda p: Normal(p), "domain": (0, 1)}, "family=.*its laws must be laws of counts"),
        ],
    )
    def test_what_is_refused(self, options, message):
        arguments = {"interval": lambda k: (0, 1), "family": Family(Binomial, n=2), "level": 0.5, **options}
        with pytest.raises(ValueError, match=f"^{message}"):
            check.coverage(**arguments)

    @pytest.mark.parametrize(
        "family",
        [Family(Binomial, n=1), Family(Binomial, n=9), Family(Poisson), Family(NegativeBinomial, n=3)],
        ids=str,
    )
    def test_slopes_are_derivatives(self, family):
        step = Fraction(1, 10**8)
        at = Fraction(2, 5)
        for first, last in ((0, 0), (0, 2), (1, 1), (2, 5), (9, 9)):
            with ctx.workprec(200):
                below, above = (
                    1 - law.cdf_ball(first, 200, strict=True) - law.sf_ball(last, 200)
                    for law in (family(at - step), family(at + step))
                )
                quotient = float(((above - below) / (2 * arb(step.numerator) / step.denominator)).mid())
            assert float(family.slope(at, first, last).mid()) == pytest.approx(quotient, rel=1e-7, abs=1e-12)

    def test_families_are_validated(self):
        for make, message in (
            (lambda: Family(Normal), "law=.*must be Binomial, Poisson"),
            (lambda: Family(Binomial), r"fixed=\(\): must be n: p stays free"),
            (lambda: Family(Binomial, n=0), "n=0: must be a whole number"),
        ):
            with pytest.raises(ValueError, match=f"^{message}"):
                make()


def checks():
    return {
        "tail": check.tail(Mean(Binomial(1, arb(0.5, 0.125)), 20), Fraction(9, 10), 0.03),
        "refuted": check.tail(Binomial(100, 0.5), 60, 0.02),
        "both": check.tail(Mixture([HALF, HALF], [Normal(), Laplace(1)]), 4, 0.1, "both", center=arb(0.5, 0.125)),
        "everywhere": hoeffding(2, domain={"n": range(1, 4), "p": (0.125, 0.875), "t": (0.25, 0.75)}),
        "counterexample": hoeffding(8),
        "coverage": check.coverage(clopper_pearson(12), Family(Binomial, n=12), 0.95),
        "size": check.size(lambda k: k >= 8, Family(Binomial, n=10), 0.06, (0, HALF)),
    }


class TestCertificates:
    def test_every_check_is_repeated_elsewhere(self, tmp_path, capsys):
        for name, found in checks().items():
            file = tmp_path / f"{name}.json"
            found.certificate(file)
            assert check.recheck(file).holds, name
            assert main(["recheck", str(file)]) == 0
            assert "one check: the certificate holds" in capsys.readouterr().out

    def test_a_changed_verdict_is_not_repeated(self, tmp_path):
        from theory.verdicts.canonical import digest

        for name, found in checks().items():
            file = tmp_path / f"{name}.json"
            found.certificate(file)
            data = json.loads(file.read_text())
            data["verdict"] = "certified" if data["verdict"] == "refuted" else "refuted"
            file.write_text(json.dumps(data))
            with pytest.raises(ValueError, match="the hash does not match"):
                check.recheck(file)
            del data["sha256"]
            file.write_text(json.dumps({**data, "sha256": digest(data)}))
            assert not check.recheck(file).holds, name
            assert main(["recheck", str(file)]) == 1

    def test_a_missing_box_and_a_lowered_bound_are_seen(self, tmp_path):
        from theory.verdicts.canonical import digest

        file = tmp_path / "check.json"
        checks()["everywhere"].certificate(file)
        whole = json.loads(file.read_text())
        del whole["sha256"]
        fewer = {**whole, "leaves": whole["leaves"][1:]}
        lower = {**whole, "leaves": [{**leaf, "bound": "0"} for leaf in whole["leaves"]]}
        for data, word in ((fewer, "cover"), (lower, "not shown to hold")):
            file.write_text(json.dumps({**data, "sha256": digest(data)}))
            assert any(word in line for line in check.recheck(file).differences)

    def test_what_is_no_certificate_is_refused(self, tmp_path):
        file = tmp_path / "x.json"
        for text in ("{", "[]", '{"format": "tailbound check", "version": 2}'):
            file.write_text(text)
            with pytest.raises(ValueError, match="^FILE="):
                check.recheck(file)
        with pytest.raises(ValueError, match="^FILE=.*can be read"):
            check.recheck(tmp_path / "none.json")
        simulated = check.simulated(lambda rng, size: rng.random(size) < 0.1, 0.5, rng=np.random.default_rng(1))
        with pytest.raises(ValueError, match="keeps no evidence"):
            simulated.certificate(file)


class TestSettings:
    ARGUMENTS = (
        lambda n, p: Binomial(n, p),
        lambda n, p: 1 - (1 - p) ** (n - 1) * (1 - p * 0.9999),
        {"n": range(1, 41), "p": (Fraction(1, 100), Fraction(99, 100))},
        1,
    )

    def test_the_tight_spots_are_drawn(self):
        """A bound that is too small only where n = 40 and p is near its top is seen within a hundred draws."""
        family, _, domain, threshold = self.ARGUMENTS
        bound = lambda n, p: arb(1) if n < 40 else 1 - (p - 0.98).max(arb(0)) / 2  # noqa: E731

        def wrong(s):
            with ctx.workprec(100):
                law, value = family(**s), bound(s["n"], arb(float(s["p"])))
            return check.tail(law, threshold, value).verdict == "refuted"

        found = find(
            check.settings(family, bound, domain, threshold),
            wrong,
            settings=configure(max_examples=100, derandomize=True, database=None),
        )
        assert found["n"] == 40
        assert found["p"] > Fraction(0.98)

    @given(check.settings(*ARGUMENTS))
    @configure(max_examples=30, deadline=None, derandomize=True)
    def test_draws_lie_in_the_domain(self, s):
        assert list(s) == ["n", "p"]
        assert 1 <= s["n"] <= 40
        assert Fraction(1, 100) <= s["p"] <= Fraction(99, 100)


def test_a_threshold_of_zero_or_less_holds_every_distance():
    """The two tails overlap there: their sum, 1.68 here, is no probability."""
    found = check.tail(Normal(), arb(-1), Fraction(11, 10), "both")
    assert found.verdict == "certified"
    assert found.probability == (pytest.approx(1), 1)
    assert check.tail(Normal(), arb(-1), 0.99, "both").verdict == "refuted"
    everywhere = check.tail_everywhere(
        lambda t: Normal(), lambda t: arb(1.2) + t - t, {"t": (-1, Fraction(-1, 2))}, lambda t: t, "both"
    )
    assert everywhere.verdict == "certified"
    assert everywhere.ratio == pytest.approx(1 / 1.2)
    at_an_atom = check.tail_everywhere(Binomial, Fraction(101, 100), {"n": [1], "p": (0, 1)}, 0, "both")
    assert at_an_atom.verdict == "certified"
    assert at_an_atom.ratio == pytest.approx(1 / 1.01)


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


class TestForgedCertificates:
    """Whoever edits a file can hash it anew: then the content must give it away."""

    def forged(self, found, path, change):
        found.certificate(path)
        data = json.loads(path.read_text())
        del data["sha256"]
        change(data)
        path.write_text(json.dumps({**data, "sha256": digest(data)}))
        return path

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.update(intervals=data["intervals"] * 2),
            lambda data: data.update(intervals=[[k, "2", a, b] for k, _, a, b in data["intervals"]]),
            lambda data: data.update(intervals=[[k, "1/2", a, b] for k, _, a, b in data["intervals"]]),
            lambda data: data["intervals"].extend([[0, "1", "0", "1"], [0, "-1", "0", "1"]]),
            lambda data: data.update(level="-1"),
            lambda data: data.update(level="0"),
            lambda data: data.update(domain=["1", "0"]),
            lambda data: data.update(domain=["0", "2"]),
            lambda data: data.update(domain=["0"]),
            lambda data: data.update(closed="x"),
            lambda data: data.pop("made_with"),
            lambda data: data.update(made_with="x"),
        ],
    )
    def test_of_a_coverage(self, tmp_path, change):
        found = check.coverage(lambda k: (0, 1), Family(Binomial, n=2), HALF)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate of a check: "):
            check.recheck(self.forged(found, tmp_path / "check.json", change))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.update(side="up"),
            lambda data: data.update(center="x"),
            lambda data: data["leaves"][0].update(threshold="x"),
        ],
    )
    def test_of_a_tail_everywhere(self, tmp_path, change):
        found = check.tail_everywhere(Binomial, 1, {"n": [1, 2], "p": (0, HALF)}, 1)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate of a check: "):
            check.recheck(self.forged(found, tmp_path / "check.json", change))

    def test_of_no_setting_at_all(self, tmp_path):
        found = check.tail_everywhere(Binomial, 1, {"n": [1, 2], "p": (0, HALF)}, 1)
        path = self.forged(found, tmp_path / "check.json", lambda data: data.update(domain=[], leaves=[]))
        assert check.recheck(path).differences == ("the domain holds no setting",)

    def test_brackets_without_end(self, tmp_path):
        (tmp_path / "check.json").write_text("[" * 100_000)
        with pytest.raises(ValueError, match=r"^FILE=.*: must be a certificate"):
            check.recheck(tmp_path / "check.json")


def test_a_duration_is_no_number():
    with pytest.raises(ValueError, match=r"^threshold=.*: must be a finite number"):
        check.tail(Binomial(2, 0.5), np.timedelta64(2, "h"), 0.3)
