"""Tables of accuracies: a row a run, and for each cell the mean and the spread over the seeds.

The tables report the last epoch. The codebases that the paper follows report the best epoch on the test images, of one
run; that number stands beside it, for comparison only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from empirical.config import Config
from empirical.experiments.shared.rows import average, grouped, percent, run_key, standard_deviation
from empirical.printed import PEERS, TABLE1, cell
from empirical.runtime.progress import Track, silent
from empirical.sweeps.sweep import Sweep, run_sweep

__all__ = ["Row", "row", "run", "summarise"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run; what it measured is None while it is not finished.

    Attributes:
        data: the data set.
        imbalance: of its class counts.
        method: of long-tailed learning.
        pretrain: what it starts from.
        seed: of everything random.
        accuracy: on the test images after the last epoch, in per cent.
        best: of the best epoch that was tested, in per cent: chosen on the test images, so too good.
        best_epoch: that epoch.
        images: to train on.
        run: the name of its folder.
    """

    key: ClassVar[tuple[str, ...]] = ("run",)
    outcome: ClassVar[tuple[str, ...]] = ("accuracy",)

    data: str
    imbalance: float
    method: str
    pretrain: str
    seed: int
    accuracy: float | None
    best: float | None
    best_epoch: int | None
    images: int | None
    run: str


def run(sweep: Sweep, track: Track = silent) -> list[Row]:
    """Train what is missing and return a row for each run."""
    return [row(config, result) for config, result in track(run_sweep(sweep), "runs")]


def row(config: Config, result: Mapping[str, Any] | None) -> Row:
    """Return the row of a run with what its ``result.json`` holds, None if it is not finished."""
    last, best = (None, None) if result is None else (result["last"], result["best"])
    return Row(
        **run_key(config, "imbalance", "method", "pretrain"),
        accuracy=None if last is None else percent(last["accuracy"]),
        best=None if best is None else percent(best["accuracy"]),
        best_epoch=None if best is None else best["epoch"],
        images=None if result is None else sum(result["counts"]),
    )


def summarise(rows: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return for each cell of the table the mean and the standard deviation over the seeds, in per cent.

    ``seeds`` counts the finished runs and ``missing`` those that are not; ``printed`` is the paper's cell and
    ``peers`` what other codebases report, both for the recipe of the profile ``paper``.

    Args:
        rows: as :class:`Row`.
        columns: what a cell is, beside data set and imbalance: columns by name, each with its values in their order.
    """

    def order(row: Any) -> tuple[Any, ...]:
        return row.data, -row.imbalance, *(values.index(getattr(row, name)) for name, values in columns.items())

    summary = []
    for _, own in grouped(rows, order):
        first, last = own[0], [row.accuracy for row in own]
        where = first.data, first.imbalance, first.method, first.pretrain
        peers = [cell(cells, *where) for cells in PEERS.values()]
        summary.append(
            {
                "data": first.data,
                "imbalance": first.imbalance,
                **{name: getattr(first, name) for name in columns},
                "seeds": len(own) - last.count(None),
                "missing": last.count(None),
                "last": average(last),
                "spread": standard_deviation(last),
                "best": average([row.best for row in own]),
                "printed": cell(TABLE1, *where),
                "peers": ", ".join(f"{value:.1f}" for value in peers if value is not None) or None,
            }
        )
    return summary
