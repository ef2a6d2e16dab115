"""Predictions that cannot be changed once they are written."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from empirical.storage.prediction_record import Changed, record
from empirical.storage.tables import csv_text, digest

ROWS = [{"pair": "cat, dog", "recall": 0.25}, {"pair": "cat, ship", "recall": 1 / 3}]


def test_they_are_written_once(tmp_path):
    made = record(tmp_path, "toy", ROWS)
    table = tmp_path / "toy-predictions.csv"
    assert made["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert made == json.loads((tmp_path / "toy-predictions.json").read_text())
    with table.open(newline="") as file:
        assert [row["pair"] for row in csv.DictReader(file)] == ["cat, dog", "cat, ship"]
    before = table.stat().st_mtime_ns
    assert record(tmp_path, "toy", ROWS) == made
    assert table.stat().st_mtime_ns == before


def test_others_are_refused(tmp_path):
    made = record(tmp_path, "toy", ROWS)
    other = [ROWS[0], {**ROWS[1], "recall": 0.4}]
    with pytest.raises(
        Changed, match=rf"^predictions='toy-predictions.csv': differs in line 3, written {made['written'][:4]}"
    ):
        record(tmp_path, "toy", other)
    with pytest.raises(Changed, match="differs in line 3"):
        record(tmp_path, "toy", ROWS[:1])
    assert record(tmp_path, "toy", ROWS) == made


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("content", [None, "", "{}", "pair,recall\n"])
def test_what_was_tampered_with_is_refused(tmp_path, kind, content):
    record(tmp_path, "toy", ROWS)
    path = tmp_path / f"toy-predictions.{kind}"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(Changed, match=r"^predictions=.*to predict anew") as raised:
        record(tmp_path, "toy", ROWS)
    assert "\n" not in str(raised.value)


def test_a_hash_that_is_not_the_file_s_is_refused(tmp_path):
    note = tmp_path / "toy-predictions.json"
    made = record(tmp_path, "toy", ROWS)
    note.write_text(json.dumps({**made, "sha256": "0" * 64}))
    with pytest.raises(Changed):
        record(tmp_path, "toy", ROWS)


@pytest.mark.parametrize(
    ("name", "measured", "which"),
    [
        ("cifar10/network-pairs", ("measured", "low", "high"), {}),
        ("cifar100/similarity-or-number", ("measured", "low", "high"), {}),
        ("cifar10/corrections", ("measured", "moved", "recall"), {"level": "networks"}),
    ],
)
def test_the_published_tables_hold_what_was_predicted(name, measured, which):
    published = Path(__file__).parents[3] / "figures" / "published"
    with (published / f"{name}.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if which.items() <= row.items()]
    for row in rows:
        for column in measured:  # and nothing else was added
            del row[column]
    made = json.loads((published / f"{name}.json").read_text())["data"]["predictions"]
    assert digest(csv_text(rows)) == made["sha256"]
