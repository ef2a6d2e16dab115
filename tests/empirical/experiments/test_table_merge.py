"""``tailbound empirical merge``: published tables and tables of runs that came later, as if made in one go."""

import csv
import gzip
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empirical.__main__ import main
from empirical.experiments import EXPERIMENTS, load
from empirical.experiments.shared.table_merge import _missing_runs
from empirical.storage.digests import digest
from empirical.storage.prediction_record import AFTER, NO_RECORD, writing_time
from empirical.storage.tables import csv_text, read_table, table_bytes, table_file

PUBLISHED = Path(__file__).parents[3] / "figures" / "published"
PAPER = Path(__file__).parent / "two_runs"
"""Tables of the paper's scale when two runs of the column were finished, as version 0.2.0 published them."""
SPLIT = ("rebalance", "norms", "classwise", "norm-angle", "which-tau")


@pytest.fixture
def merge(code_of, capsys):
    """Return a function that merges tables and returns the exit code and what was printed on standard error."""

    def run(name, *folders, out):
        code = code_of(main, "merge", name, "--results", *folders, "--out", out)
        return code, capsys.readouterr().err

    return run


def rewrite(folder, name, source, rows=None, extra=None, **changes):
    """Write a table of the rows, by default those of the ``source`` folder, and its JSON file with the changes."""
    made = json.loads((source / f"{name}.json").read_text())
    tables = {name: read_table(source, name).rows if rows is None else rows}
    tables |= {f"{name}-{key}": own for key, own in (extra or {}).items()}
    texts = {file: csv_text(own) for file, own in tables.items()}
    further = {key: len(own) for key, own in (extra or {}).items()}
    made |= {"rows": len(tables[name]), "sha256": {file: digest(text) for file, text in texts.items()}}
    made |= {"further": further} if further else {}
    folder.mkdir(exist_ok=True)
    for file, text in texts.items():
        (folder / f"{file}.csv").write_text(text)
    (folder / f"{name}.json").write_text(json.dumps({**made, **changes}))
    return folder


def blank_of(name, row):
    """Return the row that the run of a row would have if it were not finished."""
    blank = next(own for own in read_table(PAPER, name).rows if own[load(name).row.outcome[0]] is None)
    return {column: None if blank[column] is None else row[column] for column in row}


def without(name, rows, runs):
    """Return rows in which the runs are not finished."""
    found = {}
    for row in rows:
        lost = row["run"] in runs
        found[len(found) if not lost else row["run"]] = blank_of(name, row) if lost else row
    return list(found.values())


def later(name):
    """Return the rows of a table that has another run of a published one, made up from a finished run, and no other."""
    rows, outcome = read_table(PAPER, name).rows, load(name).row.outcome[0]
    done = next(row["run"] for row in rows if row[outcome] is not None)
    new = next(row for row in rows if row[outcome] is None)
    key = {column: value for column, value in new.items() if value is not None}
    made = [{**row, **key} for row in rows if row["run"] == done]
    others = without(name, rows, {row["run"] for row in rows})
    return [part for row in others for part in (made if row["run"] == new["run"] else [row])], made


@pytest.mark.parametrize("name", SPLIT)
def test_a_published_table_takes_up_a_run_that_came_later(name, merge, tmp_path):
    rows, outcome = read_table(PAPER, name).rows, load(name).row.outcome[0]
    others, made = later(name)
    trained = {**json.loads((PAPER / f"{name}.json").read_text())["trained"], "runs": 1, "seconds": 0.2}
    trained |= {"device": {"cuda": 1}, "precision": {"float32": 1}, "instructions": {"AVX2": 1}}
    new = rewrite(tmp_path / "new", name, PAPER, others, trained=trained, processor="another", platform="Linux x86_64")
    whole = [part for row in rows for part in (made if row["run"] == made[0]["run"] else [row])]
    for folders in ((PAPER, new), (new, PAPER)):
        assert merge(name, *folders, out=tmp_path / "out") == (0, "")
        found = read_table(tmp_path / "out", name)
        assert [{column: row[column] for column in whole[0]} for row in found.rows] == whole
        assert list(found.rows[0]) == [column.name for column in fields(load(name).row) if column.name in whole[0]]
        one = json.loads((PAPER / f"{name}.json").read_text())
        blanks = {row["run"] for row in whole if row[outcome] is None}
        told = found.metadata["trained"]
        assert (told["runs"], told["missing"], told["seconds"]) == (3, len(blanks), one["trained"]["seconds"] + 0.2)
        assert told["device"] == {"cpu": 2, "cuda": 1}
        assert told["instructions"] == {"AVX2": 1}
        assert found.metadata["arguments"] == one["arguments"]
        assert found.metadata["data"] == one["data"]
        assert found.metadata["command"].endswith(f"merge {name} --results {' '.join(part.name for part in folders)}")
        assert [part["sha256"] for part in found.metadata["parts"]] == [
            json.loads((folder / f"{name}.json").read_text())["sha256"] for folder in folders
        ]
        assert {one["processor"], "another"} == set(found.metadata["processor"].split("; "))
        assert found.metadata["versions"] == one["versions"]
        names = [column.name for column in fields(load(name).row)]
        own = [load(name).row(**{**dict.fromkeys(names), **row}) for row in found.rows]
        assert found.metadata["summary"] == json.loads(json.dumps(load(name).summarise(own)))


@pytest.mark.parametrize("name", ["rebalance", "which-tau", "similar-fraction", "representation"])
def test_a_table_merged_with_itself_is_the_same_to_the_byte(name, merge, tmp_path):
    folder = {"similar-fraction": "cifar10-readouts", "representation": "cifar10"}.get(name)
    source = PAPER if folder is None else PUBLISHED / folder
    assert merge(name, source, source, out=tmp_path)[0] == 0
    made, one = (json.loads((where / f"{name}.json").read_text()) for where in (tmp_path, source))
    assert made["sha256"] == one["sha256"]
    for key in ("arguments", "data", "trained", "rows", "versions", "processor", "seconds"):
        assert made[key] == one[key]
    assert made.get("further") == one.get("further")
    assert len(made["parts"]) == 1
    first = (tmp_path / f"{name}.json").read_bytes()
    assert merge(name, source, tmp_path, out=tmp_path)[0] == 0  # into one of its sources
    again = json.loads((tmp_path / f"{name}.json").read_text())
    assert {**again, "command": ""} == {**json.loads(first), "command": ""}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_published_sweep_split_over_machines_is_whole_again(merge, tmp_path, data):
    """By runs, of both imbalances; the arguments of a machine that has one imbalance are those of its command."""
    source = PUBLISHED / "cifar10"
    rows = read_table(source, "rebalance").rows
    runs = sorted({row["run"] for row in rows})
    lost = data.draw(st.sets(st.sampled_from(runs)))
    one = rewrite(tmp_path / "one", "rebalance", source, without("rebalance", rows, lost))
    two = rewrite(tmp_path / "two", "rebalance", source, without("rebalance", rows, set(runs) - lost))
    assert merge("rebalance", *data.draw(st.permutations([one, two])), out=tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "rebalance.csv").read_bytes() == table_bytes(table_file(source, "rebalance"))
    parts = []
    for ratio in data.draw(st.permutations([100, 10])):
        arguments = {**read_table(source, "rebalance").metadata["arguments"], "imbalance": [ratio]}
        own = [row for row in rows if row["imbalance"] == ratio]
        parts.append(rewrite(tmp_path / str(ratio), "rebalance", source, own, arguments=arguments))
    assert merge("rebalance", *parts, out=tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "rebalance.csv").read_bytes() == table_bytes(table_file(source, "rebalance"))
    assert json.loads((tmp_path / "out" / "rebalance.json").read_text())["arguments"]["imbalance"] == [100, 10]


def test_further_tables_are_merged_likewise(merge, tmp_path):
    source = PUBLISHED / "cifar10"
    tables = [read_table(source, "representation", extra).rows for extra in (None, "tau")]
    run = tables[0][0]["run"]
    key = ("data", "imbalance", "method", "pretrain", "seed", "run")

    def unfinished(row, *names):
        return {name: row[name] if name in (*key, *names) else None for name in row}

    rows = [unfinished(row, "classifier") if row["run"] == run else row for row in tables[0]]
    gone = unfinished(next(row for row in tables[1] if row["run"] == run))
    taus = [gone, *(row for row in tables[1] if row["run"] != run)]
    one = rewrite(tmp_path / "one", "representation", source, rows, {"tau": taus})
    own = [row for row in tables[1] if row["run"] == run]
    two = rewrite(tmp_path / "two", "representation", source, tables[0][:7], {"tau": own})
    for folders in ((one, two), (two, one)):
        assert merge("representation", *folders, out=tmp_path / "out")[0] == 0
        for extra, table in zip((None, "tau"), tables, strict=True):
            assert read_table(tmp_path / "out", "representation", extra).rows == table


def test_columns_that_an_earlier_version_did_not_write_are_filled_or_refused(merge, tmp_path):
    source = PUBLISHED / "cifar10-readouts"
    newer = read_table(source, "similar-fraction").rows
    late = ("adjusted", "log_odds", "auc")
    rows = [{name: value for name, value in row.items() if name not in late} for row in newer]
    older = rewrite(tmp_path / "older", "similar-fraction", source, rows)
    for folders in ((older, source), (source, older)):
        assert merge("similar-fraction", *folders, out=tmp_path / "out") == (0, "")
        assert read_table(tmp_path / "out", "similar-fraction").rows == newer
    assert merge("similar-fraction", older, older, out=tmp_path / "out") == (0, "")
    assert (
        read_table(tmp_path / "out", "similar-fraction").rows == rows
    )  # a column of empty cells would be another table
    for folder in (tmp_path / "out", older):
        assert merge("similar-fraction", folder, source, out=tmp_path / "both") == (0, "")
        assert read_table(tmp_path / "both", "similar-fraction").rows == newer
    code, said = merge("similar-fraction", PUBLISHED / "cifar10", source, out=tmp_path / "other")
    assert (code, "majority is" in said) == (2, True)  # the runs were trained anew, with other last digits
    code, said = merge("network-classes", PUBLISHED / "cifar10", PUBLISHED / "cifar10", out=tmp_path / "other")
    assert (code, "lacks the column class_name" in said, said.count("\n")) == (2, True, 1)
    rows = [{**row, "more": 1} for row in read_table(PAPER, "rebalance").rows]
    odd = rewrite(tmp_path / "odd", "rebalance", PAPER, rows)
    code, said = merge("rebalance", PAPER, odd, out=tmp_path / "other")
    assert (code, "has a column more" in said, (tmp_path / "other").exists()) == (2, True, False)


REFUSED = {
    "profile": ({"arguments": {"profile": "cpu", "data": ["cifar10"], "imbalance": [100], "seeds": 1}}, "profile is"),
    "an option": (
        {"arguments": {"profile": "paper", "data": ["cifar10"], "imbalance": [100], "seeds": 1, "x": 1}},
        "x is",
    ),
    "data": ({"data": {"cifar10": {"fingerprint": "0"}}}, "data: cifar10 of"),
    "a list that is none": ({"arguments": {"profile": "paper", "data": "cifar10"}}, "data is"),
    "a list of lists": ({"arguments": {"profile": "paper", "data": [["cifar10"]]}}, "as it was written"),
    "trained": ({"trained": {"runs": "many"}}, "as it was written"),
    "trained, a number": ({"trained": {"runs": 1, "device": 5}}, "as it was written"),
    "parts": ({"parts": ["one"]}, "as it was written"),
    "no parts": ({"parts": []}, "as it was written"),
    "arguments of a part": ({"parts": [{"command": "run", "arguments": 5}]}, "as it was written"),
    "predictions": ({"data": {"predictions": 5}}, "as it was written"),
    "columns of predictions": (
        {"data": {"predictions": {"sha256": "0", "columns": 5, "where": {}, "when": "predicted"}}},
        "as it was written",
    ),
    "where of predictions": (
        {"data": {"predictions": {"sha256": "0", "columns": ["run"], "where": ["run"], "when": "predicted"}}},
        "as it was written",
    ),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_tables_that_are_not_of_one_sweep_are_refused_in_one_line(changes, said, merge, tmp_path):
    other = rewrite(tmp_path / "other", "rebalance", PAPER, **changes)
    for folders in ((PAPER, other), (other, PAPER)):
        code, told = merge("rebalance", *folders, out=tmp_path / "out")
        assert (code, told.count("\n"), said in told) == (2, 1, True), told
        assert not (tmp_path / "out").exists()


def test_a_run_that_was_measured_twice_and_differs_is_refused(merge, tmp_path):
    rows = read_table(PAPER, "rebalance").rows
    at = next(i for i, row in enumerate(rows) if row["accuracy"] is not None)
    changed = [{**row, "accuracy": row["accuracy"] + 0.01} if i == at else row for i, row in enumerate(rows)]
    other = rewrite(tmp_path / "other", "rebalance", PAPER, changed)
    before = {path: path.read_bytes() for path in other.iterdir()}
    code, said = merge("rebalance", PAPER, other, out=other)
    values = f"accuracy is {rows[at]['accuracy']} in {PAPER} and {changed[at]['accuracy']} in {other}"
    assert (code, said.count("\n")) == (2, 1)
    assert f"{values} for run {rows[at]['run']}: the tables must agree" in said
    assert {path: path.read_bytes() for path in other.iterdir()} == before


def test_one_folder_and_torn_tables_are_refused_and_a_folder_that_cannot_be_too(merge, tmp_path):
    assert merge("rebalance", PAPER, out=tmp_path / "out")[0] == 2
    assert merge("rebalance", PAPER, tmp_path, out=tmp_path / "out")[0] == 2
    other = rewrite(tmp_path / "other", "rebalance", PAPER)
    (other / "rebalance.csv").write_bytes(table_bytes(PAPER / "rebalance.csv")[:-20])
    assert merge("rebalance", PAPER, other, out=tmp_path / "out")[0] == 2
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    code, said = merge("rebalance", PAPER, PAPER, out=tmp_path / "file")
    assert (code, "out='" in said) == (2, True)


def test_what_is_known_of_predictions_is_the_least_that_a_part_says(merge, tmp_path):
    def known(*folders):
        assert merge("network-classes", *folders, out=tmp_path / "out") == (0, "")
        found = read_table(tmp_path / "out", "network-classes")
        assert all("predictions" in part for part in found.metadata["parts"])
        return found.metadata["data"]["predictions"], writing_time(
            (tmp_path / "out" / "network-classes.csv").read_text(), found.metadata
        )

    rows = read_table(PAPER, "network-classes", text=("class_name",)).rows
    made = json.loads((PAPER / "network-classes.json").read_text())
    files = dict.fromkeys(row["run"] for row in rows)
    folders = []
    for name, when in zip(files, ("predicted", AFTER), strict=True):
        own = [row for row in rows if row["run"] == name and row["seed"] == 0]
        told = csv_text({column: row[column] for column in made["data"]["predictions"]["columns"]} for row in own)
        data = {name: made["data"][name], "predictions": {**made["data"]["predictions"], "when": when}}
        data["predictions"]["sha256"] = digest(told)
        arguments = {**made["arguments"], "arrays": [name], "seeds": 1}
        folders.append(rewrite(tmp_path / name, "network-classes", PAPER, own, data=data, arguments=arguments))
    assert known(folders[0], folders[0])[0]["line"] == made["data"]["predictions"]["line"]
    assert known(folders[0], folders[0])[1] == "predicted"
    assert known(*folders)[1] == AFTER
    other = json.loads((folders[1] / "network-classes.json").read_text())
    other["data"]["predictions"]["when"] = NO_RECORD
    (folders[1] / "network-classes.json").write_text(json.dumps(other))
    assert known(*folders)[1] == NO_RECORD
    other["data"]["predictions"]["when"] = "predicted"
    (folders[1] / "network-classes.json").write_text(json.dumps(other))
    assert known(*folders)[1] == "predicted"


def test_every_published_table_has_its_rows_told_apart_and_finished():
    for name in EXPERIMENTS:
        for file in sorted(PUBLISHED.glob(f"cifar10*/{name}.json")):
            rows, row = read_table(file.parent, name).rows, load(name).row
            keys = [tuple(own.get(column) for column in row.key) for own in rows]
            assert len(set(keys)) == len(keys), file
            assert {*row.key, *row.outcome} <= {column.name for column in fields(row)}
            if json.loads(file.read_text()).get("trained", {}).get("missing", 0) == 0:
                assert all(any(own.get(name) is not None for name in row.outcome) for own in rows), file


def test_merging_imports_no_torch(tmp_path):
    script = f"""
import sys
from empirical.__main__ import main
assert main(["merge", "rebalance", "--results", {str(PAPER)!r}, {str(PAPER)!r}, "--out", {str(tmp_path)!r}]) == 0
assert not {{"torch", "sklearn", "scipy", "matplotlib"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert next(csv.reader((tmp_path / "rebalance.csv").open()))[0] == "data"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ({"data": None}, "data is empty in a row"),
        ({"run": None}, "run is empty in a row"),
        ({"accuracy": "much"}, "must be a number"),
        ({"method": "=1+1"}, "must hold rows that this version of rebalance knows"),
    ],
)
def test_cells_that_a_row_cannot_have_are_refused_in_one_line(cell, said, merge, tmp_path):
    rows = [{**row, **cell} for row in read_table(PAPER, "rebalance").rows]
    other = rewrite(tmp_path / "other", "rebalance", PAPER, rows[:1])
    code, told = merge("rebalance", other, other, out=tmp_path / "out")
    assert (code, told.count("\n"), said in told, "results=" in told) == (2, 1, True, True), told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("file", ["rebalance.csv", "rebalance.json"])
def test_a_pipe_for_a_table_is_refused_and_not_waited_for_or_replaced(file, tmp_path):
    other = rewrite(tmp_path / "other", "rebalance", PAPER)
    (other / file).unlink()
    os.mkfifo(other / file)
    command = [sys.executable, "-m", "empirical", "merge", "rebalance", "--results", PAPER]
    for more, code in (((other, "--out", tmp_path / "out"), 2), ((PAPER, "--out", other), 1)):
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr.count("\n"), "it is a pipe or a device" in done.stderr) == (code, 1, True)
    assert (other / file).is_fifo()


def test_a_missing_table_and_a_torn_packed_one_are_refused_by_the_name_of_their_folder(
    merge, code_of, capsys, tmp_path
):
    code, told = merge("rebalance", PAPER, tmp_path, out=tmp_path / "out")
    assert (code, f"results='{tmp_path}': must hold rebalance.csv and rebalance.json" in told) == (2, True)
    other = rewrite(tmp_path / "other", "rebalance", PAPER)
    (other / "rebalance.csv.gz").write_bytes(gzip.compress((other / "rebalance.csv").read_bytes())[:-9])
    (other / "rebalance.csv").unlink()
    code, told = merge("rebalance", PAPER, other, out=tmp_path / "out")
    assert (code, told.count("rebalance.csv.gz"), "no whole gzip file" in told) == (2, 1, True)
    assert code_of(main, "verify", "--results", other) == 2
    assert "rebalance.csv.gz': must be a whole table with its rebalance.json" in capsys.readouterr().err


def test_nothing_is_half_written_where_a_folder_is_in_the_way_of_the_json_file(merge, tmp_path):
    out = rewrite(tmp_path / "out", "rebalance", PAPER, without("rebalance", read_table(PAPER, "rebalance").rows, ()))
    (out / "rebalance.json").unlink()
    (out / "rebalance.json").mkdir()
    (out / "rebalance.csv").write_text("older")
    assert merge("rebalance", PAPER, PAPER, out=out)[0] == 1
    assert (out / "rebalance.csv").read_text() == "older"
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        code, told = merge("rebalance", PAPER, PAPER, out=place)
        assert (code, told.count("\n")) == (2, 1)
        assert "out='" in told


def test_verdicts_on_a_merged_table_are_those_on_its_source_with_the_same_commands(merge, code_of, tmp_path):
    """Also where the source lacks a column: then what reads it is not measured, rather than undecided."""
    for name, folder in (("similar-fraction", "cifar10"), ("rebalance", "cifar10-paper")):
        merge(name, PUBLISHED / folder, PUBLISHED / folder, out=tmp_path / folder)
        table = table_file(PUBLISHED / folder, name)
        source = tmp_path / f"{folder}-source"
        source.mkdir()
        for file in (table, PUBLISHED / folder / f"{name}.json"):
            (source / file.name).write_bytes(file.read_bytes())
        told = []
        for results in (source, tmp_path / folder):
            assert code_of(main, "verify", "--results", results, "--json", tmp_path / "verdicts.json") == 0
            told.append(json.loads((tmp_path / "verdicts.json").read_text())["claims"])
        assert told[0] == told[1]


def test_a_run_whose_fit_was_refused_is_not_missing():
    rows = [{"run": "a", "moved": None, "fit": "refused"}, {"run": "b", "moved": None, "fit": None}]
    assert _missing_runs(rows, load("corrections").row.outcome) == {"b"}
