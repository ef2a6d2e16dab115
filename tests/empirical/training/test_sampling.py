import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from empirical.training.losses import effective_weights
from empirical.training.sampling import draw, image_weights

# 12,406 draws are an epoch; the tests below make at most 20 comparisons each.
RARE = 1e-11


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999])
def test_frequencies_of_classes(beta):
    """Class c is drawn with probability n_c w_c / sum_j n_j w_j: an exact binomial test for each."""
    counts = np.array([500, 120, 40, 5])
    labels = torch.repeat_interleave(torch.arange(4), torch.from_numpy(counts))
    weights = effective_weights(counts, beta)
    drawn = labels[draw(image_weights(labels, weights), 200_000, seeded())].bincount(minlength=4)
    effective = counts if beta == 0 else counts * (1 - beta) / (1 - beta**counts)
    for found, chance in zip(drawn.tolist(), effective / effective.sum(), strict=True):
        assert binomtest(found, 200_000, chance).pvalue > RARE


def test_frequencies_of_images():
    weights = torch.tensor([0.0, 1.0, 0.5, 0.0, 3.0, 0.25, 0.0])
    drawn = draw(weights, 300_000, seeded(1)).bincount(minlength=7)
    for found, weight in zip(drawn.tolist(), weights.tolist(), strict=True):
        if weight == 0:
            assert found == 0
        else:
            assert binomtest(found, 300_000, weight / 4.75).pvalue > RARE


def test_draws_are_independent():
    """Pairs of successive draws: every one of the 9 is as likely as the product says."""
    weights = torch.tensor([1.0, 2.0, 3.0])
    drawn = draw(weights, 200_000, seeded(2)).reshape(-1, 2)
    pairs = (3 * drawn[:, 0] + drawn[:, 1]).bincount(minlength=9)
    for place, found in enumerate(pairs.tolist()):
        chance = float(weights[place // 3] * weights[place % 3]) / 36
        assert binomtest(found, 100_000, chance).pvalue > RARE


@pytest.mark.parametrize(("uniform", "index"), [(0.0, 1), (0.2499, 1), (0.25, 2), (0.999, 2), (1 - 2**-53, 2)])
def test_index_is_that_of_the_cumulative_weight(monkeypatch, uniform, index):
    """Weights 0, 1, 3, 0: below 1/4 the second image, from there on the third, and never one of the others."""
    monkeypatch.setattr(torch, "rand", lambda n, **_: torch.full((n,), uniform, dtype=torch.float64))
    for scale in (1.0, 1 / 3, 1.7, 1e-30):
        weights = torch.tensor([0.0, 1.0, 3.0, 0.0], dtype=torch.float64) * scale
        assert draw(weights, 2, seeded()).tolist() == [index, index]


def test_repeatable():
    weights = torch.rand(1000, generator=seeded())
    one, two, other = (draw(weights, 500, seeded(s)) for s in (3, 3, 4))
    assert (one.dtype, one.shape) == (torch.int64, (500,))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_weights_of_images():
    labels = torch.tensor([2, 0, 2, 1])
    assert image_weights(labels, torch.tensor([1.0, 2.0, 3.0])).tolist() == [3, 1, 3, 2]


@pytest.mark.parametrize(
    ("weights", "n", "name"),
    [
        ([], 1, "weights"),
        ([0.0, 0.0], 1, "weights"),
        ([1.0, -1.0], 1, "weights"),
        ([1.0, float("nan")], 1, "weights"),
        ([1.0, float("inf")], 1, "weights"),
        ([[1.0]], 1, "weights"),
        ([1.0], 0, "n"),
    ],
)
def test_refused(weights, n, name):
    with pytest.raises(ValueError, match=rf"^{name}=.*: must be"):
        draw(torch.tensor(weights), n, seeded())
