"""Numbers as titles of figures say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["average", "span"]


def average(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are there, None where there are none.

    Example:
        >>> average([1, None, 3]), average([None])
        (2.0, None)
    """
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def span(numbers: Sequence[float] | Mapping[str, float], digits: int = 1, unit: str = "") -> str:
    """Return the least and the largest of the numbers, with their names where these are given.

    Example:
        >>> span([2.24, 5.18]), span([2.24, 2.21]), span({"CE": 2.24, "RS": 40, "RW": 0.4}, 0, " %")
        ('2.2 to 5.2', '2.2', '0 % (RW) to 40 % (RS)')
    """
    if isinstance(numbers, Mapping):
        ends = [function(numbers, key=lambda name: numbers[name]) for function in (min, max)]
        return " to ".join(dict.fromkeys(f"{numbers[name]:z.{digits}f}{unit} ({name})" for name in ends))
    return " to ".join(dict.fromkeys(f"{value:z.{digits}f}" for value in (min(numbers), max(numbers)))) + unit
