"""Training runs on an existing Dask cluster, whose workers need not see this machine's disk.

A worker needs this package and nothing else. What a run starts from, its own checkpoint, its pre-training's, or that of
the run that it shares epochs with, goes to the worker as bytes, and all files that the run left come back as bytes,
those of a run that was stopped too. Data sets go along as well: ``cifar10``, ``cifar100`` and ``.npz`` files are sent
to each worker once, to workers that join later too; ``digits`` and ``gaussian`` are made where they are needed; a
folder of images must be found on every worker under the same path.

Dask gives what a lost worker had to another one, and gives up on a run that lost four of them. With
``--resources GPU=1`` a run goes only to workers that were started with ``--resources GPU=N``, ``N`` at a time.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import distributed
import numpy as np

from empirical.config import Config
from empirical.data.load import load
from empirical.data.training_set import load_training_set
from empirical.storage.run_folder import Run
from empirical.storage.tables import write_whole
from empirical.sweeps.workers import Job, Workers, attempt, returned
from theory.support.executors import open_client
from theory.support.validate import refuse

__all__ = ["DataSets", "Parcel", "dask", "train_away"]

_QUEUED = 64
_SENT = ("cifar10", "cifar100")

Files = dict[str, bytes]
"""The files of a folder, by name."""


@dataclass(frozen=True)
class Parcel:
    """The answer of a worker: how the run ended, and the files that it left."""

    ended: dict[str, Any] | Exception
    files: Files


class DataSets(distributed.WorkerPlugin):  # type: ignore[misc]
    """Data sets that each worker keeps in a folder of its own, as long as the sweep lasts.

    Args:
        files: the ``.npz`` files.
    """

    idempotent = True

    def __init__(self, files: Files) -> None:
        """Name them by what is in them."""
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(name.encode() + hashlib.sha256(files[name]).digest())
        self.name = f"tailbound-data-{digest.hexdigest()[:16]}-{uuid.uuid4().hex[:8]}"
        self._files = files

    def setup(self, worker: Any) -> None:
        """Write them."""
        self._folder = TemporaryDirectory(dir=worker.local_directory)
        self.root = Path(self._folder.name)
        for name, content in self._files.items():
            (self.root / name).write_bytes(content)
        self._files = {}

    def teardown(self, worker: Any) -> None:
        """Remove them."""
        self._folder.cleanup()


@contextmanager
def dask(
    job: Job, executor: str, resources: Mapping[str, Any], workers: int | None, configs: Sequence[Config]
) -> Iterator[Workers]:
    """Give a Dask cluster.

    Args:
        job: what the runs have in common.
        executor: ``dask://HOST:PORT``.
        resources: of a worker, and how much of it a run takes.
        workers: how many runs are given to it at a time; None for twice its threads, and no fewer than 64.
        configs: the runs.

    Raises:
        OSError: the scheduler does not answer.
    """
    data = DataSets(_data_sets(configs, job.root))
    with open_client(executor) as client:
        halt = distributed.Event(f"tailbound-stop-{uuid.uuid4().hex}", client=client)
        client.register_plugin(data)
        with client.get_executor(resources=dict(resources)) as pool:
            try:
                yield Workers(
                    submit=lambda run: pool.submit(train_away, run, _start(run, job.runs), job, data.name, halt.name),
                    collect=_Collector(job),
                    halt=halt.set,
                    capacity=workers or max(_QUEUED, 2 * sum(client.nthreads().values())),
                )
            finally:
                pool.shutdown(wait=False)
                client.unregister_worker_plugin(data.name)


def train_away(config: Config, start: dict[str, Files], job: Job, data: str, halt: str) -> Parcel:
    """Train a run on a worker, in a folder that is there no longer than this takes.

    Args:
        config: the run.
        start: what it starts from: files by the name of the run that they belong to.
        job: what all runs have in common; its folders are not those of the worker.
        data: the name of the plugin that keeps the data sets.
        halt: the name of the event that is set when the sweep stops.
    """
    worker: Any = distributed.get_worker()
    key, event = worker.get_current_task(), distributed.Event(halt)

    def stop_requested() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or bool(event.is_set())

    with TemporaryDirectory(dir=worker.local_directory) as folder:
        own = Job(runs=Path(folder), root=worker.plugins[data].root, device=job.device, until=job.until)
        for name, files in start.items():
            for file, content in files.items():
                write_whole(own.runs / name / file, content)
        ended = attempt(config, own, own.stop(stop_requested))
        return Parcel(ended, _files(Run(config, own.runs).folder))


class _Collector:
    """Puts what workers send back where it would be if the runs had been trained here."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._fingerprints: dict[tuple[Any, ...], str] = {}

    def __call__(self, config: Config, parcel: Parcel) -> dict[str, Any]:
        run = Run(config, self._job.runs)
        if parcel.files:
            with run.locked_folder(self._fingerprint(config), lambda process: None, self._job.stop().check):
                if run.result() is None:
                    self._write(run, parcel.files)
        return returned(parcel.ended)

    def _write(self, run: Run, files: Files) -> None:
        """Write the files, the result last: it says that the run is finished."""
        theirs, ours = (json.loads(text) for text in (files["config.json"], (run.folder / "config.json").read_bytes()))
        if any(theirs[key] != ours[key] for key in ("hash", "data")):  # the worker's names the classes too
            refuse("data", run.config.data, f"must hold the same images on every worker, for run {run.name}")
        for name in sorted(files, key=lambda name: name == "result.json"):
            write_whole(run.folder / Path(name).name, files[name])

    def _fingerprint(self, config: Config) -> str:
        """Return that of the images that the run is to be trained on; made once for each data set."""
        which = config.data, config.data_seed, config.resolution, config.classes
        if which not in self._fingerprints:
            self._fingerprints[which] = load_training_set(config, self._job.root).fingerprint
        return self._fingerprints[which]


def _start(config: Config, runs: Path) -> dict[str, Files]:
    """Return what a run starts from: its own files, its pre-training's, and its twin's checkpoint at the switch."""
    start = {config.digest: _files(Run(config, runs).folder)}
    first, twin = config.pretraining(), config.twin()
    if first is not None:
        start[first.digest] = _files(Run(first, runs).folder)
    if twin is not None and "last.pt" not in start[config.digest]:
        files = _files(Run(twin, runs).folder)
        start[twin.digest] = {name: files[name] for name in ("config.json", "images.npz", "switch.pt") if name in files}
    return start


def _files(folder: Path) -> Files:
    """Return the files of a folder, but for hidden ones: locks and what was not written whole."""
    found = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in found if path.is_file() and not path.name.startswith(".")}


def _data_sets(configs: Sequence[Config], root: Path) -> Files:
    """Return the data sets that have to be sent."""
    files = {}
    for name in sorted({run.data for run in configs}):
        path = root / f"{name}.npz" if name in _SENT else Path(name)
        if name in _SENT and not path.is_file():
            files[path.name] = _as_npz(name, root)
        elif path.suffix == ".npz":
            files[path.name] = path.read_bytes()
    return files


def _as_npz(name: str, root: Path) -> bytes:
    """Return a data set as the content of an ``.npz`` file."""
    data, content = load(name, root), io.BytesIO()
    np.savez(
        content,
        classes=np.array(data.classes),
        x_train=data.train_images,
        y_train=data.train_labels,
        x_test=data.test_images,
        y_test=data.test_labels,
    )
    return content.getvalue()
