"""The exact laws: against SciPy everywhere, against exact sums, at high precision, over boxes, and what they refuse."""

import math
import pickle
import random
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy import stats

from theory import theorem1
from theory.exact.balls import between, ends
from theory.laws import (
    Affine,
    Beta,
    Binomial,
    BinomialNormal,
    ChiSquare,
    Discrete,
    Exponential,
    Gamma,
    Hypergeometric,
    Laplace,
    Mean,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    PoissonBinomial,
    StudentT,
    Sum,
    Uniform,
)

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
DICE = Discrete(range(1, 7), [Fraction(1, 6)] * 6)
CONTINUOUS = [
    Normal(),
    Normal(-3.5, 0.25),
    StudentT(1),
    StudentT(2.5),
    StudentT(1000),
    ChiSquare(1),
    ChiSquare(7.5),
    Gamma(0.25, 3),
    Gamma(40, 0.5),
    Exponential(2.5),
    Laplace(1, 2),
    Beta(0.5, 0.5),
    Beta(3, 40),
    Uniform(-1, 2),
    Affine(Normal(1, 2), 3, -1),
    Sum(Normal(1, 2), 7),
    Mean(Gamma(2, 3), 4),
    Sum(Exponential(3), 5),
    Sum(ChiSquare(2), 3),
]
DISCRETE = [
    Binomial(1, 0.25),
    Binomial(40, 0.125),
    Binomial(300, 0.5),
    Binomial(5, 0),
    Binomial(5, 1),
    Poisson(0.125),
    Poisson(60),
    Poisson(0),
    Hypergeometric(60, 20, 15),
    Hypergeometric(20, 15, 12),
    NegativeBinomial(3, 0.25),
    NegativeBinomial(0.5, 0.125),
    NegativeBinomial(4, 1),
    PoissonBinomial([0.5, 0.25, 0.125, 0, 1]),
    DICE,
    Sum(Binomial(3, 0.25), 4),
    Sum(Poisson(2), 4),
    Sum(NegativeBinomial(2, 0.5), 3),
]


def name(law):
    return repr(law)[:50]


@pytest.mark.parametrize("law", CONTINUOUS, ids=name)
def test_densities_and_tails_are_scipys(law):
    frozen = law.scipy()
    shares = np.array([1e-12, 1e-5, 0.01, 0.3, 0.5, 0.8, 0.999])
    x = np.concatenate([frozen.ppf(shares), frozen.isf([1e-5, 1e-12])])
    np.testing.assert_allclose(law.cdf(x), frozen.cdf(x), rtol=1e-9)
    lost = 1e-16 if isinstance(law, Uniform) else 0  # SciPy's is 1 - cdf
    np.testing.assert_allclose(law.sf(x), frozen.sf(x), rtol=1e-9, atol=lost)
    np.testing.assert_allclose(law.pdf(x), frozen.pdf(x), rtol=1e-9)
    assert not law.discrete


@pytest.mark.parametrize("law", DISCRETE, ids=name)
def test_masses_and_tails_are_scipys(law):
    frozen = law.scipy()
    top = int(frozen.mean() + 8 * frozen.std()) + 3
    x = np.unique(np.linspace(-2, top, 60).astype(int))
    np.testing.assert_allclose(law.cdf(x), frozen.cdf(x), rtol=1e-9)
    np.testing.assert_allclose(law.sf(x), frozen.sf(x), rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(law.pmf(x), frozen.pmf(x), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(law.sf(x, strict=False), frozen.sf(x - 1), rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(law.cdf(x, strict=True), frozen.cdf(x - 1), rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(law.sf(x + 0.5), law.sf(x))
    assert law.discrete


@pytest.mark.parametrize("law", [*CONTINUOUS, *DISCRETE], ids=name)
def test_the_two_tails_sum_to_one_at_any_precision(law):
    for x, strict in product((-1, 0, Fraction(7, 10), 3, 50), (True, False)):
        for bits in (40, 300):
            with ctx.workprec(400):
                total = law.cdf_ball(x, bits, strict=strict) + law.sf_ball(x, bits, strict=not strict)
                assert total.contains(arb(1))
                assert total.rad() < arb(2) ** (2 - bits)
    assert law.sf(math.inf) == law.cdf(-math.inf) == 0
    assert law.sf(-math.inf) == law.cdf(math.inf) == 1


@pytest.mark.parametrize(
    ("law", "x", "value"),
    [
        (Normal(), 40, lambda: mpmath.erfc(40 / mpmath.sqrt(2)) / 2),
        (
            StudentT(3),
            10**30,
            lambda: mpmath.betainc(1.5, 0.5, 0, 3 / (3 + mpmath.mpf(10) ** 60), regularized=True) / 2,
        ),
        (Gamma(HALF, 1), 900, lambda: mpmath.gammainc(0.5, 900, regularized=True)),
        (ChiSquare(9), 4000, lambda: mpmath.gammainc(4.5, 2000, regularized=True)),
        (Exponential(3), 500, lambda: mpmath.exp(-1500)),
        (Laplace(0, 2), 5000, lambda: mpmath.exp(-2500) / 2),
        (Beta(4, 90), Fraction(9999, 10000), lambda: mpmath.betainc(90, 4, 0, mpmath.mpf(1) / 10000, regularized=True)),
        (Poisson(3), 400, lambda: mpmath.gammainc(401, 0, 3, regularized=True)),
        (NegativeBinomial(2.5, 0.5), 3000, lambda: mpmath.betainc(3001, 2.5, 0, 0.5, regularized=True)),
    ],
    ids=lambda value: name(value) if not callable(value) else "",
)
def test_far_tails_to_sixty_digits(law, x, value):
    found = law.sf_ball(x, bits=200)
    with mpmath.workdps(90), ctx.workprec(300):
        assert abs(found / arb(mpmath.nstr(value(), 80)) - 1) < arb(10) ** -59
    assert found.rel_accuracy_bits() >= 200


@given(st.integers(1, 60), st.fractions(0, 1, max_denominator=1000), st.integers(-1, 61))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_a_binomial_is_the_sum_of_its_masses(n, p, k):
    masses = [math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(n + 1)]
    law = Binomial(n, p)
    for found, value in (
        (law.sf_ball(k), sum(masses[max(k + 1, 0) :])),
        (law.cdf_ball(k), sum(masses[: max(k + 1, 0)])),
        (law.pmf_ball(k), masses[k] if 0 <= k <= n else 0),
    ):
        with ctx.workprec(400):
            assert found.contains(arb(fmpq(*Fraction(value).as_integer_ratio())))
        assert value in (0, 1) or found.rel_accuracy_bits() >= 128


@given(st.integers(1, 40), st.data())
@configure(max_examples=60, deadline=None, derandomize=True)
def test_a_hypergeometric_is_the_sum_of_its_masses(population, data):
    successes, draws = (data.draw(st.integers(0, population)) for _ in range(2))
    k = data.draw(st.integers(-1, population + 1))
    whole = math.comb(population, draws)
    masses = [
        Fraction(math.comb(successes, j) * math.comb(population - successes, draws - j), whole)
        for j in range(min(draws, successes) + 1)
    ]
    law = Hypergeometric(population, successes, draws)
    with ctx.workprec(400):
        for found, value in (
            (law.sf_ball(k), sum(masses[max(k + 1, 0) :])),
            (law.cdf_ball(k), sum(masses[: max(k + 1, 0)])),
        ):
            assert found.contains(arb(fmpq(*Fraction(value).as_integer_ratio())))


def test_large_counts_keep_their_tails():
    """SciPy's own tails of large counts are good to about 1e-10, those of the exact sums to every digit."""
    for law, x in ((Binomial(10**5, 0.5), 51_500), (Poisson(10**4), 10_900), (Hypergeometric(10**5, 500, 10**4), 90)):
        assert law.sf(x) == pytest.approx(law.scipy().sf(x), rel=1e-9)
        assert law.cdf(2 * law.scipy().mean() - x) == pytest.approx(
            law.scipy().cdf(2 * law.scipy().mean() - x), rel=1e-9
        )
    for found in (Binomial(10**4, HALF).sf_ball(9999), Binomial(10**4, HALF).cdf_ball(0)):
        assert found.contains(arb(2) ** -10_000)
        assert found.rel_accuracy_bits() >= 128


def test_poisson_binomial_of_equal_chances_is_binomial():
    for n, k in ((10, 7), (300, 250), (301, 3)):
        one, other = PoissonBinomial([0.375] * n), Binomial(n, 0.375)
        for bits in (64, 200):
            assert one.sf_ball(k, bits).overlaps(other.sf_ball(k, bits))
            assert one.sf_ball(k, bits).rel_accuracy_bits() >= bits
        assert (one.sf(k), one.cdf(k), one.pmf(k)) == (other.sf(k), other.cdf(k), other.pmf(k))


def test_poisson_binomial_by_the_recursion_over_its_trials():
    rng = random.Random(20)
    p = [Fraction(rng.randrange(1, 50), 50) for _ in range(25)]
    masses = [Fraction(1)]
    for one in p:
        masses = [(1 - one) * a + one * b for a, b in zip([*masses, 0], [0, *masses], strict=True)]
    law = PoissonBinomial(p)
    for k in range(26):
        assert law.sf(k) == float(sum(masses[k + 1 :]))
        assert law.pmf(k) == float(masses[k])


def test_sums_and_means_are_convolutions():
    copies = 7
    masses = {Fraction(0): Fraction(1)}
    law = Discrete([Fraction(-1, 2), 0, Fraction(7, 4)], [HALF, THIRD, Fraction(1, 6)])
    for _ in range(copies):
        step = {}
        for (a, p), (b, q) in product(masses.items(), zip(law.values, law.probabilities, strict=True)):
            step[a + b] = step.get(a + b, 0) + p * q
        masses = step
    total, mean, mirrored = Sum(law, copies), Mean(law, copies), Sum(Affine(law, -2, 1), copies)
    for x in sorted(masses):
        above = sum(p for value, p in masses.items() if value > x)
        assert total.sf(x) == mean.sf(x / copies) == mirrored.cdf(copies - 2 * x, strict=True) == float(above)
        assert total.pmf(x) == mirrored.pmf(copies - 2 * x) == float(masses[x])
    assert Sum(Hypergeometric(9, 4, 3), 2).sf(5) == float(Fraction(4, 84) ** 2)
    assert Sum(Sum(DICE, 2), 3).sf(35) == Sum(DICE, 6).sf(35) == float(Fraction(1, 6**6))
    assert Sum(PoissonBinomial([HALF, THIRD]), 2).sf(3) == float(Fraction(1, 36))
    assert Sum(Mean(DICE, 2), 2).sf(Fraction(11, 2)) == Mean(DICE, 4).sf(Fraction(11, 4))


def test_a_sum_of_normals_has_an_irrational_deviation():
    assert Sum(Normal(1, 2), 2).sf_ball(10, bits=300).rel_accuracy_bits() >= 300
    assert Sum(Sum(Normal(1, 2), 2), 3).sf(20) == Sum(Normal(1, 2), 6).sf(20)


def test_mixtures_and_affine_maps():
    mixed = Mixture([THIRD, 1 - THIRD], [Normal(0, 1), Normal(4, 2)])
    assert mixed.sf(3) == pytest.approx(stats.norm.sf(3) / 3 + 2 * stats.norm(4, 2).sf(3) / 3, rel=1e-14)
    assert mixed.pdf(3) == pytest.approx(stats.norm.pdf(3) / 3 + 2 * stats.norm(4, 2).pdf(3) / 3, rel=1e-14)
    counts = Mixture([HALF, HALF], [Binomial(3, HALF), Poisson(2)])
    assert counts.pmf(3) == pytest.approx((1 / 8 + stats.poisson(2).pmf(3)) / 2, rel=1e-14)
    flipped = Affine(Binomial(4, 0.25), -1, 4)
    for k in range(5):
        assert flipped.cdf(k) == Binomial(4, 0.75).cdf(k)
        assert flipped.sf(k) == Binomial(4, 0.75).sf(k)
        assert flipped.cdf(k, strict=True) == Binomial(4, 0.75).cdf(k, strict=True)
    with pytest.raises(ValueError, match="has masses, not a density"):
        flipped.pdf(1)
    assert Affine(Normal(), 2).pmf(1) == 0


def test_the_boundary_of_theorem_1_is_a_law():
    s = theorem1.Setting(0, 1, 1, HALF, HALF, 50, 20)
    law = theorem1.law(s)
    assert isinstance(law, BinomialNormal)
    center, alpha = law.expectation, Fraction(1, 5)
    both = law.sf(center + alpha) + law.cdf(center - alpha)
    assert both == pytest.approx(theorem1.failure_probability(s, alpha), rel=1e-12)
    step = Fraction(1, 10**4)
    slope = (law.cdf(alpha + step) - law.cdf(alpha - step)) / float(2 * step)
    assert law.pdf(alpha) == pytest.approx(slope, rel=1e-4)
    assert BinomialNormal(3, Fraction(0), THIRD, HALF, Fraction(4), HALF).pdf(1) == Normal(THIRD, 2).pdf(1)


BOXES = [
    (Normal, [(-1, 1), (HALF, 2)]),
    (StudentT, [(HALF, 9)]),
    (Gamma, [(HALF, 4), (1, 2)]),
    (ChiSquare, [(1, 5)]),
    (Exponential, [(HALF, 3)]),
    (Laplace, [(-1, 1), (HALF, 2)]),
    (Beta, [(HALF, 3), (1, 4)]),
    (Uniform, [(-2, 0), (1, 2)]),
    (lambda p: Binomial(9, p), [(0, 0.75)]),
    (lambda n, p: NegativeBinomial(n, p), [(HALF, 3), (0.25, 0.75)]),
    (Poisson, [(0, 4)]),
    (lambda p, q: PoissonBinomial([p, q, HALF]), [(0, HALF), (THIRD, 1)]),
    (lambda p: Mean(Binomial(2, p), 3), [(0.125, 0.5)]),
    (lambda p, m: Mixture([HALF, HALF], [Affine(Binomial(3, p), 2), Poisson(m)]), [(0, 1), (1, 2)]),
    (lambda a, b: Affine(Normal(), a, b), [(1, 2), (-1, 1)]),
]


@pytest.mark.parametrize(("law", "box"), BOXES, ids=range(len(BOXES)))
def test_a_box_holds_every_law_in_it_and_little_more(law, box):
    """Thresholds too may be balls; at the corners of the box the enclosure is reached."""
    whole = law(*(between(*side) for side in box))
    for low, high in ((-0.4, -0.1), (0.375, 0.375), (0.7, 1.9), (4.1, 4.1)):
        enclosed = [whole.cdf_ball(between(low, high)), whole.sf_ball(between(low, high))]
        inside = [[], []]
        for shares in product((0, THIRD, 1), repeat=len(box)):
            one = law(*(Fraction(a) + (Fraction(b) - Fraction(a)) * s for (a, b), s in zip(box, shares, strict=True)))
            for x in (low, (Fraction(low) + Fraction(high)) / 2, high):
                for values, ball, value in zip(inside, enclosed, (one.cdf_ball(x), one.sf_ball(x)), strict=True):
                    assert ball.contains(value.mid()) or ball.overlaps(value)
                    values.append(float(value.mid()))
        if not isinstance(whole, Mixture):
            for values, ball in zip(inside, enclosed, strict=True):
                least, most = (float(end) for end in ends(ball))
                assert least == pytest.approx(min(values), abs=1e-8)
                assert most == pytest.approx(max(values), abs=1e-8)


def test_densities_over_boxes_hold_what_is_inside():
    for law, box in BOXES[:8]:
        whole = law(*(between(*side) for side in box))
        middle = law(*((Fraction(a) + Fraction(b)) / 2 for a, b in box))
        assert whole.pdf_ball(between(0.25, 0.75)).contains(middle.pdf_ball(HALF).mid())
    assert Binomial(9, between(0.25, 0.5)).pmf_ball(4).contains(Binomial(9, THIRD).pmf_ball(4).mid())


def test_a_ball_that_reaches_outside_is_cut_down():
    """Rounding may widen the ball of a parameter a little; what lies outside the range is no parameter."""
    assert between(0, THIRD).lower() < 0
    assert Binomial(3, between(0, THIRD)).p.low == 0
    assert Binomial(3, arb(0, 0.25)).p.low == 0
    assert Binomial(3, arb(1, 0.25)).p.high == 1
    assert Poisson(arb(0)) == Poisson(0)


def test_floats_are_the_exact_value_rounded_once():
    assert Normal().sf(0) == 0.5
    assert Binomial(3, THIRD).sf(2) == 1 / 27
    assert Normal().sf(39) == 0.0 < Normal().sf(38)
    assert Normal().cdf(-38) == Normal().sf(38)
    assert Beta(HALF, 1).pdf(0) == math.inf


def test_laws_are_values():
    law = PoissonBinomial([0.5, 0.25])
    law.sf(1)
    for one in (law, *CONTINUOUS, *DISCRETE):
        again = pickle.loads(pickle.dumps(one))
        assert again == one
        assert hash(again) == hash(one)
        assert again.sf(1) == one.sf(1)
    assert Discrete([2, 1, 2], [HALF, Fraction(1, 4), Fraction(1, 4)]) == Discrete([1, 2], [0.25, 0.75])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0, 0), "sd=0: must be a finite number > 0"),
        (lambda: Normal(math.nan), "mean=nan: must be a finite real number"),
        (lambda: Normal(0, arb(1, 2)), "sd=.*: must be a finite number > 0"),
        (lambda: StudentT("3"), "df='3': must be"),
        (lambda: Gamma(True), "shape=True: must be"),
        (lambda: Uniform(1, 1), "high=1: must be greater than low=1"),
        (lambda: Binomial(0, 0.5), "n=0: must be a whole number of at least 1"),
        (lambda: Binomial(3, 1.5), "p=1.5: must be a number with 0 <= p <= 1"),
        (lambda: Binomial(3, arb(2, 0.5)), "p=.*: must be a number with 0 <= p <= 1"),
        (lambda: NegativeBinomial(3, 0), "p=0: must be a number with 0 < p <= 1"),
        (lambda: Poisson(-1), "rate=-1: must be a finite number >= 0"),
        (lambda: Hypergeometric(5, 6, 1), "successes=6: must be a whole number of at least 0 and at most 5"),
        (lambda: PoissonBinomial([]), r"p=\[\]: must hold at least one number"),
        (lambda: PoissonBinomial(0.5), "p=0.5: must hold at least one number"),
        (lambda: Discrete([1, 2], [0.1, 0.9]), "probabilities=.*: must sum to exactly 1"),
        (lambda: Discrete([1, 2], [1]), "probabilities=.*: must be 2 numbers"),
        (lambda: Discrete([1, 2], [2, -1]), "probabilities=.*: must hold numbers >= 0"),
        (lambda: Affine(Normal(), 0), "scale=0: must be a finite number other than 0"),
        (lambda: Affine(1, 2), "law=1: must be a law.Law"),
        (lambda: Mixture([1], [Normal(), Normal()]), "weights=.*one for each law"),
        (lambda: Mixture([HALF, HALF], [Normal(), Poisson(1)]), "laws=.*must all have densities or all have masses"),
        (lambda: Sum(StudentT(3), 2), "law=StudentT.*: must have a sum in closed form"),
        (lambda: Sum(DICE, 0), "n=0: must be a whole number"),
        (lambda: Sum(DICE, 10**6).sf(1), "n=1000000: would need 5,000,001 points"),
        (lambda: Normal().sf("1"), "x='1': must be a finite real number"),
        (lambda: Normal().sf_ball(1, bits=0), "bits=0: must be a whole number"),
        (lambda: Binomial(3, arb(0.5, 0.1)).sf(1), "law=.*a box of parameters has no single value"),
        (lambda: Mixture([1], [Normal()]).scipy(), "law=.*SciPy has no such law"),
        (lambda: Binomial(3, arb(0.5, 0.1)).scipy(), "law=.*SciPy's laws need numbers"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


@pytest.mark.parametrize(
    ("law", "at"),
    [
        (Binomial(10_000, THIRD), (3000, 3333, 3334, 3400, 9000)),
        (Binomial(10_000, Fraction(1, 1000)), (1, 9, 10, 11, 30)),
        (Poisson(10_000), (9000, 9999, 10_000, 10_001, 12_000)),
    ],
)
def test_tails_that_are_not_summed_are_special_functions(monkeypatch, law, at):
    summed = [(law.sf(k), law.cdf(k)) for k in at]
    monkeypatch.setattr("theory.exact.counts._MOST_TERMS", 1)
    assert [(law.sf(k), law.cdf(k)) for k in at] == summed


def test_tails_of_large_counts_take_no_sum():
    """Sums of 10^8 terms, minutes each: the two tails of a symmetric law, and a law that has no special function."""
    n = 10**15
    fair = Binomial(n, HALF)
    assert fair.sf(n // 2) == pytest.approx((1 - fair.pmf(n // 2)) / 2, rel=1e-15)
    for size in (n, 10**25):
        assert Binomial(size, HALF).pmf(size // 2) == pytest.approx(math.sqrt(2 / (math.pi * size)), rel=1e-12)
    assert Binomial(n, HALF).sf(n // 2 + 10**8) == pytest.approx(stats.norm.sf(2 * 10**8 / math.sqrt(n)), rel=1e-6)
    assert Poisson(n).cdf(n) == pytest.approx(0.5 + 2 / (3 * math.sqrt(2 * math.pi * n)), rel=1e-12)
    with pytest.raises(ValueError, match=r"^law=Hypergeometric.*would need more than 4,194,304 terms"):
        Hypergeometric(n, n // 10, n // 10).sf(n // 100)


@given(
    st.fractions(min_value=Fraction(1, 10**20), max_value=10**9, max_denominator=10**20),
    st.fractions(min_value=0, max_value=10**9, max_denominator=10**20),
    st.sampled_from([20, 53, 64, 256]),
)
def test_a_ball_between_two_numbers_of_one_sign_has_that_sign(low, width, bits):
    with ctx.workprec(bits):
        for a, b in ((low, low + width), (-low - width, -low), (-low, low + width)):
            ball = between(a, b)
            least, most = ends(ball)
            assert least <= a
            assert b <= most
            assert (ball > 0) == (a > 0)
            assert (ball < 0) == (b < 0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ((0, HALF, 0, 1, 1, 0), "n=0"),
        ((10, Fraction(3, 2), 0, 1, 1, 0), "q="),
        ((10, "x", 0, 1, 1, 0), "q="),
        ((10, HALF, math.inf, 1, 1, 0), "mean="),
        ((10, HALF, 0, 1, 0, 1), "var="),
        ((10, HALF, 0, 1, 1, Fraction(-1, 10)), "var_step="),
        ((10, arb(0.5, 0.1), 0, 1, 1, 0), "q="),
    ],
)
def test_binomial_normal_refuses(parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        BinomialNormal(*parameters)


def test_binomial_normal_takes_floats():
    assert BinomialNormal(10, 0.5, 0.0, 1.0, 1.0, 0.0) == BinomialNormal(10, HALF, 0, 1, 1, 0)
    assert BinomialNormal(10, 0.5, 0.0, 1.0, 1.0, 0.0).sf(5) == 0.5


@pytest.mark.parametrize("scale", [1e-200, 1e-170, 1e140, 1e170])
def test_binomial_normal_has_fractions_beyond_the_range_of_floats(scale):
    """Variances are squares of what a setting has."""
    s = theorem1.Setting(0, scale, scale, 0.5, 0.8, 1000, 100)
    unit = theorem1.Setting(0, 1, 1, 0.5, 0.8, 1000, 100)
    assert theorem1.failure_probability(s, scale / 10) == pytest.approx(
        theorem1.failure_probability(unit, 0.1), rel=1e-9
    )
