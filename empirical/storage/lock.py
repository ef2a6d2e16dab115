"""A lock on a folder that dies with the process that holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from theory.support.validate import refuse

__all__ = ["locked"]

_PAUSE = 0.1
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@contextmanager
def locked(path: Path, waiting: Callable[[str], None], check: Callable[[], None]) -> Iterator[None]:
    """Hold the exclusive lock of the file ``path``; another process that asks for it waits.

    The kernel frees the lock when the process ends, however it ends, so a killed process never blocks the next.

    Args:
        path: the lock's file. It is made if it is missing and stays: were it removed, a process that opened it
            before and one that makes it anew would hold different locks.
        waiting: called once, with the id of the process that holds the lock, if this one has to wait.
        check: called between tries; it may raise to end the wait.

    Raises:
        ValueError: the file is a link, which might name anything, or its file system has no locks.
        OSError: the file cannot be made.
    """
    if path.is_symlink():
        refuse("lock", str(path), "must be a file of its own, not a link; remove it")
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666), "a+") as file:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno in _NO_LOCKS:
                    allowed = f"must be on a file system with locks ({error.strerror}); name another folder"
                    refuse("out", str(path.parent), allowed)
                if not isinstance(error, BlockingIOError):
                    raise
                if not told:
                    file.seek(0)
                    waiting(file.read().strip() or "unknown")
                    told = True
                check()
                time.sleep(_PAUSE)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
