"""Sources of arrays: a PyTorch file, a run of this library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empirical.analysis import features
from empirical.analysis.examine.checkpoint import network_of, read_state
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
    resolution: int | None = None,
    device: str = "cpu",
    track: Track = silent,
) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays of a network in a PyTorch file on the test images of a data set, and what to say of it.

    A file that this library wrote says itself how its images were normalised and scaled, which classes it knows and
    whether its last layer gives cosines.

    Args:
        path: the file (:func:`empirical.analysis.examine.checkpoint.read_state`).
        arch: the network.
        data: the data set (:func:`empirical.data.load.load`).
        root: the folder of the data sets.
        mean: of each channel, for pixels from 0 to 1, that the network was trained with; by default what the file says,
            or else the data set's.
        std: the standard deviation likewise; both are given, or none.
        resolution: the side in pixels of the images that it was trained on; by default what the file says, or else
            their own.
        device: ``auto``, ``cpu`` or ``cuda``.
        track: shows progress.

    Raises:
        ValueError: the file or the data cannot be used, or do not fit each other.
    """
    for name, value, other in (("std", std, mean), ("mean", mean, std)):
        if value is None and other is not None:
            refuse(name, None, f"must be given with {'mean' if name == 'std' else 'std'}")
    file = read_state(path)
    own = file.settings
    side = own.get("resolution") if resolution is None else resolution
    images = load(data, root, seed=own.get("data_seed", 0), resolution=side)
    if own and tuple(own["classes"]) != images.classes:
        if unknown := [name for name in own["classes"] if name not in images.classes]:
            refuse("data", data, f"must have the class {unknown[0]}, which {path.name} was trained on")
        images, _ = images.select_classes([images.classes.index(name) for name in own["classes"]])
    test = torch.from_numpy(images.test_images)
    channels = test.shape[-1]
    if mean is not None and std is not None:
        normalisation, centre, scale = "given", _channels("mean", mean, channels), _channels("std", std, channels)
    elif own:
        normalisation, centre, scale = "the file's", *(torch.tensor(own[name]).float() for name in ("mean", "std"))
    else:
        normalisation, (centre, scale) = "the data set's", channel_statistics(torch.from_numpy(images.train_images))
    loaded = network_of(file, arch, channels)
    network: Any = loaded.network
    if len(network.classifier.weight) != len(images.classes):
        refuse("checkpoint", str(path), f"must have {len(images.classes)} classes, as {data} has")
    network.to(find_device(device))
    place = next(network.parameters()).device
    seen = [
        evaluate.features(network, [normalize(batch.to(place), centre.to(place), scale.to(place))]).cpu()
        for batch in track(test.split(_BATCH), "batches of images")
    ]
    whole = torch.cat(seen)
    arrays: Arrays = {"features": whole.numpy(), "labels": images.test_labels, "class_names": images.classes}
    bias = network.classifier.bias.detach().cpu() if loaded.bias else None
    arrays |= _last_layer(whole, network.classifier.weight.detach().cpu(), bias, file.cosine)
    about = {
        "checkpoint": path.name,
        "arch": arch,
        "data": data,
        **({"resolution": side} if side is not None else {}),
        **({"held_in": loaded.held_in} if loaded.held_in else {}),
        "mapped_by": loaded.by,
        "mapped": dict(loaded.mapping),
        "mean": [round(float(value), 4) for value in centre],
        "std": [round(float(value), 4) for value in scale],
        "normalisation": normalisation,
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
    arrays |= _last_layer(seen.test, seen.weight, seen.bias, cosine=seen.bias is None)
    return arrays, {"run": config.digest, "data": config.data, "method": config.method, "arch": config.arch}


def _last_layer(features: Tensor, weight: Tensor, bias: Tensor | None, cosine: bool) -> Arrays:
    """Return the arrays of the last layer: of cosines, for which no norm counts, only the logits."""
    if cosine:
        unit = torch.nn.functional.normalize
        return {"logits": (unit(features) @ unit(weight).T).numpy()}
    return {"weight": weight.numpy(), **({} if bias is None else {"bias": bias.numpy()})}


def _channels(name: str, values: Sequence[float], channels: int) -> Tensor:
    """Return a number for each channel."""
    allowed = f"must hold {channels} numbers, one a channel, for pixels from 0 to 1"
    found = floats(name, list(values), allowed, ndim=1, least=0, most=1, **({"above": 0} if name == "std" else {}))
    if len(found) != channels:
        refuse(name, list(values), allowed)
    return torch.from_numpy(found).float()
