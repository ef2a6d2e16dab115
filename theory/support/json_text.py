"""JSON as its writers meant it: no name twice in an object, no number that is none."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["parsed"]


def parsed(text: str | bytes) -> Any:
    """Return what a JSON text holds; bytes are UTF-8.

    Raises:
        ValueError: it is no JSON, holds NaN or an infinity, has a name twice in an object, of which Python would keep
            the last, or is nested too deep.

    Example:
        >>> parsed('{"a": [1, null]}')
        {'a': [1, None]}
        >>> parsed('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ValueError: 'a' comes twice
    """
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_unique_members,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} comes twice")
        found[name] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
