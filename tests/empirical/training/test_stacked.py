import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from empirical.config import Config
from empirical.data.training_set import load_training_set
from empirical.runtime.device import Execution
from empirical.training.stacked import METHODS, Stack
from empirical.training.step import Optimizer, Trainer
from empirical.training.tasks import Supervised

CPU = Execution(torch.device("cpu"))
TINY = Config(
    data="gaussian:separation=4,classes=3,train=30,test=20",
    **{"imbalance": 3, "arch": "resnet8", "width": 2, "resolution": 8, "epochs": 5, "batch_size": 16, "lr": 0.02},
)
RUNS = [replace(TINY, method=method, seed=seed) for seed, method in enumerate(METHODS)]
RUNS.append(replace(TINY, similar_fraction=0.5))


def in_double(config):
    training_set = load_training_set(config, None)
    return replace(training_set, mean=training_set.mean.double(), std=training_set.std.double())


def separate(config):
    """Train a run by itself; return losses and accuracies by epoch, and the network's state."""
    stage = Supervised(config, in_double(config), CPU)
    trainer = Trainer(stage.module, Optimizer(stage.module, config.momentum, config.weight_decay, CPU.device), 4, CPU)
    rows = []
    for epoch in range(1, config.epochs + 1):
        trainer.begin(stage.loss(epoch), config.schedule.rate(epoch))
        for batch in stage.batches(epoch):
            trainer.step(*batch)
        tally = trainer.tally(decides=True)
        rows.append((tally.loss, tally.accuracy))
    return rows, stage.module.state_dict()


@pytest.fixture
def _double_networks(monkeypatch):
    """Compute in double precision, so that rounding hides no other difference."""
    from empirical.training import tasks

    build = tasks.build_network
    monkeypatch.setattr(tasks, "build_network", lambda *args: build(*args).double())


@pytest.mark.usefixtures("_double_networks")
@pytest.mark.parametrize("captured", [False, True])
def test_stacked_runs_are_the_separate_ones(captured, request):
    expected = [separate(config) for config in RUNS]
    if captured:
        request.getfixturevalue("graphs")
    stack = Stack(RUNS, [in_double(config) for config in RUNS], CPU)
    found = [stack.epoch(epoch) for epoch in range(1, TINY.epochs + 1)]
    for number, (rows, state) in enumerate(expected):
        own = stack.states()[number]
        assert own.keys() == state.keys()
        for name, value in state.items():
            torch.testing.assert_close(own[name], value, rtol=1e-8, atol=1e-10, msg=lambda text, name=name: name + text)
        for epoch, (loss, accuracy) in enumerate(rows):
            assert found[epoch][number][0] == pytest.approx(loss, rel=1e-6)
            assert found[epoch][number][1] == pytest.approx(accuracy)
    losses = [tuple(row[0] for row in rows) for rows, _ in expected]
    assert len(set(losses)) == len(RUNS)


def test_autocast_as_on_cuda():
    """On CUDA, autocast reaches the convolutions that vmap makes of a stack's; on a CPU it does not, but for this."""
    code = """
import torch
from torch._C import DispatchKey, DispatchKeySet, _ExcludeDispatchKeyGuard
from empirical.config import Config
from empirical.data.training_set import load_training_set
from empirical.runtime import device
from empirical.training.stacked import Stack

def convolution(images, weights, *given):
    with _ExcludeDispatchKeyGuard(DispatchKeySet(DispatchKey.AutocastCPU)):
        return torch.ops.aten.convolution.default(images.bfloat16(), weights.bfloat16(), *given)

library = torch.library.Library("aten", "IMPL")
library.impl("convolution", convolution, "AutocastCPU")
device.has_bfloat16 = lambda device: True
size = {"arch": "resnet8", "width": 4, "resolution": 8, "batch_size": 16}
config = Config(data="gaussian:classes=3,train=40,test=20", imbalance=4, **size)
execution = device.Execution(torch.device("cpu"), precision="bfloat16")
stack = Stack([config, config], [load_training_set(config, None)] * 2, execution)
print(*[loss for loss, _ in stack.epoch(1)])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    one, other = map(float, done.stdout.split())
    assert one == pytest.approx(other, rel=1e-3)
    assert 0 < one < 10


def test_a_stack_starts_from_what_was_learnt():
    learnt = [
        Supervised(replace(TINY, seed=seed), load_training_set(TINY, None), CPU).module.state_dict() for seed in (7, 8)
    ]
    stack = Stack([TINY, replace(TINY, method="rw")], [load_training_set(TINY, None)] * 2, CPU, learnt)
    for own, source in zip(stack.states(), learnt, strict=True):
        for name, value in own.items():
            assert torch.equal(value, source[name]) == (name != "classifier.weight" and name != "classifier.bias")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "ldam"}, r"^method='ldam': must be one of ce, rs, rw, rw-inverse, drw, to be trained in a stack$"),
        ({"lr": 0.1}, r"^configs='[0-9a-f]{16}': must have the shape, the recipe and the class counts of the first$"),
        ({"width": 4}, r"^configs="),
    ],
)
def test_refused(changes, message):
    configs = [TINY, replace(TINY, **changes)]
    with pytest.raises(ValueError, match=message):
        Stack(configs, [load_training_set(config, None) for config in configs], CPU)
