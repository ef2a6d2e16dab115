"""Similar samples in both classes: the exact law against brute force, Theorem 1 as a special case, bounds, samplers."""

import dataclasses
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.stats import binomtest

from theory import sharp, theorem1, two_sided
from theory.proofs import two_sided as proofs
from theory.two_sided import Setting

FALSE_ALARM = 1e-9  # of every statistical assertion here; there are 4
ROUNDING = 1e-11
BOUNDS = (two_sided.sub_gaussian_bound, two_sided.chernoff_bound, two_sided.sharp_bound)
EXAMPLE = Setting(0, 1, 1, 0.5, 0.25, 0.5, 0.75, n_pos=60, n_neg=25)
shares = st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100)
chances = st.one_of(shares, st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 10**9), 1 - Fraction(1, 10**9)]))


def deviation(s):
    law = two_sided.law(s)
    counts = (law.first, law.second)
    return Fraction(math.sqrt(law.var + sum(c.n * c.q * (c.var_step + (1 - c.q) * c.step**2) for c in counts)))


@st.composite
def cases(draw, most=8):
    s = Setting(
        draw(st.integers(-3, 0)),
        draw(st.fractions(Fraction(1, 9), 9, max_denominator=9)),
        draw(st.sampled_from([Fraction(1, 10**6), Fraction(1, 10), Fraction(1), Fraction(30)])),
        draw(shares),
        draw(shares),
        draw(chances),
        draw(chances),
        draw(st.integers(1, most)),
        draw(st.integers(1, most)),
    )
    return s, deviation(s) * Fraction(draw(st.integers(1, 70)), 10)


def brute_force(s, alpha, shift=None):
    """Return the failure probability as the double sum over all counts, in 50 digits, from the text's definitions."""

    def exact(x):
        return mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator

    with mpmath.workdps(50):
        mu1, mu2, sigma, alpha = (exact(v) for v in (s.mu1, s.mu2, s.sigma, alpha))
        similar = []
        for beta, p, n in ((s.beta_pos, s.p_pos, s.n_pos), (s.beta_neg, s.p_neg, s.n_neg)):
            q = 1 - Fraction(p)
            mass = [math.comb(n, k) * exact(q**k * (1 - q) ** (n - k)) for k in range(n + 1)]
            similar.append((exact(beta), mass, n))
        (beta_pos, mass_pos, n_pos), (beta_neg, mass_neg, n_neg) = similar
        center = exact(two_sided.shift(s) if shift is None else shift) + (mu1 + mu2) / 2
        total = mpmath.mpf(0)
        for i, one in enumerate(mass_pos):
            mean_pos = ((n_pos - i) * mu1 + i * (beta_pos * mu1 + (1 - beta_pos) * mu2)) / n_pos
            var_pos = sigma**2 * ((n_pos - i) + i * (beta_pos**2 + (1 - beta_pos) ** 2)) / n_pos**2
            for j, other in enumerate(mass_neg):
                mean_neg = ((n_neg - j) * mu2 + j * (beta_neg * mu2 + (1 - beta_neg) * mu1)) / n_neg
                var_neg = sigma**2 * ((n_neg - j) + j * (beta_neg**2 + (1 - beta_neg) ** 2)) / n_neg**2
                away, root = (mean_pos + mean_neg) / 2 - center, mpmath.sqrt((var_pos + var_neg) / 2)
                total += one * other * (mpmath.erfc((alpha - away) / root) + mpmath.erfc((alpha + away) / root)) / 2
        return float(total)


@given(cases())
@configure(max_examples=50, deadline=None, derandomize=True)
def test_exact_law_is_the_double_sum(case):
    s, alpha = case
    assert two_sided.failure_probability(s, alpha) == pytest.approx(brute_force(s, alpha), rel=1e-11, abs=1e-290)


@pytest.mark.parametrize("digits", [9, 30, 280])
def test_noise_that_is_narrow_beside_the_lattice_keeps_its_digits(digits):
    sigma = Fraction(1, 10**digits)
    s = Setting(0, 1, sigma, Fraction(1, 2), Fraction(1, 4), Fraction(1, 3), Fraction(2, 3), n_pos=9, n_neg=7)
    law = two_sided.law(s)
    atom = 8 * law.first.step + law.second.step  # 8 similar positives and 1 similar negative
    alphas = [atom - law.expectation + sigma * Fraction(i, 10) for i in (-3, 0, 5)]
    mass = [
        [math.comb(c.n, k) * c.q**k * (1 - c.q) ** (c.n - k) for k in range(c.n + 1)] for c in (law.first, law.second)
    ]
    for alpha in alphas:
        total = 0.0
        for i, one in enumerate(mass[0]):
            for j, other in enumerate(mass[1]):
                away = i * law.first.step + j * law.second.step - law.expectation
                root = math.sqrt(2 * (law.var + i * law.first.var_step + j * law.second.var_step) / sigma**2)
                for gap in (alpha - away, alpha + away):
                    total += float(one * other) * math.erfc(float(max(-100, min(100, gap / sigma))) / root) / 2
        assert two_sided.failure_probability(s, alpha) == pytest.approx(total, rel=1e-12)


def test_exact_law_at_another_shift():
    expected = brute_force(EXAMPLE, Fraction(1, 4), Fraction(1, 3))
    assert two_sided.failure_probability(EXAMPLE, 0.25, shift=Fraction(1, 3)) == pytest.approx(expected, rel=1e-12)


def test_windows_leave_nothing_out_that_counts():
    s = Setting(0, 1, 0.02, 0.3, 0.4, 0.5, 0.7, n_pos=900, n_neg=700)
    law = two_sided.law(s)
    every = [np.arange(c.n + 1) for c in (law.first, law.second)]
    for size in (1, 5, 12):
        threshold = law.expectation + size * deviation(s)
        assert law.upper_tail(threshold) == pytest.approx(law._sum(every, threshold), rel=1e-12)


@given(cases(most=200), st.sampled_from(["p_pos", "p_neg"]))
@configure(max_examples=50, deadline=None, derandomize=True)
def test_one_pure_class_is_theorem_1(case, pure):
    s, alpha = case
    s = Setting(**{**vars(s), pure: 1})
    beta, p, n, other = (
        (s.beta_pos, s.p_pos, s.n_pos, s.n_neg) if pure == "p_neg" else (s.beta_neg, s.p_neg, s.n_neg, s.n_pos)
    )
    same = theorem1.Setting(s.mu1, s.mu2, s.sigma, beta, p, n, other)
    sign = 1 if pure == "p_neg" else -1
    assert two_sided.shift(s) == sign * theorem1.shift(same)
    exact = theorem1.failure_probability(same, alpha)
    assert two_sided.failure_probability(s, alpha) == pytest.approx(exact, rel=1e-11, abs=1e-290)
    if 0 < p < 1:
        assert two_sided.bound(s, alpha) == pytest.approx(theorem1.bound(same, alpha), rel=1e-12)
    for here, there in zip(BOUNDS, (sharp.sub_gaussian_bound, sharp.chernoff_bound, sharp.sharp_bound), strict=True):
        assert here(s, alpha) == pytest.approx(there(same, alpha), rel=1e-8, abs=1e-290)


@given(cases(most=60))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_exact_sharp_chernoff_and_the_printed_form_are_in_order(case):
    s, alpha = case
    sub_gaussian, chernoff, best = (bound(s, alpha) for bound in BOUNDS)
    assert two_sided.failure_probability(s, alpha) * (1 - ROUNDING) <= best
    assert best <= min(sub_gaussian, chernoff) * (1 + ROUNDING)
    assert max(sub_gaussian, chernoff) <= min(two_sided.bound(s, alpha), 1.0)


def test_shifts_cancel_exactly_when_the_expected_shares_are_equal():
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    assert two_sided.shift(Setting(0, 1, 1, half, 3 * quarter, 3 * quarter, half, 5, 50)) == 0
    assert two_sided.shift(Setting(0, 1, 1, half, half, half, half, 5, 50)) == 0
    assert two_sided.shift(Setting(0, 2, 1, half, half, half, 3 * quarter, 5, 50)) == Fraction(1, 8)
    assert two_sided.shift(Setting(0, 2, 1, half, half, 3 * quarter, half, 5, 50)) == -Fraction(1, 8)


def test_exchanging_the_classes_mirrors_the_law():
    s = Setting(0, 1, 0.3, 0.2, 0.7, 0.4, 0.9, 30, 12)
    swapped = Setting(0, 1, 0.3, 0.7, 0.2, 0.9, 0.4, 12, 30)
    assert two_sided.shift(swapped) == pytest.approx(-two_sided.shift(s))
    for one, other in ((two_sided.law(s).upper_tail, two_sided.law(swapped).lower_tail),):
        assert one(Fraction(1, 5)) == pytest.approx(other(-Fraction(1, 5)), rel=1e-12)


@pytest.mark.parametrize("method", ["samples", "statistics"])
def test_samplers_follow_the_exact_law(method):
    alpha, replicates = 0.2, 20_000
    rng = np.random.default_rng(np.random.SeedSequence(entropy=41, spawn_key=(len(method),)))
    f = two_sided.simulate(EXAMPLE, replicates, rng, method)
    away = f - 0.5 - two_sided.shift(EXAMPLE)
    law = two_sided.law(EXAMPLE)
    for failures, exact in (
        (np.sum(np.abs(away) > alpha), two_sided.failure_probability(EXAMPLE, alpha)),
        (np.sum(away > 0.05), law.upper_tail(law.expectation + Fraction(0.05))),
    ):
        assert binomtest(int(failures), replicates, exact).pvalue > FALSE_ALARM


def test_chunks_of_the_sampler_cover_all_replicates(monkeypatch):
    monkeypatch.setattr(two_sided, "_CHUNK", 100)
    f = two_sided.simulate(Setting(0, 1, 1e-9, 0.5, 0.5, 1, 1, 40, 30), 7, np.random.default_rng(0), "samples")
    assert f == pytest.approx(np.full(7, 0.5), abs=1e-7)


def test_bounds_and_law_broadcast():
    values = two_sided.failure_probability([EXAMPLE, EXAMPLE], np.array([[0.1], [0.2]]))
    assert values.shape == (2, 2)
    assert isinstance(two_sided.bound(EXAMPLE, 0.1), float)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mu2", 0),
        ("sigma", 0),
        ("beta_pos", 1),
        ("beta_neg", 0),
        ("p_pos", -0.1),
        ("p_neg", 1.1),
        ("p_neg", math.nan),
        ("n_pos", 0),
        ("n_neg", 2.5),
    ],
)
def test_bad_settings_are_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}=.*: must be"):
        Setting(**{**vars(EXAMPLE), name: value})


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="^alpha=0"):
        two_sided.sharp_bound(EXAMPLE, 0)
    with pytest.raises(ValueError, match="^shift=nan"):
        two_sided.failure_probability(EXAMPLE, 0.1, shift=math.nan)
    with pytest.raises(ValueError, match="^s=.*two_sided.Setting"):
        two_sided.bound(theorem1.Setting(0, 1, 1, 0.5, 0.5, 5, 5), 0.1)
    with pytest.raises(ValueError, match="^replicates=0"):
        two_sided.simulate(EXAMPLE, 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="^rng=1"):
        two_sided.simulate(EXAMPLE, 1, 1)
    many = dataclasses.replace(EXAMPLE, n_neg=10**9)
    with pytest.raises(ValueError, match="^method='samples'.*use 'statistics'"):
        two_sided.simulate(many, 1, np.random.default_rng(0), "samples")
    assert two_sided.simulate(many, 1, np.random.default_rng(0)).shape == (1,)
    with pytest.raises(ValueError, match="^method='x'"):
        two_sided.simulate(EXAMPLE, 1, np.random.default_rng(0), "x")


@pytest.mark.parametrize("proof", ["shift_holds", "bound_holds", "cancellation", "reduces_to_theorem1"])
def test_every_step_of_the_proofs_shows_what_it_states(proof):
    failed = [step.statement for step in getattr(proofs, proof)() if not step.run()]
    assert failed == []
