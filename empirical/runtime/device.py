"""Devices: which one computes, in which precision, with which kernels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import torch

from empirical.runtime.command_line import DEVICES, PRECISIONS
from empirical.runtime.memory import kept_memory
from theory.support.validate import choice, refuse

__all__ = ["Execution", "find_device", "has_bfloat16", "make_cublas_deterministic"]

_one_at_a_time = RLock()
"""For the threads of a process that use CUDA: the kernels are chosen for all, and a graph captures what others do."""

_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_WORKSPACES = (":4096:8", ":16:8")


@dataclass(frozen=True)
class Execution:
    """The way to compute: device, precision and kernels, none of them part of a run's configuration.

    Args:
        device: where.
        deterministic: choose deterministic kernels on CUDA; a CPU is deterministic anyway.
        compile: let ``torch.compile`` fuse the network (:meth:`compiled`). It leaves convolutions, most of a step on a
            CPU, as they are: ``tailbound empirical bench --compile`` says what it saves and how long it takes.
        precision: ``float32``, ``bfloat16`` with weights, logits and losses in float32, or ``auto``, which becomes
            ``bfloat16`` on CUDA that has it and ``float32`` elsewhere: a CPU's numbers then are those of any other CPU.

    Raises:
        ValueError: there is no such precision, or the device would only emulate it; or CUDA is in use already, and was
            not told to be deterministic.
    """

    device: torch.device
    deterministic: bool = False
    compile: bool = False
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Check the arguments and settle the precision."""
        choice("precision", self.precision, PRECISIONS)
        cuda = self.device.type == "cuda"
        if self.deterministic and cuda and os.environ.get(_CUBLAS) not in _WORKSPACES:
            allowed = f"needs {_CUBLAS}={' or '.join(_WORKSPACES)} in the environment before CUDA is used"
            refuse("deterministic", True, allowed)
        native = has_bfloat16(self.device)
        if self.precision == "bfloat16" and not native:
            device = self.device.type
            refuse("precision", "bfloat16", f"must be auto or float32: this {device} does not compute in bfloat16")
        if self.precision == "auto":
            object.__setattr__(self, "precision", "bfloat16" if native and cuda else "float32")

    @property
    def graphs(self) -> bool:
        """Whether steps are replayed as CUDA graphs."""
        return self.device.type == "cuda"

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of tensors, compiled if that is asked for: as a whole, for each shape that it gets.

        What cannot be compiled as a whole is an error when it is called, not a slower run. What was compiled before,
        for another run, is forgotten: torch keeps a few versions of a function only.
        """
        if not self.compile:
            return function
        torch.compiler.reset()
        return torch.compile(function, fullgraph=True, dynamic=False)

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Compute in the chosen precision."""
        fast = self.precision == "bfloat16"
        # The cache of casted weights would outlive a captured graph.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast, cache_enabled=False):
            yield

    @contextmanager
    def kernels(self) -> Iterator[None]:
        """Choose the kernels: deterministic ones, or the fastest for shapes that do not change; a CPU keeps memory."""
        if self.device.type != "cuda":
            with kept_memory():
                yield
            return
        with _one_at_a_time:
            before = torch.are_deterministic_algorithms_enabled()
            torch.use_deterministic_algorithms(self.deterministic)
            try:
                with torch.backends.cudnn.flags(
                    enabled=True,
                    benchmark=not self.deterministic,
                    deterministic=self.deterministic,
                    allow_tf32=self.precision == "bfloat16",  # where float32 is asked for, products have all its digits
                ):
                    yield
            finally:
                torch.use_deterministic_algorithms(before)

    def describe(self) -> dict[str, Any]:
        """Return what a result says of how it was computed."""
        cuda = self.device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name(self.device) if cuda else "cpu",
            "instructions": None if cuda else torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "precision": self.precision,
            "deterministic": self.deterministic or not cuda,
            "compiled": self.compile,
        }


def make_cublas_deterministic(device: torch.device) -> None:
    """Set the environment variable that makes cuBLAS deterministic, for a CUDA device that is not in use yet.

    cuBLAS reads it when CUDA starts; :class:`Execution` refuses ``deterministic`` where it is not set by then. A value
    that is there stays.
    """
    if device.type == "cuda" and not torch.cuda.is_initialized():
        os.environ.setdefault(_CUBLAS, _WORKSPACES[0])


def find_device(name: str) -> torch.device:
    """Return the device that ``auto`` (CUDA where there is one), ``cpu`` or ``cuda`` names.

    Raises:
        ValueError: it is another name, or there is no CUDA device.
    """
    choice("device", name, DEVICES)
    if name == "cuda" and not torch.cuda.is_available():
        refuse("device", name, "must be auto or cpu: torch finds no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device computes in bfloat16 itself; one that emulates it is many times slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch cannot say
    return any(found.get(name) for name in _BFLOAT16)
