from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from empirical.data.dataset import HELD_OUT, Dataset
from empirical.data.load import digits
from empirical.data.longtail import counts, subset
from empirical.data.pair_draws import draws, minority_count


@pytest.mark.parametrize(
    ("majority", "imbalance", "count"),
    [
        (100, 1, 100),
        (100, 50, 2),
        (2500, 50, 50),
        (5, 2, 3),
        (7, 2, 4),
        (10, 4, 3),
        (1, 2, 1),
        (89, 50, 2),
        (10, 2.5, 4),
    ],
)
def test_minority_count(majority, imbalance, count):
    assert minority_count(majority, imbalance) == count


@given(majority=st.integers(1, 10**6), imbalance=st.floats(1, 10**6))
def test_minority_count_is_nearest_integer_or_refused(majority, imbalance):
    if majority / imbalance < 0.5:
        with pytest.raises(ValueError, match=r"^imbalance="):
            minority_count(majority, imbalance)
    else:
        assert abs(minority_count(majority, imbalance) - majority / imbalance) <= 0.5


@pytest.mark.parametrize("imbalance", [0.5, 0, -1, float("nan"), float("inf"), "2", None, True])
def test_minority_count_refuses(imbalance):
    with pytest.raises(ValueError, match=r"^imbalance=.*: must be"):
        minority_count(100, imbalance)


def test_draws_split_each_class_into_training_and_held_out():
    data = digits()
    for draw in draws(data, seed=3, repeats=3):
        for label, (train, test) in enumerate(zip(draw.train, draw.test, strict=True)):
            own = np.flatnonzero(data.labels == label)
            assert sorted([*train, *test]) == own.tolist()
            assert abs(len(test) - HELD_OUT * len(own)) <= 1
            assert draw.held_out[test].all()
            assert not draw.held_out[train].any()


def test_draws_are_random_and_repeatable():
    data = digits()
    one, two = draws(data, seed=3, repeats=2)
    again = draws(data, seed=3, repeats=5)
    other = draws(data, seed=4, repeats=1)[0]
    for draw, same in zip((one, two), again, strict=False):
        assert np.array_equal(draw.held_out, same.held_out)
        assert all(map(np.array_equal, draw.train, same.train))
    for different in (two, other):
        assert not np.array_equal(one.held_out, different.held_out)
    # In random order: subsets are prefixes, and the first images of a file are seldom typical.
    assert any(np.any(np.diff(train) < 0) for train in one.train)


def test_draws_keep_a_fixed_test_set():
    test = np.array([False, True] * 20)
    data = Dataset("fixed", ("a", "b"), np.zeros((40, 1)), np.repeat([0, 1], 20), test=test)
    one, two = draws(data, seed=0, repeats=2)
    assert np.array_equal(one.held_out, test)
    assert np.array_equal(two.held_out, test)
    assert not all(map(np.array_equal, one.train, two.train))


@pytest.mark.parametrize(
    ("classes", "largest", "totals"),
    [
        (10, 5000, {100: 12406, 50: 13996, 20: 17023, 10: 20431, 1: 50000}),
        (100, 500, {100: 10847, 50: 12608, 20: 15907, 10: 19573, 1: 50000}),
    ],
)
def test_counts_of_cifar_as_published(classes, largest, totals):
    assert {ratio: int(counts(classes, largest, ratio).sum()) for ratio in totals} == totals
    for ratio in totals:
        kept = counts(classes, largest, ratio)
        assert (kept[0], kept[-1]) == (largest, largest // ratio)
        assert kept.dtype == np.int64


@given(
    classes=st.integers(2, 30),
    largest=st.integers(1, 10**6),
    imbalance=st.fractions(1, 1000) | st.integers(1, 1000) | st.floats(1, 1000),
)
def test_counts_are_exact(classes, largest, imbalance):
    """Each is the largest whole number k with k <= n_max IR^(-c / (C - 1)), raised to the power C - 1."""
    if largest < imbalance:
        with pytest.raises(ValueError, match=r"^imbalance=.*: must be at most \d+: the rarest class needs an image$"):
            counts(classes, largest, imbalance)
        return
    ratio, steps = Fraction(imbalance), classes - 1
    for label, kept in enumerate(counts(classes, largest, imbalance).tolist()):
        bound = largest**steps / ratio**label
        assert kept**steps <= bound < (kept + 1) ** steps


def test_counts_where_floating_point_would_lose_an_image():
    """Powers: 3^5 / 3^c is a whole number for every c, and floats fall short of some."""
    assert counts(6, 243, 243).tolist() == [243, 81, 27, 9, 3, 1]
    assert counts(4, 1000, 1000).tolist() == [1000, 100, 10, 1]
    naive = [int(largest * largest ** (-c / 9)) for largest in (3**9, 7**9, 10**9) for c in range(10)]
    exact = [largest for base in (3, 7, 10) for largest in counts(10, base**9, base**9).tolist()]
    assert exact == [base ** (9 - c) for base in (3, 7, 10) for c in range(10)]
    assert naive != exact


@pytest.mark.parametrize(
    ("classes", "imbalance", "expected"),
    [(4, 10, [95, 95, 9, 9]), (5, 2.5, [95, 95, 95, 38, 38]), (2, 95, [95, 1]), (3, 1, [95] * 3)],
)
def test_counts_in_a_step(classes, imbalance, expected):
    assert counts(classes, 95, imbalance, "step").tolist() == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imbalance": 0.99}, r"^imbalance=0.99: must be a finite number of at least 1$"),
        ({"imbalance": float("inf")}, r"^imbalance=inf: "),
        ({"imbalance": 101}, r"^imbalance=101: must be at most 100: the rarest class needs an image$"),
        ({"imbalance": 101, "shape": "step"}, r"^imbalance=101: must be at most 100: "),
        ({"classes": 1}, r"^classes=1: "),
        ({"largest": 0}, r"^largest=0: "),
        ({"shape": "linear"}, r"^shape='linear': must be one of exp, step$"),
    ],
)
def test_counts_refused(change, message):
    with pytest.raises(ValueError, match=message):
        counts(**{"classes": 10, "largest": 100, "imbalance": 10, **change})


LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [50, 40, 30]))


def test_subset_holds_what_was_asked_for():
    chosen = subset(LABELS, np.array([50, 20, 0]), seed=1)
    assert len(np.unique(chosen)) == len(chosen) == 70
    assert np.bincount(LABELS[chosen], minlength=3).tolist() == [50, 20, 0]


@given(few=st.tuples(*[st.integers(0, 30)] * 3), more=st.tuples(*[st.integers(0, 30)] * 3), seed=st.integers(0, 2**64))
def test_subsets_are_nested(few, more, seed):
    larger = np.add(few, more).clip(max=[50, 40, 30])
    small, large = subset(LABELS, np.array(few), seed), subset(LABELS, larger, seed)
    for label in range(3):
        own = small[LABELS[small] == label]
        assert np.array_equal(own, large[LABELS[large] == label][: len(own)])


def test_subsets_are_random_and_repeatable():
    """Whether an image is among 10 of 40: exact binomial tests over seeds, 40 of them at 1e-11."""
    kept = np.array([0, 10, 0])
    assert np.array_equal(subset(LABELS, kept, 3), subset(LABELS, kept, 3))
    found = np.bincount(np.concatenate([subset(LABELS, kept, seed) for seed in range(1000)]), minlength=120)
    assert all(binomtest(int(k), 1000, 0.25).pvalue > 1e-11 for k in found[LABELS == 1])


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ([51, 1, 1], r"^counts=51: must be from 0 to 50, the images of class 0$"),
        ([1, 1, -1], r"^counts=-1: must be from 0 to 30, the images of class 2$"),
        ([1, 1], r"^counts=.*: must hold a number for each of 3 classes$"),
        ([1, 1, 1, 1], r"^counts=1: must be from 0 to 0, the images of class 3$"),
    ],
)
def test_subset_refused(kept, message):
    with pytest.raises(ValueError, match=message):
        subset(LABELS, np.array(kept), seed=0)
