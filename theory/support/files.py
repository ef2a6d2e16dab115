"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import platform
import secrets
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from theory.support.validate import refuse

__all__ = ["check_file", "is_pipe_or_device", "write_together", "write_whole"]

_HOST = 32


def is_pipe_or_device(path: Path) -> bool:
    """Return whether there is something at ``path`` that is no file and no folder: reading it may never end."""
    return path.exists() and not (path.is_file() or path.is_dir())


def check_file(name: str, path: Path) -> None:
    """Refuse a path where no file can be written, before the work rather than after it; missing folders are made.

    Args:
        name: of the argument.
        path: the file.

    Raises:
        ValueError: it is a folder, a pipe or a device, which a file would take the place of, or its folder cannot be
            made or written.
    """
    try:
        if path.is_dir():
            refuse(name, str(path), "must name a file, not a folder")
        if is_pipe_or_device(path):
            refuse(name, str(path), "must name a file, not a pipe or a device")
        path.parent.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path.parent).close()
    except RecursionError:
        refuse(name, str(path), "must be a file that can be written: its folders lie too deep")
    except OSError as error:
        refuse(name, str(path), f"must be a file that can be written: {error.strerror}")


def write_whole(path: Path, content: bytes | str) -> None:
    """Write ``content`` (text as UTF-8) to ``path``, so that no reader ever sees a part of it.

    The content goes to a temporary file in the same folder, which then takes the place of ``path``. Missing
    folders are made.

    Raises:
        OSError: the folder or the file cannot be written; an older ``path`` is then as it was.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes | str]) -> None:
    """Write several files as :func:`write_whole` does; none takes its place before all are on the disk.

    Raises:
        OSError: a folder or a file cannot be written, or a folder, a pipe or a device is where a file is to be; older
            files are then as they were.
    """
    for path in contents:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if is_pipe_or_device(path):
            raise OSError(errno.EINVAL, "it is a pipe or a device", str(path))
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            _make_folder(path.parent)
            parts[path] = part = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.part")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(part, flags, 0o666), "wb") as file:
                file.write(content.encode(errors="surrogateescape") if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except RecursionError:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(folder)) from None


def _host() -> str:
    """Return the name of this machine, as far as a file name takes it: folders are shared between machines."""
    return "".join(letter for letter in platform.node() if letter.isalnum() or letter == "-")[:_HOST]
