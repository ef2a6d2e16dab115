"""What ``--precision`` changes: the numbers that a network computes in, and neither its weights nor what it learns."""

import json
from dataclasses import replace

import pytest
import torch

from empirical.__main__ import main
from empirical.config import Config
from empirical.data.training_set import load_training_set
from empirical.registry import METHODS, OBJECTIVES
from empirical.runtime import device
from empirical.runtime.device import Execution, has_bfloat16
from empirical.storage.run_folder import Run
from empirical.training.step import Optimizer, Trainer
from empirical.training.tasks import SelfSupervised, Supervised
from empirical.training.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
TINY = Config(
    data="gaussian:separation=4,classes=3,train=40,test=100",
    imbalance=4,
    arch="resnet8",
    width=4,
    resolution=8,
    batch_size=16,
    epochs=8,
)


@pytest.fixture
def able(monkeypatch):
    """Let this CPU pass for one that computes in bfloat16: all of them can, most of them slowly."""
    monkeypatch.setattr(device, "has_bfloat16", lambda device: True)


@pytest.fixture
def unable(monkeypatch):
    """Let this CPU pass for one that does not."""
    monkeypatch.setattr(device, "has_bfloat16", lambda device: False)


@pytest.mark.parametrize(
    ("found", "has"),
    [
        ({}, False),
        ({"avx512_f": True}, False),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"bf16": True}, True),
    ],
)
def test_what_a_cpu_says_of_itself(monkeypatch, found, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert has_bfloat16(CPU) is has


def test_a_torch_that_cannot_say_has_none(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not has_bfloat16(CPU)


def test_a_cpu_computes_in_float32_unless_told_otherwise(able):
    assert Execution(CPU) == Execution(CPU, precision="float32")
    assert Execution(CPU, precision="bfloat16").precision == "bfloat16"


def test_what_would_be_emulated_is_refused(unable, tmp_path, capsys):
    options = ["--data", TINY.data, "--arch", "resnet8", "--resolution", "8", "--device", "cpu"]
    with pytest.raises(SystemExit) as stopped:
        main(["train", *options, "--precision", "bfloat16", "--out", str(tmp_path / "runs")])
    assert stopped.value.code == 2
    message = "precision='bfloat16': must be auto or float32: this cpu does not compute in bfloat16"
    assert capsys.readouterr().err == f"python -m empirical train: {message}\n"
    assert not list(tmp_path.iterdir())


def test_unknown_precisions_are_refused():
    with pytest.raises(ValueError, match=r"^precision='float16': must be one of auto, bfloat16, float32"):
        Execution(CPU, precision="float16")


def one_step(config, precision):
    """Return the loss of a run's first step, and the gradient that it goes down."""
    execution = Execution(CPU, precision=precision)
    training_set = load_training_set(config, None)
    stage = (SelfSupervised if config.method is None else Supervised)(config, training_set, execution)
    optimizer = Optimizer(stage.module, config.momentum, 0.0, CPU)
    trainer = Trainer(stage.module, optimizer, 1, execution, stage.generators)
    trainer.begin(stage.loss(1), config.lr)
    trainer.step(*next(iter(stage.batches(1))))
    return trainer.tally(stage.decides).loss, torch.cat([velocity.flatten() for velocity in optimizer.velocity])


@pytest.mark.parametrize(
    "config",
    [replace(TINY, method=method) for method in METHODS]
    + [replace(TINY, pretrain=pretrain).pretraining() for pretrain in OBJECTIVES],
    ids=lambda config: config.method or config.pretrain,
)
def test_a_step_goes_the_same_way(able, config):
    """A number in bfloat16 is off by 2^-9 at most, and there are some 20 layers."""
    (loss, gradient), (fast_loss, fast) = (one_step(config, precision) for precision in ("float32", "bfloat16"))
    assert fast_loss != loss
    assert fast_loss == pytest.approx(loss, rel=0.05)
    assert float(torch.cosine_similarity(fast, gradient, dim=0)) > 0.9
    assert float(fast.norm()) == pytest.approx(float(gradient.norm()), rel=0.2)


def test_a_run_keeps_weights_in_float32_and_says_what_it_computed_in(able, tmp_path):
    config = replace(TINY, pretrain="rotation")
    result = train(config, tmp_path, device="cpu", precision="bfloat16")
    for run in (Run(config, tmp_path), Run(config.pretraining(), tmp_path)):
        state = run.checkpoint()
        assert run.result()["precision"] == "bfloat16"
        tensors = [*state["module"].values(), *state["velocity"]]
        assert {tensor.dtype for tensor in tensors if tensor.is_floating_point()} == {torch.float32}
    assert result["last"]["accuracy"] > 0.5  # chance is a third


def test_it_is_deterministic(able, tmp_path):
    results = [train(TINY, tmp_path / name, device="cpu", precision="bfloat16") for name in "ab"]
    assert len({json.dumps(result["last"]) for result in results}) == 1
