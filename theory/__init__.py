"""The theory: its formulas, derivations, exact laws, samplers and verdicts.

One module a theorem: :mod:`theory.theorem1` (the shift of an estimated boundary), :mod:`theory.theorem2` (the
Bayes boundary under imbalance, with Properties 1 and 2), :mod:`theory.theorem3` (softmax from norms and angles,
with Property 3). :mod:`theory.ledger` lists every statement with its verdict.

:func:`check_tail_bound` judges anyone's bound on the failure probability of Theorem 1, :func:`check_probability` a
claimed bound on the probability of any event that can be simulated, and an :class:`ErrorBudget` lets many checks
share one false-alarm rate.
"""

from theory import theorem1, theorem2, theorem3
from theory.checker import BoundCheck, ErrorBudget, check_tail_bound, check_tail_bounds
from theory.sequential import check_probability

__all__ = [
    "BoundCheck",
    "ErrorBudget",
    "__version__",
    "check_probability",
    "check_tail_bound",
    "check_tail_bounds",
    "theorem1",
    "theorem2",
    "theorem3",
]
__version__ = "0.1.0.dev0"
