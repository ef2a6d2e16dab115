import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.storage.tables import csv_rows, csv_text, digest, write_whole


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
