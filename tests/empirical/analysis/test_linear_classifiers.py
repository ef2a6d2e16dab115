"""Classifiers of two classes from moments, and linear heads."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from empirical.analysis.agreement import lda_recalls
from empirical.analysis.linear_classifiers import WEIGHT_DECAY, Rule, head, lda, moments, multiclass_head


def classes(n_pos, n_neg, d=5, seed=0):
    """Two classes of unequal spread; the last feature is constant, as one that a network never uses."""
    rng = np.random.default_rng(seed)
    pos, neg = rng.normal(size=(n_pos, d)), rng.normal(1, 2, size=(n_neg, d))
    pos[:, -1] = neg[:, -1] = 3
    return pos, neg


@pytest.mark.parametrize("counts", [(200, 200), (200, 9), (7, 60)])
def test_lda_is_scikit_learn_s(counts):
    pos, neg = classes(*counts)
    tests = classes(500, 400, seed=1)
    rule = lda(moments(pos), moments(neg))
    other = LinearDiscriminantAnalysis(solver="lsqr").fit(
        np.concatenate([pos, neg]), np.repeat([1, 0], [len(pos), len(neg)])
    )
    for test in tests:
        assert rule.scores(test) == pytest.approx(other.decision_function(test))
    assert rule.recalls(*tests) == lda_recalls(pos, neg, *tests)


@pytest.mark.parametrize("counts", [(200, 200), (200, 9)])
def test_a_head_has_the_least_loss(counts):
    pos, neg = classes(*counts)
    rule = head(pos, neg)
    x, sign = np.concatenate([pos, neg]), np.repeat([1, -1], [len(pos), len(neg)])
    pull = -sign / (1 + np.exp(sign * rule.scores(x))) / len(x)
    assert pull @ x + WEIGHT_DECAY / 2 * rule.w == pytest.approx(np.zeros(5), abs=1e-6)
    assert pull.sum() == pytest.approx(0, abs=1e-6)


def test_recalls_count_ties_for_the_negative_class():
    rule = Rule(np.array([1.0]), 0.0)
    assert rule.recalls(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0], [-1.0], [-2.0]])) == (0.5, 0.75)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("balanced", [False, True])
def test_a_head_of_all_classes_is_where_the_loss_is_least(classes, balanced):
    """The slopes of the stated loss, written down here, are 0; those of the other weighting are not."""
    rng = np.random.default_rng(np.random.SeedSequence(5))
    samples = [rng.standard_normal((n, 3)) + 0.5 * k for k, n in enumerate((60, 20, 7)[:classes])]
    decay = 0.01
    weights, biases = multiclass_head(samples, balanced, decay)

    def slopes(even):
        total = 0.0
        for k, x in enumerate(samples):
            share = 1 / (classes * len(x)) if even else 1 / sum(map(len, samples))
            scores = x @ weights.T + biases
            chance = np.exp(scores - scores.max(axis=1, keepdims=True))
            chance /= chance.sum(axis=1, keepdims=True)
            chance[:, k] -= 1
            total = total + share * np.column_stack([chance.T @ x, chance.sum(axis=0)])
        return np.abs(total + np.column_stack([decay * weights, np.zeros(classes)])).max()

    assert slopes(balanced) < 1e-4
    assert slopes(not balanced) > 1e-2
