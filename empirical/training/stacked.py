"""Many runs of the same shape trained as one: their networks are stacked, and every layer computes all of them at once.

For a GPU that one run cannot fill. The runs may differ in seed, method and start; each keeps its own images, order,
augmentation, batch statistics and weighted mean, so that each is trained as it would be alone, up to rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import log_softmax

from empirical.config import Config
from empirical.data.training_set import TrainingSet
from empirical.registry import method_facts
from empirical.runtime.device import Execution
from empirical.training.augment import normalize
from empirical.training.step import Loss, Optimizer, Trainer
from empirical.training.tasks import Supervised
from theory.support.validate import refuse

__all__ = ["METHODS", "Stack"]

METHODS = ("ce", "rs", "rw", "rw-inverse", "drw")
"""The methods that differ in nothing but class weights and what is drawn."""

_FREE: dict[str, Any] = {"seed": 0, "method": "ce", "pretrain": "none", "similar_fraction": 0.0}


class _BatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of what autocast has made bfloat16: with statistics in float32, vmap's rule for it fails."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.float() if input.dtype == torch.bfloat16 else input)


class Stack(nn.Module):
    """Several runs under way at once.

    Args:
        configs: the runs; they differ in nothing but seed, method, pre-training and similar samples.
        training_sets: the images of each, on the device, as many of each class for all.
        execution: how to compute; networks are not compiled.
        states: for each run what its network starts from, as :meth:`empirical.training.tasks.Supervised.start_from`
            takes it; None for fresh networks.

    Raises:
        ValueError: the runs do not have the same shape, or a method is not one of :data:`METHODS`.
    """

    mean: Tensor
    std: Tensor
    losses: Tensor
    right: Tensor

    def __init__(
        self,
        configs: Sequence[Config],
        training_sets: Sequence[TrainingSet],
        execution: Execution,
        states: Sequence[Mapping[str, Tensor]] | None = None,
    ) -> None:
        """Build the networks and stack them."""
        super().__init__()
        for config, training_set in zip(configs, training_sets, strict=True):
            if config.method not in METHODS:
                refuse("method", config.method, f"must be one of {', '.join(METHODS)}, to be trained in a stack")
            if (
                replace(config, **_FREE) != replace(configs[0], **_FREE)
                or training_set.counts != training_sets[0].counts
            ):
                refuse("configs", config.digest, "must have the shape, the recipe and the class counts of the first")
        self._config = configs[0]
        self._stages = [Supervised(*one, execution) for one in zip(configs, training_sets, strict=True)]
        for stage, state in zip(self._stages, states or (), strict=states is not None):
            stage.start_from(state)
        networks = [stage.module for stage in self._stages]
        parameters, buffers = stack_module_state(networks)
        self._names = [{name: name.replace(".", "-") for name in own} for own in (parameters, buffers)]
        for name, value in parameters.items():
            self.register_parameter(self._names[0][name], nn.Parameter(value.detach()))
        for name, value in buffers.items():
            self.register_buffer(self._names[1][name], value)
        self._shape = (copy.deepcopy(networks[0]).to("meta"),)  # in a tuple, so that its weights are not this module's
        for module in self._shape[0].modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = _BatchNorm2d
        for name, value in (
            ("mean", torch.stack([training_set.mean for training_set in training_sets])),
            ("std", torch.stack([training_set.std for training_set in training_sets])),
            ("losses", torch.zeros(len(configs), dtype=torch.float64, device=execution.device)),
            ("right", torch.zeros(len(configs), dtype=torch.int64, device=execution.device)),
        ):
            self.register_buffer(name, value)
        self._has_switch = any(method_facts(config.method).deferred for config in configs)
        self._losses = {deferred: self._loss_of(deferred) for deferred in (False, True)}
        optimizer = Optimizer(self, self._config.momentum, self._config.weight_decay, execution.device)
        steps = -(-len(training_sets[0].labels) // self._config.batch_size)
        self._trainer = Trainer(self, optimizer, steps, execution)

    def epoch(self, epoch: int, after_step: Callable[[], None] = lambda: None) -> list[tuple[float, float]]:
        """Train all runs for an epoch, and return the mean loss and the accuracy of each.

        Args:
            epoch: its number, from 1.
            after_step: called after each step.
        """
        self.losses.zero_()
        self.right.zero_()
        deferred = self._has_switch and epoch > self._config.schedule.switch
        self._trainer.begin(self._losses[deferred], self._config.schedule.rate(epoch))
        seen = 0
        for batches in zip(*(stage.batches(epoch) for stage in self._stages), strict=True):
            images, targets = (torch.stack(parts) for parts in zip(*batches, strict=True))
            self._trainer.step(images, targets)
            seen += targets.shape[1]
            after_step()
        return list(zip((self.losses / seen).tolist(), (self.right / seen).tolist(), strict=True))

    def states(self) -> list[dict[str, Tensor]]:
        """Return the ``state_dict()`` of each network."""
        state = self.state_dict()
        names = self._names[0] | self._names[1]
        return [{name: state[ours][run] for name, ours in names.items()} for run in range(len(self._stages))]

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, shape ``(runs, N, C)``, of uint8 images, shape ``(runs, N, H, W, channels)``."""
        own: tuple[dict[str, Tensor], ...] = dict(self.named_parameters()), dict(self.named_buffers())
        stacked = [
            {name: values[ours] for name, ours in names.items()} for values, names in zip(own, self._names, strict=True)
        ]

        def one(parameters: Any, buffers: Any, images: Tensor, mean: Tensor, std: Tensor) -> Any:
            return functional_call(self._shape[0], (parameters, buffers), (normalize(images, mean, std),))

        parameters, buffers = stacked
        logits: Tensor = vmap(one)(parameters, buffers, images, self.mean, self.std)
        return logits

    def _loss_of(self, deferred: bool) -> Loss:
        weights = torch.stack([stage.class_weights(deferred) for stage in self._stages])

        def loss(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
            logits = self(images)
            own = weights.to(logits.dtype).gather(1, targets)
            each = -log_softmax(logits, dim=2).gather(2, targets[:, :, None])[:, :, 0]
            # Each run's own mean: the gradient of the sum with respect to a run's weights is that of its own loss.
            losses = (own * each).sum(1) / own.sum(1)
            right = (logits.argmax(2) == targets).sum(1)
            with torch.no_grad():
                self.losses += losses * targets.shape[1]
                self.right += right
            return losses.sum(), right.sum()

        return loss
