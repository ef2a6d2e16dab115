"""Rules that choose tau: on logits of the model, where the likelihood is right, and what cannot be compared."""

import argparse

import numpy as np
import pytest

from empirical.experiments import which_tau
from empirical.experiments.shared import tau_rules
from empirical.experiments.shared.tau_rules import RULES, Network, compare, retrain, split_fraction

COUNTS = np.array([600, 200, 60])
TAU, TEMPERATURE = 2.4, 2.0


def network(images=2000, tau=TAU):
    """Return a network of the model, and of equal norms but for their order."""
    rng = np.random.default_rng(np.random.SeedSequence(19))
    labels = np.repeat(np.arange(3), images)
    x = 2 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))
    z = TEMPERATURE * 2 * x + tau * np.log(COUNTS / COUNTS.sum())
    return Network(z, labels, COUNTS, 2 * x * np.array([3.0, 2.0, 1.0]) ** 1.5, np.array([3.0, 2.0, 1.0]), 2 * x)


@pytest.fixture(scope="module")
def found():
    return compare(network(), 0.5, np.random.SeedSequence(0), draws=5)


def test_every_rule_is_judged_against_the_best_of_its_own_sweep(found):
    assert list(found) == list(RULES)
    assert all(len(verdicts) == 5 and None not in verdicts for verdicts in found.values())
    for name, verdicts in found.items():
        expected = 1.5 if name in tau_rules.NORMALISATION else TAU
        assert np.mean([verdict.best_tau for verdict in verdicts]) == pytest.approx(expected, abs=0.6), name


def test_the_likelihood_finds_the_tau_of_the_model(found):
    lost = {name: np.mean([v.best - v.accuracy for v in verdicts]) for name, verdicts in found.items()}
    assert np.mean([v.choice.tau for v in found["likelihood"]]) == pytest.approx(TAU, abs=0.5)
    assert lost["likelihood"] < 0.7 < lost["tau 1"] < lost["none"]
    assert lost["retrained head"] < 0.7  # it was given as Bayes' rule
    assert lost["tau-normalisation"] < 1


def test_a_split_is_never_among_the_images_that_judge(monkeypatch):
    seen = []
    monkeypatch.setattr(tau_rules, "_judge", lambda network, name, choice, rest: seen.append(rest))
    splits = []
    monkeypatch.setattr(tau_rules, "RULES", {"none": lambda network, split: splits.append(split) or True})
    compare(network(), 0.1, np.random.SeedSequence(1), draws=3)
    for split, rest in zip(splits, seen, strict=True):
        assert sorted([*split, *rest]) == list(range(6000))
        assert np.bincount(network().labels[split]).tolist() == [60, 20, 6]
    assert len({tuple(split) for split in splits}) == 3


def test_a_sweep_goes_on_while_its_best_is_at_an_edge():
    for tau in (9.0, -4.0):
        sweep = network(tau=tau).adjustments
        best = sweep.taus[sweep.accuracies(np.arange(6000)).argmax()]
        assert best == pytest.approx(tau, abs=0.7)
        assert np.diff(sweep.taus) == pytest.approx(0.1)
        assert len(sweep.taus) == len(sweep.decided)


def test_what_a_rule_refuses_is_no_verdict():
    plain = network()
    perfect = Network(50 * np.eye(3)[plain.labels], plain.labels, COUNTS)
    found = compare(perfect, 0.1, np.random.SeedSequence(2), draws=2)
    assert found["likelihood"] == [None, None]
    assert found["tau-normalisation"] == [None, None]
    assert found["none"][0].accuracy == 100
    measured = which_tau._measured([])
    assert set(measured.values()) == {None}


def test_a_split_leaves_half_of_every_class():
    assert split_fraction(0.1, COUNTS, np.repeat([0, 1, 2], 100)) == pytest.approx(50 / 600)
    assert split_fraction(0.1, COUNTS, np.repeat([0, 1, 2], 1000)) == 0.1


def test_a_retrained_head_weighs_all_classes_the_same():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [5000, 100])
    x = rng.normal(size=(5100, 1)) + 2 * labels[:, None]
    scores = retrain(x, labels, np.array([[0.8], [1.2]]))
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_the_network_of_a_file(tmp_path):
    own = network(images=40)
    np.savez(tmp_path / "own.npz", logits=own.logits, labels=own.labels, counts=own.counts, norms=own.norms)
    read = which_tau._arrays(tmp_path / "own.npz")
    assert np.array_equal(read.logits, own.logits)
    assert read.unbiased is None
    for change, said in [
        ({"logits": own.logits[:5]}, "arrays="),
        ({"labels": own.labels * 0}, "arrays="),
        ({"labels": own.labels + 1}, "labels="),
        ({"counts": [1, 2, 0]}, "counts="),
        ({"norms": [1.0]}, "norms="),
        ({"logits": own.logits * np.nan}, "logits="),
    ]:
        held = {"logits": own.logits, "labels": own.labels, "counts": own.counts, **change}
        np.savez(tmp_path / "bad.npz", **held)
        with pytest.raises(ValueError, match=f"^{said}"):
            which_tau._arrays(tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", logits=own.logits)
    with pytest.raises(ValueError, match=r"missing: labels, counts"):
        which_tau._arrays(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match=r"^arrays="):
        which_tau._arrays(tmp_path / "none.npz")


def test_fractions_are_checked():
    parser = argparse.ArgumentParser()
    which_tau.EXPERIMENT.add_options(parser)
    for wrong in (["0"], ["1.5"], ["0.1", "0.1"]):
        args = parser.parse_args(["--profile", "smoke", "--fractions", *wrong])
        with pytest.raises(ValueError, match=r"^fractions="):
            which_tau.EXPERIMENT.prepare(args)
