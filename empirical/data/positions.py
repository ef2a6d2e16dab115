"""Files that say which images are trained on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from empirical.data.npz import arrays_of
from theory.support.files import is_pipe_or_device
from theory.support.validate import refuse

__all__ = ["read_positions"]

_KEYS = ("indices", "chosen")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_SHOWN = 20  # characters of a word that is none


def read_positions(path: Path, images: int) -> NDArray[np.intp]:
    """Return the positions that a file holds, in its order.

    An ``.npz`` file holds a vector of integers: ``indices``, ``chosen`` (as ``images.npz`` of a run), or its
    only array. Any other file is text, whole numbers between blanks or commas.

    Args:
        path: the file.
        images: how many training images the data have.

    Returns:
        Indices into the training images, from 0, each once.

    Raises:
        ValueError: the file cannot be read, or holds something else.
    """
    found = _numbers(path)
    if found.ndim != 1 or not found.size:
        refuse("indices", str(path), f"must hold a vector of positions, not of shape {found.shape}")
    for at in np.flatnonzero((found < 0) | (found >= images))[:1]:
        refuse("indices", str(path), f"must hold positions from 0 to {images - 1}, not {found[at]}")
    different, times = np.unique(found, return_counts=True)
    for position in different[times > 1][:1]:
        refuse("indices", str(path), f"must hold every position once: {position} comes again")
    return found.astype(np.intp)


def _numbers(path: Path) -> NDArray[np.int64]:
    """Return the whole numbers in a file."""
    if path.suffix == ".npz":
        arrays = arrays_of(path, "indices")
        keys = [key for key in _KEYS if key in arrays] or list(arrays)
        if len(keys) > 1 and keys[0] not in _KEYS:
            refuse("indices", str(path), f"must hold one array, or one called {' or '.join(_KEYS)}: {', '.join(keys)}")
        array = arrays[keys[0]] if keys else np.empty(0, dtype=np.int64)
        if array.dtype.kind not in "ui" or (array.size and int(array.max()) > np.iinfo(np.int64).max):
            refuse("indices", str(path), f"must hold whole numbers, not {array.dtype}")
        return array.astype(np.int64)
    try:
        if is_pipe_or_device(path):
            raise ValueError("it is a pipe or a device")
        words = path.read_text(encoding="utf-8").replace(",", " ").split()
        for word in words:
            if not _NUMBER.fullmatch(word):  # int() takes 1_0 too
                raise ValueError(f"{word[:_SHOWN]!r} is none")
        return np.array([int(word) for word in words], dtype=np.int64)
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        refuse("indices", str(path), f"must be a readable file of whole numbers: {reason}")
