"""The order of runs that start from one another: each begins when what it starts from is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from empirical.config import Config
from empirical.registry import method_facts

__all__ = ["Need", "complete", "needs"]

_PAUSE = 0.5


@dataclass(frozen=True)
class Need:
    """A need of a run: another one that it waits for.

    Attributes:
        pretraining: it starts from its weights, and cannot be trained without them.
        twin: it takes over the epochs that it shares with it, or trains them itself if that one failed.
    """

    pretraining: Config | None = None
    twin: Config | None = None


def needs(configs: Sequence[Config]) -> dict[Config, Need]:
    """Return all runs that lead to ``configs`` with what each waits for: the pre-trainings first, each once.

    Example:
        >>> runs = [Config(data="digits", method=method, pretrain="rotation") for method in ("ce", "drw")]
        >>> [run.method for run in needs(runs)]
        [None, 'ce', 'drw']
    """
    firsts = {first: Need() for run in configs if (first := run.pretraining()) is not None}
    own = set(configs)
    rest = {}
    for run in configs:
        twin = run.twin()
        rest[run] = Need(run.pretraining(), twin if twin in own and method_facts(run.method).deferred else None)
    return firsts | rest


def complete(
    needs_of_runs: dict[Config, Need],
    submit: Callable[[Config], Future[Any]],
    collect: Callable[[Config, Any], dict[str, Any]] = lambda config, value: value,
    *,
    capacity: int | None = None,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[tuple[Config, dict[str, Any] | Exception]]:
    """Yield each run with its result, or with the error that it failed with, as it ends.

    Runs whose pre-training failed do not begin and are not yielded; nor are those that wait when ``goes_on`` ends.

    Args:
        needs_of_runs: what :func:`needs` returns.
        submit: begins a run.
        collect: from the run and what its future holds to its result; it may raise.
        capacity: how many may be submitted and not ended; None for no limit.
        goes_on: asked twice a second; after it says no, no run is submitted, and those that are are waited for, except
            that without a limit those are cancelled which the executor has not begun.
    """
    done: set[Config] = set()
    failed: set[Config] = set()
    running: dict[Future[Any], Config] = {}

    def ready(run: Config, need: Need) -> bool:
        return (need.pretraining is None or need.pretraining in done) and (
            need.twin is None or need.twin in done or need.twin in failed
        )

    waiting = dict(needs_of_runs)
    try:
        while True:
            goes = goes_on()
            for run, need in list(waiting.items()) if goes else ():
                if (capacity is None or len(running) < capacity) and ready(run, need):
                    del waiting[run]
                    running[submit(run)] = run
            if not goes and capacity is None:
                running = {future: run for future, run in running.items() if not future.cancel()}
            if not running:
                return
            for future in wait(running, timeout=_PAUSE, return_when=FIRST_COMPLETED).done:
                run = running.pop(future)
                found: dict[str, Any] | Exception
                try:
                    found = collect(run, future.result())
                except Exception as error:
                    found = error
                (failed if isinstance(found, Exception) else done).add(run)
                yield run, found
    finally:
        for future in running:
            future.cancel()
