"""What ``--compile`` compiles: the network, as a whole and nothing else. The code that comes out is torch's affair."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch._dynamo.utils import counters

from empirical.benchmark import bench
from empirical.config import Config
from empirical.runtime.device import Execution
from empirical.training.networks import build
from empirical.training.train import train

TINY = Config(
    data="gaussian:separation=4,classes=3,train=40,test=20",
    imbalance=4,
    arch="resnet8",
    width=4,
    resolution=8,
    batch_size=16,
    epochs=4,
)


@pytest.fixture(autouse=True)
def traced(monkeypatch):
    """Let what torch would compile be traced, and run as it was traced: that takes no compiler, and no minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    counters.clear()
    yield
    torch.compiler.reset()


def graphs():
    """Return how many graphs were traced, and why a function was split into several."""
    return counters["stats"]["unique_graphs"], dict(counters["graph_break"])


def assert_learns_the_same(config, tmp_path):
    """Assert that a compiled run is one graph a shape and learns as the plain one; return the results of both."""
    plain = train(config, tmp_path / "plain", device="cpu")
    counters.clear()
    compiled = train(config, tmp_path / "compiled", device="cpu", compile=True)
    shapes = {16, sum(plain["counts"]) % 16}
    assert graphs() == (len(shapes), {})
    assert compiled["train_loss"] == pytest.approx(plain["train_loss"], rel=1e-4)
    return plain, compiled


@pytest.mark.parametrize("arch", ["resnet8", "resnet32", "resnet18"])  # a kind each; deeper ones take long
def test_a_network_is_one_graph(arch):
    network = build(arch, 10)
    images = torch.rand(2, 3, 16, 16).to(memory_format=torch.channels_last)
    found = torch._dynamo.explain(network)(images)
    assert (found.graph_count, found.graph_break_count) == (1, 0)


def test_the_measured_step_has_no_clock_in_its_network():
    plan = bench.Plan(arch="resnet8", batch_size=4, steps=2)
    measured = bench._ours(plan, compile=True)
    assert measured.outside is None
    assert graphs() == (1, {})


def test_what_cannot_be_compiled_as_a_whole_is_an_error():
    network = build("resnet8", 10, width=4)
    network.register_forward_pre_hook(lambda *_: print("a break"))
    compiled = Execution(torch.device("cpu"), compile=True).compiled(network)
    with pytest.raises(torch._dynamo.exc.Unsupported):
        compiled(torch.rand(2, 3, 8, 8))


@pytest.mark.parametrize("method", ["ce", "ldam-drw"])
def test_a_compiled_run_learns_the_same(method, tmp_path):
    plain, compiled = assert_learns_the_same(replace(TINY, method=method), tmp_path)
    assert (plain["compiled"], compiled["compiled"]) == (False, True)


@pytest.mark.parametrize("pretrain", ["rotation", "simclr", "moco", "barlow"])
def test_pre_training_is_compiled_too(pretrain, tmp_path):
    assert_learns_the_same(replace(TINY, pretrain=pretrain).pretraining(), tmp_path)


def test_any_number_of_networks_can_be_compiled():
    for width in range(1, 10):  # torch keeps 8 versions of a function
        network = build("resnet8", 10, width=width)
        images = torch.rand(2, 3, 8, 8)
        found = Execution(torch.device("cpu"), compile=True).compiled(network)(images)
        torch.testing.assert_close(found, network(images))
