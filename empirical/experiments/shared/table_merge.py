"""One table of an experiment from several that were made in different places, as if it had been made in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empirical.experiments.experiment import Experiment
from empirical.experiments.shared.rows import Tables
from empirical.storage.digests import digest
from empirical.storage.prediction_record import joint_status, table_predictions, writing_time
from empirical.storage.provenance import merge_command
from empirical.storage.row_merge import Columns, Part, merge_rows
from empirical.storage.tables import TableError, csv_text, is_finished, read_table, table_bytes, table_file
from theory.support.validate import refuse

if TYPE_CHECKING:
    from empirical.experiments.shared.rows import TableRow

__all__ = ["merge_tables"]

_NUMBERS = ("runs", "missing", "seconds", "repeated")
_PART = ("command", "versions", "platform", "processor", "trained", "seconds", "rows", "sha256")


Lacking = dict[str | None, frozenset[str]]


def merge_tables(experiment: Experiment[Any, Any], folders: Sequence[Path]) -> tuple[Tables, dict[str, Any], Lacking]:
    """Return the rows of an experiment's tables in several folders, how they were made, and what none of them has.

    Args:
        experiment: the experiment.
        folders: where ``tailbound empirical run`` wrote its tables, or an earlier merge did.

    Returns:
        The rows, data classes, with the further tables; what the JSON file says before the number of rows: ``parts``
        are the tables, each with its command, versions, machine and SHA-256; and the columns that no table has, as an
        earlier version did not write them, by further table, None for the experiment's own.

    Raises:
        ValueError: a table cannot be read or does not have the experiment's columns; tables differ in an argument on
            which rows depend, in their data, or in what they say of a row.
    """
    sources = [_Source(experiment, folder) for folder in folders]
    arguments = _arguments(experiment, sources)
    rank = _rank(arguments)
    merged: dict[str | None, list[Any]] = {}
    lacking: Lacking = {}
    for extra, row in _row_classes(experiment).items():
        tables = [source.part(extra) for source in sources]
        lacking[extra] = frozenset.intersection(*(table.lacking for table in tables))
        cells = merge_rows(_columns(row), tables, rank)
        merged[extra] = [row(**own) for own in cells]
    rows = Tables(merged.pop(None), **{str(extra): own for extra, own in merged.items()})
    parts = _distinct(part for source in sources for part in source.parts)
    trained = _trained(experiment, sources, rows)
    made = {
        "command": merge_command(experiment.name, folders),
        "arguments": arguments,
        "data": {**_data(sources), **_predictions(sources, rows)},
        **{name: _common(part.get(name) for part in parts) for name in ("versions", "platform", "processor")},
        **({} if trained is None else {"trained": trained}),
        "seconds": round(sum(part.get("seconds", 0) for part in parts), 2),
        "parts": parts,
    }
    return rows, {name: value for name, value in made.items() if value is not None}, lacking


@dataclass(frozen=True, eq=False)
class _Source:
    """The tables of an experiment in a folder."""

    experiment: Experiment[Any, Any]
    folder: Path

    @cached_property
    def tables(self) -> dict[str | None, list[dict[str, Any]]]:
        """The rows of its tables, the further ones by name."""
        return {extra: rows for extra, (rows, _) in self._read.items()}

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What the JSON file holds."""
        found: dict[str, Any] = self._read[None][1]
        if not all(_is_whole(part) for part in (found, *found.get("parts", ()))):
            refuse("results", str(self.folder), f"must hold {self.experiment.name}.json as it was written")
        return found

    @cached_property
    def _read(self) -> dict[str | None, tuple[list[dict[str, Any]], dict[str, Any]]]:
        found = {}
        for extra, row in _row_classes(self.experiment).items():
            text = [column.name for column in fields(row) if "str" in str(column.type)]
            try:
                table = read_table(self.folder, self.experiment.name, extra, text=text)
            except TableError as error:
                name = self.experiment.name
                refuse(
                    "results", str(self.folder), f"must hold {name}.csv and {name}.json as they were written: {error}"
                )
            found[extra] = (table.rows, table.metadata)
        return found

    @property
    def arguments(self) -> dict[str, Any]:
        """The options that repeat it; without files of arrays it has none of them beside its data."""
        own: dict[str, Any] = self.metadata["arguments"]
        none: dict[str, Any] = {"arrays": []} if "arrays" in self.experiment.merges and "data" in own else {}
        return {**own, **{name: value for name, value in none.items() if name not in own}}

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Where it was made: itself, or what it was merged from."""
        if "parts" in self.metadata:
            return list(self.metadata["parts"])
        predictions = self.metadata.get("data", {}).get("predictions")
        own = {name: self.metadata[name] for name in _PART if name in self.metadata}
        return [own if predictions is None else {**own, "predictions": predictions}]

    @cached_property
    def measured_runs(self) -> set[str]:
        """The runs that are measured."""
        return _measured_runs(self.tables[None], self.experiment.row.outcome)

    def part(self, extra: str | None) -> Part:
        """Return the rows of a table, with empty cells for the columns that it lacks.

        Raises:
            ValueError: it has a column that there is not, or lacks one that is never empty.
        """
        row = _row_classes(self.experiment)[extra]
        columns = {column.name: str(column.type) for column in fields(row)}
        rows = self.tables[extra]
        lacking = [name for name in columns if name not in rows[0]]
        for name in rows[0]:
            if name not in columns:
                self._refuse(f"has a column {name}, and there is none in this version")
        for name in lacking:
            if "None" not in columns[name] or name in row.key or set(row.outcome) <= set(lacking):
                self._refuse(f"lacks the column {name}, which an earlier version did not write; run it again")
        for own in rows:
            for name, value in own.items():
                if value is None and "None" not in columns[name]:
                    self._refuse(f"{name} is empty in a row, and must have a value in all")
                if isinstance(value, str) and "str" not in columns[name]:
                    self._refuse(f"{name}={value!r}: must be a number, or empty")
        full = [{name: own.get(name) for name in columns} for own in rows]
        return Part(str(self.folder), full, frozenset(lacking))

    def _refuse(self, reason: str) -> None:
        raise ValueError(f"results='{self.folder}': {table_file(self.folder, self.experiment.name).name} {reason}")


def _is_whole(made: Any) -> bool:
    """Return whether what a JSON file says of a table, or of a part of it, is of the kinds that are written there."""
    kinds = {"arguments": dict, "trained": dict, "versions": dict, "seconds": int | float}
    if not isinstance(made, dict) or any(
        not isinstance(made[name], kind) for name, kind in kinds.items() if name in made
    ):
        return False
    lists = [value for value in made.get("arguments", {}).values() if isinstance(value, list)]
    if not all(isinstance(value, str | int | float) for values in lists for value in values):
        return False
    trained = made.get("trained", {}).items()
    numbers = [number for name, number in trained if name in _NUMBERS]
    counts = [part for name, part in trained if name not in _NUMBERS]
    return all(isinstance(number, int | float) for number in numbers) and all(
        isinstance(part, dict) and all(isinstance(number, int) for number in part.values()) for part in counts
    )


def _row_classes(experiment: Experiment[Any, Any]) -> dict[str | None, type[TableRow]]:
    """Return the classes of the rows of its table, and of the further ones by name."""
    classes: dict[str | None, type[TableRow]] = {None: experiment.row}
    classes.update(experiment.extra_rows.items())
    return classes


def _columns(row: type[TableRow]) -> Columns:
    return Columns(names=tuple(column.name for column in fields(row)), key=row.key, outcome=row.outcome)


def _arguments(experiment: Experiment[Any, Any], sources: Sequence[_Source]) -> dict[str, Any]:
    """Return the arguments of all tables together.

    Raises:
        ValueError: the tables differ in one in which they must agree.
    """
    first = sources[0]
    united: dict[str, Any] = {}
    for name in dict.fromkeys(name for source in sources for name in source.arguments):
        for source in sources[1:]:
            values = [own.arguments.get(name, "nothing") for own in (first, source)]
            mixable = name in experiment.merges and all(
                isinstance(own, int if name == "seeds" else list) for own in values
            )
            if values[0] != values[1] and not mixable:
                told = " and ".join(f"{own!r} in {of.folder}" for own, of in zip(values, (first, source), strict=True))
                raise ValueError(f"{name} is {told}: tables with different {name} cannot be merged")
        values = [source.arguments[name] for source in sources]
        if name == "seeds":
            united[name] = max(values)
        elif name in experiment.merges:
            united[name] = _united(values, _defaults(experiment, name, first.arguments.get("profile")))
        else:
            united[name] = values[0]
    return {name: value for name, value in united.items() if (name, value) != ("arrays", [])}


def _defaults(experiment: Experiment[Any, Any], name: str, profile: Any) -> Sequence[Any]:
    """Return the values that an argument has if nothing is said."""
    defaults = {"data": experiment.data, "imbalance": experiment.imbalance}.get(name)
    return (defaults or {}).get(str(profile), ())


def _united(lists: Sequence[list[Any]], defaults: Sequence[Any]) -> list[Any]:
    """Return all values of lists in the order of one that has all, else of the defaults, else as they come."""
    every = list(dict.fromkeys(value for values in lists for value in values))
    for values in (*lists, list(defaults)):
        if set(every) <= set(values):
            return [value for value in values if value in every]
    return every


def _rank(arguments: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], tuple[int, ...]]:
    """Return what gives a row its place: by data set, imbalance and seed, as sweeps go through them."""
    places = {
        name: {value: place for place, value in enumerate(values)}
        for name in ("data", "imbalance")
        if isinstance(values := arguments.get(name), list)
    }

    def rank(row: Mapping[str, Any]) -> tuple[int, ...]:
        seed = row.get("seed")
        return *(place.get(row.get(name), -1) for name, place in places.items()), -1 if seed is None else int(seed)

    return rank


def _data(sources: Sequence[_Source]) -> dict[str, Any]:
    """Return what the data are.

    Raises:
        ValueError: tables have different data of the same name.
    """
    found: dict[str, tuple[Any, Path]] = {}
    for source in sources:
        for name, about in source.metadata.get("data", {}).items():
            if name == "predictions":
                continue
            known, where = found.setdefault(name, (about, source.folder))
            dictionaries = isinstance(known, dict) and isinstance(about, dict)
            shared = known.keys() & about.keys() if dictionaries else ()
            if known != about and not (dictionaries and all(known[key] == about[key] for key in shared)):
                raise ValueError(f"data: {name} of {source.folder} is not {name} of {where}: other images or classes")
            if dictionaries:
                found[name] = ({**about, **known}, where)
    return {name: about for name, (about, _) in found.items()}


def _predictions(sources: Sequence[_Source], rows: Tables) -> dict[str, Any]:
    """Return what a table says of its predictions: that of all parts if they agree, else the least of what they say.

    A part that has measured nothing of the table says nothing.
    """
    speaking = [source for source in sources if source.measured_runs] or list(sources)
    found = [source.metadata.get("data", {}).get("predictions") for source in speaking]
    first = next((part for part in found if part is not None), None)
    if first is None:
        return {}
    text = csv_text(map(vars, rows))
    whole = [part for part in found if isinstance(part, dict) and {"sha256", "columns", "where"} <= part.keys()]
    if all(part == first for part in found) and (not whole or digest(_predicted(text, first)) == first["sha256"]):
        return {"predictions": first}
    if not whole or any(part["where"] != whole[0]["where"] for part in whole):
        return {}
    columns = [name for name in whole[0]["columns"] if all(name in part["columns"] for part in whole)]
    known = {"columns": columns, "where": whole[0]["where"]}
    texts = [table_bytes(table_file(source.folder, source.experiment.name)).decode() for source in speaking]
    told = [writing_time(text, source.metadata) for text, source in zip(texts, speaking, strict=True)]
    because = list(dict.fromkeys(reason for part in whole for reason in part.get("because", ())))
    own = {"sha256": digest(_predicted(text, known)), **known, "when": joint_status(told), "because": because}
    return {"predictions": own}


def _predicted(text: str, about: Mapping[str, Any]) -> str:
    """Return the text of the predictions in the text of a table."""
    return table_predictions(text, about["columns"], about["where"])


def _trained(
    experiment: Experiment[Any, Any], sources: Sequence[_Source], rows: Sequence[Any]
) -> dict[str, Any] | None:
    """Return what trained the runs, all tables together.

    A table all of whose runs another one has adds nothing. ``repeated`` are runs that several others have: they count
    in each.
    """
    counting: list[_Source] = []
    for source in sorted(
        (own for own in sources if "trained" in own.metadata), key=lambda own: -len(own.measured_runs)
    ):
        more = source.measured_runs - set().union(*(own.measured_runs for own in counting))
        if more or not counting:
            counting.append(source)
    if not counting:
        return None
    outcome = experiment.row.outcome
    missing = _missing_runs([vars(row) for row in rows], outcome)
    counted = [source.metadata["trained"] for source in counting]
    if len(counted) == 1 and missing == _missing_runs(counting[0].tables[None], outcome):
        return dict(counted[0])
    runs = [run for source in counting for run in source.measured_runs]
    repeated = len(runs) - len(set(runs)) + sum(part.get("repeated", 0) for part in counted)
    total: dict[str, Any] = {
        "runs": sum(part.get("runs", 0) for part in counted),
        "missing": len(missing),
        "seconds": round(sum(part.get("seconds", 0) for part in counted), 1),
    }
    if repeated:
        total["repeated"] = repeated
    for name in dict.fromkeys(name for part in counted for name in part if name not in _NUMBERS):
        total[name] = dict(sum((Counter(part.get(name, {})) for part in counted), Counter()))
    return total


def _missing_runs(rows: Sequence[Mapping[str, Any]], outcome: Sequence[str]) -> set[str]:
    """Return the runs that are not measured."""
    return {row["run"] for row in rows if "run" in row} - _measured_runs(rows, outcome)


def _measured_runs(rows: Sequence[Mapping[str, Any]], outcome: Sequence[str]) -> set[str]:
    """Return the runs that are measured."""
    return {row["run"] for row in rows if "run" in row and is_finished(row, outcome)}


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the values, each once."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _common(values: Iterable[Any]) -> Any:
    """Return the versions, or the machine, of all parts: what they agree on, or all that they say."""
    known = _distinct(value for value in values if value is not None)
    if len(known) < 2:
        return known[0] if known else None
    if all(isinstance(value, dict) for value in known):
        names = dict.fromkeys(name for value in known for name in value)
        return {name: _common(value.get(name) for value in known) for name in names}
    return "; ".join(map(str, known))
