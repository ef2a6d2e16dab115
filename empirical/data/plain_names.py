"""The names of classes as text, one spelling for each."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

from theory.support.validate import refuse

__all__ = ["composed", "plain_names"]

_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of characters that end a line, or that no file can hold."""


def plain_names(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    r"""Return the names of classes as text; bytes are UTF-8, and accents are composed (Unicode's form C).

    Args:
        name: of the argument, for messages.
        values: the names, in the order of the labels.

    Raises:
        ValueError: one is blank, is no text or holds control characters, or two are the same.

    Example:
        >>> plain_names("classes", [b"cat", "caf\u0065\u0301", 7])
        ('cat', 'café', '7')
    """
    found = tuple(_plain(name, value) for value in values)
    for text, times in Counter(found).items():
        if times > 1:
            refuse(name, text, f"must all differ: it comes {times} times")
    return found


def composed(text: str) -> str:
    r"""Return a text with its accents composed: what looks the same is the same.

    Example:
        >>> composed("e\u0301") == "\u00e9"
        True
    """
    return unicodedata.normalize("NFC", text)


def _plain(name: str, value: Any) -> str:
    """Return one name."""
    try:
        text = composed(value.decode() if isinstance(value, bytes) else str(value))
        text.encode()
    except UnicodeError:
        refuse(name, value, "must be text, or bytes of UTF-8")
    if not text.strip():
        refuse(name, text, "must not be blank: results name the class")
    if any(unicodedata.category(character) in _CONTROLS for character in text):
        refuse(name, text, "must not hold control characters: results name the class")
    return text
