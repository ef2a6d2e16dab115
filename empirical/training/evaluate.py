"""Looking at a trained network: accuracy by class, the classifier's norms, tau-normalisation, classifier re-training.

Features and logits are computed once, in evaluation mode and without augmentation; everything else is cheap and
works on those tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from empirical.data.longtail import GROUPS, frequency_group
from theory.support.validate import integer, number, refuse

__all__ = [
    "TAUS",
    "Retrained",
    "Scores",
    "by_frequency",
    "confusion_matrix",
    "features",
    "norms",
    "retrain_classifier",
    "scores",
    "tau_sweep",
]


TAUS = tuple(step / 10 for step in range(21))
"""The usual sweep."""

_MOST_TAU = 8.0
_STEP = 0.1
"""0, 0.1, ..., 2: the strengths of tau-normalisation that are usual."""


@dataclass(frozen=True)
class Scores:
    """The scores of a classifier on labelled images.

    Attributes:
        accuracy: the fraction of the images that it gets right.
        class_mean: the mean of ``per_class``: every class counts the same, however many test images it has.
        per_class: the accuracy on the images of each class, ``(C,)``.
        confusion: how many images of class ``i`` are taken for class ``j``, ``(C, C)``.
        loss: mean cross entropy of the logits, in nats.
    """

    accuracy: float
    class_mean: float
    per_class: list[float]
    confusion: list[list[int]]
    loss: float


def scores(logits: Tensor, labels: Tensor) -> Scores:
    """Return the scores of ``logits``, shape ``(n, C)``, against ``labels``, shape ``(n,)``.

    Every class must have images.

    Example:
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
        >>> found = scores(logits, torch.tensor([0, 1, 1]))
        >>> round(found.accuracy, 3), found.per_class, found.confusion
        (0.667, [1.0, 0.5], [[1, 0], [1, 1]])
    """
    confusion = confusion_matrix(logits.argmax(1), labels, logits.shape[1])
    right = confusion.diagonal()
    return Scores(
        accuracy=float(right.sum()) / len(labels),
        class_mean=float((right.double() / confusion.sum(1)).mean()),
        per_class=(right.double() / confusion.sum(1)).tolist(),
        confusion=confusion.tolist(),
        loss=float(cross_entropy(logits.double(), labels)),
    )


def by_frequency(per_class: Sequence[float], counts: Sequence[int]) -> dict[str, float | None]:
    """Return the mean accuracy of the classes with many, a medium number of, and few training images.

    As publications on long tails group them: more than 100 training images, 20 to 100, fewer than 20. None for a group
    that has no class.

    Args:
        per_class: the accuracy of each class.
        counts: its training images.

    Example:
        >>> by_frequency([1.0, 0.5, 0.25], [101, 100, 20])
        {'many': 1.0, 'medium': 0.375, 'few': None}
    """
    groups: dict[str, list[float]] = {name: [] for name in GROUPS}
    for accuracy, count in zip(per_class, counts, strict=True):
        groups[frequency_group(count)].append(accuracy)
    return {name: fmean(values) if values else None for name, values in groups.items()}


def confusion_matrix(decisions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return how often class ``i`` is taken for class ``j``, int64, shape ``(classes, classes)``, on the CPU."""
    return torch.bincount((labels * classes + decisions).cpu(), minlength=classes**2).view(classes, classes)


@torch.no_grad()
def features(network: nn.Module, batches: Sequence[Tensor]) -> Tensor:
    """Return ``network.features`` of all images in evaluation mode, float32, shape ``(n, d)``.

    Args:
        network: one of :func:`empirical.training.networks.build`; its mode is put back afterwards.
        batches: normalised images, as the network takes them.
    """
    mode = network.training
    network.eval()
    try:
        features: Any = network.features
        return torch.cat([features(batch).float() for batch in batches])
    finally:
        network.train(mode)


def norms(weight: Tensor) -> dict[str, Any]:
    """Return the L2 norms of the classifier's rows, one a class, and their spread, as in Table 2 of the paper.

    ``variance`` and ``std`` are the population's; ``std_100`` is 100 times ``std``, which is what the printed table
    most plausibly shows under the name of variance.

    Args:
        weight: shape ``(C, d)``.

    Example:
        >>> norms(torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
        {'norms': [5.0, 1.0], 'variance': 4.0, 'std': 2.0, 'std_100': 200.0}
    """
    lengths = weight.detach().double().norm(dim=1)
    variance = float(lengths.var(correction=0))
    return {"norms": lengths.tolist(), "variance": variance, "std": variance**0.5, "std_100": 100 * variance**0.5}


def tau_sweep(
    features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None = None, taus: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    r"""Return the accuracy of the tau-normalised classifier for each tau.

    .. math:: \hat w_i = w_i / \|w_i\|^\tau

    With the bias left out, as Theorem 3 and Property 3 leave it out, unless it is given.

    Args:
        features: shape ``(n, d)``.
        labels: shape ``(n,)``.
        weight: the trained classifier's, shape ``(C, d)``.
        bias: shape ``(C,)``, or None to leave it out.
        taus: the exponents, each at least 0; by default :data:`TAUS`, and from there on in steps of 0.1, up to 8, as
            long as the last one is the best: a best value at the edge of a sweep is no optimum.

    Returns:
        For each tau a dictionary with ``tau``, ``accuracy``, ``per_class`` and ``norm_std``, the standard deviation
        of the norms, which is 0 at tau = 1.

    Raises:
        ValueError: a tau is negative, or a row of ``weight`` is zero.

    References:
        B. Kang et al., Decoupling representation and classifier for long-tailed recognition, 2019 (the paper's [14]).

    Example:
        >>> weight = torch.tensor([[10.0, 0.0], [0.0, 1.0]])
        >>> seen, labels = torch.tensor([[1.0, 0.5], [0.5, 1.0]]), torch.tensor([0, 1])
        >>> [(row["tau"], row["accuracy"]) for row in tau_sweep(seen, labels, weight, taus=(0, 1))]
        [(0.0, 0.5), (1.0, 1.0)]
    """
    lengths = weight.norm(dim=1, keepdim=True)
    if not bool((lengths > 0).all()):
        refuse("weight", lengths.flatten().tolist(), "every row must have a norm above 0")

    def row(tau: float) -> dict[str, Any]:
        scaled = weight / lengths**tau
        result = scores(linear(features, scaled, bias), labels)
        spread = norms(scaled)["std"]
        return {"tau": tau, "accuracy": result.accuracy, "per_class": result.per_class, "norm_std": spread}

    if taus is not None:
        return [row(float(number("tau", tau, "must be a finite number of at least 0", least=0))) for tau in taus]
    rows = [row(tau) for tau in TAUS]
    while rows[-1]["accuracy"] > max(part["accuracy"] for part in rows[:-1]) and rows[-1]["tau"] < _MOST_TAU:
        rows.append(row(round(rows[-1]["tau"] + _STEP, 1)))
    return rows


@dataclass(frozen=True)
class Retrained:
    """A classifier that was trained anew on frozen features.

    Attributes:
        weight: shape ``(C, d)``.
        bias: shape ``(C,)``.
        losses: the mean loss of each epoch.
    """

    weight: Tensor
    bias: Tensor
    losses: list[float]


def retrain_classifier(
    features: Tensor,
    labels: Tensor,
    classes: int,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    balanced: bool = True,
    epochs: int = 10,
    batch_size: int = 128,
    lr: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 2e-4,
    seed: int = 0,
) -> Retrained:
    """Train a linear classifier from scratch on frozen features: the second stage of decoupled training (cRT).

    SGD with a learning rate that falls along half a cosine, from ``lr`` to 0. The features are those of the images
    as they are: they are computed once, so the second stage sees no augmentation.

    Args:
        features: of the training images, shape ``(n, d)``.
        labels: shape ``(n,)``, from 0 to ``classes - 1``, each at least once if ``balanced``.
        classes: ``C``.
        loss: of logits and labels.
        balanced: draw each class equally often, with replacement; otherwise each image once an epoch.
        epochs: of ``n`` draws each.
        batch_size: draws a step.
        lr: the first learning rate.
        momentum: of SGD.
        weight_decay: of weights and biases.
        seed: of the first weights and the draws.

    Raises:
        ValueError: a number is outside its range, or a class that is to be drawn has no images.

    References:
        B. Kang et al., Decoupling representation and classifier for long-tailed recognition, 2019 (the paper's [14]).

    Example:
        >>> seen, labels = torch.eye(3).repeat(20, 1), torch.arange(3).repeat(20)
        >>> new = retrain_classifier(seen, labels, 3, epochs=10, batch_size=16)
        >>> (seen @ new.weight.T + new.bias).argmax(1).eq(labels).all().item()
        True
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("classes", classes)):
        integer(name, value)
    counts = torch.bincount(labels, minlength=classes)
    if balanced and not bool((counts > 0).all()):
        refuse("labels", counts.tolist(), "every class must have images to be drawn equally often")
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    layer = nn.Linear(features.shape[1], classes)
    bound = features.shape[1] ** -0.5
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    layer.to(features.device)
    optimizer = torch.optim.SGD(layer.parameters(), lr, momentum, weight_decay=weight_decay)
    n = len(labels)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-n // batch_size))
    weights = 1 / counts[labels].double().cpu()
    losses = []
    for _ in range(epochs):
        if balanced:
            drawn = torch.multinomial(weights, n, replacement=True, generator=generator)
        else:
            drawn = torch.randperm(n, generator=generator)
        total = torch.zeros((), device=features.device)
        for chosen in drawn.to(features.device).split(batch_size):
            batch_loss: Tensor = loss(layer(features[chosen]), labels[chosen])
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            schedule.step()
            total += batch_loss.detach() * len(chosen)
        losses.append(float(total) / n)
    weight, bias = layer.weight.detach(), layer.bias.detach()
    return Retrained(weight, bias, losses)
