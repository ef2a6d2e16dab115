"""The channels of images: their means and standard deviations over a data set."""

from __future__ import annotations

import torch
from torch import Tensor

from theory.support.validate import refuse

__all__ = ["as_images", "channel_statistics"]

_CHUNK = 2**20


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel over all ``images``, in units of 255.

    The standard deviation is that of the population, and 1 where a channel is constant.

    Args:
        images: uint8, shape ``(N, H, W, C)``.

    Returns:
        Two float32 tensors of shape ``(C,)``, on the images' device.

    Raises:
        ValueError: ``images`` has another type or shape.

    Example:
        >>> mean, std = channel_statistics(torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 1, 2, 1))
        >>> mean.tolist(), std.tolist()
        ([0.5], [0.5])
    """
    pixels = as_images(images).reshape(-1, images.shape[3])
    total = torch.zeros(images.shape[3], dtype=torch.int64, device=images.device)
    squares = torch.zeros_like(total)
    for start in range(0, len(pixels), _CHUNK):
        numbers = pixels[start : start + _CHUNK].long()
        total += numbers.sum(0)
        squares += (numbers * numbers).sum(0)
    mean = total.double() / len(pixels)
    # The sums are whole numbers and exact; the difference of two doubles up to 255^2 is 0 for a constant channel.
    std = (squares.double() / len(pixels) - mean * mean).clamp_min(0).sqrt()
    return (mean / 255).float(), torch.where(std > 0, std / 255, torch.ones_like(std)).float()


def as_images(images: Tensor) -> Tensor:
    """Return ``images`` if they are a batch of bytes."""
    if images.dtype != torch.uint8 or images.ndim != 4:
        shown = (str(images.dtype), tuple(images.shape))
        refuse("images", shown, "must be uint8 of shape (images, H, W, channels)")
    return images
