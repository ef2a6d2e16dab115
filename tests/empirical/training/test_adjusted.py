"""With images held out for validation a run records tau and temperature by likelihood."""

import json

import numpy as np
import pytest
import torch

from empirical.config import Config
from empirical.training.augment import normalize
from empirical.training.train import train, trained_network
from theory.adjustment import fit_adjustment


def config(**fields):
    return Config(data="digits", arch="resnet8", width=4, epochs=4, batch_size=32, imbalance=5, **fields)


@pytest.mark.parametrize(("method", "scale"), [("ce", 1), ("ldam-drw", 30)])
def test_a_run_records_the_fit_of_its_validation_images(tmp_path, method, scale):
    run = config(method=method, validation=0.3)
    result = train(run, tmp_path)
    network, own = trained_network(run, tmp_path)
    network.eval()

    def logits(images):
        with torch.no_grad():
            return scale * network(normalize(images, own.mean, own.std)).double().numpy()

    drawn = np.bincount(own.validation_labels.numpy())
    fit = fit_adjustment(logits(own.validation_images), own.validation_labels.numpy(), own.counts, split_counts=drawn)
    assert not [doubt for doubt in result["adjustment"]["doubts"] if doubt.startswith("the split has")]
    assert result["adjustment"]["tau"] == pytest.approx(fit.tau, abs=0.02)
    assert result["adjustment"]["temperature"] == pytest.approx(fit.temperature, rel=0.02)
    labels = own.test_labels.numpy()
    right = fit.predict(logits(own.test_images)) == labels
    recalls = np.bincount(labels, right) / np.bincount(labels)
    assert result["adjustment"]["class_mean"] == pytest.approx(recalls.mean(), abs=0.02)
    assert json.loads((tmp_path / run.digest / "result.json").read_text())["adjustment"] == result["adjustment"]


def test_without_validation_there_is_none(tmp_path):
    assert "adjustment" not in train(config(), tmp_path)
