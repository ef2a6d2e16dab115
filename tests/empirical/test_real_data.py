"""Training and similar samples on real CIFAR, where TAILBOUND_DATA names the folder that holds it."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from empirical.config import Config
from empirical.data.load import load
from empirical.data.training_set import load_training_set
from empirical.training.train import train

FOLDER = os.environ.get("TAILBOUND_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="TAILBOUND_DATA names no folder with cifar10.npz, cifar100.npz")

CLASSES = {"cifar10": 10, "cifar100": 100}
IMAGES = {"cifar10": 12406, "cifar100": 10847}


@pytest.fixture(scope="module", params=CLASSES)
def config(request):
    """Return a configuration whose network learns a little within seconds."""
    return Config(
        data=request.param,
        **{"imbalance": 10, "largest": 5000 // CLASSES[request.param], "resolution": 8, "method": "drw"},
        **{"arch": "resnet8", "width": 8, "epochs": 4, "evaluate_every": 4, "batch_size": 64},
    )


def test_training(tmp_path, config):
    result = train(config, tmp_path, root=Path(FOLDER), device="cpu")
    classes, images = CLASSES[config.data], IMAGES[config.data]
    whole = load_training_set(Config(data=config.data), Path(FOLDER))
    assert (len(whole.labels), len(whole.test_labels), tuple(whole.images.shape[1:])) == (images, 10000, (32, 32, 3))
    assert result["counts"][0] == 5000 // classes
    assert np.sum(result["last"]["confusion"], axis=1).tolist() == [10000 // classes] * classes
    # By chance 10000 / classes of 10000 test images are right, with a standard deviation of at most 30.
    assert result["last"]["accuracy"] > 1 / classes + 10 * (1 / classes / 10000) ** 0.5


def test_similar_samples(config):
    similar = replace(config, similar_fraction=0.2, similar_degree=0.4, resolution=None)
    training_set = load_training_set(similar, Path(FOLDER))
    data = load(config.data, FOLDER)
    pixels, labels = data.train_images, data.train_labels
    most = config.largest
    assert len(training_set.replaced) == len(training_set.partners) == most // 5
    assert set(labels[training_set.replaced]) == {0}
    assert set(labels[training_set.partners]) == {CLASSES[config.data] - 1}
    expected = pixels[training_set.chosen].copy()
    place = {index: at for at, index in enumerate(training_set.chosen)}
    mixed = 0.4 * pixels[training_set.replaced].astype(float) + 0.6 * pixels[training_set.partners]
    expected[[place[index] for index in training_set.replaced]] = np.rint(mixed)
    assert np.array_equal(training_set.images.numpy(), expected)
    assert np.array_equal(training_set.labels.numpy(), labels[training_set.chosen])
    assert np.array_equal(training_set.test_images.numpy(), data.test_images)
