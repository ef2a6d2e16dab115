import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from empirical.data.mixing import mix

RNG = np.random.default_rng(0)
LABELS = RNG.permutation(np.repeat([0, 1, 2], [40, 7, 9]))
IMAGES = RNG.integers(0, 256, (56, 4, 4, 3), dtype=np.uint8)


@given(fraction=st.floats(0, 1), degree=st.floats(0, 1), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_equation_2(fraction, degree, seed):
    before = IMAGES.copy()
    mixed, record = mix(IMAGES, LABELS, 0, 2, fraction, degree, seed)
    assert np.array_equal(IMAGES, before)
    assert (mixed.dtype, mixed.shape) == (np.uint8, IMAGES.shape)
    assert abs(len(record.replaced) - 40 * fraction) <= 0.5
    assert len(np.unique(record.replaced)) == len(record.replaced) == len(record.partners)
    assert np.all(LABELS[record.replaced] == 0)
    assert np.all(LABELS[record.partners] == 2)
    assert record.degree == degree
    kept = np.setdiff1d(np.arange(56), record.replaced)
    assert np.array_equal(mixed[kept], IMAGES[kept])
    exact = degree * IMAGES[record.replaced].astype(float) + (1 - degree) * IMAGES[record.partners].astype(float)
    assert np.all(np.abs(mixed[record.replaced] - exact) <= 0.5)


def test_ends():
    same, record = mix(IMAGES, LABELS, 0, 2, fraction=1, degree=1, seed=0)
    assert np.array_equal(same, IMAGES)
    assert sorted(record.replaced) == np.flatnonzero(LABELS == 0).tolist()
    other, record = mix(IMAGES, LABELS, 0, 2, fraction=1, degree=0, seed=0)
    assert np.array_equal(other[record.replaced], IMAGES[record.partners])
    nothing, record = mix(IMAGES, LABELS, 0, 2, fraction=0, degree=0, seed=0)
    assert np.array_equal(nothing, IMAGES)
    assert len(record.replaced) == 0


@pytest.mark.parametrize(("fraction", "k"), [(0.2, 8), (0.0125, 1), (0.0124, 0), (0.5, 20), (0.1, 4), (1, 40)])
def test_number_of_mixed_images(fraction, k):
    assert len(mix(IMAGES, LABELS, 0, 2, fraction, 0.5, 0)[1].replaced) == k


def test_rounding():
    images, labels = np.array([[10], [1], [250], [13]], dtype=np.uint8), np.array([0, 1, 1, 1])
    for degree in (0.5, 0.3):
        mixed, record = mix(images, labels, 0, 1, 1, degree, 3)
        assert mixed[0, 0] == np.rint(degree * 10 + (1 - degree) * float(images[record.partners[0], 0]))


def test_nested_over_fractions_and_the_same_for_all_degrees():
    _, small = mix(IMAGES, LABELS, 0, 2, 0.3, 0.2, seed=5)
    _, large = mix(IMAGES, LABELS, 0, 2, 0.8, 0.9, seed=5)
    assert np.array_equal(large.replaced[:12], small.replaced)
    assert np.array_equal(large.partners[:12], small.partners)
    _, other = mix(IMAGES, LABELS, 0, 2, 0.3, 0.2, seed=6)
    assert not np.array_equal(small.replaced, other.replaced)


def test_all_images_are_as_likely():
    """Of 40 images 10 are replaced, each by one of 9 others: exact binomial tests, 49 at 1e-11."""
    n = 1500
    records = [mix(IMAGES[:, :1, :1, :1], LABELS, 0, 2, 0.25, 0.5, seed)[1] for seed in range(n)]
    replaced = np.bincount(np.concatenate([r.replaced for r in records]), minlength=56)[LABELS == 0]
    assert all(binomtest(int(k), n, 0.25).pvalue > 1e-11 for k in replaced)
    partners = np.bincount(np.concatenate([r.partners for r in records]), minlength=56)[LABELS == 2]
    assert all(binomtest(int(k), 10 * n, 1 / 9).pvalue > 1e-11 for k in partners)
    assert any(len(np.unique(r.partners)) < 10 for r in records)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fraction": 1.1}, r"^fraction=1.1: must be from 0 to 1$"),
        ({"degree": -0.1}, r"^degree=-0.1: must be from 0 to 1$"),
        ({"majority": 7}, r"^majority=7: must be a label that occurs$"),
        ({"minority": 7}, r"^minority=7: must be a label that occurs$"),
        ({"minority": 0}, r"^minority=0: must be another class than the majority$"),
        ({"images": IMAGES / 255}, r"^images='float64': their type must be uint8$"),
        ({"labels": LABELS[1:]}, r"^labels=\(55,\): its shape must be \(56,\)"),
        ({"seed": -1}, r"^seed=-1: "),
    ],
)
def test_refused(change, message):
    arguments = {
        "images": IMAGES,
        "labels": LABELS,
        "majority": 0,
        "minority": 2,
        "fraction": 0.5,
        "degree": 0.5,
        "seed": 0,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        mix(**arguments)
