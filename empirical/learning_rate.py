"""The learning rate of each epoch, and the epoch at which deferred re-weighting begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.support.validate import refuse

__all__ = ["FEWEST_EPOCHS", "Schedule", "refuse_few_epochs"]

FEWEST_EPOCHS = 4
"""The warm-up, the plateau and what follows each of the two decays last at least an epoch each."""


@dataclass(frozen=True)
class Schedule:
    r"""Linear warm-up, a plateau, and two decays.

    With ``E`` epochs the warm-up ends with epoch ``w = warmup E``, and the decays come after the epochs
    ``d_1 = decays[0] E`` and ``d_2 = decays[1] E``, each rounded to the nearest epoch, halves up. Where that leaves
    a phase empty (possible below 8 epochs) it is moved the fewest epochs that give every phase one. For the 1-based
    epoch ``e``

    .. math::
        lr(e) = base \cdot \begin{cases}
            e / w & e \le w \\ 1 & w < e \le d_1 \\ decay & d_1 < e \le d_2 \\ decay^2 & d_2 < e \le E
        \end{cases}

    The defaults are those of LDAM-DRW for 200 epochs: 0.02, 0.04, ..., 0.1 up to epoch 5, then 0.1, from epoch 161
    1e-3, from epoch 181 1e-5.

    Args:
        epochs: ``E``, at least 4.
        base: the learning rate of the plateau.
        warmup: the fraction of the epochs that the warm-up takes.
        decays: the fractions of the epochs after which the learning rate falls.
        decay: the factor of each fall.

    Raises:
        ValueError: there are too few epochs.

    References:
        K. Cao et al., Learning imbalanced datasets with label-distribution-aware margin loss, 2019 (the paper's
        [3]); section 5.2 of the paper.

    Example:
        >>> schedule = Schedule(200)
        >>> [schedule.rate(epoch) for epoch in (1, 5, 6, 160, 161, 180, 181, 200)]
        [0.02, 0.1, 0.1, 0.1, 0.001, 0.001, 1e-05, 1e-05]
        >>> schedule.switch
        160
        >>> Schedule(4).ends
        (1, 2, 3)
    """

    epochs: int
    base: float = 0.1
    warmup: float = 0.025
    decays: tuple[float, float] = (0.8, 0.9)
    decay: float = 0.01

    def __post_init__(self) -> None:
        """Check the number of epochs."""
        refuse_few_epochs(self.epochs)

    @property
    def ends(self) -> tuple[int, int, int]:
        """The last epochs of the warm-up, of the plateau and of the time after the first decay."""
        second = min(_nearest(self.decays[1] * self.epochs), self.epochs - 1)
        first = min(_nearest(self.decays[0] * self.epochs), second - 1)
        return min(max(1, _nearest(self.warmup * self.epochs)), first - 1), first, second

    @property
    def switch(self) -> int:
        """The last epoch before the first decay: deferred re-weighting begins with the epoch after it."""
        return self.ends[1]

    def rate(self, epoch: int) -> float:
        """Return the learning rate of the 1-based ``epoch``."""
        warmup, first, second = self.ends
        if epoch <= warmup:
            return self.base * epoch / warmup
        return self.base * self.decay ** ((epoch > first) + (epoch > second))


def refuse_few_epochs(epochs: int) -> None:
    """Raise ``ValueError`` if there are too few epochs for the phases of a schedule."""
    if epochs < FEWEST_EPOCHS:
        refuse("epochs", epochs, f"must be at least {FEWEST_EPOCHS}: one for each phase of the schedule")


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)
