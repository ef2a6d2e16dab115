"""A labelled set of images, with a test set that is fixed or drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from theory.support.validate import refuse

__all__ = ["HELD_OUT", "NO_SHAPE", "Dataset", "sixteen_bits", "whole_bytes"]

HELD_OUT = 0.4
"""The fraction of the images of each class held out where a data set comes without a test set."""

NO_SHAPE = "its images must have the shape (H, W) or (H, W, channels) with 1 to 4 channels"
"""What is said of images that are no pictures."""

_WHITE = 255
_WHITE_16 = 65535


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
        notes: what the reader of the files did to them that a user should know.
        unshaped: why there is no ``shape``, for the message that asks for one.
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
    notes: tuple[str, ...] = ()
    unshaped: str = NO_SHAPE

    def held_out(self, seed: SeedSequence) -> NDArray[np.bool_]:
        """Return the mask of the held-out images, shape ``(n,)``: the test set, or a stratified random draw.

        Example:
            >>> from empirical.data.load import digits
            >>> mask = digits().held_out(SeedSequence(0))
            >>> mask.size, int(mask.sum())
            (1797, 719)
        """
        if self.test is not None:
            return self.test
        from sklearn.model_selection import train_test_split  # takes a second, and most data sets have a test set

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

    def select_classes(self, classes: Sequence[int]) -> tuple[Dataset, NDArray[np.intp]]:
        """Return the images of some classes, which get the labels 0, 1, ..., and which training images they are.

        Example:
            >>> from empirical.data.load import load
            >>> data, known = load("digits").select_classes((3, 7))
            >>> data.classes, len(known) == len(data.train_labels)
            (('3', '7'), True)
        """
        label = np.full(len(self.classes), -1)
        label[list(classes)] = np.arange(len(classes))
        data = self.with_test()
        own = label[data.labels] >= 0
        kept = replace(
            data,
            classes=tuple(data.classes[each] for each in classes),
            images=data.images[own],
            labels=label[data.labels[own]],
            test=None if data.test is None else data.test[own],
        )
        return kept, np.flatnonzero(label[data.train_labels] >= 0)

    @property
    def train_images(self) -> NDArray[np.uint8]:
        """The images to train on, shape ``(n_train, H, W, channels)``, uint8.

        Raises:
            ValueError: the images have no such shape, or are not whole numbers from 0 to 255.

        Example:
            >>> from empirical.data.load import load
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
            refuse("data", self.name, self.unshaped)
        return whole_bytes(self.images[chosen]).reshape(-1, *self.shape)


def whole_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return ``images`` as uint8 if that changes no number.

    Raises:
        ValueError: it would; for numbers from 0 to 1 the message says how to make bytes of them.
    """
    if images.dtype == np.uint8:
        return images
    with np.errstate(invalid="ignore"):
        whole_numbers = images.astype(np.uint8)
    if not np.array_equal(whole_numbers, images):
        other = images[whole_numbers != images]
        allowed = "must be whole numbers from 0 to 255, to be trained on"
        if images.min() >= 0 and images.max() <= 1:
            allowed += "; all lie between 0 and 1: save np.round(255 * x).astype(np.uint8)"
        refuse("images", other[0].item(), allowed)
    return whole_numbers


def sixteen_bits(images: Sequence[NDArray[np.uint16]], name: str) -> tuple[str, list[NDArray[np.uint8]]]:
    """Return 16-bit images as bytes, and what was done to them.

    Images of at most 255 stay as they are; else 65535 becomes 255, halves up, the same for all of them.

    Args:
        images: all that share one scale.
        name: what a message calls them.

    Raises:
        ValueError: they use less than a sixteenth of the range, of which scaling would leave 16 levels or fewer.

    Example:
        >>> text, (scaled,) = sixteen_bits([np.array([0, 300, 65535], dtype=np.uint16)], "x.png")
        >>> text, scaled.tolist()
        ('16 bits scaled to 8, 65535 to 255', [0, 1, 255])
    """
    most = max(int(part.max()) for part in images)
    if most <= _WHITE:
        return "", [part.astype(np.uint8) for part in images]
    if most <= _WHITE_16 // 16:
        refuse("data", name, f"its 16-bit images use only 0 to {most} of 65535; save them with 8 bits, {most} as white")
    return "16 bits scaled to 8, 65535 to 255", [_scaled(part) for part in images]


def _scaled(images: NDArray[np.uint16]) -> NDArray[np.uint8]:
    step = _WHITE_16 // _WHITE
    return ((images.astype(np.uint32) + step // 2) // step).astype(np.uint8)
