"""The size of a data set, without loading it where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Size", "class_count", "size_of"]

_CIFAR = {"cifar10": (10, 5000), "cifar100": (100, 500)}
_CLASSES = {"digits": 10} | {name: count for name, (count, _) in _CIFAR.items()}
_CIFAR_TEST, _CIFAR_SHAPE = 10_000, (32, 32, 3)


@dataclass(frozen=True)
class Size:
    """The size of a data set.

    Attributes:
        available: the training images of each class.
        tested: the number of test images.
        shape: ``(H, W, channels)``.
    """

    available: tuple[int, ...]
    tested: int
    shape: tuple[int, int, int]


def class_count(data: str, root: Path | None) -> int:
    """Return how many classes a data set has; CIFAR and the digits are not loaded for that.

    Raises:
        ValueError: it is not there or cannot be read.

    Example:
        >>> class_count("cifar100", None)
        100
    """
    return _CLASSES.get(data) or len(size_of(data, root).available)


def size_of(
    data: str,
    root: Path | None,
    *,
    seed: int = 0,
    resolution: int | None = None,
    classes: Sequence[int | str] | None = None,
) -> Size:
    """Return the size of a data set; all but CIFAR are loaded for that.

    Args:
        data: the data set (:func:`empirical.data.load.load`, as ``root``, ``seed`` and ``resolution``).
        root: the folder of the data sets.
        seed: of what is random in it.
        resolution: the side that its images are scaled to.
        classes: the labels of the classes to keep; None for all.

    Raises:
        ValueError: it is not there or cannot be read.

    Example:
        >>> size_of("cifar10", Path("data"), resolution=16, classes=(0, 9))
        Size(available=(5000, 5000), tested=2000, shape=(16, 16, 3))
    """
    if data in _CIFAR:
        count, each = _CIFAR[data]
        counts, tests = np.full(count, each), np.full(count, _CIFAR_TEST // count)
        side = resolution or _CIFAR_SHAPE[0]
        shape = (side, side, _CIFAR_SHAPE[2])
    else:
        from empirical.data.load import load

        found = load(data, root, seed=seed, resolution=resolution)
        counts, tests = np.bincount(found.train_labels), np.bincount(found.test_labels)
        shape = found.train_images.shape[1:]
    kept: Any = slice(None) if classes is None else list(map(int, classes))
    return Size(tuple(map(int, counts[kept])), int(tests[kept].sum()), shape)
