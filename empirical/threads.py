"""Threads of OpenMP: settings that count only if they are made before torch is imported."""

from __future__ import annotations

import os

__all__ = ["cores", "one_thread", "wait_passively"]


def wait_passively() -> None:
    """Let OpenMP's threads sleep while they wait, unless the environment says otherwise already.

    By default they spin. Two threads that spin beside another busy process lose most of the time to it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def one_thread() -> None:
    """Give this process a single thread, as suits several processes side by side."""
    wait_passively()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
