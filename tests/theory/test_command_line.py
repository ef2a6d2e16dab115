"""``python -m theory``: what it prints and writes, and how it refuses bad input."""

import dataclasses
import json
import subprocess
import sys

import pytest

from theory.__main__ import main
from theory.proofs.evidence import LEVELS, Step
from theory.verdicts import ledger, report

KEYS = {"id", "title", "summary", "place", "printed", "holds", "condition", "verdict", "evidence"}


def test_verify_writes_the_ledger(tmp_path, capsys):
    file = tmp_path / "new" / "ledger.json"
    assert main(["verify", "--json", str(file)]) == 0
    entries = json.loads(file.read_text())
    assert [e["id"] for e in entries] == [s.id for s in ledger.LEDGER]
    for entry in entries:
        assert set(entry) == KEYS
        assert entry["verdict"] in {"certified", "refuted", "undecided", "qualified"}
        assert all(e["level"] in LEVELS and e["detail"] for e in entry["evidence"])
    output = capsys.readouterr().out
    assert "T1.shift" in output
    assert "24 statements: 11 certified, 5 refuted, 8 qualified" in output
    assert [f.name for f in file.parent.iterdir()] == ["ledger.json"]


def test_a_failed_statement_gives_exit_code_one(monkeypatch, tmp_path, capsys):
    broken = dataclasses.replace(ledger.LEDGER[0], proofs=(lambda: (Step("identity", "wrong", lambda: False),),))
    monkeypatch.setattr(report, "LEDGER", (broken,))
    assert main(["verify"]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_prove_prints_the_chain(capsys):
    assert main(["prove", "T1.probability"]) == 0
    output = capsys.readouterr().out
    assert output.count("shown") >= 14
    assert "Hoeffding" in output
    assert "verdict: certified" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prove", "T9"], "python -m theory: id='T9': must be one of T1, T1.shift, "),
        (["verify", "--json", "."], "python -m theory: json='.': must name a file, not a folder"),
        (["bench", "--json", "."], "python -m theory: json='.': must name a file, not a folder"),
        (
            ["results", "--json", f"{__file__}/a"],
            f"python -m theory: json='{__file__}/a': must be a file that can be written: ",
        ),
        (["verify", "--certificate", f"{__file__}/a"], f"python -m theory: certificate='{__file__}/a': must"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["refute"], ["verify", "--yaml", "x"], ["prove"]])
def test_unknown_arguments_give_exit_code_two(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2


def test_importing_theory_loads_nothing_heavy():
    code = (
        "import sys, theory; print([m for m in ('torch', 'sympy', 'z3', 'flint', 'scipy.stats') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
