import math
import os
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.random import SeedSequence
from scipy.stats import chi2, norm

from empirical.data.dataset import Dataset
from empirical.data.load import digits, load
from empirical.experiments.pairs import Options, Row, run, summarise
from theory.theorem2 import minority_recall


def gaussian(separation, train, test, seed=0, scale=(1.0, 1.0)):
    """Two classes in one dimension, ``train`` and ``test`` images each, the first at 0 and the second above it."""
    rng = np.random.default_rng(SeedSequence(seed))
    images = np.concatenate(
        [rng.normal(mean, sd, n) for n in (train, test) for mean, sd in zip((0, separation), scale, strict=True)]
    )
    labels = np.repeat([0, 1, 0, 1], [train, train, test, test])
    return Dataset("gaussian", ("low", "high"), images[:, None], labels, test=np.arange(len(labels)) >= 2 * train)


def only(rows, **wanted):
    [row] = [row for row in rows if all(getattr(row, key) == value for key, value in wanted.items())]
    return row


def test_gaussian_classes_of_known_separation():
    """With two exact Gaussian classes all of it must come out: M, the prediction, and the measured recall.

    The classifier decides by a threshold that is monotone in each of the three moments that it estimates, so the
    recalls lie between those at the corners of the box in which the moments lie. Each of the 13 random numbers (4
    means, 3 variances, 6 recalls) leaves its interval with probability 1e-10 at most (exact laws; Hoeffding for the
    recalls): a false alarm for 1.3e-9 of the seeds.
    """
    separation, imbalance, train, test, alarm = 3.0, 5, 200_000, 100_000, 1e-10
    rows = run(Options(gaussian(separation, train, test), (1,), (1, imbalance), repeats=1, majority=train))
    hoeffding = math.sqrt(math.log(2 / alarm) / (2 * test))

    def limits(ratio, positive=False):
        """The least and greatest recall of the minority (or of the positive class) on the held-out images."""
        n_neg = train // ratio
        z = norm.isf(alarm / 2)
        freedom = train + n_neg - 2
        # Distances in units of the common standard deviation, the minority's mean at 0.
        corners = product(
            separation + np.array([-z, z]) / math.sqrt(train),
            np.array([-z, z]) / math.sqrt(n_neg),
            chi2.ppf([alarm / 2, 1 - alarm / 2], freedom) / freedom,
        )
        thresholds = [(m1 + m2) / 2 - v * math.log(ratio) / (m1 - m2) for m1, m2, v in corners]
        recalls = norm.sf(thresholds, loc=separation) if positive else norm.cdf(thresholds)
        return min(recalls) - hoeffding, max(recalls) + hoeffding

    balanced = limits(1)
    assert balanced[1] - balanced[0] < 0.035
    # The correction for extreme accuracies moves them by half an image at most.
    least, greatest = (2 * norm.ppf([balanced[0] - 0.5 / test, balanced[1] + 0.5 / test])).tolist()
    for minority in ("low", "high"):
        row = only(rows, minority=minority, imbalance=imbalance)
        assert (row.n_pos, row.n_neg) == (train, train // imbalance)
        assert least <= row.separation <= greatest
        assert minority_recall(least, imbalance) <= row.predicted <= minority_recall(greatest, imbalance)
        low, high = limits(imbalance)
        assert high - low < 0.05
        assert low <= minority_recall(separation, imbalance) <= high
        assert low <= row.measured <= high
        assert balanced[0] <= only(rows, minority=minority, imbalance=1).measured <= balanced[1]


def test_the_recall_is_the_minoritys():
    """Classes of different spread: from the counts alone nobody could tell whose recall it is."""
    data = gaussian(3.0, 400, 2000, scale=(1.0, 0.2))
    rows = run(Options(data, (1,), (1, 100), repeats=1, majority=400))
    for minority, label in (("low", 0), ("high", 1)):
        train = [data.images[(data.labels == c) & ~data.test, 0] for c in (0, 1)]
        assert only(rows, minority=minority, imbalance=100).n_neg == 4
        # Balanced: the threshold is the midpoint of the means, whatever their order.
        side = data.images[(data.labels == label) & data.test, 0] > (train[0].mean() + train[1].mean()) / 2
        assert only(rows, minority=minority, imbalance=1).measured == (side == label).mean()
    low, high = (only(rows, minority=minority, imbalance=100).measured for minority in ("low", "high"))
    # The pooled spread is the majority's: the wide class moves the boundary by 1.5, the narrow one by 0.06.
    assert high < 0.7 < 0.9 < low


def test_predictions_are_theorem_2_of_the_balanced_run():
    rows = run(Options(digits(), (4,), (1, 3), repeats=2, majority=50))
    assert len(rows) == 45 * 2 * 2
    for row in rows:
        assert row.n_neg == {1: 50, 3: 17}[row.imbalance]
        assert row.predicted == minority_recall(row.separation, row.n_pos / row.n_neg)
        assert 0 <= row.low <= row.measured <= row.high <= 1
        pair = [r for r in rows if {r.majority, r.minority} == {row.majority, row.minority} and r.imbalance == 1]
        # At imbalance 1 both classes' recalls come from the balanced classifier itself.
        assert np.mean([r.measured for r in pair]) == pytest.approx(row.balanced_accuracy)
        assert {r.separation for r in pair} == {row.separation}


def test_predictions_need_no_imbalanced_training(monkeypatch):
    few, many = (run(Options(digits(), (2,), ratios, repeats=2, majority=50)) for ratios in ((10,), (2, 10, 25)))
    assert few == [row for row in many if row.imbalance == 10]


def test_repeatable_and_seeded():
    options = Options(digits(), (2,), (5,), repeats=2, majority=40)
    assert run(options) == run(options)
    assert run(options) != run(replace_seed(options, 1))


def replace_seed(options, seed):
    return Options(options.data, options.components, options.imbalance, options.repeats, options.majority, seed)


def test_theorem_2_predicts_the_recalls_of_digits():
    """Deterministic: the seed is fixed. The limits are those that a prediction worth having must meet."""
    summary = summarise(run(Options(digits())))
    assert [(part["components"], part["imbalance"]) for part in summary] == list(
        product((2, 4, 8), (1, 2, 5, 10, 20, 50))
    )
    for part in summary:
        assert part["cases"] == 90
        assert part["mae"] <= 10
        assert part["correlation"] >= 0.8
        assert part["pair_correlation"] >= 0.85
    assert [part["mae"] < 3 for part in summary if part["imbalance"] <= 2] == [True] * 6


def test_theorem_2_predicts_the_recalls_of_cifar_10():
    folder = os.environ.get("TAILBOUND_DATA")
    if folder is None:
        pytest.skip("TAILBOUND_DATA is not set: the folder that holds cifar10.npz")
    data = load(str(Path(folder) / "cifar10.npz"))
    for part in summarise(run(Options(data, (60,), (1, 10, 50), repeats=1, majority=2500))):
        assert part["mae"] <= 8
        assert part["correlation"] >= 0.8
        assert part["pair_correlation"] >= 0.9


def test_default_majority_gives_the_imbalances_exactly():
    options = Options(digits())
    assert options.n_pos == 100
    assert options.arguments()["majority"] == 100
    assert Options(digits(), imbalance=(1, 40.5)).n_pos == 82
    assert Options(digits(), imbalance=(1, 60)).n_pos == 104


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"components": ()}, "components"),
        ({"components": (0,)}, "components"),
        ({"components": (2, 2)}, "components"),
        ({"components": (2.5,)}, "components"),
        ({"components": (65,)}, "components"),
        ({"components": (41,), "majority": 40, "imbalance": (20,)}, "components"),
        ({"imbalance": ()}, "imbalance"),
        ({"imbalance": (0.5,)}, "imbalance"),
        ({"imbalance": (2, 2.0)}, "imbalance"),
        ({"imbalance": (math.nan,)}, "imbalance"),
        ({"imbalance": (500,)}, "imbalance"),
        ({"imbalance": (90,)}, "imbalance"),
        ({"repeats": 0}, "repeats"),
        ({"repeats": True}, "repeats"),
        ({"majority": 0}, "majority"),
        ({"majority": 105}, "majority"),
        ({"seed": -1}, "seed"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_refused(changes, name):
    with pytest.raises(ValueError, match=rf"^{name}=.*: must "):
        Options(digits(), **changes)


def test_summary():
    row = Row(
        data="toy",
        components=2,
        majority="a",
        minority="b",
        imbalance=10,
        n_pos=100,
        n_neg=10,
        held_out_pos=50,
        held_out_neg=50,
        balanced_accuracy=0.9,
        separation=2.5,
        predicted=0.6,
        measured=0.5,
        low=0.4,
        high=0.6,
        repeats=3,
    )
    rows = [
        row,
        replace(row, majority="b", minority="a", measured=0.9),
        replace(row, minority="c", predicted=0.2, measured=0.3),
        replace(row, majority="c", minority="a", predicted=0.2, measured=0.1),
        replace(row, imbalance=2),
    ]
    two, ten = summarise(rows)
    assert (two["imbalance"], two["cases"], two["correlation"]) == (2, 1, None)
    assert (ten["imbalance"], ten["cases"]) == (10, 4)
    assert ten["mae"] == pytest.approx(100 * (0.1 + 0.3 + 0.1 + 0.1) / 4)
    assert ten["bias"] == pytest.approx(100 * (0.1 - 0.3 - 0.1 + 0.1) / 4)
    assert ten["pair_mae"] == pytest.approx(100 * (0.1 + 0) / 2)
    assert ten["pair_correlation"] == pytest.approx(1)
