"""The examination as files and as text, from Python and from the command line."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

import empirical
from empirical.analysis.examine.tables import TABLES, meanings


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 40)
    weight = rng.normal(size=(3, 5))
    features = rng.normal(size=(120, 5)) + 2 * weight[labels]
    return {"features": features, "labels": labels, "weight": weight, "counts": np.array([300, 30, 3])}


@pytest.fixture(scope="module")
def found(arrays):
    return empirical.examine(**arrays)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_explained(name):
    explained = meanings(TABLES[name].row)
    assert explained
    assert all(explained.values()), explained


def test_tables_are_lists_of_rows(found):
    for name, rows in found.tables().items():
        assert {type(row) for row in rows} == {TABLES[name].row}


def test_json_and_csv_hold_the_same(found, tmp_path):
    made = json.loads(found.to_json(tmp_path / "a.json"))
    assert made == json.loads((tmp_path / "a.json").read_text())
    files = {path.stem.removeprefix("examination-"): path for path in found.to_csv(tmp_path / "tables")}
    assert files.keys() == {*found.tables(), "columns"}
    for name, table in made["tables"].items():
        rows = list(csv.DictReader(files[name].open()))
        assert len(rows) == len(table["rows"]) == len(getattr(found, name))
        assert set(rows[0]) == set(table["columns"])
    explained = list(csv.DictReader(files["columns"].open()))
    assert {row["table"] for row in explained} == {*found.tables()}


def test_it_fits_a_screen(found):
    lines = repr(found).splitlines()
    assert lines[0] == "Examination: 3 classes, 120 held-out images, 5 features, imbalance 100"
    assert len(lines) <= 50


def test_it_is_frozen(found):
    with pytest.raises(AttributeError):
        found.accuracy = ()


def test_arrays_need_no_torch():
    """With what ``pip install tailbound`` brings."""
    code = (
        "import sys, empirical\n"
        "print(empirical.examine(logits=[[1.0, 0], [0, 1]], labels=[0, 1]).accuracy[0].accuracy)\n"
        "print({'torch', 'torchvision', 'sklearn', 'threadpoolctl'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "100.0\nset()\n"), done.stderr


class TestCommand:
    @pytest.fixture
    def file(self, arrays, tmp_path):
        np.savez(tmp_path / "arrays.npz", **arrays, further=np.zeros(1))
        return tmp_path / "arrays.npz"

    def test_arrays(self, file, found, exit_code, tmp_path, capsys):
        out = tmp_path / "out"
        assert exit_code("examine", "--arrays", file, "--out", out) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("Examination: 3 classes")
        made = json.loads((out / "examination.json").read_text())
        assert made["tables"] == json.loads(found.to_json())["tables"]
        assert made["about"]["source"] == "arrays.npz"
        assert made["about"]["command"] == f"python -m empirical examine --arrays {file} --out {out}"
        assert (out / "examination.html").read_text().startswith("<!DOCTYPE html>")

    def test_counts_and_names_of_the_command_line(self, file, exit_code, capsys):
        names = ["--class-names", "cat", "dog", "frog"]
        assert exit_code("examine", "--arrays", file, "--counts", 50, 5, 2, *names) == 0
        shown = capsys.readouterr().out
        assert "imbalance 25" in shown
        assert "frog (2 training images)" in shown

    @pytest.mark.parametrize(
        ("options", "line"),
        [
            ([], "--arrays"),
            (["--arrays", "nowhere.npz"], "arrays='nowhere.npz': must be"),
            (["--arrays", "FILE", "--counts", "5", "x", "2"], "counts="),
            (["--arrays", "FILE", "--counts", "5", "2"], "counts=2: must be of as many classes"),
            (["--arrays", "FILE", "--seed", "x"], "seed='x'"),
            (["--arrays", "FILE", "--out", "FILE"], "out="),
        ],
    )
    def test_bad_input(self, file, options, line, exit_code, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        before = sorted(tmp_path.iterdir())
        words = [file if word == "FILE" else word for word in options]
        assert exit_code("examine", *words) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert line in shown.err
        assert sorted(tmp_path.iterdir()) == before
