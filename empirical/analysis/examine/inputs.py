"""The arrays of a network to examine: checked once, and read a piece at a time from then on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from scipy.sparse import csr_array

from empirical.data.plain_names import plain_names
from empirical.runtime.progress import Track, silent
from theory.support.validate import as_numpy, integer, refuse

__all__ = ["ARRAYS", "Inputs", "check", "class_sums", "pieces"]

ARRAYS = ("features", "logits", "labels", "weight", "bias", "train_features", "train_labels", "counts", "class_names")
"""The names of what can be examined."""

_HELD = 2**22  # numbers held at a time
_SAMPLE = 1000
_SHOWN = 20  # entries of a vector that a message repeats
_LARGEST = 1e50  # of an entry: products of features and weights, and their squares, are numbers too
_MOST_IMAGES = 10**12  # of a class: those of all classes are counted exactly
_AGREE = 1e-2  # of the spread of the logits: what half precision may leave

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """A network by its arrays, all checked. What is not given is None.

    Attributes:
        classes: how many classes there are, ``C``.
        class_names: of each class.
        features: of held-out images, shape ``(n, d)``.
        logits: of the same images, shape ``(n, C)``.
        labels: of the same images, shape ``(n,)``, int64, each class at least once.
        weight: of the last layer, shape ``(C, d)``.
        bias: of the last layer, shape ``(C,)``; zeros where there is a weight and no bias.
        has_bias: whether a bias was given.
        train_features: of the images that the network was trained on, shape ``(m, d)``.
        train_labels: shape ``(m,)``.
        counts: the training images of each class, shape ``(C,)``.
        first: whether an image belongs to the first of the two halves, drawn class by class, shape ``(n,)``.
        seed: what they were drawn with.
    """

    classes: int
    class_names: tuple[str, ...]
    features: Array | None
    logits: Array | None
    labels: NDArray[np.int64] | None
    weight: Floats | None
    bias: Floats | None
    has_bias: bool
    train_features: Array | None
    train_labels: NDArray[np.int64] | None
    counts: NDArray[np.int64] | None
    first: NDArray[np.bool_] | None
    seed: int

    @property
    def has_logits(self) -> bool:
        """Whether logits are given, or can be computed."""
        return self.logits is not None or (self.features is not None and self.weight is not None)

    @property
    def held_out(self) -> NDArray[np.int64]:
        """The number of held-out images of each class, shape ``(C,)``."""
        assert self.labels is not None
        return np.bincount(self.labels, minlength=self.classes)

    def logits_of(self, rows: slice | NDArray[np.int64]) -> Floats:
        """Return some rows of the logits, computed from features and the last layer where they are not given."""
        if self.logits is not None:
            return np.asarray(self.logits[rows], dtype=np.float64)
        assert self.features is not None
        assert self.weight is not None
        assert self.bias is not None
        return np.asarray(self.features[rows], dtype=np.float64) @ self.weight.T + self.bias

    def logit_pieces(self, track: Track = silent, label: str = "logits") -> Iterator[tuple[slice, Floats]]:
        """Yield the logits a piece at a time, with the rows that they are."""
        assert self.labels is not None
        for rows in track(pieces(len(self.labels), self.classes), label):
            yield rows, self.logits_of(rows)


def pieces(n: int, width: int) -> list[slice]:
    """Return ``n`` rows of ``width`` numbers in pieces that fit into memory.

    Example:
        >>> pieces(5, 2**21)
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, _HELD // max(width, 1))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def class_sums(
    features: Array, labels: NDArray[np.int64], classes: int, chosen: NDArray[np.bool_] | None = None
) -> Floats:
    """Return the sum of the features of each class, shape ``(C, d)``, over the ``chosen`` images or all.

    Example:
        >>> class_sums(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 0]), 2)
        array([[5.],
               [2.]])
    """
    total = np.zeros((classes, features.shape[1]))
    for rows in pieces(len(labels), features.shape[1]):
        at = labels[rows]
        taken = np.ones(len(at)) if chosen is None else chosen[rows].astype(float)
        members = csr_array((taken, (at, np.arange(len(at)))), shape=(classes, len(at)))
        total += members @ np.asarray(features[rows], dtype=np.float64)
    return total


def check(
    *,
    features: Any = None,
    logits: Any = None,
    labels: Any = None,
    weight: Any = None,
    bias: Any = None,
    train_features: Any = None,
    train_labels: Any = None,
    counts: Any = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
    track: Track = silent,
) -> Inputs:
    """Return the arrays of a network in plain types, everything checked.

    Arrays of NumPy and tensors of torch are taken, in any precision of floats and any integers; files that are
    memory-mapped stay so.

    Raises:
        ValueError: an array holds what is not finite or beyond 1e50 in size, has the wrong shape, does not fit the
            others, or a class has no images.
    """
    integer("seed", seed, least=0)
    x, z = _matrix("features", features), _matrix("logits", logits)
    w = _matrix("weight", weight)
    if x is None and z is None and w is None:
        refuse("features", None, "must be given, or logits, or weight")
    y, n = _whole("labels", labels), _whole("counts", counts)
    b = None if bias is None else _plain("bias", bias)
    xt, yt = _matrix("train_features", train_features), _whole("train_labels", train_labels)
    for name, array in (("features", x), ("logits", z)):
        if array is None:
            continue
        if y is None:
            refuse("labels", None, f"must be given with {name}")
        if len(array) != len(y):
            refuse("labels", len(y), f"must be as many as {name} has rows, {len(array)}")
    known = _known_names(class_names)
    classes = _classes(z, w, n, known, y, yt)
    names = known or tuple(f"class {label}" for label in range(classes))
    _pair("train_features", xt, "train_labels", yt)
    for name, array in (("weight", w), ("train_features", xt)):
        if array is not None and x is not None and array.shape[1] != x.shape[1]:
            turned = "; transposed it has" if name == "weight" and len(array) == x.shape[1] else ""
            refuse(name, array.shape, f"must have as many columns as features, {x.shape[1]}{turned}")
    if b is not None:
        if w is None:
            refuse("bias", b.shape, "must be left out where there is no weight")
        if b.shape != (classes,) or b.dtype.kind not in "iuf":
            refuse("bias", f"{b.dtype} of shape {b.shape}", f"must hold {classes} real numbers, one a class")
    for name, own in (("labels", y), ("train_labels", yt)):
        if own is not None:
            _check_labels(name, own, classes, names)
    if n is None and yt is not None:
        n = np.bincount(yt, minlength=classes)
    if n is not None:
        if (n < 1).any() or (n > _MOST_IMAGES).any():
            allowed = f"must hold {classes} whole numbers of at least 1 and at most {_MOST_IMAGES:,}, one a class"
            refuse("counts", n.tolist(), allowed)
        if yt is not None and not np.array_equal(n, np.bincount(yt, minlength=classes)):
            refuse("counts", n.tolist(), "must be those of train_labels, or left out")
    entries = {"features": x, "logits": z, "weight": w, "train_features": xt, "bias": None if b is None else b[:, None]}
    for name, array in entries.items():
        if array is not None:
            _check_entries(name, array, track)
    found = Inputs(
        classes=classes,
        class_names=names,
        features=x,
        logits=z,
        labels=y,
        weight=None if w is None else np.asarray(w, dtype=np.float64),
        bias=None if w is None else np.zeros(classes) if b is None else b.astype(np.float64),
        has_bias=b is not None,
        train_features=xt,
        train_labels=yt,
        counts=n,
        first=None if y is None else _halves(y, seed),
        seed=seed,
    )
    _check_layer(found)
    return found


def _plain(name: str, value: Any) -> Array:
    """Return an array of NumPy, one of a file as it is; tensors are taken to the CPU."""
    try:
        return np.asanyarray(as_numpy(value))
    except (TypeError, ValueError) as error:
        refuse(name, type(value).__name__, f"must be an array or a tensor ({error})")


def _matrix(name: str, value: Any) -> Array | None:
    """Return a matrix of numbers."""
    if value is None:
        return None
    found = _plain(name, value)
    if found.ndim != 2 or 0 in found.shape or found.dtype.kind not in "iuf":
        shown = f"{found.dtype} of shape {found.shape}"
        rows = "class" if name == "weight" else "image"
        refuse(name, shown, f"must be a matrix of real numbers with a row for each {rows}")
    return found


def _whole(name: str, value: Any) -> NDArray[np.int64] | None:
    """Return a vector of whole numbers."""
    if value is None:
        return None
    found = _plain(name, value)
    if found.ndim != 1 or len(found) == 0 or found.dtype.kind not in "iu":
        shown = found.tolist() if found.ndim == 1 and len(found) <= _SHOWN else f"{found.dtype} of shape {found.shape}"
        refuse(name, shown, "must be a vector of whole numbers")
    if int(found.max()) > np.iinfo(np.int64).max:
        refuse(name, int(found.max()), "must be whole numbers below 2^63")
    return found.astype(np.int64)


def _classes(z: Any, w: Any, n: Any, names: Any, y: Any, yt: Any) -> int:
    """Return the number of classes, which all that is given must agree about."""
    said = {"logits": None if z is None else z.shape[1], "weight": None if w is None else len(w)}
    said |= {"counts": None if n is None else len(n), "class_names": None if names is None else len(names)}
    known = {name: number for name, number in said.items() if number is not None}
    if not known and y is not None:
        both = [found for found in (y, yt) if found is not None]
        highest, images = max(int(found.max()) for found in both), sum(map(len, both))
        if highest >= images:  # before anything of one entry a class is made
            refuse(
                "labels", highest, f"must be below {images}, the number of images, as nothing else tells the classes"
            )
        known = {"labels": 1 + highest}
    first, classes = next(iter(known.items()), ("labels", 0))
    for name, number in known.items():
        if number != classes:
            turned = "; transposed it is" if name == "weight" and w.shape[1] == classes else ""
            refuse(name, number, f"must be of as many classes as {first}, {classes}{turned}")
    if classes < 2:
        refuse(first, classes, "must be of at least 2 classes")
    return classes


def _known_names(class_names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the classes as text; bytes are UTF-8."""
    if class_names is None:
        return None
    names = np.asanyarray(class_names, dtype=object)
    if isinstance(class_names, str | bytes) or names.ndim != 1 or len(names) == 0:
        refuse("class_names", class_names, "must be a list of names, one a class")
    return plain_names("class_names", names.tolist())


def _pair(name: str, array: Array | None, other: str, labels: Array | None) -> None:
    """Refuse one of two arrays without the other, or of another length."""
    if (array is None) != (labels is None):
        missing = other if labels is None else name
        refuse(missing, None, f"must be given with {name if labels is None else other}")
    if array is not None and labels is not None and len(array) != len(labels):
        refuse(other, len(labels), f"must be as many as {name} has rows, {len(array)}")


def _check_labels(name: str, labels: NDArray[np.int64], classes: int, names: Sequence[str]) -> None:
    for value in (int(labels.min()), int(labels.max())):
        if not 0 <= value < classes:
            refuse(name, value, f"must be from 0 to {classes - 1}, for there are {classes} classes")
    absent = np.flatnonzero(np.bincount(labels, minlength=classes) == 0)
    if len(absent):
        shown = ", ".join(names[label] for label in absent[:5]) + (", ..." if len(absent) > 5 else "")
        refuse(name, f"no images of {shown}", "every class must have images")


def _check_entries(name: str, array: Array, track: Track) -> None:
    if array.dtype.kind != "f":
        return
    most = min(_LARGEST, float(np.finfo(array.dtype).max))
    parts = pieces(len(array), array.shape[1])
    for rows in track(parts, f"reading {name}") if len(parts) > 1 else parts:
        right = np.abs(array[rows]) <= most
        if not right.all():
            row, column = (int(at[0]) for at in np.nonzero(~right))
            value = float(array[rows][row, column])
            where = f"entry {rows.start + row}" if name == "bias" else f"row {rows.start + row}, column {column}"
            refuse(name, value, f"must be finite numbers of at most {_LARGEST:g} in size: {where} is not")


def _halves(labels: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Return which images are in the first half: of each class every other one, in an order that is drawn."""
    shuffled = np.random.default_rng(SeedSequence(seed)).permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(labels))])[:-1]
    place = np.arange(len(labels)) - starts[labels[order]]
    first = np.empty(len(labels), dtype=bool)
    first[order] = place % 2 == 0
    return first


def _check_layer(inputs: Inputs) -> None:
    """Refuse logits that are not those of the features, where both are given with the last layer."""
    if inputs.logits is None or inputs.features is None or inputs.weight is None or inputs.bias is None:
        return
    rows = slice(0, _SAMPLE)
    own, made = (
        inputs.logits_of(rows),
        np.asarray(inputs.features[rows], dtype=np.float64) @ inputs.weight.T + inputs.bias,
    )
    apart = float(np.abs(own - made).max())
    if apart > _AGREE * max(float(own.std()), 1.0):
        what = "features @ weight.T + bias" if inputs.has_bias else "features @ weight.T (no bias is given)"
        refuse("logits", f"up to {apart:.3g} apart", f"must be {what}; leave weight and bias out if they are not")
