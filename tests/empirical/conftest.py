import contextlib
import sys
import types
from functools import partial

import pytest
import torch

from empirical.__main__ import main
from empirical.runtime.device import Execution


class FakeGraph:
    """Stands for a CUDA graph: it replays the call that it saw, and the capture itself computes too."""

    made = 0
    replayed = 0

    def register_generator_state(self, generator):
        assert isinstance(generator, torch.Generator)

    def replay(self):
        type(self).replayed += 1
        self.run()


@pytest.fixture(scope="session")
def exit_code(code_of):
    """Return a function that runs ``python -m empirical`` and returns its exit code."""
    return partial(code_of, main)


@pytest.fixture
def one_thread(monkeypatch):
    """Two threads of OpenMP spin when the machine is busy, and the networks of most tests are too small for them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    torch.set_num_threads(before)


@pytest.fixture
def graphs(monkeypatch):
    """Let steps be captured as graphs where there is no CUDA: the code path of CUDA, on the CPU."""
    streams = types.SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: streams)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: streams)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(FakeGraph, "made", 0)
    monkeypatch.setattr(FakeGraph, "replayed", 0)

    @contextlib.contextmanager
    def capturing(graph):
        step = sys._getframe(2).f_locals["self"]
        graph.run = lambda: step._run(*step._inputs)
        FakeGraph.made += 1
        yield

    monkeypatch.setattr(torch.cuda, "graph", capturing)
    monkeypatch.setattr(Execution, "graphs", True)
    return FakeGraph
