"""The classes of the rows of all tables."""

from dataclasses import fields

from empirical.analysis.examine.tables import TABLES
from empirical.experiments import EXPERIMENTS, load
from empirical.experiments.network_classes import Prediction


def test_rows_are_built_by_the_names_of_their_columns():
    """So that no cell can come into the column beside its own."""
    rows = [row for name in EXPERIMENTS for row in (load(name).row, *load(name).extra_rows.values())]
    rows += [Prediction, *(table.row for table in TABLES.values())]
    by_position = {f"{row.__module__}.{row.__qualname__}" for row in rows if not all(f.kw_only for f in fields(row))}
    assert by_position == set()
