"""The split of a drop in recall into number and similarity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.attribution import attribution, split
from theory.theorem2 import minority_recall

separations = st.floats(0.1, 8)
ratios = st.floats(1, 1000)


@given(separations, ratios, separations)
def test_it_is_the_mean_over_both_orders_and_adds_up(separation, ratio, reference):
    parts = attribution(separation, ratio, reference)
    r = {(m, n): float(minority_recall(m, n)) for m in (separation, reference) for n in (ratio, 1.0)}
    number_first = r[reference, 1.0] - r[reference, ratio]
    number_last = r[separation, 1.0] - r[separation, ratio]
    assert parts.number == pytest.approx((number_first + number_last) / 2, abs=1e-12)
    assert parts.drop == pytest.approx(r[reference, 1.0] - r[separation, ratio], abs=1e-12)
    assert parts.interaction == pytest.approx(number_first - number_last, abs=1e-12)
    assert parts.number >= 0
    assert (parts.similarity >= 0) == (separation <= reference) or parts.similarity == pytest.approx(0, abs=1e-12)


def test_what_does_not_change_has_no_part():
    assert attribution(2.0, 1, 3.0).number == 0
    assert attribution(3.0, 50, 3.0).similarity == 0
    assert attribution(2.0, 1, 3.0).number_share == 0
    assert attribution(3.0, 50, 3.0).number_share == 1
    assert np.isnan(attribution(3.0, 1, 3.0).number_share)
    assert np.isnan(split(1.0, 0.5, 1.5, 1.0).number_share)  # number and similarity make up for one another


def test_arrays_are_split_number_by_number():
    parts = attribution([[1.0], [2.0]], [1, 10, 100], 4.0)
    assert parts.number.shape == (2, 3)
    assert parts.number[1, 2] == attribution(2.0, 100, 4.0).number
    assert split([0.9, 1.0], 0.7, 0.8, [0.4, 0.5]).drop == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attribution(0.0, 2, 3.0), "separation=.*: must hold finite numbers greater than 0"),
        (lambda: attribution(1.0, 0.5, 3.0), "prior_ratio=.*: must hold finite numbers of at least 1"),
        (lambda: attribution(1.0, 2, -3.0), "reference=.*: must be a finite number greater than 0"),
        (lambda: attribution(1.0, 2, [3.0, 4.0]), "reference=.*: must be a finite number greater than 0"),
        (lambda: attribution([1.0, 2.0], [1, 2, 3], 4.0), "prior_ratio=.*: its shape must broadcast"),
        (lambda: split(1.0, np.nan, 1.0, 1.0), "number_only=.*: "),
        (lambda: split([1.0, 1.0], [1.0, 1.0, 1.0], 1.0, 1.0), "both=.*: its shape must broadcast"),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
