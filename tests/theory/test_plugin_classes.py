"""Moments of the plug-in scores of many classes, and recalls by them: against simulation and the laws of two classes.

Each comparison with a simulation allows 6.6 standard errors, which chance exceeds with a probability of 5e-11.
"""

import math

import numpy as np
import pytest
from scipy.stats import wishart

from theory import plugin
from theory.class_counts import ClassMoments, recalls_at
from theory.plugin_classes import NOISES, asymptotic_recalls, noise_losses, score_leads

REACH = 6.6
DRAWN = 40_000
COUNTS = np.array([40, 9, 3])


def skewed(classes=3, d=2, seed=3):
    """Classes with covariances of their own."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    roots = rng.standard_normal((classes, d, d)) + np.eye(d)
    return ClassMoments.of_covariances(2 * rng.standard_normal((classes, d)), np.swapaxes(roots, 1, 2) @ roots)


def simulated(moments, counts, k, precision, seed=0):
    """Leads of new features of class ``k`` over rules with means of their own, shape ``(DRAWN, C - 1)``."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    d = moments.means.shape[1]
    x = moments.means[k] + rng.standard_normal((DRAWN, d)) @ moments.roots[k]
    scores = []
    for j, n in enumerate(counts):
        away = x - moments.means[j] - rng.standard_normal((DRAWN, d)) @ moments.roots[j] / math.sqrt(n)
        scores.append(-np.einsum("ni,nij,nj->n", away, precision, away) / 2 + math.log(n / sum(counts)))
    return np.stack([scores[k] - scores[j] for j in range(len(counts)) if j != k], axis=1)


def estimated(moments, counts, seed=1):
    """Inverses of pooled covariances, shape ``(DRAWN, d, d)``."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    parts = zip(moments.covariances, counts, strict=True)
    scatter = sum(wishart.rvs(n - 1, cov, DRAWN, random_state=rng) for cov, n in parts)
    return np.linalg.inv(scatter / sum(counts))


def close(drawn, leads, slack=0.0):
    """Whether means and covariances agree, to sampling error and a part ``slack`` of the largest."""
    scale = np.sqrt(np.diag(leads.cov))
    kurtosis = np.max(np.mean((drawn - drawn.mean(axis=0)) ** 4, axis=0) / drawn.var(axis=0) ** 2)
    error = REACH / math.sqrt(DRAWN)
    mean = np.abs(drawn.mean(axis=0) - leads.mean) <= error * scale + slack * np.abs(leads.mean)
    cov = np.abs(np.cov(drawn.T) - leads.cov) / np.outer(scale, scale) <= error * math.sqrt(kurtosis) + slack
    return bool(mean.all() and cov.all())


@pytest.mark.parametrize("k", range(3))
def test_moments_of_leads_with_a_known_covariance(k):
    moments = skewed()
    precision = np.linalg.inv(np.tensordot(COUNTS / COUNTS.sum(), moments.covariances, axes=1))
    drawn = simulated(moments, COUNTS, k, np.broadcast_to(precision, (1, 2, 2)).repeat(DRAWN, axis=0))
    assert close(drawn, score_leads(moments, COUNTS, k, noise="means"))
    assert not close(drawn, score_leads(moments, COUNTS, k, noise="none"))
    other = ClassMoments.of_covariances(moments.means, moments.covariances.mean(axis=0))
    assert not close(drawn, score_leads(other, COUNTS, k, noise="means"))


def test_moments_of_leads_with_an_estimated_covariance():
    """The expansion is off by the second order in ``d / n``, at most 1 % here; without it by the first, 9 to 26 %."""
    moments, counts = skewed(), np.array([96, 48, 24])
    precision = estimated(moments, counts)
    for k in range(3):
        drawn = simulated(moments, counts, k, precision)
        assert close(drawn, score_leads(moments, counts, k), 0.01)
        assert not close(drawn, score_leads(moments, counts, k, noise="means"), 0.01)


def test_recalls_against_drawn_rules():
    """Six classes in twelve dimensions: within two points where noise takes up to fifteen."""
    moments, counts = skewed(6, 12, 5), [400, 200, 100, 60, 30, 15]
    drawn = recalls_at(moments, counts, draws=60)
    found, without = asymptotic_recalls(moments, counts), asymptotic_recalls(moments, counts, noise="none")
    assert np.abs(found - drawn.recalls).max() < 0.025 + REACH * drawn.draw_error.max()
    assert np.abs(found - drawn.recalls).mean() < np.abs(without - drawn.recalls).mean() / 2


@pytest.mark.parametrize(("d", "counts"), [(32, (100, 20)), (64, (500, 5)), (8, (400, 40))])
def test_two_classes_against_the_exact_law(d, counts):
    means = np.zeros((2, d))
    means[0, 0] = 2.0
    moments = ClassMoments.of_covariances(means, np.eye(d))
    exact = [r.value for r in plugin.expected_recalls(2.0, d, *counts, "known")]
    assert asymptotic_recalls(moments, counts, noise="means") == pytest.approx(exact, abs=0.01)
    exact = [r.value for r in plugin.expected_recalls(2.0, d, *counts, "estimated")]
    assert asymptotic_recalls(moments, counts) == pytest.approx(exact, abs=0.02)


def test_noise_takes_from_the_rare_and_gives_to_the_frequent():
    means = np.zeros((2, 30))
    means[0, 0] = 2.0
    losses = noise_losses(ClassMoments.of_covariances(means, np.eye(30)), [200, 20], tau=1)
    assert losses.means[1] > 0.1 > 0 > losses.means[0]
    assert losses.recalls == pytest.approx([0.8413, 0.8413], abs=1e-4)  # Phi(M / 2)
    sizes = np.array([[200, 20], [400, 40], [800, 80]])
    lost = [noise_losses(ClassMoments.of_covariances(means, np.eye(30)), n, tau=1).means[1] for n in sizes]
    assert lost[0] > lost[1] > lost[2] > 0


def test_many_images_leave_no_noise():
    moments, counts = skewed(4, 3), np.array([8, 4, 2, 1]) * 10**9
    for k in range(4):
        none, both = (score_leads(moments, counts, k, noise=noise) for noise in ("none", "both"))
        assert both.mean == pytest.approx(none.mean, rel=1e-6)
        assert both.cov == pytest.approx(none.cov, rel=1e-6)


@pytest.mark.parametrize("noise", NOISES)
def test_leads_do_not_change_under_affine_maps_nor_as_classes_change_places(noise):
    moments = skewed(4, 3)
    place, turn = [2, 0, 3, 1], np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, -3.0]])
    moved = ClassMoments(moments.means @ turn + 1e6, tuple(root @ turn for root in moments.roots))
    counts = np.array([40, 20, 9, 5])
    mean, cov = score_leads(moments, counts, 2, noise=noise)
    found = score_leads(moved, counts, 2, noise=noise)
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.cov == pytest.approx(cov, rel=1e-6)
    shuffled = ClassMoments(moments.means[place], tuple(moments.roots[k] for k in place))
    found = score_leads(shuffled, counts[place], 0, noise=noise)  # class 2; its rivals are 0, 3 and 1
    assert found.mean == pytest.approx(mean[[0, 2, 1]])
    assert found.cov == pytest.approx(cov[np.ix_([0, 2, 1], [0, 2, 1])])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("counts", {"counts": [5, 5]}),
        ("counts", {"counts": [5, 5, 1]}),
        ("label", {"label": 3}),
        ("tau", {"tau": math.nan}),
        ("noise", {"noise": "all"}),
        ("moments", {"moments": 3}),
        ("moments", {"moments": ClassMoments.of_covariances(np.eye(3, 2), [[1.0, 0.0], [0.0, 0.0]])}),
    ],
)
def test_invalid_arguments(name, options):
    given = {"moments": skewed(), "counts": [9, 9, 9], "label": 0, **options}
    with pytest.raises(ValueError, match=f"^{name}="):
        score_leads(**given)
    for name in ("images", "seed"):
        with pytest.raises(ValueError, match=f"^{name}="):
            asymptotic_recalls(skewed(), [9, 9, 9], **{name: -1})


@pytest.mark.filterwarnings("error")
def test_equal_classes_go_to_the_frequent_one():
    moments = ClassMoments.of_covariances(np.zeros((2, 2)), np.eye(2))
    assert noise_losses(moments, [1000, 5]).recalls == pytest.approx([1, 0])


def test_the_seed_decides_whatever_axes_a_processor_finds(monkeypatch):
    """The signs of eigenvectors are any, and those of equal eigenvalues any basis of their space."""
    moments = ClassMoments.of_covariances(3 * np.eye(4, 8), np.stack([np.eye(8)] * 4))
    counts = [500, 200, 50, 10]
    usual, eigh = asymptotic_recalls(moments, counts), np.linalg.eigh

    def turned(matrix):
        values, vectors = eigh(matrix)
        return values, vectors * np.where(np.arange(len(values)) % 2, -1, 1)

    monkeypatch.setattr(np.linalg, "eigh", turned)
    assert asymptotic_recalls(moments, counts) == pytest.approx(usual, abs=1e-4)
