"""A sweep: the runs of an experiment that are missing are trained, side by side, here or on a cluster.

Where they are trained is its ``executor``:

None
    processes of this machine, ``workers`` of them; with 1, this process.
``dask://HOST:PORT``
    an existing Dask cluster (:mod:`empirical.sweeps.dask_cluster`).
``submitit``, ``submitit://slurm`` or ``submitit://local``
    jobs of SLURM, or of this machine as if it were SLURM (:mod:`empirical.sweeps.slurm`).
any ``concurrent.futures.Executor``, in Python
    its processes or threads, which must see the folders.

A run that fails does not stop the others, except those that start from it. A process that is lost costs what its run
has done since its last whole epoch, on a cluster what it has done there; it is trained again, three times at most.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirical.config import Config
from empirical.runtime.command_line import FAILED
from empirical.runtime.stop import INTERRUPTED, Interrupted, Stop
from empirical.runtime.threads import usual_workers
from empirical.sweeps.workers import Job, Workers, other_executor, processes, this_process
from theory.support.executors import client_address, open_client
from theory.support.validate import number, refuse

__all__ = ["SUBMITIT", "Outcome", "Sweep", "check_executor", "run_sweep", "side_by_side"]

SUBMITIT = ("submitit", "submitit://slurm", "submitit://local")
"""The executors of jobs; the first takes SLURM where it is and this machine elsewhere."""

_log = logging.getLogger(__name__)

_DASK = "dask://"
_TRIES = 3
_GRACE = 60.0
_PATIENCE = 10.0


@dataclass
class Outcome:
    """The outcome of a sweep so far.

    Attributes:
        interrupted: why one stopped early; None if none did.
        failed: the runs that failed, with the reason.
    """

    interrupted: str | None = None
    failed: dict[Config, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 if all is trained; 75 if the same command is to go on; else 1, as a run failed."""
        if self.interrupted is not None:
            return INTERRUPTED
        return FAILED if self.failed else 0


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep.

    Attributes:
        profile: a key of :data:`empirical.sweeps.profiles.PROFILES`.
        data: the data sets.
        options: what else repeats the sweep, by the names of the command line: the imbalances, what an experiment has
            of its own.
        seeds: how many seeds, 0, 1, ...
        configs: the runs.
        runs: their folder.
        root: the folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.
        workers: how many runs are trained side by side; None for what suits the executor.
        seconds: how long it may take; None for no limit.
        about: what the data are: by name, the fingerprint and the numbers of classes and test images.
        executor: where the runs are trained (:mod:`empirical.sweeps.sweep`).
        resources: what a run takes of a cluster.
        outcome: how the sweep has ended, once it has.
        out: the folder for the results.
        notes: what to say of the data before the first run: the images of each class, what was changed in reading.
        only_predictions: whether to end once the predictions are written.
    """

    profile: str
    data: tuple[str, ...]
    options: Mapping[str, Any]
    seeds: int
    configs: tuple[Config, ...]
    runs: Path
    root: Path
    device: str
    workers: int | None
    seconds: float | None
    about: dict[str, Any]
    executor: Executor | str | None = None
    resources: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    out: Path = Path()
    notes: tuple[str, ...] = ()
    only_predictions: bool = False

    def arguments(self) -> dict[str, Any]:
        """Return the options of the command line that repeat the sweep, without its folders."""
        return {
            "profile": self.profile,
            **({"data": tuple(Path(name).name for name in self.data)} if self.data else {}),
            **self.options,
            "seeds": self.seeds,
        }

    def class_names(self, run: Config) -> tuple[str, ...]:
        """Return the names of the classes of a run, in the order of the labels that it gives them."""
        names = self.about[Path(run.data).name]["names"]
        return tuple(names if run.classes is None else (names[int(label)] for label in run.classes))

    @property
    def exit_code(self) -> int:
        """That of the command: 75 if the sweep stopped early, 1 if a run failed, 0 if all is trained."""
        return self.outcome.exit_code


def run_sweep(sweep: Sweep) -> list[tuple[Config, dict[str, Any] | None]]:
    """Train what is missing; return each run with what its ``result.json`` holds, None where it is not finished.

    A sweep that stops early (SIGTERM, the end of its time) or in which runs fail (a loss that is not finite, a full
    disk, too little memory) says so on standard error and in ``sweep.outcome``, and returns what there is.
    """
    from empirical.storage.run_folder import Run

    def missing() -> list[Config]:
        return [run for run in sweep.configs if Run(run, sweep.runs).result() is None]

    if missing():
        _train(missing, sweep)
        if left := len(missing()):
            outcome = sweep.outcome
            reason = outcome.interrupted or next(iter(outcome.failed.values()))
            _log.warning(
                f"runs: stopped: {left} of {len(sweep.configs)} runs are missing: {reason}; the same command goes on"
            )
    return [(run, Run(run, sweep.runs).result()) for run in sweep.configs]


def check_executor(executor: Executor | str | None, resources: Mapping[str, Any]) -> None:
    """Refuse an executor that does not exist or does not answer, and resources that it does not know.

    Raises:
        ValueError: it says what is allowed.
    """
    allowed = f"must be dask://HOST:PORT or one of {', '.join(SUBMITIT)}"
    if isinstance(executor, str) and executor.startswith(_DASK):
        for name, value in resources.items():
            number(name, value, "must be a number above 0: how much of it a run takes of a worker", above=0)
        try:
            address = client_address(executor)
        except ValueError:
            refuse("executor", executor, allowed)
        try:
            socket.create_connection(address, timeout=_PATIENCE).close()  # a client's takes longer
            with open_client(executor):
                pass
        except (OSError, OverflowError):
            refuse("executor", executor, "must be the address of a Dask scheduler, and none answers there")
    elif executor in SUBMITIT:
        from empirical.sweeps.slurm import check

        check(str(executor), resources)
    elif executor is not None and not isinstance(executor, Executor):
        refuse("executor", executor, allowed)
    elif resources:
        refuse("resources", dict(resources), "must be left out: only dask:// and submitit have them")


def side_by_side(profile: str, device: str) -> int:
    """Return how many runs this machine trains side by side if nothing is said."""
    return 1 if profile == "smoke" else usual_workers(device)  # a process takes longer to begin than a smoke run


def _train(missing: Callable[[], list[Config]], sweep: Sweep) -> None:
    """Train the missing runs, again where processes are lost."""
    from empirical.storage.folders import make_folder

    outcome, stop = sweep.outcome, Stop(sweep.seconds)
    job = Job(
        runs=sweep.runs.resolve(),
        root=sweep.root.resolve(),
        device=sweep.device,
        until=None if sweep.seconds is None else time.time() + sweep.seconds,
    )
    lost: str | None = None
    with stop:
        for _ in range(_TRIES):
            try:
                make_folder(job.runs)
                with _open(sweep, job, stop) as place:
                    left = missing()
                    lost = _sweep(left, len(set(sweep.configs).difference(left)), place, outcome, stop)
            except (OSError, ValueError) as error:  # of the folder or the place: those of runs are in the outcome
                lost = str(error)
                break
            if lost is None or outcome.interrupted is not None:
                return
            _log.warning(f"runs: processes were lost: {lost}")
    outcome.failed.update(dict.fromkeys(missing(), str(lost)))


def _sweep(configs: Sequence[Config], done: int, workers: Workers, outcome: Outcome, stop: Stop) -> str | None:
    """Train runs in a place, where ``done`` others of the sweep are trained; return how it lost them, None if not."""
    from empirical.sweeps.order import complete, needs

    wanted = needs([run for run in configs if run not in outcome.failed])
    runs, halted, lost = set(configs), 0.0, None
    every = done + len(runs)

    def going() -> bool:
        nonlocal halted
        try:
            stop.check()
        except Interrupted as error:
            if not halted:
                outcome.interrupted, halted = str(error), time.monotonic()
                workers.halt()
        if halted and time.monotonic() > halted + _GRACE:
            raise Interrupted("some runs did not stop when they were asked to")
        return lost is None and outcome.interrupted is None

    try:
        for run, found in complete(wanted, workers.submit, workers.collect, capacity=workers.capacity, goes_on=going):
            if isinstance(found, BrokenExecutor | CancelledError):
                lost = str(found) or type(found).__name__
            elif isinstance(found, Interrupted):
                outcome.interrupted = outcome.interrupted or str(found)
            elif isinstance(found, Exception):
                outcome.failed[run] = _reason(found)
                _log.warning(f"runs: failed: {outcome.failed[run]}")
            else:
                _log.debug(f"runs: {run.digest} finished")
                if run in runs:
                    done += 1
                    _log.info(f"runs: {done} of {every} trained")
    except BrokenExecutor as error:
        lost = str(error)
    except Interrupted as error:
        _log.warning(f"runs: {error}")
    return lost


@contextmanager
def _open(sweep: Sweep, job: Job, stop: Stop) -> Iterator[Workers]:
    """Give the place where the runs of a sweep are trained."""
    executor, workers = sweep.executor, sweep.workers
    if isinstance(executor, Executor):
        with other_executor(job, executor, stop, workers) as place:
            yield place
    elif executor is None:
        workers = side_by_side(sweep.profile, sweep.device) if workers is None else workers
        with this_process(job, stop) if workers == 1 else processes(job, workers) as place:
            yield place
    elif executor in SUBMITIT:
        from empirical.sweeps.slurm import jobs

        with jobs(job, executor, sweep.resources, workers) as place:
            yield place
    else:
        from empirical.sweeps.dask_cluster import dask

        with dask(job, executor, sweep.resources, workers, sweep.configs) as place:
            yield place


def _reason(error: Exception) -> str:
    """Return why a run failed, in a line; what nobody expected is shown in full."""
    if isinstance(error, ArithmeticError | OSError | ValueError):
        return str(error)
    _log.error("runs: an error that nobody expected", exc_info=error)
    return f"{type(error).__name__}: {error}".partition("\n")[0]
