"""Executors of work: threads of this machine, any ``concurrent.futures.Executor``, or a Dask cluster by its address."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from theory.support.validate import refuse

__all__ = ["client_address", "map_tasks", "open_client", "open_executor"]

_ALLOWED = "must be None, a concurrent.futures.Executor, or 'dask://HOST:PORT'"


@contextmanager
def open_executor(executor: Executor | str | None) -> Iterator[Executor]:
    """Give the executor that ``executor`` names, and close it afterwards unless it is the caller's own.

    Args:
        executor: ``None`` for one thread a core of this machine (NumPy's generators and comparisons let threads
            run side by side), an executor, or ``"dask://HOST:PORT"``, the address of a Dask scheduler whose workers
            have this package installed.

    Raises:
        ValueError: ``executor`` is none of these, or needs the package ``distributed`` and it is not installed.
        OSError: the scheduler does not answer.

    Example:
        >>> with open_executor(None) as pool:
        ...     pool.submit(pow, 2, 10).result()
        1024
    """
    if executor is None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_cores()) as pool:
            yield pool
    elif isinstance(executor, Executor):
        yield executor
    elif isinstance(executor, str):
        with open_client(executor) as client, client.get_executor() as pool:
            yield pool
    else:
        refuse("executor", executor, _ALLOWED)


def client_address(executor: str) -> tuple[str, int]:
    """Return the host and the port of ``"dask://HOST:PORT"``.

    Raises:
        ValueError: ``executor`` is no such address.

    Example:
        >>> client_address("dask://127.0.0.1:8786")
        ('127.0.0.1', 8786)
    """
    match = re.fullmatch(r"dask://([^/\s]+):(\d{1,5})", executor)
    if match is None:
        refuse("executor", executor, _ALLOWED)
    return match[1], int(match[2])


@contextmanager
def open_client(executor: str) -> Iterator[Any]:
    """Give a ``distributed.Client`` of the scheduler at ``"dask://HOST:PORT"``, and close it afterwards.

    Raises:
        ValueError: ``executor`` is no such address, or the package ``distributed`` is not installed.
        OSError: the scheduler does not answer.
    """
    host, port = client_address(executor)
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError:
        refuse("executor", executor, "needs the package distributed: pip install '.[cluster]' in tailbound's folder")
    with distributed.Client(f"tcp://{host}:{port}", set_as_default=False) as client:
        yield client


def map_tasks(
    executor: Executor | str | None, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]
) -> list[Any]:
    """Return the list of ``function(*task)`` in the order of the tasks; the first error cancels what still waits."""
    with open_executor(executor) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
