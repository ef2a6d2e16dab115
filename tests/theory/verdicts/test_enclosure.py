"""Enclosures: against the sum over every count, with windows of any size, and at the extremes."""

from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from theory import theorem1
from theory.exact import enclosure as tails
from theory.exact.binomial_normal import BinomialNormal
from theory.theorem1 import Setting
from theory.verdicts import enclosure


def every_count(law, low, high):
    """The definition, term by term, with powers and binomial coefficients."""
    total = arb(0)
    for k in range(law.n + 1):
        mass = arb.bin_uiui(law.n, k) * enclosure.exact(law.q) ** k * enclosure.exact(1 - law.q) ** (law.n - k)
        deviation = enclosure.exact(law.var + k * law.var_step).sqrt()
        mean = law.mean + k * law.mean_step
        gaps = [high - mean] if low is None else [high - mean, mean - low]
        total += mass * sum((enclosure.exact(gap) / deviation / arb(2).sqrt()).erfc() / 2 for gap in gaps)
    assert relative_radius(total) < 1e-30
    return total


def relative_radius(ball):
    return float(ball.rad() / ball.mid())


@st.composite
def laws(draw, most):
    n = draw(st.integers(1, most))
    var = Fraction(draw(st.floats(1e-2, 10)))
    return BinomialNormal(
        n=n,
        q=draw(st.one_of(st.sampled_from([Fraction(0), Fraction(1)]), st.fractions(0, 1), st.floats(0, 1))),
        mean=Fraction(draw(st.floats(-1, 1))),
        mean_step=Fraction(draw(st.floats(-1, 1))),
        var=var,
        var_step=draw(st.sampled_from([Fraction(0), -var / (2 * n), var])),
    )


@st.composite
def cases(draw, most=60):
    law = draw(laws(most))
    law = BinomialNormal(law.n, Fraction(law.q), law.mean, law.mean_step, law.var, law.var_step)
    low, gap = draw(st.floats(-10, 10)), draw(st.floats(0, 10))
    return law, draw(st.sampled_from([None, Fraction(low)])), Fraction(low) + Fraction(gap)


@given(cases(), st.sampled_from([64, 200]))
@configure(max_examples=150, deadline=None, derandomize=True)
def test_contains_the_sum_over_every_count(case, bits):
    law, low, high = case
    with ctx.workprec(600):
        exact = every_count(law, low, high)
    with ctx.workprec(bits):
        ball = enclosure.outside_probability(law, low, high)
        assert ball.overlaps(exact)
        exponent = abs(exact.log())  # its size is lost from the digits of the value
        assert relative_radius(ball) < 2.0 ** (20 - bits) * (1 + exponent)


@given(cases(), st.integers(0, 60), st.integers(0, 60))
@configure(max_examples=150, deadline=None, derandomize=True)
def test_counts_left_out_of_the_window_are_taken_in(case, first, last):
    """Whatever counts are summed, the ball holds the whole sum: the rest is bounded, not dropped."""
    law, low, high = case
    window = min(first, last, law.n), min(max(first, last), law.n)
    if law.q in (0, 1):
        window = (int(law.n * law.q),) * 2
    with ctx.workprec(600):
        exact = every_count(law, low, high)
    with pytest.MonkeyPatch.context() as patch, ctx.workprec(64):
        patch.setattr(tails, "_window", lambda *_: window)
        assert enclosure.outside_probability(law, low, high).overlaps(exact)


def test_the_rest_matters():
    """With a window of one count of many, the ball without its rest would miss the value."""
    law = BinomialNormal(40, Fraction(1, 2), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
    with pytest.MonkeyPatch.context() as patch, ctx.workprec(64):
        patch.setattr(tails, "_window", lambda *_: (20, 20))
        assert relative_radius(enclosure.outside_probability(law, None, Fraction(0))) > 0.1
        patch.setattr(tails, "_up_to", lambda *_: arb(0))
        assert enclosure.outside_probability(law, None, Fraction(0)) < 0.2  # the value is 1/2


@pytest.mark.parametrize("n_pos", [10**4, 10**5, 10**6])
@pytest.mark.parametrize("p", [Fraction(1, 2), 0.999, 1e-6])
@pytest.mark.parametrize("alpha", [Fraction(1, 1000), Fraction(1, 5), 1])
def test_agrees_with_the_float_law_at_scale(n_pos, p, alpha):
    s = Setting(0, 1, 1, 0.25, p, n_pos, 50)
    with ctx.workprec(64):
        ball = enclosure.failure_probability(s, alpha)
        assert relative_radius(ball) < 1e-12
        assert abs(arb(theorem1.failure_probability(s, alpha)) / ball - 1) < 1e-11


def test_many_samples_and_a_probability_far_below_the_floats():
    s = Setting(0, 1, Fraction(1, 10), Fraction(1, 2), Fraction(1, 3), 3000, 3000)
    with ctx.workprec(64):
        ball = enclosure.failure_probability(s, Fraction(1, 2))
        assert ball < arb("1e-5000")
        assert relative_radius(ball) < 1e-9
    with ctx.workprec(3000):
        center = theorem1.law(s).mean_step * 3000 * theorem1.law(s).q
        whole = every_count(theorem1.law(s), center - Fraction(1, 2), center + Fraction(1, 2))
    assert ball.overlaps(whole)


def test_a_floor_saves_terms_and_stays_right(monkeypatch):
    s = Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 20_000, 2_000)
    summed = []
    window = tails._window
    monkeypatch.setattr(tails, "_window", lambda *a: summed.append(window(*a)) or summed[-1])
    with ctx.workprec(64):
        narrow, wide = (enclosure.failure_probability(s, Fraction(3, 10), floor=f) for f in (None, arb("1e-3")))
        assert narrow.overlaps(wide)
        assert wide < arb("1e-20")
    terms = [last - first for first, last in summed]
    assert terms[1] < terms[0] * 0.7


@pytest.mark.parametrize("p", [0, 1])
def test_without_a_mixture_one_count_is_summed(p):
    s = Setting(0, 1, 2, Fraction(3, 10), p, 10**9, 10)
    share = 1 if p == 1 else Fraction(58, 100)
    variance = share / Fraction(10**9) + Fraction(1, 10)
    with ctx.workprec(64):
        expected = (enclosure.exact(Fraction(4, 10)) / (2 * enclosure.exact(variance)).sqrt()).erfc()
        assert enclosure.failure_probability(s, Fraction(4, 10)).overlaps(expected)


def test_bound_holds_the_printed_formula():
    s = Setting(0, 2, Fraction(1, 2), Fraction(1, 4), Fraction(1, 2), 30, 20)
    with ctx.workprec(64):
        ball = enclosure.bound(s, Fraction(3, 10))
        above = arb(theorem1.bound(s, 0.3)) / ball - 1  # rounded up
        assert above > 0
        assert above < 1e-12


def test_precision_rises_until_decided_and_is_put_back():
    seen, before = [], ctx.prec

    def claim():
        seen.append(ctx.prec)
        return arb(2).sqrt() ** 2 - 2 + arb("1e-100")

    assert enclosure.decide(claim) is True
    assert enclosure.decide(lambda: arb(1).exp() - arb(1).exp()) is None
    assert enclosure.decide(lambda: arb(-1)) is False
    assert seen == [64, 256, 1024]
    with pytest.raises(ZeroDivisionError):
        enclosure.refine(lambda: 1 / 0)
    assert ctx.prec == before


@pytest.mark.parametrize("value", [0.1, 5e-324, 1.7e308, Fraction(1, 3), 7])
def test_floats_are_the_binary_fractions_that_they_are(value):
    with ctx.workprec(2200):
        assert (enclosure.exact(value) * Fraction(value).denominator).overlaps(arb(Fraction(value).numerator))
