"""The names of networks and of pre-trainings with their numbers, for what need not wait for torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.support.validate import choice

__all__ = ["ARCHITECTURES", "OBJECTIVES", "default_numbers", "own_width"]

_WIDTHS = {f"resnet{depth}": 16 for depth in (8, 14, 20, 32, 44, 56, 110)} | {"resnet18": 64, "resnet34": 64}

ARCHITECTURES = tuple(_WIDTHS)
"""The names that :func:`empirical.training.networks.build` knows."""

_NUMBERS: Mapping[str, Mapping[str, Any]] = {
    "rotation": {},
    "simclr": {"temperature": 0.5, "dimension": 128},
    "moco": {"temperature": 0.1, "dimension": 128, "key_momentum": 0.99, "queue": 4096},
    "barlow": {"redundancy": 0.005, "dimension": 512, "factor": 0.025},
}

OBJECTIVES = tuple(_NUMBERS)
"""The objectives of pre-training, by the names that the command line has for them."""


def own_width(arch: str) -> int:
    """Return how many channels the first stage of an architecture has in the paper that introduced it."""
    return _WIDTHS[arch]


def default_numbers(name: str) -> dict[str, Any]:
    """Return the numbers of an objective with their defaults.

    Raises:
        ValueError: the name is not known.

    Example:
        >>> default_numbers("simclr"), default_numbers("rotation")
        ({'temperature': 0.5, 'dimension': 128}, {})
    """
    return dict(_NUMBERS[choice("objective", name, OBJECTIVES)])
