"""Images from torchvision's downloads."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10, CIFAR100

from empirical.data.dataset import Dataset
from theory.support.validate import refuse

__all__ = ["cifar"]


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
