import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.data import HELD_OUT, Data, digits
from empirical.longtail import draws, minority_count


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
    data = Data("fixed", ("a", "b"), np.zeros((40, 1)), np.repeat([0, 1], 20), test=test)
    one, two = draws(data, seed=0, repeats=2)
    assert np.array_equal(one.held_out, test)
    assert np.array_equal(two.held_out, test)
    assert not all(map(np.array_equal, one.train, two.train))
