"""Re-sampling: which images an epoch consists of."""

from __future__ import annotations

import torch
from torch import Tensor

from theory.support.validate import integer, refuse

__all__ = ["draw", "image_weights"]


def image_weights(labels: Tensor, class_weights: Tensor) -> Tensor:
    """Return the weight of each image: that of its class.

    Args:
        labels: shape ``(n,)``, integers from 0 to ``C - 1``.
        class_weights: shape ``(C,)``, as :func:`empirical.training.losses.effective_weights` gives them.
    """
    return class_weights.to(labels.device)[labels]


def draw(weights: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Return ``n`` indices drawn with replacement, index ``i`` with probability ``weights[i] / sum(weights)``.

    Each comes from one uniform number on the generator's device and the cumulative sums of the weights. These are in
    double precision and always summed on the CPU, where the order of the sum, and so every bit of it, is fixed.

    Args:
        weights: shape ``(images,)``, finite, none below 0, not all 0.
        n: how many, at least 1.
        generator: on the device where the indices are wanted.

    Returns:
        Shape ``(n,)``, int64.

    Raises:
        ValueError: an argument lies outside its range.

    Example:
        >>> labels = torch.tensor([0, 0, 0, 1])
        >>> weights = image_weights(labels, torch.tensor([0.5, 1.5]))
        >>> drawn = labels[draw(weights, 1000, torch.Generator().manual_seed(0))]
        >>> drawn.bincount().tolist()
        [500, 500]
    """
    n = integer("n", n)
    w = weights.detach().to("cpu", torch.float64)
    if w.ndim != 1 or not bool(torch.isfinite(w).all()) or not bool((w >= 0).all()) or not bool((w > 0).any()):
        refuse("weights", w.tolist(), "must be a vector of finite numbers of at least 0, not all 0")
    cumulative = w.cumsum(0)
    device = generator.device
    uniform = torch.rand(n, dtype=torch.float64, generator=generator, device=device) * float(cumulative[-1])
    # The first sum that exceeds the number: never that of an image of weight 0. Numbers up to 1 - 2^-53 stay below the
    # last sum when they are multiplied by it.
    return torch.searchsorted(cumulative.to(device), uniform, right=True)
