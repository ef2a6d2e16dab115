"""What is gained by measuring on the images that predictions read, where it is known."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("leak", HERE / "leak.py")
leak = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(leak)
STORED = json.loads(leak.FILE.read_text(encoding="utf-8"))


def images(each):
    """Features of three overlapping classes."""
    rng = np.random.default_rng(np.random.SeedSequence(5))
    labels = np.repeat([0, 1, 2], each)
    return rng.standard_normal((len(labels), 2)) + 1.5 * np.eye(3, 2)[labels], labels


@pytest.mark.parametrize("classifier", leak.CLASSIFIERS)
def test_counting_the_scores_of_the_images_that_are_measured_is_no_prediction(classifier):
    """At imbalance 1 the balanced classifier is the one that is measured: on the same images nothing is left to err."""
    same, others = leak.leak(*images(80), classifier, 1, seeds=2)["scores"]
    assert same == 0 < others


def test_an_error_on_the_same_images_is_no_greater_than_chance_makes_it():
    """With many images either half says the same."""
    for same, others in leak.leak(*images(8000), "lda", 2, seeds=1).values():
        assert same == pytest.approx(others, abs=1.5)


def test_the_file_has_both_ends_of_the_imbalance():
    """The page shows what changes at a small imbalance and at a large one."""
    assert {line["imbalance"] for line in STORED["lines"]} >= {2, 100}
    assert all(0 <= line["same"] <= 100 and 0 <= line["others"] <= 100 for line in STORED["lines"])
