import copy
import os
from threading import Event, Thread

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from empirical.runtime.device import Execution, find_device, make_cublas_deterministic
from empirical.training.networks import build
from empirical.training.step import Evaluator, Optimizer, Trainer

CPU = torch.device("cpu")


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(0)
    sizes = [8, 8, 8, 5]
    return [
        (
            torch.randint(256, (n, 8, 8, 1), dtype=torch.uint8, generator=generator),
            torch.randint(3, (n,), generator=generator),
        )
        for n in sizes
    ]


def network():
    return build("resnet8", 3, channels=1, width=4, generator=torch.Generator().manual_seed(0))


def loss_of(model):
    def loss(images, targets):
        logits = model(images.permute(0, 3, 1, 2) / 255)
        return cross_entropy(logits, targets), (logits.argmax(1) == targets).sum()

    return loss


def test_the_same_as_torchs_sgd_in_a_plain_loop(batches):
    ours, plain = network(), network()
    optimizer = Optimizer(ours, 0.9, 2e-4, CPU)
    trainer = Trainer(ours, optimizer, len(batches), Execution(CPU))
    sgd = torch.optim.SGD(plain.parameters(), lr=1, momentum=0.9, weight_decay=2e-4, nesterov=False)
    for rate in (0.02, 0.1, 1e-3):
        trainer.begin(loss_of(ours), rate)
        sgd.param_groups[0]["lr"] = rate
        losses, right = [], 0
        for images, targets in batches:
            trainer.step(images, targets)
            loss, hits = loss_of(plain)(images, targets)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            losses.append(loss.item() * len(images))
            right += int(hits)
        tally = trainer.tally(decides=True)
        assert tally.loss == pytest.approx(sum(losses) / 29, rel=1e-5)
        assert tally.accuracy == pytest.approx(right / 29, abs=1.1 / 29)
        assert (tally.steps, tally.images, tally.bad_step) == (4, 29, None)
    for one, two in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    for one, parameter in zip(optimizer.velocity, plain.parameters(), strict=True):
        torch.testing.assert_close(one, sgd.state[parameter]["momentum_buffer"], rtol=1e-3, atol=1e-4)


def test_weight_decay_is_on_every_parameter(batches):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    before = copy.deepcopy(model)
    trainer = Trainer(model, Optimizer(model, 0.0, 0.5, CPU), 1, Execution(CPU))
    trainer.begin(lambda images, targets: (0 * model(images / 255.0).sum(), torch.tensor(0)), 0.1)
    trainer.step(*batches[0])
    for one, two in zip(model.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(one, two * (1 - 0.1 * 0.5))


def test_the_velocity_is_put_back():
    model = network()
    optimizer = Optimizer(model, 0.9, 0.0, CPU)
    values = [torch.full_like(parameter, 3.0) for parameter in model.parameters()]
    optimizer.velocity = values
    assert all(map(torch.equal, optimizer.velocity, values))
    with pytest.raises(ValueError, match="shorter"):
        optimizer.velocity = values[:-1]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_the_first_loss_that_is_not_finite_is_named(batches, bad):
    model = network()
    trainer = Trainer(model, Optimizer(model, 0.9, 0.0, CPU), len(batches), Execution(CPU))
    calls = 0

    def loss(images, targets):
        nonlocal calls
        calls += 1
        value, right = loss_of(model)(images, targets)
        return value * (bad if calls >= 3 else 1), right

    trainer.begin(loss, 0.1)
    for batch in batches:
        trainer.step(*batch)
    assert trainer.tally(decides=True).bad_step == 3
    trainer.begin(loss_of(network()), 0.1)
    assert trainer.tally(decides=False).bad_step is None


def test_the_callers_batch_is_left_alone(batches):
    model = network()
    before = [images.clone() for images, _ in batches]
    trainer = Trainer(model, Optimizer(model, 0.9, 0.0, CPU), len(batches), Execution(CPU))
    trainer.begin(loss_of(model), 0.1)
    for batch in batches:
        trainer.step(*batch)
    assert all(torch.equal(images, copied) for (images, _), copied in zip(batches, before, strict=True))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_devices_without_cuda():
    assert find_device("auto") == find_device("cpu") == CPU
    with pytest.raises(ValueError, match=r"^device='cuda': must be auto or cpu: torch finds no CUDA device$"):
        find_device("cuda")
    with pytest.raises(ValueError, match=r"^device='tpu': must be one of auto, cpu, cuda$"):
        find_device("tpu")


def test_a_captured_step_leaves_no_trace_but_its_own(batches, graphs):
    """What CUDA graphs need, checked without CUDA: warming up and capturing change nothing that stays."""

    class Eager(Execution):
        graphs = False

    results = []
    for kind in (Eager, Execution):
        model, generator = network(), torch.Generator().manual_seed(0)

        def loss(images, targets, model=model, generator=generator):
            noise = torch.rand(images.shape, generator=generator)
            logits = model((images / 255 + noise).permute(0, 3, 1, 2))
            return cross_entropy(logits, targets), (logits.argmax(1) == targets).sum()

        trainer = Trainer(model, Optimizer(model, 0.9, 2e-4, CPU), len(batches), kind(CPU), (generator,))
        for rate in (0.02, 0.1):
            trainer.begin(loss, rate)
            for batch in batches:
                trainer.step(*batch)
            tally = trainer.tally(decides=True)
        results.append((tally, list(model.state_dict().values())))
    (one, weights), (two, other) = results
    assert one == two
    assert all(map(torch.equal, weights, other))
    assert (graphs.made, graphs.replayed) == (2, 2 * len(batches))


@pytest.mark.parametrize("captured", [False, True])
def test_the_evaluator_follows_the_network(batches, captured, request):
    if captured:
        request.getfixturevalue("graphs")
    model = network()
    images = torch.cat([images for images, _ in batches])

    def logits(images):
        return model(images.permute(0, 3, 1, 2) / 255)

    evaluator = Evaluator(model, logits, Execution(CPU), 8)
    for _ in range(2):
        found = evaluator(images)
        assert model.training
        model.eval()
        with torch.no_grad():
            torch.testing.assert_close(found, torch.cat([logits(part) for part in images.split(8)]), rtol=0, atol=0)
        model.train()
        logits(images)  # moves the statistics of batch normalisation
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1.5)


def test_deterministic_cuda_tells_cublas_in_time(monkeypatch):
    device, started = torch.device("cuda"), []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: bool(started))
    # Asking CUDA for anything starts it.
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **kwargs: started.append(True) or True)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    Execution(device)
    started.clear()
    make_cublas_deterministic(CPU)
    Execution(CPU, deterministic=True)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    with pytest.raises(ValueError, match="^deterministic=True: needs CUBLAS_WORKSPACE_CONFIG"):
        Execution(device, deterministic=True)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    assert not started
    make_cublas_deterministic(device)
    Execution(device, deterministic=True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert started
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    make_cublas_deterministic(device)
    Execution(device, deterministic=True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    make_cublas_deterministic(device)  # too late
    refused = r"^deterministic=True: needs CUBLAS_WORKSPACE_CONFIG=:4096:8 or :16:8 in the environment before CUDA is"
    with pytest.raises(ValueError, match=refused):
        Execution(device, deterministic=True)
    started.clear()
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":0:0")
    with pytest.raises(ValueError, match=refused):
        Execution(device, deterministic=True)


@pytest.mark.parametrize("deterministic", [False, True])
def test_the_kernels_of_cuda_are_chosen_and_put_back(monkeypatch, deterministic):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    cudnn = torch.backends.cudnn

    def flags():
        return torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark

    before = flags()
    with Execution(torch.device("cuda"), deterministic=deterministic).kernels():
        assert flags() == (deterministic, deterministic, not deterministic)
    assert flags() == before


def test_the_threads_of_a_process_use_cuda_in_turn():
    cuda, began, order = Execution(torch.device("cuda")), Event(), []

    def other():
        began.set()
        with cuda.kernels():
            order.append("other")

    thread = Thread(target=other)
    with cuda.kernels():
        thread.start()
        began.wait()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_graph_does_what_the_steps_do(batches):
    device = torch.device("cuda")

    class Eager(Execution):
        graphs = False

    results = []
    for kind in (Execution, Eager):
        model = network().to(device)
        trainer = Trainer(model, Optimizer(model, 0.9, 2e-4, device), len(batches), kind(device, deterministic=True))
        loss = loss_of(model)
        for rate in (0.02, 0.1):
            trainer.begin(loss, rate)
            for images, targets in batches:
                trainer.step(images.to(device), targets.to(device))
            tally = trainer.tally(decides=True)
        results.append((tally, [parameter.detach().cpu() for parameter in model.state_dict().values()]))
    (one, weights), (two, other) = results
    assert one.loss == pytest.approx(two.loss, rel=0.02)
    for a, b in zip(weights, other, strict=True):
        torch.testing.assert_close(a.float(), b.float(), rtol=0.05, atol=0.02)
