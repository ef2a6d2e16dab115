"""Long tails: how many images each class keeps, and which ones."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from empirical.config import SHAPES
from theory.support.validate import choice, integer, number, refuse

__all__ = ["GROUPS", "counts", "frequency_group", "imbalance_ratio", "ldam_subset", "subset"]

GROUPS = ("many", "medium", "few")
"""The groups of classes by their training images: more than 100, 20 to 100, fewer than 20."""

_MANY, _FEW = 100, 20


def frequency_group(images: int) -> str:
    """Return the group of a class, ``many``, ``medium`` or ``few``, by its number of training images.

    Source: Z. Liu et al., Large-scale long-tailed recognition in an open world, 2019.

    Example:
        >>> [frequency_group(images) for images in (101, 100, 20, 19)]
        ['many', 'medium', 'medium', 'few']
    """
    return GROUPS[0] if images > _MANY else GROUPS[1] if images >= _FEW else GROUPS[2]


def imbalance_ratio(value: object) -> float:
    """Return an imbalance, as an ``int`` where it is one."""
    ratio = number("imbalance", value, "must be a finite number of at least 1", least=1)
    return ratio if isinstance(ratio, int) else float(ratio)


def counts(
    classes: int, largest: int, imbalance: float, shape: str = "exp", *, empty: bool = False
) -> NDArray[np.int64]:
    """Return how many training images each class keeps, in label order, from the most frequent class to the rarest.

    ``exp``
        ``floor(n_max IR^(-c / (C - 1)))`` for ``c = 0, ..., C - 1``: by the same factor fewer from class to class.
    ``step``
        ``n_max`` for the first half of the classes, ``floor(n_max / IR)`` for the others; with an odd number of
        classes the one in the middle is frequent.

    Both are computed exactly: no rounding error can take an image away where the formula gives a whole number.

    Args:
        classes: ``C``, at least 2.
        largest: ``n_max``, at least 1.
        imbalance: ``IR``, at least 1.
        shape: ``exp`` or ``step``.
        empty: whether classes may be left without an image.

    Returns:
        Shape ``(classes,)``.

    Raises:
        ValueError: an argument lies outside its range, or the rarest class would be left without an image.

    References:
        K. Cao et al., Learning imbalanced datasets with label-distribution-aware margin loss, 2019 (the paper's
        [3]); section 5.2 of the paper.

    Example:
        >>> counts(10, 5000, 100).tolist(), int(counts(10, 5000, 100).sum())
        ([5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50], 12406)
        >>> counts(4, 100, 10, "step").tolist()
        [100, 100, 10, 10]
    """
    classes, largest = integer("classes", classes, least=2), integer("largest", largest)
    # A float is a binary fraction, so that this is exactly the ratio that was given.
    ratio = Fraction(number("imbalance", imbalance, "must be a finite number of at least 1", least=1))
    if choice("shape", shape, SHAPES) == "exp":
        kept = [_exponential(largest, ratio, label, classes - 1) for label in range(classes)]
    else:
        frequent = (classes + 1) // 2
        kept = [largest] * frequent + [math.floor(largest / ratio)] * (classes - frequent)
    if kept[-1] == 0 and not empty:
        refuse("imbalance", imbalance, f"must be at most {largest}: the rarest class needs an image")
    return np.array(kept, dtype=np.int64)


def subset(labels: NDArray[np.integer], counts: NDArray[np.integer], seed: int) -> NDArray[np.intp]:
    """Return the indices of a random subset with ``counts[c]`` images of class ``c``.

    Each class has an order of its own, drawn with the seed, and keeps the first images of it. So the subsets of one
    seed are nested: with a smaller count a class keeps the first part of what it keeps with a larger one, and how many
    images the other classes keep changes nothing.

    Args:
        labels: shape ``(n,)``, integers from 0 to ``C - 1``.
        counts: shape ``(C,)``, as :func:`counts` gives them.
        seed: at least 0.

    Returns:
        Shape ``(counts.sum(),)``, class after class.

    Raises:
        ValueError: a class has fewer images than it is to keep, or a label has no count.

    Example:
        >>> labels = np.repeat([0, 1, 2], 10)
        >>> chosen = subset(labels, np.array([5, 3, 1]), seed=0)
        >>> labels[chosen].tolist()
        [0, 0, 0, 0, 0, 1, 1, 1, 2]
    """
    seed = integer("seed", seed, least=0)
    available = np.bincount(labels, minlength=len(counts))
    if len(available) > len(counts):
        refuse("counts", counts, f"must hold a number for each of {len(available)} classes")
    chosen = []
    for label, (child, count) in enumerate(zip(SeedSequence(seed).spawn(len(counts)), counts, strict=True)):
        if not 0 <= count <= available[label]:
            refuse("counts", int(count), f"must be from 0 to {available[label]}, the images of class {label}")
        chosen.append(np.random.default_rng(child).permutation(np.flatnonzero(labels == label))[:count])
    return np.concatenate(chosen)


def ldam_subset(labels: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return the indices of the subset that the published codebases draw, the same for every seed of a run.

    NumPy's legacy generator is seeded with 0; class after class, in the order of the labels, the indices of its images
    are shuffled in place, and the first ``counts[c]`` are kept. The images must be in the official order of the data
    set.

    Args:
        labels: shape ``(n,)``, integers from 0 to ``C - 1``.
        counts: shape ``(C,)``, as :func:`counts` gives them.

    Returns:
        Shape ``(counts.sum(),)``, class after class.

    Raises:
        ValueError: a class has fewer images than it is to keep.

    References:
        K. Cao et al., Learning imbalanced datasets with label-distribution-aware margin loss, 2019; the data set of its
        code (kaidic/LDAM-DRW), which later codebases share.

    Example:
        >>> ldam_subset(np.repeat([0, 1], 5), np.array([4, 2])).tolist()
        [2, 0, 1, 3, 5, 7]
    """
    generator = np.random.RandomState(0)
    chosen = []
    for label, count in enumerate(counts):
        own = np.flatnonzero(labels == label)
        if not 0 <= count <= len(own):
            refuse("counts", int(count), f"must be from 0 to {len(own)}, the images of class {label}")
        generator.shuffle(own)
        chosen.append(own[:count])
    return np.concatenate(chosen)


def _exponential(largest: int, ratio: Fraction, label: int, steps: int) -> int:
    """Return ``floor(largest ratio^(-label / steps))``: the largest k with ``k^steps ratio^label <= largest^steps``."""
    bound = largest**steps * ratio.denominator**label
    scale = ratio.numerator**label
    kept = int(largest * float(ratio) ** (-label / steps))
    while (kept + 1) ** steps * scale <= bound:
        kept += 1
    while kept**steps * scale > bound:
        kept -= 1
    return kept
