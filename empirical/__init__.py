"""The theory against data: real images, trained classifiers, and what they measure.

``python -m empirical list`` names the experiments and ``python -m empirical run NAME`` runs one; each is a module of
:mod:`empirical.experiments`. ``python -m empirical train`` trains one network, and goes on with it after an
interruption. Tensors flow from :mod:`empirical.data.load` (images and labels) through :mod:`empirical.data.longtail`
(imbalanced subsets), :mod:`empirical.data.mixing` (mixed samples), :mod:`empirical.training.networks`,
:mod:`empirical.training.losses` and :mod:`empirical.training.sampling`, :mod:`empirical.training.pretrain` and
:mod:`empirical.training.train` to :mod:`empirical.training.evaluate` and :mod:`empirical.analysis.agreement`. Importing
this package loads none of them.

:func:`empirical.examine` says what the theory says of a network that anybody trained.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirical.analysis.examine.examination import Examination, examine

__all__ = ["Examination", "examine"]

_HOMES = {
    "Examination": "empirical.analysis.examine.examination",
    "examine": "empirical.analysis.examine.examination",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for from where it is at home, once it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the names, those that are not loaded yet among them."""
    return sorted({*globals(), *_HOMES})
