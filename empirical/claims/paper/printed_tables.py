"""Is a number that the paper prints within noise of what was measured, or is it not?

A printed cell is one run of a codebase that is not public. It is *within* noise if it lies in the interval in which one
further run would lie, widened by what the codebases cannot agree on; else *outside*. Fixed beforehand:

- Table 1 is compared with the accuracy of the last epoch, in points. The spread ``s`` is that of the seeds, which here
  choose the images too, pooled over the cells of a data set, with ``f`` degrees of freedom in all. With ``n`` seeds in
  a cell and ``K`` printed cells of the data set, the printed number is within if it lies at most
  ``t(1 - alpha / (2 K), f) * s * sqrt(1 + 1 / n) + 1.5`` from the mean. The 1.5 points are what the choice of the
  subset is known to make where seeds leave it alone.
- Table 2 is compared with 100 times the standard deviation of the norms, in the same way but by logarithms, since its
  numbers spread in proportion to their size. It is widened by ``ln sqrt(C / (C - 1))``: the text does not say whether
  the C norms are a population or a sample.

Over the cells of a table and data set that the paper's own recipe would give, the chance that any is called outside is
at most ``alpha`` = 5 %, if runs are normal and spread alike. The codebases that the paper follows report the best epoch
on the test images, which is some tenths of a point more than the last: nothing is allowed for it.

Only the profile ``paper`` is the paper's scale; cells of others are *not comparable*. One run has no spread, and its
cell is *undecided*. What one run supports is said beside the verdict: whether an accuracy lies within the range of
published numbers, those of the paper and of the codebases in :data:`empirical.printed.PEERS`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from empirical.claims.measures import norm_spread
from empirical.claims.statistics import ALPHA
from empirical.claims.tables import MissingDataError, Statistic, Table, single_value
from empirical.printed import PEERS, TABLE1, TABLE2, Cells, cell

__all__ = [
    "NOT_COMPARABLE",
    "OUTSIDE",
    "SUBSET",
    "WITHIN",
    "Cell",
    "compare",
    "counts",
    "place_in_range",
    "published_range",
    "verdict_of",
]

WITHIN, OUTSIDE = "within", "outside"
"""The verdicts on a printed cell that was measured."""

NOT_COMPARABLE = "not comparable: other scale"
"""The verdict on a cell of another profile than ``paper``."""

UNDECIDED = "undecided: fewer than two seeds"
"""The verdict on a cell that was measured without any spread."""

NOT_MEASURED = "not measured"
"""The verdict on a cell without a finished run."""

SUBSET = 1.5
"""What the choice of the subset makes, in points of accuracy."""

_PAPER = "paper"
_CLASSES = {"cifar10": 10, "cifar100": 100}


@dataclass(frozen=True)
class Cell:
    """A printed cell beside its measurement.

    Attributes:
        table: ``Table 1`` or ``Table 2``.
        profile: of the runs.
        data: the data set.
        imbalance: the column.
        method: the row.
        pretrain: what the row starts from.
        printed: the number in the text at hand.
        seeds: how many runs were measured.
        mean: over them, in Table 2 the geometric one.
        low: the least printed number that would be within noise; None without a spread.
        high: the greatest.
        verdict: one of those of this module.
        range: where an accuracy lies in the range of published numbers, in words (:func:`place_in_range`).
    """

    table: str
    profile: str
    data: str
    imbalance: float
    method: str
    pretrain: str
    printed: float
    seeds: int
    mean: float | None
    low: float | None
    high: float | None
    verdict: str
    range: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the cell as plain data, for JSON."""
        return dict(vars(self))


def compare(profiles: Mapping[str, Mapping[str, Table]]) -> list[Cell]:
    """Return every printed cell that the tables, by profile and experiment, have a place for."""
    found: list[Cell] = []
    for profile, tables in profiles.items():
        if "rebalance" in tables:
            found += _table_cells("Table 1", TABLE1, profile, tables["rebalance"], single_value("accuracy"))
        if "norms" in tables:
            found += _table_cells("Table 2", TABLE2, profile, tables["norms"], norm_spread)
    return found


def counts(cells: Sequence[Cell]) -> str:
    """Return how many of the cells have which verdict.

    Example:
        >>> counts([])
        '0 cells'
    """
    found = Counter(part.verdict for part in cells)
    return ", ".join([f"{len(cells)} cells", *(f"{number} {verdict}" for verdict, number in found.items())])


def _table_cells(title: str, printed: Cells, profile: str, table: Table, statistic: Statistic) -> Iterator[Cell]:
    logs = printed is TABLE2
    try:
        table.need("data", "imbalance", "method", "seed")
        found = {
            data: _measured_values(table, printed, data, statistic) for data in table.values("data") if data in printed
        }
    except MissingDataError:
        return
    for data, samples in found.items():
        scaled = {place: np.log(sample) if logs else np.array(sample) for place, sample in samples.items()}
        widen = math.log(_CLASSES[data] / (_CLASSES[data] - 1)) / 2 if logs else SUBSET
        family = sum(len(row) for row in printed[data].values())
        noise = _noise(list(scaled.values()), family)
        for (imbalance, method, pretrain), sample in scaled.items():
            value = cell(printed, data, imbalance, method, pretrain)
            assert value is not None  # cells without a printed number are left out above
            mean = float(sample.mean()) if len(sample) else None
            low, high = None, None
            if profile == _PAPER and mean is not None and noise is not None:
                half = noise * math.sqrt(1 + 1 / len(sample)) + widen
                low, high = (_rounded(math.exp(end) if logs else end) for end in (mean - half, mean + half))
            yield Cell(
                table=title,
                profile=profile,
                data=data,
                imbalance=imbalance,
                method=method,
                pretrain=pretrain,
                printed=value,
                seeds=len(sample),
                mean=_rounded(math.exp(mean) if logs and mean is not None else mean),
                low=low,
                high=high,
                verdict=verdict_of(profile, value, mean, low, high),
                range=place_in_range(title, profile, mean, data, imbalance, method, pretrain),
            )


def verdict_of(profile: str, printed: float, mean: float | None, low: float | None, high: float | None) -> str:
    """Return the verdict on a printed cell by what was measured.

    Example:
        >>> verdict_of("paper", 71.3, 70.9, 68.1, 73.7), verdict_of("cpu", 71.3, 38.4, None, None)
        ('within', 'not comparable: other scale')
    """
    if profile != _PAPER:
        return NOT_COMPARABLE
    if mean is None:
        return NOT_MEASURED
    if low is None or high is None:
        return UNDECIDED
    return WITHIN if low <= printed <= high else OUTSIDE


def published_range(data: str, imbalance: float, method: str, pretrain: str) -> tuple[float, float] | None:
    """Return the least and the greatest accuracy that is published for a cell of Table 1; None for fewer than two.

    Example:
        >>> published_range("cifar10", 100, "ce", "none"), published_range("cifar10", 100, "rw", "rotation")
        ((70.36, 71.95), None)
    """
    found = [cell(table, data, imbalance, method, pretrain) for table in (TABLE1, *PEERS.values())]
    values = [value for value in found if value is not None]
    return (min(values), max(values)) if len(values) > 1 else None


def place_in_range(
    table: str, profile: str, mean: float | None, data: str, imbalance: float, method: str, pretrain: str
) -> str | None:
    """Return where a measured accuracy lies in the range of published numbers; None if there is nothing to compare.

    Example:
        >>> place_in_range("Table 1", "paper", 71.0, "cifar10", 100, "ce", "none")
        'within the range of published numbers, 70.4 to 72.0'
        >>> place_in_range("Table 1", "paper", 70.0, "cifar10", 100, "ce", "none")
        '0.4 below the range of published numbers, 70.4 to 72.0'
    """
    ends = published_range(data, imbalance, method, pretrain)
    if table != "Table 1" or profile != _PAPER or mean is None or ends is None:
        return None
    low, high = ends
    off = max(low - mean, mean - high)
    where = "within" if off <= 0 else f"{off:.1f} {'below' if mean < low else 'above'}"
    return f"{where} the range of published numbers, {low:.1f} to {high:.1f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _measured_values(
    table: Table, printed: Cells, data: str, statistic: Statistic
) -> dict[tuple[Any, ...], list[float]]:
    """Return the measured numbers of each printed cell of a data set that the table has."""
    samples = {}
    for method, pretrain in printed[data]:
        start = {"pretrain": pretrain} if "pretrain" in table.columns else {}
        for imbalance in table.values("imbalance", data=data, method=method, **start):
            if cell(printed, data, imbalance, method, pretrain) is None:
                continue
            series = table.per_seed(statistic, data=data, imbalance=imbalance, method=method, **start)
            samples[imbalance, method, pretrain] = [value for value in series.values() if value is not None]
    return samples


def _noise(samples: Sequence[np.ndarray], family: int) -> float | None:
    """Return the pooled standard deviation times Student's factor for ``family`` cells; None without any spread."""
    freedom = sum(len(sample) - 1 for sample in samples if len(sample))
    squares = sum(float(((sample - sample.mean()) ** 2).sum()) for sample in samples if len(sample))
    if freedom < 1 or squares == 0:
        return None
    return float(stdtrit(freedom, 1 - ALPHA / (2 * family))) * math.sqrt(squares / freedom)
