"""A finished run in three small files: what they hold, and that `examine` takes them."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from empirical import Config, train
from empirical.__main__ import main
from empirical.analysis.examine.array_file import open_arrays
from empirical.analysis.examine.inputs import ARRAYS
from empirical.analysis.examine.sources import of_checkpoint, of_run
from empirical.analysis.run_export import export_run


@pytest.fixture(scope="module", params=["ce", "ldam"])
def run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    config = Config(data="digits", imbalance=10, method=request.param, arch="resnet8", width=4, epochs=4)
    train(config, out, device="cpu")
    return out / config.digest


def test_the_files_hold_the_run(run, tmp_path):
    arrays, weights, record = export_run(run, tmp_path / "new")
    held = open_arrays("arrays", arrays)
    result = json.loads(record.read_text())
    assert record.read_bytes() == (run / "result.json").read_bytes()
    assert list(held["class_names"]) == result["classes"]
    assert list(held["counts"]) == result["counts"]
    assert held["logits"].dtype == np.float16
    hits = held["logits"].argmax(axis=1) == held["labels"]
    assert abs(hits.mean() - result["last"]["accuracy"]) < 0.005
    original, _ = of_run(run)
    train_labels = original["train_labels"]
    assert np.allclose(held["class_means"][3], original["train_features"][train_labels == 3].mean(axis=0))
    assert ("weight" in held) == (result["config"]["method"] == "ce")
    assert set(held) - set(ARRAYS) == {"class_means"}

    kept, full = (torch.load(file, weights_only=True) for file in (weights, run / "model.pt"))
    assert kept.keys() == full.keys()
    for name, value in full["state_dict"].items():
        assert torch.allclose(kept["state_dict"][name].to(value.dtype), value, rtol=1e-3, atol=1e-4), name
    assert weights.stat().st_size < (run / "model.pt").stat().st_size


def test_examine_takes_both(run, tmp_path, capsys):
    arrays, weights, record = export_run(run, tmp_path)
    ways = [["--arrays", str(arrays)], ["--checkpoint", str(weights), "--arch", "resnet8", "--data", "digits"]]
    result = json.loads(record.read_text())
    for way in ways:
        assert main(["examine", *way, "-q"]) == 0
        accuracy = float(re.search(r"Accuracy ([\d.]+) %", capsys.readouterr().out)[1])
        assert abs(accuracy - 100 * result["last"]["accuracy"]) < 0.5


def test_what_a_file_says_of_its_network_is_used(tmp_path, capsys):
    """The side of its images, their normalisation, its classes in their order, and the test set that it did not see."""
    config = Config(
        data="digits", imbalance=1, arch="resnet8", width=4, epochs=6, resolution=6, data_seed=3, classes=(7, 3, 1)
    )
    accuracy = train(config, tmp_path, device="cpu")["last"]["accuracy"]
    folder = tmp_path / config.digest
    arrays, about = of_checkpoint(folder / "model.pt", "resnet8", "digits")
    known, _ = of_run(folder)
    assert accuracy > 0.5
    assert np.abs(arrays["features"] - known["features"]).max() < 1e-5
    for name in ("labels", "weight", "bias"):
        assert np.array_equal(arrays[name], known[name])
    assert list(arrays["class_names"]) == ["7", "3", "1"]
    assert (about["resolution"], about["normalisation"]) == (6, "the file's")
    other, _ = of_checkpoint(folder / "model.pt", "resnet8", "digits", resolution=8)
    assert np.abs(arrays["features"] - other["features"]).max() > 0.1
    assert main(["examine", "--checkpoint", str(folder / "model.pt"), "--arch", "resnet8", "--data", "digits"]) == 0
    assert f"Accuracy {100 * accuracy:.1f} %" in capsys.readouterr().out
    with pytest.raises(ValueError, match="^data='gaussian:train=5,classes=3': must have the class 7"):
        of_checkpoint(folder / "model.pt", "resnet8", "gaussian:train=5,classes=3")


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_work(run, tmp_path, place, capsys, monkeypatch, exit_code):
    monkeypatch.setattr("empirical.analysis.run_export.of_run", None)
    (tmp_path / "file").touch()
    assert exit_code("export", "--run", run, "--out", tmp_path / place) == 2
    assert capsys.readouterr().err.startswith("python -m empirical export: out='")


@pytest.mark.parametrize("broken", ["config.json", "result.json", "model.pt", "last.pt"])
def test_an_unfinished_run_is_refused_and_nothing_is_written(run, tmp_path, broken, capsys):
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    (copy / broken).unlink()
    with pytest.raises(SystemExit, match="2"):
        main(["export", "--run", str(copy), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "run=" in error


def test_a_number_beyond_float16_is_refused(run, tmp_path):
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    model = torch.load(copy / "model.pt", weights_only=True)
    name = next(iter(model["state_dict"]))
    model["state_dict"][name][0] = 1e6
    torch.save(model, copy / "model.pt")
    with pytest.raises(ValueError, match="largest number of float16"):
        export_run(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()
