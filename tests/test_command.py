"""The command ``tailbound``."""

import subprocess
import sys

import pytest

import tailbound
from theory import __version__
from theory.support.cli import program_name


def test_version(capsys):
    assert tailbound.main(["--version"]) == 0
    assert capsys.readouterr().out == f"tailbound {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"]])
def test_help_names_the_packages(argv, capsys):
    assert tailbound.main(argv) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name}" in shown for name in (*tailbound.PACKAGES, "examine"))
    assert max(map(len, shown.splitlines())) <= 80


def test_an_unknown_command_is_one_line(capsys):
    assert tailbound.main(["theorem"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "tailbound: command='theorem': must be theory, empirical, figures or examine\n",
    )


@pytest.mark.parametrize("name", tailbound.PACKAGES)
def test_a_package_gets_the_rest_of_the_line(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        tailbound.main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


LIGHT = """
import contextlib, io, sys
import tailbound
from empirical.__main__ import COMMANDS
from empirical.experiments import EXPERIMENTS

SLOW = {"torch", "sklearn", "scipy", "matplotlib", "pandas", "sympy"}

def run(*argv):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            code = tailbound.main(argv)
        except SystemExit as stopped:
            code = stopped.code
    return code, SLOW & set(sys.modules)
"""

HELP = """
lines = [("empirical", name) for name in COMMANDS] + [("empirical", "run", name) for name in EXPERIMENTS]
lines += [("theory", "verify"), ("theory", "results"), ("figures",)]
for line in lines:
    assert run(*line, "--help") == (0, set()), line
"""

BAD = """
out, seeds = ("--out", sys.argv[1]), ("--seeds", "-1")
train = ("train", "--data", "cifar10", *out)
lines = [(*train, option, "0") for option in ("--epochs", "--batch-size", "--imbalance", "--lr")]
lines += [(*train, option, "nope") for option in ("--method", "--arch", "--device", "--precision", "--time-budget")]
lines += [("train", *out, "--data", data) for data in ("nope", "nope.npz", "gaussian:classes=many")]
lines += [("run", name, "--profile", "smoke", *out, *seeds) for name in EXPERIMENTS if name != "pairs"]
lines += [("run", "norms", "--profile", "smoke", *out, *bad) for bad in (("--imbalance", "0"), ("--workers", "0"))]
lines += [("run", "pairs", "--data", data, *out, "--repeats", "0") for data in ("digits", "nope")]
lines += [("predict", "network-pairs", "--profile", "smoke", *out, *seeds), ("list", "--profile", "nope")]
lines += [("examine", "--run", "nope"), ("export", "--run", "nope", *out)]
lines += [("merge", name, "--results", "nope", "nope", *out) for name in EXPERIMENTS]
lines += [("examine", "--arrays", "nope.npz"), ("examine", "--checkpoint", "nope.pt"), ("bench", "--device", "nope")]
lines += [("examine", "--checkpoint", "nope.pt", "--arch", "resnet32", "--data", "nope")]
for line in lines:
    assert run("empirical", *line) == (2, set()), line
"""


@pytest.mark.parametrize("lines", [HELP, BAD], ids=["help", "bad arguments"])
def test_help_and_bad_arguments_are_answered_before_anything_slow_is_imported(lines, tmp_path):
    argv = [sys.executable, "-c", LIGHT + lines, str(tmp_path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())


def test_the_program_is_named_as_it_was_called(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/bin/tailbound"])
    assert program_name("theory") == "tailbound theory"
    monkeypatch.setattr("sys.argv", ["theory/__main__.py"])
    assert program_name("theory") == "python -m theory"


def test_every_command_of_empirical_names_the_program_that_was_called():
    """In a process of its own: names are taken when the modules are imported."""
    script = """
import sys
sys.argv = ["/bin/tailbound"]
import tailbound
commands = ("run", "merge", "list", "train", "export", "bench", "verify")
for line in ("empirical", *(f"empirical {name}" for name in commands), "examine"):
    try:
        tailbound.main([*line.split(), "--no-such-option"])
    except SystemExit as stopped:
        assert stopped.code == 2
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr
    assert len(told.splitlines()) == 9
    assert all(line.startswith("tailbound empirical") for line in told.splitlines()), told


@pytest.mark.parametrize(
    "argv",
    [
        ("theory",),
        ("theory", "verify"),
        ("empirical",),
        ("empirical", "train"),
        ("empirical", "run"),
        ("empirical", "run", "pairs"),
        ("empirical", "merge"),
        ("empirical", "list"),
        ("empirical", "verify"),
        ("empirical", "bench"),
        ("empirical", "export"),
        ("examine",),
        ("figures",),
    ],
    ids=" ".join,
)
def test_every_command_line_has_a_version(argv, capsys):
    with pytest.raises(SystemExit) as stopped:
        tailbound.main([*argv, "--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"tailbound {__version__}\n"
