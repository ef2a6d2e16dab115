import csv
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from empirical.__main__ import main
from empirical.commands import train as command
from empirical.config import Config
from empirical.storage.checkpoint import load_checkpoint, save_checkpoint
from empirical.training.networks import build

pytestmark = pytest.mark.usefixtures("one_thread")

RESULT = {"last": {"accuracy": 0.5}, "best": {"accuracy": 0.5, "epoch": 1}}
DATA = "gaussian:separation=4,classes=3,train=40,test=20"
SMALL = ["--imbalance", "4", "--arch", "resnet8", "--width", "4", "--resolution", "8", "--batch-size", "16"]
SMALL += ["--device", "cpu"]


def test_a_run_from_end_to_end(tmp_path, capsys, exit_code):
    argv = ["--data", DATA, *SMALL, "--method", "drw", "--pretrain", "rotation", "--epochs", "4", "--out", tmp_path]
    assert exit_code("train", *argv) == 0
    shown = capsys.readouterr()
    first, groups, path = shown.out.splitlines()
    assert re.fullmatch(r"last epoch [\d.]+% \(mean over classes [\d.]+%\), best [\d.]+% at epoch \d", first)
    assert groups.startswith("classes with more than 100, 20 to 100, fewer than 20 training images: medium ")
    result = json.loads(Path(path).read_text())
    assert result["config"]["method"] == "drw"
    assert result["classes"] == ["0", "1", "2"]
    assert sum("images of 3 classes: 0 " in line for line in shown.err.splitlines()) == 2
    model = torch.load(Path(path).parent / "model.pt", weights_only=True)
    assert model["classes"] == ["0", "1", "2"]
    network = build(model["arch"], 3, channels=1, width=model["width"])
    network.load_state_dict(model["state_dict"])
    lines = shown.err.splitlines()
    assert sum("pretrain rotation" in line for line in lines) == 5
    assert sum("drw gaussian" in line for line in lines) == 5
    assert exit_code("train", *argv) == 0
    again = capsys.readouterr()
    assert again.out == shown.out
    assert again.err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--data mnist", "data='mnist': must be"),
        ("--data none.npz", "data='none.npz': must be an .npz file that exists"),
        ("--data cifar10 --root nowhere", "cifar10"),
        ("--method magic", "method='magic': must be one of balanced-softmax, ce, drw, focal, ldam"),
        ("--pretrain jigsaw", "pretrain='jigsaw': must be one of barlow, moco, none, rotation, simclr"),
        ("--arch vgg", "arch='vgg': must be one of resnet110, resnet14"),
        ("--shape line", "shape='line': must be one of exp, step"),
        ("--imbalance 0.5", "imbalance=0.5: must be a finite number of at least 1"),
        ("--imbalance 41", "imbalance=41.0: must be at most 40: the rarest class needs an image"),
        ("--imbalance nan", "imbalance=nan: must be"),
        ("--largest 41", "largest=41: must be at most 40"),
        ("--epochs 3", "epochs=3: must be at least 4: one for each phase of the schedule"),
        ("--epochs many", "epochs='many': must be a whole number"),
        ("--batch-size 0", "batch_size=0: must be"),
        ("--lr -1", "lr=-1: must be"),
        ("--weight-decay -1", "weight_decay=-1: must be"),
        ("--width 0", "width=0: must be"),
        ("--arch resnet18 --width 8", "width=8: must be 64 for resnet18"),
        ("--resolution 3", "resolution=3: must be"),
        ("--seed 0.5", "seed=0.5: must be"),
        ("--device tpu", "device='tpu': must be one of auto, cpu, cuda"),
        ("--counts 40 20", "counts=[40, 20]: must be 3 numbers, one for each class"),
        ("--counts 40 20 many", "counts='many': must be a whole number"),
        ("--counts 41 20 10", "counts=41: must be at most 40, the images of class 0"),
        ("--counts", "expected at least one argument"),
        ("--classes 0 3", "classes=['0', '3']: must be at most 2"),
        ("--classes 1", "classes=['1']: must be a name or a label for each of two or more classes"),
        ("--similar-fraction 1.5", "similar_fraction=1.5: must be from 0 to 1"),
        ("--similar-fraction 1 --similar-degree x", "similar_degree='x': must be from 0 to 1"),
        ("--similar-fraction 1 --similar-majority 2", "similar_majority=2: must be another class"),
        ("--similar-fraction 1 --similar-minority 3", "similar_minority='3': must be at most 2"),
        ("--pretrain simclr --temperature 0", "temperature=0: must be a finite number > 0"),
        ("--pretrain moco --queue 1", "batch_size=16: must be at most 1, the keys that moco's queue holds"),
        ("--momentum 1", "momentum=1: must be at least 0 and below 1"),
        ("--method rw --beta 1", "beta=1: must be at least 0 and below 1"),
        ("--method focal --gamma -1", "gamma=-1: must be a finite number of at least 0"),
        ("--method ldam --margin 0", "margin=0: must be a finite number above 0"),
        ("--method ldam --scale 0", "scale=0: must be a finite number above 0"),
        ("--method logit-adjustment --tau -1", "tau=-1: must be a finite number of at least 0"),
        ("--warmup 1", "warmup=1: must be at least 0 and below 1"),
        ("--decays 0.8", "decays=[0.8]: must be two fractions"),
        ("--decay 0", "decay=0: must be above 0 and at most 1"),
        ("--data-seed -1", "data_seed=-1: must be"),
        ("--save-every -1", "save_every=-1: must be a finite number of seconds of at least 0"),
        ("--time-budget soon", "time-budget='soon': must be a number above 0 and s, m or h"),
        ("--time-budget 0m", "time-budget='0m': must be"),
        ("--colour red", "unrecognized arguments: --colour red"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, capsys, monkeypatch, options, message, exit_code):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing is downloaded
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    small = SMALL[2:] if options.startswith("--counts") else SMALL  # without the imbalance
    argv = ["--data", DATA, *small, "--epochs", 4, "--out", tmp_path / "out", *shlex.split(options)]
    assert exit_code("train", *argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.startswith("python -m empirical train: ")
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none(tmp_path, capsys, exit_code):
    assert exit_code("train", "--data", DATA, "--device", "cuda", "--out", tmp_path / "out") == 2
    assert "device='cuda': must be auto or cpu: torch finds no CUDA device\n" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_bad_files(tmp_path, capsys, exit_code):
    path = tmp_path / "toy.npz"
    path.write_bytes(b"PK\x03\x04 no zip")
    for damage in ("no zip", "labels"):
        if damage == "labels":
            images = np.zeros((6, 8, 8), dtype=np.uint8)
            labels = np.array([0, 1, 2] * 2)
            names = np.array(["cat", "dog"])  # label 2 has no name
            np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels, classes=names)
        assert exit_code("train", "--data", path, *SMALL, "--epochs", 4, "--out", tmp_path / "out") == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1
        assert ("readable .npz" if damage == "no zip" else "must name every label") in shown
    assert os.listdir(tmp_path) == ["toy.npz"]


def test_out_must_be_a_folder(tmp_path, capsys, exit_code):
    path = tmp_path / "file"
    path.write_text("")
    assert exit_code("train", "--data", DATA, *SMALL, "--epochs", 4, "--out", path) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_torn_checkpoint(tmp_path, capsys, exit_code):
    argv = ["--data", DATA, *SMALL, "--epochs", 4, "--out", tmp_path]
    assert exit_code("train", *argv) == 0
    (run,) = tmp_path.iterdir()
    (run / "result.json").unlink()
    torn = (run / "last.pt").read_bytes()[:-1]
    (run / "last.pt").write_bytes(torn)
    capsys.readouterr()
    assert exit_code("train", *argv) == 2
    shown = capsys.readouterr().err
    assert f"checkpoint='{run.name}/last.pt': is torn" in shown
    assert shown.count("\n") == 1
    assert (run / "last.pt").read_bytes() == torn
    assert not (run / "result.json").exists()


def test_a_loss_that_is_not_finite(tmp_path, capsys, exit_code):
    assert exit_code("train", "--data", DATA, *SMALL, "--epochs", 4, "--lr", "1e30", "--out", tmp_path) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "epoch 1, " in last
    assert "learning rate 1e+30: the " in last
    assert last.endswith("loss is not finite")


def test_time_budget(tmp_path, capsys, exit_code):
    argv = ["--data", DATA, *SMALL, "--epochs", 10**6, "--out", tmp_path]
    assert exit_code("train", *argv, "--time-budget", "1.5s") == 75
    last = capsys.readouterr().err.splitlines()[-1]
    assert "stopped after epoch" in last
    assert last.endswith("of 1000000: the time budget is used up; the same command goes on from there")


def test_tensorboard_is_optional(tmp_path, capsys, monkeypatch, exit_code):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert exit_code("train", "--data", DATA, *SMALL, "--tensorboard", "--out", tmp_path / "out") == 2
    shown = capsys.readouterr().err
    assert (
        "tensorboard=True: needs the package tensorboard: pip install '.[tensorboard]' in tailbound's folder\n" in shown
    )
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_tensorboard_shows_the_history(tmp_path, capsys, exit_code):
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    argv = ["--data", DATA, *SMALL, "--epochs", 5, "--evaluate-every", 2, "--tensorboard", "--out", tmp_path]
    assert exit_code("train", *argv) == 0
    (run,) = tmp_path.iterdir()
    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (run / "result.json").unlink()
    state = load_checkpoint(run / "last.pt", run.name)
    state["history"] = state["history"][:3]  # as if it had been killed in the fourth epoch
    save_checkpoint(run / "last.pt", run.name, state)
    assert exit_code("train", *argv) == 0
    shown = EventAccumulator(str(run / "tensorboard"))
    shown.Reload()
    names = set(rows[0]) - {"epoch"}
    assert set(shown.Tags()["scalars"]) == names
    again = json.loads((run / "result.json").read_text())
    for name in names - {"images_per_second"}:
        found = {event.step: event.value for event in shown.Scalars(name)}
        assert len(shown.Scalars(name)) == len(found)
        assert found.keys() == {int(row["epoch"]) for row in rows if row[name]}
        for row in rows[:3]:
            if row[name]:
                assert found[int(row["epoch"])] == pytest.approx(float(row[name]), rel=1e-6)
    assert shown.Scalars("test_accuracy")[-1].value == pytest.approx(again["last"]["accuracy"], rel=1e-6)


def test_help_names_the_defaults_and_the_exit_codes(capsys, exit_code):
    assert exit_code("train", "--help") == 0
    shown = capsys.readouterr().out
    for part in ("--time-budget", "(default: resnet32)", "(default: 0.0002)", "75", "Exit codes"):
        assert part in shown


def test_the_environment_is_set_before_torch_is_imported():
    code = (
        "import os, sys; from empirical.__main__ import main; from empirical.commands import train;"
        "names = 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT';"
        "train._train = lambda *_: print(*map(os.environ.get, names), 'torch' in sys.modules) or 0;"
        "main(['train', '--data', 'digits', '--out', 'x'])"
    )
    cases = {"PASSIVE 1000": {}, "ACTIVE None": {"OMP_WAIT_POLICY": "ACTIVE"}, "None 7": {"GOMP_SPINCOUNT": "7"}}
    for expected, given in cases.items():
        own = os.environ.items()
        env = {key: value for key, value in own if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")} | given
        argv = [sys.executable, "-c", code]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env=env, cwd=Path(__file__).parents[2])
        assert done.stdout == f"{expected} False\n"


def test_every_field_of_a_configuration_can_be_given(tmp_path, monkeypatch, exit_code):
    given = {
        **{"data": "digits", "imbalance": 4, "shape": "step", "largest": 30, "classes": (3, 1, 2), "resolution": 4},
        **{"data_seed": 2, "seed": 3, "similar_fraction": 0.5, "similar_degree": 0.2, "similar_majority": 1},
        **{"similar_minority": 0, "arch": "resnet14", "width": 4, "method": "ldam-drw", "beta": 0.9, "margin": 0.4},
        **{"scale": 20, "pretrain": "moco", "temperature": 0.2, "dimension": 16, "key_momentum": 0.9, "queue": 64},
        **{"epochs": 8, "batch_size": 16, "lr": 0.05, "momentum": 0.8, "weight_decay": 0, "warmup": 0.2},
        **{"decays": (0.5, 0.7), "decay": 0.1, "evaluate_every": 2},
    }
    others = [
        {"method": "focal", "gamma": 2, "counts": (30, 20, 10)},
        {"method": "logit-adjustment", "tau": 2, "pretrain": "barlow", "redundancy": 0.01, "factor": 0.1},
        {"subset": "ldam", "mean": (0.5,), "std": (0.25,)},
        {"indices": "chosen.txt", "validation": 0.1},
    ]
    assert {name for numbers in (given, *others) for name in numbers} == {field.name for field in fields(Config)}
    seen = []
    monkeypatch.setattr("empirical.training.train.train", lambda config, out, **options: seen.append(config) or RESULT)
    for numbers in (given, *others):
        argv = ["--data", "digits", "--out", tmp_path]
        for name, value in numbers.items():
            if name == "similar_minority":
                value = 3  # digits are called by numbers: the class of label 0 here is the digit 3
            argv += [f"--{name.replace('_', '-')}", *(value if isinstance(value, tuple) else (value,))]
        assert exit_code("train", *argv) == 0
        assert seen[-1] == Config(**{"data": "digits", **numbers})


def test_what_the_help_lists_is_what_is_known():
    from empirical.registry import METHODS
    from empirical.training.networks import ARCHITECTURES
    from empirical.training.pretrain import OBJECTIVES, default_numbers
    from empirical.training.train import SAVE_EVERY

    shown = command._parser().format_help().replace("\n", " ")
    shown = " ".join(shown.split())
    assert f"seconds between checkpoints, at least (default: {SAVE_EVERY:g})" in shown
    for name in OBJECTIVES:
        for number, value in default_numbers(name).items():
            ((_, meaning),) = (group[number] for group in command._OPTIONS.values() if number in group)
            assert name in meaning.partition(f"(default: {value})")[0]
            assert f"(default: {value})" in meaning
    assert all(name in shown for name in (*METHODS, *OBJECTIVES))
    assert all(arch.removeprefix("resnet") in shown for arch in ARCHITECTURES)


@pytest.mark.parametrize("option", ["--out", "--root"])
def test_an_empty_folder_is_not_the_working_directory(option, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["train", "--data", "digits", "--out", "runs", option, ""])
    assert exit_.value.code == 2
    assert "'': must name a folder" in capsys.readouterr().err
