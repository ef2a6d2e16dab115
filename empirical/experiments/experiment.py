"""An experiment as one object: its options, its runs, its table, and the numbers to look at first."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from empirical.runtime.progress import Track
from empirical.sweeps.options import Plan, add_sweep_options, prepare_sweep
from empirical.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from empirical.experiments.shared.rows import TableRow

__all__ = ["Experiment", "Prepared"]

Work = TypeVar("Work")
Row = TypeVar("Row", bound="TableRow")


@dataclass(frozen=True, eq=False)
class Prepared(Generic[Work]):
    """An experiment whose options are checked: its data are known, and nothing is written.

    Attributes:
        work: what the experiment's ``run`` takes: a sweep, or its own options.
        sweep: the networks to train; None if it trains none.
        arguments: the options of the command line that repeat the run.
        provenance: what the data are; a run adds what is to be known of its predictions.
    """

    work: Work
    sweep: Sweep | None
    arguments: Mapping[str, Any]
    provenance: dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment(Generic[Work, Row]):
    """An experiment, the constant ``EXPERIMENT`` of a module of :mod:`empirical.experiments`.

    Attributes:
        name: on the command line, and of its files.
        doc: its description, the docstring of the module; the first line is the title.
        row: the class of the rows of its table.
        run: returns the table, with a row for each run, class or case; ``track`` wraps its longest loop and shows the
            progress. Further tables hang on it (:class:`empirical.experiments.shared.rows.Tables`).
        summarise: returns the few numbers to look at first, as a list of dictionaries.
        extra_rows: the classes of the rows of its further tables, by name.
        merges: the arguments in which tables to be merged may differ: ``seeds``, and lists in which no value changes
            what a row of another value holds.
        trains: whether it trains networks.
        data: the data sets of each profile, where the options name none.
        imbalance: the imbalances of each profile likewise; None if there is none to choose.
        plan: the runs of a data set, an imbalance and a seed; None where they depend on options or on the data.
        add_options: adds its options to a parser.
        setup: returns, from the parsed options, the sweep, or its own options as :class:`Prepared`; None for the sweep
            of ``plan``, ``data`` and ``imbalance``.
    """

    name: str
    doc: str | None
    row: type[Row]
    run: Callable[[Work, Track], list[Row]]
    summarise: Callable[[Sequence[Row]], list[dict[str, Any]]]
    extra_rows: Mapping[str, type[TableRow]] = field(default_factory=dict)
    merges: tuple[str, ...] = ("data", "imbalance", "seeds")
    trains: bool = True
    data: Mapping[str, tuple[str, ...]] | None = None
    imbalance: Mapping[str, tuple[float, ...]] | None = None
    plan: Plan | None = None
    add_options: Callable[[argparse.ArgumentParser], None] = add_sweep_options
    setup: Callable[[argparse.Namespace], Sweep | Prepared[Work]] | None = None

    @property
    def title(self) -> str:
        """The first line of the description."""
        return str(self.doc).partition("\n")[0]

    def prepare(self, args: argparse.Namespace) -> Prepared[Any]:
        """Return what the parsed options describe, everything checked and the data known; nothing is written.

        Raises:
            ValueError: an option is outside its range, or the data cannot be used.
        """
        if self.setup is not None:
            prepared = self.setup(args)
        else:
            assert self.plan is not None
            assert self.data is not None
            prepared = prepare_sweep(args, self.plan, self.data, self.imbalance)
        if isinstance(prepared, Sweep):
            return Prepared(work=prepared, sweep=prepared, arguments=prepared.arguments(), provenance=prepared.about)
        return prepared
