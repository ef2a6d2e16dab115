"""``python -m empirical verify``: the verdicts on tables in folders, and how to make those that are missing."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from empirical.claims import CLAIMS, CONFIRMED, FOLDERS, NOT_MEASURED, Table, findings

BY_ID = {claim.id: claim for claim in CLAIMS}
SSP = BY_ID["E5.ssp-all"]


@pytest.fixture(scope="module")
def results(tmp_path_factory, world, true, write):
    """Where the tables lie: ``rebalance`` in two folders, one data set in each, and another one of ``cpu``."""
    out = tmp_path_factory.mktemp("results")
    for data in ("cifar10", "cifar100"):
        rows = [row for row in true["rebalance"].rows if row["data"] == data]
        write(out / data, {"rebalance": Table("rebalance", tuple(rows))})
    write(out / "cifar10", {name: table for name, table in true.items() if name not in ("rebalance", "majority")})
    write(out / "cpu", {"rebalance": world(seeds=2, data=("cifar10",)).tables()["rebalance"]}, "cpu")
    return out


def test_verify(results, tmp_path, capsys, exit_code):
    folders = [results / name for name in ("cifar10", "cifar100", "cpu")]
    report = tmp_path / "new" / "claims.json"
    assert exit_code("verify", "--results", *folders, "--json", report) == 0
    shown = capsys.readouterr().out
    assert "The paper's claims, profile paper" in shown
    assert "The paper's claims, profile cpu" in shown
    assert f"RESULTS={folders[0]}\n" in shown
    assert f"python -m empirical run majority --profile cpu {FOLDERS}\n" in shown
    assert "\x1b" not in shown
    made = json.loads(report.read_text())
    by_place = {(part["id"], part["profile"]): part for part in made["claims"]}  # of the last data set
    whole = [part for part in made["claims"] if (part["id"], part["profile"]) == ("E5.ssp-all", "paper")]
    assert [part["data"] for part in whole] == [["cifar10"], ["cifar100"]]
    for part in whole:
        assert (part["verdict"], len(part["comparisons"]), part["counts"]) == (CONFIRMED, 16, "16 of 16 confirmed")
        assert part["as_printed"] == {"holds": 32, "cells": 32, "against": []}
    small = by_place["E5.ssp-all", "cpu"]
    assert (small["data"], len(small["comparisons"])) == (["cifar10"], 16)
    assert by_place["E1.flat", None]["verdict"] == NOT_MEASURED
    assert by_place["E1.flat", None]["make"] == [f"python -m empirical run majority --profile cpu {FOLDERS}"]
    assert str(results) not in report.read_text()
    assert by_place["E3.minority", "paper"]["verdict"] == CONFIRMED
    assert {part["verdict"] for part in made["published"] if part["profile"] == "cpu"} == {
        "not comparable: other scale"
    }
    assert len([part for part in made["published"] if part["profile"] == "paper"]) == 64 + 32


def test_a_finished_run_counts_where_a_folder_has_it_unfinished(results, tmp_path, true, write, with_rows):
    def late(row):
        if row["seed"] == 1:
            row["accuracy"] = None
        return row

    write(tmp_path, with_rows({"rebalance": true["rebalance"]}, "rebalance", late))
    alone, _ = findings([tmp_path], [SSP])
    assert {part.seeds for part in alone.comparisons} == {2}
    for folders in ([tmp_path, results / "cifar10", results / "cifar100"], [results / "cifar10", tmp_path]):
        first, *_ = findings(folders, [SSP])
        assert {part.seeds for part in first.comparisons} == {3}
        assert (first.data, len(first.comparisons)) == (("cifar10",), 16)


@pytest.mark.parametrize("order", [1, -1])
def test_a_finished_run_may_have_empty_cells(order, tmp_path, true, write):
    """As of classes without a separation: the rows that have the most in them count, whichever folder is first."""
    rows = [{**row, "separation_mean": None} for row in true["embedding"].rows]
    blank = [{**row, "silhouette": None} for row in rows]
    for name, part in (("first", blank), ("second", rows)):
        write(tmp_path / name, {"embedding": Table("embedding", tuple(part))})
    [found] = findings([tmp_path / "first", tmp_path / "second"][::order], [BY_ID["E6.clearer"]])
    assert {part.label.partition(": ")[2]: part.seeds for part in found.comparisons} == {
        "silhouette of rare classes, SSP - CE": 3,
        "purity of rare classes, SSP - CE": 3,
        "separation_mean of rare classes, SSP - CE": 0,
    }


def test_verify_with_nothing_there(tmp_path, capsys, exit_code):
    assert exit_code("verify", "--results", tmp_path) == 0
    shown = capsys.readouterr().out
    assert f"{len(CLAIMS)} verdicts: {len(CLAIMS)} not measured" in shown
    assert f"RESULTS={tmp_path}\n" in shown
    assert f"python -m empirical run rebalance --profile cpu {FOLDERS}\n" in shown


def test_what_is_printed_makes_what_is_missing_out_of_the_runs_that_are_there(tmp_path, true, write, with_rows):
    """The shell gets the printed lines; the command is one of a table of which a run is lost."""
    out, runs = tmp_path / "my tables", tmp_path / "my runs"
    late = with_rows({"norms": true["norms"]}, "norms", lambda row: {**row, "std_100": None, "norm": None})
    write(out, late, "smoke")
    verify = [sys.executable, "-m", "empirical", "verify", "--results", out]
    shown = subprocess.run(verify, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3]).stdout
    lines = shown.partition("made by, ")[2].splitlines()
    assert f"{out / 'runs'} if none was named" in lines[0]
    told = [line.strip() for line in lines[1:] if line.startswith("  ")]
    assert [line for line in told if " norms " in line] == [f"python -m empirical run norms --profile smoke {FOLDERS}"]
    show = f"python() {{ printf '%s\\n' \"$@\"; }}; DATA=data; RUNS={shlex.quote(str(runs))}"
    script = "\n".join([show, told[0], *(line for line in told if " norms " in line)])
    words = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    assert words[-6:] == ["--root", "data", "--runs", str(runs), "--out", str(out)]


@pytest.mark.parametrize("unset", ["--root", "--runs", "--out"])
def test_a_command_whose_folders_are_not_named_trains_nothing(tmp_path, capsys, unset, exit_code):
    """As a shell gives it whose variables are not set."""
    folders = {"--root": tmp_path / "data", "--runs": tmp_path / "runs", "--out": tmp_path / "out", unset: ""}
    assert exit_code("run", "norms", "--profile", "smoke", *(word for pair in folders.items() for word in pair)) == 2
    assert f"argument {unset}: '': must name a folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_bad_input(results, tmp_path, capsys, true, write, exit_code):
    broken = tmp_path / "broken"
    for spoil in (
        lambda: (broken / "ssl.json").unlink(),
        lambda: (broken / "ssl.json").write_text("[]"),
        lambda: (broken / "ssl.csv").write_text(""),
        lambda: (broken / "ssl.csv").write_bytes(b"\xff\xfe"),
        lambda: (broken / "ssl.csv").write_text("data,seed\ncifar10,1,2\n"),
        lambda: (broken / "ssl.csv").write_bytes((broken / "ssl.csv").read_bytes()[:-3]),
        lambda: (broken / "ssl.csv").write_bytes((broken / "ssl.csv").read_bytes()[:-30] + b"\n"),
        lambda: (broken / "ssl.json").write_text("[" * 100_000),
    ):
        write(broken, {"ssl": true["ssl"]})
        spoil()
        assert exit_code("verify", "--results", broken, "--json", tmp_path / "out.json") == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        assert "must be a whole table with its ssl.json" in shown.err
    for argv, message in (
        (("--results", tmp_path / "none"), "must be a folder that exists"),
        (("--results", results / "cpu", "--json", tmp_path), "must name a file, not a folder"),
        ((), "--results"),
    ):
        assert exit_code("verify", *argv) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        assert message in shown.err
    assert not (tmp_path / "out.json").exists()


def test_importing_the_ledger_loads_no_torch():
    code = "import sys, empirical.claims, empirical.commands.verify; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 0
