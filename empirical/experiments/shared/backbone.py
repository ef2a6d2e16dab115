"""The network of the experiments on frozen features: it is trained on half of the images of each class.

The network is trained with cross entropy on equally many images of each class, half of what the smallest class has.
The training images that it never saw are those of which theory speaks: their features are drawn from the same law as
those of the test images, which the features of its own training images are not.

The profiles are those of :mod:`empirical.sweeps.profiles`; ``cpu`` has a ResNet-8 of its own width (16) at the
images' own resolution and 12 epochs, as the features matter more here than the number of runs. All experiments have
the same run, which is trained once where they share a folder of runs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirical.config import Config
from empirical.data.load import load
from empirical.data.pair_draws import FEWEST
from empirical.data.size import size_of
from empirical.sweeps.options import prepare_sweep
from empirical.sweeps.profiles import profile_config
from empirical.sweeps.sweep import Sweep
from theory.support.validate import refuse

if TYPE_CHECKING:
    from torch import Tensor, nn

    from empirical.data.training_set import TrainingSet

__all__ = ["BACKBONE", "Frozen", "at_even_ranks", "backbone", "geometry", "held_out", "of_run", "prepare", "ranked"]

BACKBONE: Mapping[str, Mapping[str, Any]] = {
    "smoke": {},
    "cpu": {"width": None, "resolution": None, "epochs": 12, "evaluate_every": 12},
    "paper": {},
}
"""In which numbers the network of each profile differs from the profile's."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frozen:
    """A trained network and the images that it did not see.

    Attributes:
        network: in evaluation mode.
        training_set: what it was trained and tested on.
        others: the training images that it did not see, uint8, in the order of the data set.
        labels: of these.
        classes: the names of the classes.
    """

    network: nn.Module
    training_set: TrainingSet
    others: Tensor
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @cached_property
    def images(self) -> tuple[Tensor, ...]:
        """The images that the network did not see by class, the first ones, as many of each."""
        members = [np.flatnonzero(self.labels == label) for label in range(len(self.classes))]
        least = min(map(len, members))
        return tuple(self.others[own[:least]] for own in members)

    def features(self, images: Tensor) -> Floats:
        """Return the features of uint8 images, shape ``(n, d)``."""
        from empirical.analysis import features

        return np.asarray(features.of_images(self.network, self.training_set, images).double().numpy())

    def pixels(self, images: Tensor) -> Floats:
        """Return uint8 images as the network takes them, as vectors, shape ``(n, pixels)``."""
        from empirical.training.augment import normalize

        taken = normalize(images, self.training_set.mean, self.training_set.std)
        return np.asarray(taken.flatten(1).double().numpy())

    def test_images(self, label: int) -> Tensor:
        """Return the test images of a class."""
        return self.training_set.test_images[self.training_set.test_labels == label]


def backbone(profile: str, data: str, smallest: int, seed: int) -> Config:
    """Return the run of the network: balanced, on half of the ``smallest`` class's images of each class.

    Example:
        >>> run = backbone("cpu", "cifar10", 5000, 0)
        >>> run.largest, run.imbalance, run.arch, run.epochs
        (2500, 1.0, 'resnet8', 12)
    """
    if smallest < 2 * FEWEST:
        refuse("data", data, f"must hold {2 * FEWEST} training images of each class: half of them train the network")
    return profile_config(profile, data=data, largest=smallest // 2, imbalance=1, seed=seed, **BACKBONE[profile])


def held_out(smallest: int) -> int:
    """Return how many of the ``smallest`` class's images the network of :func:`backbone` is not trained on."""
    return smallest - smallest // 2


def prepare(
    args: argparse.Namespace,
    data: Mapping[str, Sequence[str]],
    imbalance: Mapping[str, Sequence[float]],
    check: Callable[[int, float], Any],
) -> tuple[Sweep, dict[str, tuple[int, ...]]]:
    """Return the sweep of the networks, one for all imbalances, and how many training images each class has, by data.

    Args:
        args: as in :func:`empirical.sweeps.options.prepare_sweep`.
        data: the data sets by profile, where the options name none.
        imbalance: the imbalances likewise.
        check: refuses an imbalance for which the images of a class that the network does not see are too few.

    Raises:
        ValueError: as there, or a class has too few images.
    """
    found: dict[str, tuple[int, ...]] = {}

    def plan(profile: str, name: str, ratio: float, seed: int) -> list[Config]:
        if name not in found:
            found[name] = size_of(name, args.root).available
        check(held_out(min(found[name])), ratio)
        return [backbone(profile, name, min(found[name]), seed)]

    setting = prepare_sweep(args, plan, data, imbalance, as_they_are=False)
    return replace(setting, configs=tuple(dict.fromkeys(setting.configs))), found


def of_run(config: Config, runs: Path, root: Path | None) -> Frozen:
    """Return the network of a finished run of :func:`backbone` and the images that it did not see.

    Raises:
        ValueError: the run is not finished, or its data are others.
    """
    import torch

    from empirical.training.train import trained_network

    network, training_set = trained_network(config, runs, root)
    data = load(config.data, root, seed=config.data_seed, resolution=config.resolution)
    others = np.delete(np.arange(len(data.train_labels)), training_set.chosen)
    images = torch.from_numpy(data.train_images[others])
    return Frozen(
        network=network,
        training_set=training_set,
        others=images,
        labels=data.train_labels[others],
        classes=data.classes,
    )


def ranked(classes: int, separation: Callable[[int, int], float]) -> list[tuple[int, int]]:
    """Return all pairs of classes from the least separate to the most."""
    return sorted(combinations(range(classes), 2), key=lambda pair: separation(*pair))


def at_even_ranks(classes: int, separation: Callable[[int, int], float], shown: int) -> list[tuple[int, int]]:
    """Return pairs of classes from the least separate to the most, at evenly spaced ranks.

    Example:
        >>> at_even_ranks(3, lambda a, b: a + b, shown=2)
        [(0, 1), (1, 2)]
    """
    pairs = ranked(classes, separation)
    ranks = np.unique(np.linspace(0, len(pairs) - 1, shown).round().astype(int))
    return [pairs[rank] for rank in ranks]


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
