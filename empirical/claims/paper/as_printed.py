"""Do the paper's own printed numbers bear out what its text says of them?

No training is needed: the measures of the claims are given Table 1 and Table 2 as printed, as if they were one run.
They are single numbers without spread, so that nothing is judged; what can be counted is in how many cells the
sentence holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from empirical.claims.claim import Claim
from empirical.claims.tables import MissingDataError, Table
from empirical.printed import IMBALANCES, TABLE1, TABLE2, Cells

__all__ = ["AsPrinted", "as_printed"]

_DECIMALS = 6  # of differences between numbers of one decimal, against rounding


@dataclass(frozen=True)
class AsPrinted:
    """In which of the printed cells a sentence holds.

    Attributes:
        holds: in how many.
        cells: of how many.
        against: the comparisons in which it does not hold, with their difference (0 for a tie).
    """

    holds: int
    cells: int
    against: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        """Return the count in words."""
        return f"holds in {self.holds} of {self.cells}"


def as_printed(claim: Claim) -> AsPrinted | None:
    """Return in how many cells of the printed tables a claim holds; None if they have nothing for it.

    Example:
        >>> from empirical.claims import CLAIMS
        >>> [str(as_printed(claim)) for claim in CLAIMS if claim.id == "E5.rw-rs"]
        ['holds in 5 of 8']
    """
    tables = {name: table for name, table in _tables().items() if name in claim.experiments}
    if not tables:
        return None
    try:
        parts = [(part.label, value) for part in claim.measure(tables) for value in part.values.values()]
    except MissingDataError:
        return None
    found = [(label, round(value, _DECIMALS)) for label, value in parts if value is not None]
    if not found:
        return None
    against = tuple((label, value) for label, value in found if value <= 0)
    return AsPrinted(len(found) - len(against), len(found), against)


@cache
def _tables() -> dict[str, Table]:
    accuracies = ({**where, "accuracy": value} for where, value in _printed_cells(TABLE1))
    empty = {"label": None, "images": None, "norm": None}
    spreads = ({**where, **empty, "std_100": value} for where, value in _printed_cells(TABLE2))
    return {"rebalance": Table("rebalance", tuple(accuracies)), "norms": Table("norms", tuple(spreads))}


def _printed_cells(table: Cells) -> Iterator[tuple[dict[str, Any], float]]:
    for data, rows in table.items():
        for (method, pretrain), values in rows.items():
            for imbalance, value in zip(IMBALANCES, values, strict=True):
                if value is not None:
                    place = {"data": data, "imbalance": imbalance, "method": method, "pretrain": pretrain}
                    yield {**place, "seed": 0}, value
