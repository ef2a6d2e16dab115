import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from empirical.experiments import EXPERIMENTS
from figures import FIGURES, ResultsError, commands


def missing(results):
    raise ResultsError(f"results={str(results)!r}: must hold toy.csv; make them with: python -m toy")


READY = SimpleNamespace(
    title="Ready", draw=lambda results: Figure(figsize=(1, 1)), command=lambda results: "python -m toy"
)
MISSING = SimpleNamespace(title="Missing", draw=missing, command=missing)


@pytest.fixture
def toys(monkeypatch):
    """Two figures: one that can be drawn and one that lacks its results."""
    monkeypatch.setattr(commands, "FIGURES", {"missing": MISSING, "ready": READY})


def test_one_figure_is_written_where_one_works_and_not_into_the_results(tmp_path, toys, capsys, exit_code, monkeypatch):
    results, work = tmp_path / "results", tmp_path / "work"
    for folder in (results, work):
        folder.mkdir()
    monkeypatch.chdir(work)
    assert exit_code("ready", "--results", results) == 0
    written = [Path("figures") / f"ready.{kind}" for kind in ("png", "svg", "txt")]
    assert all(path.is_file() for path in written)
    assert capsys.readouterr().out.splitlines() == [str(path) for path in written]
    assert os.listdir(results) == []


@pytest.mark.parametrize("kinds", [["pdf"], ["svg", "png", "svg"]])
def test_formats(kinds, tmp_path, toys, exit_code):
    assert exit_code("ready", "--format", *kinds, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == [f"ready.{kind}" for kind in (*sorted(set(kinds)), "txt")]


def test_the_package_is_no_place_for_figures(toys, capsys, exit_code, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    assert exit_code("ready") == 2
    assert "out='figures': must be no Python package" in capsys.readouterr().err


def test_help_explains_each_figure(capsys, exit_code):
    assert exit_code("--help") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    assert [name for name, drawing in FIGURES.items() if f"{name} {drawing.title}" not in words] == []


def test_theory_in_a_setting_of_ones_own(tmp_path, capsys, exit_code):
    own = ("--mu2", "2", "--beta", "0.2", "--n-pos", "50", "--n-neg", "5", "--format", "svg", "--out", tmp_path)
    assert exit_code("theorem1", *own) == 0
    said = " ".join((tmp_path / "theorem1.txt").read_text().split())
    assert "mu = 0, 2, sigma = 1, beta = 0.2, p = 0.8, n+ = 50, n- = 5" in said
    assert said.endswith("Data: python -m figures theorem1 --mu2 2 --beta 0.2 --n-pos 50 --n-neg 5")
    assert (
        exit_code("theorem2", "--separation", "2", "--imbalance", "1", "50", "--format", "svg", "--out", tmp_path) == 0
    )
    said = (tmp_path / "theorem2.txt").read_text()
    assert said.endswith("Data: python -m figures theorem2 --separation 2 --imbalance 1 50\n")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (("theorem1", "--beta", "2"), "beta=2: must"),
        (("theorem1", "--beta", "much"), "beta='much': must"),
        (("theorem1", "--n-pos", "0"), "n_pos=0: must"),
        (("theorem2", "--separation", "-1"), "separation="),
        (("theorem2", "--imbalance", "5"), "imbalance="),
        (("theorem2", "--mu2", "5"), "mu2=5: must be left out"),
        (("pairs", "--separation", "5"), "separation=[5]: must be left out"),
    ],
)
def test_bad_settings(argv, named, tmp_path, capsys, exit_code):
    assert exit_code(*argv, "--out", tmp_path) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m figures: {named}")
    assert os.listdir(tmp_path) == []


def test_all_draws_what_there_is(tmp_path, toys, capsys, exit_code):
    assert exit_code("all", "--results", tmp_path, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["ready.png", "ready.svg", "ready.txt"]
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


@pytest.mark.parametrize("argv", [(), ("nothing",), ("ready", "--size", "9"), ("ready", "--out")])
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


@pytest.mark.parametrize("option", [("--dpi", 100), ("--format", "png"), ("--style", "screen"), ("--verbose",)])
def test_what_a_report_does_not_know_is_refused(option, tmp_path, capsys, exit_code):
    assert exit_code("report", *option, "--results", tmp_path, "--out", tmp_path / "report.html") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m figures: {option[0].removeprefix('--')}=")
    assert line.endswith("must be left out: the report has no use for it")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "options",
    [
        ("theorem1", "--mu1", "1e308", "--mu2", "1.7e308"),
        ("theorem1", "--sigma", "1e101"),
        ("theorem2", "--imbalance", 1, "1e308"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_too_large_to_be_drawn_are_refused(options, tmp_path, capsys, exit_code):
    assert exit_code(*options, "--out", tmp_path / "out") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m figures: {options[1].removeprefix('--')}=")
    assert "1e+100" in line


def test_the_command_in_a_caption_has_all_digits():
    found = FIGURES["theorem2"].command("results", separation=[1.23456789], imbalance=[1, 1e6])
    assert found.endswith(" theorem2 --separation 1.23456789 --imbalance 1.0 1000000.0")
    found = FIGURES["theorem2"].command("results", separation=np.array([1, 2]))
    assert found.endswith(" theorem2 --separation 1 2")


@pytest.mark.parametrize("dpi", ["49", "1201", "72.5", "many"])
def test_a_resolution_out_of_range_is_refused_and_nothing_is_drawn(dpi, tmp_path, toys, capsys, exit_code):
    assert exit_code("ready", "--dpi", dpi, "--results", tmp_path, "--out", tmp_path / "out") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m figures: dpi=")
    assert line.endswith("must be a whole number of at least 50 and at most 1,200")
    assert os.listdir(tmp_path) == []


def test_a_resolution_of_ones_own(tmp_path, toys, exit_code):
    for name, dpi in (("one", 50), ("two", 100)):
        assert exit_code("ready", "--dpi", dpi, "--format", "png", "--results", tmp_path, "--out", tmp_path / name) == 0
    one, two = (Image.open(tmp_path / name / "ready.png") for name in ("one", "two"))
    assert two.size == (2 * one.width, 2 * one.height)


def test_bad_folder(tmp_path, toys, capsys, exit_code):
    (tmp_path / "file").write_text("in the way")
    assert exit_code("ready", "--results", tmp_path, "--out", tmp_path / "file") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m figures: out=")
    assert os.listdir(tmp_path) == ["file"]


def test_as_a_program(tmp_path):
    argv = [sys.executable, "-m", "figures", "pairs", "--results", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"python -m empirical run pairs --data digits --out {tmp_path}" in done.stderr


def test_the_figures():
    assert set(EXPERIMENTS) | {"examination", "theorem1", "theorem2"} <= set(FIGURES)
