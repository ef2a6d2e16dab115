"""The features that a trained network computes: those of its training and test images, and its last layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empirical.config import Config
from empirical.data.training_set import TrainingSet
from empirical.runtime.device import find_device
from empirical.training import evaluate
from empirical.training.augment import normalize
from empirical.training.train import trained_network

__all__ = ["Features", "of_images", "of_run"]

_BATCH = 500


@dataclass(frozen=True, eq=False)
class Features:
    """Features of ``d`` numbers, in evaluation mode and without augmentation.

    Attributes:
        train: of the images that the run was trained on, shape ``(n, d)``, float32.
        train_labels: shape ``(n,)``.
        test: of the test images, shape ``(m, d)``.
        test_labels: shape ``(m,)``.
        weight: of the last layer, shape ``(C, d)``.
        bias: shape ``(C,)``; None for a layer of cosines, which has none.
        counts: how many training images each class has.
    """

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    weight: Tensor
    bias: Tensor | None
    counts: tuple[int, ...]


def of_run(config: Config, out: Path, root: Path | None = None, device: str = "cpu") -> Features:
    """Return the features of a finished run.

    Args:
        config: the run.
        out: the folder of the runs.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``: what computes them; they lie on the CPU in any case.

    Raises:
        ValueError: there is no such device; or as in :func:`empirical.training.train.trained_network`.
    """
    where = find_device(device)
    network, training_set = trained_network(config, out, root)
    network.to(where)
    classifier: Any = network.classifier
    bias = getattr(classifier, "bias", None)
    return Features(
        train=of_images(network, training_set, training_set.images),
        train_labels=training_set.labels,
        test=of_images(network, training_set, training_set.test_images),
        test_labels=training_set.test_labels,
        weight=classifier.weight.detach().cpu(),
        bias=None if bias is None else bias.detach().cpu(),
        counts=training_set.counts,
    )


def of_images(network: Any, training_set: TrainingSet, images: Tensor) -> Tensor:
    """Return the features of uint8 ``images``, shape ``(n, H, W, channels)``, normalised as the run's, on the CPU."""
    device = next(network.parameters()).device
    mean, std = training_set.mean.to(device), training_set.std.to(device)
    with torch.no_grad():
        batches = [normalize(batch.to(device), mean, std) for batch in images.split(_BATCH)]
    return evaluate.features(network, batches).cpu()
