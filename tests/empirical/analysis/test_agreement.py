import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.analysis.agreement import agreement, lda_recalls, pca_features, separation_from_recalls
from theory.theorem2 import Setting, hyperplane, minority_recall


@given(
    seed=st.integers(0, 2**32 - 1),
    n_pos=st.integers(8, 60),
    n_neg=st.integers(2, 60),
    d=st.integers(1, 5),
)
def test_classifier_is_theorem_2_with_estimated_moments(seed, n_pos, n_neg, d):
    rng = np.random.default_rng(seed)
    pos, neg = rng.normal(0.7, 1, (n_pos, d)), rng.normal(-0.7, 1, (n_neg, d))
    test_pos, test_neg = rng.normal(0.7, 1, (50, d)), rng.normal(-0.7, 1, (40, d))
    inside = np.concatenate([pos - pos.mean(axis=0), neg - neg.mean(axis=0)])
    w, b = hyperplane(Setting(pos.mean(axis=0), neg.mean(axis=0), inside.T @ inside / (n_pos + n_neg), n_pos / n_neg))
    recalls = lda_recalls(pos, neg, test_pos, test_neg)
    assert recalls == pytest.approx(((test_pos @ w + b > 0).mean(), (test_neg @ w + b < 0).mean()))


def test_recalls_of_known_decisions():
    pos, neg = np.array([[1.0], [2.0], [3.0]]), np.array([[-3.0], [-2.0], [-1.0]])
    test_pos, test_neg = np.array([[1.0], [1.0], [1.0], [-1.0]]), np.array([[-1.0], [1.0]])
    assert lda_recalls(pos, neg, test_pos, test_neg) == (0.75, 0.5)


def test_features_are_principal_components_of_the_training_images_only():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 6)) * [6, 5, 4, 3, 2, 1] + 10
    held_out = np.arange(60) >= 40
    features = pca_features(images, held_out, 3)
    centred = images - images[:40].mean(axis=0)
    axes = np.linalg.svd(centred[:40])[2][:3]
    assert np.abs(features) == pytest.approx(np.abs(centred @ axes.T))
    changed = np.where(held_out[:, None], 100 * images, images)
    assert pca_features(changed, held_out, 3)[:40] == pytest.approx(features[:40])


def test_features_of_whole_numbers_are_those_of_floats():
    images = np.random.default_rng(0).integers(0, 256, (80, 5), dtype=np.uint8)
    held_out = np.arange(80) % 2 == 0
    whole, floats = (pca_features(x, held_out, 2) for x in (images, images.astype(float)))
    assert np.abs(whole) == pytest.approx(np.abs(floats), abs=0.01)


@given(separation=st.floats(0.05, 6))
def test_separation_inverts_theorem_2_on_balanced_data(separation):
    recall = float(minority_recall(separation, 1))
    assert separation_from_recalls([recall, recall], [10**9, 10**9]) == pytest.approx(separation, abs=1e-5)


@given(recalls=st.tuples(st.floats(0, 1), st.floats(0, 1)), images=st.tuples(*[st.integers(1, 10**6)] * 2))
def test_separation_is_finite_and_above_zero(recalls, images):
    separation = separation_from_recalls(recalls, images)
    assert 0 < separation < 2 * 5.2
    more = separation_from_recalls([1.0, 1.0], images)
    assert separation <= more


def test_separation_corrections():
    quantile = {0.975: 1.959964}
    # 19 of 19 counts as 19.5 of 20, so does 18.5 + 1/2 of 19 + 1 in the mean of the two classes.
    assert separation_from_recalls([1.0, 1.0], [19, 19]) == pytest.approx(2 * quantile[0.975], abs=1e-5)
    # The least: half an image of 38 + 2 better than chance, Phi^-1(1/2 + 1/80) = sqrt(2 pi) / 80 to first order.
    for recalls in ([0.5, 0.5], [0.0, 1.0], [0.0, 0.0]):
        assert separation_from_recalls(recalls, [19, 19]) == pytest.approx(2 * math.sqrt(2 * math.pi) / 80, rel=1e-3)
    # Classes of different size: each recall is corrected by its own number, (4.5 / 5 + 1 / 2) / 2 = 0.7.
    assert separation_from_recalls([1.0, 0.5], [4, 1]) == pytest.approx(2 * 0.5244005)


@pytest.mark.parametrize(
    ("recalls", "images", "name"),
    [
        ([1.1, 0.5], [9, 9], "recalls"),
        ([-0.1, 0.5], [9, 9], "recalls"),
        ([math.nan, 0.5], [9, 9], "recalls"),
        ([0.5], [9, 9], "recalls"),
        ([0.5, 0.5], [0, 9], "held_out"),
        ([0.5, 0.5], [9, 9, 9], "held_out"),
    ],
)
def test_separation_refuses(recalls, images, name):
    with pytest.raises(ValueError, match=rf"^{name}=.*: must hold two numbers"):
        separation_from_recalls(recalls, images)


def test_agreement():
    found = agreement([0.9, 0.5, 0.1], [0.8, 0.5, 0.3])
    assert found["mae"] == pytest.approx(10)
    assert found["bias"] == pytest.approx(-100 / 30)
    assert found["correlation"] == pytest.approx(0.99339927)
    assert agreement([0.5], [0.4])["correlation"] is None
    assert agreement([0.5, 0.5], [0.4, 0.2])["correlation"] is None


@pytest.mark.parametrize(("predicted", "measured"), [([], []), ([0.5], [0.5, 0.4]), ([0.5], [math.inf])])
def test_agreement_refuses(predicted, measured):
    with pytest.raises(ValueError, match=r"^measured="):
        agreement(predicted, measured)
