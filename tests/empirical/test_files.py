import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.files import csv_text, write_whole


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
