"""Data sets in ``.npz`` files: read whole, with every checksum, or refused in one line."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from empirical.data.checksums import file_sha256
from empirical.data.dataset import NO_SHAPE, Dataset, sixteen_bits
from empirical.data.plain_names import plain_names
from theory.support.validate import refuse

__all__ = ["arrays_of", "load_npz"]

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_MEDMNIST = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}
_NAMES = "classes"
_MOST_CHANNELS = 4
_SHOWN = 5
_WHITE_16 = 65535


def load_npz(path: Path) -> Dataset:
    """Return the data set of an ``.npz`` file.

    The file holds ``x_train`` and ``x_test``, the images, shape ``(n, ...)``, integers or finite floats;
    ``y_train`` and ``y_test``, their labels, shape ``(n,)`` or ``(n, 1)``, integers; and optionally ``classes``, the
    names, text or UTF-8, so that ``classes[label]`` is the name of a label. Every class has images in both parts.
    Pictures of 16 bits become 8-bit ones (:func:`empirical.data.dataset.sixteen_bits`), which ``notes`` says. Pickled
    objects are never loaded. MedMNIST's names are understood too: ``train_images``, ``test_images``, ``train_labels``
    and ``test_labels``; its images for validation are left out.

    Raises:
        ValueError: the file is missing, is no ``.npz`` file, is damaged, or does not hold that. The message names it.
    """
    try:
        return _read(path)
    except ValueError as error:
        if path.name in str(error):
            raise
        raise ValueError(f"{error} ({path})") from None


def _read(path: Path) -> Dataset:
    """Return the data set of a file."""
    before = _stamp(path)
    held = _member_names(path, "data")
    arrays = _named(path, held)
    images, labels = [], []
    for part in ("train", "test"):
        x, y = _images(f"x_{part}", arrays[f"x_{part}"]), _labels(f"y_{part}", arrays[f"y_{part}"])
        if len(x) != len(y):
            refuse(f"y_{part}", y.shape, f"its shape must be ({len(x)},): a label for each image of x_{part}")
        images.append(x)
        labels.append(y)
    if images[0].shape[1] != images[1].shape[1]:
        refuse("x_test", arrays["x_test"].shape, f"its images must have {images[0].shape[1]} pixels, as x_train's")
    known, indices = np.unique(np.concatenate(labels), return_inverse=True)
    if len(known) < 2:
        refuse("y_train", known.tolist(), "must hold labels of at least two classes")
    for part, found in zip(("train", "test"), labels, strict=True):
        missing = np.setdiff1d(known, found)
        if len(missing):
            refuse(f"y_{part}", found, f"must hold every class; missing: {', '.join(map(str, missing))}")
    classes = _names(arrays.get(_NAMES), known)
    notes = _left_out(path, held, arrays.get(_NAMES), known)
    shape = _picture_shape(arrays["x_train"].shape[1:], arrays["x_test"].shape[1:])
    if shape is not None and all(x.dtype == np.uint16 for x in images) and _use_sixteen_bits(images):
        text, images = sixteen_bits(images, str(path))
        notes = (f"{text}: {path}", *notes)
    sha256 = file_sha256(path)
    if _stamp(path) != before:
        refuse("data", str(path), "must not change while it is read")
    return Dataset(
        name=path.name,
        classes=classes,
        images=np.concatenate(images),
        labels=indices.astype(np.intp),
        test=np.repeat([False, True], [len(part) for part in labels]),
        sha256=sha256,
        shape=shape,
        notes=notes,
        unshaped=_unshaped(arrays["x_train"].shape[1:]),
    )


def arrays_of(path: Path, name: str = "data") -> dict[str, NDArray[Any]]:
    """Return all arrays of an ``.npz`` file, each compared with its checksum.

    Args:
        path: the file.
        name: of the argument, for messages.

    Raises:
        ValueError: it is missing, damaged, or holds something else; the message names the file.
    """
    return dict(_members(path, name, None))


def _named(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a data set by our names."""
    if all(key in names for key in _MEDMNIST):
        return {_MEDMNIST[key]: array for key, array in _members(path, "data", tuple(_MEDMNIST))}
    missing = [key for key in _KEYS if key not in names]
    if missing:
        refuse("data", str(path), f"must hold {', '.join(_KEYS)}; missing: {', '.join(missing)}")
    return dict(_members(path, "data", (*_KEYS, _NAMES)))


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced; nothing while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _left_out(
    path: Path, names: Sequence[str], classes: NDArray[Any] | None, used: NDArray[np.int64]
) -> tuple[str, ...]:
    """Return what to say of arrays that are not read, and of classes without images."""
    read = tuple(_MEDMNIST) if all(key in names for key in _MEDMNIST) else (*_KEYS, _NAMES)
    notes = []
    if others := [key for key in names if key not in read]:
        notes.append(f"left out, arrays that are not read: {', '.join(others)}: {path}")
    if classes is not None and len(used) < len(classes):
        missing = [_shown(classes[label]) for label in range(len(classes)) if label not in used]
        shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        notes.append(f"classes without images, so that labels after them count one less each: {shown}: {path}")
    return tuple(notes)


def _shown(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _member_names(path: Path, name: str) -> list[str]:
    """Return the names of the arrays."""
    if not path.is_file():
        refuse(name, str(path), "must be an .npz file that exists")
    try:
        with zipfile.ZipFile(path) as file:
            names = [member.removesuffix(".npy") for member in file.namelist()]
    except Exception as error:  # a damaged directory makes the decoder raise what it likes
        _unreadable(name, path, error)
    if len(set(names)) < len(names):
        refuse(name, str(path), "must hold each of its arrays once")
    return names


def _members(path: Path, name: str, names: tuple[str, ...] | None) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the ``names`` arrays with their names, all for None."""
    for key in _member_names(path, name):
        if names is None or key in names:
            yield key, _array(path, name, key)


def _array(path: Path, name: str, key: str) -> NDArray[Any]:
    """Return an array; its member is read to the end, where the checksum is compared."""
    try:
        with zipfile.ZipFile(path) as file:
            content = io.BytesIO(file.read(f"{key}.npy" if f"{key}.npy" in file.namelist() else key))
        array = np.lib.format.read_array(content, allow_pickle=False)
    except Exception as error:  # zlib.error, LZMAError, TokenError, MemoryError, ...: whatever the decoder raises
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            refuse(name, str(path), "must hold plain arrays, no pickled objects")
        _unreadable(name, path, error, key)
    if content.read(1):
        refuse(name, str(path), f"must be a readable .npz file: {key} holds more than its header says")
    return np.asarray(array)


def _unreadable(name: str, path: Path, error: Exception, key: str = "") -> NoReturn:
    reason = " ".join(str(error).split()) or type(error).__name__
    refuse(name, str(path), f"must be a readable .npz file: {key + ': ' if key else ''}{reason[:120]}")


def _picture_shape(train: tuple[int, ...], test: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return ``(H, W, channels)`` if the images of both parts have the same shape and it is one of pictures."""
    full = (*train, 1) if len(train) == 2 else train
    if train != test or len(full) != 3 or full[2] > _MOST_CHANNELS:
        return None
    return full[0], full[1], full[2]


def _unshaped(shape: tuple[int, ...]) -> str:
    """Return what to say where images of this shape are no pictures."""
    if len(shape) == 3 and shape[0] <= _MOST_CHANNELS < shape[2]:
        sides = " x ".join(map(str, shape))
        return f"its images are channel-first, {sides}: save np.moveaxis(x, 1, -1) instead"
    return NO_SHAPE


def _use_sixteen_bits(images: list[NDArray[Any]]) -> bool:
    """Return whether pictures use enough of 16 bits to be scaled to 8."""
    return max(int(part.max()) for part in images) > _WHITE_16 // 16


def _images(name: str, x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x`` with each image as one row."""
    if x.dtype.kind not in "uif":
        refuse(name, str(x.dtype), "its type must be integer or float")
    if x.ndim < 2 or x.size == 0:
        refuse(name, x.shape, "its shape must be (images, ...), with at least one image and one pixel")
    if not np.all(np.isfinite(x)):
        refuse(name, float(x[~np.isfinite(x)][0]), "must hold finite numbers")
    return x.astype(x.dtype.newbyteorder("="), copy=False).reshape(len(x), -1)


def _labels(name: str, y: NDArray[Any]) -> NDArray[Any]:
    """Return ``y`` if it is a vector, or a single column, of integers."""
    if y.dtype.kind not in "ui":
        refuse(name, str(y.dtype), "its type must be integer")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        hint = "; of one-hot rows it is np.argmax(y, axis=1)" if y.ndim == 2 else ""
        refuse(name, y.shape, f"its shape must be (images,) or (images, 1){hint}")
    most = np.iinfo(np.int64).max
    if y.size and int(y.max()) > most:
        refuse(name, int(y.max()), f"must hold labels of at most {most}")
    return y.astype(np.int64)


def _names(classes: NDArray[Any] | None, labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the names of the ``labels`` labels: the labels themselves if there are no ``classes``."""
    if classes is None:
        return tuple(map(str, labels))
    if classes.ndim != 1:
        refuse(_NAMES, classes.shape, "must be a vector of names")
    if labels[0] < 0 or labels[-1] >= len(classes):
        refuse(_NAMES, classes, f"must name every label: {labels[0]} to {labels[-1]} occur")
    return plain_names(_NAMES, [classes[label] for label in labels])
