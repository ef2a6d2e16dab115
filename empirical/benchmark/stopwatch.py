"""The time that training spends in forward, backward and optimiser."""

from __future__ import annotations

import time
from typing import Any

from torch import Tensor, nn

from empirical.training.step import Optimizer

__all__ = ["Stopwatch", "TimedOptimizer"]


class Stopwatch:
    """Adds up the seconds of a network's forward passes, and what else is timed with it; for the CPU.

    Args:
        network: what is called.

    Attributes:
        seconds: the sum so far.
    """

    def __init__(self, network: nn.Module) -> None:
        """Listen to the network."""
        self.seconds = 0.0
        self._started = 0.0
        network.register_forward_pre_hook(lambda *_: self.start())
        network.register_forward_hook(lambda *_: self.stop())

    def start(self) -> None:
        """Begin."""
        self._started = time.perf_counter()

    def stop(self) -> None:
        """Add what has passed since :meth:`start`."""
        self.seconds += time.perf_counter() - self._started


class TimedOptimizer(Optimizer):
    """An optimiser whose backward passes and steps are timed."""

    def __init__(self, *args: Any, watch: Stopwatch) -> None:
        """Keep the watch; the rest is :class:`empirical.training.step.Optimizer`'s."""
        super().__init__(*args)
        self._watch = watch

    def descend(self, loss: Tensor) -> None:
        """Go a step down the gradient of ``loss``."""
        self._watch.start()
        super().descend(loss)
        self._watch.stop()
