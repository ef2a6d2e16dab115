"""SHA-256 of what files hold and of plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

__all__ = ["digest", "json_digest"]


def digest(content: str | bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    return sha256(content.encode(errors="surrogateescape") if isinstance(content, str) else content).hexdigest()


def json_digest(plain: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys.

    Example:
        >>> json_digest({"a": 1, "b": 2}) == json_digest({"b": 2, "a": 1})
        True
    """
    return digest(json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False))
