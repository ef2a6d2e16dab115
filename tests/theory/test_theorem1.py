"""Theorem 1: exact values, the exact law against simulation, the bound against the exact law, bad input."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import binomtest

from theory import theorem1
from theory.theorem1 import Setting

FALSE_ALARM = 1e-9  # of every statistical assertion here; there are fewer than 50
EXAMPLE = Setting(mu1=0, mu2=1, sigma=1, beta=0.5, p=0.5, n_pos=50, n_neg=20)


def rng(*key):
    return np.random.default_rng(np.random.SeedSequence(entropy=2107, spawn_key=key))


@st.composite
def settings(draw, most=300):
    mu1 = draw(st.floats(-10, 10))
    mu2 = mu1 + draw(st.floats(1e-3, 20))
    assume(mu2 > mu1)
    return Setting(
        mu1,
        mu2,
        sigma=draw(st.floats(1e-3, 100)),
        beta=draw(st.floats(0.001, 0.999)),
        p=draw(st.floats(0, 1)),
        n_pos=draw(st.integers(1, most)),
        n_neg=draw(st.integers(1, most)),
    )


def test_shift_of_exact_settings_is_exact():
    s = Setting(Fraction(-1, 3), Fraction(2, 3), 1, Fraction(1, 4), Fraction(1, 3), 10, 10)
    assert theorem1.shift(s) == Fraction(1, 4)
    assert theorem1.printed_shift(s) == Fraction(5, 8)


@given(settings())
@configure(max_examples=100, deadline=None, derandomize=True)
def test_printed_shift_is_too_large_by_the_same_term(s):
    excess = theorem1.printed_shift(s) - theorem1.shift(s)
    assert excess == pytest.approx((1 - s.beta) * (s.mu2 - s.mu1) / 2, rel=1e-9)


@pytest.mark.parametrize(("p", "expected"), [(1, 0), (0, Fraction(1, 4)), (Fraction(1, 2), Fraction(1, 8))])
def test_shift_grows_from_nothing_with_the_share_of_similar_samples(p, expected):
    assert theorem1.shift(Setting(0, 1, 1, Fraction(1, 2), p, 5, 5)) == expected


def test_bound_is_the_printed_formula():
    s = Setting(0, 2, 0.5, 0.25, 0.5, 30, 20)
    first = 2 * np.exp(-(0.3**2) / 0.5**2 * 30 * 20 / 50)
    second = 2 * np.exp(-4 * 30 * 0.3**2 / (0.75**2 * 2**2))
    assert theorem1.bound(s, 0.3) == pytest.approx(first + second, rel=1e-14)


@given(settings(), st.floats(1e-4, 50))
@configure(max_examples=300, deadline=None, derandomize=True)
def test_bound_is_never_below_the_exact_probability(s, alpha):
    assert theorem1.failure_probability(s, alpha) <= theorem1.bound(s, alpha) * (1 + 1e-11) + 1e-300


@given(settings(most=10**7), st.floats(0.1, 30))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_bound_is_never_below_the_exact_probability_where_it_is_tight(s, standard_deviations):
    law = theorem1.law(s)
    spread = np.sqrt(float(law.var + law.mean_step**2 * law.n / 4))
    alpha = float(standard_deviations * spread)
    assert theorem1.failure_probability(s, alpha) <= theorem1.bound(s, alpha) * (1 + 1e-11) + 1e-300


@pytest.mark.parametrize("p", [0, 1])
def test_without_a_mixture_the_law_is_gaussian(p):
    s = Setting(0, 1, 2, 0.3, p, 30, 10)
    share = 1 if p == 1 else 0.3**2 + 0.7**2
    deviation = 2 / 2 * np.sqrt(share / 30 + 1 / 10)
    assert theorem1.failure_probability(s, 0.4) == pytest.approx(2 * ndtr(-0.4 / deviation), rel=1e-13)


def test_failure_probability_by_hand():
    """One positive and one negative sample: an even mixture of two Gaussians, a quarter of the gap apart."""
    s = Setting(0, 1, 1, 0.5, 0.5, 1, 1)
    pure, similar = np.sqrt(2) / 2, np.sqrt(1.5) / 2
    expected = sum(ndtr((-0.5 - m) / d) + ndtr((m - 0.5) / d) for m, d in ((-0.125, pure), (0.125, similar))) / 2
    assert theorem1.failure_probability(s, 0.5) == pytest.approx(expected, rel=1e-13)


def test_failure_probability_at_the_printed_shift_tends_to_one():
    few, many = (Setting(0, 1, 1, 0.5, 0.5, n, n) for n in (10, 10**6))
    at = [theorem1.failure_probability(s, 0.1, shift=theorem1.printed_shift(s)) for s in (few, many)]
    assert at[0] < at[1]
    assert at[1] == pytest.approx(1, abs=1e-15)
    assert theorem1.failure_probability(many, 0.1) < 1e-300


def test_settings_and_alphas_broadcast():
    pair = [EXAMPLE, Setting(0, 1, 1, 0.5, 1, 50, 20)]
    for function in (theorem1.bound, theorem1.failure_probability):
        table = function(pair, [[0.1], [0.2], [0.3]])
        assert table.shape == (3, 2)
        assert table[2, 1] == function(pair[1], 0.3)
        assert isinstance(function(EXAMPLE, 0.3), float)


@pytest.mark.parametrize("method", ["samples", "statistics"])
@pytest.mark.parametrize(
    "s",
    [
        EXAMPLE,
        Setting(-3, 2, 0.1, 0.2, 0.9, 7, 1),
        Setting(0, 1, 5, 0.9, 0, 3, 200),
        Setting(0, 10, 0.01, 0.5, 0.25, 4, 4),
    ],
)
def test_simulation_follows_the_exact_law(s, method):
    """Shares below six thresholds, an exact binomial test each."""
    replicates, law = 20_000, theorem1.law(s)
    f = theorem1.simulate(s, replicates, rng(s.n_pos, len(method)), method) - float(s.mu1 + s.mu2) / 2
    spread = float(law.var + law.mean_step**2 * law.n / 4) ** 0.5
    for z in (-1.5, -0.5, 0, 0.3, 1, 2):
        threshold = Fraction(float(law.mean_step * law.n * law.q) + z * spread)
        below = int(np.sum(f < float(threshold)))
        assert binomtest(below, replicates, law.lower_tail(threshold)).pvalue > FALSE_ALARM


def test_simulation_is_reproducible_and_needs_no_more_than_a_generator():
    for method in ("samples", "statistics"):
        first, second = (theorem1.simulate(EXAMPLE, 5, rng(1), method) for _ in range(2))
        assert first.shape == (5,)
        assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("mu1", np.nan, "finite"),
        ("mu1", "0", "finite"),
        ("mu2", 0, "> mu1"),
        ("mu2", -1, "> mu1"),
        ("mu2", np.inf, "finite"),
        ("sigma", 0, "> 0"),
        ("sigma", -1, "> 0"),
        ("sigma", np.nan, "> 0"),
        ("beta", 0, "0 < beta < 1"),
        ("beta", 1, "0 < beta < 1"),
        ("p", -0.1, "0 <= p <= 1"),
        ("p", 1.1, "0 <= p <= 1"),
        ("p", True, "0 <= p <= 1"),
        ("n_pos", 0, "whole number of at least 1"),
        ("n_pos", 2.0, "whole number of at least 1"),
        ("n_neg", -3, "whole number of at least 1"),
        ("n_neg", 1.5, "whole number of at least 1"),
        ("n_neg", True, "whole number of at least 1"),
        ("n_pos", 10**12 + 1, "at most 1,000,000,000,000"),
        ("mu1", 10**400, "finite"),
        ("sigma", Fraction(1, 10**400), "> 0"),
        ("beta", 1j, "0 < beta < 1"),
    ],
)
def test_invalid_settings_name_the_argument(name, value, allowed):
    arguments = {"mu1": 0, "mu2": 1, "sigma": 1, "beta": 0.5, "p": 0.5, "n_pos": 5, "n_neg": 5} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}=.*{allowed}") as error:
        Setting(**arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("alpha", [0, -1, np.nan, np.inf, "1", None])
def test_invalid_alpha(alpha):
    for function in (theorem1.bound, theorem1.failure_probability):
        with pytest.raises(ValueError, match="^alpha="):
            function(EXAMPLE, alpha)


def test_other_invalid_arguments():
    with pytest.raises(ValueError, match="^s="):
        theorem1.bound([1], 0.1)
    with pytest.raises(ValueError, match="^alpha=.*broadcast"):
        theorem1.bound([EXAMPLE, EXAMPLE], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="^shift=nan"):
        theorem1.failure_probability(EXAMPLE, 0.1, shift=np.nan)
    with pytest.raises(ValueError, match="^replicates=0"):
        theorem1.simulate(EXAMPLE, 0, rng())
    for function in (theorem1.shift, theorem1.printed_shift, theorem1.law):
        with pytest.raises(ValueError, match="^s=None: must be a theorem1.Setting"):
            function(None)
    with pytest.raises(ValueError, match="^s=None"):
        theorem1.bound(None, 0.1)
    with pytest.raises(ValueError, match="^method='samples'.*use 'statistics'"):
        theorem1.simulate(Setting(0, 1, 1, 0.5, 0.5, 10**9, 1), 1, rng(), method="samples")
    with pytest.raises(ValueError, match="^rng=7"):
        theorem1.simulate(EXAMPLE, 1, 7)
    with pytest.raises(ValueError, match=r"^method='exact': must be one of samples, statistics"):
        theorem1.simulate(EXAMPLE, 1, rng(), method="exact")


def test_settings_are_frozen_and_comparable():
    with pytest.raises(AttributeError):
        EXAMPLE.beta = 0.1
    assert Setting(0, 1, 1, 0.5, 0.5, 50, 20) == EXAMPLE
    assert hash(EXAMPLE) == hash(Setting(0, 1, 1, 0.5, 0.5, np.int64(50), 20))
