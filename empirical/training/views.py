"""Two views of an image for contrastive learning, as batched tensor code: cropped, mirrored, and changed in colour.

The single changes are those of torchvision, each image with numbers of its own; pixels are floats from 0 to 1 of shape
``(N, C, H, W)`` and the numbers have the shape ``(N,)``. All shapes are fixed by the batch's, and nothing waits for the
device.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

__all__ = ["brightness", "contrast", "grey", "hue", "random_parts", "random_view", "resized_crop", "saturation"]

_LUMA = (0.2989, 0.587, 0.114)
_LEAST_AREA = 0.2
_RATIO = 4 / 3
_JITTER = 0.4
_HUE_JITTER = 0.1
_JITTERED = 0.8
_GREYED = 0.2


def random_view(images: Tensor, generator: torch.Generator, *, crop: bool, mirror: bool) -> Tensor:
    """Return a random view of each image.

    1. A part of it with 20 to 100 % of its area and a ratio of width to height between 3/4 and 4/3 (uniform, and
       uniform in the logarithm), no side longer than the image's, anywhere in it, is brought to its size; if ``crop``.
    2. It is mirrored with probability 1/2; if ``mirror``.
    3. With probability 0.8 brightness, contrast and saturation are changed in this order by factors from 0.6 to 1.4,
       and the hue is turned by up to 0.1 of the circle.
    4. With probability 0.2 the colours are taken away.

    Images with other than three channels have no colours: of the last two steps brightness and contrast remain.

    Args:
        images: uint8, shape ``(N, H, W, C)``.
        generator: on their device.
        crop: whether a part of an image is still of its kind.
        mirror: whether its mirror image is.

    Returns:
        Numbers from 0 to 1, float32, shape ``(N, C, H, W)``.

    References:
        T. Chen et al., A simple framework for contrastive learning of visual representations, 2020, appendix A and, for
        small images, B.9 there; the least area is that of K. He et al., Momentum contrast for unsupervised visual
        representation learning, 2020.

    Example:
        >>> images = torch.randint(256, (5, 16, 16, 3), dtype=torch.uint8)
        >>> view = random_view(images, torch.Generator().manual_seed(0), crop=True, mirror=True)
        >>> view.shape, bool(((view >= 0) & (view <= 1)).all())
        (torch.Size([5, 3, 16, 16]), True)
    """
    n, height, width, channels = images.shape
    x = images.permute(0, 3, 1, 2).float() / 255
    if crop:
        x = resized_crop(x, *random_parts(n, height, width, generator))
    u = torch.rand((7, n), generator=generator, device=images.device)
    if mirror:
        x = _select(u[0] < 0.5, x.flip(3), x)
    factors = 1 + _JITTER * (2 * u[1:4] - 1)
    jittered = contrast(brightness(x, factors[0]), factors[1])
    if channels == len(_LUMA):
        jittered = hue(saturation(jittered, factors[2]), _HUE_JITTER * (2 * u[4] - 1))
    x = _select(u[5] < _JITTERED, jittered, x)
    return _select(u[6] < _GREYED, grey(x).expand_as(x), x) if channels == len(_LUMA) else x


def random_parts(n: int, height: int, width: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return ``top``, ``left``, ``rows`` and ``columns`` of random parts of images, as :func:`random_view` says.

    In pixels, and not whole numbers; each of shape ``(n,)``, on the generator's device.
    """
    u = torch.rand((4, n), generator=generator, device=generator.device)
    area = (_LEAST_AREA + (1 - _LEAST_AREA) * u[0]) * (height * width)
    ratio = torch.exp((2 * u[1] - 1) * math.log(_RATIO))
    rows, columns = (area / ratio).sqrt().clamp_max(height), (area * ratio).sqrt().clamp_max(width)
    return u[2] * (height - rows), u[3] * (width - columns), rows, columns


def resized_crop(x: Tensor, top: Tensor, left: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the part of each image that begins at ``(top, left)``, brought to the image's size.

    Bilinear interpolation between the centres of the part's pixels; outside of them the nearest one counts.
    """
    _, _, height, width = x.shape
    y, z = _positions(height, top, rows), _positions(width, left, columns)
    shape = (len(x), height, width)
    # The sampler's coordinates: -1 and 1 are the outer edges of the first and of the last pixel.
    grid = torch.stack(
        [((2 * z + 1) / width - 1)[:, None, :].expand(shape), ((2 * y + 1) / height - 1)[:, :, None].expand(shape)],
        dim=3,
    )
    return grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def brightness(x: Tensor, factor: Tensor) -> Tensor:
    """Return ``factor x``, cut off at 0 and 1."""
    return (_per_image(factor) * x).clamp(0, 1)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Return each image with its differences from its mean grey multiplied by ``factor``, cut off at 0 and 1."""
    return _blend(x, grey(x).mean(dim=(1, 2, 3), keepdim=True), factor)


def saturation(x: Tensor, factor: Tensor) -> Tensor:
    """Return each image in colour with its differences from its greys multiplied by ``factor``, cut off at 0 and 1."""
    return _blend(x, grey(x), factor)


def grey(x: Tensor) -> Tensor:
    """Return ``0.2989 R + 0.587 G + 0.114 B``, shape ``(N, 1, H, W)``; for other than three channels their mean."""
    if x.shape[1] != len(_LUMA):
        return x.mean(dim=1, keepdim=True)
    red, green, blue = _channels(x)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def hue(x: Tensor, turn: Tensor) -> Tensor:
    """Return each image in colour with its hues turned by ``turn`` full circles (in hue, saturation and value)."""
    largest, smallest = x.amax(dim=1, keepdim=True), x.amin(dim=1, keepdim=True)
    spread = largest - smallest
    red, green, blue = _channels(x)
    divisor = torch.where(spread > 0, spread, torch.ones_like(spread))
    sixths = torch.where(
        red == largest,
        (green - blue) / divisor,
        torch.where(green == largest, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    turned = sixths + 6 * _per_image(turn)
    # A channel of hue h is value - chroma max(0, min(k, 4 - k, 1)), k = (n + h) mod 6, n = 5, 3, 1 for R, G, B.
    n = 5 - 2 * torch.arange(3, device=x.device)
    k = (turned + n[:, None, None]) % 6
    return largest - spread * torch.minimum(k, 4 - k).clamp(0, 1)


def _channels(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return x[:, :1], x[:, 1:2], x[:, 2:]


def _positions(side: int, start: Tensor, length: Tensor) -> Tensor:
    """Return where along a side the pixels of a part brought to that side lie, shape ``(N, side)``."""
    centres = (torch.arange(side, device=start.device) + 0.5) * (length[:, None] / side) - 0.5
    return start[:, None] + torch.minimum(centres.clamp_min(0), length[:, None] - 1)


def _blend(x: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return (_per_image(factor) * x + (1 - _per_image(factor)) * other).clamp(0, 1)


def _per_image(numbers: Tensor) -> Tensor:
    return numbers[:, None, None, None]


def _select(chosen: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return torch.where(_per_image(chosen), x, y)
