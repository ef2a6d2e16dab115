import pytest
import torch
from torch import nn
from torchvision.models import resnet18, resnet34

from empirical.training.networks import CosineLinear, build

CIFAR = (8, 14, 20, 32, 44, 56, 110)


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def by_formula(depth, classes, channels=3, width=16):
    """Convolutions of 9 i o weights, batch normalisation of 2 o, and a linear layer with bias."""
    blocks = (depth - 2) // 6
    pairs = [(channels, width)]
    for stage in range(3):
        outputs = width * 2**stage
        pairs += [(width if stage == 0 else outputs // 2, outputs)] + [(outputs, outputs)] * (2 * blocks - 1)
    return sum(9 * i * o + 2 * o for i, o in pairs) + 4 * width * classes + classes


@pytest.mark.parametrize(
    ("arch", "published"),
    [("resnet20", 269722), ("resnet32", 464154), ("resnet44", 658586), ("resnet56", 853018), ("resnet110", 1727962)],
)
def test_parameters_as_published(arch, published):
    assert parameters(build(arch, 10)) == published


@pytest.mark.parametrize("depth", CIFAR)
@pytest.mark.parametrize(("classes", "channels", "width"), [(10, 3, 16), (100, 3, 16), (7, 1, 4), (3, 2, 5)])
def test_parameters_by_formula(depth, classes, channels, width):
    network = build(f"resnet{depth}", classes, channels=channels, width=width)
    assert parameters(network) == by_formula(depth, classes, channels, width)
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in network.modules()) == depth


@pytest.mark.parametrize(("arch", "original"), [("resnet18", resnet18), ("resnet34", resnet34)])
def test_parameters_of_torchvisions(arch, original):
    # Only the first convolution differs: 3 x 3 instead of 7 x 7.
    assert parameters(build(arch, 10)) == parameters(original(num_classes=10)) - 64 * 3 * (49 - 9)


@pytest.mark.parametrize("arch", ["resnet8", "resnet20", "resnet18"])
@pytest.mark.parametrize("cosine", [False, True])
@pytest.mark.parametrize(("channels", "height", "width"), [(3, 32, 32), (1, 8, 8), (2, 4, 4), (3, 5, 9)])
def test_output_is_classifier_of_features(arch, cosine, channels, height, width):
    network = build(arch, 6, channels=channels, cosine=cosine).eval()
    x = torch.randn(3, channels, height, width)
    features = network.features(x)
    assert features.shape == (3, 512 if arch == "resnet18" else 64)
    assert torch.equal(network(x), network.classifier(features))
    assert network(x).shape == (3, 6)
    assert not any(key.startswith("fc") for key in network.state_dict())


def test_shortcuts_take_every_second_pixel_and_add_zeros():
    block = build("resnet8", 2, width=3).stages[1].eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.rand(2, 3, 5, 6)
    expected = torch.zeros(2, 6, 3, 3)
    expected[:, 1:4] = x[:, :, ::2, ::2]  # three channels more: one before, two after
    assert torch.equal(block(x), expected)


def test_residual_blocks_against_their_definition():
    network = build("resnet8", 2, width=4).eval()
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.uniform_(norm.bias, -1, 1)
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)
    block, x = network.stages[0], torch.randn(2, 4, 6, 6)

    def normed(y, norm):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return (y - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]

    y = torch.relu(normed(torch.conv2d(x, block.conv1.weight, padding=1), block.bn1))
    y = torch.relu(x + normed(torch.conv2d(y, block.conv2.weight, padding=1), block.bn2))
    torch.testing.assert_close(block(x), y)
    stages = network.stages(network.stem(x[:, :3]))
    torch.testing.assert_close(network.features(x[:, :3]), stages.mean(dim=(2, 3)))
    assert [network.stages[: k + 1](network.stem(x[:, :3])).shape[1:] for k in range(3)] == [
        (4, 6, 6),
        (8, 3, 3),
        (16, 2, 2),
    ]


def test_weights_are_kaiming_normal():
    """Mean and variance of all weights, scaled to be standard normal: each within 7 standard errors."""
    network = build("resnet20", 10, width=32, generator=torch.Generator().manual_seed(0))
    scaled = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach().double()
            scaled.append(weight.flatten() / (2 / weight[0].numel()) ** 0.5)
        if isinstance(module, nn.BatchNorm2d):
            assert torch.all(module.weight == 1)
            assert torch.all(module.bias == 0)
    for one in scaled:
        n = len(one)
        assert abs(one.mean()) < 7 / n**0.5
        assert abs(one.square().mean() - 1) < 7 * (2 / n) ** 0.5
    bias = network.classifier.bias.detach()
    assert 0 < bias.abs().max() <= 1 / 128**0.5


def test_weights_follow_the_generator_and_nothing_else():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, two, other = (build("resnet8", 10, generator=torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, two.state_dict()[key])
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)


def test_cosines():
    network = build("resnet8", 5, cosine=True)
    layer = network.classifier
    assert isinstance(layer, CosineLinear)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    features = torch.randn(7, 64)
    features[0] = 0
    expected = torch.cosine_similarity(features[:, None], layer.weight[None], dim=2)
    torch.testing.assert_close(layer(features), expected)
    torch.testing.assert_close(layer(3 * features), layer(features))


def test_the_rows_of_a_cosine_layer_begin_with_norm_1_and_the_rest_as_without_it():
    cosine, plain = (build("resnet8", 100, cosine=c, generator=torch.Generator().manual_seed(0)) for c in (True, False))
    rows = cosine.classifier.weight.detach()
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(100))
    torch.testing.assert_close(rows, torch.nn.functional.normalize(plain.classifier.weight.detach()))
    assert torch.equal(cosine.stem[0].weight, plain.stem[0].weight)


@pytest.mark.parametrize("arch", ["resnet8", "resnet20", "resnet18"])
def test_gradients_reach_every_parameter(arch):
    network = build(arch, 3, channels=1)
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in network.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arch": "resnet21"}, r"^arch='resnet21': must be one of resnet110, "),
        ({"classes": 1}, r"^classes=1: must be a whole number of at least 2$"),
        ({"channels": 0}, r"^channels=0: "),
        ({"width": 0}, r"^width=0: "),
        ({"arch": "resnet18", "width": 16}, r"^width=16: must be 64 for resnet18$"),
    ],
)
def test_refused(change, message):
    arguments = {"arch": "resnet8", "classes": 10, **change}
    with pytest.raises(ValueError, match=message):
        build(arguments.pop("arch"), arguments.pop("classes"), **arguments)


@pytest.mark.parametrize("shape", [(2, 3, 3, 8), (2, 3, 8, 3), (3, 8, 8)])
def test_small_images_refused(shape):
    for arch in ("resnet8", "resnet18"):
        with pytest.raises(ValueError, match=r"^x=.*H and W of at least 4$"):
            build(arch, 10)(torch.zeros(shape))
