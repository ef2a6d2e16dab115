"""The experiments that train networks: their grids, and sweeps from the command line."""

import argparse
import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from empirical import printed
from empirical.analysis.features import of_run
from empirical.experiments import classwise, load, norms, rebalance, similar_degree, similar_fraction
from empirical.runtime.stop import Interrupted, Stop
from empirical.storage.run_folder import Run
from empirical.sweeps import sweep as sweeping
from empirical.sweeps.options import add_sweep_options, prepare_sweep
from empirical.sweeps.profiles import PROFILES
from figures.commands import main as draw

TRAINED = ("rebalance", "norms", "classwise", "similar-fraction", "similar-degree")


def grid(module, profile, seeds=1):
    experiment = module.EXPERIMENT
    return [
        run
        for name in experiment.data[profile]
        for ratio in experiment.imbalance[profile]
        for seed in range(seeds)
        for run in experiment.plan(profile, name, ratio, seed)
    ]


@pytest.fixture(scope="module")
def swept(tmp_path_factory, sweep):
    """Where the smoke runs of ``rebalance`` lie."""
    out = tmp_path_factory.mktemp("swept")
    return out, *sweep("rebalance", out)


@pytest.mark.parametrize("seeds", [1, 3])
def test_table_1_has_64_runs_and_8_pretrainings_a_seed(seeds):
    runs = grid(rebalance, "paper", seeds)
    assert len(set(runs)) == len(runs) == 64 * seeds
    assert len({run.pretraining() for run in runs} - {None}) == 8 * seeds
    cells = Counter((run.data, run.imbalance, run.method, run.pretrain) for run in runs)
    assert len(cells) == 64
    assert set(cells.values()) == {seeds}
    assert {(run.arch, run.epochs, run.batch_size, run.lr, run.resolution) for run in runs} == {
        ("resnet32", 200, 128, 0.1, None)
    }
    assert {run.schedule.switch for run in runs} == {160}


def test_every_cell_of_table_1_and_2_has_a_printed_number():
    for run in grid(rebalance, "paper"):
        where = run.data, run.imbalance, run.method, run.pretrain
        assert 25 < printed.cell(printed.TABLE1, *where) < 90
        assert (printed.cell(printed.TABLE2, *where) is None) == (run.pretrain == "rotation")
    assert printed.cell(printed.TABLE1, "cifar10", 20, "rs", "rotation") == 84.2
    assert printed.cell(printed.TABLE2, "cifar100", 10, "drw", "none") == 21.0
    assert printed.cell(printed.PEERS["BagofTricks-LT"], "cifar10", 20, "ce", "none") is None


def test_norms_and_classwise_use_the_runs_of_rebalance():
    for profile in PROFILES:
        runs = set(grid(rebalance, profile))
        for name, ratio in {(run.data, run.imbalance) for run in runs}:
            assert set(norms.plan(profile, name, ratio, 0)) < runs
            assert set(classwise.EXPERIMENT.plan(profile, name, ratio, 0)) <= runs


@pytest.mark.parametrize(("module", "varied", "fixed"), [(similar_fraction, 0, 1), (similar_degree, 1, 0)])
def test_the_grids_of_figures_3_and_4(module, varied, fixed):
    from empirical.experiments.shared import similar_samples

    runs = [
        run
        for ratio in similar_samples.IMBALANCE["paper"]
        for name in similar_samples.DATA["paper"]
        for run in module.plan("paper", name, ratio, 0)
    ]
    mixed = [(run.similar_fraction, run.similar_degree) for run in runs]
    assert [pair[varied] for pair in mixed] == pytest.approx([step / 10 for step in range(11)])
    assert {pair[fixed] for pair in mixed if pair[0] > 0} == {0.2}
    assert {(run.data, run.imbalance, run.method) for run in runs} == {("cifar10", 100, "ce")}


def test_the_readouts_of_figures_3_and_4_are_those_of_the_last_network(tmp_path, sweep):
    """Recalls are the run's own; the others by hand from its logits: two classes for the odds, all for the recall."""
    rows, made = sweep("similar-fraction", tmp_path, "--imbalance", 8)
    configs = {run.digest: run for run in similar_fraction.plan("smoke", "digits", 8, 0)}
    for row in rows:
        config = configs[row["run"]]
        last = Run(config, tmp_path / "runs").result()["last"]
        assert float(row["minority"]) == pytest.approx(100 * last["per_class"][-1], abs=1e-6)
        assert float(row["majority"]) == pytest.approx(100 * last["per_class"][0], abs=1e-6)
        assert float(row["accuracy"]) == pytest.approx(100 * last["accuracy"], abs=1e-6)
        seen = of_run(config, tmp_path / "runs")
        logits = (seen.test @ seen.weight.T + seen.bias).double().numpy()
        labels, counts = seen.test_labels.numpy(), np.array(seen.counts)
        odds = logits[:, 9] - logits[:, 0]
        rare, frequent = odds[labels == 9], odds[labels == 0]
        adjusted = (logits[labels == 9] - np.log(counts / counts.sum())).argmax(1) == 9
        assert float(row["adjusted"]) == pytest.approx(100 * adjusted.mean(), abs=1e-6)
        assert float(row["log_odds"]) == pytest.approx(rare.mean(), abs=1e-5)
        assert float(row["auc"]) == pytest.approx((rare[:, None] > frequent).mean(), abs=1e-3)
    assert [part["log_odds"] for part in made["summary"]] == pytest.approx(
        [float(row["log_odds"]) for row in sorted(rows, key=lambda row: float(row["fraction"]))], abs=1e-5
    )


def test_rebalance_reports_the_last_epoch_and_the_best(swept):
    out, rows, made = swept
    assert len(rows) == 16
    for row, run in zip(rows, grid(rebalance, "smoke"), strict=True):
        result = Run(run, out / "runs").result()
        assert row["run"] == run.digest
        assert float(row["accuracy"]) == pytest.approx(100 * result["last"]["accuracy"], abs=1e-6)
        assert float(row["best"]) == pytest.approx(100 * result["best"]["accuracy"], abs=1e-6)
        assert float(row["best"]) >= float(row["accuracy"])
        assert int(row["images"]) == sum(result["counts"])
    assert [(part["imbalance"], part["method"], part["pretrain"]) for part in made["summary"][:3]] == [
        (20, "ce", "none"),
        (20, "ce", "rotation"),
        (20, "rs", "none"),
    ]
    assert {(part["seeds"], part["missing"], part["spread"]) for part in made["summary"]} == {(1, 0, None)}
    assert made["arguments"] == {"profile": "smoke", "data": ["digits"], "imbalance": [20, 5], "seeds": 1}
    assert made["command"].endswith("run rebalance --profile smoke --data digits --imbalance 20 5 --seeds 1")
    assert str(out) not in json.dumps(made)
    assert made["processor"]
    assert {name: made["trained"][name] for name in ("runs", "missing", "device")} == {
        "runs": 16,
        "missing": 0,
        "device": {"cpu": 16},
    }
    trained = len(list((out / "runs").glob("*/result.json")))
    assert trained == 16 + 2


def test_norms_of_the_classifiers(swept, sweep):
    out = swept[0]
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/*")}
    rows, made = sweep("norms", out)
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/*")} == before
    assert len(rows) == 8 * 10
    for part in made["summary"]:
        own = [row for row in rows if (row["method"], float(row["imbalance"])) == (part["method"], part["imbalance"])]
        lengths = [float(row["norm"]) for row in own]
        mean = sum(lengths) / 10
        variance = sum((length - mean) ** 2 for length in lengths) / 10
        assert part["variance"] == pytest.approx(variance, abs=1e-4)
        assert part["std_100"] == pytest.approx(100 * variance**0.5, abs=1e-2)
        assert [int(row["label"]) for row in own] == list(range(10))
        assert [int(row["images"]) for row in own] == sorted((int(row["images"]) for row in own), reverse=True)


def test_errors_and_confusions_by_class(swept, sweep):
    out, table, _ = swept
    rows, made = sweep("classwise", out)
    assert len(rows) == 8 * 10
    right, total = Counter(), Counter()
    for row in rows:
        taken = [int(count) for count in row["taken_for"].split()]
        assert float(row["error"]) == pytest.approx(100 * (1 - taken[int(row["label"])] / sum(taken)), abs=1e-5)
        right[row["run"]] += taken[int(row["label"])]
        total[row["run"]] += sum(taken)
    accuracy = {row["run"]: float(row["accuracy"]) for row in table}
    for run, hits in right.items():
        assert 100 * hits / total[run] == pytest.approx(accuracy[run], abs=1e-5)
    [ce] = [part for part in made["summary"] if (part["method"], part["pretrain"]) == ("ce", "none")]
    own = [row for row in rows if (row["method"], row["pretrain"]) == ("ce", "none")]
    assert (ce["first"], ce["last"]) == pytest.approx((float(own[0]["error"]), float(own[-1]["error"])), abs=1e-5)
    true, taken_for = map(int, ce["confused"].split(" -> "))
    counts = [list(map(int, row["taken_for"].split())) for row in own]
    shares = [[0 if i == j else n / sum(line) for j, n in enumerate(line)] for i, line in enumerate(counts)]
    assert shares[true][taken_for] == max(map(max, shares))


def test_their_figures_and_claims(swept, judged, sweep):
    out = swept[0]
    for name in ("norms", "classwise", "similar-fraction", "similar-degree"):
        sweep(name, out)
    for name in TRAINED:
        assert draw([name, "--results", str(out), "--out", str(out / "figures")]) == 0
    drawn = {path.name for path in (out / "figures").iterdir()}
    assert drawn == {f"{name}.{kind}" for name in TRAINED for kind in ("png", "svg", "txt")}
    judged(out, *TRAINED)


class Impatient(Stop):
    """Stops at the 30th question, whatever the budget."""

    def __init__(self, seconds=None):
        super().__init__()
        self.questions = 30

    def check(self, needed=0.0):
        self.questions -= 1
        if self.questions < 0:
            raise Interrupted("the test asked for it")


def test_an_interrupted_sweep_is_usable_and_goes_on(tmp_path, monkeypatch, capsys, sweep):
    name = "similar-fraction"
    whole, made = sweep(name, tmp_path / "whole", "--seeds", 2, "--imbalance", 8)
    assert len(whole) == 6
    assert all(part["seeds"] == 2 and part["spread"] is not None for part in made["summary"])
    capsys.readouterr()
    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "Stop", Impatient)
        rows, made = sweep(name, tmp_path / "parts", "--seeds", 2, "--imbalance", 8, code=75)
    assert "stopped: " in capsys.readouterr().err
    missing = [row for row in rows if not row["minority"]]
    assert len(rows) == 6
    assert missing
    assert sum(part["missing"] for part in made["summary"]) == len(missing)
    done = [row for row in whole if row["run"] not in {lost["run"] for lost in missing}]
    assert [row for row in rows if row["minority"]] == done
    rows, _ = sweep(name, tmp_path / "parts", "--seeds", 2, "--imbalance", 8)
    assert rows == whole


def test_without_any_time_the_table_is_what_there_is(tmp_path, sweep):
    rows, made = sweep("norms", tmp_path, "--time-budget", "0.000001s", code=75)
    assert len(rows) == 8
    assert {(row["label"], row["norm"], row["std_100"]) for row in rows} == {("", "", "")}
    assert {(part["seeds"], part["missing"], part["std_100"]) for part in made["summary"]} == {(0, 1, None)}


def children(process):
    """Return the ids of the processes that a process has begun."""
    return {int(word) for path in Path(f"/proc/{process}/task").glob("*/children") for word in path.read_text().split()}


def test_sigterm_ends_a_sweep_and_its_processes(tmp_path):
    argv = [sys.executable, "-m", "empirical", "run", "similar-degree", "--profile", "smoke", "--device", "cpu"]
    argv += ["--seeds", "50", "--workers", "2", "--out", str(tmp_path)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        said = next(line for line in process.stderr if " of 150 trained" in line)  # after a line on the data
        assert "1 of 150 trained" in said
        begun = children(process.pid)
        process.send_signal(signal.SIGTERM)
        shown = process.stderr.read()
    assert process.returncode == 75
    assert "runs are missing: SIGTERM; the same command goes on" in shown
    assert "Traceback" not in shown
    assert len(begun) >= 2
    for _ in range(100):  # multiprocessing's own helper ends a moment after the program
        begun = {child for child in begun if Path(f"/proc/{child}").exists()}
        if begun:
            time.sleep(0.1)
    assert not begun
    with (tmp_path / "similar-degree.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 150
    assert 0 < sum(bool(row["minority"]) for row in rows) < 150


def test_a_run_that_fails_does_not_stop_the_others(tmp_path, monkeypatch, capsys, sweep):
    usual = similar_degree.plan

    def plan(*where):
        first, *others = usual(*where)
        return [replace(first, lr=1e30), *others]

    monkeypatch.setattr(similar_degree, "EXPERIMENT", replace(similar_degree.EXPERIMENT, plan=plan))
    rows, _ = sweep("similar-degree", tmp_path, code=1)
    assert [bool(row["minority"]) for row in rows] == [False, True, True]
    shown = capsys.readouterr().err
    name = rows[0]["run"]
    assert f"runs: failed: {tmp_path / 'runs' / name}: epoch 1, step " in shown
    assert f"runs: stopped: 1 of 3 runs are missing: {tmp_path / 'runs' / name}: epoch 1" in shown
    assert "2 of 3 trained" in shown


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "huge"), "profile='huge': must be one of cpu, paper, smoke"),
        (("--seeds", "0"), "seeds=0: must be a whole number of at least 1"),
        (("--seeds", "many"), "seeds='many': must be"),
        (("--data", "mnist"), "data='mnist': must be"),
        (("--data", "digits", "digits"), "data=['digits', 'digits']: must be all different"),
        (
            ("--data", "a/x.npz", "b/x.npz"),
            "data=['a/x.npz', 'b/x.npz']: must have different names without their folders",
        ),
        (("--imbalance", "0.5"), "imbalance=0.5: must be"),
        (("--imbalance", "1000"), "imbalance=1000.0: must be at most"),
        (("--workers", "0"), "workers=0: must be"),
        (("--time-budget", "soon"), "time-budget='soon': must be"),
        (("--device", "abacus"), "device='abacus': must be"),
        (("--executor", "abacus"), "executor='abacus': must be dask://HOST:PORT or one of submitit, "),
        (("--executor", "dask://nowhere"), "executor='dask://nowhere': must be dask://HOST:PORT or one of submitit, "),
        (("--executor", "submitit://slurm"), "executor='submitit://slurm': cannot be used here: "),
        (("--executor", "submitit://local", "--resources", "gpu=1"), "resources='gpu': must be one of gpus_per_node, "),
        (("--resources", "GPU=1"), "resources={'GPU': 1}: must be left out: "),
        (("--resources", "GPU"), "argument --resources: 'GPU': must be NAME=VALUE"),
    ],
)
def test_bad_options(assert_refused, name, options, message):
    assert_refused(name, options, message)


@pytest.mark.parametrize("bad", ["runs", "out"])
def test_a_folder_that_cannot_be_made_leaves_none_of_the_others(tmp_path, capsys, bad, exit_code):
    (tmp_path / "file").touch()
    folders = {"runs": tmp_path / "a" / "runs", "out": tmp_path / "b" / "out", bad: tmp_path / "file" / "deep"}
    argv = ("run", "rebalance", "--profile", "smoke", "--runs", folders["runs"], "--out", folders["out"])
    assert exit_code(*argv) == 2
    shown = capsys.readouterr().err
    assert f" {bad}='" in shown
    assert "must be a folder that can be made and written: Not a directory\n" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_no_profile_and_runs_of_other_data(tmp_path, swept, capsys, exit_code):
    assert exit_code("run", "rebalance", "--out", tmp_path / "out") == 2
    assert "--profile" in capsys.readouterr().err
    changed = grid(rebalance, "smoke")[0]
    result = Run(changed, swept[0] / "runs").folder / "result.json"
    run = Run(changed, tmp_path / "runs")
    run.folder.mkdir(parents=True)
    run.finish({**json.loads(result.read_text()), "data": "0" * 64})
    argv = ("run", "rebalance", "--profile", "smoke", "--runs", tmp_path / "runs", "--out", tmp_path / "out")
    assert exit_code(*argv) == 2
    shown = capsys.readouterr().err
    assert "data='digits': must hold the images that" in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_finished_sweep_is_repeated_without_torch_and_still_compares_the_data(tmp_path, exit_code, capsys):
    """Its table and its account of the data are as before; data that are others are refused."""
    images = np.random.default_rng(0).integers(0, 255, (80, 8, 8), dtype=np.uint8)
    others = {"x_test": images[:20], "y_train": np.arange(80) % 4, "y_test": np.arange(20) % 4}
    np.savez(tmp_path / "mine.npz", x_train=images, **others)
    argv = ["run", "norms", "--profile", "smoke", "--data", str(tmp_path / "mine.npz"), "--imbalance", "2"]
    argv += ["--device", "cpu", "--out", str(tmp_path)]
    assert exit_code(*argv) == 0
    made = json.loads((tmp_path / "norms.json").read_text())
    code = f"import sys\nfrom empirical.__main__ import main\nsys.exit(main({argv!r}) or 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 0
    again = json.loads((tmp_path / "norms.json").read_text())
    assert all(again[name] == made[name] for name in ("data", "sha256", "trained", "arguments"))
    np.savez(tmp_path / "mine.npz", x_train=images + 1, **others)
    assert exit_code(*argv) == 2
    assert "must hold the images that" in capsys.readouterr().err


def test_listing_them_loads_no_torch():
    code = "import sys; from empirical.experiments import load\n"
    code += f"for name in {TRAINED}: load(name)\nsys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 0
    assert all(load(name).title for name in TRAINED)


def test_data_of_ones_own_are_taken_as_they_are(tmp_path):
    """All images, the most frequent class first; with an imbalance, or for the data sets of the paper, as before."""
    images = {"x_train": np.zeros((15, 8, 8), dtype=np.uint8), "y_train": np.repeat([0, 1, 2], [4, 9, 2])}
    np.savez(tmp_path / "mine.npz", **images, x_test=images["x_train"], y_test=images["y_train"])

    def prepared(*options):
        parser = argparse.ArgumentParser()
        add_sweep_options(parser)
        argv = ["--profile", "smoke", "--data", str(tmp_path / "mine.npz"), *options]
        args = parser.parse_args(argv)
        args.out = tmp_path / "out"
        return prepare_sweep(args, norms.plan, {}, {"smoke": (20,)})

    own = prepared()
    assert {(run.counts, run.classes, run.imbalance) for run in own.configs} == {((9, 4, 2), (1, 0, 2), 4.5)}
    assert own.notes == ("mine.npz: 15 images of 3 classes: 1 9, 0 4, 2 2, all as they are",)
    assert "imbalance" not in own.arguments()
    given = prepared("--imbalance", "2")
    assert {(run.counts, run.classes, run.imbalance) for run in given.configs} == {(None, None, 2.0)}
    assert given.arguments()["imbalance"] == (2,)
