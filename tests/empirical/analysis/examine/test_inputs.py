"""Arrays that can be examined, in files and in memory, and those that cannot: one line that names the argument."""

import os
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
import torch

from empirical import examine
from empirical.analysis.examine.array_file import open_arrays
from empirical.analysis.examine.inputs import check, class_sums, pieces
from empirical.commands.examine import main


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    features = rng.normal(size=(60, 4)) + 2 * np.eye(3, 4)[labels]
    weight, bias = rng.normal(size=(3, 4)), rng.normal(size=3)
    logits = features @ weight.T + bias
    return {"features": features, "logits": logits, "labels": labels, "weight": weight, "bias": bias}


def with_value(array, value, at):
    changed = array.astype(float)
    changed[at] = value
    return changed


BAD = {
    "nan": (lambda a: {"logits": with_value(a["logits"], np.nan, (7, 1))}, "logits=nan: .*row 7, column 1"),
    "inf": (lambda a: {"features": with_value(a["features"], np.inf, (0, 0))}, "features=inf: .*row 0, column 0"),
    "weight": (lambda a: {"weight": with_value(a["weight"], np.nan, (0, 0))}, "weight=nan"),
    "bias": (lambda a: {"bias": with_value(a["bias"], np.nan, 1)}, "bias=nan: .*entry 1 is not"),
    "shape of bias": (lambda a: {"bias": a["bias"][1:]}, r"bias='float64 of shape \(2,\)': must hold 3 real numbers"),
    "huge": (
        lambda a: {"features": a["features"] * 1e160, "logits": None},
        r"features=.*: must be finite numbers of at most 1e\+50 in size: row 0, column 0 is not",
    ),
    "huge weight": (lambda a: {"weight": a["weight"] * 1e60, "logits": None}, r"weight=.*at most 1e\+50 in size"),
    "too many images": (
        lambda a: {"counts": [2**53 + 1, 4, 3]},
        r"counts=\[9007199254740993, 4, 3\]: must hold 3 whole numbers of at least 1 and at most 1,000,000,000,000",
    ),
    "too few": (lambda a: {"labels": a["labels"][1:]}, "labels=59: must be as many as features has rows, 60"),
    "outside": (lambda a: {"labels": a["labels"] + 1}, "labels=3: must be from 0 to 2"),
    "negative": (lambda a: {"labels": a["labels"] - 1}, "labels=-1: must be from 0 to 2"),
    "absent": (lambda a: {"labels": a["labels"] % 2}, "labels='no images of class 2'"),
    "floats": (lambda a: {"labels": a["labels"].astype(float)}, "labels='float64 of shape"),
    "one-hot": (lambda a: {"labels": np.eye(3, dtype=int)[a["labels"]]}, "labels='int64 of shape"),
    "none": (lambda a: {"labels": None}, "labels=None: must be given with features"),
    "columns": (lambda a: {"weight": a["weight"][:, 1:]}, "weight=.*must have as many columns as features, 4"),
    "classes": (lambda a: {"weight": a["weight"][1:]}, "weight=2: must be of as many classes as logits, 3"),
    "counts": (lambda a: {"counts": [5, 4]}, "counts=2: must be of as many classes as logits, 3"),
    "no images": (lambda a: {"counts": [5, 4, 0]}, r"counts=\[5, 4, 0\]: must hold 3 whole numbers of at least 1"),
    "shares": (lambda a: {"counts": [0.5, 0.3, 0.2]}, r"counts=\[0.5, 0.3, 0.2\]: must be a vector"),
    "names": (lambda a: {"class_names": ["a", "b", "a"]}, "class_names=.*must all differ"),
    "one name": (lambda a: {"class_names": "abc"}, "class_names='abc': must be a list of names"),
    "rows of names": (lambda a: {"class_names": np.array([["a", "b", "c"]])}, "class_names=.*must be a list of names"),
    "transposed": (lambda a: {"weight": a["weight"].T}, "weight=4: must be of .* as logits, 3; transposed it is"),
    "transposed too": (
        lambda a: {"weight": a["weight"].T, "logits": None, "bias": None},
        r"weight=\(4, 3\): must have as many columns as features, 4; transposed it has",
    ),
    "vector": (lambda a: {"features": a["features"][:, 0]}, "features='float64 of shape"),
    "complex": (lambda a: {"features": a["features"] * 1j}, "features='complex128"),
    "text": (lambda a: {"features": "features"}, "features="),
    "train": (lambda a: {"train_features": a["features"]}, "train_labels=None: must be given with train_features"),
    "other": (
        lambda a: {"train_features": a["features"], "train_labels": a["labels"], "counts": [1, 2, 3]},
        "counts=.*must be those of train_labels",
    ),
    "no layer": (lambda a: {"weight": None}, "bias=.*must be left out where there is no weight"),
    "other logits": (lambda a: {"logits": 2 * a["logits"]}, "logits=.*must be features @ weight.T"),
    "no bias": (lambda a: {"bias": None}, r"logits=.*must be features @ weight.T \(no bias"),
    "seed": (lambda a: {"seed": -1}, "seed=-1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(arrays, name):
    change, line = BAD[name]
    with pytest.raises(ValueError, match=f"^{line}") as refused:
        examine(**{**arrays, **change(arrays)})
    assert "\n" not in str(refused.value)


def test_features_need_labels(arrays):
    with pytest.raises(ValueError, match="^labels=None: must be given with features"):
        examine(features=arrays["features"])


def test_a_label_beyond_the_images_is_refused_before_anything_is_made_for_its_class():
    features = np.zeros((180, 4))
    for label, said in ((10**9, "labels=1000000000: must be below 180"), (2**64 - 1, f"labels={2**64 - 1}: ")):
        labels = np.array([*range(179), label], dtype=np.uint64)
        with pytest.raises(ValueError, match=said):
            check(features=features, labels=labels)


def test_names_are_text(arrays):
    names = np.array([b"cat", b"dog", "Bär".encode()])
    found = examine(features=arrays["features"], labels=arrays["labels"], class_names=names)
    assert {row.name for row in found.rivals} == {"cat", "dog", "Bär"}
    assert {row.needs for row in found.missing if row.section in (1, 4)} == {"logits, or weight"}


def test_nothing_at_all():
    with pytest.raises(ValueError, match="^features=None: must be given, or logits, or weight"):
        examine(labels=[0, 1])


def same(found, expected):
    mine, other = found.to_dict(), expected.to_dict()
    for made in (mine, other):
        made["about"].pop("seconds")
    assert mine["about"] == {
        key: pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
        for key, value in other["about"].items()
    }
    assert mine["tables"].keys() == other["tables"].keys()
    for name, table in mine["tables"].items():
        for row, known in zip(table["rows"], other["tables"][name]["rows"], strict=True):
            assert row == {key: pytest.approx(value, abs=1e-3) for key, value in known.items()}, name


def floats(array, change):
    """Change an array of floats only."""
    return change(array) if array.dtype.kind == "f" else array


KINDS = {
    "float32": lambda array: floats(array, np.float32),
    "int32": lambda array: array if array.dtype.kind == "f" else array.astype(np.int32),
    "unsigned": lambda array: array if array.dtype.kind == "f" else array.astype(np.uint8),
    "tensors": torch.from_numpy,
    "float32 tensors": lambda array: torch.from_numpy(floats(array, np.float32)),
    "with gradients": lambda array: torch.from_numpy(array).requires_grad_(array.dtype.kind == "f"),
    "lists": lambda array: array.tolist(),
    "by columns": np.asfortranarray,
    "read only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
}


@pytest.fixture(scope="module")
def expected(arrays):
    return examine(**arrays, counts=[100, 30, 10])


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_array(arrays, expected, kind):
    counts = np.array([100, 30, 10])
    own = {name: KINDS[kind](array) for name, array in arrays.items()}
    same(examine(**own, counts=KINDS[kind](counts)), expected)


def test_half_precision_is_taken(arrays):
    own = {name: floats(array, lambda array: torch.from_numpy(array).bfloat16()) for name, array in arrays.items()}
    found = examine(**{**own, "logits": None})
    assert found.accuracy[0].images == 60


def test_halves_have_each_class_evenly():
    labels = np.repeat([0, 1, 2], [11, 4, 1])
    given = check(logits=np.zeros((16, 3)), labels=labels, seed=3)
    assert np.bincount(labels[given.first]).tolist() == [6, 2, 1]
    assert (given.first != check(logits=np.zeros((16, 3)), labels=labels, seed=4).first).any()


def test_logits_are_those_of_the_last_layer(arrays, expected):
    without = examine(**{**arrays, "logits": None}, counts=[100, 30, 10])
    assert [row.recall for row in without.classes] == [row.recall for row in expected.classes]


@pytest.mark.parametrize("n", [1, 7, 100])
def test_pieces_cover_all_rows_once(n):
    taken = [i for rows in pieces(n, 2**20) for i in range(n)[rows]]
    assert taken == list(range(n))


def test_class_sums_by_their_definition(monkeypatch):
    monkeypatch.setattr("empirical.analysis.examine.inputs._HELD", 30)
    rng = np.random.default_rng(0)
    x, labels, chosen = rng.normal(size=(40, 3)), rng.integers(0, 4, 40), rng.random(40) < 0.5
    expected = [x[chosen & (labels == label)].sum(axis=0) for label in range(4)]
    assert class_sums(x, labels, 4, chosen) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("in_memory", [0, 2**26])
def test_files_are_read_as_they_were_written(tmp_path, monkeypatch, save, in_memory):
    monkeypatch.setattr("empirical.analysis.examine.array_file._IN_MEMORY", in_memory)
    rng = np.random.default_rng(0)
    written = {
        "features": rng.normal(size=(5, 3)).astype(np.float16),
        "logits": np.asfortranarray(rng.normal(size=(5, 2))),
        "labels": np.arange(5, dtype=np.int32),
        "empty": np.empty((0, 3)),
        "names": np.array(["cat", "dog"]),
    }
    save(tmp_path / "a.npz", **written)
    found = open_arrays("arrays", tmp_path / "a.npz")
    assert found.keys() == written.keys()
    for name, array in written.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
    assert isinstance(found["features"], np.memmap) == (save is np.savez or not in_memory)


def test_a_folder_of_arrays(tmp_path):
    np.save(tmp_path / "labels.npy", np.arange(3))
    assert open_arrays("arrays", tmp_path)["labels"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("content", ["a pipe", "an .npz file", "text"])
def test_a_folder_with_something_that_is_no_array(tmp_path, content):
    """A pipe is not waited for, and the names in an archive are not taken for an array."""
    np.save(tmp_path / "labels.npy", np.arange(3))
    path = tmp_path / "features.npy"
    if content == "a pipe":
        os.mkfifo(path)
    elif content == "text":
        path.write_text("features")
    else:
        np.savez(tmp_path / "a.npz", features=np.eye(3))
        (tmp_path / "a.npz").rename(path)
    with pytest.raises(ValueError, match="^arrays=.*: features.npy: "):
        open_arrays("arrays", tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_no_file_of_arrays(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="^arrays=.*must be an .npz file"):
        open_arrays("arrays", tmp_path / "a.npz")


def test_python_objects_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", labels=np.array([{}, {}]))
    with pytest.raises(ValueError, match="^arrays=.*: labels: it holds Python objects"):
        open_arrays("arrays", tmp_path / "a.npz")
    with pytest.raises(ValueError, match="^arrays="):
        open_arrays("arrays", tmp_path / "nowhere.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="^arrays=.*no array"):
        open_arrays("arrays", tmp_path / "empty")


def test_a_row_without_a_direction_is_said(arrays):
    weight = np.vstack([np.zeros(4), arrays["weight"][1:]])
    found = examine(**{**arrays, "weight": weight, "logits": None}, counts=[100, 30, 10])
    assert found.gap == ()
    needs = {row.adds: row.needs for row in found.missing}
    assert needs["tau-normalisation"] == "weight without rows of zeros"
    assert "weight and mean features of classes without rows of zeros" in needs.values()


def peak(tmp_path, n):
    """Return the most bytes that are held while ``n`` mapped images of 400 classes are examined."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, 50)).astype(np.float32)
    np.savez(tmp_path / f"{n}.npz", features=features, labels=np.arange(n) % 400, weight=rng.normal(size=(400, 50)))
    arrays = open_arrays("arrays", tmp_path / f"{n}.npz")
    tracemalloc.start()
    examine(**arrays, counts=np.arange(400, 0, -1))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_images(tmp_path, monkeypatch):
    """But for some bytes an image: 3,000 images more have 9.6 MB of logits and 1.2 MB of features as floats."""
    monkeypatch.setattr("empirical.analysis.examine.inputs._HELD", 2**15)
    monkeypatch.setattr("empirical.analysis.examine.pairs.ENOUGH", 10**6)
    monkeypatch.setattr("empirical.analysis.examine.corrections._MOST_WORK", 0)
    monkeypatch.setattr("empirical.analysis.examine.corrections._MOST_NUMBERS", 0)
    small, large = (peak(tmp_path, n) for n in (1000, 4000))
    assert large - small < 1_000_000


def test_counts_that_are_no_numbers_are_shown_as_they_were_written():
    with pytest.raises(ValueError, match=r"^counts=\['5', 'x'\]: must be a vector of whole numbers"):
        check(logits=np.eye(2), labels=np.arange(2), counts=["5", "x"])


def test_a_file_whose_arrays_have_other_names_is_told_which_it_has(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", feature=np.eye(2), labels=np.arange(2))
    with pytest.raises(SystemExit):
        main(["--arrays", str(tmp_path / "a.npz")])
    assert "arrays=['feature', 'labels']: must hold features, logits or weight" in capsys.readouterr().err


def test_arrays_that_are_not_used_are_named(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", logits=np.eye(2), labels=np.arange(2), count=np.array([9, 2]))
    assert main(["--arrays", str(tmp_path / "a.npz")]) == 0
    assert "a.npz: count; the names are features, logits, labels" in capsys.readouterr().err


def test_a_file_that_is_missing_is_told_without_numbers_of_errors(tmp_path):
    with pytest.raises(ValueError, match=r"objects: No such file or directory$"):
        open_arrays("arrays", tmp_path / "none.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_bit_of_a_file_is_refused_or_changes_nothing(tmp_path, save):
    """Arrays that are memory-mapped are compared with their checksums too."""
    rng = np.random.default_rng(np.random.SeedSequence(0))
    arrays = {"features": rng.normal(size=(50, 4)), "labels": np.arange(50) % 2}
    path = tmp_path / "a.npz"
    save(path, **arrays)
    whole = path.read_bytes()
    for at in rng.integers(len(whole), size=60).tolist():
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        with suppress(ValueError):
            found = open_arrays("arrays", path)
            assert found.keys() == arrays.keys()
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
