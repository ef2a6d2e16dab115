"""What Hypothesis runs when it is imported: it makes ``st.from_type`` know the settings of the theorems.

Kept apart from :mod:`theory.strategies`, which imports Hypothesis: whoever imports that module first would
otherwise have Hypothesis look into a half-loaded one.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["register"]

_KNOWN = {"theory.theorem1": "theorem1_settings", "theory.theorem2": "theorem2_settings"}


def register() -> None:
    """Register the strategies of :mod:`theory.strategies` for the ``Setting`` of each theorem that is loaded.

    Called through the entry point ``hypothesis``. It imports nothing: the strategies are made when they are first
    asked for. ``HYPOTHESIS_NO_PLUGINS=1`` in the environment switches it off.
    """
    if "hypothesis" not in sys.modules:
        return
    from hypothesis import strategies as st

    for module, name in _KNOWN.items():
        if module in sys.modules:
            st.register_type_strategy(sys.modules[module].Setting, _maker(name))


def _maker(name: str) -> Any:
    def make(setting: type) -> Any:
        from theory import strategies

        return getattr(strategies, name)()

    return make
