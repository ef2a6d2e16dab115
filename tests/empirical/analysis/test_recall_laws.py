"""Laws that predict imbalanced recalls: against theory where they must agree with it, and against counting."""

import numpy as np
import pytest
from scipy.stats import norm

from empirical.analysis.linear_classifiers import Moments, Rule, lda
from empirical.analysis.recall_laws import LAWS, from_balance, from_moments, from_samples, from_separation
from theory.plugin import asymptotic_recalls
from theory.theorem2 import minority_recall

D, N = 4, 3000


def exact(mean, scale, seed):
    """Samples whose mean is ``mean`` in the first direction and whose covariance is ``scale^2 I``, exactly."""
    x = np.random.default_rng(seed).normal(size=(N, D))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / N)).T * scale
    x[:, 0] += mean
    return x


def known(mean, scale, n=N):
    return Moments(n, np.eye(D)[0] * mean, scale**2 * np.eye(D))


@pytest.mark.parametrize("counts", [(1000, 1000), (1000, 100), (400, 4)])
def test_equal_covariances_give_theorem_2_and_its_finite_samples(counts):
    separation, (n_pos, n_neg) = 2.5, counts
    pos, neg, test_neg = known(separation, 1), known(0, 1), exact(0, 1, 1)
    found = from_moments(pos, neg, test_neg, n_pos, n_neg)
    assert found["covariances"] == pytest.approx(minority_recall(separation, n_pos / n_neg))
    assert found["together"] == pytest.approx(asymptotic_recalls(separation, D, n_pos, n_neg, "estimated")[1])
    balanced = from_balance(lda(pos, neg), exact(separation, 1, 0), test_neg, n_pos, n_neg)
    assert balanced["variances"] == pytest.approx(minority_recall(separation, n_pos / n_neg))


def test_unequal_variances_in_one_direction():
    """Both laws of unequal spread, in one dimension by hand: the pooled variance is weighted by the counts."""
    n_pos, n_neg, gap, s1, s2 = 900, 100, 3.0, 2.0, 0.5
    pooled = (n_pos * s1**2 + n_neg * s2**2) / (n_pos + n_neg)
    boundary = gap / 2 - pooled * np.log(n_pos / n_neg) / gap
    recall = norm.cdf(boundary / s2)
    pos, neg = (Moments(N, np.array([mean]), np.array([[s**2]])) for mean, s in ((gap, s1), (0, s2)))
    far, near = exact(gap, s1, 0)[:, :1], exact(0, s2, 1)[:, :1]
    assert from_moments(pos, neg, near, n_pos, n_neg)["covariances"] == pytest.approx(recall)
    assert from_balance(lda(pos, neg), far, near, n_pos, n_neg)["variances"] == pytest.approx(recall)


def test_unequal_covariances_turn_the_rule_towards_the_majority_s():
    """``w`` is that of the covariance pooled by the counts, not that of the balanced rule."""
    pos, neg = known(2, 1), known(0, 1)
    wide = np.diag([1.0, 9, 1, 1])
    tilted = Moments(N, np.array([0.0, 1, 0, 0]), wide)
    test = exact(0, 1, 2) @ np.sqrt(wide) + tilted.mean
    n_pos, n_neg = 990, 10
    w = np.linalg.solve((n_pos * pos.cov + n_neg * wide) / 1000, pos.mean - tilted.mean)
    b = -w @ (pos.mean + tilted.mean) / 2 + np.log(n_pos / n_neg)
    assert from_moments(pos, tilted, test, n_pos, n_neg)["covariances"] == pytest.approx(
        norm.cdf(-(w @ tilted.mean + b) / np.sqrt(w @ wide @ w))
    )
    assert from_moments(pos, tilted, test, n_pos, n_neg)["moments"] == (test @ w + b <= 0).mean()
    assert from_moments(pos, neg, test, n_pos, n_neg).keys() == {"moments", "covariances", "together"}


def test_scores_are_counted_beyond_the_moved_boundary():
    rule, neg = Rule(np.array([1.0]), 0.0), np.array([[-3.0], [-2.0], [-0.5], [1.0]])
    found = from_balance(rule, np.array([[1.0], [2.0]]), neg, 100, 10)
    assert found["scores"] == (neg + np.log(10) <= 0).mean() == 0.25
    assert found["theorem2"] == from_separation(2 * norm.ppf((2.5 / 3 + 3.5 / 5) / 2), 100, 10)["theorem2"]


def test_finite_samples_return_the_accuracy_they_are_told_and_tend_to_theorem_2():
    assert from_samples(0.8, 10, 50, 50)["finite"] == pytest.approx(0.8)
    many = from_samples(0.8, 10, 10**7, 10**6)["finite"]
    assert many == pytest.approx(minority_recall(2 * norm.ppf(0.8), 10), abs=1e-4)
    assert from_samples(0.8, 64, 500, 5)["finite"] < minority_recall(2 * norm.ppf(0.8), 100)
    assert 0 <= from_samples(0.5, 10, 50, 50)["finite"] <= from_samples(1.0, 10, 50, 50)["finite"] <= 1


def test_a_law_that_is_not_defined_is_left_out():
    flat, x = Rule(np.zeros(1), -1.0), np.ones((3, 1))
    assert from_balance(flat, x, x, 10, 5).keys() == {"theorem2", "scores"}
    assert from_samples(0.9, 64, 40, 10) == {}
    point = Moments(5, np.zeros(1), np.zeros((1, 1)))
    assert from_moments(point, point, x, 10, 5).keys() == {"moments"}
    assert from_moments(known(1, 1), known(0, 1), exact(0, 1, 0), 3, 2).keys() == {"moments", "covariances"}
    assert set(LAWS) == {"theorem2", "finite", "variances", "covariances", "together", "scores", "moments"}
