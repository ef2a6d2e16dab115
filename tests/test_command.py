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


HELP = """
import contextlib, io, sys
import tailbound
from empirical.__main__ import COMMANDS
from empirical.experiments import EXPERIMENTS

def loaded(heavy, *argv):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        tailbound.main([*argv, "--help"])
    return {(argv[-1], name) for name in heavy & set(sys.modules)}

slow = {"torch", "sklearn", "matplotlib", "pandas", "sympy"}
found = set()
for argv in (*(("empirical", name) for name in COMMANDS), ("theory", "verify"), ("theory", "results"), ("figures",)):
    found |= loaded(slow | {"scipy"}, *argv)
for name in EXPERIMENTS:
    found |= loaded(slow | {"scipy.stats"}, "empirical", "run", name)
sys.exit(str(sorted(found)) if found else 0)
"""


def test_help_imports_nothing_that_takes_long():
    """So that it answers at once; of the experiments some need scipy's functions, none its statistics."""
    done = subprocess.run([sys.executable, "-c", HELP], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


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
commands = ("run", "list", "train", "export", "bench", "verify")
for line in ("empirical", *(f"empirical {name}" for name in commands), "examine"):
    try:
        tailbound.main([*line.split(), "--no-such-option"])
    except SystemExit as stopped:
        assert stopped.code == 2
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr
    assert len(told.splitlines()) == 8
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
