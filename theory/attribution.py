"""Number or similarity: what of the drop in a minority's recall is due to which, by Theorem 2.

The recall ``R(M, r) = Phi(M / 2 - ln(r) / M)`` of a minority is compared with that of a balanced and dissimilar pair,
``R(M0, 1)`` with ``M0 >= M``. On the way from ``(M0, 1)`` to ``(M, r)`` either the imbalance changes first or the
separation; a part of the drop depends on the order, and the symmetric split (Shapley's value of a game of two) takes
the mean of both:

    number     = [R(M0, 1) - R(M0, r) + R(M, 1) - R(M, r)] / 2
    similarity = [R(M0, 1) - R(M, 1) + R(M0, r) - R(M, r)] / 2

Their sum is the whole drop, exactly. The part that depends on the order, ``interaction = R(M0, 1) - R(M0, r) - R(M, 1)
+ R(M, r)``, is negative where the two together cost more than each alone: imbalance costs similar classes more.

References:
    L. S. Shapley, A value for n-person games, 1953.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theory.support.validate import broadcastable, floats, refuse
from theory.theorem2 import minority_recall

__all__ = ["Attribution", "attribution", "split"]

_SEPARATION = "must hold finite numbers greater than 0"
_RATIO = "must hold finite numbers of at least 1 (the majority's prior over the minority's)"


class Attribution(NamedTuple):
    """The parts of a drop in recall, numbers or arrays."""

    number: Any
    similarity: Any
    interaction: Any

    @property
    def drop(self) -> Any:
        """The whole drop, ``number + similarity``."""
        return self.number + self.similarity

    @property
    def number_share(self) -> Any:
        """The number's part of the drop; NaN where nothing drops."""
        drop = np.asarray(self.drop, dtype=float)
        return (self.number / np.where(drop == 0, np.nan, drop))[()]


def split(start: ArrayLike, number_only: ArrayLike, similarity_only: ArrayLike, both: ArrayLike) -> Attribution:
    """Return the symmetric split of the drop from ``start`` to ``both``, whatever the recalls come from.

    Args:
        start: the recall of a balanced, dissimilar pair.
        number_only: of an imbalanced, dissimilar one.
        similarity_only: of a balanced, similar one.
        both: of an imbalanced, similar one. All finite, of shapes that broadcast.

    Raises:
        ValueError: a recall is not finite, or the shapes do not broadcast.

    Example:
        >>> parts = split(0.9, 0.7, 0.8, 0.4)
        >>> round(parts.number, 2), round(parts.similarity, 2), round(parts.interaction, 2), round(parts.drop, 2)
        (0.3, 0.2, -0.2, 0.5)
    """
    names = "start", "number_only", "similarity_only", "both"
    recalls = [
        floats(name, value) for name, value in zip(names, (start, number_only, similarity_only, both), strict=True)
    ]
    broadcastable(**dict(zip(names, recalls, strict=True)))
    a, n, s, b = (float(value) if value.ndim == 0 else value for value in recalls)
    return Attribution((a - n + s - b) / 2, (a - s + n - b) / 2, a - n - s + b)


def attribution(separation: ArrayLike, prior_ratio: ArrayLike, reference: float) -> Attribution:
    """Return the parts of ``R(M0, 1) - R(M, r)``, as above.

    Args:
        separation: ``M > 0``, any shape.
        prior_ratio: ``r >= 1``, any shape that broadcasts.
        reference: ``M0 > 0``, the separation of the dissimilar pair.

    Raises:
        ValueError: an argument lies outside its range, or the shapes do not broadcast.

    Example:
        >>> parts = attribution(2.0, 10, reference=4.0)
        >>> round(parts.number, 3), round(parts.similarity, 3), round(float(parts.number_share), 2)
        (0.228, 0.309, 0.42)
    """
    m = floats("separation", separation, _SEPARATION, above=0)
    ratio = floats("prior_ratio", prior_ratio, _RATIO, least=1)
    origin = floats("reference", reference, "must be a finite number greater than 0", above=0)
    if origin.ndim:
        refuse("reference", reference, "must be a finite number greater than 0")
    broadcastable(separation=m, prior_ratio=ratio)
    return split(
        minority_recall(origin, 1), minority_recall(origin, ratio), minority_recall(m, 1), minority_recall(m, ratio)
    )
