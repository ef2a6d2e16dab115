"""Nothing is lost: real processes, killed, stopped, starved and doubled (kills.py), end with the same bits."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

KILLED = -9


@pytest.fixture
def scenario(tmp_path):
    """Run a scenario of kills.py; return what it says and its standard error."""

    def run(name):
        argv = [sys.executable, str(Path(__file__).with_name("kills.py")), name, str(tmp_path)]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    return run


def contents(folder):
    """Return what a run came to: checkpoint and result, without what was timed."""
    payload = (folder / "last.pt").read_bytes().partition(b"\n")[2]
    (folder / "payload").write_bytes(payload)
    state = torch.load(folder / "payload", weights_only=True)
    rows = [{k: v for k, v in row.items() if k != "images_per_second"} for row in state["history"]]
    result = json.loads((folder / "result.json").read_text())
    del result["seconds"], result["sha256"]  # the digest is of the seconds too
    with (folder / "history.csv").open(newline="") as file:
        written = [row["train_loss"] for row in csv.DictReader(file)]
    assert written == [repr(row["train_loss"]) for row in rows]
    return state["module"], state["velocity"], rows, result


def same(folder, other):
    module, velocity, rows, result = contents(folder)
    module_2, velocity_2, rows_2, result_2 = contents(other)
    assert module.keys() == module_2.keys()
    assert all(torch.equal(module[name], module_2[name]) for name in module)
    assert all(map(torch.equal, velocity, velocity_2))
    assert rows == rows_2
    assert result == result_2


def test_killed_at_random(scenario, tmp_path):
    found, _ = scenario("at_random")
    assert found["kills"] >= 20
    assert found["parts"] == []
    for run in found["runs"]:
        same(tmp_path / run, tmp_path / "whole" / run)


def test_killed_at_every_write(scenario, tmp_path):
    found, _ = scenario("at_every_write")
    *ends, (whole, code, _) = found["ends"]
    assert code == 0
    writes = 1 + 1 + 1 + 2 * 4 + 1 + 1 + 1  # config, images, history, both each epoch, switch, model, result
    assert len(ends) == 2 * writes
    for name, code, again in ends:
        assert (code, again) == (KILLED, 0), name
        assert not list((tmp_path / name / found["run"]).glob(".*.part")), name
        same(tmp_path / name / found["run"], tmp_path / whole / found["run"])


def test_sigterm(scenario, tmp_path):
    found, shown = scenario("sigterm")
    assert found["code"] == 75
    assert not found["finished"]
    assert 1 <= found["epochs"] < 40
    assert f"stopped after epoch {found['epochs']} of 40: SIGTERM; the same command goes on from there\n" in shown
    assert f"goes on after epoch {found['epochs']}\n" in shown
    assert found["again"] == 0
    same(tmp_path / found["run"], tmp_path / "whole" / found["run"])


def test_full_disk(scenario, tmp_path):
    found, shown = scenario("full_disk")
    assert found["code"] == 1
    assert found["epochs"] == 1
    assert found["files"] == [".lock", "config.json", "history.csv", "images.npz", "last.pt"]
    lines = [line for line in shown.splitlines() if line.startswith("python -m empirical train: ")]
    assert len(lines) == 1
    assert lines[0].endswith("last.pt: File too large; what was saved before is as it was")
    assert "Traceback" not in shown
    assert found["again"] == 0
    same(tmp_path / found["run"], tmp_path / "whole" / found["run"])


def test_two_at_once(scenario):
    found, shown = scenario("two_at_once")
    assert found["codes"] == [0, 0]
    assert shown.count("epoch 1/8") == 1
    assert shown.count("is training this run; waiting for it\n") == 1


def test_the_lock_dies_with_its_process(scenario, tmp_path):
    found, _ = scenario("freed_by_death")
    assert found["codes"] == [KILLED, 0]
    same(tmp_path / found["run"], tmp_path / "whole" / found["run"])
