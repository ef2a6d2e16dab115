"""Stopping a run early without losing work: on SIGTERM, or when its time is used up."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from theory.support.cli import CANCELLED
from theory.support.validate import refuse

__all__ = ["CANCELLED", "INTERRUPTED", "Interrupted", "Stop", "duration"]

INTERRUPTED = 75
"""The exit code of a run that was stopped and that the same command goes on with (EX_TEMPFAIL: try again)."""

_PAUSE = 1.0
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class Interrupted(Exception):  # noqa: N818 - no error: it was asked for
    """The run was stopped before its end; what it had after the last whole epoch is saved."""


class Stop:
    """A request to stop, which work that can be resumed asks for between two steps.

    As a context it turns SIGTERM, which schedulers send ahead of the end, into such a request; so it does nothing at
    the moment that the signal comes. Outside the main thread, where Python allows no handlers, signals are left alone.

    Args:
        seconds: how long from now until it stops by itself; None for no limit.
        stop_requested: says whether it is to stop for another reason; it is called once a second at most.

    Example:
        >>> Stop().check()
        >>> Stop(seconds=0).check()
        Traceback (most recent call last):
        empirical.runtime.stop.Interrupted: the time budget is used up
    """

    def __init__(self, seconds: float | None = None, stop_requested: Callable[[], bool] | None = None) -> None:
        """Start the clock."""
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._asked, self._question = stop_requested, time.monotonic()
        self._signalled = False
        self._former: Any = None

    def check(self, seconds: float = 0.0) -> None:
        """Raise if a stop was asked for, or if less than ``seconds`` seconds are left.

        Raises:
            Interrupted: it says which.
        """
        if self._signalled:
            raise Interrupted("SIGTERM")
        if self._asked is not None and time.monotonic() >= self._question:
            if self._asked():
                raise Interrupted("the sweep was stopped")
            self._question = time.monotonic() + _PAUSE
        if self._deadline is not None and time.monotonic() + seconds >= self._deadline:
            raise Interrupted("the time budget is used up")

    @property
    def signalled(self) -> bool:
        """Whether SIGTERM came, or :meth:`ask` was called."""
        return self._signalled

    def ask(self) -> None:
        """Ask for a stop, as SIGTERM does."""
        self._signalled = True

    def __enter__(self) -> Self:
        """Listen to SIGTERM."""
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Put the former handler back."""
        if self._former is not None:
            signal.signal(signal.SIGTERM, self._former)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.ask()


def duration(text: str) -> float:
    """Return the seconds that ``text`` says: a number and ``s``, ``m`` or ``h``, seconds without one.

    Raises:
        ValueError: it says something else.

    Example:
        >>> duration("9m"), duration("1.5h"), duration("20")
        (540.0, 5400.0, 20.0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?)([smh]?)", text)
    if match is None or not float(match[1]):
        refuse("time-budget", text, "must be a number above 0 and s, m or h: 90s, 9m, 1.5h")
    return float(match[1]) * _UNITS[match[2]]
