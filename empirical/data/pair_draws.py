"""Pairs of classes: how many images a minority keeps, and repeated random draws of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from empirical.data.dataset import Dataset
from empirical.data.longtail import imbalance_ratio
from theory.support.validate import integer, refuse

__all__ = ["FEWEST", "MOST_DRAWS", "Draw", "draws", "majority_count", "minority_count"]

FEWEST = 2
"""The fewest images of a class that have a spread."""

MOST_DRAWS = 10_000
"""The most draws that experiments repeat: each is held in memory."""


def minority_count(majority: int, imbalance: float) -> int:
    """Return how many images the minority keeps: ``majority / imbalance``, to the nearest integer, halves up.

    Args:
        majority: the number of images of the majority class, at least 1.
        imbalance: how many times as frequent the majority is to be, at least 1.

    Raises:
        ValueError: an argument lies outside its range, or the minority would be left without an image.

    Example:
        >>> [minority_count(100, imbalance) for imbalance in (1, 2, 5, 10, 20, 50)]
        [100, 50, 20, 10, 5, 2]
    """
    majority = integer("majority", majority)
    ratio = float(imbalance_ratio(imbalance))
    count = math.floor(majority / ratio + 0.5)
    if count == 0:
        refuse(
            "imbalance",
            imbalance,
            f"must be at most {2 * majority}: a minority needs an image",
        )
    return count


def majority_count(images: int, imbalance: float) -> int:
    """Return how many of its ``images`` the majority is to have, for minorities down to ``1 / imbalance`` of it.

    All of them, rounded down to a multiple of the imbalance if that leaves the minority two.

    Example:
        >>> majority_count(104, 50), majority_count(104, 60)
        (100, 104)
    """
    step = math.ceil(imbalance)
    return images // step * step if images >= FEWEST * step else images


@dataclass(frozen=True, eq=False)
class Draw:
    """One split of a data set, and an order of its training images.

    The first ``n`` of ``train[c]`` are the training images of class ``c`` when it is to have ``n``: so the subsets
    are nested over the imbalance, and a class keeps the same images whichever class it is set against.

    Attributes:
        held_out: shape ``(images,)``, true for the images that nothing is trained on.
        train: for each class, the indices of its training images in random order.
        test: for each class, the indices of its held-out images.
    """

    held_out: NDArray[np.bool_]
    train: tuple[NDArray[np.intp], ...]
    test: tuple[NDArray[np.intp], ...]


def draws(data: Dataset, seed: int, repeats: int) -> tuple[Draw, ...]:
    """Return ``repeats`` draws; the first ones stay the same when there are more.

    Example:
        >>> from empirical.data.load import digits
        >>> first, second = draws(digits(), seed=0, repeats=2)
        >>> len(first.train[3]), len(first.test[3])
        (110, 73)
    """
    result = []
    for child in SeedSequence(seed).spawn(repeats):
        split_seed, order_seed = child.spawn(2)
        held_out = data.held_out(split_seed)
        rng = np.random.default_rng(order_seed)
        members = [data.labels == label for label in range(len(data.classes))]
        result.append(
            Draw(
                held_out=held_out,
                train=tuple(rng.permutation(np.flatnonzero(own & ~held_out)) for own in members),
                test=tuple(np.flatnonzero(own & held_out) for own in members),
            )
        )
    return tuple(result)
