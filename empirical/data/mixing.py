"""Section 4.2: images of the majority made similar to the minority."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from theory.support.validate import integer, number, refuse

__all__ = ["Mixed", "mix"]


@dataclass(frozen=True, eq=False)
class Mixed:
    """The images that were mixed, and their partners.

    Attributes:
        replaced: indices of the images of the majority that gave way to a mixed one, shape ``(k,)``.
        partners: for each of them the index of the minority's image that it was mixed with, shape ``(k,)``.
        degree: ``lambda``.
    """

    replaced: NDArray[np.intp]
    partners: NDArray[np.intp]
    degree: float


def mix(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    majority: int,
    minority: int,
    fraction: float,
    degree: float,
    seed: int,
) -> tuple[NDArray[np.uint8], Mixed]:
    r"""Replace a fraction of the majority's images by mixtures with the minority's: equation 2 of section 4.2.

    .. math:: \tilde x = \lambda x_i + (1 - \lambda) x_j

    The ``x_i`` are ``fraction`` of the majority's images, to the nearest whole number, halves up, drawn without
    replacement; each ``x_j`` is drawn from the minority's, with replacement. The mixture keeps the label of ``x_i``, so
    that ``degree = 1`` changes nothing and ``degree = 0`` puts images of the minority under the majority's label. The
    mixture is rounded once to the nearest whole number, halves to the even one: off by at most 1/2 of 255.

    With the same seed, a larger fraction mixes the same images with the same partners, and more; the degree does not
    change what is drawn.

    Args:
        images: uint8, shape ``(n, ...)``; they are not changed.
        labels: shape ``(n,)``; they stay valid for the result.
        majority: the label of the class whose images are replaced.
        minority: the label of the class that they become similar to.
        fraction: ``rho``, from 0 to 1.
        degree: ``lambda``, from 0 to 1.
        seed: at least 0.

    Returns:
        The images, the same ``images`` if none is replaced, and what was mixed with what.

    Raises:
        ValueError: an argument lies outside its range, or a class has no images.

    Example:
        >>> images = np.array([[0], [0], [0], [0], [100]], dtype=np.uint8)
        >>> mixed, record = mix(images, np.array([0, 0, 0, 0, 1]), 0, 1, fraction=0.5, degree=0.2, seed=0)
        >>> mixed[:, 0].tolist(), record.replaced.tolist(), record.partners.tolist()
        ([80, 80, 0, 0, 100], [1, 0], [4, 4])
    """
    if images.dtype != np.uint8:
        refuse("images", str(images.dtype), "their type must be uint8")
    if labels.shape != images.shape[:1]:
        refuse("labels", labels.shape, f"its shape must be {images.shape[:1]}: a label for each image")
    share = Fraction(number("fraction", fraction, "must be from 0 to 1", least=0, most=1))
    degree = float(number("degree", degree, "must be from 0 to 1", least=0, most=1))
    own, others = np.flatnonzero(labels == majority), np.flatnonzero(labels == minority)
    for name, label, found in (("majority", majority, own), ("minority", minority, others)):
        if not len(found):
            refuse(name, label, "must be a label that occurs")
    if majority == minority:
        refuse("minority", minority, "must be another class than the majority")
    order, choice = (np.random.default_rng(child) for child in SeedSequence(integer("seed", seed, least=0)).spawn(2))
    k = math.floor(share * len(own) + Fraction(1, 2))
    replaced, partners = order.permutation(own)[:k], choice.choice(others, size=len(own))[:k]
    record = Mixed(replaced, partners, degree)
    if k == 0:
        return images, record
    mixed = images.copy()
    mixed[replaced] = np.rint(degree * images[replaced] + (1 - degree) * images[partners])
    return mixed, record
