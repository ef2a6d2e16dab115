"""Smaller images, by averaging areas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.support.validate import refuse

__all__ = ["area_average"]

_CHUNK = 1024


def area_average(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the images at ``side`` x ``side`` pixels, each the mean of the area that it covers.

    The image is laid out as ``side`` x ``side`` equal cells; a pixel that two cells share counts for each by its
    part in it. Everything is computed in whole numbers; the mean is rounded once, to the nearest, halves up.

    Args:
        images: shape ``(N, H, W, channels)``.
        side: at least 1, and at most ``H`` and ``W``. Where these differ the picture is squeezed, not cut.

    Raises:
        ValueError: ``side`` is larger than the images.

    Example:
        >>> picture = np.array([[0, 2, 9, 9], [4, 7, 9, 9], [1, 1, 0, 0], [1, 1, 0, 1]], dtype=np.uint8)
        >>> area_average(picture.reshape(1, 4, 4, 1), 2)[0, :, :, 0]
        array([[3, 9],
               [1, 0]], dtype=uint8)
    """
    _, height, width, channels = images.shape
    if side > min(height, width):
        refuse("resolution", side, f"must be at most {min(height, width)}, the side of the images")
    if side == height == width:
        return images
    rows, columns = _shares(height, side), _shares(width, side)
    area = height * width
    small = np.empty((len(images), side, side, channels), dtype=np.uint8)
    for start in range(0, len(images), _CHUNK):
        # Products of integers below 2^53: exact in floats, where numpy's matrix product is fast.
        x = images[start : start + _CHUNK].astype(np.float64)
        x = np.moveaxis(np.tensordot(rows, x, axes=(1, 1)), 0, 1)
        x = np.moveaxis(np.tensordot(columns, x, axes=(1, 2)), 0, 2)
        small[start : start + _CHUNK] = np.floor_divide(2 * x + area, 2 * area)
    return small


def _shares(pixels: int, cells: int) -> NDArray[np.float64]:
    """Return how much of each pixel lies in each cell, shape ``(cells, pixels)``, in units of ``1 / cells`` pixel."""
    ends = np.minimum(np.arange(1, cells + 1)[:, None] * pixels, np.arange(1, pixels + 1) * cells)
    begins = np.maximum(np.arange(cells)[:, None] * pixels, np.arange(pixels) * cells)
    return np.asarray(np.maximum(ends - begins, 0), dtype=np.float64)
