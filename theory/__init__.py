"""The theory: its formulas, derivations, exact laws, samplers and verdicts.

One module a theorem: :mod:`theory.theorem1` (the shift of an estimated boundary), :mod:`theory.theorem2` (the
Bayes boundary under imbalance, with Properties 1 and 2), :mod:`theory.theorem3` (softmax from norms and angles,
with Property 3). :mod:`theory.ledger` lists every statement with its verdict.
"""

from theory import theorem1, theorem2, theorem3

__all__ = ["__version__", "theorem1", "theorem2", "theorem3"]
__version__ = "0.1.0.dev0"
