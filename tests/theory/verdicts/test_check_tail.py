"""Bounds on a tail at a setting: ``theory.check.tail``."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from theory import check, theorem1
from theory.laws import (
    Binomial,
    Discrete,
    Hypergeometric,
    Laplace,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    PoissonBinomial,
    Sum,
)

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


def test_a_duration_is_no_number():
    with pytest.raises(ValueError, match=r"^threshold=.*: must be a finite number"):
        check.tail(Binomial(2, 0.5), np.timedelta64(2, "h"), 0.3)
