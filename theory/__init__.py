"""The theory: its formulas, derivations, exact laws, samplers and verdicts.

One module a theorem: :mod:`theory.theorem1` (the shift of an estimated boundary), :mod:`theory.theorem2` (the
Bayes boundary under imbalance, with Properties 1 and 2), :mod:`theory.theorem3` (softmax from norms and angles,
with Property 3). :mod:`theory.verdicts.ledger` lists every statement with its verdict.

:mod:`theory.check` judges anyone's bound on a tail, confidence interval or test, on the exact laws of
:mod:`theory.laws`. :func:`check_tail_bound` judges anyone's bound on the failure probability of Theorem 1,
:func:`check_probability` a claimed bound on the probability of any event that can be simulated, and an
:class:`ErrorBudget` lets many checks share one false-alarm rate.

:func:`recalls_at` predicts the recall of every class at any class counts from balanced features,
:func:`required_counts` the counts that a recall needs, and :func:`gains_per_image` what one more image is worth.

Everything loads when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theory import theorem1, theorem2, theorem3
    from theory.class_counts import gains_per_image, recalls_at, required_counts
    from theory.verdicts.checker import BoundCheck, ErrorBudget, check_tail_bound, check_tail_bounds
    from theory.verdicts.sequential import check_probability

__all__ = [
    "BoundCheck",
    "ErrorBudget",
    "__version__",
    "check_probability",
    "check_tail_bound",
    "check_tail_bounds",
    "gains_per_image",
    "recalls_at",
    "required_counts",
    "theorem1",
    "theorem2",
    "theorem3",
]
__version__ = "0.2.0"

_HOMES = {
    "BoundCheck": "verdicts.checker",
    "ErrorBudget": "verdicts.checker",
    "check_probability": "verdicts.sequential",
    "check_tail_bound": "verdicts.checker",
    "check_tail_bounds": "verdicts.checker",
    "gains_per_image": "class_counts",
    "recalls_at": "class_counts",
    "required_counts": "class_counts",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"theory.{_HOMES[name]}"), name)
    if name.startswith("_"):
        raise AttributeError(f"module 'theory' has no attribute {name!r}")
    try:
        return import_module(f"theory.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"theory.{name}":
            raise
        raise AttributeError(f"module 'theory' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return __all__
