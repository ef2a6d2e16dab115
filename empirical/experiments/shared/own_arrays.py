"""Arrays of anyone's network in place of networks that are trained: the option ``--arrays FILE.npz``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirical.data.checksums import file_sha256
from empirical.data.dataset import Dataset
from empirical.data.npz import arrays_of
from empirical.data.plain_names import plain_names
from empirical.runtime.command_line import file
from theory.support.validate import distinct, floats, refuse

__all__ = [
    "FEWEST",
    "SEEDS",
    "about",
    "add_arrays",
    "checked_files",
    "class_names",
    "existing_files",
    "features_and_labels",
    "split",
    "vectors",
]

FEWEST = 8
"""Images that a class must have."""

SEEDS = 3
"""How often the images of a file are split, if nothing is said."""

_LABELS = "must hold whole numbers from 0, one for each feature"
_SPLIT = 2**20 + 1  # a spawn key that no other split of a class has
Floats = NDArray[np.float64]
Labels = NDArray[np.intp]


def add_arrays(parser: argparse.ArgumentParser, content: str) -> None:
    """Add the option ``--arrays``; ``content`` says which arrays the files hold."""
    text = f"{content} of a network of your own, .npz; trains no network"
    parser.add_argument("--arrays", nargs="+", type=file, default=[], metavar="FILE", help=text)


def existing_files(args: argparse.Namespace) -> tuple[Path, ...]:
    """Return the files of arrays that the parsed options name.

    Raises:
        ValueError: a file is missing, or two have one name.
    """
    paths = tuple(distinct("arrays", args.arrays))
    for path in paths:
        if not path.is_file():
            refuse("arrays", str(path), "must be files that exist")
    distinct("arrays", [path.name for path in paths])
    return paths


def checked_files(args: argparse.Namespace, *others: str) -> tuple[Path, ...]:
    """Return the files of arrays, all there and of different names; none if the option is not given.

    Args:
        args: the parsed options.
        others: the options that would be of no use with arrays, of the networks that are not trained then.

    Raises:
        ValueError: a file is missing, two have one name, or another option is given too.
    """
    paths = existing_files(args)
    for name in ("data", *others) if paths else ():
        value = getattr(args, name)
        if value is not None:
            refuse(name, str(value) if isinstance(value, Path) else value, "must be left out with --arrays")
    return paths


def about(path: Path, x: Floats, names: Sequence[str]) -> dict[str, Any]:
    """Return what a record says of a file of features of shape ``(n, d)``: SHA-256, ``n``, ``d`` and the classes."""
    images, features = x.shape
    known = {"images": images, "features": features, "classes": len(names), "names": list(names)}
    return {"sha256": file_sha256(path), **known}


def features_and_labels(path: Path) -> tuple[Floats, Labels, tuple[str, ...]]:
    """Return the arrays ``features``, shape ``(n, d)``, and ``labels``, shape ``(n,)``, of a file, and its classes.

    The names are the array ``class_names``, or the labels themselves.

    Raises:
        ValueError: it cannot be read, lacks an array, or a class has fewer than :data:`FEWEST` images.
    """
    held = arrays_of(path, "arrays")
    x, y = vectors(path, held)
    each = np.bincount(y)
    if len(each) < 2 or each.min() < FEWEST:
        refuse("labels", each.tolist(), f"must hold at least two classes and {FEWEST} images of each")
    return x, y, class_names(held, len(each))


def class_names(arrays: Mapping[str, NDArray[Any]], classes: int) -> tuple[str, ...]:
    """Return the names of so many classes among the arrays of a file: ``class_names``, else the labels.

    Raises:
        ValueError: they are no names, two are the same, or there are not as many.
    """
    found = arrays.get("class_names")
    if found is None:
        return tuple(map(str, range(classes)))
    if found.shape != (classes,):
        refuse("class_names", found.shape, f"must be {classes} different names, one a class")
    return plain_names("class_names", found)


def vectors(path: Path, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> tuple[Floats, Labels]:
    """Return the features and the labels among the arrays of a file; ``prefix`` comes before both names.

    Raises:
        ValueError: one is missing, or not what it must be.
    """
    names = f"{prefix}features", f"{prefix}labels"
    missing = [name for name in names if name not in arrays]
    if missing:
        refuse("arrays", str(path), f"must hold {' and '.join(names)}; missing: {', '.join(missing)}")
    x = floats(names[0], arrays[names[0]], "must hold finite real numbers, one row an image", ndim=2)
    y = floats(names[1], arrays[names[1]], _LABELS, ndim=1, least=0)
    if len(x) != len(y) or np.any(y != np.floor(y)) or not x.size or y.max() >= len(y):
        refuse(names[1], arrays[names[1]], _LABELS)
    return x, y.astype(np.intp)


def split(name: str, x: Floats, y: Labels, classes: Sequence[str], seed: int) -> Dataset:
    """Return features as a data set: of each class one half, drawn with the seed, to train on, the rest to test on.

    Example:
        >>> split("mine", np.arange(10.0)[:, None], np.arange(10) % 2, ("cat", "dog"), seed=0).test.sum()
        np.int64(4)
    """
    test = np.zeros(len(y), dtype=bool)
    for label in range(len(classes)):
        own = np.flatnonzero(y == label)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_SPLIT, label)))
        test[rng.permutation(own)[: len(own) // 2]] = True
    return Dataset(name, tuple(classes), x, y, test)
