"""The sharper bounds: never below the exact law, in the proved order, and close to it; their proofs, able to fail."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from theory import sharp, theorem1
from theory.proofs import sharp as proofs
from theory.theorem1 import Setting

ROUNDING = 1e-11  # of the bounds and of the exact law, relative
BOUNDS = (sharp.sub_gaussian_bound, sharp.chernoff_bound, sharp.sharp_bound)
EXAMPLE = Setting(0, 1, 1, beta=0.5, p=0.5, n_pos=5000, n_neg=50)
near_limits = st.one_of(
    st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100),
    st.integers(3, 30).map(lambda digits: Fraction(1, 10**digits)),
    st.integers(3, 30).map(lambda digits: 1 - Fraction(1, 10**digits)),
)


def deviation(s):
    law = theorem1.law(s)
    return Fraction(math.sqrt(law.var + law.n * law.q * (law.var_step + (1 - law.q) * law.mean_step**2)))


@st.composite
def cases(draw):
    """Settings to the edges of the domain, with alpha at a multiple of the deviation, or on a lattice point."""
    s = Setting(
        0,
        draw(st.fractions(Fraction(1, 9), 9, max_denominator=9)),
        Fraction(draw(st.integers(1, 30)), 10) * Fraction(10) ** draw(st.sampled_from([0, 0, 0, -3, -9, -30, 3, 30])),
        draw(near_limits),
        draw(st.one_of(near_limits, st.sampled_from([Fraction(0), Fraction(1)]))),
        draw(st.sampled_from([1, 2, 3, 5, 23, 24, 25, 60, 400])),
        draw(st.sampled_from([1, 2, 30, 10**6])),
    )
    law = theorem1.law(s)
    lattice = abs(law.mean_step * (draw(st.integers(0, law.n)) - law.n * law.q))
    if draw(st.booleans()) and lattice:
        return s, lattice
    return s, deviation(s) * Fraction(draw(st.integers(1, 90)), 10)


@given(cases())
@configure(max_examples=150, deadline=None, derandomize=True)
def test_exact_sharp_chernoff_and_printed_are_in_order(case):
    s, alpha = case
    exact, printed = theorem1.failure_probability(s, alpha), theorem1.bound(s, alpha)
    sub_gaussian, chernoff, best = (bound(s, alpha) for bound in BOUNDS)
    assert exact * (1 - ROUNDING) <= best
    assert best <= min(sub_gaussian, chernoff) * (1 + ROUNDING)
    assert max(sub_gaussian, chernoff) <= min(printed, 1.0)


def test_random_settings_keep_the_order_and_are_nearly_exact():
    ratios = sharp.ratio_quantiles(count=150, seed=7, quantiles=[0, 0.5, 1])
    assert all(q[0] >= 1 - ROUNDING for q in ratios.values())
    assert ratios["sharp"][1] < 1.1
    assert ratios["sharp"][2] < 2.5
    assert ratios["chernoff"][1] > 5
    assert ratios["printed"][1] > 500


def test_ratio_quantiles_are_deterministic():
    one, two = (sharp.ratio_quantiles(count=5, seed=3) for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("p", [0, 1])
@pytest.mark.parametrize("alpha", [1e-3, 0.3, 3])
def test_without_a_random_count_the_bounds_are_the_gaussian_tail(p, alpha):
    s = Setting(0, 1, 1, 0.25, p, 30, 7)
    share = 1 if p else 0.25**2 + 0.75**2
    exact = math.erfc(alpha / math.sqrt(2 * (share / 30 + 1 / 7) / 4))
    assert sharp.sharp_bound(s, alpha) == pytest.approx(exact, rel=1e-12)
    assert sharp.sub_gaussian_bound(s, alpha) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("n_pos", [1, 2, 11, 23])
@pytest.mark.parametrize("sigma", [1e-6, 0.1, 10])
def test_few_samples_give_the_exact_value(n_pos, sigma):
    s = Setting(0, 1, sigma, 0.3, 0.7, n_pos, 9)
    for size in (0.7, 2.1, 4.3):
        alpha = size * float(deviation(s))
        exact = theorem1.failure_probability(s, alpha)
        assert sharp.sharp_bound(s, alpha) == pytest.approx(exact, rel=1e-10, abs=1e-280)


def test_chernoff_bound_is_the_minimum_of_the_moment_generating_function():
    import mpmath

    s, alpha = Setting(0, 1, 0.5, 0.25, 0.75, 40, 15), 0.2
    law = theorem1.law(s)
    step, var_step, var, q = (float(v) for v in (law.mean_step, law.var_step, law.var, law.q))
    total = 0.0
    for sign in (1, -1):

        def log_mgf(t, sign=sign):
            y = sign * t * step + t**2 * var_step / 2
            mixture = mpmath.log(1 - q + q * mpmath.exp(y))
            return t**2 * var / 2 + law.n * mixture - sign * t * law.n * q * step - t * alpha

        total += mpmath.exp(log_mgf(mpmath.findroot(lambda t, f=log_mgf: mpmath.diff(f, t), 10)))
    assert sharp.chernoff_bound(s, alpha) == pytest.approx(float(total), rel=1e-9)


def test_moment_generating_function_is_that_of_the_exact_law():
    s = Setting(0, 1, 0.5, 0.25, 0.75, 12, 5)
    law = theorem1.law(s)
    count = sharp.Count(law.n, law.q, law.mean_step, law.var_step)
    tail = sharp.Tail.of(law.var, [count], Fraction(1, 5))
    k = np.arange(law.n + 1)
    mass = np.array([math.comb(12, i) * 0.25**i * 0.75 ** (12 - i) for i in k])
    mean = float(law.mean_step) * (k - 12 * 0.25) * 5
    var = (float(law.var) + float(law.var_step) * k) * 25
    for t in (0.1, 1.0, 7.0):
        weights = mass * np.exp(t * mean + t**2 * var / 2)
        exponent, tilted_mean, tilted_var, _ = tail.tilted(np.array(t))
        assert exponent == pytest.approx(np.log(weights.sum()) - t, rel=1e-12)
        weights /= weights.sum()
        given_k = mean + t * var
        assert tilted_mean == pytest.approx(weights @ given_k, rel=1e-12)
        assert tilted_var == pytest.approx(weights @ (var + (given_k - tilted_mean) ** 2), rel=1e-11)


@pytest.mark.parametrize("q", [1e-30, 1e-9, 0.01, 0.3, 0.5 - 1e-9, 0.5, 0.7, 1 - 1e-9])
def test_bernoulli_proxy_is_the_supremum_that_defines_it(q):
    import mpmath

    with mpmath.workdps(120):
        exact = mpmath.mpf(q)

        def needed(t):
            t = mpmath.mpf(t)
            return 2 * (mpmath.log(1 - exact + exact * mpmath.exp(t)) - exact * t) / t**2

        best = float(2 * mpmath.log((1 - exact) / exact)) or 1e-3  # where the supremum is attained
        grid = [best, *np.linspace(-90, 90, 62), -1e-6, 1e-6]
        for side, sign in (("both", 0), ("upper", 1), ("lower", -1)):
            values = [float(needed(t)) for t in grid if t * sign >= 0]
            assert sharp.bernoulli_proxy(q, side) == pytest.approx(max(values), rel=1e-6)
            assert sharp.bernoulli_proxy(q, side) >= max(values) * (1 - 1e-12)


def test_bounds_broadcast_as_the_printed_one():
    settings = [EXAMPLE, Setting(0, 1, 0.5, 0.1, 0.2, 20, 20)]
    alphas = np.array([[0.1], [0.2], [0.4]])
    for bound in BOUNDS:
        values = bound(settings, alphas)
        assert values.shape == (3, 2)
        assert values[2, 1] == bound(settings[1], 0.4)
        assert isinstance(bound(EXAMPLE, 0.3), float)


@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds_fall_in_alpha_and_reach_their_limits(bound):
    values = bound(EXAMPLE, np.array([1e-60, 1e-3, 0.1, 0.2, 0.5, 5.0, 1e60]))
    assert np.all(np.diff(values) <= 0)
    assert values[0] == 1
    assert 0 < values[-1] < 1e-300  # rounded up, for the probability is not 0


@given(cases())
@configure(max_examples=60, deadline=None, derandomize=True)
def test_sub_gaussian_and_chernoff_fall_in_the_number_of_positives(case):
    s, alpha = case
    more = Setting(s.mu1, s.mu2, s.sigma, s.beta, s.p, s.n_pos + 1, s.n_neg)
    for bound in (sharp.sub_gaussian_bound, sharp.chernoff_bound):
        assert bound(more, alpha) <= bound(s, alpha) * (1 + 1e-9)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("alpha", [0, -1, math.nan, math.inf, "1", None, [0.1, -0.1]])
def test_bad_alpha_is_refused(bound, alpha):
    with pytest.raises(ValueError, match=r"^alpha=.*: must be a finite number > 0$"):
        bound(EXAMPLE, alpha)


@pytest.mark.parametrize("s", [None, 1, "s", [EXAMPLE, 1]])
def test_bad_settings_are_refused(s):
    with pytest.raises(ValueError, match=r"^s=.*: must be a theorem1.Setting, or a sequence of them$"):
        sharp.sharp_bound(s, 0.1)


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"^alpha=\(3,\): its shape must broadcast"):
        sharp.sharp_bound([EXAMPLE, EXAMPLE], [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"count": 0}, "count"),
        ({"count": 1.5}, "count"),
        ({"seed": -1}, "seed"),
        ({"quantiles": [2]}, "quantiles"),
        ({"quantiles": 0.5}, "quantiles"),
    ],
)
def test_bad_arguments_of_ratio_quantiles_are_refused(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}="):
        sharp.ratio_quantiles(**arguments)


@pytest.mark.parametrize(
    ("arguments", "name"), [((1.5,), "q"), ((-0.1,), "q"), ((0.5, "left"), "side"), ((math.nan,), "q")]
)
def test_bad_arguments_of_the_proxy_are_refused(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}="):
        sharp.bernoulli_proxy(*arguments)


def test_every_step_of_the_proofs_shows_what_it_states():
    steps = {step.statement: step for proof in proofs.__all__ for step in getattr(proofs, proof)()}
    assert len(steps) > 50
    assert [statement for statement, step in steps.items() if not step.run()] == []


def test_the_comparison_at_points_can_fail(monkeypatch):
    monkeypatch.setattr(sharp, "chernoff_bound", lambda s, alpha: 0.9 * theorem1.failure_probability(s, alpha))
    assert not proofs.at_points()[0].run()


@pytest.mark.parametrize(
    ("s", "alpha"),
    [
        (theorem1.Setting(0, 1, 2.131749337402605e-09, 0.403, 1e-06, 65926463, 360222864), 6.372e-08),
        (theorem1.Setting(0, 1, 7.330681318349817e-15, 0.5, 6.45e-11, 228248186213, 10**12), 4.567688953837189e-12),
    ],
)
def test_rare_pure_samples_among_very_many_do_not_lower_the_bound(s, alpha):
    """The rounding of ``1 - p`` is not multiplied by the number of samples."""
    exact = theorem1.failure_probability(s, alpha)
    assert exact <= sharp.sharp_bound(s, alpha) <= exact * 1.5
