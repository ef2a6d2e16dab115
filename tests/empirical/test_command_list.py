"""``list``: the experiments, how many runs they need, and how long these take."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from empirical.config import Config
from empirical.data.size import Size, size_of
from empirical.data.training_set import load_training_set
from empirical.experiments import EXPERIMENTS
from empirical.experiments.plans import planned_runs, pretrainings
from empirical.sweeps import estimate
from empirical.sweeps.estimate import Kind, Speed, images_seen, kind_of, measure, sweep_seconds
from empirical.sweeps.profiles import PROFILES

TINY = {"data": "digits", "imbalance": 10, "arch": "resnet8", "width": 4, "epochs": 5, "batch_size": 32}
CIFAR = Size((5000,) * 10, 10_000, (32, 32, 3))


@pytest.fixture
def known_speed(monkeypatch):
    """Every kind of run takes a millisecond an image, tests nothing."""
    monkeypatch.setattr(estimate, "measure", lambda kinds, device, workers: {kind: Speed(1e-3, 0.0) for kind in kinds})


def test_all_experiments_and_what_each_profile_needs(capsys, exit_code):
    assert exit_code("list") == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in heads] == [*EXPERIMENTS, "all together"]
    at = lines.index(next(line for line in lines if line.startswith("rebalance: Table 1: ")))
    assert lines[at + 1 : at + 4] == [
        "    smoke: 16 runs, 2 pre-trainings",
        "    cpu: 96 runs, 12 pre-trainings",
        "    paper: 192 runs, 24 pre-trainings",
    ]
    everything = {run for name in EXPERIMENTS for run in planned_runs(name, "paper") or ()}
    firsts = pretrainings(everything)
    assert lines[-1] == f"    paper: {len(everything)} runs, {len(firsts)} pre-trainings"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_but_that_on_pixels_has_a_plan(name):
    for profile in PROFILES:
        runs = planned_runs(name, profile)
        assert (runs is None) == (name == "pairs")
        assert runs is None or len(set(runs)) == len(runs) > 0


def test_one_profile_and_bad_options(capsys, exit_code):
    assert exit_code("list", "--profile", "smoke") == 0
    assert "cpu" not in capsys.readouterr().out
    assert exit_code("list", "--profile", "huge") == 2
    assert capsys.readouterr().err == "python -m empirical list: profile='huge': must be one of cpu, paper, smoke\n"


def test_without_time_it_needs_no_torch():
    code = "import sys\nfrom empirical.__main__ import main\nsys.exit(main(['list']) or 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_time_is_that_of_the_images(capsys, known_speed, tmp_path, exit_code):
    assert exit_code("list", "--profile", "smoke", "--time", "--root", tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index(next(line for line in lines if line.startswith("similar-degree: ")))
    images = sum(
        sum(load_training_set(run, None).counts) * run.epochs for run in planned_runs("similar-degree", "smoke")
    )
    assert lines[at + 1] == f"    smoke: 3 runs, about {images / 1000:.0f} s"


@pytest.mark.parametrize("fields", [{}, {"shape": "step"}, {"classes": (3, 1, 8)}, {"counts": (60, *[9] * 9)}])
def test_images_are_those_that_a_run_has(fields):
    run = Config(**{**TINY, **({} if "counts" not in fields else {"imbalance": 1})}, **fields, evaluate_every=2)
    training_set = load_training_set(run, None)
    size = size_of(run.data, Path(), resolution=run.resolution, classes=run.classes)
    n = len(training_set.labels)
    trained = (n - (n % 32 == 1)) * 5
    assert images_seen(run, size) == (trained, len(training_set.test_labels) * 4)  # epochs 2, 4, 5, and the result
    assert (size.tested, size.shape) == (len(training_set.test_labels), (8, 8, 1))


def test_epochs_that_another_run_has_are_not_trained_again():
    ce, drw = (Config(data="cifar10", method=method) for method in ("ce", "drw"))
    n = 12_406
    assert images_seen(drw, CIFAR, {drw})[0] == 200 * n
    assert images_seen(drw, CIFAR, {ce, drw})[0] == 40 * n
    assert images_seen(ce, CIFAR, {ce, drw})[0] == 200 * n
    turned = Config(data="cifar10", pretrain="rotation").pretraining()
    assert images_seen(turned, CIFAR) == (200 * n, 0)


def test_seconds_of_a_sweep():
    ce, drw = (Config(data="cifar10", method=method, pretrain="simclr", evaluate_every=200) for method in ("ce", "drw"))
    sizes = dict.fromkeys((ce, drw), CIFAR)
    speeds = {kind_of(ce, CIFAR): Speed(1.0, 10.0), kind_of(ce.pretraining(), CIFAR): Speed(3.0, 0.0)}
    n, tests = 12_406, 10.0 * 2 * 10_000
    first, plain, deferred = 3.0 * 200 * n, 200 * n + tests, 40 * n + tests
    assert sweep_seconds([ce, drw], sizes, speeds, 1) == pytest.approx(first + plain + deferred)
    assert sweep_seconds([ce, drw], sizes, speeds, 8) == pytest.approx(
        first + plain + deferred
    )  # one waits for another
    others = [Config(data="cifar10", seed=seed, evaluate_every=200) for seed in range(8)]
    assert sweep_seconds(others, dict.fromkeys(others, CIFAR), speeds, 4) == pytest.approx(2 * plain)


def test_kinds_are_what_takes_as_long():
    same = [Config(**TINY), Config(**{**TINY, "imbalance": 100, "epochs": 50}, seed=3, method="rs")]
    size = size_of(same[0].data, Path(), resolution=same[0].resolution)
    assert len({kind_of(run, size) for run in same}) == 1
    turned, contrasted = (Config(**TINY, pretrain=name).pretraining() for name in ("rotation", "simclr"))
    other = [Config(**TINY, method="ldam"), Config(**{**TINY, "arch": "resnet14"}), turned, contrasted]
    assert len({kind_of(run, size) for run in (*same, *other)}) == 5
    assert kind_of(same[0], CIFAR) != kind_of(same[0], size)


def test_every_kind_can_be_measured(monkeypatch):
    monkeypatch.setattr(estimate, "_SECONDS", 0.01)
    runs = [Config(**TINY, method=method) for method in ("ce", "ldam")]
    runs += [Config(**TINY, pretrain=name).pretraining() for name in ("rotation", "simclr", "moco", "barlow")]
    for run in runs:
        speed = estimate._speed(kind_of(run, size_of(run.data, Path(), resolution=run.resolution)), "cpu")
        assert 0 < speed.train < math.inf
        assert (speed.test > 0) == (run.method is not None)


def test_it_is_measured_in_processes():
    [kind] = kinds = {Kind(Config(data="random", arch="resnet8", width=4, batch_size=32), (8, 8, 1), 10)}
    assert measure(kinds, "cpu", 1)[kind].train > 0
