import hashlib
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import CIFAR10, CIFAR100

from empirical.data.load import load

RNG = np.random.default_rng(0)


def save_folder(root, sizes=((6, 5), (6, 5)), classes=("ant", "bee")):
    """Write two images of each class for both parts and return them in order; lossless."""
    images = {}
    for part in ("train", "test"):
        images[part] = []
        for name in classes:
            for number, size in enumerate(sizes):
                pixels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
                path = root / part / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
                images[part].append(pixels)
    return images


def test_folder(tmp_path):
    images = save_folder(tmp_path / "insects")
    data = load(str(tmp_path / "insects"))
    assert (data.name, data.classes, data.shape) == ("insects", ("ant", "bee"), (6, 5, 3))
    assert np.array_equal(data.train_images, images["train"])
    assert np.array_equal(data.test_images, images["test"])
    assert data.train_labels.tolist() == data.test_labels.tolist() == [0, 0, 1, 1]


def test_folder_of_greys_and_transparent_images(tmp_path):
    save_folder(tmp_path)
    grey = RNG.integers(0, 256, (6, 5), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "train" / "ant" / "0.png")
    Image.fromarray(grey).convert("RGBA").save(tmp_path / "train" / "ant" / "1.png")
    found = load(str(tmp_path)).train_images
    assert np.array_equal(found[0], np.stack([grey] * 3, axis=2))
    assert np.array_equal(found[1], found[0])


def test_unequal_sizes_need_a_resolution(tmp_path):
    images = save_folder(tmp_path, sizes=((8, 8), (12, 8)))
    with pytest.raises(
        ValueError, match=r"^resolution=None: must be given: .*1\.png is 8 x 12, the first image 8 x 8$"
    ):
        load(str(tmp_path))
    data = load(str(tmp_path), resolution=4)
    assert data.train_images.shape == (4, 4, 4, 3)
    blocks = images["train"][1].reshape(4, 3, 4, 2, 3).astype(int).sum(axis=(1, 3))
    assert np.array_equal(data.train_images[1], (2 * blocks + 6) // 12)


def test_folder_refused(tmp_path):
    root = tmp_path / "images"
    save_folder(root)

    def refused(message):
        with pytest.raises(ValueError, match=message) as raised:
            load(str(root))
        assert "\n" not in str(raised.value)

    (root / "test").rename(root / "validation")
    refused(r"^data=.*: must hold the folders train and test; missing: test$")
    (root / "test").mkdir()
    refused(r"^data=.*test': must hold a folder for each class, with images in each$")
    save_folder(tmp_path / "other", classes=("ant", "wasp"))
    (root / "test").rmdir()
    (tmp_path / "other" / "test").rename(root / "test")
    refused(r"^data=.*: must have the same classes, two at least, in train and test: ")
    (root / "train" / "ant" / "0.png").write_bytes(b"no image")
    refused(r"^data=.*0\.png': must be a readable image: ")


@pytest.mark.parametrize(
    ("name", "kind", "key"), [("cifar10", CIFAR10, b"labels"), ("cifar100", CIFAR100, b"fine_labels")]
)
def test_cifar_from_torchvisions_files(tmp_path, monkeypatch, name, kind, key):
    """Files in the published format, with checksums of their own, so that nothing is downloaded."""
    folder = tmp_path / kind.base_folder
    folder.mkdir()
    classes = [f"class {c}" for c in range(4)]

    def write(file, content):
        (folder / file).write_bytes(pickle.dumps(content))
        return file, hashlib.md5((folder / file).read_bytes()).hexdigest()

    pixels, lists = [], {"train_list": kind.train_list, "test_list": kind.test_list}
    for which, files in lists.items():
        lists[which] = []
        for file, _ in files:
            data = RNG.integers(0, 256, (4, 3072), dtype=np.uint8)
            pixels.append(data)
            labels = [0, 1, 2, 3]
            lists[which].append(write(file, {"data": data, key.decode(): labels}))
    meta = write(kind.meta["filename"], {kind.meta["key"]: classes})
    for which, files in lists.items():
        monkeypatch.setattr(kind, which, files)
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": meta[1]})
    found = load(name, tmp_path)
    assert (found.name, found.classes, found.shape) == (name, tuple(classes), (32, 32, 3))
    everything = np.concatenate(pixels).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    assert np.array_equal(np.concatenate([found.train_images, found.test_images]), everything)
    assert found.test_labels.tolist() == [0, 1, 2, 3]

    # A file that is not what its checksum says is not read: torchvision takes the archive again, which is wrong too.
    (folder / lists["train_list"][0][0]).write_bytes(b"changed")
    archive = tmp_path / kind.filename
    with tarfile.open(archive, "w:gz"):
        pass
    monkeypatch.setattr(kind, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match=rf"^data='{name}': .*"):
        load(name, tmp_path)


def test_npz_comes_before_torchvision(tmp_path):
    images, labels = RNG.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8), np.array([0, 1, 0, 1])
    np.savez(tmp_path / "cifar10.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = load("cifar10", tmp_path)
    assert data.name == "cifar10"
    assert np.array_equal(data.test_images, images)
