import json
import sys
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import BrokenBarrierError

import pytest
import torch
from torch.nn.functional import cross_entropy

from empirical.__main__ import main
from empirical.benchmark import bench
from empirical.benchmark.bench import Measured, Plan, report
from empirical.benchmark.reference import Pictures, _leave_quietly, reference_steps
from empirical.runtime.threads import wait_passively
from empirical.training.networks import build


def test_the_report_takes_medians_and_the_best_reference():
    found = {
        "reference, 0 workers": [Measured(rate, 1.0, None, 100.0) for rate in (10, 11, 30)],
        "reference, 2 workers": [Measured(rate, 1.0, None, 100.0) for rate in (20, 10, 20)],
        "matrix products, float32": [Measured(rate, 0.1, None, 50.0) for rate in (100, 80, 120)],
        "ours": [Measured(rate, 2.0, 0.01, 50.0) for rate in (30, 20, 25)],
        "ours, beside a busy process": [Measured(rate, 2.0, 0.5, 50.0) for rate in (15, 10, 5)],
    }
    shown = report(found)
    assert shown["reference"] == "reference, 2 workers"
    assert shown["ratios"] == {"ours": 1.5}  # of 1.5, 2 and 1.25
    assert shown["busy_cost"] == 2  # of 2, 2 and 5
    assert shown["candidates"]["ours"] == {
        "images_per_second": 25,
        "first_step": 2.0,
        "outside": 0.01,
        "peak_mib": 50.0,
        "share": 0.25,  # of 0.3, 0.25 and 0.21
    }


def test_candidates():
    assert list(Plan(workers=(0, 2)).candidates) == [
        "reference, 0 workers",
        "reference, 2 workers",
        "matrix products, float32",
        "ours",
        "ours, beside a busy process",
    ]
    assert Plan(stacked=3).candidates["3 runs, stacked"] == (bench._stacked, {"runs": 3})
    every = Plan(compile=True, precision="float32", workers=(), busy=False).candidates
    assert {name: tuple(given.values()) for name, (_, given) in every.items()} == {
        "matrix products, float32": ("float32",),
        "ours": ("auto", False),
        "ours, compiled": ("auto", True),
        "ours, float32": ("float32", False),
        "ours, float32, compiled": ("float32", True),
    }


def test_the_threads_of_the_reference_wait_as_they_usually_do(monkeypatch):
    plan, begun = Plan(workers=(0,), rounds=1, stacked=2), []

    @contextmanager
    def worker_processes(count, begin):
        begun.append(begin)
        yield lambda work: submitted

    submitted = Future()
    submitted.set_result(Measured(1.0, 1.0, None, 1.0))
    monkeypatch.setattr(bench, "worker_processes", worker_processes)
    names = list(bench.measure(plan))
    assert names == list(plan.candidates)
    assert begun == [None if name == "reference, 0 workers" else wait_passively for name in names]


def test_a_process_that_fails_does_not_keep_the_others_waiting(monkeypatch):
    class Gate:
        def __init__(self):
            self.aborted = False

        def wait(self):
            raise AssertionError

        def abort(self):
            self.aborted = True

    def fails(plan, work):
        raise MemoryError

    gate = Gate()
    monkeypatch.setattr(bench, "_gate", gate)
    monkeypatch.setattr(bench, "_ours", fails)
    with pytest.raises(MemoryError):
        bench._concurrent(Plan())
    assert gate.aborted


def test_what_failed_is_raised_not_that_others_waited_for_it(monkeypatch):
    futures = [Future() for _ in range(3)]
    for future, error in zip(futures, (BrokenBarrierError(), MemoryError("GPU"), BrokenBarrierError()), strict=True):
        future.set_exception(error)
    submitted = iter(futures)

    @contextmanager
    def worker_processes(*given):
        yield lambda *work: next(submitted)

    monkeypatch.setattr(bench, "worker_processes", worker_processes)
    with pytest.raises(MemoryError, match="GPU"):
        bench._processes(Plan(), 3)


def test_operations_are_those_of_convolutions_and_the_last_layer():
    """Forward and for both gradients, but that of the images, which nobody needs."""
    stem, stages = 3 * 16 * 9 * 32**2, (16**2 * 9 * 32**2, 32**2 * 9 * 16**2, 64**2 * 9 * 8**2)
    blocks = sum(2 * (32 - 2) // 6 * stage for stage in stages)
    shorter = (16 * 32 * 9 * 16**2 - stages[1]) + (32 * 64 * 9 * 8**2 - stages[2])  # the first layer of a stage
    forward = stem + blocks + shorter + 64 * 10
    assert bench._operations("resnet32") == 2 * (3 * forward - stem)


def test_the_reference_loop_trains():
    torch.manual_seed(0)
    images, labels = bench._pictures(Plan(batch_size=8, steps=3))
    network = build("resnet8", 10, width=4)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2) / 255, torch.from_numpy(labels)
    before = float(cross_entropy(network(x), y).detach())
    ends = []
    for _ in range(4):
        pictures = Pictures(images, labels, mean=(0.5,) * 3, std=(0.25,) * 3)
        steps = reference_steps(network, pictures, batch_size=8, workers=0, device=torch.device("cpu"))
        ends.append(list(steps))
    assert [len(times) for times in ends] == [4] * 4
    assert all(times == sorted(times) and times[0] > 0 for times in ends)
    assert float(cross_entropy(network(x), y).detach()) != before


def test_pictures_are_normalised_images():
    images, labels = bench._pictures(Plan(batch_size=2, steps=1))
    picture, label = Pictures(images, labels, mean=(0.5,) * 3, std=(0.25,) * 3)[1]
    assert picture.shape == (3, 32, 32)
    assert label == labels[1]
    assert float(picture.min()) >= -2
    assert float(picture.max()) <= 2


def test_the_command(tmp_path, capsys):
    options = ["bench", "--quick", "--arch", "resnet8", "--batch-size", "8", "--device", "cpu", "--stacked", "2"]
    assert main([*options, "--json", str(tmp_path / "bench.json")]) == 0
    shown = capsys.readouterr()
    assert "times as fast as the reference, 0 workers" in shown.out
    found = json.loads((tmp_path / "bench.json").read_text())
    together = ["2 runs, stacked", "2 runs, processes"]
    assert list(found["candidates"]) == ["reference, 0 workers", "matrix products, float32", "ours", *together]
    for name in together:
        ratio = found["candidates"][name]["images_per_second"] / found["candidates"]["ours"]["images_per_second"]
        assert found["together"][name] == ratio > 0
        assert f"{name}: {ratio:.2f} times the images a second of ours one after another" in shown.out
    ours = found["candidates"]["ours"]
    assert ours["images_per_second"] > 0
    assert 0 < ours["outside"] < 1
    ceiling = found["candidates"]["matrix products, float32"]
    assert ours["share"] == ours["images_per_second"] / ceiling["images_per_second"] > 0
    assert ours["peak_mib"] > 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--arch", "vgg"), "arch='vgg': must be one of"),
        (("--batch-size", "1"), "batch_size=1: must be"),
        (("--stacked", "-1"), "stacked=-1: must be"),
        (("--steps", "0"), "steps=0: must be"),
        (("--rounds", "x"), "rounds='x': must be"),
        (("--precision", "float8"), "precision='float8': must be one of"),
        (("--device", "tpu"), "device='tpu': must be"),
        (("--json", str(Path(__file__).parent)), "json="),
        (("--json", f"{__file__}/below.json"), "json="),
    ],
)
def test_bad_options(capsys, options, message):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", *options])
    assert stopped.value.code == 2
    shown = capsys.readouterr().err
    assert f"python -m empirical bench: {message}" in shown
    assert shown.count("\n") == 1


def test_a_loader_says_nothing_when_those_it_loads_for_are_gone(monkeypatch):
    """Its thread that hands over tensors meets the end of a connection when the measuring is stopped in between."""
    said = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: said.append(kind))
    _leave_quietly(0)
    for kind in (EOFError, ConnectionResetError, BrokenPipeError, OSError):
        sys.excepthook(kind, kind(), None)
    assert said == [OSError]
