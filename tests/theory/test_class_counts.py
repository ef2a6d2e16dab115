"""The recall of every class at any counts: against exact laws, and against classifiers that are trained.

Each comparison allows 6.6 standard errors, which chance exceeds with a probability of 5e-11; about 200 are made.
"""

import math

import numpy as np
import pytest
from scipy.stats import norm

import theory
from theory import multiclass, plugin, rule_draws
from theory.class_counts import (
    ClassMoments,
    class_moments,
    gains_per_image,
    lda_rule,
    normal_recalls,
    recalls_at,
    required_counts,
    score_losses,
)
from theory.rule_draws import _folds, _sample, _statistics, drawn_rules

REACH = 6.6


def two(separation, d):
    """Two classes of identity covariance."""
    means = np.zeros((2, d))
    means[0, 0] = separation
    return ClassMoments.of_covariances(means, np.eye(d))


def skewed(classes=4, d=3, seed=3):
    """Classes with covariances of their own."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    roots = rng.standard_normal((classes, d, d)) + np.eye(d)
    return ClassMoments.of_covariances(2 * rng.standard_normal((classes, d)), np.swapaxes(roots, 1, 2) @ roots)


def features(moments, each, seed):
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    parts = [m + rng.standard_normal((each, len(r))) @ r for m, r in zip(moments.means, moments.roots, strict=True)]
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), each)


def trained(samples):
    """Discriminant analysis from features, written down anew."""
    n = sum(map(len, samples))
    means = [x.mean(axis=0) for x in samples]
    cov = sum(np.cov(x.T, ddof=0).reshape(len(m), -1) * len(x) for x, m in zip(samples, means, strict=True)) / n
    weights = np.stack([np.linalg.solve(cov, m) for m in means])
    biases = [-w @ m / 2 + math.log(len(x) / n) for w, m, x in zip(weights, means, samples, strict=True)]
    return weights, np.array(biases)


DRAWN = 800


@pytest.mark.parametrize(("n", "size"), [(2, None), (4, None), (40, None), (2, 3), (3, 4), (4, 9), (29, 30), (30, 30)])
@pytest.mark.parametrize("way", ["statistics", "features"])
def test_statistics_have_the_laws_of_samples(n, size, way):
    """A sample mean and a Wishart matrix, over all balanced samples too, and with fewer images than features.

    Noise that counted twice, as it does if ``n`` features are drawn freely around the moments of ``size``, would show.
    """
    known = skewed(2, 4)
    cov = known.covariances[0]
    drawn = []
    for i in range(DRAWN):
        rng = np.random.default_rng([7, i])
        moments = known
        if size is not None:
            x = known.means[0] + rng.standard_normal((size, 4)) @ known.roots[0]
            moments = class_moments(np.concatenate([x, x]), np.repeat([0, 1], size))
        if way == "statistics":
            drawn.append(_statistics(moments, 0, n, rng))
        else:
            own = _sample(moments, 0, n, rng)
            drawn.append((own.mean(axis=0), (own - own.mean(axis=0)).T @ (own - own.mean(axis=0))))
    means, scatters = (np.stack(part) for part in zip(*drawn, strict=True))
    variance = np.diag(cov)
    wishart = (n - 1) * (cov**2 + np.outer(variance, variance))
    assert np.all(np.abs(means.mean(axis=0) - known.means[0]) < REACH * np.sqrt(variance / n / DRAWN))
    assert means.var(axis=0) == pytest.approx(variance / n, rel=REACH * math.sqrt(2 / DRAWN))
    assert np.all(np.abs(scatters.mean(axis=0) - (n - 1) * cov) < REACH * np.sqrt(wishart / DRAWN))
    assert scatters.var(axis=0) == pytest.approx(wishart, rel=0.8)
    assert all(np.linalg.matrix_rank(part) == min(n - 1, 4) for part in scatters[:5])
    if size is None:
        together = np.abs(np.corrcoef(means.T, scatters.reshape(DRAWN, -1).T)[:4, 4:]).max()
        assert together < REACH / math.sqrt(DRAWN)


def test_more_images_than_the_moments_have_add_no_noise():
    x, y = features(skewed(), 8, 2)
    moments = class_moments(x, y)
    mean, scatter = _statistics(moments, 1, 20, np.random.default_rng(0))
    assert np.array_equal(mean, moments.means[1])
    assert scatter == pytest.approx(19 * np.cov(x[y == 1].T))
    own = _sample(moments, 1, 20, np.random.default_rng(0))
    assert own.mean(axis=0) == pytest.approx(moments.means[1])
    assert np.cov(own.T) == pytest.approx(np.cov(x[y == 1].T))


def test_moments_of_few_images_are_unbiased():
    """Over 150 samples of 12 balanced images the mean prediction is the recall of classifiers of new images.

    Statistics that are drawn freely around the moments of the 12 promise less.
    """
    known, counts = skewed(3, 5), [12, 6, 3]
    truth = recalls_at(known, counts, draws=400)
    found, free = [], []
    for i in range(150):
        moments = class_moments(*features(known, 12, [11, i]))
        held_out = features(known, 40, [12, i])
        for store, own in ((found, moments), (free, ClassMoments(moments.means, moments.roots))):
            store.append(recalls_at(own, counts, held_out=held_out, draws=4, seed=i).recalls)
    error = np.hypot(truth.draw_error, np.std(found, axis=0) / math.sqrt(150))
    assert np.all(np.abs(np.mean(found, axis=0) - truth.recalls) < REACH * error)
    assert np.mean(found) - np.mean(free) > 0.01


@pytest.mark.parametrize(("m", "d", "n_pos", "n_neg"), [(2.0, 5, 20, 4), (3.0, 12, 12, 8), (1.5, 1, 40, 2)])
@pytest.mark.parametrize("prior", ["empirical", "balanced"])
def test_two_classes_against_the_exact_law(m, d, n_pos, n_neg, prior):
    """That law divides the scatter by ``n - 2`` where the rule here divides it by ``n``, which tau makes up for."""
    tau = {"empirical": -2 / (n_pos + n_neg - 2), "balanced": 1.0}[prior]
    exact = plugin.expected_recalls(m, d, n_pos, n_neg, "estimated", prior)
    found = recalls_at(two(m, d), [n_pos, n_neg], tau=tau, draws=300)
    assert np.all(
        np.abs(found.recalls - [r.value for r in exact]) <= REACH * found.draw_error + [r.error for r in exact]
    )


def test_the_comparison_with_the_exact_law_can_fail():
    found = recalls_at(two(2.0, 5), [20, 4], draws=300)
    for covariance, prior in (("known", "empirical"), ("estimated", "balanced"), ("estimated", "corrected")):
        wrong = plugin.expected_recalls(2.0, 5, 20, 4, covariance, prior)
        assert np.any(np.abs(found.recalls - [r.value for r in wrong]) > REACH * found.draw_error)


def test_statistics_and_features_give_the_same_recalls():
    """Four classes, covariances of their own, one of two images: rules from statistics and trained rules."""
    moments, counts = skewed(), [40, 11, 5, 2]
    drawn = recalls_at(moments, counts, draws=300)
    direct = recalls_at(moments, counts, fit=trained, draws=300, seed=9)
    error = np.hypot(drawn.draw_error, direct.draw_error)
    assert np.all(np.abs(drawn.recalls - direct.recalls) < REACH * error)
    pooled = ClassMoments.of_covariances(moments.means, moments.covariances.mean(axis=0))
    shared = recalls_at(pooled, counts, draws=300)
    assert np.any(np.abs(shared.recalls - direct.recalls) > REACH * error)


def test_large_counts_give_theorem_2_for_more_classes():
    means, cov, counts = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.5]], [[1.0, 0.3], [0.3, 2.0]], [10**7, 10**6, 10**5]
    found = recalls_at(ClassMoments.of_covariances(means, cov), counts, draws=300)
    assert np.all(np.abs(found.recalls - multiclass.recalls(multiclass.Setting(means, cov, counts))) < 0.01)


def test_no_image_is_read_by_rules_of_its_own_moments():
    """Labels without meaning: chance is all that can be read; the same images read twice would look separable."""
    rng = np.random.default_rng(np.random.SeedSequence(1))
    x, y = rng.standard_normal((300, 150)), np.repeat([0, 1], 150)
    reach = REACH * math.sqrt(0.25 / 300)
    assert abs(recalls_at(x, [5000, 5000], y).recalls.mean() - 0.5) < reach
    assert recalls_at(x, [5000, 5000], y, held_out=(x, y)).recalls.mean() - 0.5 > reach


def test_folds_are_even_in_each_class():
    labels = np.repeat([0, 1, 2], [7, 23, 50])
    fold = _folds(labels, 0)
    for k in range(3):
        sizes = np.bincount(fold[labels == k], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    assert not np.array_equal(fold, _folds(labels, 1))
    assert _folds(np.repeat([0, 1], [3, 9]), 0).max() == 2


def test_features_predict_a_trained_classifier():
    """Balanced features of one sample, classifiers trained on others."""
    moments, counts = skewed(), [400, 100, 25, 6]
    x, y = features(moments, 300, 5)
    cross = recalls_at(x, counts, y)
    truth = recalls_at(moments, counts, fit=trained, draws=400, seed=2)
    error = np.sqrt(cross.draw_error**2 + cross.reading_error**2 + truth.draw_error**2 + 0.01**2)
    assert np.all(np.abs(cross.recalls - truth.recalls) < REACH * error)
    middle = (300 * cross.recalls + 1) / 302
    assert np.all(cross.reading_error == pytest.approx(np.sqrt(middle * (1 - middle) / 302)))
    held = recalls_at(class_moments(x, y), counts, held_out=features(moments, 200, 6))
    assert np.all(np.abs(held.recalls - truth.recalls) < REACH * np.hypot(error, held.reading_error))


def test_other_classifiers_are_trained_on_the_features_themselves():
    """Without replacement, and on normal ones where there are too few."""
    x, y = features(skewed(2, 2), 10, 4)
    seen = []

    def fit(samples):
        seen.append(samples)
        return np.zeros((2, 2)), np.zeros(2)

    recalls_at(x, [6, 13], y, held_out=(x, y), fit=fit, draws=2)
    for few, many in seen:
        assert len(few) == 6
        assert {tuple(row) for row in few} < {tuple(row) for row in x[y == 0]}
        assert len({tuple(row) for row in few}) == 6
        assert len(many) == 13
        assert {tuple(row) for row in many} > {tuple(row) for row in x[y == 1]}
    assert not np.array_equal(seen[0][0], seen[1][0])


def grid():
    """Features on a grid of 2^-20, which shifts and products with powers of two leave exact."""
    x, y = features(skewed(), 40, 8)
    return np.round(x * 2**20) / 2**20, y


@pytest.mark.parametrize("change", [lambda x: x + 2.0**27, lambda x: x * 2.0**-300, lambda x: x * 2.0**300])
def test_recalls_do_not_change_under_shift_and_scale(change):
    """2^27 is a hundred million standard deviations."""
    x, y = grid()
    plain, moved = (recalls_at(part, [30, 20, 8, 3], y, draws=10) for part in (x, change(x)))
    assert np.array_equal(plain.recalls, moved.recalls)
    assert np.array_equal(plain.draw_error, moved.draw_error)
    own, other = (class_moments(part, y) for part in (x, change(x)))
    assert np.array_equal(*(normal_recalls(_rule(part), part) for part in (own, other)))
    assert score_losses(own, [30, 20, 8, 3]) == pytest.approx(score_losses(other, [30, 20, 8, 3]), rel=1e-9)


def _rule(moments):
    return lda_rule(moments.means, 40 * moments.covariances.sum(axis=0), [40] * 4)


def test_recalls_do_not_change_under_orthogonal_maps():
    """Exactly where no normal numbers are drawn: without noise, and through training sets; else in law."""
    x, y = grid()
    turned = x @ np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))[0]
    for counts, fit in (([400, 200, 80, 40], None), ([30, 20, 8, 5], trained)):
        plain, other = (recalls_at(part, counts, y, fit=fit, draws=10) for part in (x, turned))
        assert np.array_equal(plain.recalls, other.recalls)
    plain, other = (recalls_at(part, [30, 20, 8, 5], y, draws=40) for part in (x, turned))
    assert np.all(np.abs(plain.recalls - other.recalls) < REACH * np.hypot(plain.draw_error, other.draw_error))


def test_recalls_change_places_as_the_classes_do():
    x, y = grid()
    place = np.array([2, 0, 3, 1])  # of each class
    for counts, exact in ((np.array([400, 200, 80, 40]), True), (np.array([30, 20, 8, 5]), False)):
        moved = np.empty(4, dtype=int)
        moved[place] = counts
        plain, other = recalls_at(x, counts, y, draws=40), recalls_at(x, moved, place[y], draws=40)
        error = 0 if exact else REACH * np.hypot(plain.draw_error, other.draw_error[place])
        assert np.all(np.abs(plain.recalls - other.recalls[place]) <= error)
    assert not np.array_equal(plain.recalls, other.recalls)


@pytest.mark.parametrize("size", [1e200, 1e-200, 0.0])
def test_features_whose_squares_are_no_numbers_are_refused(size):
    x, y = grid()
    with pytest.raises(ValueError, match="^source="):
        recalls_at(x * size, [9] * 4, y)
    with pytest.raises(ValueError, match="^held_out="):
        recalls_at(x, [9] * 4, y, held_out=(x * 1e200, y))
    with pytest.raises(ValueError, match="^roots="):
        ClassMoments(np.eye(2), (size * np.eye(2), size * np.eye(2)))


def test_moments_that_do_not_fit_are_refused():
    one = np.eye(2)
    for name, arguments in (
        ("means", ("x", (one, one))),
        ("means", (1e120 * one, (one, one))),
        ("roots", (one, (one,))),
        ("roots", (one, (one, np.eye(3)))),
        ("roots", (one, "ab")),
        ("sizes", (one, (one, one), (5,))),
        ("sizes", (one, (one, one), (5, 1))),
    ):
        with pytest.raises(ValueError, match=f"^({name}|roots)="):
            ClassMoments(*arguments)


def test_seeds():
    moments = skewed()
    first, same, other = (recalls_at(moments, [9, 8, 7, 6], seed=seed).recalls for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("separation", [2.0, 3.0])
def test_required_counts_are_those_of_theorem_2(separation):
    moments, n = two(separation, 1), 10**6
    needed = required_counts(moments, [n, n], recall=0.9, most=10**8)
    exact = n * math.exp(separation * (norm.ppf(0.9) - separation / 2))
    slope = norm.pdf(norm.ppf(0.9)) / separation
    reach = REACH * math.sqrt(0.09 / 40_000) / slope + 0.02
    assert np.abs(np.log(np.array(needed) / exact)).max() < reach
    assert required_counts(moments, [n, 10], recall=0.999, most=20)[1] is None
    assert required_counts(moments, [10, 10], recall=1e-6)[0] == 2


def test_required_counts_reach_the_recall():
    moments, counts = skewed(), np.array([300, 100, 30, 10])
    needed = required_counts(moments, counts, recall=0.7)
    assert any(n is not None for n in needed)
    for k, n in enumerate(needed):
        if n is not None:
            changed = counts.copy()
            changed[k] = n
            assert recalls_at(moments, changed).recalls[k] >= 0.7 - 1e-9


def test_gains_are_those_of_theorem_2():
    """The slopes of ``Phi(M / 2 + ln(n1 / n2) / M)``; a step of a tenth moves them by less than a tenth."""
    m, n = 2.0, np.array([30_000, 3_000])
    log = math.log(10)
    density = norm.pdf([m / 2 + log / m, m / 2 - log / m]) / m
    exact = np.outer(1 / n, density) * [[1, -1], [-1, 1]]
    found = gains_per_image(two(m, 1), n, step=0.1, draws=300)
    assert np.all(np.abs(found.matrix - exact) < REACH * found.errors + 0.1 * np.abs(exact))
    assert np.all(found.errors < 0.2 * np.abs(exact))
    assert found.balanced == pytest.approx(found.matrix.mean(axis=1))
    assert np.all(np.abs(found.balanced - exact.mean(axis=1)) < REACH * found.balanced_errors + 0.2 * abs(exact).mean())


def test_score_losses_are_those_of_drawn_means():
    """With the covariance known, by simulation; and two classes with one covariance as the plug-in law has them."""
    moments, counts = skewed(), np.array([40, 9, 5, 2])
    lost = score_losses(moments, counts)
    precision = np.linalg.inv(np.tensordot(counts / counts.sum(), moments.covariances, axes=1))
    rng = np.random.default_rng(np.random.SeedSequence(6))
    x = moments.means[0]
    for k, n in enumerate(counts):
        drawn = moments.means[k] + rng.standard_normal((4000, 3)) @ moments.roots[k] / math.sqrt(n)
        score = -np.einsum("ij,jk,ik->i", x - drawn, precision, x - drawn) / 2
        away = x - moments.means[k]
        error = score.std() / math.sqrt(4000)
        assert abs(score.mean() - (-away @ precision @ away / 2 - lost[k])) < REACH * error
        assert lost[k] > 2 * error
    first, second = score_losses(two(2.0, 7), [50, 4])
    assert second - first == pytest.approx(plugin.mean_noise_shift(7, 50, 4))
    with pytest.raises(ValueError, match="^moments="):
        score_losses(ClassMoments.of_covariances([[0.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]), [5, 5])


def test_public_names():
    assert theory.recalls_at is recalls_at
    assert (theory.required_counts, theory.gains_per_image) == (required_counts, gains_per_image)


def test_constant_features_are_harmless():
    moments = ClassMoments.of_covariances([[0.0, 5.0], [2.0, 5.0]], [[1.0, 0.0], [0.0, 0.0]])
    found, plain = (recalls_at(part, [50, 9], draws=300) for part in (moments, two(2.0, 1)))
    assert np.all(np.abs(found.recalls - plain.recalls) < REACH * np.hypot(found.draw_error, plain.draw_error))


X, Y = np.arange(12.0).reshape(6, 2) ** 1.5, np.repeat([0, 1], 3)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("counts", (X, [5], Y), {}),
        ("counts", (X, [5, 1], Y), {}),
        ("counts", (X, [5, 2.5], Y), {}),
        ("counts", (X, [5, 10**20], Y), {}),
        ("labels", (X, [5, 5]), {}),
        ("labels", (X, [5, 5], Y[:5]), {}),
        ("labels", (X, [5, 5], Y - 1), {}),
        ("labels", (X, [5, 5], Y + 1), {}),
        ("labels", (X, [5, 5], np.zeros(6)), {}),
        ("labels", (X, [5, 5], [0, 0, 0, 0, 1, 1]), {}),
        ("labels", (class_moments(X, Y), [5, 5], Y), {}),
        ("source", (X[0], [5, 5], Y), {}),
        ("source", (X * np.nan, [5, 5], Y), {}),
        ("held_out", (X, [5, 5], Y), {"held_out": (X, Y * 0)}),
        ("held_out", (X, [5, 5], Y), {"held_out": (X, Y + 1)}),
        ("held_out", (X, [5, 5], Y), {"held_out": (X[:, :1], Y)}),
        ("tau", (X, [5, 5], Y), {"tau": np.nan}),
        ("draws", (X, [5, 5], Y), {"draws": 1}),
        ("seed", (X, [5, 5], Y), {"seed": -1}),
        ("fit", (X, [5, 5], Y), {"fit": 1}),
        ("fit", (X, [5, 5], Y), {"fit": lambda samples: (np.zeros((2, 1)), np.zeros(2))}),
    ],
)
def test_invalid_arguments(name, arguments, options):
    for function in (recalls_at, required_counts, gains_per_image):
        with pytest.raises(ValueError, match=rf"^{name}="):
            function(*arguments, **options)


def test_invalid_arguments_of_the_others():
    moments = class_moments(X, Y)
    for options in ({"recall": 0}, {"recall": 1}, {"most": 1}):
        with pytest.raises(ValueError, match=f"^{next(iter(options))}="):
            required_counts(moments, [5, 5], **options)
    with pytest.raises(ValueError, match="^step="):
        gains_per_image(moments, [5, 5], step=0)
    with pytest.raises(ValueError, match="^step=1e.20: must leave the counts at most"):
        gains_per_image(moments, [100, 10], step=1e20)
    with pytest.raises(ValueError, match="^covs="):
        ClassMoments.of_covariances([[0.0], [1.0]], [[-1.0]])
    with pytest.raises(ValueError, match="^covs="):
        ClassMoments.of_covariances([[0.0, 0.0], [1.0, 1.0]], [[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(ValueError, match="^means="):
        ClassMoments.of_covariances([[0.0]], [[1.0]])
    for scatter in ([[1.0, 0.0], [0.0, 1.0]], [[-1.0]], [[0.0]], [[np.inf]]):
        with pytest.raises(ValueError, match="^scatter="):
            lda_rule([[0.0], [1.0]], scatter, [2, 2])
    with pytest.raises(ValueError, match="^means="):
        lda_rule([[0.0], [1e200]], [[1e-150]], [2, 2])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_rule_that_is_no_number_decides_nothing(value):
    features, labels = _three_classes()
    for fit in (lambda samples: (np.full((3, 2), value), np.zeros(3)), lambda samples: (np.zeros((3, 2)), [value] * 3)):
        with pytest.raises(ValueError, match="^fit=.*must return finite weights"):
            recalls_at(features, [9, 9, 9], labels, fit=fit, draws=10)


@pytest.mark.parametrize("returned", [None, 3, (), (np.zeros((3, 2)),), "ab"])
def test_what_is_no_rule_is_refused(returned):
    features, labels = _three_classes()
    with pytest.raises(ValueError, match="^fit="):
        recalls_at(features, [9, 9, 9], labels, fit=lambda samples: returned, draws=10)


def test_labels_beyond_the_images_are_refused_before_memory_is_asked_for():
    features, labels = _three_classes()
    with pytest.raises(ValueError, match="^labels=1099511627776: "):
        recalls_at(features, [9, 9, 9], np.where(labels == 2, 2**40, labels))


@pytest.mark.parametrize("pairs", [lambda x, y: x, lambda x, y: (x, y, y), lambda x, y: (x,), lambda x, y: 3])
def test_held_out_that_is_no_pair_is_refused(pairs):
    features, labels = _three_classes()
    with pytest.raises(ValueError, match="^held_out=.*must be a pair"):
        recalls_at(features, [9, 9, 9], labels, held_out=pairs(features, labels))


def _three_classes():
    labels = np.repeat([0, 1, 2], 12)
    return np.random.default_rng(3).normal(size=(36, 2)) + labels[:, None], labels


def test_a_count_that_is_nearly_all_leaves_digits_for_the_others():
    """The scatter of 10^15 images is not taken off that of all of them, but that of the others is drawn again."""
    moments = two(3.0, 2)
    wanted = recalls_at(moments, [4, 2])
    [source] = drawn_rules(moments, None, None, 0.0, None, 40, 0)
    for base in ([10**15, 2], [10**9, 2], [4, 2]):
        found = source.recalls(np.array([4, 2]), base=np.array(base))
        assert found.mean(axis=0) == pytest.approx(wanted.recalls)
    assert required_counts(moments, [2**53, 2], most=10**6)[0] == 2


def test_images_that_all_agree_have_a_reading_error():
    features, labels = _three_classes()
    found = recalls_at(features + 100 * np.eye(3, 2)[labels], [9, 9, 9], labels)
    assert found.recalls.min() == 1
    assert np.all(found.reading_error > 0.05)


def test_a_tau_beyond_floats_is_refused():
    features, labels = _three_classes()
    with pytest.raises(ValueError, match="^tau=1e.308: must be a number of at most"):
        recalls_at(features, [9, 9, 9], labels, tau=1e308)


def test_tensors_that_have_a_gradient_are_taken():
    torch = pytest.importorskip("torch")
    features, labels = _three_classes()
    found = recalls_at(torch.tensor(features, requires_grad=True), [9, 9, 9], torch.tensor(labels))
    assert np.array_equal(found.recalls, recalls_at(features, [9, 9, 9], labels).recalls)
    rounded = torch.tensor(features).bfloat16()
    expected = recalls_at(rounded.double().numpy(), [9, 9, 9], labels).recalls
    assert np.array_equal(recalls_at(rounded, [9, 9, 9], labels).recalls, expected)


def test_a_search_draws_a_class_once_a_step(monkeypatch):
    """What is taken off the scatter, the class at the counts that are kept, is the same at every step."""
    drawn, moments = [], skewed()
    known = required_counts(moments, [400, 100, 30, 10], recall=0.7, draws=5)
    monkeypatch.setattr(rule_draws, "_statistics", lambda *given: drawn.append(given[1:3]) or _statistics(*given))
    assert required_counts(moments, [400, 100, 30, 10], recall=0.7, draws=5) == known
    for k, n in enumerate((400, 100, 30, 10)):
        assert drawn.count((k, n)) <= 2 * 5  # of the base once, and once to take it off


def test_rules_with_another_tau_or_other_images_are_those_drawn_anew(monkeypatch):
    """To the bit, and nothing is drawn a second time."""
    features, labels = _three_classes()
    moments, counts, read = class_moments(features, labels), np.array([9, 4, 2]), (features + 1, labels)
    anew = [
        drawn_rules(moments, None, images, tau, None, 5, 0)[0].recalls(counts)
        for images, tau in ((read, 0.0), (None, 0.0), (read, 1.0))
    ]
    [rules] = drawn_rules(moments, None, read, 0.0, None, 5, 0)
    shared = [rules.recalls(counts)]
    monkeypatch.setattr(rule_draws, "_statistics", None)
    shared += [part.recalls(counts) for part in (rules.with_images(None), rules.with_tau(1.0))]
    assert all(np.array_equal(*pair) for pair in zip(anew, shared, strict=True))
    assert rules.with_images(None).weight.tolist() == [1, 1, 1]
