import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from empirical.experiments import EXPERIMENTS
from figures import FIGURES, ResultsError, commands


def missing(results):
    raise ResultsError(f"results={str(results)!r}: must hold toy.csv; make them with: python -m toy")


READY = SimpleNamespace(draw=lambda results: Figure(figsize=(1, 1)), command=lambda results: "python -m toy")
MISSING = SimpleNamespace(draw=missing, command=missing)


@pytest.fixture
def toys(monkeypatch):
    """Two figures: one that can be drawn and one that lacks its results."""
    modules = {"toys.missing": MISSING, "toys.ready": READY}
    monkeypatch.setattr(commands, "FIGURES", {"missing": "toys.missing", "ready": "toys.ready"})
    monkeypatch.setattr(commands, "import_module", modules.__getitem__)


def test_one_figure(tmp_path, toys, capsys, exit_code):
    assert exit_code("ready", "--results", tmp_path) == 0
    written = [tmp_path / "figures" / f"ready.{kind}" for kind in ("png", "svg")]
    assert all(path.is_file() for path in written)
    assert capsys.readouterr().out.splitlines() == [str(path) for path in written]


def test_all_draws_what_there_is(tmp_path, toys, capsys, exit_code):
    assert exit_code("all", "--results", tmp_path, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["ready.png", "ready.svg"]
    [line] = capsys.readouterr().err.splitlines()
    assert line == "python -m figures: not drawn, for lack of results: missing; --verbose says what each needs"
    assert exit_code("all", "--verbose", "--results", tmp_path, "--out", tmp_path / "out") == 0
    [line] = capsys.readouterr().err.splitlines()
    assert "missing not drawn" in line
    assert "make them with: python -m toy" in line


def test_a_missing_result_asked_for_by_name(tmp_path, toys, capsys, exit_code):
    assert exit_code("missing", "--results", tmp_path, "--out", tmp_path / "out") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("argv", [(), ("nothing",), ("ready", "--dpi", "9"), ("ready", "--out")])
def test_bad_options(argv, toys, capsys, exit_code):
    assert exit_code(*argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("python -m figures: ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("out", ["file/below.html", "."])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(out, tmp_path, capsys, exit_code):
    (tmp_path / "file").touch()
    assert exit_code("report", "--results", tmp_path, "--out", tmp_path / out) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m figures: out=")
    assert os.listdir(tmp_path) == ["file"]


def test_bad_folder(tmp_path, toys, capsys, exit_code):
    (tmp_path / "file").write_text("in the way")
    assert exit_code("ready", "--results", tmp_path, "--out", tmp_path / "file") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m figures: out=")
    assert os.listdir(tmp_path) == ["file"]


def test_as_a_program(tmp_path):
    argv = [sys.executable, "-m", "figures", "pairs", "--results", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"python -m empirical run pairs --data digits --out {tmp_path}" in done.stderr


def test_the_figures():
    assert set(EXPERIMENTS) | {"examination", "theorem1"} == set(FIGURES)
