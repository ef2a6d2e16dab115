"""The sections of an examination: against definitions, and against laws where the answer is known."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import binomtest

from empirical import examine
from empirical.analysis.examine import intervals
from empirical.analysis.examine.gap import gap_weights
from empirical.analysis.rarity import gap
from empirical.training.evaluate import scores

COUNTS = [500, 150, 40, 10]


@pytest.fixture(scope="module")
def network():
    """A last layer whose norms fall with the counts, on features of four classes, 200 held-out images each."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 200)
    features = np.abs(rng.normal(size=(800, 6)) + 2.5 * np.eye(4, 6)[labels])
    weight = (np.eye(4, 6) + 0.1 * rng.normal(size=(4, 6))) * np.array([[3.0], [2.5], [2.0], [1.5]])
    return {"features": features, "labels": labels, "weight": weight, "bias": np.array([0.5, 0.2, -0.2, -0.5])}


@pytest.fixture(scope="module")
def found(network):
    return examine(**network, counts=COUNTS)


def test_recalls_are_those_of_training(network, found):
    logits = torch.from_numpy(network["features"] @ network["weight"].T + network["bias"])
    expected = scores(logits, torch.from_numpy(network["labels"]))
    assert [row.recall for row in found.classes] == pytest.approx([100 * value for value in expected.per_class])
    by = {row.of: row for row in found.accuracy}
    assert by["all images"].accuracy == pytest.approx(100 * expected.accuracy)
    assert by["mean over classes"].accuracy == pytest.approx(100 * np.mean(expected.per_class))
    assert by["many"].accuracy == pytest.approx(100 * np.mean(expected.per_class[:2]))
    assert by["medium"].accuracy == pytest.approx(100 * expected.per_class[2])
    assert by["few"].accuracy == pytest.approx(100 * expected.per_class[3])
    for row, counts in zip(found.classes, np.array(expected.confusion), strict=True):
        wrong = counts.copy()
        wrong[row.label] = 0
        assert row.taken_share == pytest.approx(100 * wrong.max() / counts.sum())
        assert row.taken_for == f"class {wrong.argmax()}"
        exact = binomtest(int(counts[row.label]), int(counts.sum())).proportion_ci(method="exact")
        assert (row.low, row.high) == pytest.approx((100 * exact.low, 100 * exact.high))
    nll = {row.prior: row.nll for row in found.calibration}
    assert nll["held-out"] == pytest.approx(expected.loss)


def test_calibration_by_its_definition(network, found):
    logits = network["features"] @ network["weight"].T + network["bias"]
    chance, labels = softmax(logits, axis=1), network["labels"]
    confidence, right = chance.max(axis=1), chance.argmax(axis=1) == labels
    for row, shares in zip(found.calibration, (np.ones(4), np.array(COUNTS) / 175), strict=True):
        weights = shares[labels]
        errors = []
        for low in np.arange(15) / 15:
            own = (confidence > low) & (confidence <= low + 1 / 15)
            errors.append(abs(np.sum((weights * (right - confidence))[own])))
        assert row.ece == pytest.approx(100 * sum(errors) / weights.sum())
        assert row.accuracy == pytest.approx(100 * np.average(right, weights=weights))
        assert row.nll == pytest.approx(np.average(-np.log(chance[np.arange(800), labels]), weights=weights))
        assert row.ece_low < row.ece < row.ece_high
    for prior in ("held-out", "training"):
        assert sum(row.share for row in found.reliability if row.prior == prior) == pytest.approx(100)


def test_calibrated_probabilities_have_an_expected_error_near_0():
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(200_000, 3))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)  # drawn with the softmax's probabilities
    [row] = examine(logits=logits, labels=labels).calibration
    assert row.ece < 0.8  # of 15 bins of 13,000 images the mean error by chance is about 0.4
    assert row.confidence == pytest.approx(row.accuracy, abs=1)


def test_the_gap_is_the_sum_of_its_parts(found):
    whole, *parts = found.gap
    assert [row.part for row in found.gap] == ["gap", "norms", "biases", "angles", "features"]
    assert sum(row.points for row in parts) == pytest.approx(whole.points)
    assert whole.points == pytest.approx(gap([row.recall for row in found.classes]))
    assert all(row.low < row.points < row.high for row in found.gap)
    for row in found.parts:
        assert row.neutral + row.norms + row.biases + row.angles == pytest.approx(row.recall)
    assert [row.recall for row in found.parts] == pytest.approx([row.recall for row in found.classes])


def test_parts_that_the_layer_does_not_have_are_0(network):
    """Equal norms, no bias, and the directions of the means themselves: all of a gap is left for the features."""
    x, labels = network["features"], network["labels"]
    means = np.stack([x[labels == label].mean(axis=0) for label in range(4)])
    weight = 5 * means / np.linalg.norm(means, axis=1, keepdims=True)
    found = examine(features=x, labels=labels, weight=weight, train_features=x, train_labels=labels)
    assert found.gap == ()  # equal counts
    assert [row.norms for row in found.parts] == [row.biases for row in found.parts] == [0, 0, 0, 0]
    assert [row.angles for row in found.parts] == pytest.approx([0, 0, 0, 0])


def test_frequent_and_rare_go_by_the_counts_and_not_by_the_labels(network, found):
    order = np.array([2, 0, 3, 1])  # the new label of each class
    back = np.argsort(order)
    other = examine(
        features=network["features"],
        labels=order[network["labels"]],
        weight=network["weight"][back],
        bias=network["bias"][back],
        counts=np.array(COUNTS)[back],
    )
    assert other.gap[0].points == pytest.approx(found.gap[0].points)
    assert gap_weights(np.array([10, 1, 100, 5, 50])).tolist() == [0, -0.5, 0.5, -0.5, 0.5]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """2,000 intervals of means over three classes; binomial with a chance of .95 gives fewer than 1,840 once in 1e9."""
    rng = np.random.default_rng(0)
    chances, n = np.array([0.95, 0.7, 0.4]), 60
    labels = np.repeat(np.arange(3), n)
    held = 0
    for _ in range(2000):
        values = (rng.random(3 * n) < chances[labels]).astype(float)
        _, low, high = intervals.mean_over_classes(values, labels, np.full(3, 1 / 3), least=0.0)
        held += low <= chances.mean() <= high
    assert 1840 <= held <= 1960


def test_what_is_missing_is_named(network):
    alone = examine(weight=network["weight"])
    assert alone.accuracy == ()
    assert [row.norm for row in alone.parts] == pytest.approx(np.linalg.norm(network["weight"], axis=1).tolist())
    assert {row.section for row in alone.missing} >= {1, 2}
    logits = network["features"] @ network["weight"].T
    without = examine(logits=logits, labels=network["labels"])
    assert "counts" in [row.needs for row in without.missing]
    assert "weight" in [row.needs for row in without.missing]
