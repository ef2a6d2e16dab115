"""Images from torchvision's downloads and from folders."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torchvision.datasets import CIFAR10, CIFAR100, ImageFolder

from empirical.data.load import Dataset
from empirical.data.resize import area_average
from theory.support.validate import refuse

__all__ = ["cifar", "image_folder"]


def cifar(name: str, root: Path) -> Dataset:
    """Return CIFAR-10 or CIFAR-100 (its 100 fine classes) from torchvision's copy in ``root``.

    It is downloaded when it is missing; torchvision compares every file with its published MD5.

    Args:
        name: ``cifar10`` or ``cifar100``.
        root: a folder; it is made when it is missing.

    Raises:
        ValueError: it is neither there nor can be downloaded, or a checksum is wrong, that of what was downloaded too.

    Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """
    kind, new = {"cifar10": CIFAR10, "cifar100": CIFAR100}[name], not root.exists()
    try:
        train, test = (kind(str(root), train=part, download=True) for part in (True, False))
    except (OSError, RuntimeError) as error:
        if new:
            with suppress(OSError):  # what was downloaded stays
                root.rmdir()
        refuse("data", name, f"must be in {root} with the published checksums, or be downloaded there: {error}")
    images = np.concatenate([train.data, test.data])
    return Dataset(
        name=name,
        classes=tuple(train.classes),
        images=images.reshape(len(images), -1),
        labels=np.concatenate([train.targets, test.targets]).astype(np.intp),
        test=np.repeat([False, True], [len(train.data), len(test.data)]),
        shape=images.shape[1:],
    )


def image_folder(root: Path, resolution: int | None = None) -> Dataset:
    """Return the images of a folder, in colour.

    It holds ``train`` and ``test``, each with a folder of images for each class, as torchvision's ``ImageFolder``
    expects them; the names of these folders are those of the classes.

    Args:
        root: the folder.
        resolution: the side in pixels to which every image is brought by :func:`empirical.data.resize.area_average`;
            None takes them as they are, and then all have the same size.

    Raises:
        ValueError: the folder holds something else, or the images differ in size and ``resolution`` is None.
    """
    images, labels, classes = [], [], []
    for part in ("train", "test"):
        folder = root / part
        if not folder.is_dir():
            refuse("data", str(root), f"must hold the folders train and test; missing: {part}")
        try:
            listed = ImageFolder(str(folder))
        except FileNotFoundError:
            refuse("data", str(folder), "must hold a folder for each class, with images in each")
        decoded = [_decoded(Path(path), resolution) for path, _ in listed.samples]
        other = [i for i, image in enumerate(decoded) if image.shape != decoded[0].shape]
        if other:
            different, first = (f"{decoded[i].shape[1]} x {decoded[i].shape[0]}" for i in (other[0], 0))
            refuse(
                "resolution",
                None,
                f"must be given: {listed.samples[other[0]][0]} is {different}, the first image {first}",
            )
        images.append(np.stack(decoded))
        labels.append(np.array(listed.targets, dtype=np.intp))
        classes.append(tuple(listed.classes))
    if classes[0] != classes[1] or len(classes[0]) < 2:
        refuse("data", str(root), f"must have the same classes, two at least, in train and test: {classes}")
    if images[0].shape[1:] != images[1].shape[1:]:
        refuse("resolution", None, f"must be given: train has {images[0].shape[1:]}, test {images[1].shape[1:]}")
    everything = np.concatenate(images)
    return Dataset(
        name=root.name,
        classes=classes[0],
        images=everything.reshape(len(everything), -1),
        labels=np.concatenate(labels),
        test=np.repeat([False, True], [len(part) for part in images]),
        shape=everything.shape[1:],
    )


def _decoded(path: Path, resolution: int | None) -> NDArray[np.uint8]:
    """Return the picture in a file, shape ``(H, W, 3)``."""
    try:
        with Image.open(path) as file:
            picture = np.asarray(file.convert("RGB"))
    except OSError as error:
        refuse("data", str(path), f"must be a readable image: {error}")
    return picture if resolution is None else area_average(picture[None], resolution)[0]
