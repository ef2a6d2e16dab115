"""Steps that tie the shipped functions to the proved formulas, in exact arithmetic at points that tell them apart.

One module a theorem. The formulas come from :mod:`theory.proofs`, so that a verdict speaks of the code that users run.
"""

from __future__ import annotations

from theory.proofs.shipped import bounds, class_counts, plugin_classes, temperature, theorem1, theorem2, theorem3

__all__ = ["bounds", "class_counts", "plugin_classes", "temperature", "theorem1", "theorem2", "theorem3"]
