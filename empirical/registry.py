"""The networks, the methods of long-tailed learning and the pre-trainings by name, with their facts; without torch.

A new method is an entry of ``_METHODS`` here, and where it needs a new class weight or a new change of the logits a
function in :mod:`empirical.training.losses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from theory.support.validate import choice

__all__ = ["ARCHITECTURES", "METHODS", "OBJECTIVES", "Method", "default_numbers", "method_facts", "own_width", "users"]

_WIDTHS = {f"resnet{depth}": 16 for depth in (8, 14, 20, 32, 44, 56, 110)} | {"resnet18": 64, "resnet34": 64}

ARCHITECTURES = tuple(_WIDTHS)
"""The names that :func:`empirical.training.networks.build` knows."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """The facts of a method of long-tailed learning.

    Attributes:
        loss: ``ce``, cross entropy; ``focal``; ``margin``, LDAM's margins on scaled cosines; or ``adjusted``, cross
            entropy of logits with an offset for each class (:func:`empirical.training.losses.method_loss`).
        weights: of the classes in the loss: by the effective number of samples, by the inverse counts, or none.
        offset: of the logits of each class: its margin, the logarithm of its count or of its frequency, or none.
        deferred: whether the weights are used only after the first fall of the learning rate.
        balanced_sampling: whether an epoch draws images with replacement, classes weighted by their effective number.
        cosine: whether the last layer gives cosines (:class:`empirical.training.networks.CosineLinear`).
        numbers: the fields of :class:`empirical.config.Config` that it uses and others do not.
        twin: the method that it equals up to the switch of deferred re-weighting.
    """

    loss: Literal["ce", "focal", "margin", "adjusted"] = "ce"
    weights: Literal["effective", "inverse"] | None = None
    offset: Literal["margin", "log_count", "log_frequency"] | None = None
    deferred: bool = False
    balanced_sampling: bool = False
    cosine: bool = False
    numbers: tuple[str, ...] = ()
    twin: str | None = None


_METHODS: Mapping[str, Method] = {
    "ce": Method(twin="drw"),
    "rs": Method(balanced_sampling=True, numbers=("beta",)),
    "rw": Method(weights="effective", numbers=("beta",)),
    "rw-inverse": Method(weights="inverse"),
    "drw": Method(weights="effective", deferred=True, numbers=("beta",), twin="ce"),
    "focal": Method(loss="focal", numbers=("gamma",)),
    "ldam": Method(loss="margin", offset="margin", cosine=True, numbers=("margin", "scale"), twin="ldam-drw"),
    "ldam-drw": Method(
        loss="margin",
        weights="effective",
        offset="margin",
        deferred=True,
        cosine=True,
        numbers=("beta", "margin", "scale"),
        twin="ldam",
    ),
    "balanced-softmax": Method(loss="adjusted", offset="log_count"),
    "logit-adjustment": Method(loss="adjusted", offset="log_frequency", numbers=("tau",)),
}

METHODS = tuple(_METHODS)
"""The methods of long-tailed learning."""

_NUMBERS: Mapping[str, Mapping[str, Any]] = {
    "rotation": {},
    "simclr": {"temperature": 0.5, "dimension": 128},
    "moco": {"temperature": 0.1, "dimension": 128, "key_momentum": 0.99, "queue": 4096},
    "barlow": {"redundancy": 0.005, "dimension": 512, "factor": 0.025},
}

OBJECTIVES = tuple(_NUMBERS)
"""The objectives of pre-training, by the names that the command line has for them."""


def own_width(arch: str) -> int:
    """Return how many channels the first stage of an architecture has in the paper that introduced it."""
    return _WIDTHS[arch]


def default_numbers(name: str) -> dict[str, Any]:
    """Return the numbers of an objective with their defaults.

    Raises:
        ValueError: the name is not known.

    Example:
        >>> default_numbers("simclr"), default_numbers("rotation")
        ({'temperature': 0.5, 'dimension': 128}, {})
    """
    return dict(_NUMBERS[choice("objective", name, OBJECTIVES)])


def method_facts(name: str | None) -> Method:
    """Return the facts of a method.

    Raises:
        ValueError: the name is not known.

    Example:
        >>> method_facts("drw").deferred, method_facts("drw").twin, method_facts("rs").numbers
        (True, 'ce', ('beta',))
    """
    return _METHODS[choice("method", str(name), METHODS)]


def users(number: str) -> tuple[str, ...]:
    """Return the methods that use a number.

    Example:
        >>> users("scale")
        ('ldam', 'ldam-drw')
    """
    return tuple(name for name, method in _METHODS.items() if number in method.numbers)
