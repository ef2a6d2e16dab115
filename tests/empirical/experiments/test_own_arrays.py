"""The experiments on features take anyone's arrays: what is recorded, exact numbers, and what is refused."""

import json
from hashlib import sha256

import numpy as np
import pytest

from empirical.experiments.shared import own_arrays

NAMES = ("cat", "dog", "car")
COUNTS = (12, 60, 25)
EACH = 40
PAIRED = ("network-pairs", "similarity-or-number", "corrections")


def network(**changed):
    """A network of three classes by its arrays: its last layer has the class means."""
    rng = np.random.default_rng(np.random.SeedSequence(0))
    means = 3 * rng.normal(size=(3, 4))
    train_labels, labels = np.repeat(range(3), COUNTS), np.repeat(range(3), EACH)
    arrays = {
        "features": means[labels] + rng.normal(size=(len(labels), 4)),
        "labels": labels,
        "train_features": means[train_labels] + rng.normal(size=(len(train_labels), 4)),
        "train_labels": train_labels,
        "weight": means,
        "bias": -(means**2).sum(axis=1) / 2,
        "class_names": np.array(NAMES),
        **changed,
    }
    return {name: array for name, array in arrays.items() if array is not None}


@pytest.fixture
def saved(tmp_path):
    def save(**changed):
        np.savez(tmp_path / "mine.npz", **network(**changed))
        return tmp_path / "mine.npz"

    return save


@pytest.mark.parametrize("name", [*PAIRED, "norm-angle"])
def test_what_was_read_is_recorded_and_repeats(name, saved, tmp_path, smoke, table):
    file = saved()
    options = () if name == "norm-angle" else ("--imbalance", 4, "--seeds", 1)
    options += ("--repeats", 1) if name in PAIRED[:2] else ()
    assert smoke(name, tmp_path / "one", "--arrays", file, *options) == 0
    made = json.loads((tmp_path / "one" / f"{name}.json").read_text())
    assert made["data"]["mine.npz"] == {
        "sha256": sha256(file.read_bytes()).hexdigest(),
        "images": 3 * EACH,
        "features": 4,
        "classes": 3,
        "names": list(NAMES),
    }
    assert made["arguments"]["arrays"] == ["mine.npz"]
    assert "data" not in made["arguments"]
    assert "trained" not in made
    assert smoke(name, tmp_path / "two", "--arrays", file, *options) == 0
    rows = table(tmp_path / "one" / f"{name}.csv")
    assert rows == table(tmp_path / "two" / f"{name}.csv")
    assert {(row["data"], row["run"]) for row in rows} == {("mine.npz", "mine.npz")}


@pytest.mark.parametrize("name", PAIRED)
def test_pairs_of_named_classes_on_images_of_their_own(name, saved, tmp_path, smoke, table):
    """Half of each class is there to train on, of the other half one half is read and one measured on."""
    repeats = () if name == "corrections" else ("--repeats", 1)
    assert smoke(name, tmp_path, "--arrays", saved(), "--imbalance", 4, "--seeds", 2, *repeats) == 0
    rows = [row for row in table(tmp_path / f"{name}.csv") if row["imbalance"] == "4"]
    assert {row["minority"] for row in rows} <= set(NAMES)
    cells = {tuple(int(row[column]) for column in ("n_pos", "n_neg", "read", "kept")) for row in rows}
    assert cells == {(EACH // 2, EACH // 8, EACH // 4, EACH // 4)}
    assert {row["seed"] for row in rows} == {"0", "1"}
    if name != "corrections":
        assert {row["features"] for row in rows} == {"plain"}  # some are negative: no square roots
        told = json.loads((tmp_path / f"{name}.json").read_text())["data"]["predictions"]
        assert told["when"] == "no record"


def test_norms_and_angles_of_a_last_layer(saved, tmp_path, smoke, table):
    arrays = network()
    assert smoke("norm-angle", tmp_path, "--arrays", saved()) == 0
    rows = table(tmp_path / "norm-angle.csv")
    right = (arrays["features"] @ arrays["weight"].T + arrays["bias"]).argmax(axis=1) == arrays["labels"]
    for row in rows:
        own = right[arrays["labels"] == int(row["label"])]
        assert float(row["recall"]) == pytest.approx(100 * own.mean(), abs=1e-4)
        whole = sum(float(row[part]) for part in ("neutral", "norms", "biases", "angles"))
        assert whole == pytest.approx(float(row["recall"]), abs=1e-3)
    assert [int(row["images"]) for row in rows] == list(COUNTS)
    assert {(row["imbalance"], row["method"]) for row in rows} == {("5.0", "")}
    recalls = {int(row["label"]): float(row["recall"]) for row in rows}
    [part] = json.loads((tmp_path / "norm-angle.json").read_text())["summary"]
    assert part["gap"] == pytest.approx(recalls[1] - recalls[0])  # the most frequent class and the rarest


@pytest.mark.parametrize(
    ("name", "changed", "options", "message"),
    [
        *((name, {}, ("--data", "digits"), "data=['digits']: must be left out with --arrays") for name in PAIRED),
        *((name, {}, ("--workers", 2), "workers=2: must be left out with --arrays") for name in PAIRED),
        *((name, {"labels": None}, (), "arrays=") for name in (*PAIRED, "norm-angle")),
        *((name, {"features": np.full((120, 4), np.inf)}, (), "features=") for name in (*PAIRED, "norm-angle")),
        *((name, {"labels": np.full(120, 10**15)}, (), "labels=") for name in (*PAIRED, "norm-angle")),
        *((name, {"class_names": np.array(["cat", "cat", "dog"])}, (), "class_names=") for name in PAIRED),
        *((name, {}, ("--imbalance", 1000), "imbalance=1000: must ") for name in PAIRED),
        ("network-pairs", {}, ("--imbalance", 2, "--pairs", 1), "pairs=1: must be left out with --arrays"),
        ("norm-angle", {"weight": None}, (), "arrays="),
        ("norm-angle", {"bias": np.zeros(2)}, (), "bias=(2,): must be of shape (3,)"),
        ("norm-angle", {"weight": np.zeros((3, 5))}, (), "train_features=(97, 4): must have 5 columns"),
        (
            "norm-angle",
            {"weight": np.zeros((4, 4)), "bias": None},
            (),
            "train_labels=[12, 60, 25, 0]: must hold images",
        ),
    ],
)
def test_what_cannot_be_is_refused(name, changed, options, message, saved, assert_refused):
    assert_refused(name, ("--arrays", saved(**changed), *options), message)


def test_halves_are_of_each_class_and_of_the_seed():
    y = np.repeat([0, 1], [9, 8])
    one, other = (own_arrays.split("mine", np.zeros((17, 1)), y, ("a", "b"), seed).test for seed in (0, 1))
    assert [int(part[y == label].sum()) for part in (one, other) for label in (0, 1)] == [4, 4, 4, 4]
    assert (one != other).any()


@pytest.mark.parametrize("name", ["which-tau", "network-classes", "network-pairs", "norm-angle"])
def test_two_files_of_one_name_are_refused(tmp_path, name, exit_code, capsys):
    """A record knows a file by its name, so that one of the two would be recorded as the other."""
    paths = [tmp_path / folder / "mine.npz" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        np.savez(path, labels=np.arange(3))
    out = tmp_path / "out"
    assert exit_code("run", name, "--profile", "smoke", "--out", out, "--arrays", *paths) == 2
    shown = capsys.readouterr().err
    assert "arrays=" in shown
    assert "different" in shown
    assert not out.exists()
