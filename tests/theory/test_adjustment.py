"""The likelihood of tau and T: against another optimiser, an exact oracle for separation, and simulation."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize
from scipy.special import logsumexp, softmax
from scipy.stats import binom, chi2

from theory.adjustment import fit_adjustment, fit_tau_normalisation
from theory.support.multinomial_logit import separated

COUNTS = np.array([400, 120, 60, 20])
LOG_PRIOR = np.log(COUNTS / COUNTS.sum())


def problem(rng, tau=1.6, temperature=1.8, counts=COUNTS, drawn=None, signal=2.0):
    """Return logits of the model, with the labels drawn at the frequencies of ``drawn`` (those of training)."""
    drawn = counts if drawn is None else drawn
    labels = rng.choice(len(counts), size=int(np.sum(drawn)), p=drawn / np.sum(drawn))
    x = signal * np.eye(len(counts))[labels] + rng.normal(size=(len(labels), len(counts)))
    z = temperature * signal * x + tau * np.log(counts / counts.sum()) + rng.normal(size=(len(labels), 1))
    return z, labels


@pytest.fixture
def rng():
    return np.random.default_rng(np.random.SeedSequence(19))


def test_the_maximum_is_that_of_another_optimiser(rng):
    z, y = problem(rng)
    fit = fit_adjustment(z, y, COUNTS)

    def loss(theta):
        scores = (z - theta[1] * LOG_PRIOR) / np.exp(theta[0]) + LOG_PRIOR
        return (logsumexp(scores, axis=1) - scores[np.arange(len(y)), y]).sum()

    other = minimize(loss, [0.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})
    assert fit.tau == pytest.approx(other.x[1], abs=1e-6)
    assert fit.temperature == pytest.approx(np.exp(other.x[0]), abs=1e-6)
    assert fit.log_likelihood == pytest.approx(-other.fun)
    step = 1e-3
    at = np.array([np.log(fit.temperature), fit.tau])
    axes = np.eye(2) * step
    curvature = np.array(
        [
            [(loss(at + u + v) - loss(at + u - v) - loss(at - u + v) + loss(at - u - v)) / (4 * step**2) for v in axes]
            for u in axes
        ]
    )
    by_logs = np.linalg.inv(curvature)
    scale = np.diag([fit.temperature, 1.0])
    assert fit.covariance[::-1, ::-1] == pytest.approx(scale @ by_logs @ scale, rel=1e-3)


@given(st.floats(1e-6, 1e6), st.permutations(range(4)))
@configure(max_examples=5, deadline=None, derandomize=True)
def test_units_constants_and_the_order_of_classes_change_nothing(unit, order):
    z, y = problem(np.random.default_rng(3))
    fit, order = fit_adjustment(z, y, COUNTS), np.array(order)
    moved = unit * (z[:, order] + 10 * np.arange(len(z))[:, None] % 7)
    other = fit_adjustment(moved, np.argsort(order)[y], 3 * COUNTS[order])
    assert other.tau == pytest.approx(unit * fit.tau, rel=1e-6)
    assert other.temperature == pytest.approx(unit * fit.temperature, rel=1e-6)
    assert other.robust_covariance == pytest.approx(unit**2 * fit.robust_covariance, rel=1e-5)
    assert other.against_vector_scaling.statistic == pytest.approx(fit.against_vector_scaling.statistic, abs=1e-5)
    assert order[other.predict(moved)].tolist() == fit.predict(z).tolist()


def test_standard_errors_and_the_likelihood_ratio_have_their_distributions():
    """200 splits: chance failures of each of the four bounds are below 1e-7, were the laws those of many images."""
    fits = []
    for child in np.random.SeedSequence(5).spawn(200):
        z, y = problem(np.random.default_rng(child))
        fits.append(fit_adjustment(z, y, COUNTS))
    for error in ("covariance", "robust_covariance"):
        deviations = np.array([(fit.tau - 1.6) / np.sqrt(getattr(fit, error)[0, 0]) for fit in fits])
        low, high = chi2.ppf([5e-8, 1 - 5e-8], len(fits)) / len(fits)
        assert low < np.mean(deviations**2) < high
    small = sum(fit.against_vector_scaling.p_value < 0.05 for fit in fits)
    assert binom.ppf(1e-7, len(fits), 0.05) <= small <= binom.isf(1e-7, len(fits), 0.05)
    assert {fit.against_vector_scaling.freedom for fit in fits} == {5}
    assert sum(fit.trusted for fit in fits) > 150


def test_many_classes_with_few_images_do_not_speak_against_the_fit():
    """60 splits of a hundred classes, four images a class on average: p < 0.05 no more often than it should be."""
    counts, small = np.round(3000 * 30 ** (-np.arange(100) / 99)).astype(int), 0
    for child in np.random.SeedSequence(23).spawn(60):
        rng = np.random.default_rng(child)
        labels = rng.choice(100, size=400, p=counts / counts.sum())
        z = 3 * (3 * np.eye(100)[labels] + rng.normal(size=(400, 100))) + np.log(counts)
        found = fit_adjustment(z, labels, counts).against_vector_scaling
        small += found.p_value < 0.05
        assert found.freedom == 20
    assert small <= binom.isf(1e-7, 60, 0.05)


@pytest.mark.parametrize(("classes", "whose"), [(10, "class"), (12, "group of classes of similar frequency")])
def test_the_doubt_says_whose_scales_fit_better(classes, whose):
    """Rare classes whose logits are twice as large: on this split p is far below the thousandth where doubt begins."""
    rng, counts = np.random.default_rng(8), np.round(1000 * 10 ** (-np.arange(classes) / (classes - 1))).astype(int)
    labels = rng.choice(classes, size=550, p=counts / counts.sum())
    z = 3 * (2 * np.eye(classes)[labels] + rng.normal(size=(550, classes))) + np.log(counts)
    z = (z - z.mean(axis=1, keepdims=True)) * np.where(np.arange(classes) < classes // 2, 1, 2)
    fit = fit_adjustment(z, labels, counts)
    assert any(doubt.startswith(f"a scale and a bias for each {whose} fit better") for doubt in fit.doubts)


def test_vector_scaling_of_two_classes_is_the_fitted_model(rng):
    labels = np.repeat([0, 1], [1000, 100])
    score = 2 * (1 - 2 * labels) + 2 * rng.normal(size=1100) + np.log(10)
    found = fit_adjustment(np.column_stack([score, 0 * score]), labels, [1000, 100]).against_vector_scaling
    assert (found.freedom, found.p_value) == (0, 1)


@pytest.mark.parametrize("target", [None, [1, 1, 1, 1], [1, 2, 3, 4], [0, 1, 0, 3], COUNTS])
def test_adjusted_logits_decide_as_bayes_rule_does(rng, target):
    tau, temperature = 1.6, 1.8
    z, y = problem(rng)
    fit = dataclasses.replace(fit_adjustment(z, y, COUNTS), tau=tau, temperature=temperature)
    evidence = (z - tau * LOG_PRIOR) / temperature  # ln p(x | k), up to a constant
    frequencies = np.ones(4) if target is None else np.array(target)
    posterior = softmax(evidence, axis=1) * frequencies
    assert fit.predict(z, target).tolist() == posterior.argmax(axis=1).tolist()
    assert fit.probabilities(z, target) == pytest.approx(posterior / posterior.sum(axis=1, keepdims=True))


def test_the_target_of_the_fit_is_the_default(rng):
    z, y = problem(rng)
    plain, aimed = fit_adjustment(z, y, COUNTS), fit_adjustment(z, y, COUNTS, target=COUNTS)
    assert aimed.tau == plain.tau
    assert np.array_equal(aimed.apply(z), plain.apply(z, COUNTS))
    assert np.array_equal(plain.apply(z), z - plain.tau * LOG_PRIOR)
    assert aimed.expected_loss < plain.expected_loss < 2


def test_a_balanced_split_is_told_by_its_counts():
    z, y = problem(np.random.default_rng(1), drawn=np.full(4, 2000))
    fit = fit_adjustment(z, y, COUNTS, split_counts=[1, 1, 1, 1])
    assert abs(fit.tau - 1.6) < 5.5 * fit.tau_error < 1  # beyond 5.5 errors by chance less often than 1e-7
    assert fit.trusted
    wrong = fit_adjustment(z, y, COUNTS)
    assert "images of class" in wrong.doubts[0]


def test_a_class_without_images_and_one_with_few_keep_the_common_parameters(rng):
    z, y = problem(rng)
    keep = (y != 3) | (np.cumsum(y == 3) <= 3)
    few = fit_adjustment(z[keep], y[keep], COUNTS, split_counts=[400, 120, 60, 3])
    assert few.against_vector_scaling.freedom == 4 + 3 - 2  # every scale, and the biases of three
    none = fit_adjustment(z[y != 3], y[y != 3], COUNTS)
    assert none.tau == pytest.approx(few.tau, abs=0.5)


def test_what_does_not_fit_is_told(rng):
    z, y = problem(rng, counts=5 * COUNTS)
    good = fit_adjustment(z, y, COUNTS)
    assert good.trusted, good.doubts
    bad = fit_adjustment(z + np.array([0.0, 2.0, -2.0, 0.0]), y, COUNTS)
    assert bad.against_vector_scaling.p_value < 1e-6
    assert "fit better" in bad.doubts[0]
    hardly = fit_adjustment(rng.normal(size=z.shape) + 0.05 * np.eye(4)[y], y, COUNTS)
    assert any("hardly tell" in doubt for doubt in hardly.doubts), hardly.doubts


def test_the_expected_loss_is_that_of_wrong_taus(rng):
    """A split of a hundred images expects what fits of such splits lose on the law itself, to a factor of two."""
    counts, losses, expected = COUNTS // 4, [], []
    z, y = problem(rng, counts=COUNTS, drawn=np.full(4, 10_000))

    def accuracy(fit):
        right = fit.predict(z) == y
        return 100 * np.mean([right[y == k].mean() for k in range(4)])

    for child in np.random.SeedSequence(2).spawn(100):
        fit = fit_adjustment(*problem(np.random.default_rng(child), drawn=counts), COUNTS)
        losses.append(accuracy(dataclasses.replace(fit, tau=1.6)) - accuracy(fit))
        expected.append(fit.expected_loss)
    assert np.mean(losses) / 2 < np.mean(expected) < 2 * np.mean(losses)


def test_the_accuracy_that_is_expected_is_that_of_balanced_images(rng):
    """Of any decisions, at any target: within six standard errors, beyond which chance is below 1e-8."""
    z, y = problem(rng, drawn=20 * COUNTS)
    fit = dataclasses.replace(fit_adjustment(z, y, COUNTS), tau=1.6, temperature=1.8)
    balanced, labels = problem(rng, drawn=np.full(4, 20_000))
    for rule in (lambda z: z, lambda z: z - 4 * LOG_PRIOR, lambda z: z[:, ::-1]):
        for target in (np.ones(4), np.array([1.0, 2.0, 0.0, 3.0])):
            right = rule(balanced).argmax(axis=1) == labels
            recalls = np.array([right[labels == k].mean() for k in range(4)])
            weights = target / target.sum()
            decided = rule(z).argmax(axis=1)
            each = fit.probabilities(z, COUNTS)[np.arange(len(z)), decided] * (weights / fit.drawn)[decided]
            error = np.sqrt(each.var() / len(z) + weights @ weights / 80_000)
            assert abs(fit.expected_accuracy(z, decided, target) - recalls @ weights) < 6 * error < 0.2


DIFFERENCES = st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=5)


@given(DIFFERENCES, st.lists(st.integers(0, 2), min_size=5, max_size=5), st.permutations([1, 2, 4]))
@configure(max_examples=300, deadline=None, derandomize=True)
def test_separation_is_decided_as_by_linear_programming(rows, labels, counts):
    z, y = np.array(rows, dtype=float), np.array(labels[: len(rows)])
    prior = np.array(counts, dtype=float)  # in the place of log priors, whole numbers, so that all is exact
    differences = np.array(
        [[z[i, k] - z[i, j], prior[j] - prior[k]] for i, k in enumerate(y) for j in range(3) if j != k]
    )
    # some direction has no negative product with a difference: one of the eight below can be scaled to reach the box
    possible = any(
        linprog(np.zeros(2), A_ub=-differences, b_ub=np.zeros(len(differences)), bounds=bounds).status == 0
        for axis, sign in itertools.product((0, 1), (-1, 1))
        for bounds in [[(sign, sign) if i == axis else (-1, 1) for i in (0, 1)]]
    )
    assert separated(z, prior, y) == possible


def test_no_other_classifier_separates_what_is_not_separated(rng):
    z, y = problem(rng, signal=8.0)
    with pytest.raises(ValueError, match=r"^labels=.*must not be separated"):
        fit_adjustment(z, y, COUNTS)
    with pytest.raises(ValueError, match=r"^labels=.*must not be separated"):
        fit_adjustment(z[y == 0], y[y == 0], COUNTS)


def test_what_is_recorded_is_plain(rng):
    record = fit_adjustment(*problem(rng), COUNTS).record()
    assert json.loads(json.dumps(record)) == record
    assert record["trusted"] is not bool(record["doubts"])


def test_an_interval_widens_with_its_confidence(rng):
    fit = fit_adjustment(*problem(rng), COUNTS)
    low, high = fit.interval()
    assert high - low == pytest.approx(2 * 1.959964 * fit.tau_error)
    assert fit.interval(0.99)[0] < low < fit.tau < high < fit.interval(0.99)[1]


def test_tau_normalisation_finds_the_power_of_the_norms():
    """Each of eight splits within 6 errors, beyond which chance is below 1e-7 in all, and together as they should."""
    norms, deviations = np.array([3.0, 2.5, 1.5, 1.0]), []
    for child in np.random.SeedSequence(8).spawn(8):
        z, y = problem(np.random.default_rng(child), tau=0, temperature=1.0)
        logits = z * norms**1.2
        fit = fit_tau_normalisation(logits, norms, y, COUNTS)
        deviations.append((fit.tau - 1.2) / fit.tau_error)
        assert fit.predict(logits).tolist() == (logits / norms**fit.tau).argmax(axis=1).tolist()
    assert np.abs(deviations).max() < 6
    low, high = chi2.ppf([5e-8, 1 - 5e-8], len(deviations)) / len(deviations)
    assert low < np.mean(np.square(deviations)) < high


LOGITS = np.random.default_rng(0).normal(size=(50, 3))
LABELS = np.arange(50) % 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("logits", {"logits": [[1.0, np.nan, 2.0]] * 50}),
        ("logits", {"logits": LOGITS[:, 0]}),
        ("logits", {"logits": LOGITS[:0], "labels": LABELS[:0]}),
        ("logits", {"logits": LOGITS[:, :1]}),
        ("logits", {"logits": LOGITS - np.eye(3)[LABELS]}),
        ("labels", {"labels": LABELS[:-1]}),
        ("labels", {"labels": LABELS + 1}),
        ("labels", {"labels": LABELS - 1}),
        ("labels", {"labels": LABELS / 2}),
        ("counts", {"counts": [10, 5]}),
        ("counts", {"counts": [10, 5, 0]}),
        ("counts", {"counts": [10, 5, -1]}),
        ("counts", {"counts": [10, 5, np.inf]}),
        ("counts", {"counts": [5, 5, 5]}),
        ("target", {"target": [0, 0, 0]}),
        ("target", {"target": [1, 1, -1]}),
        ("target", {"target": [1, 1]}),
        ("split_counts", {"split_counts": [1, 1, 0]}),
    ],
)
def test_wrong_arguments_get_one_line(name, change):
    arguments = {"logits": LOGITS, "labels": LABELS, "counts": [10, 5, 2], **change}
    with pytest.raises(ValueError, match=f"^{name}=[^\n]*$"):
        fit_adjustment(**arguments)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("norms", {"norms": [1.0, 1.0, 1.0]}),
        ("norms", {"norms": [1.0, 2.0]}),
        ("norms", {"norms": [1.0, 2.0, 0.0]}),
        ("logits", {"logits": LOGITS - np.eye(3)[LABELS]}),
        ("labels", {"logits": LOGITS + 50 * np.eye(3)[LABELS]}),
    ],
)
def test_wrong_arguments_of_tau_normalisation_get_one_line(name, change):
    arguments = {"logits": LOGITS, "norms": [1.0, 1.5, 2.0], "labels": LABELS, "counts": [10, 5, 2], **change}
    with pytest.raises(ValueError, match=f"^{name}=[^\n]*$"):
        fit_tau_normalisation(**arguments)


def test_applying_to_other_shapes_is_refused(rng):
    fit = fit_adjustment(*problem(rng), COUNTS)
    for name, call in (
        ("logits", lambda: fit.apply([[1.0, 2.0]])),
        ("logits", lambda: fit.predict([[np.nan, 1.0, 1.0, 1.0]])),
        ("target", lambda: fit.apply(np.ones((1, 4)), [1, 2])),
        ("decisions", lambda: fit.expected_accuracy(np.ones((1, 4)), [4])),
        ("decisions", lambda: fit.expected_accuracy(np.ones((2, 4)), [1])),
        ("confidence", lambda: fit.interval(1)),
    ):
        with pytest.raises(ValueError, match=f"^{name}="):
            call()


def test_masks_are_not_lost():
    logits, labels, counts = _drawn()
    hidden = np.ma.array(labels, mask=labels == 2)
    norms = np.array([3.0, 2.0, 1.5])
    for fit, more in ((fit_adjustment, ()), (fit_tau_normalisation, (norms,))):
        with pytest.raises(ValueError, match="^labels=.*must not be a masked array"):
            fit(logits, *more, hidden, counts)
    fitted = fit_adjustment(logits, labels, counts)
    with pytest.raises(ValueError, match="^decisions=.*must not be a masked array"):
        fitted.expected_accuracy(logits, hidden)
    with pytest.raises(ValueError, match="^labels=.*must be whole numbers"):
        fit_adjustment(logits, [[0], [1, 2]], counts)


@pytest.mark.parametrize("excess", [1e-2, 1e-5, 1e-7])
def test_nearly_equal_counts_are_fitted_as_others(excess):
    """In units of the spread of ln pi the likelihood hardly changes with it, nor does its maximum."""
    logits, labels, counts = _drawn()
    power = np.log(counts / counts.max())
    drawn = counts / counts.sum()
    reference = fit_adjustment(logits, labels, np.exp(0.5 * power), split_counts=drawn)
    near = fit_adjustment(logits, labels, np.exp(excess * power), split_counts=drawn)
    assert near.tau * excess == pytest.approx(reference.tau * 0.5, rel=1e-6)
    assert near.tau_error * excess == pytest.approx(reference.tau_error * 0.5, rel=1e-6)
    assert near.log_likelihood == pytest.approx(reference.log_likelihood, rel=1e-9)


def test_counts_that_differ_by_rounding_are_equal():
    logits, labels, _ = _drawn()
    with pytest.raises(ValueError, match="^counts=.*must not all be equal"):
        fit_adjustment(logits, labels, [5, 5, 5 + 1e-15])


def test_no_maximum_is_made_up_where_none_was_found():
    """Newton's method starts where two classes have a chance of 1e-15: what it leaves is no maximum."""
    logits, _, _ = _drawn()
    labels = np.arange(len(logits)) % 3
    with pytest.raises(ValueError, match="^labels=.*no maximum of the likelihood was found"):
        fit_adjustment(logits, labels, [1e15, 1, 1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_sizes_whose_squares_overflow_are_refused(size):
    logits, labels, counts = _drawn()
    with pytest.raises(ValueError, match="^logits="):
        fit_adjustment(logits * size, labels, counts)
    for name in ("counts", "split_counts", "target"):
        with pytest.raises(ValueError, match=f"^{name}="):
            fit_adjustment(logits, labels, **{"counts": counts, name: [1e308, 1e308, 1e307]})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ratio", [1e-30, 1e-15, 1e3])
def test_norms_of_very_different_sizes(ratio):
    logits, labels, counts = _drawn()
    norms = np.array([ratio, 1.0, 1.5])
    relative = norms / np.exp(np.log(norms).mean())
    fit = fit_tau_normalisation((logits - np.log(counts)) * relative, norms, labels, counts)
    assert fit.tau == pytest.approx(1, abs=0.1)


def test_the_widest_interval_is_finite():
    logits, labels, counts = _drawn()
    assert np.all(np.isfinite(fit_adjustment(logits, labels, counts).interval(1 - 2**-53)))


def _drawn():
    counts = np.array([1000.0, 200.0, 100.0])
    rng = np.random.default_rng(7)
    labels = np.repeat([0, 1, 2], [500, 100, 50])
    return 2 * (np.eye(3)[labels] * 2 + rng.normal(size=(650, 3))) + np.log(counts), labels, counts


def test_a_logit_that_is_missing_is_named_by_its_position():
    logits = np.zeros((20, 3))
    logits[7, 2] = np.nan
    with pytest.raises(ValueError, match=r"^logits=.*one a class; entry 7, 2 is nan$"):
        fit_adjustment(logits, np.arange(20) % 3, [50, 20, 5])


def test_logits_that_are_equal_for_every_image_are_refused_as_such():
    with pytest.raises(ValueError, match="^logits=.*must differ between classes"):
        fit_adjustment(np.full((30, 3), 7.0), np.arange(30) % 3, [100, 10, 5])


def test_no_error_of_tau_costs_more_than_all_points():
    rng = np.random.default_rng(np.random.SeedSequence(0))
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    logits = 2 * np.eye(3)[labels] + rng.normal(size=(1110, 3)) + np.log([1000, 100, 10])
    assert fit_adjustment(logits, labels, [5e11, 500, 50]).expected_loss <= 100
