"""Gaps between frequent and rare classes, and how much of them is due to rarity.

Figures and experiments share this, so it needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

__all__ = ["ORDERS", "Split", "gap", "split"]

ORDERS = ("labels", "reversed")
"""The orders of the classes, from the most frequent to the rarest."""


def gap(values: Sequence[float | None]) -> float | None:
    """Return the mean over the first half of the classes minus that over the last half; None if a value is missing.

    Of an odd number of classes the middle one counts for neither half.

    Example:
        >>> gap([90.0, 70.0, 60.0, 50.0, 20.0]), gap([1.0, None])
        (45.0, None)
    """
    there = [value for value in values if value is not None]
    half = len(there) // 2
    return fmean(there[:half]) - fmean(there[-half:]) if half and len(there) == len(values) else None


@dataclass(frozen=True)
class Split:
    """A gap in both orders, and its parts (:mod:`empirical.experiments.class_order`); None while a run is missing."""

    labels: float | None
    reversed: float | None

    @property
    def rarity(self) -> float | None:
        """The part that is due to rarity."""
        return None if self.labels is None or self.reversed is None else (self.labels + self.reversed) / 2

    @property
    def classes(self) -> float | None:
        """The part that is due to which classes are rare."""
        return None if self.labels is None or self.reversed is None else (self.labels - self.reversed) / 2


def split(labels: Sequence[float | None], reversed: Sequence[float | None]) -> Split:
    """Return the gap of what was measured at each place in either order.

    Example:
        >>> found = split([90, 70, 50, 20], [80, 60, 40, 30])
        >>> found.labels, found.reversed, found.rarity, found.classes
        (45.0, 35.0, 40.0, 5.0)
    """
    return Split(gap(labels), gap(reversed))
