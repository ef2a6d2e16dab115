"""Every option of every command, given what it cannot use: one line, exit code 2, nothing written.

The options are read off the parsers, so that a new one is tried too. Each command is called in this process; the work
itself is replaced where a value that happens to be allowed would begin it.
"""

import argparse
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import empirical.__main__ as empirical_program
import figures.__main__ as figures_program
import theory.__main__ as theory_program
from empirical.analysis.examine.array_file import open_arrays
from empirical.analysis.examine.checkpoint import read_state
from empirical.commands import train
from empirical.experiments import EXPERIMENTS
from empirical.experiments import load as load_experiment
from empirical.runtime.command_line import file, file_or_folder, folder, numeric
from empirical.sweeps.options import add_sweep_options
from figures import FIGURES
from theory import check
from theory.verdicts import certificate

LONG = "z" * 300  # longer than a file's name can be
HUGE = "1" + "0" * 31
BAD = {
    numeric: ("x", "", "nan", "inf", "-1", "0.5", HUGE, "9" * 5000),
    folder: ("", "file", "file/below", LONG, "pipe"),
    file: ("", "folder", "file/below", LONG, "pipe"),
    file_or_folder: ("", "file/below", LONG, "pipe"),
    None: ("", "x", "y" * 300),
}
"""What each kind of option is given."""

UNBOUNDED = {"seed", "data_seed", "epochs", "evaluate_every", "save_every", "steps", "rounds"}
UNBOUNDED |= {"gamma", "margin", "scale", "tau", "weight_decay", "temperature", "redundancy", "factor"}
FITTING = {"root": ("file", "file/below")}  # nothing is read from there where the data need no folder
TINY = ["--data", "gaussian:separation=4,classes=3,train=40,test=20", "--imbalance", "4", "--arch", "resnet8"]
TINY += ["--width", "4", "--batch-size", "16", "--epochs", "4", "--device", "cpu"]
ROOT = Path(__file__).parents[1]


class Begins(Exception):  # noqa: N818 - no error: all was accepted
    """The work would begin."""


class Found(Exception):  # noqa: N818
    """The parser of a command."""


@pytest.fixture(autouse=True)
def _a_place(tmp_path, monkeypatch):
    """Run in a folder that holds a file, a folder and a pipe, and offline."""
    monkeypatch.chdir(tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "file").write_text("no table\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")


def there():
    return {path: path.stat().st_size for path in Path().rglob("*")}


def parser_of(monkeypatch, call):
    """Return the parser that a command makes."""

    def parse(self, *args, **options):
        raise Found(self)

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse)
        with pytest.raises(Found) as found:
            call()
    return found.value.args[0]


def options(parser):
    return [action for action in parser._actions if action.option_strings and action.dest != "help"]


def refused(main, argv, capsys):
    """Return the one line with which a command refuses, None if it would begin."""
    before = there()
    capsys.readouterr()
    try:
        code = main([str(word) for word in argv])
    except Begins:
        return None
    except SystemExit as stopped:
        code = stopped.code
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, ""), (argv, shown)
    assert shown.err.count("\n") == 1, (argv, shown.err)
    assert len(shown.err) < 1200, argv
    assert there() == before, argv
    return shown.err


def try_all(main, base, parser, capsys, besides=()):
    """Give every option but those ``besides`` what is not for it, and nothing where it needs something."""
    for action in options(parser):
        if action.dest in besides:
            continue
        option = action.option_strings[0]
        if action.nargs == 0:
            assert "ignored explicit argument" in refused(main, [*base, f"{option}=x"], capsys)
            continue
        assert f"argument {option}: expected" in refused(main, [*base, option], capsys)
        for value in BAD[action.type if action.type in BAD else None]:
            given = [f"{option}={value}"] if action.nargs is None else [option, value]
            line = refused(main, [*base, *given], capsys)
            if line is None:
                fits = value in FITTING.get(action.dest, ()) or (value == "0.5" and action.type is numeric)
                assert fits or (value == HUGE and action.dest in UNBOUNDED), given
            else:
                assert f"argument {option}: " in line or f"{action.dest.replace('_budget', '-budget')}=" in line, line


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_option_of_every_experiment(name, capsys, monkeypatch):
    def begin(*args, **options):
        raise Begins

    experiment = load_experiment(name)
    monkeypatch.setattr(import_module(EXPERIMENTS[name]), "EXPERIMENT", replace(experiment, run=begin))
    parser, shared = argparse.ArgumentParser(), argparse.ArgumentParser()
    experiment.add_options(parser)
    add_sweep_options(shared)
    base = ["run", name, *(("--data", "digits") if name == "pairs" else ("--profile", "smoke"))]
    assert "required: --out" in refused(empirical_program.main, base, capsys)
    besides = () if name in ("pairs", "rebalance") else {action.dest for action in options(shared)}
    try_all(empirical_program.main, [*base, "--out", "folder"], parser, capsys, besides)
    for out in BAD[folder]:
        assert "out" in refused(empirical_program.main, [*base, "--out", out], capsys)


def test_every_option_of_train(capsys, monkeypatch):
    def begin(*args, **options):
        raise Begins

    monkeypatch.setattr("empirical.training.train._train", begin)
    base = ["train", *TINY, "--out", "folder"]
    for others in ((), ("--similar-fraction", "0.5"), ("--method", "ldam-drw"), ("--pretrain", "moco")):
        try_all(empirical_program.main, [*base, *others], train._parser(), capsys)


def test_every_option_of_the_other_commands(capsys, monkeypatch):
    def begin(*args, **options):
        raise Begins

    monkeypatch.setattr("empirical.benchmark.bench.measure", begin)
    monkeypatch.setattr("theory.bench.measure", begin)
    monkeypatch.setattr("theory.verdicts.report.verify_statement", begin)
    monkeypatch.setattr("empirical.commands.list.planned_runs", begin)
    monkeypatch.setattr("figures.report.collect._findings", begin)
    monkeypatch.setattr("empirical.analysis.examine.examination.examination", begin)
    np.savez("arrays.npz", logits=np.eye(2), labels=np.arange(2))
    for main, base in (
        (empirical_program.main, ["verify", "--results", "folder"]),
        (empirical_program.main, ["examine", "--arrays", "arrays.npz"]),
        (empirical_program.main, ["bench", "--quick"]),
        (empirical_program.main, ["list"]),
        (theory_program.main, ["verify"]),
        (theory_program.main, ["results"]),
        (theory_program.main, ["bench", "--quick"]),
        (figures_program.main, ["report", "--results", "folder"]),
    ):
        try_all(main, base, parser_of(monkeypatch, lambda main=main, base=base: main(base)), capsys)


PIPED = {
    "examine --arrays": (empirical_program.main, ["examine", "--arrays", "pipe"]),
    "examine --checkpoint": (
        empirical_program.main,
        ["examine", "--checkpoint", "pipe", "--arch", "resnet8", "--data", "digits"],
    ),
    "train --indices": (
        empirical_program.main,
        ["train", "--data", "digits", "--indices", "pipe", "--out", "runs"],
    ),
    "train --data": (empirical_program.main, ["train", "--data", "pipe", "--out", "runs"]),
    "which-tau --arrays": (
        empirical_program.main,
        ["run", "which-tau", "--profile", "cpu", "--arrays", "pipe", "--out", "out"],
    ),
    "verify --preregistered": (
        empirical_program.main,
        ["verify", "--results", "folder", "--preregistered", "pipe"],
    ),
    "recheck": (theory_program.main, ["recheck", "pipe"]),
    "report --results": (figures_program.main, ["report", "--results", "pipe"]),
}


@pytest.mark.parametrize("name", PIPED)
def test_a_pipe_is_refused_and_not_waited_for(name, capsys):
    main, argv = PIPED[name]
    assert "pipe" in refused(main, argv, capsys)


@pytest.mark.parametrize(
    "read",
    [partial(open_arrays, "arrays"), read_state, certificate.read, check.recheck],
    ids=["arrays", "checkpoint", "certificate", "certificate of a check"],
)
def test_a_pipe_is_refused_in_python_too(read):
    with pytest.raises(ValueError, match="pipe"):
        read(Path("pipe"))


COMMANDS = {
    theory_program.main: "theory",
    empirical_program.main: "empirical",
    figures_program.main: "figures",
}


@pytest.mark.parametrize("main", COMMANDS, ids=COMMANDS.values())
@pytest.mark.parametrize("argv", [[], [""], ["x"], ["--x"], ["-"], ["nan"], [LONG]])
def test_no_such_command(main, argv, capsys):
    assert refused(main, argv, capsys).startswith(f"python -m {COMMANDS[main]}: ")


@pytest.mark.parametrize("name", sorted({*FIGURES, "report"} - {"theorem1", "theorem2"}))
@pytest.mark.parametrize("results", ["", "nowhere", "file", LONG])
def test_no_results_to_draw(name, results, capsys):
    assert "results" in refused(figures_program.main, [name, "--results", results], capsys)


@pytest.mark.parametrize("argv", [["--results", "nowhere"], ["--results", "file"], ["--out", "file/below"]])
def test_all_figures_say_it_once(argv, capsys):
    assert refused(figures_program.main, ["all", "--results", "folder", *argv], capsys).count("not drawn") == 0


@pytest.mark.parametrize("identifier", ["", "x", "t1", "t1.shift", "T1.shift ", "nan", "9" * 5000])
def test_no_such_statement(identifier, capsys):
    line = refused(theory_program.main, ["prove", identifier], capsys)
    assert "id=" in line
    assert "must be one of T1, T1.shift, " in line


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"{}", b"NaN", b"[" * 10**5, b"9" * 5000, b"\xff\xfe"])
def test_no_certificate(content, capsys):
    Path("c.json").write_bytes(content)
    assert "FILE='c.json': must be a certificate" in refused(theory_program.main, ["recheck", "c.json"], capsys)


@pytest.mark.parametrize("path", ["", "nowhere", "folder", "file/below", LONG])
def test_no_file_to_recheck(path, capsys):
    assert "FILE" in refused(theory_program.main, ["recheck", path], capsys)


def test_one_file_for_two_things(capsys):
    argv = ["verify", "--json", "a.json", "--certificate", str(Path("a.json").absolute())]
    assert "must be another file than that of json" in refused(theory_program.main, argv, capsys)


@pytest.mark.parametrize(
    "data",
    ["", "mnist", "file", "folder", "nowhere.npz", "nowhere/pictures", "cifar10", LONG]
    + [f"gaussian:{law}" for law in ("x", "separation=x", "separation=nan", "classes=1", "classes=1000000")]
    + [f"gaussian:{law}" for law in ("train=0", "train=100000000000", "test=1,test=2")],
)
@pytest.mark.parametrize("command", [["train"], ["run", "pairs"], ["run", "rebalance", "--profile", "smoke"]])
def test_no_such_data(command, data, capsys):
    argv = [*command, "--data", data, "--root", "nowhere", "--out", "out"]
    named = ("data", data.partition(":")[2].partition("=")[0] or "data")
    line = refused(empirical_program.main, argv, capsys)
    assert any(f"{name}=" in line for name in named), line


RUN = """
import sys
from {package}.__main__ import main
sys.exit(main({argv}))
"""


def python(code, **options):
    argv = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes)


CANCEL = """
import os, signal, {module} as module
module.{work} = lambda *args: os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize(
    ("package", "module", "work", "argv"),
    [
        ("theory", "theory.verdicts.report", "verify_statement", ["verify"]),
        ("empirical", "empirical.commands.list", "planned_runs", ["list"]),
        ("figures", "figures.report", "write", ["report", "--results", "folder"]),
    ],
)
def test_ctrl_c_is_one_line(package, module, work, argv):
    with python(CANCEL.format(module=module, work=work) + RUN.format(package=package, argv=argv)) as process:
        shown = process.communicate()
    assert (process.returncode, *shown) == (130, "", f"python -m {package}: cancelled\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("end", ["2>&-", "2>/dev/full", ">/dev/full", "| true"])
def test_a_training_is_finished_whatever_becomes_of_its_output(end):
    words = shlex.join([sys.executable, "-m", "empirical", "train", *TINY, "--out", "runs"])
    shell = ["bash", "-c", f"{words} {end}; exit ${{PIPESTATUS[0]}}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(shell, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert len(list(Path("runs").glob("*/result.json"))) == 1
    assert run.returncode == 0
    assert "could not be printed" in (run.stdout + run.stderr).splitlines()[-1]
