"""Images and their labels: known data sets, any ``.npz`` file, any folder of images.

:func:`load` takes a name and returns a :class:`Dataset`. What is small lies here; what downloads or decodes is in
:mod:`empirical.data.torchvision_data`, what is drawn in :mod:`empirical.data.gaussian`.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from empirical.data.gaussian import GaussianImages
from empirical.data.resize import area_average
from theory.support.validate import refuse, whole

__all__ = ["HELD_OUT", "Dataset", "digits", "load", "load_npz"]

HELD_OUT = 0.4
"""The fraction of the images of each class held out where a data set comes without a test set."""

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_MEDMNIST = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}
_CIFAR = ("cifar10", "cifar100")
_MOST_CHANNELS = 4
_LEVELS = 15
_GAUSSIAN: dict[str, Any] = {"separation": 3.0, "classes": 10, "train": 500, "test": 200}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of images.

    Attributes:
        name: what to call it, and what the command line calls it.
        classes: the names of its ``C`` classes.
        images: shape ``(n, pixels)``, integers or floats, all finite.
        labels: shape ``(n,)``, indices into ``classes``; every class has images.
        test: shape ``(n,)``, true for the images of a fixed test set; None when there is none, and then
            :meth:`held_out` draws one.
        sha256: of the file that it was read from, None when there is no file.
        shape: ``(H, W, channels)`` of each image; None when the images came as vectors.
        seed: where there is no test set, what draws the one of ``test_images``.
        mirror: whether an image stays one of its class when left and right are exchanged.
        shift: whether it does when it is moved by some pixels.
    """

    name: str
    classes: tuple[str, ...]
    images: NDArray[Any]
    labels: NDArray[np.intp]
    test: NDArray[np.bool_] | None = None
    sha256: str | None = None
    shape: tuple[int, int, int] | None = None
    seed: int = 0
    mirror: bool = True
    shift: bool = True

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

    def with_test(self) -> Dataset:
        """Return it with a fixed test set: its own, or the one that its seed draws."""
        return replace(self, test=self._split())

    @property
    def train_images(self) -> NDArray[np.uint8]:
        """The images to train on, shape ``(n_train, H, W, channels)``, uint8.

        Raises:
            ValueError: the images have no such shape, or are not whole numbers from 0 to 255.

        Example:
            >>> data = load("digits")
            >>> data.train_images.shape, data.test_images.shape
            ((1078, 8, 8, 1), (719, 8, 8, 1))
        """
        return self._pictures(~self._split())

    @property
    def train_labels(self) -> NDArray[np.int64]:
        """The labels of :attr:`train_images`, shape ``(n_train,)``."""
        return self.labels[~self._split()].astype(np.int64)

    @property
    def test_images(self) -> NDArray[np.uint8]:
        """The images to test on, as :attr:`train_images`."""
        return self._pictures(self._split())

    @property
    def test_labels(self) -> NDArray[np.int64]:
        """The labels of :attr:`test_images`, shape ``(n_test,)``."""
        return self.labels[self._split()].astype(np.int64)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the arrays of training and test images and labels: equal data, wherever they came from."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _split(self) -> NDArray[np.bool_]:
        """Return the mask of the test images."""
        return self.held_out(SeedSequence(self.seed))

    def _pictures(self, chosen: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return the ``chosen`` images."""
        if self.shape is None:
            refuse("data", self.name, "its images must have the shape (H, W) or (H, W, channels) with 1 to 4 channels")
        return _bytes(self.images[chosen]).reshape(-1, *self.shape)


def load(name: str, root: str | Path | None = None, *, seed: int = 0, resolution: int | None = None) -> Dataset:
    """Return a data set.

    ``cifar10``, ``cifar100``
        the file ``root/cifar10.npz`` if there is one; else torchvision's copy in ``root``, which is downloaded when it
        is missing and whose checksums torchvision verifies.
    ``digits``
        :func:`digits`.
    ``gaussian``, ``gaussian:separation=3,classes=10,...``
        images of known separation, drawn with ``seed``: ``separation`` (3), ``classes`` (10) and the side, which is
        ``resolution`` (8), as :class:`empirical.data.gaussian.GaussianImages` explains them; ``train`` (500) and
        ``test`` (200) images a class. A number that is not given is the one in brackets.
    a path that ends in ``.npz``
        that file (:func:`load_npz`); if it is not there, the one of its name in ``root``.
    any other path
        a folder of images (:func:`empirical.data.torchvision_data.image_folder`).

    Args:
        name: one of these.
        root: the folder of the data sets that have a name and a file.
        seed: of what is random: the test set of ``digits``, the images of ``gaussian``.
        resolution: the side in pixels to which larger images are brought by averaging areas
            (:func:`empirical.data.resize.area_average`); for ``gaussian`` the side itself. None leaves them as they
            are.

    Raises:
        ValueError: it is none of these, it cannot be read or downloaded, or it does not hold what it should.

    Example:
        >>> data = load("gaussian:separation=2,classes=3,train=20,test=10", seed=1, resolution=8)
        >>> data.train_images.shape, data.test_labels.tolist()[:3], data.classes
        ((60, 8, 8, 1), [0, 0, 0], ('0', '1', '2'))
        >>> load("digits", resolution=4).train_images.shape
        (1078, 4, 4, 1)
    """
    seed = whole("seed", seed, least=0)
    resolution = None if resolution is None else whole("resolution", resolution)
    try:
        return _load(name, root, seed, resolution)
    except OSError as error:
        refuse("data", name, f"cannot be read or downloaded: {error.strerror or error}")


def _load(name: str, root: str | Path | None, seed: int, resolution: int | None) -> Dataset:
    path = Path(name)
    if name.partition(":")[0] == "gaussian":
        return _gaussian(name, seed, resolution)
    if name == "digits":
        data = replace(digits(), seed=seed)
    elif name in _CIFAR:
        if root is None:
            refuse("root", None, f"must be the folder that holds {name}, or that it is to be downloaded to")
        path = Path(root) / f"{name}.npz"
        if path.is_file():
            data = replace(load_npz(path), name=name)
        else:
            # Here and below: torchvision takes seconds to import, and most callers do not need it.
            from empirical.data.torchvision_data import cifar

            data = cifar(name, Path(root))
    elif name.endswith(".npz"):
        kept = path if root is None else Path(root) / path.name
        data = load_npz(kept if kept.is_file() and not path.is_file() else path)
    elif name and path.is_dir():
        from empirical.data.torchvision_data import image_folder

        return image_folder(path, resolution)
    else:
        refuse(
            "data",
            name,
            "must be digits or the path of an .npz file, or cifar10, cifar100, gaussian, or a folder of images",
        )
    return data if resolution is None else _resized(data, resolution)


def _gaussian(name: str, seed: int, resolution: int | None) -> Dataset:
    """Return the Gaussian images that ``name`` asks for."""
    numbers, given = dict(_GAUSSIAN), set()
    for part in filter(None, name.partition(":")[2].split(",")):
        key, _, text = part.partition("=")
        if key not in numbers or key in given:
            refuse("data", name, f"must be gaussian:NAME=NUMBER,... with the names {', '.join(numbers)}, each once")
        given.add(key)
        try:
            numbers[key] = type(numbers[key])(text)
        except ValueError:
            refuse(key, text, "must be a number" if key == "separation" else "must be a whole number")
    law = GaussianImages(numbers["separation"], numbers["classes"], resolution or GaussianImages.side)
    images, labels, test = law.draw(numbers["train"], numbers["test"], seed)
    return Dataset(
        name=name,
        classes=tuple(map(str, range(law.classes))),
        images=images.reshape(len(images), -1),
        labels=labels,
        test=test,
        shape=(law.side, law.side, 1),
        seed=seed,
        mirror=False,
        shift=False,
    )


def digits() -> Dataset:
    """Return the 1,797 handwritten digits of 8 x 8 pixels that are part of scikit-learn; it has no test set.

    Their 17 levels of grey are spread over 0, 15, ..., 240.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    1998 (https://doi.org/10.24432/C50P49), its test part.

    Example:
        >>> digits().images.shape, len(digits().classes)
        ((1797, 64), 10)
    """
    bunch = load_digits()
    return Dataset(
        "digits",
        tuple(map(str, bunch.target_names)),
        bunch.data * _LEVELS,
        bunch.target.astype(np.intp),
        shape=(8, 8, 1),
        mirror=False,
    )


def load_npz(path: Path) -> Dataset:
    """Return the data set of an ``.npz`` file.

    The file holds ``x_train`` and ``x_test``, the images, shape ``(n, ...)``, integers or finite floats;
    ``y_train`` and ``y_test``, their labels, shape ``(n,)``, integers; and, if it likes, ``classes``, the names,
    so that ``classes[label]`` is the name of a label. Every class has images in both parts. Pickled objects are
    never loaded. MedMNIST's names are understood too: ``train_images``, ``test_images``, and ``train_labels``,
    ``test_labels`` of shape ``(n, 1)``; its images for validation are left out.

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
    return Dataset(
        name=path.name,
        classes=_names(arrays.get("classes"), known),
        images=np.concatenate(images),
        labels=indices.astype(np.intp),
        test=np.repeat([False, True], [len(part) for part in labels]),
        sha256=_sha256(path),
        shape=_picture_shape(arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]),
    )


def _picture_shape(train: tuple[int, ...], test: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return ``(H, W, channels)`` if the images of both parts have the same shape and it is one of pictures."""
    full = (*train, 1) if len(train) == 2 else train
    if train != test or len(full) != 3 or full[2] > _MOST_CHANNELS:
        return None
    return full[0], full[1], full[2]


def _bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return ``images`` as uint8 if that changes no number."""
    if images.dtype == np.uint8:
        return images
    with np.errstate(invalid="ignore"):
        whole_numbers = images.astype(np.uint8)
    if not np.array_equal(whole_numbers, images):
        other = images[whole_numbers != images]
        refuse("images", other[0].item(), "must be whole numbers from 0 to 255, to be trained on")
    return whole_numbers


def _resized(data: Dataset, resolution: int) -> Dataset:
    """Return ``data`` with images of ``resolution`` x ``resolution`` pixels."""
    if data.shape is None:
        refuse("resolution", resolution, "must be None: the images have no height and width")
    small = area_average(_bytes(data.images).reshape(-1, *data.shape), resolution)
    return replace(data, images=small.reshape(len(small), -1), shape=small.shape[1:])


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file."""
    if not path.is_file():
        refuse("data", str(path), "must be an .npz file that exists")
    if not zipfile.is_zipfile(path):
        refuse("data", str(path), "must be a readable .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            if all(key in file for key in _MEDMNIST):
                return {ours: _column(theirs, file[theirs]) for theirs, ours in _MEDMNIST.items()}
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


def _column(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return labels that come as a single column as a vector, and everything else as it is."""
    return array[:, 0] if name.endswith("labels") and array.shape[1:] == (1,) else array


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
