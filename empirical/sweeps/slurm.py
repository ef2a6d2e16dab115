"""Training runs as jobs of SLURM through the package submitit, or of this machine as if it were SLURM.

A job is a run. It sees this machine's folders, as SLURM's jobs usually do; what submitit writes, with each job's log,
lies in the folder ``jobs`` beside the runs. The resources are submitit's parameters of a job: for SLURM ``time``
(minutes), ``partition``, ``gpus_per_node``, ``cpus_per_task``, ``mem``, ``account``, ``qos``, ``constraint`` and others
(``signal_delay_s``: how many seconds before the end of its time a job is told; without ``time`` it has submitit's five
minutes), for this machine ``timeout_min``, ``signal_delay_s`` and ``gpus_per_node``, without which it sees no GPU.

A job that is preempted or that comes to the end of its time is put into the queue again, and goes on after its last
whole epoch. One that is lost is begun again, three times in all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from empirical.config import Config
from empirical.runtime.stop import Interrupted
from empirical.runtime.threads import cores
from empirical.sweeps.workers import Job, Workers, attempt
from theory.support.validate import choice, refuse

__all__ = ["Training", "check", "jobs"]

_FOLDER = "jobs"
_TIMEOUTS = 1000  # a job that has to begin anew more often is ended
_TRIES = 3
_PAUSE = 0.5
_WEEK, _DELAY = 7 * 24 * 60, 30  # of this machine's jobs: minutes, and seconds


@dataclass(frozen=True)
class Training:
    """A job: trains a run, or what is left of it.

    Attributes:
        config: the run.
        job: what all runs have in common.
        halt: the file that is there when the sweep stops.
    """

    config: Config
    job: Job
    halt: Path

    def __call__(self) -> dict[str, Any] | Exception:
        """Return the result, or the error."""
        return attempt(self.config, self.job, self.job.stop(self.halt.exists))

    def checkpoint(self) -> Any:
        """Return what goes on in its place: the same, as all that it has done is in the folder of the run."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def check(executor: str, resources: Mapping[str, Any]) -> None:
    """Refuse what cannot begin a job.

    Raises:
        ValueError: submitit is not installed, SLURM is not there, or it does not know a resource.
    """
    with TemporaryDirectory() as folder:
        _executor(executor, resources, Path(folder))


@contextmanager
def jobs(job: Job, executor: str, resources: Mapping[str, Any], workers: int | None) -> Iterator[Workers]:
    """Give a queue of jobs.

    Args:
        job: what the runs have in common.
        executor: ``submitit``, ``submitit://slurm`` or ``submitit://local``.
        resources: submitit's parameters of a job.
        workers: how many jobs there may be at a time; None for any number, on this machine one a core.
    """
    folder = job.runs / _FOLDER
    queue = _Queue(_executor(executor, resources, folder), job, folder / f"stop-{time.time_ns()}")
    try:
        most = cores() if workers is None and not _slurm(executor) else workers
        yield Workers(queue.submit, halt=queue.halt, capacity=most)
    finally:
        queue.close()


@dataclass
class _Waiting:
    """A job that has not ended, and how often it may be lost before its run has failed."""

    config: Config
    job: Any
    tries: int


class _Queue:
    """Jobs, and a thread that tells what they came to."""

    def __init__(self, executor: Any, job: Job, stop: Path) -> None:
        self._executor, self._job, self._stop = executor, job, stop
        self._waiting: dict[Future[Any], _Waiting] = {}
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, config: Config) -> Future[Any]:
        """Begin a job."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            self._waiting[future] = _Waiting(config, self._begin(config), _TRIES)
        return future

    def halt(self) -> None:
        """Ask the jobs to stop; those that wait for their turn never begin."""
        self._stop.touch()
        with self._lock:
            for one in self._waiting.values():
                if str(one.job.state).upper() == "PENDING":
                    one.job.cancel(check=False)

    def close(self) -> None:
        """End what has not ended."""
        self._closed.set()
        self._watcher.join()
        for one in self._waiting.values():
            one.job.cancel(check=False)
        self._stop.unlink(missing_ok=True)

    def _begin(self, config: Config) -> Any:
        return self._executor.submit(Training(config, self._job, self._stop))

    def _watch(self) -> None:
        while not self._closed.wait(_PAUSE):
            with self._lock:
                for future, one in list(self._waiting.items()):
                    if one.job.done():
                        self._tell(future, one)

    def _tell(self, future: Future[Any], one: _Waiting) -> None:
        """Tell what a job came to, or begin it again if it was lost."""
        from submitit.core.utils import FailedJobError

        one.tries -= 1
        try:
            try:
                future.set_result(one.job.result())
            except Exception as error:
                if not one.tries or self._stop.exists() or isinstance(error, FailedJobError):
                    raise
                one.job = self._begin(one.config)
                return
        except Exception as error:
            future.set_exception(Interrupted("the sweep was stopped") if self._stop.exists() else error)
        del self._waiting[future]


def _slurm(executor: str) -> bool:
    """Return whether the jobs are SLURM's."""
    import submitit

    if executor == "submitit":
        return bool(submitit.SlurmExecutor.affinity() > 0)
    return executor.endswith("slurm")


def _executor(executor: str, resources: Mapping[str, Any], folder: Path) -> Any:
    """Return submitit's executor."""
    try:
        import submitit
    except ModuleNotFoundError:
        refuse("executor", executor, "needs the package submitit: pip install '.[slurm]' in tailbound's folder")
    kind = submitit.SlurmExecutor if _slurm(executor) else submitit.LocalExecutor
    try:
        queue = kind(folder, max_num_timeout=_TIMEOUTS)
    except RuntimeError as error:
        refuse("executor", executor, f"cannot be used here: {error}")
    if _slurm(executor):
        usual: dict[str, Any] = {}
    else:
        usual = {"timeout_min": _WEEK, "signal_delay_s": _DELAY, "gpus_per_node": 0}
        for name in resources:
            choice("resources", name, usual)
    try:
        queue.update_parameters(**{**usual, **resources})
    except (TypeError, ValueError) as error:
        refuse("resources", dict(resources), str(error).replace("\n", " "))
    return queue
