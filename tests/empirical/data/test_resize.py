from fractions import Fraction

import numpy as np
import pytest

from empirical.data.resize import area_average

RNG = np.random.default_rng(0)


def slow(image, side):
    """The mean over each cell in exact fractions, pixel by pixel; halves up."""
    height, width = image.shape
    result = np.zeros((side, side), dtype=int)
    for i in range(side):
        for j in range(side):
            total = Fraction(0)
            for y in range(height):
                for x in range(width):
                    rows = min(Fraction((i + 1) * height, side), y + 1) - max(Fraction(i * height, side), y)
                    columns = min(Fraction((j + 1) * width, side), x + 1) - max(Fraction(j * width, side), x)
                    total += max(rows, 0) * max(columns, 0) * int(image[y, x])
            result[i, j] = (total * side * side / (height * width) + Fraction(1, 2)) // 1
    return result


@pytest.mark.parametrize(
    ("shape", "side"), [((8, 8), 4), ((7, 7), 3), ((6, 9), 4), ((5, 5), 5), ((9, 6), 6), ((4, 4), 1)]
)
def test_every_cell_against_exact_fractions(shape, side):
    images = RNG.integers(0, 256, (3, *shape, 2), dtype=np.uint8)
    found = area_average(images, side)
    assert (found.dtype, found.shape) == (np.uint8, (3, side, side, 2))
    for i in range(3):
        for channel in range(2):
            assert np.array_equal(found[i, :, :, channel], slow(images[i, :, :, channel], side))


def test_halving_is_the_mean_of_four():
    images = RNG.integers(0, 256, (2500, 32, 32, 3), dtype=np.uint8)
    blocks = images.reshape(2500, 16, 2, 16, 2, 3).astype(int).sum(axis=(2, 4))
    assert np.array_equal(area_average(images, 16), (blocks + 2) // 4)


def test_extremes_stay():
    for level in (0, 255):
        assert np.all(area_average(np.full((1, 28, 28, 1), level, dtype=np.uint8), 9) == level)


@pytest.mark.parametrize("side", [9, 8])
def test_larger_images_refused(side):
    with pytest.raises(ValueError, match=rf"^resolution={side}: must be at most 7, the side of the images$"):
        area_average(np.zeros((1, 7, 10, 3), dtype=np.uint8), side)
