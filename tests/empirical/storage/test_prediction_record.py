"""Predictions beside the runs that they speak of: the record only grows, and each way to cheat is caught."""

import csv
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from empirical.storage.digests import digest
from empirical.storage.prediction_record import (
    AFTER,
    NO_RECORD,
    PREDICTED,
    Changed,
    PredictionRecord,
    preregistration,
    read_preregistration,
    table_predictions,
    writing_time,
)
from empirical.storage.tables import csv_text, table_bytes, table_file

ROWS = [{"pair": "cat, dog", "recall": 0.25, "run": "one"}, {"pair": "cat, ship", "recall": 1 / 3, "run": "two"}]
OTHER = [ROWS[0], {**ROWS[1], "recall": 0.4}]
OF = {"one", "two"}


def record(runs):
    return PredictionRecord(runs, "toy", ("recall",))


def train(runs, name, seconds=0.0, content="", age=0.0):
    """Leave a finished run that is ``age`` seconds old."""
    folder = runs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    path = folder / "result.json"
    path.write_text(json.dumps({"seconds": seconds, "content": content}))
    os.utime(path, times=(time.time() - age,) * 2)


def predicted(runs, rows=ROWS):
    """Predict, train what is missing, and return what the table says."""
    made = record(runs).write(rows, OF)
    for name in OF:
        if not (runs / name).exists():
            train(runs, name)
    return record(runs).compare(made, OF)


def test_what_is_written_before_the_runs_is_predicted(tmp_path):
    made = predicted(tmp_path)
    table = tmp_path / made["file"]
    assert made["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    with table.open(newline="") as file:
        assert [row["pair"] for row in csv.DictReader(file)] == ["cat, dog", "cat, ship"]
    assert (made["when"], made["because"]) == (PREDICTED, [])
    before = (tmp_path / "predictions" / "toy.jsonl").read_bytes()
    assert predicted(tmp_path) == made  # from whatever folder of results
    assert (tmp_path / "predictions" / "toy.jsonl").read_bytes() == before


def test_more_cases_are_predicted_as_long_as_their_runs_are_not_there(tmp_path):
    first = record(tmp_path).write(ROWS[:1], {"one"})
    train(tmp_path, "one")
    assert record(tmp_path).compare(first, {"one"})["when"] == PREDICTED
    assert predicted(tmp_path)["when"] == PREDICTED
    assert len((tmp_path / "predictions" / "toy.jsonl").read_text().splitlines()) == 4


def test_predictions_after_a_run_are_told_so(tmp_path):
    train(tmp_path, "one")
    made = predicted(tmp_path)
    assert (made["when"], made["because"]) == (AFTER, ["run one was begun before"])
    assert predicted(tmp_path)["when"] == AFTER


def test_a_run_that_is_begun_shows_its_history(tmp_path):
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "config.json").write_text("{}")
    assert record(tmp_path).write(ROWS, OF)["because"] == ["run two was begun before"]


def test_other_predictions_of_the_same_cases_are_told_so(tmp_path):
    """Of classifiers that leave no run behind, too."""
    assert record(tmp_path).write(ROWS, ())["when"] == PREDICTED
    made = record(tmp_path).write(OTHER, ())
    assert (made["when"], made["because"]) == (AFTER, ["something else was predicted before"])
    assert record(tmp_path).write(ROWS, ())["when"] == PREDICTED


def test_a_record_that_is_deleted_is_missed_by_the_runs_of_the_features(tmp_path):
    """Classifiers on frozen features leave no run behind, so that nothing else tells that they were seen before."""
    train(tmp_path, "one")
    assert record(tmp_path).write(ROWS, ())["when"] == PREDICTED
    assert record(tmp_path).write(ROWS, ())["when"] == PREDICTED
    shutil.rmtree(tmp_path / "predictions")
    made = record(tmp_path).write(OTHER, ())
    assert made["because"] == ["run one was predicted from before, in a record that is not here"]
    assert record(tmp_path).compare(made, ())["when"] == AFTER
    other = PredictionRecord(tmp_path, "another experiment", ("recall",))
    assert other.write(OTHER, ())["when"] == PREDICTED


def test_runs_that_are_predicted_are_not_marked(tmp_path):
    predicted(tmp_path)
    assert not list(tmp_path.glob("*/predicted-*"))


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("edit", ["gone", '"kind"', '"sha256"', '"written"', '"results"', '"previous"', '"hash"'])
def test_a_line_that_is_edited_or_gone_is_refused(tmp_path, number, edit):
    predicted(tmp_path)
    record(tmp_path).write(OTHER, OF)
    path = tmp_path / "predictions" / "toy.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    if edit == "gone":
        del lines[number]
    elif edit in lines[number]:
        at = lines[number].index(edit) + len(edit) + 3
        lines[number] = lines[number][:at] + ("1" if lines[number][at] == "0" else "0") + lines[number][at + 1 :]
    else:
        return
    path.write_text("".join(lines))
    with pytest.raises(Changed, match=r"^predictions='predictions/toy\.jsonl': .*after the fact$") as raised:
        record(tmp_path).write(ROWS, OF)
    assert "\n" not in str(raised.value)


def test_without_a_record_everything_that_is_trained_came_before(tmp_path):
    predicted(tmp_path)
    path = tmp_path / "predictions" / "toy.jsonl"
    path.unlink()
    with pytest.raises(Changed, match="has lost the line of toy-"):
        predicted(tmp_path)
    for table in path.parent.glob("*.csv"):
        table.unlink()
    assert predicted(tmp_path)["when"] == AFTER


def test_a_table_that_is_altered_counts_for_nothing(tmp_path):
    made = predicted(tmp_path)
    record(tmp_path).write(OTHER, OF)
    table = tmp_path / made["file"]
    table.write_text(table.read_text().replace("0.25", "0.26"))
    assert predicted(tmp_path, OTHER)["because"][0] == f"{table.name} is gone or altered"


@pytest.mark.parametrize(("seconds", "age"), [(0.0, 3600.0), (3600.0, 0.0)])
def test_a_run_from_elsewhere_is_too_old(tmp_path, seconds, age):
    """By the time of its result, or as it took longer to train than there was time."""
    made = record(tmp_path).write(ROWS, OF)
    train(tmp_path, "one")
    train(tmp_path, "two", seconds, age=age)
    found = record(tmp_path).compare(made, OF)
    assert (found["when"], found["because"]) == (AFTER, ["run two is older by the time of its result.json"])


def test_a_run_that_is_swapped_later_is_not_the_one_that_was_compared(tmp_path):
    predicted(tmp_path)
    train(tmp_path, "two", content="luckier")
    reason = "result.json of run two is not the one that was compared first"
    found = predicted(tmp_path)
    assert (found["when"], found["because"]) == (AFTER, [reason])


def test_a_table_says_when_its_predictions_were_made(tmp_path):
    made = {"data": {"predictions": predicted(tmp_path)}}
    text = csv_text({**row, "measured": 0.5} for row in ROWS)
    assert writing_time(text, made) == PREDICTED
    assert writing_time(text.replace("0.25", "0.26"), made) == AFTER
    assert writing_time(text, {"data": {"predictions": {"sha256": "0" * 64, "written": "2026"}}}) == NO_RECORD
    assert writing_time(text, {}) == NO_RECORD


def test_a_preregistration_is_read_unaltered_or_refused(tmp_path):
    content = preregistration("toy", "run toy", predicted(tmp_path))
    path = tmp_path / "toy-preregistration.json"
    path.write_text(json.dumps(content))
    assert read_preregistration(path) == content
    text = csv_text({**row, "measured": 0.5} for row in ROWS)
    assert digest(table_predictions(text, content["columns"], content["where"])) == content["sha256"]
    for altered in ({**content, "written": "2020"}, {}, []):
        path.write_text(json.dumps(altered))
        with pytest.raises(ValueError, match=r"^preregistered=.*unaltered"):
            read_preregistration(path)


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
    table = table_bytes(table_file((published / name).parent, Path(name).name)).decode()
    rows = [row for row in csv.DictReader(table.splitlines()) if which.items() <= row.items()]
    for row in rows:
        for column in measured:  # and nothing else was added
            del row[column]
    made = json.loads((published / f"{name}.json").read_text())["data"]["predictions"]
    assert digest(csv_text(rows)) == made["sha256"]
