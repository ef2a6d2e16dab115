"""The binomial mass and the exact tails against arithmetic of many digits."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from theory.exact.binomial import log_pmf
from theory.exact.binomial_normal import BinomialNormal
from theory.verdicts.enclosure import upper_tail

PRECISION = 1e-12


@pytest.mark.parametrize("n", [1, 2, 3, 15, 16, 17, 1000, 10**6, 10**7])
@pytest.mark.parametrize("q", [Fraction(3, 10), Fraction(0.01), Fraction(10**6 - 1, 10**6), Fraction(1, 10**9)])
def test_log_pmf_to_twelve_digits(n, q):
    deviation = int(np.sqrt(float(n * q * (1 - q)))) + 1
    ks = {k for j in (-30, -10, -3, -1, 0, 1, 3, 10, 30) if 0 <= (k := int(n * q) + j * deviation) <= n}
    ks |= {0, 1, n - 1, n}
    with mpmath.workdps(60):
        p = mpmath.mpf(q.numerator) / q.denominator
        for k in ks:
            exact = mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)
            if exact > 1e-300:
                ratio = mpmath.exp(mpmath.mpf(float(log_pmf(np.array([k]), n, q)[0]))) / exact
                assert abs(ratio - 1) < PRECISION


@pytest.mark.parametrize("q", [0, 1])
def test_log_pmf_of_a_sure_count(q):
    assert np.exp(log_pmf(np.arange(4), 3, Fraction(q))).tolist() == [float(k == 3 * q) for k in range(4)]


@st.composite
def laws_and_thresholds(draw):
    n = draw(st.integers(1, 1500))
    law = BinomialNormal(
        n=n,
        q=Fraction(draw(st.floats(1e-6, 1 - 1e-6))),
        mean=Fraction(draw(st.floats(-1, 1))),
        mean_step=Fraction(draw(st.floats(-1, 1))) / n,
        var=Fraction(draw(st.floats(1e-8, 10))),
        var_step=Fraction(0),
    )
    spread = Fraction(float(law.var + law.mean_step**2 * n * law.q * (1 - law.q)) ** 0.5)
    threshold = law.mean + n * law.q * law.mean_step + Fraction(draw(st.floats(-3, 35))) * spread
    return BinomialNormal(n, law.q, law.mean, law.mean_step, law.var, -law.var / (2 * n)), threshold


@given(laws_and_thresholds())
@configure(max_examples=60, deadline=None, derandomize=True)
def test_tails_to_twelve_digits(case):
    law, threshold = case
    with ctx.workprec(200):
        exact = upper_tail(law, threshold)
        if exact > arb("1e-300"):
            assert abs(arb(law.upper_tail(threshold)) / exact - 1) < PRECISION


@pytest.mark.parametrize("n", [1, 20, 100, 4096, 4097])
@pytest.mark.parametrize("digits", [1, 6, 12, 30])
@pytest.mark.parametrize("q", [Fraction(1, 2), Fraction(1, 1000), Fraction(2, 3)])
def test_noise_far_narrower_than_the_lattice(n, digits, q):
    """A threshold beside a lattice point: large terms cancel, and no digit is lost."""
    sigma = Fraction(1, 10**digits)
    law = BinomialNormal(n, q, Fraction(0), Fraction(1, 4 * n), sigma**2 / n, -(sigma**2) / (2 * n * n))
    threshold = min(round(n * q) + 1, n) * law.mean_step + sigma / 40
    with ctx.workprec(256):
        assert abs(arb(law.upper_tail(threshold)) / upper_tail(law, threshold) - 1) < PRECISION


@pytest.mark.parametrize("n", [10**5, 10**6, 10**7])
@pytest.mark.parametrize("z", [0, 3, 12, 34.5])
def test_window_of_large_counts_misses_nothing(n, z):
    """Against Arb's enclosure, a tail of 1e-296 included."""
    law = BinomialNormal(
        n, Fraction(1, 2), Fraction(0), Fraction(1, 4 * n), Fraction(1, 2 * n), Fraction(-1, 8 * n * n)
    )
    threshold = Fraction(1, 8) + Fraction(z) * Fraction((0.5 / n + 1 / (64 * n)) ** 0.5)
    with ctx.workprec(128):
        assert abs(arb(law.upper_tail(threshold)) / upper_tail(law, threshold) - 1) < PRECISION
    assert law.upper_tail(threshold) + law.lower_tail(threshold) == pytest.approx(1, abs=1e-12)
