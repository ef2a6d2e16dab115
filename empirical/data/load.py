"""Images and their labels: known data sets, any ``.npz`` file, any folder of images.

:func:`load` takes a name and returns a :class:`empirical.data.dataset.Dataset`. What downloads is in
:mod:`empirical.data.torchvision_data`, what reads files in :mod:`empirical.data.npz` and
:mod:`empirical.data.pictures`, what is drawn in :mod:`empirical.data.gaussian`.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from empirical.data.dataset import Dataset, whole_bytes
from empirical.data.gaussian import GaussianImages, is_gaussian
from empirical.data.npz import load_npz
from empirical.data.resize import area_average
from theory.support.validate import integer, refuse

__all__ = ["check_name", "digits", "gaussian_law", "load", "located"]

_CIFAR = ("cifar10", "cifar100")
_LEVELS = 15
_GAUSSIAN: dict[str, Any] = {
    "separation": GaussianImages.separation,
    "classes": GaussianImages.classes,
    "train": 500,
    "test": 200,
}


def load(name: str | Path, root: str | Path | None = None, *, seed: int = 0, resolution: int | None = None) -> Dataset:
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
        that file (:func:`empirical.data.npz.load_npz`); a name without a folder is looked for in ``root`` too.
    any other path
        a folder of images (:func:`empirical.data.pictures.image_folder`).

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
    if not isinstance(name, str | Path):
        refuse("data", name, "must be the name of a data set, or the path of a file or a folder of images")
    name = str(name)
    seed = integer("seed", seed, least=0)
    resolution = None if resolution is None else integer("resolution", resolution)
    try:
        return _load(name, root, seed, resolution)
    except OSError as error:
        _refuse(name, error)


def check_name(name: str, root: str | Path | None = None, resolution: int | None = None) -> None:
    """Refuse, with no image read or drawn, a name that :func:`load` would refuse.

    Raises:
        ValueError: it is no data set, or its file is missing.
    """
    if is_gaussian(name):
        gaussian_law(name, resolution)
    elif name not in ("digits", *_CIFAR) and not _exists(name, root):
        load(name, root)


def _exists(name: str, root: str | Path | None) -> bool:
    try:
        return _path(name, root).exists()
    except OSError as error:
        _refuse(name, error)


def _refuse(name: str, error: OSError) -> NoReturn:
    refuse("data", name, f"cannot be read or downloaded: {error.strerror or error}")


def _path(name: str, root: str | Path | None) -> Path:
    """Return where a file or folder of images lies: as it is named, else, if no folder is, the file in ``root``."""
    return Path(name if Path(name).name != name else located(name, root)).expanduser()


def located(name: str, root: str | Path | None) -> str:
    """Return a data set that a run names: where its file was then, or, if it is gone, a file of its name in ``root``.

    For what compares the images with those of the run.
    """
    path = Path(name).expanduser()
    if root is None or not name.endswith(".npz") or path.is_file():
        return name
    own = Path(root) / path.name
    return str(own) if own.is_file() else name


def _load(name: str, root: str | Path | None, seed: int, resolution: int | None) -> Dataset:
    path = _path(name, root)
    if is_gaussian(name):
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
            # torchvision takes seconds to import, and most callers do not need it.
            from empirical.data.torchvision_data import cifar

            data = cifar(name, Path(root))
    elif name.endswith(".npz"):
        data = load_npz(path)
    elif name and path.is_dir():
        from empirical.data.pictures import image_folder

        return image_folder(path, resolution)
    else:
        refuse(
            "data",
            name,
            "must be digits or the path of an .npz file, or cifar10, cifar100, gaussian, or a folder of images",
        )
    return data if resolution is None else _resized(data, resolution)


def _gaussian_numbers(name: str) -> dict[str, Any]:
    """Return the numbers of ``gaussian:NAME=NUMBER,...``, those that it leaves out as :func:`load` says."""
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
    return numbers


def gaussian_law(name: str, resolution: int | None = None) -> GaussianImages:
    """Return the distribution that the images of ``gaussian:NAME=NUMBER,...`` are drawn from.

    Example:
        >>> gaussian_law("gaussian:classes=3").separation
        3.0
    """
    numbers = _gaussian_numbers(name)
    return GaussianImages(numbers["separation"], numbers["classes"], resolution or GaussianImages.side)


def _gaussian(name: str, seed: int, resolution: int | None) -> Dataset:
    """Return the Gaussian images that ``name`` asks for."""
    numbers, law = _gaussian_numbers(name), gaussian_law(name, resolution)
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
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    # The file that sklearn.datasets.load_digits reads, without a second's import.
    table = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return Dataset(
        "digits",
        tuple(map(str, range(10))),
        table[:, :-1] * _LEVELS,
        table[:, -1].astype(np.intp),
        shape=(8, 8, 1),
        mirror=False,
    )


def _resized(data: Dataset, resolution: int) -> Dataset:
    """Return ``data`` with images of ``resolution`` x ``resolution`` pixels."""
    if data.shape is None:
        refuse("resolution", resolution, f"must be None: {data.unshaped}")
    small = area_average(whole_bytes(data.images).reshape(-1, *data.shape), resolution)
    return replace(data, images=small.reshape(len(small), -1), shape=small.shape[1:])
