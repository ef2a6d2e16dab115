"""Training several runs side by side in Python, each as soon as what it starts from is there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from empirical.config import Config
from empirical.data.class_names import labelled
from empirical.runtime.processes import pool
from empirical.runtime.threads import one_thread, usual_workers
from empirical.sweeps.order import complete, needs
from empirical.training.train import train

__all__ = ["train_many"]


def train_many(
    configs: Sequence[Config], out: str | Path, executor: Executor | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Train several runs side by side and return their results in order.

    What runs share is trained once: first the pre-trainings, then each run as soon as what it starts from is there,
    deferred re-weighting after the plain run that it equals up to the switch if that is among ``configs``.
    :mod:`empirical.sweeps.sweep` is what goes on after an error.

    Args:
        configs: what to train.
        out: the folder of the runs; the processes of the executor must see it.
        executor: any executor; by default processes of one thread each on this machine, as many as suit it
            (:func:`empirical.runtime.threads.usual_workers`). They import the calling script anew, which therefore
            calls this function under ``if __name__ == "__main__":``.
        options: of :func:`empirical.training.train.train`: ``root``, ``device``, ``deterministic``, ``compile``,
            ``precision``, ``save_every``.

    Raises:
        ValueError: as in :func:`empirical.training.train.train`.
        Diverged: as there. The first error is raised; runs that had begun finish their work before.
        OSError: as there.
        RuntimeError: the calling script has no ``if __name__ == "__main__":``.
    """
    if executor is None:
        workers = usual_workers(options.get("device", "auto"))
        with pool(workers, one_thread) as processes:
            return train_many(configs, out, processes, **options)
    configs = [labelled(config, options.get("root")) for config in configs]
    results: dict[Config, dict[str, Any]] = {}
    for config, found in complete(needs(configs), lambda run: executor.submit(train, run, out, **options)):
        if isinstance(found, Exception):
            raise found
        results[config] = found
    return [results[config] for config in configs]
