"""What a run is trained and tested on: the imbalanced images of its configuration, on the device."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

import numpy as np
import torch
from numpy.random import SeedSequence
from numpy.typing import NDArray
from torch import Tensor

from empirical.config import Config
from empirical.data import longtail
from empirical.data.dataset import Dataset
from empirical.data.load import load
from empirical.data.mixing import mix
from empirical.training.augment import statistics
from theory.support.validate import refuse

__all__ = ["Material", "Stream", "class_counts", "gather", "seed"]

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
        chosen: which of the data set's training images ``images`` are, counted before ``classes``, shape ``(n,)``.
        replaced: which of those were mixed, shape ``(k,)``.
        partners: with which, shape ``(k,)``.
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
    chosen: NDArray[np.intp]
    replaced: NDArray[np.intp]
    partners: NDArray[np.intp]

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
    data = load(config.data, root, seed=config.data_seed, resolution=config.resolution)
    known = np.arange(len(data.train_labels))
    if config.classes is not None:
        data, known = _only(data, config.classes)
    images, labels = data.train_images, data.train_labels
    classes = len(data.classes)
    counts = class_counts(config, np.bincount(labels, minlength=classes))
    chosen = longtail.subset(labels, counts, seed(config, Stream.SUBSET))
    kept, kept_labels = images[chosen], labels[chosen]
    replaced = partners = np.empty(0, dtype=np.intp)
    if config.similar_fraction > 0:
        minority = classes - 1 if config.similar_minority is None else config.similar_minority
        for name, label in (("similar_majority", config.similar_majority), ("similar_minority", minority)):
            if label >= classes:
                refuse(name, label, f"must be at most {classes - 1}, the label of the last class")
        if config.similar_majority == minority:
            refuse("similar_majority", minority, "must be another class than similar_minority, by default the last")
        kept, mixed = mix(
            kept,
            kept_labels,
            majority=config.similar_majority,
            minority=minority,
            fraction=config.similar_fraction,
            degree=config.similar_degree,
            seed=seed(config, Stream.MIXING),
        )
        replaced, partners = known[chosen[mixed.replaced]], known[chosen[mixed.partners]]
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
        chosen=known[chosen],
        replaced=replaced,
        partners=partners,
    )


def _only(data: Dataset, classes: tuple[int, ...]) -> tuple[Dataset, NDArray[np.intp]]:
    """Return the images of some classes, which get the labels 0, 1, ..., and which training images of all they are."""
    if max(classes) >= len(data.classes):
        refuse("classes", list(classes), f"must be at most {len(data.classes) - 1}, the label of the last class")
    place = np.full(len(data.classes), -1)
    place[list(classes)] = np.arange(len(classes))
    data = data.with_test()
    own = place[data.labels] >= 0
    kept = replace(
        data,
        classes=tuple(data.classes[label] for label in classes),
        images=data.images[own],
        labels=place[data.labels[own]],
        test=None if data.test is None else data.test[own],
    )
    return kept, np.flatnonzero(place[data.train_labels] >= 0)


def class_counts(config: Config, available: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many images each class keeps, of those that are there."""
    if config.counts is not None:
        if len(config.counts) != len(available):
            refuse("counts", list(config.counts), f"must be {len(available)} numbers, one for each class")
        counts = np.array(config.counts)
        for label in np.flatnonzero(counts > available)[:1]:
            refuse("counts", int(counts[label]), f"must be at most {available[label]}, the images of class {label}")
        return counts
    most = _largest(config, available)
    largest = most if config.largest is None else config.largest
    if largest > most:
        refuse("largest", largest, f"must be at most {most}: the data have no more images for these counts")
    return longtail.counts(len(available), largest, config.imbalance, config.shape)


def _largest(config: Config, available: NDArray[np.int64]) -> int:
    """Return the largest first count for which every class has enough images."""
    fits = range(1, int(available[0]) + 1)
    short = bisect_left(
        fits,
        True,
        key=lambda n: bool(
            np.any(longtail.counts(len(available), n, config.imbalance, config.shape, empty=True) > available)
        ),
    )
    return max(1, short)
