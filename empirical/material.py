"""What a run is trained and tested on: the imbalanced images of its configuration, on the device."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import torch
from numpy.random import SeedSequence
from torch import Tensor

from empirical import longtail
from empirical.augment import statistics
from empirical.config import Config
from empirical.data import load
from empirical.similar import mix
from theory._validate import refuse

__all__ = ["Material", "Stream", "gather", "seed"]

_PAD = 8
"""Images are padded by an eighth of their side before they are cropped: 4 pixels of CIFAR's 32."""


class Stream(IntEnum):
    """What is random; each has its own stream of the configuration's seed."""

    SUBSET = 0
    MIXING = 1
    WEIGHTS = 2
    ORDER = 3
    AUGMENTATION = 4
    PRETRAINING_WEIGHTS = 5
    PRETRAINING_ORDER = 6
    PRETRAINING_AUGMENTATION = 7


def seed(config: Config, stream: Stream, epoch: int = 0) -> int:
    """Return the seed of a stream of an epoch, so that no state of a generator has to outlive an epoch."""
    words = SeedSequence(config.seed, spawn_key=(int(stream), epoch)).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


@dataclass(frozen=True, eq=False)
class Material:
    """The images of a run.

    Attributes:
        images: to train on, uint8, shape ``(n, H, W, channels)``.
        labels: shape ``(n,)``, int64.
        test_images: uint8.
        test_labels: int64.
        counts: how many images of each class there are to train on.
        mean: of each channel, over the whole training set, in units of 255.
        std: the standard deviation likewise.
        pad: pixels that the augmentation pads by before it crops.
        mirror: whether the augmentation mirrors.
        fingerprint: the SHA-256 of the data set's images and labels.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    counts: tuple[int, ...]
    mean: Tensor
    std: Tensor
    pad: int
    mirror: bool
    fingerprint: str

    def to(self, device: torch.device) -> Material:
        """Return it with its tensors on ``device``."""
        moved = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return Material(**{**vars(self), **moved})


def gather(config: Config, root: Path | None) -> Material:
    """Return the images of a run: the data set, its imbalanced subset, and what is mixed.

    Args:
        config: the configuration.
        root: the folder of the data sets.

    Raises:
        ValueError: the data set is not there, cannot be read, or has too few images for the configuration.
    """
    try:
        data = load(config.data, root, seed=config.data_seed, resolution=config.resolution)
    except OSError as error:
        refuse("data", config.data, f"cannot be read or downloaded: {error}")
    images, labels = data.train_images, data.train_labels
    classes = len(data.classes)
    available = np.bincount(labels, minlength=classes)
    largest = int(available.min()) if config.largest is None else config.largest
    if largest > available[0]:
        refuse("largest", largest, f"must be at most {available[0]}, the images of class {data.classes[0]}")
    counts = longtail.counts(classes, largest, config.imbalance, config.shape)
    chosen = longtail.subset(labels, counts, seed(config, Stream.SUBSET))
    kept, kept_labels = images[chosen], labels[chosen]
    if config.similar_fraction > 0:
        kept, _ = mix(
            kept,
            kept_labels,
            majority=0,
            minority=classes - 1,
            fraction=config.similar_fraction,
            degree=config.similar_degree,
            seed=seed(config, Stream.MIXING),
        )
    mean, std = statistics(torch.from_numpy(images))
    return Material(
        images=torch.from_numpy(np.ascontiguousarray(kept)),
        labels=torch.from_numpy(kept_labels),
        test_images=torch.from_numpy(data.test_images),
        test_labels=torch.from_numpy(data.test_labels),
        counts=tuple(map(int, counts)),
        mean=mean,
        std=std,
        pad=images.shape[1] // _PAD if data.shift else 0,
        mirror=data.mirror,
        fingerprint=data.fingerprint,
    )
