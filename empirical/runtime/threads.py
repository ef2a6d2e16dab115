"""Threads and processes: how many, and how OpenMP's wait, which counts only if it is set before torch is imported."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["GPU_WORKERS", "cores", "one_thread", "threadpool_limits", "usual_workers", "wait_passively"]

GPU_WORKERS = 4
"""How many runs are trained side by side on one GPU, if nothing else is said: processes that take turns on it.

A network for CIFAR at batch 128 leaves a modern GPU idle most of the time, and each process takes about 1 GB of its
memory for CUDA alone. The number is a guess: it was not measured on a GPU.
"""

_PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}


def wait_passively() -> None:
    """Let OpenMP's threads sleep after a short wait, unless the environment says already how they wait.

    By default they spin for milliseconds. Two threads that spin beside another busy process lose most of the time to
    it; threads that sleep at once lose a tenth of their time to being woken. So they spin for some 20 microseconds,
    about as long as it takes to wake them.
    """
    if not _PASSIVE.keys() & os.environ.keys():
        os.environ.update(_PASSIVE)


def one_thread() -> None:
    """Give this process a single thread, as suits several processes side by side."""
    wait_passively()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_workers(device: str) -> int:
    """Return how many processes train side by side on a device: ``auto``, ``cpu`` or ``cuda``."""
    from empirical.runtime.device import find_device

    return min(cores(), GPU_WORKERS) if find_device(device).type == "cuda" else cores()


def threadpool_limits(limits: int) -> Any:
    """Return the context in which numerical libraries use so many threads; needs the extra ``empirical``."""
    from threadpoolctl import threadpool_limits as limited

    return limited(limits)
