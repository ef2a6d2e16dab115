"""Functions of one setting and one ``alpha``, applied to sequences and arrays of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from theory.support.validate import array, refuse

__all__ = ["over_settings"]

T = TypeVar("T")


def over_settings(function: Callable[[T, Any], Any], kind: type[T], s: T | Sequence[T], alpha: Any) -> Any:
    """Return ``function`` of every pair of the broadcast settings and alphas: a float for one pair, else an array.

    Raises:
        ValueError: ``s`` holds something that is no ``kind``, or the shapes do not broadcast.
    """
    settings = np.empty((), dtype=object) if isinstance(s, kind) or not isinstance(s, Sequence) else _objects(s)
    if settings.ndim == 0:
        settings[()] = s
    for one in settings.flat:
        if not isinstance(one, kind):
            module = kind.__module__.rpartition(".")[2]
            refuse("s", one, f"must be a {module}.{kind.__name__}, or a sequence of them")
    alphas = array("alpha", alpha, "must hold numbers greater than 0, in an array of any shape", dtype=object)
    try:
        pairs = np.broadcast(settings, alphas)
    except ValueError:
        refuse("alpha", alphas.shape, f"its shape must broadcast with that of the settings, {settings.shape}")
    values = np.array([function(one, a) for one, a in pairs]).reshape(pairs.shape)
    return values if pairs.shape else float(values)


def _objects(s: Sequence[Any]) -> Any:
    settings = np.empty(len(s), dtype=object)
    settings[:] = s
    return settings
