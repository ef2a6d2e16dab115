"""What is freed inside is used again without a page fault, and is given back afterwards."""

import ctypes
import resource
import sys
from pathlib import Path

import pytest
import torch

from empirical.runtime import memory
from empirical.runtime.device import Execution
from empirical.runtime.memory import kept_memory

BLOCK = 2**26
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs glibc"
)


def faults(times):
    """Return how many pages are mapped while a block is made and freed so often."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        bytearray(BLOCK)[:: resource.getpagesize()] = b"1" * (BLOCK // resource.getpagesize())
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident():
    """Return the bytes of the process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("kept", [kept_memory, Execution(torch.device("cpu")).kernels])
def test_what_is_freed_is_used_again_and_then_given_back(kept):
    before = resident()
    with kept():
        faults(1)
        assert faults(10) < BLOCK // resource.getpagesize() / 4
        assert resident() > before + BLOCK / 2
    assert resident() < before + BLOCK / 2


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    with kept_memory():
        pass
