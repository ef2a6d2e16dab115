"""Runs, networks and tables are never of other images, classes or data sets than they say."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from empirical.analysis.run_export import export_run
from empirical.config import Config
from empirical.storage.run_folder import Run
from empirical.training.train import train, trained_network

pytestmark = pytest.mark.usefixtures("one_thread")

LISTS = {
    "one": [*range(30), *range(40, 55), *range(80, 90)],
    "other": [*range(10, 40), *range(60, 75), *range(110, 120)],
}


def write(path, names=("cat", "dog", "ship"), seed=0):
    """Write a data set of three classes of 40 images to train on and 20 to test on."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    arrays = {}
    for part, n in (("train", 40), ("test", 20)):
        labels = np.repeat(np.arange(3), n)
        arrays[f"x_{part}"] = rng.integers(0, 100, (len(labels), 16, 16), dtype=np.uint8) + 50 * labels[
            :, None, None
        ].astype(np.uint8)
        arrays[f"y_{part}"] = labels
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **arrays, classes=np.array(names))
    return str(path)


@pytest.fixture
def listed(tmp_path):
    """Return a function to the configuration of a list of images; two lists have the same name."""
    data = write(tmp_path / "own.npz")

    def config(name, **changes):
        file = tmp_path / name / "list.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(map(str, LISTS[name])))
        usual = {"arch": "resnet8", "width": 4, "epochs": 4, "batch_size": 16}
        return Config(data=data, indices=str(file), **usual, **changes)

    return config


@pytest.mark.parametrize(("plain", "deferred"), [("ce", "drw"), ("ldam", "ldam-drw")])
def test_a_deferred_run_shares_no_epochs_with_one_of_other_images(listed, tmp_path, plain, deferred):
    train(listed("one", method=plain), tmp_path / "runs", device="cpu")
    same, other = (train(listed(name, method=deferred), tmp_path / "runs" / name, device="cpu") for name in LISTS)
    assert same["hash"] == other["hash"]
    beside = Run(listed("other", method=deferred), tmp_path / "runs")
    shared = train(beside.config, tmp_path / "runs", device="cpu")
    assert shared["shared"] is None
    assert shared["last"] == other["last"]
    shutil.rmtree(beside.folder)
    shared = train(listed("one", method=deferred), tmp_path / "runs", device="cpu")
    assert shared["shared"] is not None
    assert shared["last"] == same["last"]


def test_a_network_whose_list_of_images_was_changed_is_refused(listed, tmp_path, exit_code, capsys):
    config = listed("one")
    train(config, tmp_path / "runs", device="cpu")
    folder = Run(config, tmp_path / "runs").folder
    export_run(folder, tmp_path / "exported")
    changed = replace(config, indices=listed("other").indices)
    assert changed.digest == config.digest
    with pytest.raises(ValueError, match="^indices=.*must name the images that .* was trained on"):
        trained_network(changed, tmp_path / "runs")
    shutil.copy(listed("other").indices, config.indices)
    for command in (["export", "--run", folder, "--out", tmp_path / "new"], ["examine", "--run", folder]):
        assert exit_code(*command) == 2
        assert "indices=" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_data_set_whose_classes_have_other_names_is_another(tmp_path):
    config = Config(data=write(tmp_path / "own.npz"), imbalance=2, arch="resnet8", width=4, epochs=4, batch_size=16)
    train(config, tmp_path / "runs", device="cpu")
    renamed = replace(config, data=write(tmp_path / "new" / "own.npz", ("dog", "cat", "ship")))
    assert renamed.digest == config.digest
    with pytest.raises(ValueError, match="^data=.*must name its classes as when .* was begun: cat, dog, ship"):
        train(renamed, tmp_path / "runs", device="cpu")


def test_a_file_in_a_folder_that_is_not_there_is_not_looked_for_elsewhere(tmp_path):
    """But a network is found again where its data set has moved to: its images are compared."""
    data = write(tmp_path / "data" / "own.npz")
    config = Config(data=data, imbalance=2, arch="resnet8", width=4, epochs=4, batch_size=16)
    with pytest.raises(ValueError, match="^data=.*nowhere/own.npz"):
        train(replace(config, data=str(tmp_path / "nowhere" / "own.npz")), tmp_path / "runs", root=tmp_path / "data")
    assert not (tmp_path / "runs").exists()
    train(replace(config, data="own.npz"), tmp_path / "runs", root=tmp_path / "data", device="cpu")
    moved = replace(config, data=str(tmp_path / "nowhere" / "own.npz"))
    assert trained_network(moved, tmp_path / "runs", tmp_path / "data")[1].classes == ("cat", "dog", "ship")


@pytest.mark.parametrize(
    "option", [("--imbalance", 50), ("--shape", "step"), ("--largest", 39), ("--imbalance", 50, "--largest", 20)]
)
def test_counts_leave_nothing_to_other_options(option, tmp_path, exit_code, capsys):
    options = ["--data", "digits", "--counts", *range(20, 10, -1), "--epochs", 4, "--out", tmp_path / "runs"]
    assert exit_code("train", *options, *option) == 2
    line = capsys.readouterr().err
    assert f"{option[0].removeprefix('--')}=" in line
    assert "must be left out: counts says how many images of each class there are" in line
    assert not (tmp_path / "runs").exists()


TABLE = ["run", "losses", "--profile", "smoke", "--seeds", 1, "--workers", 1, "-q"]


@pytest.fixture(scope="module")
def losses(tmp_path_factory, code_of):
    """Return a folder with the table of an experiment on a data set, and its runs beside it."""
    from empirical.__main__ import main

    folder = tmp_path_factory.mktemp("losses")
    data = write(folder / "own.npz")
    assert code_of(main, *TABLE, "--data", data, "--out", folder / "out", "--runs", folder / "runs") == 0
    return folder


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_finished_rows_do_not_give_way_to_blank_ones(losses, exit_code, capsys, tmp_path):
    before = files(losses / "out")
    options = [*TABLE, "--data", losses / "own.npz", "--out", losses / "out", "--runs", tmp_path / "runs"]
    assert exit_code(*options, "--time-budget", "0.01s") == 75
    told = capsys.readouterr().err
    assert "finished runs that are not finished here: it stays; name another folder, and join the two with" in told
    assert files(losses / "out") == before
    assert exit_code(*TABLE, "--data", losses / "own.npz", "--out", losses / "out", "--runs", losses / "runs") == 0


@pytest.mark.parametrize("other", [["--data", "digits"], ["--profile", "cpu"], ["--data", "own.npz"]])
def test_a_table_gives_way_to_none_of_other_data_or_another_profile(
    losses, exit_code, capsys, other, tmp_path, monkeypatch
):
    before = files(losses / "out")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "own.npz", seed=1)  # other images in a file of the same name
    options = [*TABLE, "--data", losses / "own.npz", *other, "--out", losses / "out", "--runs", tmp_path / "runs"]
    assert exit_code(*options, "--time-budget", "0.01s") == 2
    assert "out='" in (told := capsys.readouterr().err)
    assert "name another folder, or remove losses.json there first" in told
    assert files(losses / "out") == before


def test_a_torn_table_is_left_out_of_the_report_and_repaired_by_its_own_command(losses, tmp_path, capsys):
    from figures import FIGURES, ResultsError
    from figures.report.collect import collect

    torn = tmp_path / "torn"
    shutil.copytree(losses / "out", torn)
    text = (torn / "losses.csv").read_text()
    (torn / "losses.csv").write_text(text.replace(text.splitlines()[1].split(",")[5], "99.47", 1))
    assert "losses" in collect(losses / "out").metadata
    capsys.readouterr()
    assert "losses" not in collect(torn).metadata
    assert "losses is left out" in capsys.readouterr().err
    command = json.loads((torn / "losses.json").read_text())["command"]
    with pytest.raises(ResultsError) as refused:
        FIGURES["losses"].draw(torn)
    assert str(refused.value).endswith(f"make them with: {command} --out {torn}")
    assert "own.npz" in command
