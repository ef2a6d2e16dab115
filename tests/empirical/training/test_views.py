import math

import pytest
import torch
from scipy.stats import binomtest, kstest
from torchvision.transforms import functional as reference

from empirical.training.views import (
    brightness,
    contrast,
    grey,
    hue,
    random_parts,
    random_view,
    resized_crop,
    saturation,
)

CLOSE = {"atol": 1e-5, "rtol": 0}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=40, channels=3, side=9):
    """Random images, some of them grey, black, white or of one colour."""
    x = torch.rand(n, channels, side, side, generator=seeded())
    x[0], x[1], x[2] = 0, 1, 0.3
    x[3] = x[3].mean(0, keepdim=True)
    x[4, 0], x[4, 1:] = 0.7, 0.2
    return x


@pytest.mark.parametrize(
    ("ours", "theirs", "least", "most", "channels"),
    [
        (brightness, reference.adjust_brightness, 0.6, 1.4, 3),
        (contrast, reference.adjust_contrast, 0.6, 1.4, 3),
        (saturation, reference.adjust_saturation, 0.6, 1.4, 3),
        (hue, reference.adjust_hue, -0.5, 0.5, 3),
        (brightness, reference.adjust_brightness, 0.6, 1.4, 1),
        (contrast, reference.adjust_contrast, 0.6, 1.4, 1),
    ],
)
def test_colours_are_torchvisions(ours, theirs, least, most, channels):
    x = pictures(channels=channels)
    numbers = torch.rand(len(x), generator=seeded(1)) * (most - least) + least
    expected = torch.stack([theirs(image, float(k)) for image, k in zip(x, numbers, strict=True)])
    torch.testing.assert_close(ours(x, numbers), expected, **CLOSE)


def test_grey_is_torchvisions():
    x = pictures()
    torch.testing.assert_close(grey(x), reference.rgb_to_grayscale(x), **CLOSE)
    assert grey(pictures(channels=2)).shape == (40, 1, 9, 9)


@pytest.mark.parametrize("shape", [(12, 12), (6, 9)])
def test_crops_are_torchvisions(shape):
    """Of whole pixels, as only those are for torchvision."""
    generator, (height, width) = seeded(), shape
    x = torch.rand(60, 3, *shape, generator=generator)
    rows, columns = (torch.randint(1, side + 1, (60,), generator=generator) for side in shape)
    top, left = (
        (torch.rand(60, generator=generator) * (s - k + 1)).long() for s, k in ((height, rows), (width, columns))
    )
    found = resized_crop(x, *(numbers.float() for numbers in (top, left, rows, columns)))
    for i in range(60):
        box = (int(top[i]), int(left[i]), int(rows[i]), int(columns[i]))
        torch.testing.assert_close(found[i], reference.resized_crop(x[i], *box, list(shape), antialias=False), **CLOSE)


def test_crops_between_pixels():
    """A ramp stays a ramp: bilinear interpolation is exact for it."""
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    start, length = torch.tensor([1.3]), torch.tensor([5.0])
    found = resized_crop(ramp, torch.zeros(1), start, torch.full((1,), 8.0), length)[0, 0, 3]
    expected = 1.3 + (((torch.arange(8) + 0.5) * 5 / 8) - 0.5).clamp(0, 4)
    torch.testing.assert_close(found, expected, **CLOSE)


def test_views_have_the_law_that_they_state():
    """How often nothing but the colours, the mirror, or the greys change: exact binomial tests at 1e-11."""
    n = 4000
    image = torch.tensor([[[200, 30, 90], [10, 160, 40]], [[90, 50, 255], [30, 90, 140]]], dtype=torch.uint8)
    images = image.expand(n, -1, -1, -1)
    plain = image.permute(2, 0, 1).float() / 255
    views = random_view(images, seeded(), crop=False, mirror=False)
    greyed = (views.amax(1) - views.amin(1)).amax((1, 2)) < 1e-6
    same = (views - plain).abs().amax((1, 2, 3)) < 1e-6
    assert binomtest(int(greyed.sum()), n, 0.2).pvalue > 1e-11
    assert binomtest(int(same.sum()), n, 0.2 * 0.8).pvalue > 1e-11
    views = random_view(images, seeded(), crop=False, mirror=True)
    mirrored = (views - plain.flip(2)).abs().amax((1, 2, 3)) < 1e-6
    assert binomtest(int(mirrored.sum()), n, 0.5 * 0.2 * 0.8).pvalue > 1e-11


def test_parts_have_the_law_that_they_state():
    """Kolmogorov and Smirnov's test of what is uniform, at 1e-11, for parts that no side cuts off."""
    n, height, width = 20_000, 1000, 1000
    top, left, rows, columns = (t.double() for t in random_parts(n, height, width, seeded()))
    area, ratio = rows * columns / (height * width), columns / rows
    cut = (rows == height) | (columns == width)
    assert cut.any()
    assert area.min() >= 0.2 - 1e-6
    # Below an area of 3/4 no ratio up to 4/3 makes a side too long.
    free = area < 0.75
    assert not cut[free].any()
    assert kstest(area[free], "uniform", (0.2, 0.55)).pvalue > 1e-11
    assert kstest(ratio[free].log(), "uniform", (-math.log(4 / 3), 2 * math.log(4 / 3))).pvalue > 1e-11
    assert kstest(top[free] / (height - rows[free]), "uniform").pvalue > 1e-11
    assert kstest(left[free] / (width - columns[free]), "uniform").pvalue > 1e-11
    assert bool((rows <= height).all() and (columns <= width).all())


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_views_of_any_channels(channels):
    images = torch.randint(256, (30, 10, 8, channels), generator=seeded(), dtype=torch.uint8)
    one, two, other = (random_view(images, seeded(s), crop=True, mirror=True) for s in (0, 0, 1))
    assert one.shape == (30, channels, 10, 8)
    assert one.dtype == torch.float32
    assert one.min() >= 0
    assert one.max() <= 1
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
