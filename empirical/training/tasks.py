"""The task of a run: classification, or learning without labels; batches, loss and scores of either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirical.config import Config
from empirical.data.training_set import Stream, TrainingSet, seed
from empirical.registry import method_facts
from empirical.runtime.device import Execution
from empirical.training import networks
from empirical.training.augment import normalize, random_crop_and_mirror
from empirical.training.evaluate import Scores, features, scores, tau_sweep
from empirical.training.losses import effective_weights, method_loss
from empirical.training.pretrain import carry_over, default_numbers, objective
from empirical.training.sampling import draw, image_weights
from empirical.training.step import Evaluator, Loss
from theory.adjustment import fit_adjustment

__all__ = ["SelfSupervised", "Supervised", "build_network"]

_CHUNK = {"cpu": 1, "cuda": 32}
_TEST_BATCH = {"cpu": 250, "cuda": 2500}


class Supervised:
    """Learning to classify.

    Args:
        config: the configuration.
        training_set: its images, on the device.
        execution: how to compute.

    Attributes:
        module: the network, on the device.
        decides: whether a step makes decisions that can be right.
        generators: those of the device that the loss draws from.
    """

    decides = True
    generators: tuple[torch.Generator, ...] = ()

    def __init__(self, config: Config, training_set: TrainingSet, execution: Execution) -> None:
        """Build the network and the loss."""
        self._config, self._training_set, self._execution = config, training_set, execution
        self._method = method_facts(config.method)
        self.module = build_network(config, training_set).to(execution.device, memory_format=torch.channels_last)
        self._forward = execution.compiled(self.module)
        self._loss = method_loss(
            str(config.method),
            training_set.counts,
            device=execution.device,
            beta=config.beta,
            gamma=config.gamma,
            margin=config.margin,
            scale=config.scale,
            tau=config.tau,
        )
        self._weights = None
        if self._method.balanced_sampling:
            self._weights = image_weights(
                training_set.labels.cpu(), effective_weights(training_set.counts, config.beta)
            )
        self._scale = config.scale if self._method.cosine else 1.0  # of what the loss sees
        self._test_batch = _TEST_BATCH[execution.device.type]
        self._losses = {deferred: self._loss_of(deferred) for deferred in (False, True)}
        self._evaluator = Evaluator(self.module, self._logits, execution, self._test_batch)

    def loss(self, epoch: int) -> Loss:
        """Return the loss of an epoch: equal to that of the epoch before as long as nothing changes."""
        return self._losses[self._method.deferred and epoch > self._config.schedule.switch]

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the augmented batches of an epoch."""
        own, size, device = self._training_set, self._config.batch_size, self._execution.device
        n = len(own.labels)
        order = torch.Generator().manual_seed(seed(self._config, Stream.ORDER, epoch))
        chosen = torch.randperm(n, generator=order) if self._weights is None else draw(self._weights, n, order)
        generator = torch.Generator(device).manual_seed(seed(self._config, Stream.AUGMENTATION, epoch))
        for chunk in _whole_batches(chosen, size).to(device).split(size * _CHUNK[device.type]):
            images = random_crop_and_mirror(own.images[chunk], generator, pad=own.pad, mirror=own.mirror)
            yield from zip(images.split(size), own.labels[chunk].split(size), strict=True)

    def scores(self) -> Scores:
        """Return the scores on the test images."""
        own = self._training_set
        return scores(self._scale * self._evaluator(own.test_images), own.test_labels)

    def validation_scores(self) -> Scores:
        """Return the scores on the images that are held out for validation."""
        own = self._training_set
        return scores(self._scale * self._evaluator(own.validation_images), own.validation_labels)

    def swept(self) -> dict[str, Any] | None:
        """Return what tau-normalisation of the last layer makes of the test images.

        ``taus`` and the ``accuracy`` of each, without bias (:func:`empirical.training.evaluate.tau_sweep`); ``best`` is
        the first of the best, chosen on the very images that it is measured on, so for comparison only; ``at_edge``,
        whether it is the last tau that was tried. None for a
        layer of cosines, which are normalised already, and where a row is 0 and cannot be.
        """
        own, weight = self._training_set, self.module.classifier.weight.detach()
        if self._method.cosine or not weight.any(dim=1).all():
            return None
        batches = [normalize(batch, own.mean, own.std) for batch in own.test_images.split(self._test_batch)]
        found = tau_sweep(features(self.module, batches), own.test_labels, weight)
        best = max(found, key=itemgetter("accuracy"))
        return {
            "taus": [row["tau"] for row in found],
            "accuracy": [row["accuracy"] for row in found],
            "best": {"tau": best["tau"], "accuracy": best["accuracy"], "chosen_on": "test images"},
            "at_edge": best is found[-1],
        }

    def adjusted(self) -> dict[str, Any]:
        """Return tau and temperature of logit adjustment by likelihood on the images held out for validation.

        Of every class they are the same fraction of all its images, so they are balanced where those are, and the fit
        is told how many of each there are. It is the record of :meth:`theory.adjustment.Adjustment.record`, with
        ``class_mean``, the mean of the recalls of the adjusted logits on the test images; or ``refused``, why the
        likelihood has no maximum.
        """
        own = self._training_set
        held, tested = (
            self._scale * self._evaluator(images).double().cpu() for images in (own.validation_images, own.test_images)
        )
        try:
            labels = own.validation_labels.cpu().numpy()
            drawn = np.bincount(labels, minlength=len(own.counts))
            fit = fit_adjustment(held.numpy(), labels, own.counts, split_counts=drawn)
        except ValueError as error:
            return {"refused": str(error)}
        found = scores(torch.from_numpy(fit.apply(tested.numpy())), own.test_labels.cpu())
        return {**fit.record(), "class_mean": fmean(found.per_class)}

    def class_weights(self, deferred: bool) -> Tensor:
        """Return the weight of each class in the loss, shape ``(C,)``: 1 where the method has none."""
        weights = self._loss.weights(deferred)
        counts = self._training_set.counts
        return torch.ones(len(counts), device=self._execution.device) if weights is None else weights

    def start_from(self, state: Mapping[str, Tensor]) -> None:
        """Take over what a pre-trained network has learnt."""
        carry_over(state, self.module)

    def _logits(self, images: Tensor) -> Any:
        return self.module(normalize(images, self._training_set.mean, self._training_set.std))

    def _loss_of(self, deferred: bool) -> Loss:
        def loss(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
            logits = self._forward(normalize(images, self._training_set.mean, self._training_set.std))
            return self._loss(logits, targets, deferred), (logits.argmax(1) == targets).sum()

        return loss


class SelfSupervised:
    """Learning without labels, for pre-training; arguments and attributes as those of :class:`Supervised`.

    Attributes:
        module: the objective, which holds the network.
    """

    decides = False

    def __init__(self, config: Config, training_set: TrainingSet, execution: Execution) -> None:
        """Build the network and the objective."""
        self._config, self._training_set, self._execution = config, training_set, execution
        weights = torch.Generator().manual_seed(seed(config, Stream.PRETRAINING_WEIGHTS))
        module = objective(
            config.pretrain,
            build_network(config, training_set, weights),
            mean=training_set.mean,
            std=training_set.std,
            pad=training_set.pad,
            mirror=training_set.mirror,
            generator=weights,
            **{name: getattr(config, name) for name in default_numbers(config.pretrain)},
        )
        self.module = module.to(execution.device).to(memory_format=torch.channels_last)
        module.network.features = execution.compiled(module.network.features)
        self._generator = torch.Generator(execution.device)
        self.generators = (self._generator,)

    def loss(self, epoch: int) -> Loss:
        """Return the loss: the same for all epochs."""
        return self._loss

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch; the objective augments them, and its targets are its own."""
        own, size = self._training_set, self._config.batch_size
        order = torch.Generator().manual_seed(seed(self._config, Stream.PRETRAINING_ORDER, epoch))
        self._generator.manual_seed(seed(self._config, Stream.PRETRAINING_AUGMENTATION, epoch))
        chosen = torch.randperm(len(own.labels), generator=order)
        for part in _whole_batches(chosen, size).to(self._execution.device).split(size):
            yield own.images[part], own.labels[part]

    def scores(self) -> None:
        """Return None: there is nothing to score."""

    def _loss(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return self.module(images, self._generator), torch.zeros_like(targets[0])


def build_network(config: Config, training_set: TrainingSet, generator: torch.Generator | None = None) -> Any:
    """Return the network of a configuration, freshly initialised, on the CPU."""
    return networks.build(
        config.arch,
        len(training_set.counts),
        channels=training_set.images.shape[3],
        width=config.width,
        cosine=config.method is not None and method_facts(config.method).cosine,
        generator=generator or torch.Generator().manual_seed(seed(config, Stream.WEIGHTS)),
    )


def _whole_batches(chosen: Tensor, size: int) -> Tensor:
    """Return the images of an epoch without the last one if it would make a batch of its own.

    Batch normalisation knows no variance of a single image; as the order is random, it is another one each epoch.
    """
    return chosen[:-1] if len(chosen) % size == 1 else chosen
