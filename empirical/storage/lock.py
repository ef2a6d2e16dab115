"""A lock on a folder that dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked"]

_PAUSE = 0.1


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
        OSError: the file cannot be made.
    """
    with path.open("a+") as file:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
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
