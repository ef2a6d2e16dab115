"""One step of training: the same function on every device, replayed as a CUDA graph where there is CUDA.

Everything that a step touches lies in buffers that stay where they are: images, targets, learning rate, momentum, the
loss of each step, the count of right decisions. So a step needs no answer from the device, and on CUDA the whole of
it, from normalising to the optimiser, is captured once and launched as one graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from empirical.runtime.device import Execution

__all__ = ["Evaluator", "Optimizer", "Tally", "Trainer"]

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Of uint8 images and targets: the loss, and how many decisions are right."""

_WARM_STEPS = 3


class Optimizer:
    """SGD with momentum, without Nesterov's correction, with weight decay on every parameter; all of it on the device.

    Args:
        module: what to train.
        momentum: the factor of the velocity.
        weight_decay: the coefficient of the L2 penalty's gradient.
        device: where the parameters are.
    """

    def __init__(self, module: nn.Module, momentum: float, weight_decay: float, device: torch.device) -> None:
        """Begin with no velocity."""
        self._parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._rate = torch.zeros((), device=device)
        self._sgd = torch.optim.SGD(self._parameters, self._rate, momentum, weight_decay=weight_decay, fused=True)
        for parameter in self._parameters:
            self._sgd.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)

    @property
    def velocity(self) -> list[Tensor]:
        """The momentum buffers, in the order of the parameters."""
        return [self._sgd.state[parameter]["momentum_buffer"] for parameter in self._parameters]

    @velocity.setter
    def velocity(self, values: list[Tensor]) -> None:
        for own, value in zip(self.velocity, values, strict=True):
            own.copy_(value)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate."""
        self._rate.fill_(rate)

    def descend(self, loss: Tensor) -> None:
        """Go a step down the gradient of ``loss``."""
        self._sgd.zero_grad(set_to_none=True)
        loss.backward()
        self._sgd.step()


@dataclass(frozen=True)
class Tally:
    """The loss and the accuracy of an epoch of training.

    Attributes:
        loss: the mean over the images.
        accuracy: the fraction of right decisions; None if there was none to make.
        bad_step: the first step, from 1, whose loss is not finite; None if all are.
        steps: how many there were.
        images: how many they saw.
    """

    loss: float
    accuracy: float | None
    bad_step: int | None
    steps: int
    images: int


class Trainer:
    """Trains a module batch by batch.

    Args:
        module: what is trained, its parameters on the device.
        optimizer: moves the parameters.
        steps: the most steps of an epoch.
        execution: how to compute.
        generators: those of the device that the loss draws from.
    """

    def __init__(
        self,
        module: nn.Module,
        optimizer: Optimizer,
        steps: int,
        execution: Execution,
        generators: Sequence[torch.Generator] = (),
    ) -> None:
        """Make the buffers."""
        self._module, self._optimizer, self._execution = module, optimizer, execution
        self._generators = generators
        device = execution.device
        self._losses = torch.zeros(steps + _WARM_STEPS, device=device)  # steps that warm up write there too
        self._right = torch.zeros((), dtype=torch.int64, device=device)
        self._position = torch.zeros(1, dtype=torch.int64, device=device)
        self._steps: dict[tuple[int, ...], _Step] = {}
        self._loss: Loss | None = None
        self._sizes: list[int] = []

    def begin(self, loss: Loss, rate: float) -> None:
        """Begin an epoch.

        Args:
            loss: of images and targets; if it is another than before, the graphs are captured anew.
            rate: the learning rate.
        """
        if loss != self._loss:  # not "is": a method is another object each time that it is looked up
            self._loss = loss
            self._steps.clear()
        self._optimizer.set_rate(rate)
        self._losses.zero_()
        self._right.zero_()
        self._position.zero_()
        self._sizes.clear()

    def step(self, images: Tensor, targets: Tensor) -> None:
        """Train on a batch: uint8 images and their targets, on the device."""
        shape = tuple(images.shape)
        if shape not in self._steps:
            self._steps[shape] = _Step((images, targets), self._run)
            if self._execution.graphs:
                self._steps[shape].capture(self._state(), self._generators)
        self._steps[shape](images, targets)
        self._sizes.append(len(images))

    def tally(self, decides: bool) -> Tally:
        """End the epoch: read the losses off the device, once."""
        sizes = torch.tensor(self._sizes, dtype=torch.float64)
        losses = self._losses[: len(sizes)].cpu()
        bad = torch.nonzero(~losses.isfinite())
        return Tally(
            loss=float((losses.double() * sizes).sum() / sizes.sum()),
            accuracy=float(self._right) / float(sizes.sum()) if decides else None,
            bad_step=int(bad[0]) + 1 if len(bad) else None,
            steps=len(sizes),
            images=sum(self._sizes),
        )

    def _run(self, images: Tensor, targets: Tensor) -> None:
        """Do a step, on buffers."""
        assert self._loss is not None
        with self._execution.autocast():
            loss, right = self._loss(images, targets)
        self._optimizer.descend(loss)
        with torch.no_grad():
            self._losses.index_copy_(0, self._position, loss.detach().float().view(1))
            self._right += right
            self._position += 1

    def _state(self) -> list[Tensor]:
        """Return every buffer that a step changes."""
        module = [*self._module.parameters(), *self._module.buffers()]
        return [*module, *self._optimizer.velocity, self._losses, self._right, self._position]


@cache
def _aside() -> torch.cuda.Stream:
    """Return the stream that steps warm up on: one for all, as cuBLAS keeps memory for each that it sees."""
    return torch.cuda.Stream()


class Evaluator:
    """Gives the logits of images in evaluation mode, as a graph where steps are graphs.

    Args:
        module: a network of :mod:`empirical.training.networks` on the device; it must stay where it is in memory.
        logits: of uint8 images, computed by the network.
        execution: how to compute.
        batch_size: images at a time.
    """

    def __init__(
        self, module: nn.Module, logits: Callable[[Tensor], Tensor], execution: Execution, batch_size: int
    ) -> None:
        """Begin without buffers."""
        self._module, self._logits, self._execution, self._batch_size = module, logits, execution, batch_size
        self._steps: dict[tuple[int, ...], tuple[_Step, Tensor]] = {}

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Return the logits of uint8 images, float32, shape ``(n, C)``; the network is in training mode afterwards."""
        self._module.eval()
        found = []
        for batch in images.split(self._batch_size):
            shape = tuple(batch.shape)
            if shape not in self._steps:
                self._steps[shape] = self._step(batch)
            step, answer = self._steps[shape]
            step(batch)
            found.append(answer.clone())
        self._module.train()
        return torch.cat(found)

    def _step(self, images: Tensor) -> tuple[_Step, Tensor]:
        """Return what computes the logits of images of this shape, and where it leaves them."""
        classifier: Any = self._module.classifier
        answer = torch.empty(len(images), len(classifier.weight), device=images.device)

        def run(images: Tensor) -> None:
            with self._execution.autocast():
                answer.copy_(self._logits(images))

        step = _Step((images,), run)
        if self._execution.graphs:
            step.capture((), ())
        return step, answer


class _Step:
    """A function of tensors of one shape, in buffers of its own: called as it is, or captured and then replayed."""

    def __init__(self, inputs: Sequence[Tensor], run: Callable[..., None]) -> None:
        self._inputs, self._run = [tensor.clone() for tensor in inputs], run
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, *inputs: Tensor) -> None:
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        if self._graph is None:
            self._run(*self._inputs)
        else:
            self._graph.replay()

    def capture(self, state: Sequence[Tensor], generators: Sequence[torch.Generator]) -> None:
        """Capture the call. The calls that warm it up leave no trace in ``state`` or ``generators``."""
        before = [tensor.detach().clone() for tensor in state]
        drawn = [generator.get_state() for generator in generators]
        aside = _aside()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_STEPS):
                self._run(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self._run(*self._inputs)
        with torch.no_grad():
            for tensor, value in zip(state, before, strict=True):
                tensor.copy_(value)
        for generator, value in zip(generators, drawn, strict=True):
            generator.set_state(value)
        self._graph = graph
