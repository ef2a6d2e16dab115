"""Intervals and tests: ``theory.check.coverage`` and ``size``."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy import stats

from theory import check
from theory.exact.balls import exact
from theory.laws import (
    Binomial,
    Family,
    Hypergeometric,
    NegativeBinomial,
    Normal,
    Poisson,
)

HALF = Fraction(1, 2)


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


def everywhere(k):
    return -math.inf, math.inf


class TestFamiliesOfTheCaller:
    """Laws whose parameter is no monotone function of that of the family: no few points tell which counts can occur."""

    @pytest.mark.parametrize(
        "family",
        [
            lambda x: Binomial(
                10, 4 * x * (1 - x) * (1 - 2 * x) * (1 - 2 * x)
            ),  # p is 0 at both ends and in the middle
            lambda x: Poisson(400 * x * (1 - x)),
            lambda x: Binomial(3, x**2),
        ],
    )
    def test_every_count_that_can_occur_is_asked_for(self, family):
        assert check.coverage(everywhere, family, HALF, domain=(0, 1)).verdict == "certified"
        assert check.size(lambda k: False, family, 0.05, domain=(0, 1)).verdict == "certified"
        found = check.coverage(lambda k: everywhere(k) if k < 1 else None, family, HALF, domain=(0, 1))
        assert found.verdict == "refuted"

    def test_a_family_whose_balls_are_far_too_wide(self):
        """The rates are from 1 to 2; over all of the domain balls of them go up to ``exp(20)``."""

        def family(x):
            x = arb(x) if not isinstance(x, Fraction) else exact(x)
            return Poisson((20 * x).exp() * (-20 * x).exp() + x)

        assert check.size(lambda k: k > 60, family, 0.05, domain=(0, 1)).verdict == "certified"

    def test_a_family_that_is_undefined_over_wide_balls(self):
        """``1 / m`` has no ball over the whole domain, and has one over its parts."""
        found = check.size(lambda k: False, lambda m: Poisson(1 / (m * m - m / 2)), 0.05, domain=(HALF + HALF / 8, 9))
        assert found.verdict == "certified"


@pytest.mark.parametrize("size", [True, False])
def test_what_hangs_on_counts_that_were_left_out_is_undecided(size):
    """The size is 0 and the coverage 1, but of counts beyond a chance of ``2^-100`` nothing was asked."""
    for exponent, verdict in ((20, "certified"), (50, "undecided")):
        level = Fraction(1, 10**exponent)
        if size:
            found = check.size(lambda k: False, Family(Poisson), level, domain=(0, 5))
        else:
            found = check.coverage(everywhere, Family(Poisson), 1 - level, domain=(0, 5))
        assert found.verdict == verdict
    assert found.value.low == 0 if size else found.value.high == 1


def test_a_family_through_a_function_without_a_value_at_0():
    times = Family(Poisson, through=lambda mean_time: 100 / mean_time)
    assert check.coverage(everywhere, times, HALF, domain=(10, 20)).verdict == "certified"
    with pytest.raises(ValueError, match="^n=0"):
        Family(Binomial, through=lambda x: 1 / x, n=0)
