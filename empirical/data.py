"""Images and their labels: the digits that come with scikit-learn, or any ``.npz`` file."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from theory._validate import refuse

__all__ = ["HELD_OUT", "Data", "digits", "load", "load_npz"]

HELD_OUT = 0.4
"""The fraction of the images of each class held out where a data set comes without a test set."""

_KEYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False)
class Data:
    """A labelled set of images.

    Attributes:
        name: what to call it, and what the command line calls it.
        classes: the names of its ``C`` classes.
        images: shape ``(n, pixels)``, integers or floats, all finite.
        labels: shape ``(n,)``, indices into ``classes``; every class has images.
        test: shape ``(n,)``, true for the images of a fixed test set; None when there is none, and then
            :meth:`held_out` draws one.
        sha256: of the file that it was read from, None when there is no file.
    """

    name: str
    classes: tuple[str, ...]
    images: NDArray[Any]
    labels: NDArray[np.intp]
    test: NDArray[np.bool_] | None = None
    sha256: str | None = None

    def held_out(self, seed: SeedSequence) -> NDArray[np.bool_]:
        """Return the mask of the held-out images, shape ``(n,)``: the test set, or a stratified random draw.

        Example:
            >>> mask = digits().held_out(SeedSequence(0))
            >>> mask.size, int(mask.sum())
            (1797, 719)
        """
        if self.test is not None:
            return self.test
        _, chosen = train_test_split(
            np.arange(len(self.labels)),
            test_size=HELD_OUT,
            stratify=self.labels,
            random_state=int(seed.generate_state(1)[0]),
        )
        mask = np.zeros(len(self.labels), dtype=bool)
        mask[chosen] = True
        return mask


def load(data: str) -> Data:
    """Return the data set that the command line calls ``data``: ``digits`` or the path of an ``.npz`` file.

    Raises:
        ValueError: it is neither, or the file does not hold what :func:`load_npz` asks for.
    """
    if data == "digits":
        return digits()
    if not data.endswith(".npz"):
        refuse("data", data, "must be digits or the path of an .npz file")
    return load_npz(Path(data))


def digits() -> Data:
    """Return the 1,797 handwritten digits of 8 x 8 pixels that are part of scikit-learn; it has no test set.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    1998 (https://doi.org/10.24432/C50P49), its test part.

    Example:
        >>> digits().images.shape, len(digits().classes)
        ((1797, 64), 10)
    """
    bunch = load_digits()
    return Data("digits", tuple(map(str, bunch.target_names)), bunch.data, bunch.target.astype(np.intp))


def load_npz(path: Path) -> Data:
    """Return the data set of an ``.npz`` file.

    The file holds ``x_train`` and ``x_test``, the images, shape ``(n, ...)``, integers or finite floats;
    ``y_train`` and ``y_test``, their labels, shape ``(n,)``, integers; and, if it likes, ``classes``, the names,
    so that ``classes[label]`` is the name of a label. Every class has images in both parts. Pickled objects are
    never loaded.

    Raises:
        ValueError: the file is missing, is no ``.npz`` file, or does not hold that.
    """
    arrays = _read(path)
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
    return Data(
        name=path.name,
        classes=_names(arrays.get("classes"), known),
        images=np.concatenate(images),
        labels=indices.astype(np.intp),
        test=np.repeat([False, True], [len(part) for part in labels]),
        sha256=_sha256(path),
    )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file."""
    if not path.is_file():
        refuse("data", str(path), "must be an .npz file that exists")
    if not zipfile.is_zipfile(path):
        refuse("data", str(path), "must be a readable .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in _KEYS if key not in file]
            if missing:
                refuse("data", str(path), f"must hold {', '.join(_KEYS)}; missing: {', '.join(missing)}")
            return {key: file[key] for key in (*_KEYS, "classes") if key in file}
    except (OSError, EOFError, zipfile.BadZipFile):
        refuse("data", str(path), "must be a readable .npz file")
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        refuse("data", str(path), "must hold plain arrays, no pickled objects")


def _images(name: str, x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x`` with each image as one row."""
    if x.dtype.kind not in "uif":
        refuse(name, str(x.dtype), "its type must be integer or float")
    if x.ndim < 2 or x.size == 0:
        refuse(name, x.shape, "its shape must be (images, ...), with at least one image and one pixel")
    if not np.all(np.isfinite(x)):
        refuse(name, float(x[~np.isfinite(x)][0]), "must hold finite numbers")
    return x.reshape(len(x), -1)


def _labels(name: str, y: NDArray[Any]) -> NDArray[Any]:
    """Return ``y`` if it is a vector of integers."""
    if y.dtype.kind not in "ui":
        refuse(name, str(y.dtype), "its type must be integer")
    if y.ndim != 1:
        refuse(name, y.shape, "its shape must be (images,)")
    return y.astype(np.int64)


def _names(classes: NDArray[Any] | None, known: NDArray[Any]) -> tuple[str, ...]:
    """Return the names of the ``known`` labels: the labels themselves if there are no ``classes``."""
    if classes is None:
        return tuple(map(str, known))
    if classes.ndim != 1 or len(np.unique(classes)) != len(classes):
        refuse("classes", classes, "must be a vector of different names")
    if known[0] < 0 or known[-1] >= len(classes):
        refuse("classes", classes, f"must name every label: {known[0]} to {known[-1]} occur")
    return tuple(str(classes[label]) for label in known)


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
