"""Sums of exact lengths in floats, right even where large terms cancel."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["bits", "exact_parts"]


def bits(value: Fraction) -> int:
    """Return about ``log2(value)``."""
    return value.numerator.bit_length() - value.denominator.bit_length()


def exact_parts(
    lengths: Sequence[Fraction], most: Sequence[int], unit: Fraction, precision: Fraction
) -> list[tuple[float, ...]]:
    """Split lengths into floats, in units of ``unit``, such that sums over each part are exact.

    So ``sum m_i lengths_i``, for whole ``|m_i| <= most_i``, is right to ``precision`` even where large terms cancel.
    """
    parts, rest = [], list(lengths)
    size = sum((abs(length) * m for length, m in zip(rest, most, strict=True)), Fraction(0))
    while size > precision:
        grid = Fraction(2) ** (bits(size) - 50)
        on = [round(length / grid) * grid for length in rest]
        parts.append(tuple(float(length / unit) for length in on))
        rest = [length - whole for length, whole in zip(rest, on, strict=True)]
        size = grid * sum(most)
    return parts
