import copy
import math

import pytest
import torch
from torch.nn.functional import cosine_similarity, cross_entropy

from empirical.training.augment import random_crop_and_mirror, random_rotation
from empirical.training.networks import build
from empirical.training.pretrain import OBJECTIVES, barlow_twins, carry_over, info_nce, nt_xent, objective

MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
NUMBERS = {"moco": {"queue": 24}, "barlow": {"dimension": 32}}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make(name, seed=0, **numbers):
    network = build("resnet8", 5, width=4, generator=seeded(seed))
    numbers = {**NUMBERS.get(name, {}), **numbers}
    return objective(name, network, mean=MEAN, std=STD, pad=1, generator=seeded(seed + 1), **numbers)


def pictures(n=16, side=8):
    return torch.randint(256, (n, side, side, 3), generator=seeded(), dtype=torch.uint8)


def embeddings(n=6, d=5, seed=0):
    return torch.randn(2, n, d, generator=seeded(seed), dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_by_its_formula(temperature):
    one, two = embeddings()
    everything, n = [*one, *two], len(one)
    total = 0.0
    for i, z in enumerate(everything):
        similar = [math.exp(float(cosine_similarity(z, other, dim=0)) / temperature) for other in everything]
        total -= math.log(similar[(i + n) % (2 * n)] / (sum(similar) - similar[i]))
    assert float(nt_xent(one, two, temperature)) == pytest.approx(total / (2 * n), rel=1e-12)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_info_nce_by_its_formula(temperature):
    queries, keys = embeddings(seed=1)
    queue = torch.nn.functional.normalize(embeddings(n=9, seed=2)[0])
    total = 0.0
    for q, k in zip(queries, keys, strict=True):
        right = math.exp(float(cosine_similarity(q, k, dim=0)) / temperature)
        wrong = sum(math.exp(float(cosine_similarity(q, u, dim=0)) / temperature) for u in queue)
        total -= math.log(right / (right + wrong))
    assert float(info_nce(queries, keys, queue, temperature)) == pytest.approx(total / len(queries), rel=1e-12)


@pytest.mark.parametrize("redundancy", [0.0, 0.005, 1.0])
def test_barlow_twins_by_its_formula(redundancy):
    one, two = embeddings(n=7, d=4, seed=3)

    def columns(z):
        found = []
        for column in z.T.tolist():
            mean = sum(column) / len(column)
            variance = sum((v - mean) ** 2 for v in column) / len(column)
            found.append([(v - mean) / math.sqrt(variance + 1e-5) for v in column])
        return found

    total = 0.0
    for i, a in enumerate(columns(one)):
        for j, b in enumerate(columns(two)):
            c = sum(x * y for x, y in zip(a, b, strict=True)) / len(a)
            total += (1 - c) ** 2 if i == j else redundancy * c**2
    assert float(barlow_twins(one, two, redundancy)) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, b: nt_xent(a, b, 0.5),
        lambda a, b: info_nce(a, b, torch.eye(5, dtype=torch.float64), 0.2),
        lambda a, b: barlow_twins(a, b, 0.1),
    ],
)
def test_gradients(loss):
    one, two = embeddings()
    assert torch.autograd.gradcheck(loss, (one.requires_grad_(), two.requires_grad_()))


def test_losses_do_not_follow_the_networks_precision():
    one, two = embeddings().float()
    queue = torch.nn.functional.normalize(embeddings(seed=5)[0]).float()
    for loss in (
        lambda: nt_xent(one, two, 0.1),
        lambda: info_nce(one, two, queue, 0.1),
        lambda: barlow_twins(one, two, 0.1),
    ):
        with torch.autocast("cpu", torch.bfloat16):
            rounded = loss()
        assert rounded.dtype == torch.float32
        assert torch.equal(rounded, loss())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objectives_learn(name):
    """A few steps on the same images and the same random numbers lower the loss."""
    learning = make(name)
    if name == "moco":
        # With keys of other images in the queue, and then as it is: a queue that fills up makes the task harder.
        for step in range(2):
            learning(255 - pictures(), seeded(step))
        learning.eval()
    trained = [p for p in learning.parameters() if p.requires_grad]
    optimiser, losses = torch.optim.SGD(trained, lr=0.02, momentum=0.9), []
    for _ in range(15):
        loss = learning(pictures(), seeded(3))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.05 * abs(losses[0])
    missed = [key for key, p in learning.named_parameters() if p.requires_grad and p.grad is None]
    assert missed == ["network.classifier.weight", "network.classifier.bias"]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objectives_are_repeatable_and_saved_whole(name):
    """Two steps, then a third: the same from a copy of the state and the same generator."""
    learning = make(name)
    for step in range(2):
        learning(pictures(), seeded(step))
    resumed = make(name, seed=7)
    resumed.load_state_dict(copy.deepcopy(learning.state_dict()))
    one, two = (float(x(pictures(), seeded(2)).detach()) for x in (learning, resumed))
    assert one == two
    same, again, other = (make(name)(pictures(), seeded(k)) for k in (4, 4, 5))
    assert torch.equal(same, again)
    assert not torch.equal(same, other)
    for key, tensor in learning.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[key])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_weights_follow_the_generator(name):
    before = torch.get_rng_state()
    one, two, other = make(name), make(name), make(name, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    heads = [p for p in one.head.parameters() if p.ndim == 2]
    others = [p for p in other.head.parameters() if p.ndim == 2]
    assert not any(torch.equal(a, b) for a, b in zip(heads, others, strict=True))


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_images_without_crops_or_mirrors(name, channels):
    network = build("resnet8", 3, channels=channels, width=4)
    mean = torch.zeros(channels)
    learning = objective(name, network, mean=mean, std=mean + 1, pad=0, mirror=False, **NUMBERS.get(name, {}))
    assert learning(pictures()[..., :channels], seeded()).isfinite()


def test_rotation_by_hand():
    learning = make("rotation").eval()
    images = pictures()
    generator = seeded(9)
    turned, quarters = random_rotation(random_crop_and_mirror(images, generator, pad=1, mirror=True), generator)
    assert len(quarters.unique()) == 4
    x = (turned.permute(0, 3, 1, 2) / 255 - MEAN[:, None, None]) / STD[:, None, None]
    answers = learning.head(learning.network.features(x))
    torch.testing.assert_close(learning(images, seeded(9)), cross_entropy(answers, quarters))
    assert answers.shape == (16, 4)


def test_moco_copy_follows_and_queue_turns():
    learning = make("moco", key_momentum=0.9)
    key, query = (dict(part.named_parameters()) for part in (learning.key_network, learning.network))
    assert all(torch.equal(key[name], query[name]) for name in key)
    assert all(map(torch.equal, learning.key_head.parameters(), learning.head.parameters()))
    with torch.no_grad():
        for parameter in learning.network.parameters():
            parameter.add_(1)
    before = {name: tensor.clone() for name, tensor in key.items()}
    start = learning.queue.clone()
    torch.testing.assert_close(start.norm(dim=1), torch.ones(24))
    learning(pictures(10), seeded(1))
    for name, tensor in key.items():
        torch.testing.assert_close(tensor, 0.9 * before[name] + 0.1 * query[name].detach())
    first = learning.queue.clone()
    assert torch.equal(first[10:], start[10:])
    assert not (first[:10] == start[:10]).all(dim=1).any()
    learning(pictures(10), seeded(2))
    learning(pictures(10), seeded(3))
    # 30 keys in 24 places: the last six begin anew.
    assert int(learning.place) == 6
    assert torch.equal(learning.queue[6:10], first[6:10])
    assert not (learning.queue[:6] == first[:6]).all(dim=1).any()
    torch.testing.assert_close(learning.queue.norm(dim=1), torch.ones(24))
    learning.eval()
    state = copy.deepcopy(learning.state_dict())
    learning(pictures(10), seeded(4))
    assert all(torch.equal(tensor, learning.state_dict()[name]) for name, tensor in state.items())


def test_moco_uses_the_queue_before_its_own_keys():
    learning = make("moco").eval()
    generator = seeded(1)
    one, two = learning._view(pictures(), generator), learning._view(pictures(), generator)
    queries = learning.head(learning.network.features(one))
    keys = learning.key_head(learning.key_network.features(two))
    expected = info_nce(queries, keys, learning.queue, 0.1)
    assert float(learning(pictures(), seeded(1)).detach()) == pytest.approx(float(expected.detach()), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "numbers", "message"),
    [
        ("byol", {}, r"^objective='byol': must be one of barlow, moco, rotation, simclr$"),
        ("rotation", {"temperature": 1}, r"^temperature=1: is no number of rotation; known: none$"),
        ("simclr", {"queue": 1}, r"^queue=1: is no number of simclr; known: temperature, dimension$"),
        ("simclr", {"temperature": 0}, r"^temperature=0: "),
        ("moco", {"key_momentum": 1.1}, r"^key_momentum=1.1: "),
        ("moco", {"queue": 0}, r"^queue=0: "),
        ("barlow", {"redundancy": -1}, r"^redundancy=-1: "),
        ("barlow", {"dimension": 0}, r"^dimension=0: "),
    ],
)
def test_refused(name, numbers, message):
    with pytest.raises(ValueError, match=message):
        make(name, **numbers)


def test_moco_refuses_batches_larger_than_its_queue():
    with pytest.raises(ValueError, match=r"^queue=24: must be at least 25, the images of a batch$"):
        make("moco")(pictures(25), seeded())


@pytest.mark.parametrize("cosine", [False, True])
def test_everything_but_the_last_layer_is_carried_over(cosine):
    learning = make("rotation")
    for step in range(2):
        learning(pictures(), seeded(step))  # moves the statistics of batch normalisation
    source = learning.network.state_dict()
    network = build("resnet8", 9, width=4, cosine=cosine, generator=seeded(8))
    last = copy.deepcopy(network.classifier.state_dict())
    report = carry_over(source, network)
    state = network.state_dict()
    assert set(report.carried) | set(report.kept) == set(state)
    assert set(report.kept) == {f"classifier.{key}" for key in last}
    assert {key for key in report.carried if "running_mean" in key}
    for key in report.carried:
        assert torch.equal(state[key], source[key])
        assert state[key].data_ptr() != source[key].data_ptr()
    for key, tensor in last.items():
        assert torch.equal(tensor, network.classifier.state_dict()[key])


def test_nothing_is_carried_over_in_part():
    source, network = build("resnet8", 5, width=4).state_dict(), build("resnet8", 5, width=4)
    before = copy.deepcopy(network.state_dict())
    key = "stages.2.bn2.running_var"
    missing = {name: tensor for name, tensor in source.items() if name != key}
    for wrong, message in (
        (missing, rf"^source='{key}': missing: "),
        ({**source, "module.stem": torch.zeros(1)}, r"^source='module.stem': unexpected: "),
        ({f"module.{name}": tensor for name, tensor in source.items()}, r"^source='stages.*|stem.*': missing: "),
        ({**source, key: source[key][:-1]}, rf"^source=\('{key}', .*: must have the type and shape"),
        ({**source, key: source[key].double()}, rf"^source=\('{key}', .*: must have the type and shape"),
        ({}, r"^source=.*: missing: "),
    ):
        with pytest.raises(ValueError, match=message):
            carry_over(wrong, network)
        assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in before.items())
    with pytest.raises(ValueError, match=r"^source="):
        carry_over(build("resnet14", 5, width=4).state_dict(), network)
