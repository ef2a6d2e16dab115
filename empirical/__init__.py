"""Theory against data: real images, trained classifiers, and what they measure.

``tailbound empirical list`` names the experiments, ``run NAME`` runs one and ``train`` trains one network. The rooms
in the order in which each may import those before it: :mod:`empirical.config` (what a run is), ``runtime`` (devices,
processes), ``data``, ``storage`` (run folders, tables), ``training``, ``sweeps`` and ``analysis``, ``benchmark``,
``experiments``, ``claims`` (what the tables say), ``commands``. All of them may import :mod:`theory`.

In Python: :class:`empirical.Config` describes a run, :func:`empirical.load` returns a data set,
:func:`empirical.train` trains a run, :func:`empirical.train_many` several side by side, and :func:`empirical.examine`
returns what theory says of a network that anybody trained, whose arrays :func:`empirical.collect` gets out of a
torch module. They are imported at their first use, so that
``import empirical`` loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirical.analysis.examine.examination import Examination, examine
    from empirical.analysis.examine.torch_module import collect
    from empirical.config import Config
    from empirical.data.load import load
    from empirical.sweeps.train_many import train_many
    from empirical.training.train import train

__all__ = ["Config", "Examination", "collect", "examine", "load", "train", "train_many"]

_HOMES = {
    "Config": "empirical.config",
    "Examination": "empirical.analysis.examine.examination",
    "collect": "empirical.analysis.examine.torch_module",
    "examine": "empirical.analysis.examine.examination",
    "load": "empirical.data.load",
    "train": "empirical.training.train",
    "train_many": "empirical.sweeps.train_many",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """Return the public names too."""
    return sorted({*globals(), *__all__})
