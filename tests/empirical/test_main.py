import csv
import json
import os
import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import empirical
from empirical.__main__ import main
from theory.theorem2 import minority_recall

SMALL = ("--components", "2", "--imbalance", "1", "4", "--repeats", "2")
COLUMNS = {"data", "majority", "minority", "components", "imbalance", "n_pos", "n_neg", "balanced_accuracy"}
COLUMNS |= {"separation", "predicted", "measured", "low", "high", "repeats"}


@pytest.fixture
def npz(tmp_path):
    """Three classes of 4 x 4 pictures in a file: Gaussian, two alike and one apart."""
    rng = np.random.default_rng(0)
    arrays = {"classes": np.array(["cat", "dog", "ship"])}
    for part, n in (("train", 40), ("test", 30)):
        arrays[f"y_{part}"] = np.repeat([0, 1, 2], n)
        means = np.array([100, 120, 200])[arrays[f"y_{part}"], None, None]
        arrays[f"x_{part}"] = rng.normal(means, 40, (3 * n, 4, 4)).clip(0, 255).astype(np.uint8)
    np.savez(tmp_path / "toy.npz", **arrays)
    return tmp_path / "toy.npz"


def test_npz_run(tmp_path, npz, capsys, exit_code):
    out = tmp_path / "new" / "results"
    assert exit_code("run", "pairs", "--data", npz, *SMALL, "--out", out) == 0
    assert sorted(os.listdir(out)) == ["pairs.csv", "pairs.json"]
    with (out / "pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) >= COLUMNS
    assert {(row["majority"], row["minority"]) for row in rows} == {
        (a, b) for a in ("cat", "dog", "ship") for b in ("cat", "dog", "ship") if a != b
    }
    assert len(rows) == 3 * 2 * 2
    for row in rows:
        separation, ratio = float(row["separation"]), int(row["n_pos"]) / int(row["n_neg"])
        assert ratio == float(row["imbalance"])
        assert float(row["predicted"]) == pytest.approx(minority_recall(separation, ratio), abs=2e-6)
    apart = {frozenset((row["majority"], row["minority"])): float(row["separation"]) for row in rows}
    assert min(apart, key=apart.get) == {"cat", "dog"}

    made = json.loads((out / "pairs.json").read_text())
    assert made["arguments"] == {
        "data": "toy.npz",
        "components": [2],
        "imbalance": [1, 4],
        "repeats": 2,
        "majority": 40,
        "seed": 0,
    }
    assert made["rows"] == 12
    assert made["sha256"] == {"pairs": sha256((out / "pairs.csv").read_bytes()).hexdigest()}
    assert set(made["versions"]) == {"tailbound", "python", "numpy", "scipy", "scikit-learn"}
    assert [(part["components"], part["imbalance"]) for part in made["summary"]] == [(2, 1), (2, 4)]
    assert str(tmp_path) not in json.dumps(made)
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split()[:4] == ["components", "imbalance", "cases", "mae"]


def test_the_recorded_command_repeats_the_run(tmp_path, npz, monkeypatch, exit_code):
    assert exit_code("run", "pairs", "--data", npz, *SMALL, "--seed", 7, "--out", tmp_path / "one") == 0
    command = shlex.split(json.loads((tmp_path / "one" / "pairs.json").read_text())["command"])
    assert command[:3] == ["python", "-m", "empirical"]
    monkeypatch.chdir(npz.parent)
    assert exit_code(*command[3:], "--out", "two") == 0
    one, two = (tmp_path / name / "pairs.csv" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "digit"), "data='digit': must be digits or the path of an .npz file"),
        (("--data", "none.npz"), "data='none.npz': must be an .npz file that exists"),
        (("--components", "0"), "components=0: must be a whole number of at least 1"),
        (("--components", "2", "x"), "components='x': must be"),
        (("--components", "99"), "components=99: must be at most 64"),
        (("--components", "2", "2"), "components=[2, 2]: must be"),
        (("--imbalance", "0.5"), "imbalance=0.5: must be"),
        (("--imbalance", "nan"), "imbalance=nan: must be"),
        (("--imbalance", "many"), "imbalance='many': must be"),
        (("--imbalance", "300"), "imbalance=300: must be at most 208"),
        (("--imbalance", "1", "80"), "imbalance=80: must leave the minority 2 of 104 images"),
        (("--repeats", "0"), "repeats=0: must be"),
        (("--repeats", "1.5"), "repeats=1.5: must be"),
        (("--majority", "1000"), "majority=1000: must be at most 104"),
        (("--seed", "-1"), "seed=-1: must be"),
        (("--colour", "red"), "unrecognized arguments: --colour red"),
        (("--components",), "argument --components: expected at least one argument"),
    ],
)
def test_bad_options(tmp_path, capsys, options, message, exit_code):
    out = tmp_path / "out"
    assert exit_code("run", "pairs", "--data", "digits", "--out", out, *options) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert f"python -m empirical run pairs: {message}" in shown.err
    assert not out.exists()


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("walk",),
        ("run",),
        ("run", "nothing"),
        ("run", "pairs"),
        ("run", "pairs", "--data", "digits"),
        ("list", "x"),
    ],
)
def test_bad_commands(argv, capsys, exit_code):
    assert exit_code(*argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1


def test_bad_file_and_folder(tmp_path, npz, capsys, exit_code):
    with np.load(npz) as file:
        arrays = dict(file)
    del arrays["y_test"]
    np.savez(npz, **arrays)
    assert exit_code("run", "pairs", "--data", npz, "--out", tmp_path / "out") == 2
    assert "missing: y_test" in capsys.readouterr().err
    assert exit_code("run", "pairs", "--data", "digits", "--out", npz) == 2
    shown = capsys.readouterr().err
    assert f"out='{npz}'"[:40] in shown
    assert shown.count("\n") == 1
    assert os.listdir(tmp_path) == ["toy.npz"]


@pytest.mark.parametrize("option", ["--out", "--runs"])
@pytest.mark.parametrize("place", ["file", "file/below"])
@pytest.mark.parametrize("name", ["majority", "network-pairs"])
def test_a_file_where_a_sweep_needs_a_folder(tmp_path, capsys, name, option, place, exit_code):
    (tmp_path / "file").touch()
    folders = {"--out": tmp_path / "out", "--runs": tmp_path / "runs", option: tmp_path / place}
    options = [word for pair in folders.items() for word in pair]
    assert exit_code("run", name, "--profile", "smoke", *options) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert f"{option.removeprefix('--')}='{tmp_path}"[:30] in shown.err
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.csv"))


def test_list_and_help(capsys, exit_code):
    assert exit_code("list") == 0
    assert capsys.readouterr().out.startswith("pairs: Every pair of classes")
    for argv in (["--help"], ["run", "--help"], ["run", "pairs", "--help"]):
        assert exit_code(*argv) == 0
        assert "usage: python -m empirical" in capsys.readouterr().out


def test_as_a_program(tmp_path):
    argv = [sys.executable, "-m", "empirical", "run", "pairs", "--data", "none.npz", "--out", str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "python -m empirical run pairs: data='none.npz': must be an .npz file that exists\n"


def test_import_is_light():
    heavy = "import sys, empirical; sys.exit(bool({'torch', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", heavy], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0


def test_the_package_offers_the_few_names_that_users_need():
    assert {"Config", "examine", "load", "train", "train_many"} <= set(empirical.__all__) <= set(dir(empirical))
    for name in empirical.__all__:
        assert callable(getattr(empirical, name))
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        empirical.walk  # noqa: B018


def test_a_package_that_is_not_installed_is_named(monkeypatch, capsys):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="torch")

    monkeypatch.setattr("empirical.__main__.import_module", missing)
    with pytest.raises(SystemExit) as exit_:
        main(["train"])
    assert exit_.value.code == 2
    assert capsys.readouterr().err == (
        "python -m empirical: needs the package torch: pip install '.[empirical]' in tailbound's folder\n"
    )
