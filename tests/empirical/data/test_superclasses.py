import os
from pathlib import Path

import pytest

from empirical.data.load import load
from empirical.data.superclasses import CIFAR100, superclasses

NAMES = sorted(name for names in CIFAR100.values() for name in names)


def test_each_of_100_classes_is_in_one_of_20_superclasses():
    assert len(CIFAR100) == 20
    assert {len(names) for names in CIFAR100.values()} == {5}
    assert len(set(NAMES)) == 100
    found = superclasses(NAMES)
    assert all(name in CIFAR100[superclass] for name, superclass in zip(NAMES, found, strict=True))


def test_other_classes_have_none():
    assert superclasses(NAMES[1:]) is None
    assert superclasses([*NAMES, "zebra"]) is None


def test_they_are_the_names_of_the_data_set():
    folder = os.environ.get("TAILBOUND_DATA")
    if folder is None:
        pytest.skip("TAILBOUND_DATA is not set: the folder that holds cifar100.npz")
    assert list(load(str(Path(folder) / "cifar100.npz")).classes) == NAMES
