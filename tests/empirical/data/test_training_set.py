from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from empirical.config import Config
from empirical.data import longtail
from empirical.data.channels import channel_statistics
from empirical.data.class_names import labelled
from empirical.data.load import load
from empirical.data.training_set import load_training_set

DIGITS = Config(data="digits", imbalance=10)
GAUSSIAN = Config(data="gaussian:separation=4,classes=4,train=30,test=20", imbalance=3)


@pytest.fixture
def uneven(tmp_path):
    """Write a data set with 9, 20, 3 and 8 training images of its four classes, and return its configuration."""
    sizes = [9, 20, 3, 8]
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(4), sizes))
    images = np.random.default_rng(1).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    path = tmp_path / "uneven.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return Config(data=str(path), imbalance=1)


def test_images_of_each_class():
    config = replace(GAUSSIAN, counts=(5, 30, 1, 7))
    training_set = load_training_set(config, None)
    assert training_set.counts == (5, 30, 1, 7)
    assert training_set.labels.bincount().tolist() == [5, 30, 1, 7]
    data = load(config.data)
    assert np.array_equal(training_set.images.numpy(), data.train_images[training_set.chosen])
    assert np.array_equal(training_set.labels.numpy(), data.train_labels[training_set.chosen])
    fewer = load_training_set(replace(GAUSSIAN, counts=(5, 20, 1, 7)), None)
    assert set(fewer.chosen) < set(training_set.chosen)


def test_counts_that_a_profile_gives_are_the_profiles_images():
    training_set = load_training_set(GAUSSIAN, None)
    again = load_training_set(replace(GAUSSIAN, counts=training_set.counts), None)
    assert torch.equal(training_set.images, again.images)
    assert torch.equal(training_set.labels, again.labels)


def test_classes_become_the_labels_in_their_order():
    classes = (7, 2, 5)
    training_set = load_training_set(replace(DIGITS, classes=classes, largest=40), None)
    assert training_set.counts == (40, 12, 4)
    data = load("digits")
    assert np.array_equal(np.take(classes, training_set.labels.numpy()), data.train_labels[training_set.chosen])
    assert np.array_equal(training_set.images.numpy(), data.train_images[training_set.chosen])
    own = np.isin(data.test_labels, classes)
    assert np.array_equal(training_set.test_images.numpy(), data.test_images[own])
    assert np.array_equal(np.take(classes, training_set.test_labels.numpy()), data.test_labels[own])


@pytest.mark.parametrize("data_seed", [0, 1])
def test_the_drawn_test_set_is_the_same_for_all_classes_and_some(data_seed):
    config = replace(DIGITS, data_seed=data_seed)
    everything, some = load_training_set(config, None), load_training_set(replace(config, classes=(3, 8)), None)
    own = [everything.test_images[everything.test_labels == label] for label in (3, 8)]
    assert all(torch.equal(some.test_images[some.test_labels == label], own[label]) for label in (0, 1))
    known = {image.numpy().tobytes() for image in everything.test_images}
    assert not known & {image.numpy().tobytes() for image in some.images}


def test_another_data_seed_draws_another_test_set():
    one, two = (load_training_set(replace(DIGITS, data_seed=seed), None) for seed in (0, 1))
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, (3, 3, 3, 3)),  # class 2 has no more
        ({"imbalance": 2}, (6, 4, 3, 3)),  # 7 / 2^(2/3) = 4.4
        ({"imbalance": 3}, (8, 5, 3, 2)),  # 9 / 3^(2/3) = 4.3
        ({"imbalance": 9, "shape": "step"}, (9, 9, 1, 1)),  # all of class 0
        ({"classes": (1, 0, 3, 2), "imbalance": 6}, (18, 9, 5, 3)),  # 19 / 6^(1/3) = 10.5
        ({"classes": (1, 0)}, (9, 9)),
    ],
)
def test_the_largest_that_the_data_have(uneven, changes, counts):
    """The most frequent class gets as many images as leave enough of every class, and not one fewer."""
    config = replace(uneven, **changes)
    found = load_training_set(config, None).counts
    assert found == counts
    available = np.array([9, 20, 3, 8])[list(config.classes or range(4))]
    fitting = [
        kept
        for largest in range(1, int(available[0]) + 1)
        if (kept := longtail.counts(len(available), largest, config.imbalance, config.shape, empty=True)).min() > 0
        and (kept <= available).all()
    ]
    assert found == tuple(max(fitting, key=lambda kept: kept[0]))
    assert load_training_set(replace(config, largest=found[0]), None).counts == found
    with pytest.raises(ValueError, match=f"^largest={found[0] + 1}: must be at most {found[0]}: the data have"):
        load_training_set(replace(config, largest=found[0] + 1), None)


@pytest.mark.parametrize(
    ("classes", "majority", "minority"), [(None, 0, None), (None, 2, 5), (None, 9, 1), ((8, 3, 1), 1, 0)]
)
def test_any_two_classes_can_be_similar(classes, majority, minority):
    config = replace(DIGITS, imbalance=2, classes=classes)
    changes = {"similar_fraction": 0.5, "similar_degree": 0.25, "similar_majority": majority}
    mixed, plain = (
        load_training_set(replace(config, **changes, similar_minority=minority), None),
        load_training_set(config, None),
    )
    pixels, labels = load("digits").train_images, load("digits").train_labels
    names = classes or tuple(range(10))
    assert len(mixed.replaced) == len(mixed.partners) == round(0.5 * plain.counts[majority] + 1e-9)
    assert set(labels[mixed.replaced]) == {names[majority]}
    assert set(labels[mixed.partners]) == {names[-1 if minority is None else minority]}
    assert set(mixed.partners) <= set(mixed.chosen)
    assert np.array_equal(mixed.chosen, plain.chosen)
    expected = pixels[mixed.chosen].astype(float)
    place = {index: at for at, index in enumerate(mixed.chosen)}
    at = [place[index] for index in mixed.replaced]
    expected[at] = np.rint(0.25 * pixels[mixed.replaced] + 0.75 * pixels[mixed.partners])
    assert np.array_equal(mixed.images.numpy(), expected)
    assert torch.equal(mixed.labels, plain.labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": (5, 5)}, r"^counts=\[5, 5\]: must be 4 numbers, one for each class$"),
        ({"counts": (5, 31, 5, 5)}, r"^counts=31: must be at most 30, the images of class 1$"),
        ({"classes": (0, 4)}, r"^classes=\[0, 4\]: must be at most 3, the label of the last class$"),
        ({"classes": (0, 1), "counts": (5, 5, 5)}, r"^counts=\[5, 5, 5\]: must be 2 numbers, one for each class$"),
        ({"similar_fraction": 1, "similar_majority": 4}, r"^similar_majority=4: must be at most 3, the label"),
        ({"similar_fraction": 1, "similar_minority": 4}, r"^similar_minority=4: must be at most 3, the label"),
        ({"similar_fraction": 1, "similar_majority": 3}, r"^similar_majority=3: must be another class than similar_mi"),
        ({"similar_fraction": 1, "similar_minority": 2, "classes": (0, 1)}, r"^similar_minority=2: must be at most 1"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        load_training_set(replace(GAUSSIAN, **changes), None)


def test_similar_samples_change_the_majority_only():
    config = replace(GAUSSIAN, largest=20)
    mixed = replace(config, similar_fraction=0.5, similar_degree=0.2)
    one, two = load_training_set(config, None), load_training_set(mixed, None)
    changed = (one.images != two.images).flatten(1).any(1)
    assert int(changed.sum()) == 10
    assert set(one.labels[changed].tolist()) == {0}
    assert torch.equal(one.labels, two.labels)


def test_files_are_taken_as_they_are_unless_an_imbalance_is_given(uneven):
    training_set = load_training_set(replace(uneven, imbalance=None), None)
    assert training_set.counts == (9, 20, 3, 8)
    assert training_set.described() == "40 images of 4 classes: 0 9, 1 20, 2 3, 3 8"
    assert sorted(training_set.chosen) == list(range(40))


@pytest.fixture
def named(tmp_path):
    """Write a data set of classes with names, one of them a number, and return its configuration."""
    labels = np.repeat(np.arange(4), 10)
    images = np.random.default_rng(1).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    names = np.array(["cat", "dog", "3", "bee"])
    np.savez(tmp_path / "d.npz", x_train=images, y_train=labels, x_test=images, y_test=labels, classes=names)
    return Config(data=str(tmp_path / "d.npz"))


def test_classes_by_name_and_by_label_are_the_same(named):
    by_name = replace(
        named, classes=("bee", "3", 0), similar_fraction=0.5, similar_majority="3", similar_minority="cat"
    )
    by_label = replace(named, classes=(3, 2, 0), similar_fraction=0.5, similar_majority=1, similar_minority=2)
    assert labelled(by_name, None) == by_label
    assert labelled(by_label, None) == by_label
    one, two = load_training_set(by_name, None), load_training_set(by_label, None)
    assert one.classes == two.classes == ("bee", "3", "cat")
    assert torch.equal(one.images, two.images)
    # "0" could be meant as a label, but where a class is called 3 numbers are names.
    for name, value in (("classes", ("cat", "wasp")), ("classes", ("cat", "4")), ("classes", ("cat", "0"))):
        with pytest.raises(
            ValueError, match=r"^classes=\['cat', '.*'\]: must be at most 3, .*, or a name: cat, dog, 3, bee$"
        ):
            load_training_set(replace(named, **{name: value}), None)


def test_classes_by_name_of_images_that_are_scaled(tmp_path):
    """Pictures of several sizes have no common side but the one that they are scaled to."""
    for part in ("train", "test"):
        for name, side in (("cat", 8), ("dog", 12)):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(3):
                Image.new("RGB", (side, side), (i, 0, 0)).save(tmp_path / part / name / f"{i}.png")
    config = Config(data=str(tmp_path), resolution=8, classes=("dog", "cat"), imbalance=1)
    assert labelled(config, None).classes == (1, 0)
    assert load_training_set(config, None).classes == ("dog", "cat")


def test_validation_images_are_held_out_of_each_class():
    config = replace(DIGITS, validation=0.2)
    training_set, everything = load_training_set(config, None), load("digits")
    available = np.bincount(everything.train_labels)
    held = np.bincount(training_set.validation_labels)
    assert held.tolist() == np.floor(0.2 * available + 0.5).tolist()
    assert not set(training_set.validation) & set(training_set.chosen)
    assert np.array_equal(training_set.validation_images.numpy(), everything.train_images[training_set.validation])
    assert training_set.fingerprint == load_training_set(DIGITS, None).fingerprint
    assert "held out for validation" in training_set.described()
    other = load_training_set(replace(config, seed=1), None)
    assert set(other.validation) != set(training_set.validation)
    pretraining = load_training_set(replace(config, pretrain="rotation").pretraining(), None)
    assert np.array_equal(pretraining.validation, training_set.validation)
    rest = np.delete(everything.train_images, training_set.validation, axis=0)
    assert torch.equal(training_set.mean, channel_statistics(torch.from_numpy(rest))[0])


def test_a_class_too_small_for_validation_is_named(uneven):
    config = replace(uneven, imbalance=None, validation=0.9)
    with pytest.raises(ValueError, match=r"^validation=0\.9: leaves nothing to train on of the 3 images of class 2$"):
        load_training_set(config, None)
    assert load_training_set(replace(config, validation=0.01), None).counts == (8, 19, 2, 7)


@pytest.mark.parametrize("name", ["chosen.txt", "chosen.npz"])
def test_positions_from_a_file(tmp_path, uneven, name):
    positions = np.random.default_rng(2).permutation(40)[:30]
    if name.endswith("npz"):
        np.savez(tmp_path / name, chosen=positions, replaced=[])
    else:
        (tmp_path / name).write_text(",\n".join(map(str, positions)))
    data = load(uneven.data)
    config = replace(uneven, imbalance=None, indices=str(tmp_path / name))
    training_set = load_training_set(config, None)
    assert np.array_equal(training_set.chosen, positions)
    assert np.array_equal(training_set.images.numpy(), data.train_images[positions])
    held = load_training_set(replace(config, validation=0.2), None)
    assert sorted([*held.chosen, *held.validation]) == sorted(positions)
    with pytest.raises(ValueError, match=rf"^indices=.*{name}': must hold images of the kept classes; of others: \d+$"):
        load_training_set(replace(config, classes=(0, 1)), None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must hold a vector of positions, not of shape \\(0,\\)"),
        ("1 2 40", "must hold positions from 0 to 39, not 40"),
        ("1 -2", "must hold positions from 0 to 39, not -2"),
        ("1 2 1", "must hold every position once: 1 comes again"),
        ("1 2.5", "must be a readable file of whole numbers: '2.5' is none$"),
        ("1 2_0", "must be a readable file of whole numbers: '2_0' is none$"),
        ("0 1", "must have images of every class to train on; missing"),
    ],
)
def test_positions_refused(tmp_path, uneven, content, message):
    (tmp_path / "x.txt").write_text(content)
    with pytest.raises(ValueError, match=message):
        load_training_set(replace(uneven, imbalance=None, indices=str(tmp_path / "x.txt")), None)


def test_the_subset_of_the_published_codebases():
    """Their code, word by word: the global generator, and a shuffle of each class's indices."""
    training_set, labels = load_training_set(replace(DIGITS, subset="ldam", seed=5), None), load("digits").train_labels
    before = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(0)  # noqa: NPY002
        expected = []
        for label, count in zip(np.unique(labels), training_set.counts, strict=True):
            own = np.where(labels == label)[0]
            np.random.shuffle(own)  # noqa: NPY002
            expected.append(own[:count])
    finally:
        np.random.set_state(before)  # noqa: NPY002
    assert np.array_equal(training_set.chosen, np.concatenate(expected))
    assert training_set.counts == load_training_set(DIGITS, None).counts


def test_mean_and_std_of_the_configuration():
    training_set = load_training_set(replace(DIGITS, mean=(0.25,), std=(0.5,)), None)
    assert (training_set.mean.tolist(), training_set.std.tolist()) == ([0.25], [0.5])
    with pytest.raises(ValueError, match=r"^mean=\[0\.1, 0\.2, 0\.3\]: must be 1 numbers, one for each channel$"):
        load_training_set(replace(DIGITS, mean=(0.1, 0.2, 0.3), std=(1, 1, 1)), None)
