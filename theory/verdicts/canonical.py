"""One spelling for each piece of plain data, and its hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical", "digest"]


def canonical(data: Any) -> bytes:
    r"""Return plain data as JSON in its one spelling: keys sorted, no spaces, UTF-8.

    Raises:
        ValueError: a number is not finite, or a text cannot be written in UTF-8.

    Example:
        >>> canonical({"b": [1, None], "a": "µ"})
        b'{"a":"\xc2\xb5","b":[1,null]}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(data: Any) -> str:
    """Return the SHA-256 of the data's canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(canonical(data)).hexdigest()
