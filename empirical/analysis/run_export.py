"""A finished run in three small files: what can be said of it without training, its weights, its result."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.analysis.examine.sources import of_run
from empirical.storage.folders import folder_for_work
from empirical.storage.tables import write_together
from theory.support.validate import refuse

__all__ = ["export_run"]

_LARGEST = 65504.0  # of float16


def export_run(folder: Path, out: Path, root: Path | None = None, device: str = "cpu") -> tuple[Path, ...]:
    """Write a finished run as ``HASH.npz``, ``HASH.pt`` and ``HASH.json``, all or none, and return their paths.

    ``HASH.npz``
        ``logits`` (m, C) of the test images in float16 and their ``labels`` (m,); ``weight`` (C, d) and ``bias`` (C,)
        of the last layer, unless it is one of cosines; ``class_means`` (C, d) of the features of the training images;
        ``counts`` (C,) and ``class_names``. ``examine --arrays`` reads it, and computes taus and calibration again;
    ``HASH.pt``
        what ``model.pt`` holds (:class:`empirical.storage.run_folder.Run`), numbers in float16, for
        ``torch.load(path, weights_only=True)`` and ``examine --checkpoint``;
    ``HASH.json``
        ``result.json``, byte for byte.

    Args:
        folder: of the run, ``runs/HASH``.
        out: the folder for the files; it is made if it is missing.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: as in :func:`empirical.analysis.examine.sources.of_run`; the folder for the files cannot be made; or
            a number is beyond float16.
        OSError: a file cannot be read or written.
    """
    with folder_for_work(out):
        arrays, about = of_run(folder, root, device)
        file = folder / "model.pt"
        if not file.is_file():
            refuse("run", str(folder), "must have its model.pt; remove its result.json and train it once more")
        model = torch.load(file, map_location="cpu", weights_only=True)
        state = {name: _half(name, value) for name, value in model["state_dict"].items()}
        stem = out / str(about["run"])
        small, weights = io.BytesIO(), io.BytesIO()
        np.savez_compressed(small, allow_pickle=False, **_small(arrays))
        torch.save({**model, "state_dict": state}, weights)
        files = {
            stem.with_suffix(".npz"): small.getvalue(),
            stem.with_suffix(".pt"): weights.getvalue(),
            stem.with_suffix(".json"): (folder / "result.json").read_bytes(),
        }
        write_together(files)
    return tuple(files)


def _small(arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return what the file of arrays holds: logits in place of the features of the test images, means of the others."""
    weight, bias = arrays.get("weight"), arrays.get("bias")
    if weight is None:
        logits, layer = arrays["logits"], {}
    else:
        logits, layer = arrays["features"] @ weight.T + bias, {"weight": weight, "bias": bias}
    train, labels = arrays["train_features"], arrays["train_labels"]
    classes = range(logits.shape[1])
    return {
        "logits": _half("logits", torch.from_numpy(logits)).numpy(),
        "labels": arrays["labels"].astype(np.uint16),
        **layer,
        "class_means": np.stack([train[labels == label].mean(axis=0) for label in classes]),
        "counts": np.bincount(labels, minlength=len(classes)),
        "class_names": np.array([str(name) for name in arrays["class_names"]]),
    }


def _half(name: str, value: Tensor) -> Tensor:
    """Return a tensor in float16 if it holds floating-point numbers."""
    if not value.is_floating_point():
        return value
    if not bool((value.abs() <= _LARGEST).all()):
        refuse(name, float(value.abs().max()), f"must be at most {_LARGEST:.0f}, the largest number of float16")
    return value.half()
