"""Sections 3 to 6 on features whose law is known: Gaussian classes with a common covariance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from empirical import examine
from empirical.analysis.examine import corrections, inputs, pairs
from theory.theorem2 import minority_recall

COUNTS = np.array([1000, 300, 100, 30])
MEANS = np.array([[0.0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0], [0, 4, 0, 0, 0, 0], [0, 0, 4, 0, 0, 0]])


def gaussian(n, seed=0):
    """Features, labels, and the Bayes classifier of features that come with the counts."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), n)
    root = rng.normal(size=(6, 6)) + 3 * np.eye(6)
    cov = root.T @ root
    means = (MEANS + 1) @ root  # no class at the origin, whose weight would have no direction
    weight = np.linalg.solve(cov, means.T).T
    bias = np.log(COUNTS) - (weight * means).sum(axis=1) / 2
    return {
        "features": means[labels] + rng.normal(size=(len(labels), 6)) @ root,
        "labels": labels,
        "weight": weight,
        "bias": bias,
    }


@pytest.fixture(scope="module")
def network():
    return gaussian(1000)


@pytest.fixture(scope="module")
def found(network):
    return examine(**network, counts=COUNTS)


def test_separations_are_those_of_the_law(found):
    apart = np.linalg.norm(MEANS[:, None] - MEANS[None], axis=2)
    assert len(found.rivals) == 12
    for row in found.rivals:
        other = int(row.rival.removeprefix("class "))
        truth = apart[row.label, other]
        # The standard error of 2,000 images: .05 at M = 2, .1 at 4.5; at 5.7 five errors are counted.
        assert row.separation == pytest.approx(truth, abs=0.3 if truth < 5 else 1)
        assert row.separation_low < row.separation < row.separation_high
        assert row.balanced == pytest.approx(100 * ndtr(row.separation / 2))
        ratio = COUNTS[other] / COUNTS[row.label]
        assert row.predicted == pytest.approx(100 * float(minority_recall(row.separation, ratio)))
        assert (row.number_share is None) == (ratio < 1)
        if row.number_share is not None:
            assert row.share_low <= row.number_share <= row.share_high


def test_what_is_lost_adds_up_and_the_bayes_classifier_loses_nothing_beyond(found):
    for row, known in zip(found.losses, found.classes, strict=True):
        assert row.similarity + row.number + row.beyond == pytest.approx(100 - row.recall)
        assert row.recall == known.recall
    # Theory's classifier is estimated from 30 images of the rarest class, so that it loses a little itself.
    assert np.mean([row.beyond for row in found.losses]) == pytest.approx(0, abs=2)
    assert found.losses[0].number < 0 < found.losses[3].number
    assert found.losses[0].similarity > found.losses[2].similarity  # classes 0 and 1 are the similar ones


def test_theory_fits_gaussian_features(found):
    laws = {(row.law, row.imbalance): row for row in found.fit}
    assert len([key for key in laws if key[0].startswith("Theorem 2")]) == 4
    assert laws["with covariances and finite samples", 10].error < 2
    assert all(row.error < 4 for row in found.fit if row.imbalance <= 10)
    assert all(abs(row.departure) < 2 for row in found.normality)
    assert all(abs(row.skewness) < 0.4 for row in found.normality)  # standard error .08
    assert [row.spread for row in found.normality] == pytest.approx([1] * 4, abs=0.15)


def test_what_is_not_normal_is_said():
    """Features with a long tail on the side of the rival: a normal law is off, and the table says so."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 2000)
    features = np.where(labels == 0, 1, -1)[:, None] * (2.5 - rng.exponential(1.5, size=(4000, 1)))
    found = examine(features=features, labels=labels)
    assert all(row.skewness < -1 for row in found.normality)
    assert all(abs(row.departure) > 3 for row in found.normality)
    assert "A normal law misses" in repr(found)


def test_bayes_logits_need_a_tau_of_1(found):
    rows = {(row.correction, row.chosen_by): row for row in found.corrections}
    adjusted = rows[corrections.ADJUSTED, "likelihood on the other half, no sweep"]
    assert (adjusted.tau, adjusted.tau_2) == pytest.approx((1, 1), abs=0.3)
    assert adjusted.temperature == pytest.approx(1, abs=0.3)
    assert rows[corrections.ADJUSTED, "theory"].gain_low > 0
    assert rows["re-trained head", "the other half, balanced"].accuracy == pytest.approx(
        rows[corrections.ADJUSTED, "theory"].accuracy, abs=1.5
    )


def test_the_tau_of_five_hundred_classes_is_fitted_too():
    counts = np.round(1000 * 100 ** (-np.arange(500) / 499)).astype(int)
    labels = np.arange(2000) % 500
    rng = np.random.default_rng(np.random.SeedSequence(4))
    logits = 2 * (3 * (3 * np.eye(500)[labels] + rng.normal(size=(2000, 500))) + np.log(counts))
    rows = examine(logits=logits, labels=labels, counts=counts).corrections
    [row] = [row for row in rows if row.chosen_by == "likelihood on the other half, no sweep"]
    assert (row.tau, row.tau_2) == pytest.approx((2, 2), abs=1)  # eight standard errors


def test_gains_are_differences_of_the_same_images(network, found):
    logits = network["features"] @ network["weight"].T + network["bias"]
    labels = network["labels"]
    before = logits.argmax(axis=1) == labels
    after = (logits - np.log(COUNTS)).argmax(axis=1) == labels
    [row] = [r for r in found.corrections if (r.correction, r.chosen_by) == (corrections.ADJUSTED, "theory")]
    by_class = [(after[labels == label].mean(), before[labels == label].mean()) for label in range(4)]
    assert row.accuracy == pytest.approx(100 * np.mean([a for a, _ in by_class]))
    assert row.gain == pytest.approx(100 * np.mean([a - b for a, b in by_class]))
    assert row.few is None
    assert row.many == pytest.approx(100 * np.mean([a for a, _ in by_class[:2]]))


def swept(network, logits=None):
    given = inputs.check(**{**network, "logits": logits}, counts=COUNTS)
    rows, _, _ = corrections.corrections(given)
    return given, {(row.correction, row.chosen_by): row for row in rows}


def test_no_half_has_a_say_in_what_judges_it(network):
    """Other logits of the first half change what the second half is judged with, and nothing of the first half's."""
    logits = network["features"] @ network["weight"].T + network["bias"]
    given, before = swept(network, logits)
    changed = np.where(given.first[:, None], logits + np.log(COUNTS), logits)
    alone = {key: value for key, value in network.items() if key not in ("features", "weight", "bias")}
    _, after = swept({**alone}, changed)
    for chosen in ("a sweep on the other half", "likelihood on the other half, no sweep"):
        key = corrections.ADJUSTED, chosen
        assert after[key].tau == before[key].tau
        assert after[key].tau_2 > before[key].tau_2 + 0.5


def test_the_sweep_is_extended_when_its_best_is_at_the_edge():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 500)
    logits = rng.normal(size=(1000, 2)) + 3 * np.eye(2)[labels] + 3 * np.log([90, 10])
    found = examine(logits=logits, labels=labels, counts=[90, 10])
    taus = [row.tau for row in found.strengths]
    assert max(taus) == pytest.approx(4)
    [row] = [row for row in found.corrections if row.chosen_by == "a sweep on the other half"]
    assert 2 < row.tau < 4
    best = max(found.strengths, key=lambda row: row.accuracy)
    assert best.tau == pytest.approx(3, abs=0.5)


def test_the_head_is_the_minimum():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [200, 50, 20])
    x = rng.normal(size=(270, 3)) + np.eye(3)[labels]
    found = corrections.head(x, labels, 3, weight_decay=0.01)
    scale = np.sqrt(np.mean(x**2))

    def loss(weight, bias):
        logits = x @ weight.T + bias
        nll = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(270), labels]
        return np.mean([nll[labels == label].mean() for label in range(3)]) + 0.005 * np.sum((scale * weight) ** 2)

    least = loss(found.weight, found.bias)
    for _ in range(20):
        assert loss(found.weight + 0.05 * rng.normal(size=(3, 3)), found.bias) > least
        assert loss(found.weight, found.bias + 0.05 * rng.normal(size=3)) > least - 1e-9


def test_more_images_of_a_rare_class_help_it(found):
    rare = found.images[3]
    assert rare.more == 8
    assert rare.gain > 0
    assert not rare.reached or rare.needed is None
    for row in found.images:
        if row.needed is not None:
            assert row.needed > row.count
            assert row.needed_low <= row.needed
            assert row.needed_high is None or row.needed <= row.needed_high


def test_of_many_classes_the_nearest_are_looked_at():
    rng = np.random.default_rng(0)
    means = np.repeat(8.0 * rng.normal(size=(10, 5)), 2, axis=0) + 0.5 * np.tile([[0.0], [1.0]], (10, 5))
    labels = np.repeat(np.arange(20), 30)
    given = inputs.check(features=means[labels] + rng.normal(size=(600, 5)), labels=labels)
    near = pairs.Pairs(given).near()
    assert {(2 * k, 2 * k + 1) for k in range(10)} < set(near)
    assert len(near) < 60


def test_a_pair_has_the_same_rule_from_a_shared_covariance(network):
    """Where a pair has too few images for a covariance of its own, all classes share one."""
    given = inputs.check(features=network["features"], labels=network["labels"])
    own, shared = pairs.Pairs(given), pairs.Pairs(given)
    shared.own = False
    for a, b in own.near():
        assert shared.pair(a, b).separation == pytest.approx(own.pair(a, b).separation, abs=0.1)


def test_what_theory_cannot_support_is_not_shown():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 6)
    found = examine(features=rng.normal(size=(18, 20)) + labels[:, None], labels=labels, counts=[9, 5, 2])
    assert found.rivals == found.losses == found.images == found.fit == found.normality == ()
    [row] = [row for row in found.missing if row.section == 3]
    assert "held-out images" in row.needs


def test_without_counts_the_features_are_looked_at_all_the_same(network, found):
    alone = examine(features=network["features"], labels=network["labels"])
    assert [row.separation for row in alone.rivals[:1]]
    assert {row.predicted for row in alone.rivals} == {None}
    assert alone.losses == alone.images == ()
    assert {row.section for row in alone.missing} >= {1, 2, 3, 4, 5}
    known = {(row.label, row.rival): row.separation for row in found.rivals}
    assert {(row.label, row.rival): row.separation for row in alone.rivals} == known


def test_what_is_lost_does_not_depend_on_the_numbering(network, found):
    back = np.array([3, 1, 0, 2])
    order = np.argsort(back)
    other = examine(
        features=network["features"],
        labels=order[network["labels"]],
        weight=network["weight"][back],
        bias=network["bias"][back],
        counts=COUNTS[back],
        class_names=[f"class {label}" for label in back],
    )
    mine = {row.name: replace(row, label=0) for row in found.classes}
    assert {row.name: replace(row, label=0) for row in other.classes} == mine
    for row in other.losses:
        assert row.number == pytest.approx(found.losses[int(row.name[-1])].number, abs=3)


MISSING = "features that vary within the classes"
ALIKE = {
    "zeros": lambda x, means: 0 * x,
    "the means of their classes": lambda x, means: means,
    "their means with the last bit": lambda x, means: means + 1e-15 * np.sign(x),
    "numbers whose squares are 0": lambda x, means: 1e-200 * x,
    "numbers whose squares are hardly above": lambda x, means: 1e-160 * x,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("counts", [None, [100, 30, 10]])
@pytest.mark.parametrize("kind", ALIKE)
def test_features_that_do_not_vary_have_no_theory(kind, counts):
    """As after neural collapse, or of units that are dead: the rest of the examination stays."""
    rng = np.random.default_rng(np.random.SeedSequence(0))
    labels, weight = np.repeat(np.arange(3), 60), 3 * np.eye(3, 4)
    features = ALIKE[kind](rng.normal(size=(180, 4)) + weight[labels], weight[labels])
    found = examine(features=features, labels=labels, weight=weight, counts=counts)
    assert (3, MISSING) in [(row.section, row.needs) for row in found.missing]
    assert found.accuracy
    assert found.tables().keys() & {"rivals", "losses", "images", "fit", "normality"} == set()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("few", [1, 2, 3, 6, 10])
def test_features_of_which_few_vary_have_no_theory_at_the_counts(few):
    """The images of some parts are all alike."""
    rng = np.random.default_rng(np.random.SeedSequence(few))
    labels = np.repeat(np.arange(3), 60)
    features = 3 * np.eye(3, 4)[labels]
    features[:few] += rng.normal(size=(few, 4))
    found = examine(features=features, labels=labels, counts=[100, 30, 10])
    lacks = any(row.needs == "features that vary in every part of the images" for row in found.missing)
    assert found.rivals
    assert lacks or few > 1
    assert lacks == (not found.losses) == (not found.images)


def test_one_training_image_is_said_to_be_taken_for_two():
    rng = np.random.default_rng(np.random.SeedSequence(2))
    labels = np.repeat(np.arange(3), 60)
    features = rng.normal(size=(180, 4)) + 3 * np.eye(3, 4)[labels]
    one, two = (
        examine(features=features, labels=labels, counts=[100, 30, n], class_names=["a", "b", "c"]) for n in (1, 2)
    )
    assert [row.predicted for row in one.images] == [row.predicted for row in two.images]
    needs = {(row.needs, row.adds) for row in one.missing} - {(row.needs, row.adds) for row in two.missing}
    assert needs == {("2 training images of c", "what holds at 1 image: the laws take it for 2")}
