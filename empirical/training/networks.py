"""Networks: the ResNets of CIFAR and those of ImageNet, their last layer apart from the rest."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize, pad, relu
from torchvision.models.resnet import BasicBlock, ResNet

from empirical.registry import ARCHITECTURES, own_width
from theory.support.validate import choice, integer, refuse

__all__ = ["ARCHITECTURES", "CifarResNet", "CosineLinear", "ImageNetResNet", "build", "initialise", "own_width"]

_CIFAR = {f"resnet{depth}": (depth - 2) // 6 for depth in (8, 14, 20, 32, 44, 56, 110)}
_IMAGENET = {"resnet18": [2, 2, 2, 2], "resnet34": [3, 4, 6, 3]}
_SMALLEST = 4
_FEATURES = 512  # of torchvision's ResNet-18 and 34


def build(
    arch: str,
    classes: int,
    *,
    channels: int = 3,
    width: int | None = None,
    cosine: bool = False,
    generator: torch.Generator | None = None,
) -> CifarResNet | ImageNetResNet:
    """Return a freshly initialised network; its output has shape ``(N, classes)``.

    Every network has ``features(x)``, shape ``(N, D)``, the attribute ``classifier``, its last layer, and computes
    ``classifier(features(x))``. It takes floats of shape ``(N, channels, H, W)`` with ``H, W >= 4``.

    All weights of convolutions and of the last layer are drawn from the normal distribution with mean 0 and variance
    ``2 / fan_in`` (He et al. 2015), the last layer's bias uniformly from ``+-1 / sqrt(D)``; batch normalisation
    starts as the identity.

    Args:
        arch: ``resnet8``, ``resnet14``, ``resnet20``, ``resnet32``, ``resnet44``, ``resnet56`` or ``resnet110``, the
            networks for CIFAR (:class:`CifarResNet`), or ``resnet18`` or ``resnet34`` (:class:`ImageNetResNet`).
        classes: ``C``, at least 2.
        channels: of the images.
        width: channels of the first stage; None is the architecture's own, 16 or, for ``resnet18`` and ``resnet34``,
            64, which allow no other.
        cosine: whether the last layer gives cosines (:class:`CosineLinear`), as LDAM asks for.
        generator: what the weights are drawn with, on the CPU; None is torch's own.

    Raises:
        ValueError: an argument lies outside its range.

    Example:
        >>> network = build("resnet20", 10)
        >>> network(torch.zeros(2, 3, 32, 32)).shape, network.features(torch.zeros(2, 3, 32, 32)).shape
        (torch.Size([2, 10]), torch.Size([2, 64]))
        >>> sum(p.numel() for p in network.parameters())
        269722
    """
    arch = choice("arch", arch, ARCHITECTURES)
    classes, channels = integer("classes", classes, least=2), integer("channels", channels)
    own = own_width(arch)
    width = own if width is None else integer("width", width)
    network: CifarResNet | ImageNetResNet
    # Layers draw their weights when they are made; these are drawn again below, and torch's own state is left alone.
    with torch.random.fork_rng(devices=[]):
        if arch in _CIFAR:
            network = CifarResNet(_CIFAR[arch], classes, channels, width, cosine)
        elif width == own:
            network = ImageNetResNet(_IMAGENET[arch], classes, channels, cosine)
        else:
            refuse("width", width, f"must be {own} for {arch}")
    initialise(network, generator)
    return network


class CosineLinear(nn.Module):
    """The last layer of LDAM: the cosines ``w_c . f / (|w_c| |f|)`` for every class ``c``, without a bias.

    They lie in [-1, 1]; the loss multiplies them by its scale (:mod:`empirical.training.losses`), which changes no
    decision.

    The rows begin with norm 1, as in the code of LDAM-DRW, in directions drawn as those of every other layer
    (:func:`initialise`). No cosine depends on it, but the longer a row, the smaller is its gradient and the slower it
    turns, by the square of its norm.

    Source: K. Cao et al., Learning imbalanced datasets with label-distribution-aware margin loss, 2019 (the paper's
    [3]).
    """

    def __init__(self, features: int, classes: int) -> None:
        """Make the layer for features of shape ``(N, features)``."""
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, features))

    def forward(self, features: Tensor) -> Tensor:
        """Return the cosines, shape ``(N, classes)``; those of a zero feature are 0."""
        return linear(normalize(features), normalize(self.weight))


class CifarResNet(nn.Module):
    """The ResNet of ``6 n + 2`` layers for small images.

    A convolution, three stages of ``n`` blocks of two convolutions with ``w``, ``2 w`` and ``4 w`` channels, the
    mean over all places, and a linear layer: all convolutions 3 x 3 with batch normalisation and without bias. The
    second and the third stage halve the side (odd sides are rounded up). Shortcuts have no parameters: where a
    block halves the side they take every second pixel and add channels of zeros, as many before as after.

    Source: K. He et al., Deep residual learning for image recognition, 2016 (the paper's [11]), section 4.2 there,
    with option A of section 3.3.

    Attributes:
        classifier: the last layer.
    """

    WIDTH = own_width("resnet20")
    """Channels of the first stage in the paper that introduced the network."""

    def __init__(self, blocks: int, classes: int, channels: int = 3, width: int = WIDTH, cosine: bool = False) -> None:
        """Make the network with ``blocks`` blocks a stage; :func:`build` explains the rest."""
        super().__init__()
        self.stem = nn.Sequential(_convolution(channels, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        stages = []
        for inputs, outputs in ((width, width), (width, 2 * width), (2 * width, 4 * width)):
            stages.append(_Block(inputs, outputs))
            stages.extend(_Block(outputs, outputs) for _ in range(blocks - 1))
        self.stages = nn.Sequential(*stages)
        self.classifier = _last_layer(4 * width, classes, cosine)

    def features(self, x: Tensor) -> Tensor:
        """Return what the last layer sees, shape ``(N, 4 width)``, for images of shape ``(N, channels, H, W)``."""
        places: Tensor = self.stages(self.stem(_checked(x)))
        return places.mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (or cosines), shape ``(N, classes)``."""
        return in_full_precision(self.classifier, self.features(x))


class _Block(nn.Module):
    """Two convolutions and a shortcut without parameters."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.stride = 1 if inputs == outputs else 2
        self.conv1 = _convolution(inputs, outputs, self.stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = _convolution(outputs, outputs, 1)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.before = (outputs - inputs) // 2
        self.after = outputs - inputs - self.before

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)), inplace=True)))
        if self.stride == 2:
            x = pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))
        return relu(y.add_(x), inplace=True)  # batch normalisation needs its input again, not its output


class ImageNetResNet(ResNet):  # type: ignore[misc]  # torchvision has no types
    """torchvision's ResNet of basic blocks, with a first layer for small images.

    Its first convolution is 3 x 3 with stride 1 instead of 7 x 7 with stride 2, and there is no max-pooling.

    Attributes:
        classifier: the last layer, in the place of torchvision's ``fc``.
    """

    def __init__(self, layers: list[int], classes: int, channels: int = 3, cosine: bool = False) -> None:
        """Make the network with ``layers`` blocks in its four stages; :func:`build` explains the rest."""
        super().__init__(BasicBlock, layers)
        self.conv1 = _convolution(channels, own_width("resnet18"), 1)
        self.maxpool = nn.Identity()
        self.classifier = _last_layer(_FEATURES, classes, cosine)
        self.fc = nn.Identity()

    def features(self, x: Tensor) -> Tensor:
        """Return what the last layer sees, shape ``(N, 512)``, for images of shape ``(N, channels, H, W)``."""
        features: Tensor = super().forward(_checked(x))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (or cosines), shape ``(N, classes)``."""
        return in_full_precision(self.classifier, self.features(x))


def in_full_precision(layer: nn.Module, features: Tensor) -> Tensor:
    """Return ``layer(features)`` in 32 bits, or 64, also under autocast: logits of 8 bits would tie."""
    with torch.autocast(features.device.type, enabled=False):
        logits: Tensor = layer(features if features.dtype == torch.float64 else features.float())
    return logits


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


def _last_layer(features: int, classes: int, cosine: bool) -> nn.Module:
    return CosineLinear(features, classes) if cosine else nn.Linear(features, classes)


def _checked(x: Tensor) -> Tensor:
    """Return ``x`` if it is a batch of images that no stage shrinks to nothing."""
    if x.ndim != 4 or min(x.shape[2:]) < _SMALLEST:
        refuse("x", tuple(x.shape), f"its shape must be (images, channels, H, W) with H and W of at least {_SMALLEST}")
    return x


def initialise(module: nn.Module, generator: torch.Generator | None) -> None:
    """Draw the weights of every convolution and linear layer of ``module`` anew, as :func:`build` says."""
    known: Any = (nn.Conv2d, nn.Linear, CosineLinear)
    for layer in module.modules():
        if isinstance(layer, known):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
        if isinstance(layer, CosineLinear):
            with torch.no_grad():
                layer.weight.copy_(normalize(layer.weight))
        if isinstance(layer, nn.Linear):
            limit = 1 / math.sqrt(layer.in_features)
            nn.init.uniform_(layer.bias, -limit, limit, generator=generator)
