"""The folders of runs: one for each configuration, named by its hash."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirical.config import Config
from empirical.data.npz import arrays_of
from empirical.storage.checkpoint import load_checkpoint, save_checkpoint
from empirical.storage.lock import locked
from empirical.storage.records import check_scores, read_record, record_text
from empirical.storage.tables import csv_text, write_whole
from theory.support.json_text import parsed
from theory.support.validate import refuse

if TYPE_CHECKING:
    from empirical.data.training_set import TrainingSet

__all__ = ["Run", "finished_run"]

_LOCK = ".lock"


@dataclass(frozen=True)
class Run:
    """The folder of a configuration, ``out/<hash>``, and what lies in it.

    ``config.json``
        the configuration, the fingerprint of the data, the names of all its classes (``data_classes``), and those of
        the run (``classes``) with their numbers of training images (``counts``);
    ``images.npz``
        what was drawn, written when the run begins: ``chosen``, the images that it is trained on, in order;
        ``validation``, those held out, if there are any; and of section 4.2 ``replaced``, those that were mixed, and
        ``partners``, with which. All are indices into the training images of the data set, int64, from 0, counted
        before classes are left out;
    ``last.pt``
        the state after a whole epoch, the history in it: the last one, or one a few seconds before it
        (``save_every`` of :func:`empirical.training.train.train`);
    ``switch.pt``
        the same after the last epoch before deferred re-weighting begins, for the run that shares it;
    ``history.csv``
        a row for each epoch of the checkpoint, written after it and again from it when the run goes on;
    ``model.pt``
        the network when the run is finished, for ``torch.load(path, weights_only=True)``: its ``state_dict``, and what
        it takes to use it (``arch``, ``width``, ``classes``, ``mean``, ``std``, ``resolution``, ``data_seed``,
        ``run``);
    ``result.json``
        what came out, with a SHA-256 of it all; it is there when the run is finished, and only then.

    Args:
        config: the configuration.
        out: the folder of all runs.
    """

    config: Config
    out: Path

    @property
    def name(self) -> str:
        """The hash of the configuration."""
        return self.config.digest

    @property
    def folder(self) -> Path:
        """The folder."""
        return self.out / self.name

    def result(self) -> dict[str, Any] | None:
        """Return the result, or None while the run is not finished.

        Raises:
            ValueError: ``result.json`` is there and cannot be read, is not as it was written, or of another run.
        """
        path = self.folder / "result.json"
        found = read_record(path, self.name)
        if found is not None:
            check_scores(path, found)
        return found

    @contextmanager
    def locked_folder(
        self,
        data: str,
        waiting: Callable[[str], None],
        check: Callable[[], None],
        about: Mapping[str, Any] | None = None,
    ) -> Iterator[None]:
        """Hold the folder, made if it is missing, for this process alone (:func:`empirical.storage.lock.locked`).

        Args:
            data: the fingerprint of the training and test images.
            waiting: called with the id of another process that holds the folder.
            check: called while waiting; it may raise.
            about: what else ``config.json`` is to say when it is made.

        Raises:
            ValueError: the folder is one of other data.
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / _LOCK, waiting, check):
            for part in self.folder.glob(".*.part"):  # of a process that was killed while it wrote
                part.unlink(missing_ok=True)
            path = self.folder / "config.json"
            known = read_record(path, self.name)
            if known is None:
                made = {"hash": self.name, "config": self.config.numbers(), "data": data, **(about or {})}
                _write(path, record_text(made))
            elif known.get("data") != data:
                refuse("data", self.config.data, f"must hold the images that {self.folder} was begun with")
            elif (names := (about or {}).get("data_classes")) and known.get("data_classes", names) != names:
                allowed = f"must name its classes as when {self.folder} was begun: {', '.join(known['data_classes'])}"
                refuse("data", self.config.data, allowed)
            yield

    def record_images(self, training_set: TrainingSet) -> None:
        """Write ``images.npz``, or compare it with what is drawn now.

        Raises:
            ValueError: it is damaged, or names other images.
        """
        path = self.folder / "images.npz"
        same = self.has_images_of(training_set)
        if same is None:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **_drawn(training_set))
            _write(path, buffer.getvalue())
        elif not same:
            refuse(
                "images", str(path), "must name the images that are drawn now; remove the folder to begin the run anew"
            )

    def has_images_of(self, training_set: TrainingSet) -> bool | None:
        """Return whether the run has these images by its ``images.npz``; None if there is none.

        Raises:
            ValueError: it is damaged.
        """
        path = self.folder / "images.npz"
        if not path.exists():
            return None
        known, drawn = arrays_of(path, "images"), _drawn(training_set)
        return known.keys() == drawn.keys() and all(np.array_equal(known[name], drawn[name]) for name in drawn)

    def checkpoint(self, name: str = "last") -> dict[str, Any] | None:
        """Return the state in ``last.pt`` or another checkpoint; None if there is none.

        Raises:
            ValueError: it is torn or foreign (:func:`empirical.storage.checkpoint.load_checkpoint`).
        """
        path = self.folder / f"{name}.pt"
        return load_checkpoint(path, self.name) if path.exists() else None

    def save(self, state: dict[str, Any], name: str = "last") -> None:
        """Write a checkpoint; the one before stays if that fails."""
        path = self.folder / f"{name}.pt"
        with _naming_file(path):
            save_checkpoint(path, self.name, state)

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``history.csv``; floats keep all their digits."""
        _write(
            self.folder / "history.csv",
            csv_text({k: repr(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows),
        )

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write ``result.json``."""
        _write(self.folder / "result.json", record_text(result))

    def write_model(self, model: Mapping[str, Any]) -> None:
        """Write ``model.pt``, which ``torch.load(path, weights_only=True)`` reads."""
        import torch  # takes seconds, and results are read without it

        buffer = io.BytesIO()
        torch.save(dict(model), buffer)
        _write(self.folder / "model.pt", buffer.getvalue())


def _drawn(training_set: TrainingSet) -> dict[str, NDArray[np.int64]]:
    """Return which images a run has, as ``images.npz`` holds it."""
    names = ["chosen", "replaced", "partners", *(["validation"] if len(training_set.validation) else [])]
    return {name: getattr(training_set, name).astype(np.int64) for name in names}


def finished_run(folder: Path) -> Run:
    """Return the run whose folder this is.

    Args:
        folder: ``runs/HASH``.

    Raises:
        ValueError: it is no run, it is not finished, or one of its records is damaged.
    """
    allowed = "must be the folder of a finished run"
    try:
        record = parsed((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        refuse("run", str(folder), f"{allowed} ({type(error).__name__})")
    try:
        config = Config(**record["config"])
    except (KeyError, TypeError) as error:
        refuse("run", str(folder), f"{allowed} ({type(error).__name__})")
    if config.digest != folder.resolve().name:
        refuse("run", str(folder), f"{allowed}: its name must be the hash of its configuration, {config.digest}")
    run = Run(config, folder.resolve().parent)
    if run.result() is None:
        refuse("run", str(folder), f"{allowed}: it has no result.json")
    return run


def _write(path: Path, content: str | bytes) -> None:
    """Write a file; where that fails, the error says which."""
    with _naming_file(path):
        write_whole(path, content)


@contextmanager
def _naming_file(path: Path) -> Iterator[None]:
    """Give errors of the disk the name of the file: those of a full one come without."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
