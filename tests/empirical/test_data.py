import hashlib

import numpy as np
import pytest
from numpy.random import SeedSequence

from empirical.data import digits, load

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
        ({"y_train": np.ones((6, 1), dtype=int)}, r"^y_train=\(6, 1\): its shape must be"),
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
        ({"classes": np.array(["a"] * 8)}, r"^classes=.*: must be a vector of different names$"),
    ],
)
def test_npz_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message) as raised:
        load(save(tmp_path / "toy.npz", **changes))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("data", ["", "digit", "file.npy"])
def test_unknown_data(data):
    with pytest.raises(ValueError, match=r"^data=.*: must be digits or the path of an .npz file$"):
        load(data)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(ValueError, match=r"^data=.*none\.npz': must be an .npz file that exists$"):
        load(str(tmp_path / "none.npz"))
    for content in (b"", b"not a zip file", b"PK\x03\x04 cut off"):
        broken = tmp_path / "broken.npz"
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=r"^data=.*broken\.npz': must be a readable .npz file$"):
            load(str(broken))


def test_digits_splits_differ_with_the_seed():
    data = digits()
    assert not np.array_equal(data.held_out(SeedSequence(0)), data.held_out(SeedSequence(1)))
