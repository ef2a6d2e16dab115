"""Threads of OpenMP: settings that count only if they are made before torch is imported."""

from __future__ import annotations

import os

__all__ = ["cores", "one_thread", "wait_passively"]

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
