from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.config import Config
from empirical.data import longtail
from empirical.data.load import load
from empirical.data.training_set import gather

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
    material = gather(config, None)
    assert material.counts == (5, 30, 1, 7)
    assert material.labels.bincount().tolist() == [5, 30, 1, 7]
    data = load(config.data)
    assert np.array_equal(material.images.numpy(), data.train_images[material.chosen])
    assert np.array_equal(material.labels.numpy(), data.train_labels[material.chosen])
    fewer = gather(replace(GAUSSIAN, counts=(5, 20, 1, 7)), None)
    assert set(fewer.chosen) < set(material.chosen)


def test_counts_that_a_profile_gives_are_the_profiles_images():
    material = gather(GAUSSIAN, None)
    again = gather(replace(GAUSSIAN, counts=material.counts), None)
    assert torch.equal(material.images, again.images)
    assert torch.equal(material.labels, again.labels)


def test_classes_become_the_labels_in_their_order():
    classes = (7, 2, 5)
    material = gather(replace(DIGITS, classes=classes, largest=40), None)
    assert material.counts == (40, 12, 4)
    data = load("digits")
    assert np.array_equal(np.take(classes, material.labels.numpy()), data.train_labels[material.chosen])
    assert np.array_equal(material.images.numpy(), data.train_images[material.chosen])
    own = np.isin(data.test_labels, classes)
    assert np.array_equal(material.test_images.numpy(), data.test_images[own])
    assert np.array_equal(np.take(classes, material.test_labels.numpy()), data.test_labels[own])


@pytest.mark.parametrize("data_seed", [0, 1])
def test_the_drawn_test_set_is_the_same_for_all_classes_and_some(data_seed):
    config = replace(DIGITS, data_seed=data_seed)
    everything, some = gather(config, None), gather(replace(config, classes=(3, 8)), None)
    own = [everything.test_images[everything.test_labels == label] for label in (3, 8)]
    assert all(torch.equal(some.test_images[some.test_labels == label], own[label]) for label in (0, 1))
    known = {image.numpy().tobytes() for image in everything.test_images}
    assert not known & {image.numpy().tobytes() for image in some.images}


def test_another_data_seed_draws_another_test_set():
    one, two = (gather(replace(DIGITS, data_seed=seed), None) for seed in (0, 1))
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
    found = gather(config, None).counts
    assert found == counts
    available = np.array([9, 20, 3, 8])[list(config.classes or range(4))]
    fitting = [
        kept
        for largest in range(1, int(available[0]) + 1)
        if (kept := longtail.counts(len(available), largest, config.imbalance, config.shape, empty=True)).min() > 0
        and (kept <= available).all()
    ]
    assert found == tuple(max(fitting, key=lambda kept: kept[0]))
    assert gather(replace(config, largest=found[0]), None).counts == found
    with pytest.raises(ValueError, match=f"^largest={found[0] + 1}: must be at most {found[0]}: the data have"):
        gather(replace(config, largest=found[0] + 1), None)


@pytest.mark.parametrize(
    ("classes", "majority", "minority"), [(None, 0, None), (None, 2, 5), (None, 9, 1), ((8, 3, 1), 1, 0)]
)
def test_any_two_classes_can_be_similar(classes, majority, minority):
    config = replace(DIGITS, imbalance=2, classes=classes)
    changes = {"similar_fraction": 0.5, "similar_degree": 0.25, "similar_majority": majority}
    mixed, plain = gather(replace(config, **changes, similar_minority=minority), None), gather(config, None)
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
        gather(replace(GAUSSIAN, **changes), None)


def test_similar_samples_change_the_majority_only():
    config = replace(GAUSSIAN, largest=20)
    mixed = replace(config, similar_fraction=0.5, similar_degree=0.2)
    one, two = gather(config, None), gather(mixed, None)
    changed = (one.images != two.images).flatten(1).any(1)
    assert int(changed.sum()) == 10
    assert set(one.labels[changed].tolist()) == {0}
    assert torch.equal(one.labels, two.labels)
