"""The workers of a sweep: this process, in processes of this machine, in any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirical.config import Config
from empirical.runtime.processes import terminator
from empirical.runtime.stop import Interrupted, Stop
from empirical.runtime.threads import one_thread

__all__ = ["Job", "Workers", "attempt", "other_executor", "processes", "this_process"]


@dataclass(frozen=True)
class Job:
    """The options that all runs of a sweep have in common.

    Attributes:
        runs: their folder.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.
        until: when they are to stop, in seconds since the epoch; None for no limit. Machines must agree on the time.
    """

    runs: Path
    root: Path
    device: str
    until: float | None

    def stop(self, stop_requested: Callable[[], bool] | None = None) -> Stop:
        """Return what stops a run that begins now."""
        return Stop(None if self.until is None else max(0.0, self.until - time.time()), stop_requested)


@dataclass(frozen=True)
class Workers:
    """Where runs are trained.

    Attributes:
        submit: begins a run.
        collect: from the run and what its future holds to its result; it raises what the run failed with.
        halt: asks all runs to stop.
        capacity: how many runs it takes at a time; None for any number.
    """

    submit: Callable[[Config], Future[Any]]
    collect: Callable[[Config, Any], dict[str, Any]] = field(default=lambda run, value: returned(value))
    halt: Callable[[], None] = field(default=lambda: None)
    capacity: int | None = None


@contextmanager
def this_process(job: Job, stop: Stop) -> Iterator[Workers]:
    """Give this process, which trains one run after the other."""
    with ThreadPoolExecutor(1) as thread:
        try:
            yield Workers(lambda run: thread.submit(attempt, run, job, stop))
        except BaseException:
            stop.ask()
            raise


@contextmanager
def processes(job: Job, workers: int) -> Iterator[Workers]:
    """Give processes of this machine; to be stopped they get SIGTERM."""
    halt = terminator()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            yield Workers(lambda run: pool.submit(attempt, run, job), halt=halt, capacity=workers)
        except BaseException:
            halt()
            raise


@contextmanager
def other_executor(job: Job, executor: Executor, stop: Stop, capacity: int | None) -> Iterator[Workers]:
    """Give an executor of the caller, whose processes see the folders; it stays open."""
    own = stop if isinstance(executor, ThreadPoolExecutor) else None
    yield Workers(lambda run: executor.submit(attempt, run, job, own), capacity=capacity)


def attempt(config: Config, job: Job, stop: Stop | None = None) -> dict[str, Any] | Exception:
    """Return the result of a run, or the error that it failed with.

    A run has one thread wherever it is trained, so that the place and the number of workers change no result. If
    nothing else is to stop it, SIGTERM does, and then it ends the process, after the run has saved what it has: a
    process that lived on could wait for ever for what one that is dead holds.
    """
    if stop is not None:
        return _attempt(config, job, stop)
    with job.stop() as own:
        found = _attempt(config, job, own)
    if own.signalled:
        os.kill(os.getpid(), signal.SIGTERM)
    return found


def _attempt(config: Config, job: Job, stop: Stop) -> dict[str, Any] | Exception:
    one_thread()
    from empirical.training.train import train

    try:
        return train(config, job.runs, root=job.root, by_name=True, device=job.device, stop=stop)
    except (Interrupted, ArithmeticError, OSError, ValueError, MemoryError, RuntimeError) as error:
        return error


def returned(outcome: dict[str, Any] | Exception) -> dict[str, Any]:
    """Return what :func:`attempt` found if it is a result; raise it if it is an error."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _end_with_parent() -> None:
    """End this process when the one that began it ends, however that one ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
