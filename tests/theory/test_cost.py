"""Expected recall under the estimated boundary: against quadrature and simulation, and in its limits."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.special import ndtr

from theory import cost, theorem1, two_sided
from theory.proofs import cost as proofs

FALSE_ALARM = 1e-9  # of the one statistical assertion here
EXAMPLE = theorem1.Setting(0, 2, 1, 0.5, 0.5, 30, 8)
BOTH = two_sided.Setting(0, 2, 1, 0.5, 0.25, 0.5, 0.75, 12, 5)
settings = st.builds(
    theorem1.Setting,
    st.just(0),
    st.floats(0.1, 5),
    st.floats(0.05, 5),
    st.floats(0.01, 0.99),
    st.floats(0, 1),
    st.integers(1, 60),
    st.integers(1, 60),
)


def by_quadrature(s):
    """Return both recalls as the integral of ``Phi((f - mu) / sigma)`` over the boundary's density, in 30 digits."""
    if isinstance(s, two_sided.Setting):
        similar = [(s.beta_pos, s.p_pos, s.n_pos), (s.beta_neg, s.p_neg, s.n_neg)]
    else:
        similar = [(s.beta, s.p, s.n_pos), (0.5, 1, s.n_neg)]
    (beta_pos, p_pos, n_pos), (beta_neg, p_neg, n_neg) = similar
    gap, recalls = mpmath.mpf(s.mu2 - s.mu1), [mpmath.mpf(0), mpmath.mpf(0)]
    for i in range(n_pos + 1):
        for j in range(n_neg + 1 if p_neg < 1 else 1):
            weight = math.comb(n_pos, i) * (1 - p_pos) ** i * p_pos ** (n_pos - i)
            weight *= math.comb(n_neg, j) * (1 - p_neg) ** j * p_neg ** (n_neg - j)
            mean = s.mu1 + gap / 2 + gap * ((1 - beta_pos) * i / n_pos - (1 - beta_neg) * j / n_neg) / 2
            var = (n_pos - i + i * (beta_pos**2 + (1 - beta_pos) ** 2)) / mpmath.mpf(n_pos) ** 2
            var += (n_neg - j + j * (beta_neg**2 + (1 - beta_neg) ** 2)) / mpmath.mpf(n_neg) ** 2
            root = s.sigma * mpmath.sqrt(var) / 2
            for side, mu in enumerate((s.mu1, s.mu2)):

                def integrand(z, mean=mean, root=root, side=side, mu=mu):
                    at = (mean + root * z - mu) / s.sigma
                    return mpmath.npdf(z) * mpmath.ncdf(at if side == 0 else -at)

                recalls[side] += weight * mpmath.quad(integrand, [-12, -4, 0, 4, 12])
    return [float(r) for r in recalls]


@pytest.mark.parametrize(
    "s",
    [
        theorem1.Setting(0, 2, 1, 0.5, 0.5, 8, 3),
        theorem1.Setting(-1, 0.5, 0.4, 0.9, 0.25, 5, 40),
        two_sided.Setting(0, 2, 1, 0.5, 0.25, 0.5, 0.75, 4, 3),
    ],
)
def test_recall_is_the_integral_over_the_boundary(s):
    recall = cost.expected_recall(s)
    assert [recall.positive, recall.negative] == pytest.approx(by_quadrature(s), rel=1e-10)


def test_recall_is_what_simulated_boundaries_give():
    replicates = 40_000
    rng = np.random.default_rng(np.random.SeedSequence(17))
    f = theorem1.simulate(EXAMPLE, replicates, rng, "samples")
    recall = cost.expected_recall(EXAMPLE)
    slack = math.sqrt(math.log(4 / FALSE_ALARM) / (2 * replicates))  # Hoeffding, two means of values in [0, 1]
    assert abs(np.mean(ndtr(f)) - recall.positive) < slack
    assert abs(np.mean(ndtr(2 - f)) - recall.negative) < slack


def test_many_samples_reach_the_limit():
    s = theorem1.Setting(0, 2, 1, 0.5, 0.5, 10**7, 10**7)
    recall, limit = cost.expected_recall(s), cost.limit_recall(s)
    assert (limit.positive, limit.negative) == pytest.approx((ndtr(1.25), ndtr(0.75)), rel=1e-14)
    assert recall.positive == pytest.approx(limit.positive, abs=1e-7)
    assert recall.negative == pytest.approx(limit.negative, abs=1e-7)
    assert recall.ideal == pytest.approx(ndtr(1.0), rel=1e-14)


def test_without_similar_samples_only_the_noise_costs():
    recall = cost.expected_recall(theorem1.Setting(0, 2, 1, 0.5, 1, 20, 20))
    assert recall.positive == pytest.approx(ndtr(1 / math.sqrt(1 + 1 / 40)), rel=1e-14)
    assert recall.negative == pytest.approx(recall.positive, rel=1e-14)


def test_with_similar_positives_only_the_boundary_is_normal():
    recall = cost.expected_recall(theorem1.Setting(0, 2, 1, 0.5, 0, 20, 20))
    root = math.sqrt(1 + (0.5 / 20 + 1 / 20) / 4)
    assert recall.positive == pytest.approx(ndtr(1.5 / root), rel=1e-14)
    assert recall.negative == pytest.approx(ndtr(0.5 / root), rel=1e-14)


@given(settings)
@configure(max_examples=100, deadline=None, derandomize=True)
def test_balanced_recall_never_exceeds_the_ideal_one(s):
    recall = cost.expected_recall(s)
    assert recall.balanced <= recall.ideal * (1 + 1e-12)
    assert cost.limit_recall(s).balanced <= recall.ideal * (1 + 1e-12)


@given(settings)
@configure(max_examples=60, deadline=None, derandomize=True)
def test_a_pure_negative_class_is_theorem_1(s):
    same = two_sided.Setting(s.mu1, s.mu2, s.sigma, s.beta, 0.5, s.p, 1, s.n_pos, s.n_neg)
    one, two = cost.expected_recall(s), cost.expected_recall(same)
    assert (one.positive, one.negative) == pytest.approx((two.positive, two.negative), rel=1e-11)


def test_sequences_give_arrays():
    recall = cost.expected_recall([EXAMPLE, BOTH])
    assert recall.positive.shape == (2,)
    assert recall.negative[1] == cost.expected_recall(BOTH).negative
    assert recall.balanced == pytest.approx((recall.positive + recall.negative) / 2)
    assert cost.limit_recall([]).ideal.shape == (0,)


@pytest.mark.parametrize("s", [None, 3, "s", [EXAMPLE, None]])
def test_bad_settings_are_refused(s):
    for function in (cost.expected_recall, cost.limit_recall):
        with pytest.raises(ValueError, match=r"^s=.*: must be a setting of theorem1 or two_sided"):
            function(s)


def test_extreme_separations_do_not_overflow():
    s = theorem1.Setting(0, 10**60, Fraction(1, 10**60), 0.5, 0.5, 3, 3)
    assert cost.limit_recall(s).ideal == 1
    assert cost.expected_recall(s).positive == pytest.approx(1)


@pytest.mark.parametrize("proof", proofs.__all__)
def test_every_step_of_the_proofs_shows_what_it_states(proof):
    assert [step.statement for step in getattr(proofs, proof)() if not step.run()] == []


def test_no_probability_exceeds_1():
    """Sums over two windows can round to more than 1, as at these settings."""
    for n_pos in (98, 150, 176, 189):
        for far in (10, 30):
            s = two_sided.Setting(0, far, 1, 0.5, 0.7, 0.6, 0.3, n_pos, 101)
            recall = cost.expected_recall(s)
            assert 0 <= recall.positive <= 1
            assert 0 <= recall.negative <= 1
            law = two_sided.law(s)
            assert law.upper_tail(law.expectation - 1000) <= 1
            assert law.lower_tail(law.expectation + 1000) <= 1
