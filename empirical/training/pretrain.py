"""Self-supervised pre-training: its objectives, and how a network takes over what was learnt.

An :class:`Objective` holds the network, a head of its own, and what else has to be remembered. The losses are plain
functions of embeddings: :func:`nt_xent`, :func:`info_nce`, :func:`barlow_twins`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from empirical.registry import OBJECTIVES, default_numbers
from empirical.training import augment
from empirical.training.networks import initialise
from empirical.training.views import random_view
from theory.support.validate import integer, number, refuse

__all__ = [
    "OBJECTIVES",
    "BarlowTwins",
    "Carried",
    "MoCo",
    "Objective",
    "Rotation",
    "SimCLR",
    "barlow_twins",
    "carry_over",
    "default_numbers",
    "info_nce",
    "nt_xent",
    "objective",
]

_LAST_LAYER = "classifier."
_QUARTERS = 4
_EPSILON = 1e-5


def objective(
    name: str,
    network: Any,
    *,
    mean: Tensor,
    std: Tensor,
    pad: int = 4,
    mirror: bool = True,
    generator: torch.Generator | None = None,
    **numbers: float,
) -> Objective:
    """Return an objective for a network of :mod:`empirical.training.networks`.

    Args:
        name: ``rotation``, ``simclr``, ``moco`` or ``barlow``.
        network: what is to be trained; its last layer is not used.
        mean: of each channel in units of 255, as :func:`empirical.data.channels.channel_statistics` gives it.
        std: likewise.
        pad: of random crops in pixels; with 0 images are not cropped in any way.
        mirror: whether a mirrored image is still one of its kind.
        generator: what the head's weights are drawn with, on the CPU; None is torch's own.
        numbers: those of the objective, by the names in its class: :class:`Rotation`, :class:`SimCLR`, :class:`MoCo`,
            :class:`BarlowTwins`.

    Raises:
        ValueError: the name or a number is not known, or a number lies outside its range.

    Example:
        >>> from empirical.training.networks import build
        >>> learning = objective("rotation", build("resnet8", 10), mean=torch.zeros(3), std=torch.ones(3))
        >>> images = torch.randint(256, (8, 32, 32, 3), dtype=torch.uint8)
        >>> learning(images, torch.Generator().manual_seed(0)).shape
        torch.Size([])
    """
    known = default_numbers(name)
    kind: Callable[..., Objective] = _KINDS[name]
    for key, value in numbers.items():
        if key not in known:
            refuse(key, value, f"is no number of {name}; known: {', '.join(known) or 'none'}")
    inputs = _Inputs(mean, std, integer("pad", pad, least=0), mirror)
    # As in empirical.training.networks.build: layers draw weights when they are made, and these are drawn again.
    with torch.random.fork_rng(devices=[]):
        made = kind(network, inputs, **{**known, **numbers})
    made.begin(generator)
    return made


@dataclass(frozen=True, eq=False)
class _Inputs:
    """How images become the network's input."""

    mean: Tensor
    std: Tensor
    pad: int
    mirror: bool


class Objective(nn.Module):
    """An objective of pre-training.

    ``objective(images, generator)`` augments a batch of uint8 images, shape ``(N, H, W, C)``, with a generator on
    their device, and returns the loss, a scalar. Of its ``parameters()`` those with ``requires_grad`` are to be
    trained; its ``state_dict()`` is all that has to be saved, and that of ``network`` is for :func:`carry_over`.

    Attributes:
        network: what is trained.
        head: what turns its features into embeddings or answers; it is thrown away afterwards.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: Any, inputs: _Inputs, head: nn.Module) -> None:
        """Take the network and the head."""
        super().__init__()
        self.network, self.head = network, head
        self.pad, self.mirror = inputs.pad, inputs.mirror
        for name, tensor in (("mean", inputs.mean), ("std", inputs.std)):
            self.register_buffer(name, tensor.clone(), persistent=False)

    def begin(self, generator: torch.Generator | None) -> None:
        """Draw the head's weights, as :func:`empirical.training.networks.build` draws the network's."""
        initialise(self.head, generator)

    def _view(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return a random view of each image, normalised."""
        x = random_view(images, generator, crop=self.pad > 0, mirror=self.mirror)
        return (x - self.mean[:, None, None]) / self.std[:, None, None]


class Rotation(Objective):
    """Say by how many quarter turns an image was turned: cross entropy over the four answers.

    Each image is cropped and mirrored as in supervised training, and turned once a step.

    Source: S. Gidaris et al., Unsupervised representation learning by predicting image rotations, 2018 (the paper's
    [9]).
    """

    def __init__(self, network: Any, inputs: _Inputs) -> None:
        """Add a linear layer with four outputs."""
        super().__init__(network, inputs, nn.Linear(_width(network), _QUARTERS))

    def forward(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch."""
        moved = augment.random_crop_and_mirror(images, generator, pad=self.pad, mirror=self.mirror)
        turned, quarters = augment.random_rotation(moved, generator)
        answers = self.head(self.network.features(augment.normalize(turned, self.mean, self.std)))
        return cross_entropy(answers.float(), quarters)


class SimCLR(Objective):
    """Find an image's other view among all views of the batch: :func:`nt_xent` of embeddings from two layers.

    Args:
        temperature: above 0; 0.5 was the best for CIFAR-10 in the source.
        dimension: of the embedding.

    Source: T. Chen et al., A simple framework for contrastive learning of visual representations, 2020.
    """

    def __init__(self, network: Any, inputs: _Inputs, *, temperature: float, dimension: int) -> None:
        """Add the two layers."""
        super().__init__(network, inputs, _projection(network, dimension))
        self.temperature = _positive("temperature", temperature)

    def forward(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch."""
        views = torch.cat([self._view(images, generator), self._view(images, generator)])
        one, two = self.head(self.network.features(views)).chunk(2)
        return nt_xent(one, two, self.temperature)


class MoCo(Objective):
    """Find an image's other view among that of this batch and those of earlier ones: :func:`info_nce`.

    The other views, the keys, are embedded by a copy of network and head that no gradient reaches: before every step
    each of its weights ``k`` becomes ``key_momentum k + (1 - key_momentum) q``, with ``q`` the trained one. Keys join a
    queue and leave it, oldest first, when it is full; it begins with random directions. In evaluation mode copy and
    queue stay as they are.

    The source also shuffles the batch between GPUs, against batch normalisation telling which key belongs to which
    image; on one device there is nothing to shuffle.

    Args:
        temperature: above 0.
        dimension: of the embedding.
        key_momentum: from 0 to 1.
        queue: how many keys it holds, at least as many as a batch.

    Source: K. He et al., Momentum contrast for unsupervised visual representation learning, 2020, with the two layers
    of X. Chen et al., Improved baselines with momentum contrastive learning, 2020. A short queue, a quick copy and the
    temperature 0.1 suit small images.
    """

    queue: Tensor
    place: Tensor

    def __init__(
        self,
        network: Any,
        inputs: _Inputs,
        *,
        temperature: float,
        dimension: int,
        key_momentum: float,
        queue: int,
    ) -> None:
        """Add the two layers, the copy and the queue."""
        super().__init__(network, inputs, _projection(network, dimension))
        self.temperature = _positive("temperature", temperature)
        self.key_momentum = float(number("key_momentum", key_momentum, "must be from 0 to 1", least=0, most=1))
        self.register_buffer("queue", torch.empty(integer("queue", queue), dimension))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))
        self.key_network, self.key_head = copy.deepcopy(self.network), copy.deepcopy(self.head)
        for part in (self.key_network, self.key_head):
            part.requires_grad_(False)

    def begin(self, generator: torch.Generator | None) -> None:
        """Draw the head's weights and the queue, and make the copy equal to the original."""
        super().begin(generator)
        self.queue.copy_(normalize(torch.empty_like(self.queue).normal_(generator=generator)))
        self.key_head.load_state_dict(self.head.state_dict())

    def forward(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch; in training mode, move the copy before and the queue after."""
        if len(images) > len(self.queue):
            refuse("queue", len(self.queue), f"must be at least {len(images)}, the images of a batch")
        queries = self.head(self.network.features(self._view(images, generator)))
        with torch.no_grad():
            if self.training:
                self._follow()
            keys = self.key_head(self.key_network.features(self._view(images, generator)))
        loss = info_nce(queries, keys, self.queue.clone(), self.temperature)
        if self.training:
            self._enqueue(keys)
        return loss

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the copy's weights towards the trained ones."""
        for copied, trained in ((self.key_network, self.network), (self.key_head, self.head)):
            for key, query in zip(copied.parameters(), trained.parameters(), strict=True):
                key.lerp_(query, 1 - self.key_momentum)

    @torch.no_grad()
    def _enqueue(self, keys: Tensor) -> None:
        """Put the keys in the place of the oldest ones."""
        places = (self.place + torch.arange(len(keys), device=keys.device)) % len(self.queue)
        self.queue.index_copy_(0, places, normalize(keys.float()))
        self.place.add_(len(keys)).remainder_(len(self.queue))


class BarlowTwins(Objective):
    """Make the embeddings of two views agree, number by number, and the numbers independent: :func:`barlow_twins`.

    The embedding comes from three layers with batch normalisation between them.

    Args:
        redundancy: ``lambda``, at least 0.
        dimension: of the embedding, and of the layers before it.
        factor: of the loss, above 0. The sum over all numbers of the embedding is large for the learning rate of SGD.

    Source: J. Zbontar et al., Barlow twins: self-supervised learning via redundancy reduction, 2021.
    """

    def __init__(
        self,
        network: Any,
        inputs: _Inputs,
        *,
        redundancy: float,
        dimension: int,
        factor: float,
    ) -> None:
        """Add the three layers."""
        width, dimension = _width(network), integer("dimension", dimension)
        layers: list[nn.Module] = []
        for inputs_of_layer in (width, dimension):
            layers += [nn.Linear(inputs_of_layer, dimension), nn.BatchNorm1d(dimension), nn.ReLU(inplace=True)]
        super().__init__(network, inputs, nn.Sequential(*layers, nn.Linear(dimension, dimension)))
        self.redundancy = float(number("redundancy", redundancy, "must be a finite number of at least 0", least=0))
        self.factor = _positive("factor", factor)

    def forward(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the loss of a batch."""
        one, two = (self.head(self.network.features(self._view(images, generator))) for _ in range(2))
        return self.factor * barlow_twins(one, two, self.redundancy)


_KINDS: dict[str, type[Objective]] = {"rotation": Rotation, "simclr": SimCLR, "moco": MoCo, "barlow": BarlowTwins}


def nt_xent(one: Tensor, two: Tensor, temperature: float) -> Tensor:
    r"""Return the loss of SimCLR, the normalised and temperature-scaled cross entropy, of two views' embeddings.

    With the ``2 N`` embeddings scaled to length 1, :math:`z_i` and :math:`z_{i'}` being views of the same image,

    .. math:: \frac{1}{2N} \sum_i -\log \frac{e^{z_i \cdot z_{i'} / T}}{\sum_{j \ne i} e^{z_i \cdot z_j / T}}

    Args:
        one: shape ``(N, D)``.
        two: shape ``(N, D)``; row ``i`` belongs to the same image as row ``i`` of ``one``.
        temperature: ``T``.

    Example:
        >>> z = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> round(float(nt_xent(z, z, 1.0)), 4)  # log(e + 2) - 1
        0.5514
    """
    with _full_precision(one):
        z = normalize(_real(torch.cat([one, two])))
        similar = z @ z.T / temperature
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        partners = torch.arange(len(z), device=z.device).roll(len(one))
        return cross_entropy(similar.masked_fill(itself, -torch.inf), partners)


def info_nce(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    r"""Return the loss of MoCo, with queries and keys scaled to length 1 and the queue's keys :math:`u_j`:

    .. math::
        \frac{1}{N} \sum_i -\log \frac{e^{q_i \cdot k_i / T}}{e^{q_i \cdot k_i / T} + \sum_j e^{q_i \cdot u_j / T}}

    Args:
        queries: shape ``(N, D)``.
        keys: shape ``(N, D)``.
        queue: rows of length 1, shape ``(K, D)``.
        temperature: ``T``.

    Example:
        >>> q = torch.tensor([[2.0, 0.0]])
        >>> round(float(info_nce(q, q, torch.tensor([[0.0, 1.0]]), 1.0)), 4)  # log(e + 1) - 1
        0.3133
    """
    with _full_precision(queries):
        q, k = normalize(_real(queries)), normalize(_real(keys))
        similar = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ queue.to(q.dtype).T], dim=1) / temperature
        return cross_entropy(similar, torch.zeros(len(q), dtype=torch.int64, device=q.device))


def barlow_twins(one: Tensor, two: Tensor, redundancy: float) -> Tensor:
    r"""Return the loss of Barlow Twins.

    With :math:`C = \frac{1}{N} A^T B`, the columns of A and B being those of the embeddings, moved to mean 0 and
    divided by the square root of their variance (over ``N``, plus 1e-5 against constant ones):

    .. math:: \sum_i (1 - C_{ii})^2 + \lambda \sum_{i \ne j} C_{ij}^2

    Args:
        one: shape ``(N, D)``.
        two: shape ``(N, D)``.
        redundancy: ``lambda``.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
        >>> round(float(barlow_twins(z, z, redundancy=0.5)), 4)
        1.0
    """
    with _full_precision(one):
        a, b = (_standardised(_real(z)) for z in (one, two))
        correlation = a.T @ b / len(a)
        agree = (1 - correlation.diagonal()).square().sum()
        return agree + redundancy * (correlation.square().sum() - correlation.diagonal().square().sum())


@dataclass(frozen=True)
class Carried:
    """What :func:`carry_over` did.

    Attributes:
        carried: the keys that the network took over.
        kept: those of its last layer, which it kept.
    """

    carried: tuple[str, ...]
    kept: tuple[str, ...]


def carry_over(source: Mapping[str, Tensor], network: nn.Module) -> Carried:
    """Load everything but the last layer into ``network``, the statistics of batch normalisation too, or nothing.

    Args:
        source: the ``state_dict()`` of a network of the same architecture, whatever its last layer.
        network: what is overwritten.

    Returns:
        What was loaded and what was not.

    Raises:
        ValueError: a key is missing from ``source``, or unexpected there, or its tensor has another shape or type; the
            message names it, and the network is as it was.

    Example:
        >>> from empirical.training.networks import build
        >>> old, new = build("resnet8", 4), build("resnet8", 10)
        >>> report = carry_over(old.state_dict(), new)
        >>> len(report.carried), report.kept
        (42, ('classifier.weight', 'classifier.bias'))
        >>> bool(torch.equal(old.stem[0].weight, new.stem[0].weight))
        True
    """
    own = network.state_dict()
    wanted = {key: tensor for key, tensor in own.items() if not key.startswith(_LAST_LAYER)}
    offered = {key: tensor for key, tensor in source.items() if not key.startswith(_LAST_LAYER)}
    for what, keys in (("missing", wanted.keys() - offered.keys()), ("unexpected", offered.keys() - wanted.keys())):
        if keys:
            refuse("source", sorted(keys)[0], f"{what}: its keys must be the network's, but for the last layer")
    for key, tensor in wanted.items():
        given, needed = ((str(t.dtype), tuple(t.shape)) for t in (offered[key], tensor))
        if given != needed:
            refuse("source", (key, *given), f"must have the type and shape {needed}")
    with torch.no_grad():
        for key, tensor in wanted.items():
            tensor.copy_(offered[key])
    return Carried(tuple(wanted), tuple(key for key in own if key not in wanted))


def _width(network: Any) -> int:
    """Return the number of features that the network's last layer sees."""
    return int(network.classifier.weight.shape[1])


def _projection(network: Any, dimension: int) -> nn.Module:
    """Return the two layers of SimCLR and of MoCo's second version."""
    width = _width(network)
    return nn.Sequential(
        nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, integer("dimension", dimension))
    )


def _positive(name: str, value: float) -> float:
    return float(number(name, value, "must be a finite number above 0", above=0))


def _standardised(z: Tensor) -> Tensor:
    return (z - z.mean(dim=0)) / (z.var(dim=0, correction=0) + _EPSILON).sqrt()


def _full_precision(z: Tensor) -> torch.autocast:
    """Compute in the embeddings' own precision, or in single precision, whatever the network computes in."""
    return torch.autocast(z.device.type, enabled=False)


def _real(z: Tensor) -> Tensor:
    return z if z.dtype == torch.float64 else z.float()
