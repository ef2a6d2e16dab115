"""Theorem 3 and Property 3: the two forms agree, norms and angles act as stated, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from theory import theorem3

values = st.floats(-20, 20).map(lambda x: round(x, 4))


@st.composite
def classifiers(draw):
    classes, d = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    vector = st.lists(values, min_size=d, max_size=d)
    return np.array(draw(st.lists(vector, min_size=classes, max_size=classes))), np.array(draw(vector))


@given(classifiers())
@configure(max_examples=200, deadline=None, derandomize=True)
def test_norms_and_angles_give_the_same_probabilities(case):
    weights, feature = case
    direct = theorem3.probabilities(weights, feature)
    assert theorem3.norm_angle_form(*theorem3.norms_and_angles(weights, feature)) == pytest.approx(direct, abs=1e-9)
    assert direct.sum() == pytest.approx(1, abs=1e-12)


@given(classifiers())
@configure(max_examples=100, deadline=None, derandomize=True)
def test_probabilities_are_the_softmax(case):
    weights, feature = case
    logits = [float(np.dot(w, feature)) for w in weights]
    expected = [1 / sum(np.exp(np.clip(other - one, -700, 700)) for other in logits) for one in logits]
    assert theorem3.probabilities(weights, feature) == pytest.approx(expected, rel=1e-9)


def test_many_features_at_once():
    rng = np.random.default_rng(np.random.SeedSequence(3))
    weights, features = rng.standard_normal((4, 3)), rng.standard_normal((5, 2, 3))
    together = theorem3.probabilities(weights, features)
    assert together.shape == (5, 2, 4)
    assert together[4, 1] == pytest.approx(theorem3.probabilities(weights, features[4, 1]))
    assert theorem3.norm_angle_form(*theorem3.norms_and_angles(weights, features)) == pytest.approx(together)


@pytest.mark.parametrize(("angle", "rises"), [(0.3, True), (2.8, False)])
def test_a_larger_norm_helps_only_a_positive_cosine(angle, rises):
    small, large = (theorem3.norm_angle_form([norm, 1], 2.0, [angle, 1.0])[0] for norm in (1, 2))
    assert (large > small) == rises


def test_small_angles_are_accurate():
    _, _, angles = theorem3.norms_and_angles([[1.0, 1e-9], [-1.0, 1e-9]], [1.0, 0.0])
    assert angles == pytest.approx([1e-9, np.pi - 1e-9], rel=1e-12)


@given(classifiers(), st.floats(-1, 2))
@configure(max_examples=100, deadline=None, derandomize=True)
def test_tau_normalisation_raises_norms_to_one_minus_tau(case, tau):
    weights = case[0] + np.sign(case[0] + 0.5)  # no row of zeros
    norms = np.linalg.norm(weights, axis=1)
    normalised = theorem3.tau_normalize(weights, tau)
    assert np.linalg.norm(normalised, axis=1) == pytest.approx(norms ** (1 - tau), rel=1e-9)
    assert normalised * norms[:, None] ** tau == pytest.approx(weights, rel=1e-9)


def test_equal_norms_decide_by_angle_alone():
    weights = np.array([[3.0, 0.0], [0.3, 0.4]])
    feature = np.array([0.9, 1.2])  # along the second weight
    assert theorem3.probabilities(weights, feature).argmax() == 0
    assert theorem3.probabilities(theorem3.tau_normalize(weights, 1), feature).argmax() == 1


def test_very_long_and_very_short_vectors():
    norms, _, angles = theorem3.norms_and_angles([[3e-170, 4e-170], [1e200, 0]], [1.0, 0.0])
    assert norms == pytest.approx([5e-170, 1e200])
    assert angles == pytest.approx([np.arccos(0.6), 0])
    assert theorem3.tau_normalize([[1e200, 0.0]], 1) == pytest.approx(np.array([[1.0, 0.0]]))
    with pytest.raises(ValueError, match="^weights=.*logits"):
        theorem3.probabilities([[1e200], [1.0]], [1e200])
    with pytest.raises(ValueError, match="^tau=-5000"):
        theorem3.tau_normalize([[2.0, 0.0]], -5000)


def test_invalid_arguments():
    with pytest.raises(ValueError, match="^norms=.*at least one"):
        theorem3.norm_angle_form([], 1.0, [])
    with pytest.raises(ValueError, match="^feature="):
        theorem3.probabilities([[1.0]], np.array(["1"], dtype=object))
    with pytest.raises(ValueError, match="^feature="):
        theorem3.probabilities([[1.0]], [True])
    with pytest.raises(ValueError, match="^feature="):
        theorem3.probabilities([[1.0]], [10**400])
    with pytest.raises(ValueError, match="^weights="):
        theorem3.probabilities([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="^weights="):
        theorem3.probabilities(np.zeros((0, 2)), [1.0, 2.0])
    with pytest.raises(ValueError, match="^weights="):
        theorem3.probabilities([[np.nan, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="^feature=.*last dimension"):
        theorem3.probabilities([[1.0, 2.0]], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="^feature="):
        theorem3.probabilities([[1.0]], 1.0)
    with pytest.raises(ValueError, match="^norms="):
        theorem3.norm_angle_form([-1.0], 1.0, [0.0])
    with pytest.raises(ValueError, match="^length="):
        theorem3.norm_angle_form([1.0], -1.0, [0.0])
    with pytest.raises(ValueError, match="^angles="):
        theorem3.norm_angle_form([1.0], 1.0, [4.0])
    with pytest.raises(ValueError, match="^angles=.*shape"):
        theorem3.norm_angle_form([1.0, 2.0], 1.0, [1.0])
    with pytest.raises(ValueError, match="^weights=.*zeros"):
        theorem3.tau_normalize([[0.0, 0.0], [1.0, 0.0]], 1)
    with pytest.raises(ValueError, match="^tau="):
        theorem3.tau_normalize([[1.0]], np.inf)
