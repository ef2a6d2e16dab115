"""The losses of long-tailed learning, and the class weights that they share with re-sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from empirical.registry import method_facts
from theory.support.validate import floats, number, refuse

__all__ = [
    "MethodLoss",
    "effective_weights",
    "inverse_weights",
    "margins",
    "method_loss",
]

_MARGIN_POWER = -0.25


def effective_weights(counts: Sequence[int] | NDArray[np.integer], beta: float = 0.9999) -> Tensor:
    r"""Return a weight for each class by its effective number of samples, scaled to sum to ``C``.

    .. math:: w_c \propto \frac{1 - \beta}{1 - \beta^{n_c}}

    Between ``beta = 0``, equal weights, and the limit ``beta -> 1``, :func:`inverse_weights`.

    Args:
        counts: ``n_c``, the number of training images of each class, at least 1.
        beta: at least 0 and below 1.

    Returns:
        Shape ``(C,)``, float64, on the CPU.

    Raises:
        ValueError: an argument lies outside its range.

    References:
        Y. Cui et al., Class-balanced loss based on effective number of samples, 2019 (the paper's [6]).

    Example:
        >>> effective_weights([5000, 50])
        tensor([0.0250, 1.9750], dtype=torch.float64)
    """
    n = _counts(counts)
    beta = float(number("beta", beta, "must be at least 0 and below 1", least=0, below=1))
    return _scaled(1 / (1 - beta**n))


def inverse_weights(counts: Sequence[int] | NDArray[np.integer]) -> Tensor:
    """Return a weight for each class proportional to ``1 / n_c``, scaled to sum to ``C``; as above otherwise.

    Example:
        >>> inverse_weights([30, 10])
        tensor([0.5000, 1.5000], dtype=torch.float64)
    """
    return _scaled(1 / _counts(counts))


def margins(counts: Sequence[int] | NDArray[np.integer], largest: float = 0.5) -> Tensor:
    r"""Return LDAM's margin for each class, :math:`m_c = m (n_c / \min_j n_j)^{-1/4}`, the largest being ``m``.

    Args:
        counts: ``n_c``, the number of training images of each class, at least 1.
        largest: ``m``, above 0, the margin of the rarest class.

    Returns:
        Shape ``(C,)``, float64, on the CPU.

    Raises:
        ValueError: an argument lies outside its range.

    Source: K. Cao et al., Learning imbalanced datasets with label-distribution-aware margin loss, 2019 (the paper's
    [3]).

    Example:
        >>> margins([1600, 100])
        tensor([0.2500, 0.5000], dtype=torch.float64)
    """
    n = _counts(counts)
    return float(number("margin", largest, "must be a finite number above 0", above=0)) * (n / n.min()) ** _MARGIN_POWER


def method_loss(
    method: str,
    counts: Sequence[int] | NDArray[np.integer],
    *,
    device: torch.device | str | None = None,
    beta: float = 0.9999,
    gamma: float = 1.0,
    margin: float = 0.5,
    scale: float = 30.0,
    tau: float = 1.0,
) -> MethodLoss:
    r"""Return the loss of a method for a training set with these class counts.

    With logits :math:`z`, label :math:`y`, :math:`CE(z, y) = -\log(e^{z_y} / \sum_j e^{z_j})` and the frequencies
    :math:`\pi_c = n_c / \sum_j n_j`:

    ``ce``, ``rs``
        :math:`CE(z, y)`. Re-sampling changes what is drawn, not the loss.
    ``rw``, ``rw-inverse``
        :math:`w_y CE(z, y)` with :func:`effective_weights`, :func:`inverse_weights`.
    ``drw``
        ``ce``, and ``rw`` once re-weighting is no longer deferred.
    ``focal``
        :math:`(1 - p_y)^\gamma CE(z, y)` with :math:`p_y = e^{-CE(z, y)}`.
    ``ldam``
        :math:`CE(s (z - m_y 1_y), y)` with :func:`margins`; the logits are to be cosines
        (``cosine`` of :class:`empirical.registry.Method`).
    ``ldam-drw``
        ``ldam``, and the same with :func:`effective_weights` once re-weighting is no longer deferred.
    ``balanced-softmax``
        :math:`CE(z + \log n, y)`.
    ``logit-adjustment``
        :math:`CE(z + \tau \log \pi, y)`. With ``tau = 1`` it is ``balanced-softmax``: adding the same constant to
        all logits changes nothing.

    Over a batch the mean is taken, with weights the weighted mean :math:`\sum_i w_{y_i} l_i / \sum_i w_{y_i}`, as
    LDAM-DRW does; dividing by the number of images instead would scale the loss of ``rw`` by the mean weight of an
    image, which is far below 1 under a long tail.

    Args:
        method: one of these.
        counts: ``n_c``, the number of training images of each class, at least 1, shape ``(C,)``.
        device: where the logits will be.
        beta: of :func:`effective_weights`.
        gamma: at least 0.
        margin: of :func:`margins`.
        scale: ``s``, above 0.
        tau: at least 0.

    Raises:
        ValueError: an argument lies outside its range.

    References:
        Y. Cui et al., Class-balanced loss based on effective number of samples, 2019 (the paper's [6]); T.-Y. Lin et
        al., Focal loss for dense object detection, 2017 (the paper's [20]); K. Cao et al., Learning imbalanced
        datasets with label-distribution-aware margin loss, 2019 (the paper's [3]); J. Ren et al., Balanced
        meta-softmax for long-tailed visual recognition, 2020; A. K. Menon et al., Long-tail learning via logit
        adjustment, 2021, equation 10 there.

    Example:
        >>> loss = method_loss("drw", [300, 100])
        >>> logits, targets = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
        >>> float(loss(logits, targets)), float(loss(logits, targets, deferred=True))
        (0.41003..., 0.55053...)
        >>> loss.weights(deferred=True)
        tensor([0.5037, 1.4963], dtype=torch.float64)
    """
    facts = method_facts(method)
    n = _counts(counts)
    gamma = float(number("gamma", gamma, "must be a finite number of at least 0", least=0))
    scale = float(number("scale", scale, "must be a finite number above 0", above=0))
    tau = float(number("tau", tau, "must be a finite number of at least 0", least=0))
    weights: dict[str | None, Callable[[], Tensor | None]] = {
        None: lambda: None,
        "effective": lambda: effective_weights(counts, beta),
        "inverse": lambda: inverse_weights(counts),
    }
    offsets: dict[str | None, Callable[[], Tensor | None]] = {
        None: lambda: None,
        "margin": lambda: margins(counts, margin),
        "log_count": n.log,
        "log_frequency": lambda: tau * (n / n.sum()).log(),
    }
    return MethodLoss(
        facts.loss,
        weights[facts.weights](),
        offsets[facts.offset](),
        deferrable=facts.deferred,
        gamma=gamma,
        scale=scale,
    ).to(device)


class MethodLoss(nn.Module):
    """The loss of a method, made by :func:`method_loss`.

    ``loss(logits, targets, deferred)`` is a scalar, in at least single precision whatever the type of the logits:
    ``logits`` of shape ``(N, C)``, ``targets`` of shape ``(N,)`` and type int64; ``deferred`` says whether the epoch
    comes after the switch of deferred re-weighting, and changes nothing for methods without one.
    """

    _weights: Tensor | None
    _offset: Tensor | None

    def __init__(
        self,
        base: str,
        weights: Tensor | None = None,
        offset: Tensor | None = None,
        *,
        deferrable: bool = False,
        gamma: float = 1.0,
        scale: float = 1.0,
    ) -> None:
        """Make the loss from its parts, the ``offset`` of each class being a margin or an adjustment."""
        super().__init__()
        self.base, self.deferrable, self.gamma, self.scale = base, deferrable, gamma, scale
        for name, tensor in (("_weights", weights), ("_offset", offset)):
            self.register_buffer(name, tensor, persistent=False)  # float64, until the logits say otherwise

    def weights(self, deferred: bool = False) -> Tensor | None:
        """Return the class weights in force, shape ``(C,)``, or None where all are the same."""
        return None if self.deferrable and not deferred else self._weights

    def forward(self, logits: Tensor, targets: Tensor, deferred: bool = False) -> Tensor:
        """Return the loss of a batch."""
        z = logits if logits.dtype == torch.float64 else logits.float()
        if self._offset is not None:
            offset = self._offset.to(z.dtype)
            if self.base == "margin":
                margin = one_hot(targets, z.shape[1]) * offset
                z = self.scale * (z - margin)
            else:
                z = z + offset
        if self.base == "focal":
            loss = cross_entropy(z, targets, reduction="none")
            # At p = 1 the power's slope is infinite for gamma < 1, and infinite times zero is no number.
            wrong = -torch.expm1(-loss)
            return (wrong.clamp_min(torch.finfo(z.dtype).tiny) ** self.gamma * loss).mean()
        weights = self.weights(deferred)
        return cross_entropy(z, targets, weight=None if weights is None else weights.to(z.dtype))


def _counts(counts: Sequence[int] | NDArray[np.integer]) -> Tensor:
    """Return the counts as float64."""
    n = floats("counts", counts, "must hold a number of at least 1 for each class", ndim=1, least=1)
    if len(n) < 2:
        refuse("counts", counts, "must hold a number for each of at least two classes")
    return torch.from_numpy(n)


def _scaled(weights: Tensor) -> Tensor:
    """Return ``weights`` scaled to sum to their number."""
    return weights * (len(weights) / weights.sum())
