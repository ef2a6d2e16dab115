"""The thirds of the classes, from frequent to rare."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["THIRDS", "third", "third_mean"]

THIRDS = ("first_third", "middle_third", "last_third")
"""The thirds of the classes, from frequent to rare: groups of as many classes, whatever their numbers of images."""


def third(label: int, classes: int) -> str:
    """Return the third that a class belongs to; what is left over goes to the first.

    Example:
        >>> [[label for label in range(10) if third(label, 10) == name] for name in THIRDS]
        [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
        >>> third(0, 2), third(1, 2)
        ('first_third', 'last_third')
    """
    if classes == len(THIRDS) - 1:
        return THIRDS[label * 2]
    return THIRDS[label * len(THIRDS) // classes]


def third_mean(values: Sequence[float], name: str) -> float | None:
    """Return the mean over the classes of a third; None if it is empty.

    Example:
        >>> third_mean([0.9, 0.5, 0.25], "last_third"), third_mean([0.9, 0.5], "middle_third")
        (0.25, None)
    """
    own = [value for label, value in enumerate(values) if third(label, len(values)) == name]
    return sum(own) / len(own) if own else None
