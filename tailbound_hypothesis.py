"""The plugin for Hypothesis: it makes ``st.from_type`` know the settings of the theorems.

Hypothesis loads this module in every project where tailbound is installed. So it has a name of its own, imports
nothing, and leaves modules of other projects alone that are called ``theory`` too.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

__all__ = ["register"]

_STRATEGIES = {"theory.theorem1": "theorem1_settings", "theory.theorem2": "theorem2_settings"}
_HOME = Path(__file__).resolve().parent


def register() -> None:
    """Register the strategies of :mod:`theory.strategies` for the ``Setting`` of each theorem that is loaded.

    Called by Hypothesis through its entry point, and by a theorem's module when it loads. The strategies are made when
    they are first asked for. ``HYPOTHESIS_NO_PLUGINS=1`` in the environment switches it off.
    """
    if "hypothesis" not in sys.modules:
        return
    from hypothesis import strategies as st

    for name, strategy in _STRATEGIES.items():
        module = sys.modules.get(name)
        if module is not None and _is_ours(module):
            st.register_type_strategy(module.Setting, _maker(strategy))


def _is_ours(module: Any) -> bool:
    """Return whether a module is tailbound's, and complete enough to be used."""
    file = getattr(module, "__file__", None)
    return file is not None and _HOME in Path(file).resolve().parents and hasattr(module, "Setting")


def _maker(strategy: str) -> Any:
    """Return the function that makes a strategy for a type when Hypothesis asks for one."""

    def make(setting: type) -> Any:
        from theory import strategies

        return getattr(strategies, strategy)()

    return make
