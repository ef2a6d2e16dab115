"""The functions of the theorems, each by a check that computes the same from first principles, and mutants of them.

A check that one of the mutants passes is none.
"""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.spatial.distance import mahalanobis
from scipy.special import ndtr
from scipy.stats import binomtest, multivariate_normal, norm

from theory import theorem1, theorem2, theorem3

SETTINGS = [
    theorem1.Setting(0, 1, Fraction(1, 2), Fraction(1, 4), Fraction(2, 3), 5, 3),
    theorem1.Setting(-2, Fraction(1, 2), 2, Fraction(4, 5), Fraction(1, 5), 1, 4),
    theorem1.Setting(1, 4, Fraction(1, 10), Fraction(1, 2), Fraction(1, 2), 12, 1),
]
PROBLEMS = [
    theorem2.Setting([1.0, 0.5], [-1.0, 0.0], [[1.0, 0.3], [0.3, 2.0]], 5.0),
    theorem2.Setting([0.0], [3.0], [[4.0]], 0.5),
]
WEIGHTS, FEATURE = np.array([[1.0, 2.0], [-3.0, 0.5], [0.2, -1.0]]), np.array([0.7, -0.4])


def given_count(s):
    """Return, for each number of similar samples, its chance and the mean and variance of f - (mu1 + mu2)/2."""
    similar_mean, similar_variance = s.beta * s.mu1 + (1 - s.beta) * s.mu2, s.beta**2 + (1 - s.beta) ** 2
    for k in range(s.n_pos + 1):
        chance = math.comb(s.n_pos, k) * (1 - s.p) ** k * s.p ** (s.n_pos - k)
        mean = ((s.n_pos - k) * s.mu1 + k * similar_mean) / Fraction(s.n_pos) + s.mu2 - (s.mu1 + s.mu2)
        spread = Fraction(s.n_pos - k + k * similar_variance, s.n_pos**2) + Fraction(1, s.n_neg)
        yield chance, mean / 2, s.sigma**2 * spread / 4


def true_shift(s):
    return sum(chance * mean for chance, mean, _ in given_count(s))


def shift_is_right(shift):
    return all(shift(s) == true_shift(s) for s in SETTINGS)


def printed_shift_is_as_printed(printed_shift):
    return all(printed_shift(s) == (1 - s.beta) * (1 - Fraction(s.p) / 2) * (s.mu2 - s.mu1) for s in SETTINGS)


def law_is_right(law):
    return all(
        law(s).n == s.n_pos
        and law(s).q == 1 - s.p
        and all(
            (law(s).mean + k * law(s).mean_step, law(s).var + k * law(s).var_step) == (mean, variance)
            for k, (_, mean, variance) in enumerate(given_count(s))
        )
        for s in SETTINGS
    )


def failure_probability_is_right(failure_probability):
    def exact(s, alpha):
        center = true_shift(s)
        return sum(
            float(chance) * (ndtr((center - alpha - mean) / sd) + ndtr((mean - center - alpha) / sd))
            for chance, mean, sd in ((c, float(m), math.sqrt(v)) for c, m, v in given_count(s))
        )

    pairs = [(s, a) for s in SETTINGS for a in (Fraction(1, 10), Fraction(1, 2), 2)]
    return all(math.isclose(failure_probability(s, a), exact(s, a), rel_tol=1e-10) for s, a in pairs)


def bound_is_as_printed(bound):
    def printed(s, alpha):
        e1 = alpha**2 / s.sigma**2 / (Fraction(1, s.n_pos) + Fraction(1, s.n_neg))
        e2 = (2 * alpha / ((1 - s.beta) * (s.mu2 - s.mu1))) ** 2 * s.n_pos
        return 2 * math.exp(-e1) + 2 * math.exp(-e2)

    pairs = [(s, a) for s in SETTINGS for a in (Fraction(1, 10), Fraction(1, 2))]
    return all(math.isclose(bound(s, a), printed(s, a), rel_tol=1e-12) for s, a in pairs)


def simulation_is_right(simulate):
    """Compare the shares above and below the shift with the exact law: an exact binomial test each."""
    for s in SETTINGS:
        f_ = simulate(s, 20_000, np.random.default_rng(np.random.SeedSequence([2107, s.n_pos])))
        law, center = theorem1.law(s), true_shift(s)
        for tenths in (-3, 0, 3):
            threshold = center + Fraction(tenths, 10)
            above = int(np.sum(f_ - float(s.mu1 + s.mu2) / 2 > float(threshold)))
            if binomtest(above, 20_000, law.upper_tail(threshold)).pvalue < 1e-9:
                return False
    return True


def log_odds(s, x):
    classes = (multivariate_normal(mean, s.cov) for mean in (s.mu1, s.mu2))
    positive, negative = (one.logpdf(x) for one in classes)
    return positive - negative + math.log(s.prior_ratio)


def hyperplane_is_right(hyperplane):
    points = np.random.default_rng(1).normal(size=(5, 2)) * 3
    return all(
        math.isclose(hyperplane(s)[0] @ x[: len(s.mu1)] + hyperplane(s)[1], log_odds(s, x[: len(s.mu1)]), abs_tol=1e-9)
        for s in PROBLEMS
        for x in points
    )


def boundary_point_is_right(boundary_point):
    return all(
        math.isclose(log_odds(s, boundary_point(s)), 0, abs_tol=1e-9)
        and np.linalg.matrix_rank(np.array([boundary_point(s) - s.mu1, s.mu2 - s.mu1]), tol=1e-9) == 1
        for s in PROBLEMS
    )


def isotropic_boundary_point_is_right(isotropic_boundary_point):
    s = theorem2.Setting([1.0, 0.5], [-1.0, 0.0], 9 * np.eye(2), 5.0)
    point = isotropic_boundary_point(s.mu1, s.mu2, 3.0, 5.0)
    return np.allclose(point, theorem2.boundary_point(s)) and math.isclose(log_odds(s, point), 0, abs_tol=1e-9)


def minority_recall_is_right(minority_recall):
    """In one dimension: means M and 0, variance 1, the rarer class at 0, decided for it below the root of the odds."""

    def recall(m, ratio):
        root = brentq(lambda x: norm.logpdf(x, m) - norm.logpdf(x) + math.log(ratio), -100, 100)
        return norm.cdf(root)

    return all(math.isclose(minority_recall(m, r), recall(m, r), rel_tol=1e-9) for m in (0.5, 2.0) for r in (0.3, 20.0))


def separation_is_right(separation):
    return all(
        math.isclose(separation(s), mahalanobis(s.mu1, s.mu2, np.linalg.inv(s.cov)), rel_tol=1e-12) for s in PROBLEMS
    )


def probabilities_are_right(probabilities):
    terms = [math.exp(sum(a * b for a, b in zip(w, FEATURE, strict=True))) for w in WEIGHTS]
    return np.allclose(probabilities(WEIGHTS, FEATURE), [t / sum(terms) for t in terms], rtol=1e-12)


def norm_angle_form_is_right(form):
    angles = [math.atan2(w[1], w[0]) - math.atan2(FEATURE[1], FEATURE[0]) for w in WEIGHTS]
    folded = np.abs((np.array(angles) + math.pi) % (2 * math.pi) - math.pi)
    return np.allclose(
        form(np.hypot(*WEIGHTS.T), np.hypot(*FEATURE), folded), theorem3.probabilities(WEIGHTS, FEATURE), rtol=1e-12
    )


def tau_normalize_is_right(tau_normalize):
    for tau in (0.0, 0.5, 1.0):
        result = tau_normalize(WEIGHTS, tau)
        norms = [math.hypot(*w) ** (1 - tau) for w in WEIGHTS]
        turned = result[:, 0] * WEIGHTS[:, 1] - result[:, 1] * WEIGHTS[:, 0]
        if not (np.allclose(np.hypot(*result.T), norms) and np.allclose(turned, 0) and np.sum(result * WEIGHTS) > 0):
            return False
    return True


def changed(**fields):
    """Return a law with some of its numbers changed."""
    return lambda s: dataclasses.replace(law_of(s), **{name: change(s) for name, change in fields.items()})


law_of = theorem1.law
CODE = {
    shift_is_right: (
        theorem1.shift,
        [theorem1.printed_shift, lambda s: -theorem1.shift(s), lambda s: (1 - s.beta) * s.p * (s.mu2 - s.mu1) / 2],
    ),
    printed_shift_is_as_printed: (theorem1.printed_shift, [theorem1.shift, lambda s: 2 * theorem1.printed_shift(s)]),
    law_is_right: (
        theorem1.law,
        [
            changed(q=lambda s: Fraction(s.p)),
            changed(n=lambda s: s.n_neg),
            changed(mean_step=lambda s: 2 * law_of(s).mean_step),
            changed(var=lambda s: law_of(s).var / s.sigma),
            changed(var_step=lambda s: -law_of(s).var_step),
            changed(var_step=lambda s: Fraction(0)),
        ],
    ),
    failure_probability_is_right: (
        theorem1.failure_probability,
        [
            lambda s, a: theorem1.failure_probability(s, a, shift=theorem1.printed_shift(s)),
            lambda s, a: theorem1.failure_probability(s, a) / 2,
            lambda s, a: theorem1.failure_probability(s, Fraction(11, 10) * a),
            lambda s, a: 1 - theorem1.failure_probability(s, a),
            lambda s, a: theorem1.failure_probability(dataclasses.replace(s, p=1 - s.p), a),
            lambda s, a: theorem1.failure_probability(dataclasses.replace(s, beta=1 - s.beta), a),
            theorem1.bound,
        ],
    ),
    bound_is_as_printed: (
        theorem1.bound,
        [
            lambda s, a: theorem1.bound(s, a) / 2,
            lambda s, a: theorem1.bound(s, a * Fraction(21, 20)),
            lambda s, a: theorem1.bound(dataclasses.replace(s, n_pos=s.n_neg, n_neg=s.n_pos), a),
            lambda s, a: theorem1.bound(dataclasses.replace(s, sigma=s.sigma**2), a),
        ],
    ),
    simulation_is_right: (
        theorem1.simulate,
        [
            lambda s, n, rng: theorem1.simulate(dataclasses.replace(s, p=1 - s.p), n, rng),
            lambda s, n, rng: theorem1.simulate(dataclasses.replace(s, beta=1 - s.beta), n, rng, method="samples"),
            lambda s, n, rng: theorem1.simulate(dataclasses.replace(s, sigma=s.sigma**2), n, rng),
        ],
    ),
    hyperplane_is_right: (
        theorem2.hyperplane,
        [
            lambda s: (theorem2.hyperplane(s)[0], -theorem2.hyperplane(s)[1]),
            lambda s: (s.cov @ (s.mu1 - s.mu2), theorem2.hyperplane(s)[1]),
            lambda s: (theorem2.hyperplane(s)[0], theorem2.hyperplane(s)[1] - math.log(s.prior_ratio)),
        ],
    ),
    boundary_point_is_right: (
        theorem2.boundary_point,
        [
            lambda s: (s.mu1 + s.mu2) / 2,
            lambda s: s.mu1 + s.mu2 - theorem2.boundary_point(s),
            lambda s: (s.mu1 + s.mu2) / 2 - (s.mu1 - s.mu2) * math.log(s.prior_ratio) / theorem2.separation(s),
            lambda s: (  # on the hyperplane, but off the line of the means
                theorem2.boundary_point(s)
                + np.eye(len(s.mu1))[0]
                - theorem2.hyperplane(s)[0] * theorem2.hyperplane(s)[0][0] / sum(theorem2.hyperplane(s)[0] ** 2)
            ),
        ],
    ),
    isotropic_boundary_point_is_right: (
        theorem2.isotropic_boundary_point,
        [lambda mu1, mu2, sigma, ratio: theorem2.isotropic_boundary_point(mu1, mu2, math.sqrt(sigma), ratio)],
    ),
    minority_recall_is_right: (
        theorem2.minority_recall,
        [
            lambda m, r: theorem2.minority_recall(m, 1 / r),
            lambda m, r: theorem2.minority_recall(m, math.sqrt(r)),
            lambda m, r: theorem2.minority_recall(m**2, r),
        ],
    ),
    separation_is_right: (theorem2.separation, [lambda s: theorem2.separation(s) ** 2]),
    probabilities_are_right: (
        theorem3.probabilities,
        [lambda w, x: theorem3.probabilities(w, -x), lambda w, x: theorem3.probabilities(w, x)[::-1]],
    ),
    norm_angle_form_is_right: (
        theorem3.norm_angle_form,
        [
            lambda norms, length, angles: theorem3.norm_angle_form(norms, length, math.pi - angles),
            lambda norms, length, angles: theorem3.norm_angle_form(norms, length**2, angles),
        ],
    ),
    tau_normalize_is_right: (
        theorem3.tau_normalize,
        [
            lambda w, tau: theorem3.tau_normalize(w, 1 - tau),
            lambda w, tau: theorem3.tau_normalize(w, tau**2),
            lambda w, tau: -theorem3.tau_normalize(w, tau),
        ],
    ),
}


@pytest.mark.parametrize("check", CODE, ids=lambda check: check.__name__)
def test_checks_of_the_code_pass_it_and_fail_its_mutants(check):
    function, mutants = CODE[check]
    assert check(function)
    assert [i for i, mutant in enumerate(mutants) if check(mutant)] == []
