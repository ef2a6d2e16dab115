"""Sources of arrays: a PyTorch file, a run of this library, any torch module."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from empirical.analysis import features
from empirical.analysis.examine.checkpoint import load_network
from empirical.config import Config
from empirical.data.channels import channel_statistics
from empirical.data.load import load
from empirical.runtime.device import find_device
from empirical.runtime.progress import Track, silent
from empirical.storage.run_folder import Run
from empirical.training import evaluate
from empirical.training.augment import normalize
from theory.support.validate import floats, refuse

__all__ = ["collect", "of_checkpoint", "of_run"]

_BATCH = 500
_SHOWN = 8
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
    allowed = "must be the folder of a finished run"
    try:
        config = Config(**json.loads((folder / "config.json").read_text(encoding="utf-8"))["config"])
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        refuse("run", str(folder), f"{allowed} ({type(error).__name__})")
    if config.digest != folder.resolve().name:
        refuse("run", str(folder), f"{allowed}: its name must be the hash of its configuration, {config.digest}")
    out = folder.resolve().parent
    seen = features.of_run(config, out, root, device)
    arrays: Arrays = {
        "features": seen.test.numpy(),
        "labels": seen.test_labels.numpy(),
        "train_features": seen.train.numpy(),
        "train_labels": seen.train_labels.numpy(),
        "class_names": (Run(config, out).result() or {}).get("classes"),
    }
    if seen.bias is None:  # cosines, for which neither norms nor lengths of features count
        unit = torch.nn.functional.normalize
        arrays["logits"] = (unit(seen.test) @ unit(seen.weight).T).numpy()
    else:
        arrays |= {"weight": seen.weight.numpy(), "bias": seen.bias.numpy()}
    return arrays, {"run": config.digest, "data": config.data, "method": config.method, "arch": config.arch}


@torch.no_grad()
def collect(
    module: nn.Module,
    loader: Iterable[Any],
    layer: str | None = None,
    *,
    device: str | torch.device | None = None,
    track: Track = silent,
) -> dict[str, NDArray[Any]]:
    """Return the arrays of any torch module for :func:`empirical.examine`: features, logits, labels and the last layer.

    The module is run in evaluation mode, once over the loader; a hook takes what the last layer is given. The module's
    mode is put back, and nothing of it is changed.

    Args:
        module: any network: of torchvision, of timm, one's own. Its output, or the first part of it, are the logits.
        loader: yields batches of images and labels, as a ``DataLoader`` does. The images are held-out ones.
        layer: the name of the last layer in ``module.named_modules()``, such as ``fc``, ``head`` or
            ``classifier.1``; by default the last linear layer.
        device: where the module is run; by default where its parameters lie.
        track: shows progress.

    Returns:
        ``features`` (n, d), ``logits`` (n, C) and ``labels`` (n,); where the layer is linear, ``weight`` (C, d) and
        ``bias`` (C,) too. ``np.savez(file, **arrays)`` keeps them.

    Raises:
        ValueError: there is no such layer, a batch is no pair of images and labels, or the layer is not called exactly
            once a batch with a vector for each image.

    Example:
        >>> from torch.utils.data import DataLoader, TensorDataset
        >>> module = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> images = TensorDataset(torch.rand(12, 1, 4, 4), torch.arange(12) % 3)
        >>> {name: array.shape for name, array in collect(module, DataLoader(images, batch_size=5)).items()}
        {'features': (12, 8), 'logits': (12, 3), 'labels': (12,), 'weight': (3, 8), 'bias': (3,)}
    """
    name, last = _layer(module, layer)
    parameter = next(module.parameters(), None)
    place = torch.device("cpu") if parameter is None else parameter.device
    if device is not None:
        place = torch.device(device)
        module = module.to(place)
    seen: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.append(inputs[0].detach())

    found: dict[str, list[Tensor]] = {"features": [], "logits": [], "labels": []}
    mode, hook = module.training, last.register_forward_pre_hook(keep)
    module.eval()
    try:
        batches = track(cast("Sequence[Any]", loader), "batches") if isinstance(loader, Sized) else loader
        for batch in batches:
            images, labels = _pair(batch)
            seen.clear()
            logits = _logits(module(images.to(place)))
            if len(seen) != 1:
                refuse("layer", name, f"must be called once for a batch; it is called {len(seen)} times")
            part = seen[0].flatten(1) if seen[0].ndim == 4 and seen[0].shape[2:] == (1, 1) else seen[0]
            if part.ndim != 2 or len(part) != len(labels):
                refuse("layer", name, f"must be given a vector for each image; it is given {tuple(seen[0].shape)}")
            for key, value in (("features", part), ("logits", logits), ("labels", labels)):
                found[key].append(value.detach().cpu())
    finally:
        hook.remove()
        module.train(mode)
    if not found["labels"]:
        refuse("loader", type(loader).__name__, "must yield at least one batch")
    arrays = {key: _numpy(torch.cat(values)) for key, values in found.items()}
    weight = getattr(last, "weight", None)
    if isinstance(last, nn.Linear) and weight is not None and len(weight) == arrays["logits"].shape[1]:
        arrays["weight"] = _numpy(weight)
        if last.bias is not None:
            arrays["bias"] = _numpy(last.bias)
    return arrays


def _layer(module: nn.Module, name: str | None) -> tuple[str, nn.Module]:
    """Return the last layer and its name."""
    modules = dict(module.named_modules())
    linear = [key for key, part in modules.items() if isinstance(part, nn.Linear)]
    if name is None:
        if not linear:
            refuse("layer", None, "must be named: the module has no linear layer")
        return linear[-1], modules[linear[-1]]
    if name not in modules:
        shown = ", ".join(linear[-_SHOWN:]) or ", ".join(list(modules)[-_SHOWN:])
        refuse("layer", name, f"must be the name of a layer, such as {shown}")
    return name, modules[name]


def _pair(batch: Any) -> tuple[Tensor, Tensor]:
    """Return the images and the labels of a batch."""
    values = list(batch.values()) if isinstance(batch, Mapping) else batch
    if not isinstance(values, list | tuple) or len(values) < 2 or not isinstance(values[0], Tensor):
        refuse("loader", type(batch).__name__, "must yield batches of images and labels, the images as a tensor")
    return values[0], torch.as_tensor(values[1])


def _logits(output: Any) -> Tensor:
    """Return the logits of what a module returns."""
    found = getattr(output, "logits", output)
    if isinstance(found, Mapping):
        found = found.get("logits", next(iter(found.values()), None))
    while isinstance(found, list | tuple) and found:
        found = found[0]
    if not isinstance(found, Tensor) or found.ndim != 2:
        refuse(
            "module", type(output).__name__, "must return logits, a row for each image, or have them as its first part"
        )
    return found


def _numpy(value: Tensor) -> NDArray[Any]:
    kept = value.detach().cpu()
    return np.asarray((kept.float() if kept.is_floating_point() else kept).numpy())


def _channels(name: str, values: Sequence[float], channels: int) -> Tensor:
    """Return a number for each channel."""
    allowed = f"must hold {channels} numbers, one a channel, for pixels from 0 to 1"
    found = floats(name, list(values), allowed, ndim=1, least=0, most=1, **({"above": 0} if name == "std" else {}))
    if len(found) != channels:
        refuse(name, list(values), allowed)
    return torch.from_numpy(found).float()
