"""Checksums of files that hold none of their own: ``SHA256SUMS`` beside them, as ``sha256sum`` writes it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from theory.support.validate import refuse

__all__ = ["NAME", "compare", "file_sha256"]

NAME = "SHA256SUMS"
"""The name of the list: ``find train test -type f -exec sha256sum {} + > SHA256SUMS`` makes it."""

_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)")
_ESCAPES = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}


def compare(root: Path, files: Sequence[Path]) -> bool:
    """Return whether a folder has a list of checksums, after every file was compared with it.

    Args:
        root: the folder; names in the list are relative to it.
        files: those that must be in the list. What else is in the list is compared too.

    Raises:
        ValueError: a file is not as its checksum says, is not in the list or is listed and not there; or the list
            cannot be read. The message names the file.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "a.txt").write_text("a")
        >>> compare(root, [root / "a.txt"])
        False
        >>> _ = (root / "SHA256SUMS").write_text(f"{file_sha256(root / 'a.txt')}  ./a.txt")
        >>> compare(root, [root / "a.txt"])
        True
        >>> _ = (root / "a.txt").write_text("b")
        >>> compare(root, [root / "a.txt"])
        Traceback (most recent call last):
        ValueError: data='.../a.txt': must be as its SHA-256 in SHA256SUMS says: it was altered or damaged
    """
    listed = _listed(root / NAME)
    if listed is None:
        return False
    for path in files:
        if os.path.relpath(path, root) not in listed:
            refuse("data", str(path), f"must be in {NAME} of its folder, or {NAME} be made anew")
    for name, digest in listed.items():
        path = root / name
        if not path.is_file():
            refuse("data", str(path), f"must be there: {NAME} lists it")
        if file_sha256(path) != digest:
            refuse("data", str(path), f"must be as its SHA-256 in {NAME} says: it was altered or damaged")
    return True


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(path: Path) -> dict[str, str] | None:
    """Return the checksums in a list by their files' names; None if there is no list."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except FileNotFoundError:
        return None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            refuse("data", f"{path}, line {number}", "must be a SHA-256, two spaces and a file's name")
        escaped, digest, name = match.groups()
        name = re.sub(r"\\.", lambda part: _ESCAPES.get(part.group(), part.group()), name) if escaped else name
        if found.setdefault(os.path.normpath(name), digest) != digest:
            refuse("data", f"{path}, line {number}", "must be the only checksum of its file")
    return found
