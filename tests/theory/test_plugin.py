"""Finite samples: two exact laws against each other and against classifiers that are estimated feature by feature."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.stats import chi2

from theory import plugin, theorem2

FALSE_ALARM = 1e-9


def within(sample, expected, error):
    """Compare the mean of values in [0, 1] with ``expected`` by the empirical Bernstein bound.

    Maurer and Pontil, Empirical Bernstein bounds and sample variance penalization, 2009, theorem 4, on either side.
    """
    n, log = len(sample), math.log(4 / FALSE_ALARM)
    reach = math.sqrt(2 * sample.var(ddof=1) * log / n) + 7 * log / (3 * (n - 1))
    return abs(sample.mean() - expected) <= reach + error


GRID = list(itertools.product((1, 2, 3, 8, 64), ((1, 1), (4, 2), (10, 10), (100, 5)), (0.3, 2.0), (0.0, 1.5)))


def test_known_covariance_two_ways():
    """Averaging over the estimated means, by quadrature, against the certified law of the whole score."""
    for d, (n, other), m, log_ratio in GRID:
        p = plugin._Problem(m, d, n, other, log_ratio, True)
        enclosed, averaged = plugin._recall_at_known_covariance(p), plugin._estimated(p)
        assert enclosed.error < 1e-12
        assert abs(enclosed.value - averaged.value) <= averaged.error + 1e-12
        assert averaged.error < (0.05 if d < 8 else 1e-3)


@pytest.mark.parametrize("covariance", ["known", "estimated"])
@pytest.mark.parametrize(
    ("m", "d", "n_pos", "n_neg", "prior"),
    [
        (2.0, 5, 20, 4, "empirical"),
        (2.0, 5, 20, 4, "balanced"),
        (2.0, 5, 20, 4, "corrected"),
        (1.0, 1, 5, 2, "empirical"),
        (3.0, 12, 12, 8, "balanced"),
        (1.5, 3, 3, 9, "empirical"),
    ],
)
def test_against_estimated_classifiers(m, d, n_pos, n_neg, prior, covariance):
    sample = plugin.simulate(
        m, d, n_pos, n_neg, 6000, np.random.default_rng(np.random.SeedSequence(8)), covariance=covariance, prior=prior
    )
    expected = plugin.expected_recalls(m, d, n_pos, n_neg, covariance, prior)
    for column, recall in zip(sample.T, expected, strict=True):
        assert within(column, recall.value, recall.error)


def test_the_comparison_with_estimated_classifiers_can_fail():
    """The recalls of Theorem 2, and those of the other covariance, are told apart."""
    rng = np.random.default_rng(np.random.SeedSequence(9))
    sample = plugin.simulate(2.0, 5, 20, 4, 6000, rng, covariance="estimated")
    wrong = [
        (theorem2.minority_recall(2.0, 1 / 5), theorem2.minority_recall(2.0, 5)),
        [r.value for r in plugin.expected_recalls(2.0, 5, 20, 4, "known")],
        [r.value for r in plugin.expected_recalls(2.0, 5, 20, 4, "estimated", "balanced")],
    ]
    for recalls in wrong:
        assert not all(within(c, r, 0) for c, r in zip(sample.T, recalls, strict=True))


@pytest.mark.parametrize("covariance", ["known", "estimated"])
@pytest.mark.parametrize("function", [plugin.expected_recalls, plugin.asymptotic_recalls])
def test_many_samples_give_theorem_2(covariance, function):
    got = function(2.0, 4, 10**7, 10**6, covariance)
    values = [r if isinstance(r, float) else r.value for r in got]
    assert values == pytest.approx(theorem2.minority_recall(2.0, [0.1, 10]), abs=1e-5)


@pytest.mark.parametrize("covariance", ["known", "estimated"])
def test_the_closed_form_is_off_by_one_over_n(covariance):
    """Dimension and samples doubled together: the discrepancy halves, and it is not 0."""
    gaps = []
    for factor in (4, 8, 16):
        arguments = (2.0, 8 * factor, 40 * factor, 4 * factor, covariance)
        exact, closed = plugin.expected_recalls(*arguments), plugin.asymptotic_recalls(*arguments)
        gaps.append([e.value - c for e, c in zip(exact, closed, strict=True)])
    gaps = np.abs(gaps)
    assert np.all(gaps[0] < 1e-3)
    assert gaps[:-1] / gaps[1:] == pytest.approx(np.full((2, 2), 2.0), abs=0.15)


@given(st.integers(1, 40), st.integers(1, 200), st.integers(1, 200), st.floats(0.2, 4))
@configure(max_examples=8, deadline=None, derandomize=True)
def test_exchanging_the_classes_exchanges_the_recalls(d, n_pos, n_neg, m):
    for prior in ("empirical", "balanced", "corrected"):
        first = plugin.expected_recalls(m, d, n_pos, n_neg, prior=prior)
        second = plugin.expected_recalls(m, d, n_neg, n_pos, prior=prior)[::-1]
        for one, other in zip(first, second, strict=True):
            assert abs(one.value - other.value) <= one.error + other.error + 1e-12


def test_mean_noise():
    assert plugin.mean_noise_shift(64, 500, 5) == pytest.approx(32 * (1 / 5 - 1 / 500))
    m = 503
    inverse = chi2(m - 64 + 1).expect(lambda x: m / x)  # of a diagonal entry of the estimate's inverse
    assert plugin.mean_noise_shift(64, 500, 5, "estimated") == pytest.approx(
        inverse * plugin.mean_noise_shift(64, 500, 5)
    )
    limit = plugin.dominating_dimension(500, 5)
    below, above = (plugin.mean_noise_shift(d, 500, 5) for d in (math.floor(limit), math.ceil(limit)))
    assert below < math.log(100) < above
    assert plugin.dominating_dimension(5, 500) == pytest.approx(limit)
    assert plugin.dominating_dimension(10, 10) == pytest.approx(
        plugin.dominating_dimension(10**6 + 1, 10**6) / 1e5, rel=1e-5
    )


def test_balancing_the_prior_leaves_the_noise_of_the_means():
    """The minority stays far behind, by the certified law, until the noise is taken out too."""
    balanced = plugin.expected_recalls(2.0, 64, 500, 5, prior="balanced")
    corrected = plugin.expected_recalls(2.0, 64, 500, 5, prior="corrected")
    assert balanced[0].value - balanced[1].value > 0.8
    assert abs(corrected[0].value - corrected[1].value) < 0.02


@pytest.mark.parametrize(("degrees", "power"), [(1, 3), (7, 2), (900, 4)])
def test_chi_square_rule(degrees, power):
    x, weights = plugin._chi_square(degrees, 6)
    expected = math.prod(degrees + 2 * k for k in range(power))
    assert weights @ x**power == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (1.0, 1.0), (3.5, 12.0), (400.0, 31.5)])
def test_beta_rule(first, second):
    x, weights = plugin._beta(first, second, 6)
    for power in (0, 1, 2, 5):
        expected = math.prod((first + k) / (first + second + k) for k in range(power))
        assert weights @ x**power == pytest.approx(expected, rel=1e-10)


def test_invalid_arguments():
    valid = {"separation": 1.0, "d": 2, "n_pos": 5, "n_neg": 3}
    cases = [
        ("separation", 0),
        ("separation", np.nan),
        ("d", 0),
        ("d", 1.5),
        ("n_pos", 0),
        ("n_neg", -1),
        ("covariance", "pooled"),
        ("prior", "none"),
    ]
    for (name, value), function in itertools.product(cases, (plugin.expected_recalls, plugin.asymptotic_recalls)):
        with pytest.raises(ValueError, match=f"^{name}="):
            function(**valid | {name: value})
    with pytest.raises(ValueError, match=r"^n_pos=5: must be at least 9"):
        plugin.expected_recalls(1.0, 10, 5, 3, covariance="estimated")
    with pytest.raises(ValueError, match="^n_pos=.*no expectation"):
        plugin.mean_noise_shift(6, 5, 3, covariance="estimated")
    with pytest.raises(ValueError, match="^replicates="):
        plugin.simulate(1.0, 2, 5, 3, 0, np.random.default_rng(0))
