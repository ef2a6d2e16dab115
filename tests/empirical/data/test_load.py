import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.random import SeedSequence

from empirical.data.channels import channel_statistics
from empirical.data.gaussian import GaussianImages
from empirical.data.load import digits, load

GOOD = {
    "x_train": np.arange(24, dtype=np.uint8).reshape(6, 2, 2, 1),
    "y_train": np.array([7, 3, 7, 3, 7, 3]),
    "x_test": np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1),
    "y_test": np.array([3, 7]),
}


def save(path, **changes):
    np.savez(path, **{key: value for key, value in {**GOOD, **changes}.items() if value is not None})
    return str(path)


def test_digits():
    data = load("digits")
    assert (data.name, data.classes, data.images.shape) == ("digits", tuple("0123456789"), (1797, 64))
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.test is None


def test_npz(tmp_path):
    path = tmp_path / "toy.npz"
    data = load(save(path))
    assert (data.name, data.classes) == ("toy.npz", ("3", "7"))
    assert data.images.dtype == np.uint8
    assert data.images.tolist() == [*GOOD["x_train"].reshape(6, 4).tolist(), *GOOD["x_test"].reshape(2, 4).tolist()]
    assert data.labels.tolist() == [1, 0, 1, 0, 1, 0, 0, 1]
    assert data.test.tolist() == [False] * 6 + [True] * 2
    assert data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.held_out(SeedSequence(0)) is data.test


def test_npz_names(tmp_path):
    names = np.array(list("abcdefgh"))
    assert load(save(tmp_path / "toy.npz", classes=names)).classes == ("d", "h")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, r"^data=.*: must hold x_train, y_train, x_test, y_test; missing: y_test$"),
        ({"y_train": np.array([1, 2])}, r"^y_train=\(2,\): its shape must be \(6,\)"),
        ({"y_train": np.array([1.0] * 6)}, r"^y_train='float64': its type must be integer$"),
        ({"y_train": np.array([True] * 6)}, r"^y_train='bool': its type must be integer$"),
        ({"y_train": np.ones((6, 2), dtype=int)}, r"^y_train=\(6, 2\): its shape must be .*np.argmax\(y, axis=1\)$"),
        ({"y_train": np.full(6, 2**63, dtype=np.uint64)}, r"^y_train=9223372036854775808: must hold labels of at most"),
        ({"y_train": np.ones(6, dtype=int), "y_test": np.ones(2, dtype=int)}, r"^y_train=\[1\]: .*two classes$"),
        ({"y_test": np.array([3, 3])}, r"^y_test=.*: must hold every class; missing: 7$"),
        ({"y_test": np.array([3, 9])}, r"^y_train=.*: must hold every class; missing: 9$"),
        ({"x_train": np.full((6, 4), np.nan)}, r"^x_train=nan: must hold finite numbers$"),
        ({"x_test": np.array([[1, 2, 3, np.inf]] * 2)}, r"^x_test=inf: must hold finite numbers$"),
        ({"x_test": np.ones((2, 5))}, r"^x_test=\(2, 5\): its images must have 4 pixels"),
        ({"x_train": np.array(["a"] * 6)}, r"^x_train='<U1': its type must be integer or float$"),
        ({"x_train": np.ones(6)}, r"^x_train=\(6,\): its shape must be"),
        ({"x_train": np.ones((0, 4))}, r"^x_train=\(0, 4\): its shape must be"),
        ({"x_train": np.array([None] * 6)}, r"^data=.*: must hold plain arrays, no pickled objects$"),
        ({"classes": np.array(["a", "b"])}, r"^classes=.*: must name every label: 3 to 7 occur$"),
        ({"classes": np.array(["a"] * 8)}, r"^classes='a': must all differ: it comes 2 times$"),
        ({"classes": np.array("ab")}, r"^classes=\(\): must be a vector of names$"),
        ({"classes": np.array(["e\u0301", "\u00e9"] * 4)[:, None]}, r"^classes=\(8, 1\): must be a vector of names$"),
        ({"classes": np.array([*"abc", "e\u0301", *"def", "\u00e9"])}, r"^classes='é': must all differ"),
        ({"classes": np.array([*"abcdefg", " \t"])}, r"^classes=' \\t': must not be blank"),
        ({"classes": np.array([*"abcdefg", "a\nb"])}, r"^classes='a\\nb': must not hold control characters"),
    ],
)
def test_npz_refused(tmp_path, changes, message):
    path = save(tmp_path / "toy.npz", **changes)
    with pytest.raises(ValueError, match=r"toy\.npz") as raised:
        load(path)
    assert re.search(message, str(raised.value).removesuffix(f" ({path})"))
    assert "\n" not in str(raised.value)


def test_labels_in_a_column(tmp_path):
    column = {key: GOOD[key][:, None] for key in ("y_train", "y_test")}
    assert load(save(tmp_path / "toy.npz", **column)).labels.tolist() == [1, 0, 1, 0, 1, 0, 0, 1]


def test_names_of_bytes_are_text(tmp_path):
    names = np.array([f"{letter}ä".encode() for letter in "abcdefgh"])
    assert load(save(tmp_path / "toy.npz", classes=names)).classes == ("dä", "hä")
    with pytest.raises(ValueError, match=r"^classes=.*xff.*: must be text, or bytes of UTF-8"):
        load(save(tmp_path / "toy.npz", classes=np.array([b"\xff%d" % number for number in range(8)])))


def test_classes_without_images_and_arrays_that_are_not_read_are_said(tmp_path):
    names = np.array([letter.encode() for letter in "abcdefgh"])
    data = load(save(tmp_path / "toy.npz", classes=names, x_val=GOOD["x_test"], y_val=GOOD["y_test"]))
    assert data.classes == ("d", "h")
    arrays, gaps = data.notes
    assert arrays.startswith("left out, arrays that are not read: x_val, y_val: ")
    assert gaps.startswith(
        "classes without images, so that labels after them count one less each: a, b, c, e, f, ...: "
    )
    assert load(save(tmp_path / "toy.npz")).notes == ()


def test_the_order_of_bytes_changes_nothing(tmp_path):
    images = {key: GOOD[key].astype(np.uint16) * 257 for key in ("x_train", "x_test")}
    labels = {key: GOOD[key].astype(">i8") for key in ("y_train", "y_test")}
    native = load(save(tmp_path / "a.npz", **images))
    swapped = load(save(tmp_path / "b.npz", **labels, **{key: x.astype(">u2") for key, x in images.items()}))
    assert swapped.fingerprint == native.fingerprint
    assert [data.notes[0].partition(":")[0] for data in (native, swapped)] == ["16 bits scaled to 8, 65535 to 255"] * 2


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "toy.npz"
    save(path)

    def changed(file):
        save(path, x_test=GOOD["x_test"] + 1)
        return "0" * 64

    monkeypatch.setattr("empirical.data.npz.file_sha256", changed)
    with pytest.raises(ValueError, match=r"toy\.npz': must not change while it is read$"):
        load(str(path))


def test_floats_from_0_to_1_get_a_hint(tmp_path):
    data = load(save(tmp_path / "toy.npz", **{key: GOOD[key] / 255 for key in ("x_train", "x_test")}))
    with pytest.raises(ValueError, match=r"all lie between 0 and 1: save np\.round\(255 \* x\)\.astype\(np\.uint8\)$"):
        _ = data.train_images


@pytest.mark.parametrize(("step", "levels"), [(257, 24), (200, 19), (5, None)])
def test_sixteen_bits_are_scaled_and_said_or_refused(tmp_path, step, levels):
    changes = {key: GOOD[key].astype(np.uint16) * step for key in ("x_train", "x_test")}
    if levels is None:
        changes["x_train"][0] = 300
    data = load(save(tmp_path / "toy.npz", **changes))
    if levels is None:
        with pytest.raises(ValueError, match=r"^images=\d+: must be whole numbers from 0 to 255"):
            _ = data.train_images
    else:
        assert len(np.unique(data.train_images)) == levels
        assert data.notes[0].startswith("16 bits scaled to 8, 65535 to 255: ")


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "toy.npz")
    assert load("~/toy.npz").name == "toy.npz"


@pytest.mark.parametrize("data", ["", "digit", "file.npy", "Gaussian"])
def test_unknown_data(data):
    with pytest.raises(
        ValueError, match=r"^data=.*: must be digits or the path of an .npz file, or cifar10, cifar100, "
    ):
        load(data)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(ValueError, match=r"^data=.*none\.npz': must be an .npz file that exists$"):
        load(str(tmp_path / "none.npz"))
    for content in (b"", b"not a zip file", b"PK\x03\x04 cut off"):
        broken = tmp_path / "broken.npz"
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=r"^data=.*broken\.npz': must be a readable .npz file: File is not"):
            load(str(broken))


def test_digits_splits_differ_with_the_seed():
    data = digits()
    assert not np.array_equal(data.held_out(SeedSequence(0)), data.held_out(SeedSequence(1)))


def test_training_and_test_images(tmp_path):
    data = load(save(tmp_path / "toy.npz"))
    assert np.array_equal(data.train_images, GOOD["x_train"])
    assert np.array_equal(data.test_images, GOOD["x_test"])
    assert data.train_labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.test_labels.tolist() == [0, 1]
    assert (data.train_images.dtype, data.train_labels.dtype) == (np.uint8, np.int64)
    assert data.mirror
    assert data.shift


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.float64])
def test_whole_numbers_become_bytes(tmp_path, kind):
    changes = {key: GOOD[key].astype(kind) for key in ("x_train", "x_test")}
    found = load(save(tmp_path / "toy.npz", **changes)).train_images
    assert found.dtype == np.uint8
    assert np.array_equal(found, GOOD["x_train"])


@pytest.mark.parametrize("value", [0.5, 256, -1, 1e300])
def test_other_numbers_are_no_pictures(tmp_path, value):
    images = GOOD["x_train"].astype(float)
    images[3, 1, 0, 0] = value
    data = load(save(tmp_path / "toy.npz", x_train=images))
    with pytest.raises(ValueError, match=r"^images=.*: must be whole numbers from 0 to 255, to be trained on$"):
        _ = data.train_images


@pytest.mark.parametrize(
    ("train", "test", "shape"),
    [
        ((6, 5, 4, 3), (2, 5, 4, 3), (5, 4, 3)),
        ((6, 5, 4), (2, 5, 4), (5, 4, 1)),
        ((6, 3, 5, 4), (2, 3, 5, 4), (3, 5, 4)),
        ((6, 3, 4, 5), (2, 3, 4, 5), None),
        ((6, 20), (2, 20), None),
        ((6, 5, 4), (2, 4, 5), None),
    ],
)
def test_shapes(tmp_path, train, test, shape):
    x = {"x_train": np.zeros(train, dtype=np.uint8), "x_test": np.zeros(test, dtype=np.uint8)}
    data = load(save(tmp_path / "toy.npz", **x))
    assert data.shape == shape
    if shape is None:
        what = "are channel-first, 3 x 4 x 5: save" if train == (6, 3, 4, 5) else "must have the shape"
        with pytest.raises(ValueError, match=rf"^data='toy.npz': its images {what}"):
            _ = data.train_images
        with pytest.raises(ValueError, match=r"^resolution=2: must be None: its images"):
            load(save(tmp_path / "toy.npz", **x), resolution=2)
    else:
        assert data.train_images.shape == (6, *shape)


def test_medmnist(tmp_path):
    arrays = {
        "train_images": GOOD["x_train"][..., 0],
        "train_labels": GOOD["y_train"][:, None],
        "val_images": np.zeros((1, 2, 2), dtype=np.uint8),
        "val_labels": np.array([[3]]),
        "test_images": GOOD["x_test"][..., 0],
        "test_labels": GOOD["y_test"][:, None],
    }
    np.savez(tmp_path / "blood.npz", **arrays)
    data = load(str(tmp_path / "blood.npz"))
    assert np.array_equal(data.train_images, GOOD["x_train"])
    assert data.test_labels.tolist() == [0, 1]
    assert data.classes == ("3", "7")


def test_resolution(tmp_path):
    data = load(save(tmp_path / "toy.npz"), resolution=1)
    assert data.shape == (1, 1, 1)
    assert data.train_images.ravel().tolist() == [2, 6, 10, 14, 18, 22]  # 1.5, 5.5, ..., halves up
    assert np.array_equal(load(save(tmp_path / "toy.npz"), resolution=2).train_images, GOOD["x_train"])
    with pytest.raises(ValueError, match=r"^resolution=3: must be at most 2"):
        load(save(tmp_path / "toy.npz"), resolution=3)


def test_digits_to_train_on():
    data, other = load("digits"), load("digits", seed=1)
    assert np.array_equal(np.unique(data.train_images), np.arange(0, 241, 15))
    assert len(data.train_images) + len(data.test_images) == 1797
    assert not data.mirror
    assert data.fingerprint == load("digits").fingerprint
    assert data.fingerprint != other.fingerprint
    mask = data.held_out(SeedSequence(0))
    assert np.array_equal(data.test_images.reshape(-1, 64), data.images[mask])
    assert np.array_equal(data.train_labels, data.labels[~mask])


def test_fingerprint_is_of_the_images_and_labels_alone(tmp_path):
    one = load(save(tmp_path / "one.npz")).fingerprint
    np.savez_compressed(tmp_path / "two.npz", **GOOD)
    assert load(str(tmp_path / "two.npz")).fingerprint == one
    changed = GOOD["x_test"].copy()
    changed[1, 0, 0, 0] += 1
    relabelled = np.array([3, 7, 7, 3, 7, 3])
    for changes in ({"x_test": changed}, {"y_train": relabelled}):
        assert load(save(tmp_path / "three.npz", **changes)).fingerprint != one


def test_gaussian():
    data = load("gaussian:separation=2.5,classes=4,train=30,test=20", seed=3, resolution=6)
    assert data.train_images.shape == (120, 6, 6, 1)
    assert np.bincount(data.test_labels).tolist() == [20] * 4
    law = GaussianImages(2.5, 4, 6)
    images, labels, test = law.draw(30, 20, seed=3)
    assert np.array_equal(data.train_images[..., 0], images[~test])
    assert np.array_equal(data.test_labels, labels[test])
    assert not data.mirror
    assert not data.shift
    assert load("gaussian").train_images.shape == (5000, 8, 8, 1)
    assert load("gaussian", seed=1).fingerprint != load("gaussian").fingerprint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gaussian:noise=3", r"^data='gaussian:noise=3': must be gaussian:NAME=NUMBER,... with the names separation, "),
        ("gaussian:3", r"^data='gaussian:3': must be gaussian:NAME=NUMBER"),
        ("gaussian:classes=2.5", r"^classes='2.5': must be a whole number$"),
        ("gaussian:separation=x", r"^separation='x': must be a number$"),
        ("gaussian:separation=nan", r"^separation=nan: "),
        ("gaussian:train=0", r"^train=0: "),
    ],
)
def test_gaussian_refused(name, message):
    with pytest.raises(ValueError, match=message):
        load(name)


def test_importing_it_imports_no_torch():
    code = (
        "import sys, empirical.data.load, empirical.data.longtail, empirical.data.mixing;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif("TAILBOUND_DATA" not in os.environ, reason="TAILBOUND_DATA names no folder with cifar10.npz")
@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_cifar_as_a_file(name, classes):
    data = load(name, os.environ["TAILBOUND_DATA"])
    assert (data.name, len(data.classes)) == (name, classes)
    assert (data.train_images.shape, data.test_images.shape) == ((50000, 32, 32, 3), (10000, 32, 32, 3))
    assert np.bincount(data.train_labels).tolist() == [50000 // classes] * classes
    if name == "cifar10":
        # The mean and the deviation that everyone normalises with, in units of 255.
        mean, std = channel_statistics(torch.from_numpy(data.train_images))
        assert mean.tolist() == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)
        assert std.tolist() == pytest.approx([0.2470, 0.2435, 0.2616], abs=1e-4)


def test_cifar_needs_a_folder():
    with pytest.raises(ValueError, match=r"^root=None: must be the folder that holds cifar10"):
        load("cifar10")
