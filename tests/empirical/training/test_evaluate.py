import numpy as np
import pytest
import torch

from empirical.training.evaluate import features, norms, retrain_classifier, scores, tau_sweep
from empirical.training.networks import build


@pytest.fixture
def seen():
    """Features of three classes, 200, 60 and 20 of them, and weights with norms that fall."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [200, 60, 20])
    means = 2.0 * np.eye(3, 5)
    return torch.from_numpy(rng.normal(means[labels]).astype(np.float32)), torch.from_numpy(labels)


def test_scores_by_hand():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(50, 4)), np.concatenate([np.arange(4), rng.integers(0, 4, 46)])
    found = scores(torch.from_numpy(logits), torch.from_numpy(labels))
    decided = logits.argmax(1)
    assert found.accuracy == np.mean(decided == labels)
    for i in range(4):
        assert found.per_class[i] == pytest.approx(np.mean(decided[labels == i] == i))
        for j in range(4):
            assert found.confusion[i][j] == np.sum((labels == i) & (decided == j))
    shifted = logits - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    assert found.loss == pytest.approx(-log_p[np.arange(50), labels].mean())


def test_features_leave_the_network_as_it_was():
    network = build("resnet8", 3, channels=1, width=4).train()
    x = torch.randn(10, 1, 8, 8)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parts = features(network, x.split(4))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.eval()
    with torch.no_grad():
        torch.testing.assert_close(network.classifier(parts), network(x), rtol=1e-4, atol=1e-5)


def test_tau_sweep_by_hand(seen):
    x, labels = seen
    weight = torch.diag(torch.tensor([9.0, 3.0, 1.0, 1.0, 1.0]))[:3] + 0.1
    rows = tau_sweep(x, labels, weight, taus=(0, 0.5, 1, 2))
    for row in rows:
        lengths = np.linalg.norm(weight.numpy(), axis=1, keepdims=True)
        decided = (x.numpy() @ (weight.numpy() / lengths ** row["tau"]).T).argmax(1)
        assert row["accuracy"] == pytest.approx(np.mean(decided == labels.numpy()), abs=1.5 / len(labels))
    assert rows[0]["norm_std"] > 1
    assert rows[2]["norm_std"] == pytest.approx(0, abs=1e-6)
    assert rows[2]["per_class"][2] > rows[0]["per_class"][2]
    usual = tau_sweep(x, labels, weight)
    assert [row["tau"] for row in usual] == pytest.approx(np.arange(len(usual)) / 10)
    assert len(usual) >= 21


def test_a_sweep_whose_best_is_at_its_edge_goes_on():
    """Class 1 has a norm of a tenth; its images are recognised once 10 ** (tau - 1) is above 10 ** 1.95."""
    weight = torch.tensor([[1.0, 0.0], [0.0, 0.1]])
    levels = torch.linspace(0.5, 1.95, 30)
    x = torch.cat([torch.stack([10**levels, torch.ones(30)], dim=1), torch.tensor([[1.0, 0.0]]).repeat(5, 1)])
    labels = torch.cat([torch.ones(30, dtype=torch.int64), torch.zeros(5, dtype=torch.int64)])
    rows = tau_sweep(x, labels, weight)
    assert rows[20]["accuracy"] < max(row["accuracy"] for row in rows) == 1.0
    assert rows[-2]["accuracy"] == rows[-1]["accuracy"] == 1.0
    assert rows[-1]["tau"] == pytest.approx(3.1)


def test_tau_sweep_with_a_bias(seen):
    x, labels = seen
    bias = torch.tensor([0.0, 0.0, 1e6])
    (row,) = tau_sweep(x, labels, torch.eye(3, 5), bias, taus=(1,))
    assert row["per_class"] == [0, 0, 1]


def test_norms():
    lengths = np.array([3.35, 3.43, 3.40, 2.85, 3.04, 2.57, 2.45, 2.36, 2.12, 2.13])
    found = norms(torch.from_numpy(np.diag(lengths)))
    assert found["norms"] == pytest.approx(lengths)
    assert found["variance"] == pytest.approx(np.var(lengths))
    assert found["std_100"] == 100 * found["std"] == pytest.approx(100 * np.std(lengths))


def test_retraining_balances_the_classes(seen):
    x, labels = seen
    new = {b: retrain_classifier(x, labels, 3, balanced=b, epochs=20) for b in (False, True)}
    rare = {b: scores(x @ c.weight.T + c.bias, labels).per_class[2] for b, c in new.items()}
    assert rare[True] > rare[False]
    assert new[True].losses[-1] < new[True].losses[0]
    again = retrain_classifier(x, labels, 3, epochs=20)
    assert torch.equal(again.weight, new[True].weight)
    assert not torch.equal(retrain_classifier(x, labels, 3, epochs=20, seed=1).weight, new[True].weight)


def test_retraining_follows_the_loss(seen):
    x, labels = seen
    found = retrain_classifier(x, labels, 3, loss=lambda logits, targets: 0 * logits.sum(), weight_decay=0, epochs=1)
    fresh = retrain_classifier(x, labels, 3, weight_decay=0, lr=1e-30, epochs=1)
    torch.testing.assert_close(found.weight, fresh.weight)
    assert found.losses == [0]


def test_refused(seen):
    x, labels = seen
    with pytest.raises(ValueError, match=r"^tau=-1: must be a finite number of at least 0$"):
        tau_sweep(x, labels, torch.eye(3, 5), taus=(-1,))
    with pytest.raises(ValueError, match=r"^weight=\[.*\]: every row must have a norm above 0$"):
        tau_sweep(x, labels, torch.zeros(3, 5))
    with pytest.raises(ValueError, match=r"^labels=\[200, 60, 20, 0\]: every class must have images"):
        retrain_classifier(x, labels, 4)
    with pytest.raises(ValueError, match=r"^epochs=0: must be"):
        retrain_classifier(x, labels, 3, epochs=0)
