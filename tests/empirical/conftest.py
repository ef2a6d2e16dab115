import contextlib
import csv
import json
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


TOO_SMALL = (  # what smoke cannot have
    *("the paper's own setting", "5 or more values", "the classes in reverse order"),
    "a fit of tau that was not refused",
)


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


@pytest.fixture(scope="session")
def smoke(exit_code):
    """Return a function that runs an experiment's profile ``smoke`` and returns the exit code."""

    def run(name, out, *options):
        return exit_code("run", name, "--profile", "smoke", "--device", "cpu", "--out", out, *options)

    return run


@pytest.fixture(scope="session")
def table():
    """Return a function from a file to its rows."""

    def read(path):
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def sweep(smoke, table):
    """Return a function that runs an experiment as ``smoke`` does and returns the rows and how they were made."""

    def run(name, out, *options, code=0):
        assert smoke(name, out, *options) == code
        return table(out / f"{name}.csv"), json.loads((out / f"{name}.json").read_text())

    return run


@pytest.fixture
def assert_refused(smoke, tmp_path, capsys):
    """Return a function that asserts that options are refused in one line, before anything is written."""

    def refused(name, options, message):
        assert smoke(name, tmp_path / "out", *options) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert f"python -m empirical run {name}: {message}" in shown.err
        assert not (tmp_path / "out").exists()

    return refused


@pytest.fixture(scope="session")
def judged():
    """Return a function that asserts that every claim about some experiments finds in a folder all that it needs."""

    from empirical.claims import CLAIMS, findings

    def judge(folder, *names):
        claims = [claim for claim in CLAIMS if set(claim.experiments) <= set(names)]
        found = findings([folder], claims)
        assert {name for claim in claims for name in claim.experiments} == set(names)
        lacking = {part.claim.id: [text for text in part.missing if not text.startswith(TOO_SMALL)] for part in found}
        assert {name: texts for name, texts in lacking.items() if texts} == {}
        assert {(part.profile, part.data) for part in found} == {("smoke", ("digits",))}
        assert all(part.comparisons and part.seeds in ("1 seed", "0 to 1 seeds", "0 seeds") for part in found)

    return judge
