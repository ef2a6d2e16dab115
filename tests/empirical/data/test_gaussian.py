import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from empirical.data.gaussian import GaussianImages
from theory.theorem2 import Setting, separation

LEVELS = np.arange(256)


def between(law, c, d):
    """The separation of two classes by Theorem 2's own definition."""
    cov = law.noise**2 * np.eye(law.side**2)
    return separation(Setting(law.means[c].ravel(), law.means[d].ravel(), cov, prior_ratio=1))


@given(asked=st.floats(0.05, 20), classes=st.integers(2, 12), side=st.integers(4, 10))
@settings(deadline=None)
def test_separation_is_the_one_asked_for(asked, classes, side):
    law = GaussianImages(asked, classes, side)
    for c in range(1, classes):
        assert between(law, 0, c) == pytest.approx(asked, rel=1e-9)
        assert between(law, c, (c + 1) % classes) == pytest.approx(asked, rel=1e-9)
    assert law.noise >= 4
    assert np.all(law.means - 5 * law.noise >= -1e-9)
    assert np.all(law.means + 5 * law.noise <= 255 + 1e-9)
    # The bound that the documentation states, on moments summed over the 256 levels.
    quantised = law.quantised()[~np.eye(classes, dtype=bool)]
    assert np.all(quantised < asked)
    assert np.all(quantised > asked * (1 - 0.003))


def test_separations_of_pairs():
    """Two classes alike and one apart; and three on a line, which fill fewer dimensions than there could be."""
    for wanted in ([[0, 1, 4], [1, 0, 4.5], [4, 4.5, 0]], [[0, 1, 3], [1, 0, 2], [3, 2, 0]]):
        law = GaussianImages(wanted, 3, 6)
        found = [[between(law, c, d) if c != d else 0.0 for d in range(3)] for c in range(3)]
        assert found == [pytest.approx(row, rel=1e-6) for row in wanted]


def test_quantised_moments_are_exact():
    """Against scipy's normal distribution, level by level, for one pixel of two classes."""
    law = GaussianImages(8.0, 2, 2)
    total = 0.0
    for one, two in zip(law.means[0].ravel(), law.means[1].ravel(), strict=True):
        moments = []
        for mean in (one, two):
            chance = norm.cdf(LEVELS + 0.5, mean, law.noise) - norm.cdf(LEVELS - 0.5, mean, law.noise)
            chance[0], chance[255] = norm.cdf(0.5, mean, law.noise), norm.sf(254.5, mean, law.noise)
            assert chance.sum() == pytest.approx(1, abs=1e-12)
            first = chance @ LEVELS
            moments.append((first, chance @ (LEVELS - first) ** 2))
        (a, v), (b, w) = moments
        total += (a - b) ** 2 / ((v + w) / 2)
    assert law.quantised()[0, 1] == pytest.approx(math.sqrt(total), rel=1e-9)


def test_images_follow_the_law():
    """Each pixel's mean and variance within 7 standard errors; the linear classifier's errors by Phi(-M / 2)."""
    law = GaussianImages(2.0, 3, 4)
    images, labels, test = law.draw(20_000, 5000, seed=0)
    assert (images.dtype, images.shape) == (np.uint8, (75_000, 4, 4))
    assert np.bincount(labels[test]).tolist() == [5000] * 3
    assert np.bincount(labels[~test]).tolist() == [20_000] * 3
    for c in range(3):
        own = images[labels == c].astype(float)
        n, variance = len(own), law.noise**2 + 1 / 12
        assert np.all(np.abs(own.mean(axis=0) - law.means[c]) < 7 * math.sqrt(variance / n))
        assert np.all(np.abs(own.var(axis=0) / variance - 1) < 7 * math.sqrt(2 / n))
        assert abs((own - law.means[c]).mean()) < 7 * math.sqrt(variance / own.size)
    # The best classifier of two classes: which mean is nearer. Its accuracy is Phi(M / 2), exact before rounding; the
    # bound on what rounding takes is far below the test's resolution of 7 standard errors.
    a, b = images[labels == 0].astype(float), images[labels == 1].astype(float)
    direction, middle = law.means[0] - law.means[1], (law.means[0] + law.means[1]) / 2
    right = int((((a - middle) * direction).sum(axis=(1, 2)) > 0).sum())
    right += int((((b - middle) * direction).sum(axis=(1, 2)) < 0).sum())
    assert binomtest(right, len(a) + len(b), norm.cdf(1)).pvalue > 1e-11


def test_pixels_are_independent():
    law = GaussianImages(2.0, 2, 3)
    images, labels, _ = law.draw(40_000, 1, seed=1)
    correlation = np.corrcoef(images[labels == 0].reshape(-1, 9).T)
    assert np.all(np.abs(correlation - np.eye(9)) < 7 / math.sqrt(40_000))


def test_more_images_are_further_ones():
    law = GaussianImages(3.0, 3, 4)
    few, _, few_test = law.draw(5, 2, seed=4)
    more, labels, more_test = law.draw(9, 2, seed=4)
    assert np.array_equal(few[few_test], more[more_test])
    for c in range(3):
        assert np.array_equal(few[~few_test][5 * c : 5 * c + 5], more[~more_test][labels[~more_test] == c][:5])
    other, _, _ = law.draw(5, 2, seed=5)
    assert not np.array_equal(few, other)
    assert len(np.unique(few.reshape(len(few), -1), axis=0)) == len(few)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"separation": 0}, r"^separation=0: must be a number above 0 and at most 1e.100, or a symmetric 3 x 3 matrix"),
        ({"separation": -1}, r"^separation=-1: "),
        ({"separation": math.nan}, r"^separation=nan: "),
        ({"separation": 1000}, r"^separation=1000: must be smaller: it leaves a noise of only 0\.\d+ grey levels$"),
        ({"separation": 200, "classes": 2}, r"^separation=200: must be smaller: it leaves a noise of only 3\.39 grey"),
        ({"separation": [[0, 1], [1, 0]]}, r"^separation=.*3 x 3 matrix"),
        ({"separation": [[0, 1, 3], [1, 0, 1], [3, 1, 0]]}, r"^separation=.*distances of different points$"),
        ({"separation": [[0, 1, 1], [2, 0, 1], [1, 1, 0]]}, r"^separation=.*symmetric"),
        ({"separation": [[0, 0, 1], [0, 0, 1], [1, 1, 0]]}, r"^separation=.*different points$"),
        ({"classes": 1}, r"^classes=1: "),
        ({"classes": 17}, r"^classes=17: must be at most 16, the pixels of an image$"),
        ({"side": 0}, r"^side=0: "),
    ],
)
def test_refused(change, message):
    with pytest.raises(ValueError, match=message) as raised:
        GaussianImages(**{"separation": 2.0, "classes": 3, "side": 4, **change})
    assert "\n" not in str(raised.value)
