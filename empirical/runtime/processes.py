"""Processes for measurements: each has threads and memory of its own, and all end when the measuring is stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from types import FrameType
from typing import Any, NoReturn

__all__ = ["busy_process", "listening", "pool", "worker_processes"]

_BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
_KEYBOARD = {signal.SIGINT}
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_UNGUARDED = (
    "no process could begin, as each imports the calling script anew and that would begin the work once more; "
    'put the call under: if __name__ == "__main__":'
)


@contextmanager
def listening() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: raise KeyboardInterrupt, so that what was begun is ended."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def _deferred() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C wait for the end of the block: a process that is half started ends with a traceback."""
    came: list[int] = []
    former = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def terminator() -> Callable[[], None]:
    """Return a function that sends SIGTERM to the processes that this one has started since, and to no other."""
    others = multiprocessing.active_children()

    def terminate() -> None:
        for child in multiprocessing.active_children():
            if child not in others:
                child.terminate()

    return terminate


@contextmanager
def worker_processes(
    count: int = 1, begin: Callable[..., None] | None = None, *arguments: Any
) -> Iterator[Callable[..., Future[Any]]]:
    """Give what submits work to fresh processes; after an error here they are told to end, and waited for.

    Ctrl-C in a terminal is sent to all processes of a program. These leave it to the one that began them.

    Args:
        count: how many processes.
        begin: called in each with ``arguments`` before any work.
    """
    halt = terminator()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _begin, (begin, arguments)) as pool:

        def submit(*work: Any) -> Future[Any]:
            with _deferred():
                before = signal.pthread_sigmask(
                    signal.SIG_BLOCK, _KEYBOARD
                )  # a process begins with what is blocked here
                try:
                    return pool.submit(*work)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)

        try:
            yield submit
        except BaseException:
            halt()
            raise


@contextmanager
def pool(count: int, begin: Callable[[], None]) -> Iterator[ProcessPoolExecutor]:
    """Give fresh processes to a script, each of which calls ``begin`` before any work.

    Raises:
        RuntimeError: none of them could begin, as the script has no ``if __name__ == "__main__":``.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)  # one of these processes, at the line that began it; the one that waits for it says why
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    with ProcessPoolExecutor(count, context, _say_begun, (begun, begin)) as executor:
        try:
            yield executor
        except BrokenProcessPool:
            if begun.is_set():
                raise
            raise RuntimeError(_UNGUARDED) from None


@contextmanager
def busy_process() -> Iterator[None]:
    """Keep one core busy; however this process ends, the other does not outlive it."""
    other = subprocess.Popen([sys.executable, "-c", _BUSY, str(os.getpid())])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def _begin(begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """Set up a process."""
    signal.signal(signal.SIGTERM, _end)
    if begin is not None:
        begin(*arguments)


def _say_begun(begun: Event, begin: Callable[[], None]) -> None:
    begun.set()
    begin()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End the process, but let what it has begun be ended first."""
    sys.exit(128 + number)
