"""What the experiments on frozen features share: a network that saw half of the images of each class.

The network is trained with cross entropy on equally many images of each class, half of what the smallest class has.
The training images that it never saw are those of which theory speaks: their features are drawn from the same law as
those of the test images, which the features of its own training images are not.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirical.config import Config
from empirical.data import load
from empirical.experiments import training
from empirical.sizes import size_of
from theory._validate import refuse

if TYPE_CHECKING:
    from torch import Tensor, nn

    from empirical.material import Material

__all__ = ["Frozen", "at_even_ranks", "balanced", "geometry", "of_run", "smallest"]

_FEWEST = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frozen:
    """A trained network and the images that it did not see.

    Attributes:
        network: in evaluation mode.
        material: what it was trained and tested on.
        images: the training images that it did not see, by class, uint8: as many of each class.
        classes: the names of the classes.
    """

    network: nn.Module
    material: Material
    images: tuple[Tensor, ...]
    classes: tuple[str, ...]

    def features(self, images: Tensor) -> Floats:
        """Return the features of uint8 images, shape ``(n, d)``."""
        from empirical import features

        return np.asarray(features.of_images(self.network, self.material, images).double().numpy())

    def pixels(self, images: Tensor) -> Floats:
        """Return uint8 images as the network takes them, as vectors, shape ``(n, pixels)``."""
        from empirical.augment import normalize

        taken = normalize(images, self.material.mean, self.material.std)
        return np.asarray(taken.flatten(1).double().numpy())

    def test_images(self, label: int) -> Tensor:
        """Return the test images of a class."""
        return self.material.test_images[self.material.test_labels == label]


def smallest(args: argparse.Namespace) -> Callable[[str], tuple[int, int]]:
    """Return a function of a data set: how many images its smallest class has, and how many classes."""

    @cache
    def images(data: str) -> tuple[int, int]:
        counts = size_of(data, args.root).available
        if min(counts) < _FEWEST:
            refuse("data", data, f"must have at least {_FEWEST} training images of each class")
        return min(counts), len(counts)

    return images


def balanced(profile: str, data: str, seed: int, smallest: int) -> Config:
    """Return the run of the network: half as many images of each class as the smallest class has.

    Example:
        >>> balanced("cpu", "cifar10", seed=0, smallest=5000).largest
        2500
    """
    return training.config(profile, data=data, imbalance=1, largest=smallest // 2, seed=seed)


def of_run(config: Config, runs: Path, root: Path) -> Frozen:
    """Return the network of a finished run of :func:`balanced` and the images that it did not see."""
    import torch

    from empirical.train import trained_network

    network, material = trained_network(config, runs, root)
    data = load(config.data, root, seed=config.data_seed, resolution=config.resolution)
    images, labels = data.train_images, data.train_labels
    unseen = np.ones(len(labels), dtype=bool)
    unseen[material.chosen] = False
    members = [np.flatnonzero(unseen & (labels == label)) for label in range(len(data.classes))]
    least = min(map(len, members))
    kept = tuple(torch.from_numpy(images[own[:least]]) for own in members)
    return Frozen(network, material, kept, data.classes)


def at_even_ranks(classes: int, separation: Callable[[int, int], float], shown: int) -> list[tuple[int, int]]:
    """Return pairs of classes from the least separate to the most, at evenly spaced ranks.

    Example:
        >>> at_even_ranks(3, lambda a, b: a + b, shown=2)
        [(0, 1), (1, 2)]
    """
    ranked: list[Any] = sorted(combinations(range(classes), 2), key=lambda pair: separation(*pair))
    ranks = np.unique(np.linspace(0, len(ranked) - 1, shown).round().astype(int))
    return [ranked[rank] for rank in ranks]


def geometry(pos: Floats, neg: Floats) -> tuple[float, float]:
    """Return the distance between two classes' means, and its ratio to the standard deviation along their line.

    The variance along the line is the mean of the two classes'.

    Args:
        pos: features of the positive class, shape ``(n, d)``.
        neg: of the negative class, likewise.

    Example:
        >>> geometry(np.array([[0.0], [2.0]]), np.array([[4.0], [6.0]]))
        (4.0, 4.0)
    """
    line = neg.mean(axis=0) - pos.mean(axis=0)
    distance = float(np.linalg.norm(line))
    variance = np.mean([np.var(x @ line / distance) for x in (pos, neg)])
    return distance, distance / math.sqrt(variance)
