"""Augmentation as batched tensor code: every image of a batch is changed differently, on the device where it lies.

Images are uint8 tensors of shape ``(N, H, W, C)``; one of shape ``(N, C, H, W)`` in channels-last memory becomes that
by the free ``x.permute(0, 2, 3, 1)``. :func:`normalize` makes the network's input of them. Functions that begin with
``random_`` draw on the images' device with a generator of that device, and hand what they drew to the others, in which
nothing is random. All shapes are fixed by the batch's, and nothing waits for the device.
"""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.data.channels import as_images
from theory.support.validate import integer, refuse

__all__ = [
    "crop_and_mirror",
    "normalize",
    "random_crop_and_mirror",
    "random_rotation",
    "rotate",
]


def normalize(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return ``(images / 255 - mean) / std``, the network's input.

    Args:
        images: uint8, shape ``(N, H, W, C)``.
        mean: shape ``(C,)``, as :func:`empirical.data.channels.channel_statistics` gives it.
        std: shape ``(C,)``.

    Returns:
        float32, shape ``(N, C, H, W)``, in channels-last memory.

    Raises:
        ValueError: ``images`` has another type or shape.

    Example:
        >>> x = normalize(torch.full((1, 2, 2, 1), 255, dtype=torch.uint8), torch.tensor([0.5]), torch.tensor([0.25]))
        >>> x.shape, float(x.mean())
        (torch.Size([1, 1, 2, 2]), 2.0)
    """
    return ((as_images(images).float() / 255 - mean) / std).permute(0, 3, 1, 2)


def random_crop_and_mirror(images: Tensor, generator: torch.Generator, *, pad: int, mirror: bool) -> Tensor:
    """Return a crop of each padded image at a random place and, if ``mirror``, mirrored with probability 1/2.

    The same law as torchvision's ``RandomCrop(side, padding=pad)`` and ``RandomHorizontalFlip()``, each image by
    itself: see :func:`crop_and_mirror`.

    Args:
        images: uint8, shape ``(N, H, W, C)``.
        generator: on their device.
        pad: at least 0.
        mirror: whether to mirror at all.

    Returns:
        The same shape and type.

    Raises:
        ValueError: an argument lies outside its range.
    """
    n = len(as_images(images))
    offsets = torch.randint(2 * integer("pad", pad, least=0) + 1, (2, n), generator=generator, device=images.device)
    mirrored = torch.rand(n, generator=generator, device=images.device) < 0.5 if mirror else None
    return crop_and_mirror(images, offsets[0], offsets[1], mirrored, pad=pad)


def crop_and_mirror(images: Tensor, top: Tensor, left: Tensor, mirrored: Tensor | None, *, pad: int) -> Tensor:
    """Return of each image, padded by ``pad`` pixels of 0 on all sides, the part of its old size at ``(top, left)``.

    Args:
        images: uint8, shape ``(N, H, W, C)``.
        top: the first row of each part, int64, shape ``(N,)``, from 0 to ``2 pad``; ``pad`` leaves the image in place.
        left: the first column of each, likewise.
        mirrored: true for the parts that are then turned left to right, shape ``(N,)``; None for none.
        pad: at least 0.

    Returns:
        The same shape and type.

    Raises:
        ValueError: ``images`` has another type or shape.

    Example:
        >>> picture = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).reshape(1, 2, 2, 1)
        >>> one = torch.tensor([1])
        >>> crop_and_mirror(picture, one * 2, one, None, pad=1)[0, :, :, 0].tolist()
        [[3, 4], [0, 0]]
        >>> crop_and_mirror(picture, one, one, one > 0, pad=1)[0, :, :, 0].tolist()
        [[2, 1], [4, 3]]
    """
    n, height, width, _ = as_images(images).shape
    padded = torch.nn.functional.pad(images, (0, 0, pad, pad, pad, pad))
    rows = top[:, None] + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(n, width)
    if mirrored is not None:
        columns = torch.where(mirrored[:, None], width - 1 - columns, columns)
    columns = left[:, None] + columns
    image = torch.arange(n, device=images.device)
    return padded[image[:, None, None], rows[:, :, None], columns[:, None, :]]


def random_rotation(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return each image turned by 0, 90, 180 or 270 degrees, all as likely, and by how many quarter turns.

    Args:
        images: uint8, shape ``(N, H, H, C)``.
        generator: on their device.

    Returns:
        The images, and int64 from 0 to 3 of shape ``(N,)``.

    Raises:
        ValueError: the images are not square.
    """
    quarters = torch.randint(4, (len(images),), generator=generator, device=images.device)
    return rotate(images, quarters), quarters


def rotate(images: Tensor, quarters: Tensor) -> Tensor:
    """Return each image turned counter-clockwise by its number of quarter turns.

    Args:
        images: uint8, shape ``(N, H, H, C)``.
        quarters: int64, from 0 to 3, shape ``(N,)``.

    Returns:
        The same shape and type.

    Raises:
        ValueError: the images are not square.

    Example:
        >>> picture = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8).reshape(1, 2, 2, 1)
        >>> rotate(picture, torch.tensor([1]))[0, :, :, 0].tolist()
        [[2, 4], [1, 3]]
    """
    n, height, width, channels = as_images(images).shape
    if height != width:
        refuse("images", tuple(images.shape), "must be square, to be turned by 90 degrees")
    places = torch.arange(height * width, device=images.device).reshape(height, width)
    sources = torch.stack([places.rot90(k).flatten() for k in range(4)])
    image = torch.arange(n, device=images.device)[:, None]
    return images.reshape(n, -1, channels)[image, sources[quarters]].reshape(images.shape)
