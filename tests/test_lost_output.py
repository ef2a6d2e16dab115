"""Output that cannot be printed never decides over the work: a full disk, a closed output, a reader that has gone."""

import errno
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import empirical.__main__ as empirical_program
import figures.__main__ as figures_program
import theory.__main__ as theory_program
from theory.verdicts import report

ROOT = Path(__file__).parents[1]
TINY = [
    "--data",
    "gaussian:separation=4,classes=3,train=40,test=20",
    "--imbalance",
    "4",
    "--arch",
    "resnet8",
    "--width",
    "4",
]
TINY += ["--batch-size", "16", "--epochs", "4", "--device", "cpu", "--out", "runs"]
PROGRAM = """
import os, sys
from pathlib import Path
from theory.support.cli import record_output, program

@program("name")
def main():
    print("first", file=sys.stderr, flush=True)
    print("second", flush=True)
    print("number", os.open(os.devnull, os.O_RDONLY) > 2, file=open("numbers", "w"), flush=True)
    if {kept}:
        record_output(Path("file.json"))
    print("third")
    return 0

sys.exit(main())
"""


class Lost(io.StringIO):
    """An output that cannot be written."""

    def __init__(self, number):
        """Fail with an error number."""
        super().__init__()
        self.number = number

    def write(self, text):
        """Fail."""
        raise OSError(self.number, os.strerror(self.number))


@pytest.fixture(autouse=True)
def _a_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "LEDGER", report.LEDGER[:1])
    monkeypatch.setattr(report, "RESULTS", ())
    monkeypatch.setattr("figures.report.write", lambda results, out: out.write_text("report"))
    monkeypatch.setattr("empirical.benchmark.bench.measure", lambda plan, told: None)
    nothing = {"candidates": {}, "ratios": {}, "reference": "", "busy_cost": None, "together": {}}
    monkeypatch.setattr("empirical.benchmark.bench.report", lambda found: nothing)
    rng = np.random.default_rng(np.random.SeedSequence(0))
    labels = np.tile([0, 1], 40)
    np.savez("arrays.npz", features=rng.normal(size=(80, 2)) + labels[:, None], labels=labels)
    Path("results").mkdir()


CLASSES = ["network-classes", "--arrays", "arrays.npz", "--classifiers", "lda", "--imbalance", "2", "--seeds", "1"]
WORK = [
    (theory_program, ["verify", "--json", "kept.json"], "kept.json"),
    (theory_program, ["verify", "--certificate", "kept.json"], "kept.json"),
    (figures_program, ["theorem1", "--format", "svg", "--out", "kept"], "kept"),
    (figures_program, ["report", "--results", "results", "--out", "kept.html"], "kept.html"),
    (empirical_program, ["run", *CLASSES, "--profile", "smoke", "--out", "out"], "out/network-classes.json"),
    (empirical_program, ["predict", *CLASSES, "--profile", "smoke", "--out", "out"], "preregistration.json"),
    (empirical_program, ["verify", "--results", "results", "--json", "kept.json"], "kept.json"),
    (empirical_program, ["bench", "--json", "kept.json"], "kept.json"),
    (empirical_program, ["examine", "--arrays", "arrays.npz", "--out", "out"], "examination.html"),
    (empirical_program, ["train", *TINY], "result.json"),
]


@pytest.mark.parametrize(("package", "argv", "kept"), WORK)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE])
def test_finished_work_is_no_failure(package, argv, kept, number, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Lost(number))
    assert package.main(argv) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"the result could not be printed: {os.strerror(number)}; it is in " in last
    named = Path(last.rpartition("it is in ")[2])
    assert named.exists()
    assert str(named).endswith(kept)


@pytest.mark.parametrize(
    ("kept", "end", "code", "told"),
    [
        (True, ">/dev/full", 0, "the result could not be printed: No space left on device; it is in file.json"),
        (True, ">&-", 0, "the result could not be printed: it is closed; it is in file.json"),
        (True, ">&- 2>&-", 0, ""),
        (True, "2>&-", 0, "1 lines of messages could not be printed: it is closed"),
        (True, "2>/dev/full", 0, "1 lines of messages could not be printed: No space left on device"),
        (False, "2>/dev/full", 0, "1 lines of messages could not be printed: No space left on device"),
        (False, ">/dev/full", 1, "the output cannot be written: No space left on device"),
        (False, ">&-", 1, "the output cannot be written: it is closed"),
        (False, ">/dev/full 2>/dev/full", 1, ""),
    ],
)
def test_streams_of_a_program(kept, end, code, told):
    if "full" in end and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    run = _run(f"{shlex.join([sys.executable, '-c', PROGRAM.format(kept=kept)])} {end}")
    assert run.returncode == code
    assert (run.stdout + run.stderr).splitlines()[-1:] == ([f"name: {told}"] if told else [])
    assert Path("numbers").read_text() == "number True\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_reader_that_has_gone(kept, unbuffered):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as pipe:
        run = _run(shlex.join([sys.executable, "-c", PROGRAM.format(kept=kept)]), pipe, PYTHONUNBUFFERED=unbuffered)
    assert run.returncode == 0
    told = ["name: the result could not be printed: Broken pipe; it is in file.json"] if kept else []
    assert run.stderr.splitlines() == ["first", *told]


def test_names_of_files_are_shown_where_the_encoding_lacks_their_letters():
    code = "from theory.support.cli import program; import sys\n"
    code += "program('name')(lambda: [print(sys.argv[1], chr(233), file=f) for f in (sys.stdout, sys.stderr)] and 0)()"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    run = _run(shlex.join([sys.executable, "-c", code, "d\u00e4ten"]), **plain)
    assert (run.stdout, run.stderr) == ("d\u00e4ten \\xe9\n", "d\u00e4ten \\xe9\n")


def _run(command, stdout=subprocess.PIPE, **environment):
    return subprocess.run(
        ["bash", "-c", command],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
        check=False,
    )
