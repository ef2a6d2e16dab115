"""The images that a run is trained and tested on: the imbalanced ones of its configuration, on the device."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
import torch
from numpy.random import SeedSequence
from numpy.typing import NDArray
from torch import Tensor

from empirical.config import Config
from empirical.data import longtail
from empirical.data.channels import channel_statistics
from empirical.data.class_names import with_labels
from empirical.data.load import load
from empirical.data.mixing import mix
from empirical.data.positions import read_positions
from theory.support.validate import refuse

__all__ = ["Stream", "TrainingSet", "class_counts", "load_training_set", "seed"]

_PAD = 8
"""Images are padded by an eighth of their side before they are cropped: 4 pixels of CIFAR's 32."""


_TOLD = 12  # classes in a line


class Stream(IntEnum):
    """The random parts of a run; each has its own stream of the configuration's seed."""

    SUBSET = 0
    MIXING = 1
    WEIGHTS = 2
    ORDER = 3
    AUGMENTATION = 4
    PRETRAINING_WEIGHTS = 5
    PRETRAINING_ORDER = 6
    PRETRAINING_AUGMENTATION = 7
    VALIDATION = 8


def seed(config: Config, stream: Stream, epoch: int = 0) -> int:
    """Return the seed of a stream of an epoch, so that no state of a generator has to outlive an epoch."""
    words = SeedSequence(config.seed, spawn_key=(int(stream), epoch)).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


@dataclass(frozen=True, eq=False)
class TrainingSet:
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
        classes: their names, in the order of the labels.
        data_classes: the names of all classes of the data set, before ``classes`` of the configuration.
        notes: what the reader of the data did that a user should know.
        validation_images: uint8, those held out of training; none by default.
        validation_labels: int64.
        validation: which of the data set's training images they are, shape ``(v,)``.
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
    classes: tuple[str, ...] = ()
    data_classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    validation_images: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.uint8))
    validation_labels: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    validation: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def described(self) -> str:
        """Return how many images of which class there are to train on, in one line.

        All classes are named if they are few, else the first ones and the last.
        """
        told = [f"{name} {count:,}" for name, count in zip(self.classes, self.counts, strict=True)]
        if len(told) > _TOLD:
            told = [*told[: _TOLD - 2], "...", told[-1]]
        kept = f", {len(self.validation):,} held out for validation" if len(self.validation) else ""
        return f"{sum(self.counts):,} images of {len(self.counts)} classes{kept}: {', '.join(told)}"

    def to(self, device: torch.device) -> TrainingSet:
        """Return it with its tensors on ``device``."""
        moved = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return TrainingSet(**{**vars(self), **moved})


def load_training_set(config: Config, root: str | Path | None) -> TrainingSet:
    """Return the images of a run: the data set, its imbalanced subset, and what is mixed.

    Args:
        config: the configuration.
        root: the folder of the data sets.

    Raises:
        ValueError: the data set is not there, cannot be read, or has too few images for the configuration.
    """
    data = load(config.data, root, seed=config.data_seed, resolution=config.resolution)
    data_classes = data.classes
    config = with_labels(config, data_classes)
    known = np.arange(len(data.train_labels))
    total = len(known)
    if config.classes is not None:
        data, known = data.select_classes(tuple(map(int, config.classes)))
    images, labels = data.train_images, data.train_labels
    classes = len(data.classes)
    pool = np.arange(len(labels)) if config.indices is None else _listed(Path(config.indices), known, total)
    held = _held_out(labels, pool, data.classes, config)
    pool = pool[~np.isin(pool, held)]
    available = np.bincount(labels[pool], minlength=classes)
    counts = class_counts(config, available, data.classes)
    if config.indices is not None:
        chosen = pool
    elif config.subset == "ldam":
        chosen = longtail.ldam_subset(labels, counts)
    else:
        chosen = pool[longtail.subset(labels[pool], counts, seed(config, Stream.SUBSET))]
    kept, kept_labels = images[chosen], labels[chosen]
    replaced = partners = np.empty(0, dtype=np.intp)
    if config.similar_fraction > 0:
        minority = classes - 1 if config.similar_minority is None else config.similar_minority
        if config.similar_majority == minority:
            refuse("similar_majority", minority, "must be another class than similar_minority, by default the last")
        kept, mixed = mix(
            kept,
            kept_labels,
            majority=int(config.similar_majority),
            minority=int(minority),
            fraction=config.similar_fraction,
            degree=config.similar_degree,
            seed=seed(config, Stream.MIXING),
        )
        replaced, partners = known[chosen[mixed.replaced]], known[chosen[mixed.partners]]
    mean, std = _normalisation(config, np.delete(images, held, axis=0) if len(held) else images)
    return TrainingSet(
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
        classes=data.classes,
        data_classes=data_classes,
        notes=data.notes,
        validation_images=torch.from_numpy(images[held]),
        validation_labels=torch.from_numpy(labels[held]),
        validation=known[held],
        chosen=known[chosen],
        replaced=replaced,
        partners=partners,
    )


def _listed(path: Path, available: NDArray[np.intp], images: int) -> NDArray[np.intp]:
    """Return the images that a file lists, counted among the ``available`` ones, those of the kept classes."""
    place = np.full(images, -1)
    place[available] = np.arange(len(available))
    pool = place[read_positions(path, images)]
    if left_out := int(np.sum(pool < 0)):
        refuse("indices", str(path), f"must hold images of the kept classes; of others: {left_out}")
    return pool


def _held_out(
    labels: NDArray[np.int64], pool: NDArray[np.intp], classes: tuple[str, ...], config: Config
) -> NDArray[np.intp]:
    """Return the images for validation: of each class the fraction that the configuration says, at least one."""
    if not config.validation:
        return np.empty(0, dtype=np.intp)
    held = []
    children = SeedSequence(seed(config, Stream.VALIDATION)).spawn(len(classes))
    for label, (name, child) in enumerate(zip(classes, children, strict=True)):
        own = pool[labels[pool] == label]
        count = max(1, math.floor(config.validation * len(own) + 0.5))
        if count >= len(own):
            allowed = f"leaves nothing to train on of the {len(own)} images of class {name}"
            refuse("validation", config.validation, allowed)
        held.append(np.sort(np.random.default_rng(child).permutation(own)[:count]))
    return np.concatenate(held)


def _normalisation(config: Config, images: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel: those of the configuration, or of the images."""
    if config.mean is None or config.std is None:
        return channel_statistics(torch.from_numpy(images))
    channels = images.shape[3]
    if len(config.mean) != channels:
        refuse("mean", list(config.mean), f"must be {channels} numbers, one for each channel")
    return torch.tensor(config.mean), torch.tensor(config.std)


def class_counts(
    config: Config, available: NDArray[np.int64], classes: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Return how many images each class keeps, of those that are there.

    Args:
        config: the configuration.
        available: how many images of each class there are.
        classes: their names, for messages.
    """
    names = [f"class {name}" for name in (range(len(available)) if classes is None else classes)]
    for label in np.flatnonzero(available == 0)[:1]:
        refuse("data", config.data, f"must have images of every class to train on; missing: {names[label]}")
    if config.counts is not None:
        if len(config.counts) != len(available):
            refuse("counts", list(config.counts), f"must be {len(available)} numbers, one for each class")
        counts = np.array(config.counts)
        for label in np.flatnonzero(counts > available)[:1]:
            refuse("counts", int(counts[label]), f"must be at most {available[label]}, the images of {names[label]}")
        return counts
    if config.imbalance is None:
        return available
    most = _largest(config, config.imbalance, available)
    largest = most if config.largest is None else config.largest
    if largest > most:
        refuse("largest", largest, f"must be at most {most}: the data have no more images for these counts")
    return longtail.counts(len(available), largest, config.imbalance, config.shape)


def _largest(config: Config, imbalance: float, available: NDArray[np.int64]) -> int:
    """Return the largest first count for which every class has enough images."""
    fits = range(1, int(available[0]) + 1)
    short = bisect_left(
        fits,
        True,
        key=lambda n: bool(np.any(longtail.counts(len(available), n, imbalance, config.shape, empty=True) > available)),
    )
    return max(1, short)
