"""Sources of arrays: a PyTorch file, a run of this library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empirical.analysis import features
from empirical.analysis.examine.checkpoint import load_network
from empirical.data.channels import channel_statistics
from empirical.data.load import load
from empirical.runtime.device import find_device
from empirical.runtime.progress import Track, silent
from empirical.storage.run_folder import finished_run
from empirical.training import evaluate
from empirical.training.augment import normalize
from theory.support.validate import floats, refuse

__all__ = ["of_checkpoint", "of_run"]

_BATCH = 500
Arrays = dict[str, Any]


def of_checkpoint(
    path: Path,
    arch: str,
    data: str,
    *,
    root: Path | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    device: str = "cpu",
    track: Track = silent,
) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays of a network in a PyTorch file on the test images of a data set, and what to say of it.

    Args:
        path: the file (:func:`empirical.analysis.examine.checkpoint.load_network`).
        arch: the network.
        data: the data set (:func:`empirical.data.load.load`).
        root: the folder of the data sets.
        mean: of each channel, for pixels from 0 to 1, that the network was trained with; by default the data set's.
        std: the standard deviation likewise.
        device: ``auto``, ``cpu`` or ``cuda``.
        track: shows progress.

    Raises:
        ValueError: the file or the data cannot be used, or do not fit each other.
    """
    images = load(data, root)
    test = torch.from_numpy(images.test_images)
    channels = test.shape[-1]
    own_mean, own_std = (
        channel_statistics(torch.from_numpy(images.train_images)) if None in (mean, std) else (None, None)
    )
    centre = own_mean if mean is None else _channels("mean", mean, channels)
    scale = own_std if std is None else _channels("std", std, channels)
    assert centre is not None
    assert scale is not None
    loaded = load_network(path, arch, channels)
    network: Any = loaded.network
    if len(network.classifier.weight) != len(images.classes):
        refuse("checkpoint", str(path), f"must have {len(images.classes)} classes, as {data} has")
    network.to(find_device(device))
    place = next(network.parameters()).device
    seen = [
        evaluate.features(network, [normalize(batch.to(place), centre.to(place), scale.to(place))]).cpu()
        for batch in track(test.split(_BATCH), "batches of images")
    ]
    arrays: Arrays = {
        "features": torch.cat(seen).numpy(),
        "labels": images.test_labels,
        "weight": network.classifier.weight.detach().cpu().numpy(),
        "class_names": images.classes,
    }
    if loaded.bias:
        arrays["bias"] = network.classifier.bias.detach().cpu().numpy()
    about = {
        "checkpoint": path.name,
        "arch": arch,
        "data": data,
        **({"held_in": loaded.held_in} if loaded.held_in else {}),
        "mapped_by": loaded.by,
        "mapped": dict(loaded.mapping),
        "mean": [round(float(value), 4) for value in centre],
        "std": [round(float(value), 4) for value in scale],
        "normalisation": "the data set's" if None in (mean, std) else "given",
    }
    return arrays, about


def of_run(folder: Path, root: Path | None = None, device: str = "cpu") -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays of a finished run of this library, and what to say of it.

    Args:
        folder: of the run, ``runs/HASH``.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: it is no run, it is not finished, or its data are others.
    """
    run = finished_run(folder)
    config = run.config
    seen = features.of_run(config, run.out, root, device)
    arrays: Arrays = {
        "features": seen.test.numpy(),
        "labels": seen.test_labels.numpy(),
        "train_features": seen.train.numpy(),
        "train_labels": seen.train_labels.numpy(),
        "class_names": (run.result() or {}).get("classes"),
    }
    if seen.bias is None:  # cosines, for which neither norms nor lengths of features count
        unit = torch.nn.functional.normalize
        arrays["logits"] = (unit(seen.test) @ unit(seen.weight).T).numpy()
    else:
        arrays |= {"weight": seen.weight.numpy(), "bias": seen.bias.numpy()}
    return arrays, {"run": config.digest, "data": config.data, "method": config.method, "arch": config.arch}


def _channels(name: str, values: Sequence[float], channels: int) -> Tensor:
    """Return a number for each channel."""
    allowed = f"must hold {channels} numbers, one a channel, for pixels from 0 to 1"
    found = floats(name, list(values), allowed, ndim=1, least=0, most=1, **({"above": 0} if name == "std" else {}))
    if len(found) != channels:
        refuse(name, list(values), allowed)
    return torch.from_numpy(found).float()
