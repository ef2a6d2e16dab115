"""All strengths of a correction by one pass: the same as by computing the scores at each strength."""

import numpy as np
import pytest

from empirical.analysis.examine import sweep
from empirical.analysis.examine.inputs import check

STEPS = range(-40, 81)
CASES = {
    "drawn": lambda rng: 3 * rng.normal(size=(400, 7)),
    "two classes": lambda rng: 3 * rng.normal(size=(400, 2)),
    "whole numbers": lambda rng: rng.integers(-4, 5, size=(400, 7)).astype(float),
    "half precision": lambda rng: (2 * rng.normal(size=(400, 7))).astype(np.float16),
    "all equal": lambda rng: np.zeros((40, 7)),
    "one value": lambda rng: np.full((40, 7), 0.1) + 1e-17 * rng.normal(size=(40, 7)),
    "equal but for rounding": lambda rng: 0.3 + 1e-16 * rng.integers(-3, 4, size=(400, 7)),
    "ties at a strength": lambda rng: 0.3 * np.log(COUNTS) + rng.integers(0, 2, size=(400, 7)),
    "negative": lambda rng: -np.abs(rng.normal(size=(400, 7))),
    "zeros": lambda rng: rng.normal(size=(400, 7)) * (rng.random((400, 7)) < 0.5),
    "large": lambda rng: 1e49 * rng.normal(size=(100, 7)),
    "small": lambda rng: 1e-300 * rng.normal(size=(100, 7)),
}
COUNTS = np.array([5000, 900, 900, 60, 50, 50, 1])


def judged(inputs, made):
    sweep.look(inputs, [made])
    made.add(STEPS)
    return made.right


@pytest.mark.parametrize("held", [5, 2**16])
@pytest.mark.parametrize("case", CASES)
def test_one_pass_is_every_strength_by_itself(case, held, monkeypatch):
    monkeypatch.setattr("empirical.analysis.examine.sweep._HELD", held)
    monkeypatch.setattr("empirical.analysis.examine.inputs._HELD", 100)
    rng = np.random.default_rng(np.random.SeedSequence(0))
    logits = CASES[case](rng)
    n, classes = logits.shape
    counts = COUNTS[:classes]
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    norms = np.round(np.exp(rng.normal(size=classes)), 1) + 0.1
    inputs = check(logits=logits, labels=labels, counts=counts)
    offset, bias = np.log(counts / counts.sum()), np.round(rng.normal(size=classes), 1)
    z = logits.astype(float)
    right = {
        "adjusted": judged(inputs, sweep.adjusted(inputs, offset)),
        "normalised": judged(inputs, sweep.normalised(inputs, bias, norms)),
    }
    for step in STEPS:
        tau = step * sweep.STEP
        plain = {"adjusted": z - tau * offset, "normalised": (z - bias) * norms**-tau}
        for name, scores in plain.items():
            assert np.array_equal(right[name][step], scores.argmax(axis=1) == labels), (name, tau)


def test_what_has_no_strength_is_judged_as_it_is():
    rng = np.random.default_rng(np.random.SeedSequence(0))
    logits, labels, shift = rng.normal(size=(30, 3)), np.arange(30) % 3, np.array([0.5, 0.0, -0.5])
    inputs = check(logits=logits, labels=labels)
    made = sweep.unchanged(inputs), sweep.unchanged(inputs, shift)
    sweep.look(inputs, made)
    assert np.array_equal(made[0].right[0], logits.argmax(axis=1) == labels)
    assert np.array_equal(made[1].right[0], (logits - shift).argmax(axis=1) == labels)


def test_few_images_are_computed_again(monkeypatch):
    """Only those that a strength ties: the others are decided by the pass."""
    rng = np.random.default_rng(np.random.SeedSequence(0))
    logits, labels = rng.normal(size=(3000, 7)), np.arange(3000) % 7
    logits[:5] = 0
    inputs = check(logits=logits, labels=labels, counts=COUNTS)
    made = sweep.adjusted(inputs, np.log(COUNTS))
    sweep.look(inputs, [made])
    seen = []
    scores = made.scores
    monkeypatch.setattr(made, "scores", lambda z, tau: seen.append(len(z)) or scores(z, tau))
    made.add(STEPS)
    assert sum(seen) <= 5 * len(STEPS)
