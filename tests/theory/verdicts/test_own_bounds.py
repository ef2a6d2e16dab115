"""The library's own bounds are bounds as floats too: the checker certifies them wherever they hold."""

import math

import numpy as np
import pytest

from theory import sharp, theorem1, two_sided
from theory.verdicts.checker import check_tail_bound

BOUNDS = [theorem1.bound, sharp.sub_gaussian_bound, sharp.chernoff_bound, sharp.sharp_bound]


def deviation(s):
    law = theorem1.law(s)
    return math.sqrt(law.var + law.n * law.q * (law.var_step + (1 - law.q) * law.mean_step**2))


def settings(count):
    """Settings of all kinds and sizes, and an alpha for each: certain counts, counts of 1, the ends of the floats."""
    rng = np.random.default_rng(np.random.SeedSequence(15))
    for _ in range(count):
        p = [0, 1, 1, 1e-300, 1 - 2**-53, rng.random(), 10 ** rng.uniform(-12, 0)][rng.integers(7)]
        sigma = [1e-150, 1e150, 1.0, 10 ** rng.uniform(-3, 3)][rng.integers(4)]
        beta = [1e-9, 0.5, 1 - 1e-9, rng.uniform(0.01, 0.99)][rng.integers(4)]
        sizes = [int(n) for n in rng.choice([1, 1, 2, 3, 10, 40], 2)]
        s = theorem1.Setting(0, 1, sigma, beta, p, *sizes)
        reach = [1e-6, 1.0, 3.0, 37.5, 39.0, 1e3, rng.uniform(0.01, 40)][rng.integers(7)]
        yield s, deviation(s) * reach


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.__name__)
def test_every_own_bound_is_certified(bound):
    for s, alpha in settings(100):
        assert bound(s, alpha) > 0
        assert check_tail_bound(bound, s, alpha).verdict == "certified", (s, alpha, bound(s, alpha))


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.__name__)
def test_without_similar_samples_at_many_alphas(bound):
    """With p = 1 two of the bounds are the exact law, so that only the rounding is between them and the truth."""
    s = theorem1.Setting(0, 1, 1, 0.5, 1, 10, 10)
    for alpha in np.linspace(0.05, 4, 59):
        assert check_tail_bound(bound, s, float(alpha)).verdict == "certified", alpha


def test_the_margin_is_that_of_rounding():
    s = theorem1.Setting(0, 1, 1, 0.5, 1, 10, 10)
    for alpha in (0.1, 1.0, 5.0):
        exact = theorem1.failure_probability(s, alpha)
        for bound in (sharp.sub_gaussian_bound, sharp.sharp_bound):
            assert exact < bound(s, alpha) < exact * (1 + 1e-10)


def test_no_bound_is_ever_below_another_that_it_follows_from():
    pairs = list(settings(60))
    for s, alpha in pairs:
        values = [bound(s, alpha) for bound in (sharp.sharp_bound, sharp.sub_gaussian_bound, theorem1.bound)]
        assert values == sorted(values)
        assert values[0] <= sharp.chernoff_bound(s, alpha) <= values[-1]


@pytest.mark.parametrize("alpha", [5e-324, 1e-200, 1e200, 1.7e308])
def test_at_the_ends_of_the_floats(alpha):
    two = two_sided.Setting(0, 1, 1, 0.5, 0.5, 0.5, 0.5, 4, 4)
    one = theorem1.Setting(0, 1, 1, 0.5, 0.5, 4, 4)
    values = [bound(one, alpha) for bound in BOUNDS]
    values += [bound(two, alpha) for bound in (two_sided.sharp_bound, two_sided.chernoff_bound, two_sided.bound)]
    assert all(0 < value < 1e-300 if alpha > 1 else value >= 1 for value in values)
