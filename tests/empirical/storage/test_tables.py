import csv
import gzip
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.storage.digests import digest
from empirical.storage.tables import TableError, csv_rows, csv_text, read_table, write_whole

PUBLISHED = Path(__file__).parents[3] / "figures" / "published"


def test_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    write_whole(path, "é")
    assert path.read_bytes() == "é".encode()
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file.txt"]


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_whole(path, "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


@given(st.lists(st.tuples(st.text("ab,\"' \n", max_size=5), st.floats(0, 1), st.integers()), min_size=1))
def test_csv_reads_back(rows):
    text = csv_text({"name": a, "recall": b, "count": c} for a, b, c in rows)
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["name"], int(row["count"])) for row in back] == [(a, c) for a, _, c in rows]
    assert [float(row["recall"]) for row in back] == pytest.approx([b for _, b, _ in rows], abs=5.1e-7)


TABLE = "data,recall,run\ntoy,0.5,12e34567\nday,,0123\n"


def test_rows_are_numbers_texts_and_nothing_and_runs_are_texts(tmp_path):
    path = tmp_path / "toy.csv"
    path.write_text(TABLE)
    rows = [{"data": "toy", "recall": 0.5, "run": "12e34567"}, {"data": "day", "recall": None, "run": "0123"}]
    for made in (None, {}, {"sha256": {"other": "0"}}, {"sha256": {"toy": digest(TABLE)}}):
        assert csv_rows(path, made) == rows


def test_a_table_cut_anywhere_but_after_a_row_is_torn(tmp_path):
    path = tmp_path / "toy.csv"
    for length in range(len(TABLE)):
        path.write_text(TABLE[:length])
        if TABLE[:length].endswith("\n"):
            csv_rows(path)
        else:
            with pytest.raises(csv.Error, match="torn"):
                csv_rows(path)


@pytest.mark.parametrize("other", [TABLE.replace("0.5", "0.6"), TABLE[:27], TABLE + "a,b,c\n"])
def test_a_table_that_is_not_the_one_that_was_made_is_refused(tmp_path, other):
    path = tmp_path / "toy.csv"
    path.write_text(other)
    with pytest.raises(csv.Error, match="made|torn"):
        csv_rows(path, {"sha256": {"toy": digest(TABLE)}})


def write_results(folder, text, name="toy", **made):
    """Write a table with its JSON file."""
    (folder / f"{name}.csv").write_text(text)
    known = {"command": "run toy", "arguments": {}, "rows": text.count("\n") - 1, "further": {"map": 1}, **made}
    (folder / "toy.json").write_text(json.dumps(known))


def test_texts_stay_texts_where_they_are_asked_for(tmp_path):
    write_results(tmp_path, "class,recall,run\n007,0.5,12e3\nnan,1,1\n")
    assert read_table(tmp_path, "toy", text=["class"]).rows == [
        {"class": "007", "recall": 0.5, "run": "12e3"},
        {"class": "nan", "recall": 1, "run": "1"},
    ]


def test_a_further_table_is_read_with_the_json_of_its_experiment(tmp_path):
    write_results(tmp_path, "x,run\n2,a\n", name="toy-map")
    assert read_table(tmp_path, "toy", "map").rows == [{"x": 2, "run": "a"}]
    for key in ("tau", "nothing"):
        with pytest.raises(TableError):
            read_table(tmp_path, "toy", key)


@pytest.mark.parametrize(
    "made",
    [
        {"rows": 3},
        {"rows": None},
        {"command": None, "arguments": []},
        {"sha256": {"toy": "0"}},
        {"sha256": []},
    ],
)
def test_what_is_not_one_whole_run_is_refused(tmp_path, made):
    write_results(tmp_path, "x,run\n2,a\n", **made)
    with pytest.raises(TableError):
        read_table(tmp_path, "toy")


@pytest.mark.parametrize("file", ["toy.csv", "toy.json"])
def test_what_is_missing_or_no_text_is_refused(tmp_path, file):
    write_results(tmp_path, "x,run\n2,a\n")
    (tmp_path / file).write_bytes(b"\xff")
    with pytest.raises(TableError):
        read_table(tmp_path, "toy")
    (tmp_path / file).unlink()
    with pytest.raises(TableError):
        read_table(tmp_path, "toy")


def test_a_table_that_gzip_packed_is_read_as_before(tmp_path):
    text = "x,run\n2,a\n"
    write_results(tmp_path, text, sha256={"toy": digest(text)})
    rows = read_table(tmp_path, "toy").rows
    packed = tmp_path / "toy.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "toy.csv").read_bytes()))
    (tmp_path / "toy.csv").unlink()
    assert read_table(tmp_path, "toy").rows == rows == [{"x": 2, "run": "a"}]
    for content in (packed.read_bytes()[:-9], b"x,run\n2,a\n", gzip.compress(b"x,run\n3,a\n")):
        packed.write_bytes(content)
        with pytest.raises(TableError):
            read_table(tmp_path, "toy")
    (tmp_path / "toy.csv").write_text(text)  # what a run writes counts
    assert read_table(tmp_path, "toy").rows == rows


def test_names_stay_names(tmp_path):
    rows = [{"data": name, "accuracy": 50.0} for name in ("2024", "1e5", "nan", "inf", "=1+1", "@x", "-", "'=x")]
    (tmp_path / "t.csv").write_text(csv_text(rows))
    assert csv_rows(tmp_path / "t.csv") == rows


def test_columns_that_were_text_stay_text(tmp_path):
    rows = [{"class_name": name, "recall": 50.0} for name in ("007", "1e5", "nan", "-", "cat")]
    (tmp_path / "t.csv").write_text(csv_text(rows))
    assert csv_rows(tmp_path / "t.csv", {"text": {"t": ["class_name"]}}) == rows


def test_tables_of_version_0_1_0_are_read_under_the_names_of_now(tmp_path):
    rows = [{"data": "digits", "many": 90.0, "medium": 50.0, "few": 10.0, "run": "a"}]
    for name in ("representation", "representation-tau", "other"):
        (tmp_path / f"{name}.csv").write_text(csv_text(rows))
    now = [{"data": "digits", "first_third": 90.0, "middle_third": 50.0, "last_third": 10.0, "run": "a"}]
    assert csv_rows(tmp_path / "representation.csv") == csv_rows(tmp_path / "representation-tau.csv") == now
    assert csv_rows(tmp_path / "other.csv") == rows


def test_text_that_a_spreadsheet_would_compute_is_quoted():
    text = csv_text([{"data": "=cmd()", "method": "-x", "norms": -1.5, "epoch": "-0.25"}])
    assert text.splitlines()[1] == "'=cmd(),'-x,-1.5,-0.25"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("accuracy,run\n101,a\n", "accuracy=101: must be a number from 0 to 100"),
        ("accuracy,run\nhigh,a\n", "accuracy=high: must be a number from 0 to 100"),
        ("accuracy,run\nnan,a\n", "accuracy=nan: must be a finite number"),
        ("imbalance,run\n0.5,a\n", "imbalance=0.5: must be a number from 1 to inf"),
        ("seed,run\n-1,a\n", "seed=-1: must be a number from 0"),
        ("accuracy,run\n5,a\n5,a\n", "holds a row twice"),
    ],
)
def test_cells_out_of_range_are_refused_by_name(tmp_path, rows, message):
    (tmp_path / "t.csv").write_text(rows)
    with pytest.raises(csv.Error, match=message):
        csv_rows(tmp_path / "t.csv")


@pytest.mark.parametrize("table", sorted(PUBLISHED.rglob("*.csv*")), ids=lambda path: path.name)
def test_the_published_tables_are_read(table):
    assert csv_rows(table)
