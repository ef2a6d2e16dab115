import numpy as np
import pytest

from empirical.analysis.class_separation import purities, separations, silhouettes

FUNCTIONS = (silhouettes, purities, separations)


def blobs(rng, means, counts, deviation=1.0):
    labels = np.repeat(np.arange(len(means)), counts)
    means = np.asarray(means, dtype=float)
    return rng.normal(means[labels], deviation), labels


def distances(x):
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))


def test_silhouette_by_its_definition():
    rng = np.random.default_rng(0)
    x, labels = blobs(rng, [[0, 0, 0], [2, 0, 0], [0, 1, 0]], [20, 9, 4])
    far = distances(x)
    values = []
    for i, label in enumerate(labels):
        mean = [far[i][labels == c].sum() / ((labels == c).sum() - (c == label)) for c in range(3)]
        a, b = mean[label], min(mean[:label] + mean[label + 1 :])
        values.append((b - a) / max(a, b))
    expected = [np.mean(np.array(values)[labels == c]) for c in range(3)]
    assert silhouettes(x, labels) == pytest.approx(expected)


def test_purity_by_its_definition():
    rng = np.random.default_rng(1)
    x, labels = blobs(rng, [[0, 0], [1, 0], [0, 1]], [30, 12, 4])
    far = distances(x)
    np.fill_diagonal(far, np.inf)
    for k in (1, 5, 10, 100):
        values = [[], [], []]
        for i, label in enumerate(labels):
            nearest = np.argsort(far[i])[: min(k, (labels == label).sum() - 1)]
            values[label].append(np.mean(labels[nearest] == label))
        assert purities(x, labels, k) == pytest.approx([np.mean(v) for v in values])


def test_classes_far_apart_are_pure_and_classes_that_are_one_have_their_share():
    rng = np.random.default_rng(2)
    counts = [400, 100, 5]
    x, labels = blobs(rng, 100 * np.eye(3), counts)
    assert purities(x, labels).tolist() == [1, 1, 1]
    assert (silhouettes(x, labels) > 0.9).all()
    x, labels = blobs(rng, np.zeros((3, 3)), counts)
    assert purities(x, labels) == pytest.approx(np.array(counts) / 505, abs=0.06)
    x, labels = blobs(rng, np.zeros((2, 3)), [400, 300])
    assert np.abs(silhouettes(x, labels)).max() < 0.05


def test_separation_of_known_gaussians():
    rng = np.random.default_rng(3)
    mixing = rng.normal(size=(6, 6))
    cov = mixing @ mixing.T
    means = rng.normal(size=(4, 6)) @ mixing.T
    labels = np.repeat(np.arange(4), 20000)
    x = means[labels] + rng.normal(size=(80000, 6)) @ mixing.T
    apart = means[:, None] - means[None]
    true = np.sqrt(np.einsum("ijk,kl,ijl->ij", apart, np.linalg.inv(cov), apart))
    found = separations(x, labels)
    assert np.isnan(found.diagonal()).all()
    others = ~np.eye(4, dtype=bool)
    assert found[others] == pytest.approx(true[others], rel=0.02)
    assert found == pytest.approx(found.T, nan_ok=True)


def test_the_square_of_the_separation_has_no_bias():
    # A rare class, and few members for the features: without the correction the mean is about 9 and not 4.
    rng = np.random.default_rng(4)
    means = np.zeros((3, 12))
    means[1, 0], means[2] = 3, 2 / np.sqrt(12)
    squares = np.array([separations(*blobs(rng, means, [40, 20, 4])) ** 2 for _ in range(1000)])
    for i, j, true in ((0, 1, 9), (0, 2, 4)):
        error = squares[:, i, j].std() / np.sqrt(len(squares))
        assert squares[:, i, j].mean() == pytest.approx(true, abs=3 * error + 0.1)  # 0.1: what the maximum with 0 adds
        assert error < 0.15


def test_a_rare_class_does_not_look_apart_because_its_mean_is_noisy():
    rng = np.random.default_rng(5)
    squares = [separations(*blobs(rng, np.zeros((3, 20)), [400, 200, 5]))[0, 2] ** 2 for _ in range(200)]
    # Without the correction the mean is about 20 (1/5 + 1/400) = 4.
    assert np.mean(squares) < 1
    assert np.mean(np.array(squares) == 0) > 0.3


def test_features_that_never_move_change_nothing():
    rng = np.random.default_rng(5)
    x, labels = blobs(rng, [[0, 0], [3, 0], [0, 2]], [500, 300, 200])
    dead = np.hstack([x, np.zeros((1000, 3))])
    assert separations(dead, labels) == pytest.approx(separations(x, labels), nan_ok=True)
    twice = np.hstack([x, x[:, :1] - 2 * x[:, 1:]])
    assert separations(twice, labels) == pytest.approx(separations(x, labels), nan_ok=True)
    assert np.isnan(separations(np.zeros((6, 2)), [0, 0, 0, 1, 1, 1])).all()


def test_single_members():
    x, labels = np.array([[0.0], [1.0], [5.0]]), [0, 0, 1]
    assert np.isnan(silhouettes(x, labels)).tolist() == [False, True]
    assert purities(x, labels).tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert np.isnan(silhouettes(x[:2], [0, 1])).all()
    assert np.isnan(separations(x[:2], [0, 1])).all()


def test_too_few_members_for_so_many_features():
    rng = np.random.default_rng(6)
    x, labels = blobs(rng, np.zeros((2, 5)), [5, 3])
    assert np.isnan(separations(x, labels)).all()
    x, labels = blobs(rng, np.zeros((2, 5)), [6, 3])
    assert np.isfinite(separations(x, labels)[0, 1])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("x", "labels", "name"),
    [
        ([1.0, 2.0, 3.0], [0, 0, 1], "x"),
        ([[1.0], [np.nan], [3.0]], [0, 0, 1], "x"),
        ([[1.0], [2.0], [3.0]], [0, 0], "labels"),
        ([[1.0], [2.0], [3.0]], [0.0, 0.0, 1.0], "labels"),
        ([[1.0], [2.0], [3.0]], [0, 0, -1], "labels"),
        ([[1.0], [2.0], [3.0]], [0, 0, 2], "labels"),
        ([[1.0], [2.0], [3.0]], [0, 0, 0], "labels"),
    ],
)
def test_bad_input(function, x, labels, name):
    with pytest.raises(ValueError, match=rf"^{name}=") as raised:
        function(x, labels)
    assert "\n" not in str(raised.value)


def test_no_neighbours():
    with pytest.raises(ValueError, match=r"^neighbours=0: must be a whole number of at least 1"):
        purities([[0.0], [1.0]], [0, 1], 0)
