"""Required numbers of samples: against a plain search, by every bound, and where none will do."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from theory import samples, sharp, theorem1
from theory.samples import limit_failure, required_samples
from theory.theorem1 import Setting

BOUNDS = {
    "printed": theorem1.bound,
    "sub_gaussian": sharp.sub_gaussian_bound,
    "chernoff": sharp.chernoff_bound,
    "sharp": sharp.sharp_bound,
    "exact": theorem1.failure_probability,
}
LATTICE = Setting(0, 1, Fraction(1, 1000), Fraction(1, 2), Fraction(1, 2), n_pos=1, n_neg=2)


def sized(s, n_pos, n_neg=None):
    return Setting(s.mu1, s.mu2, s.sigma, s.beta, s.p, n_pos, n_neg or s.n_neg)


def plain_search(s, alpha, failure, by, most, ratio=None):
    """Return the first size that will do, and the one after the last that will not, among those up to ``most``."""
    sizes = range(1, most + 1)
    rows = [sized(s, n, None if ratio is None else math.ceil(n / ratio)) for n in sizes]
    enough = np.array([False, *(BOUNDS[by](rows, alpha) <= float(failure))])
    return int(np.argmax(enough)), most - int(np.argmin(enough[::-1])) + 1


@pytest.mark.parametrize("by", BOUNDS)
@pytest.mark.parametrize(
    ("s", "alpha", "failure", "most"),
    [
        (Setting(0, 1, 1, 0.5, 0.5, 1, 60), 0.4, 0.05, 60),
        (Setting(0, 1, 0.1, 0.1, 0.3, 1, 50), 0.1, 0.001, 180),
        (Setting(0, 1, 0.1, 0.5, 0.999, 1, 40), 0.05, 0.02, 150),
        (Setting(0, 3, 1, 0.9, 0, 1, 99), 0.3, 0.1, 60),
        (LATTICE, Fraction(1, 30), Fraction(1, 5), 160),
        (LATTICE, Fraction(1, 25), Fraction(1, 5), 110),
    ],
)
def test_a_plain_search_finds_the_same(s, alpha, failure, most, by):
    found = required_samples(s, alpha, failure, by=by)
    assert (found.first, found.from_then_on) == plain_search(s, alpha, failure, by, most)


@pytest.mark.parametrize("by", BOUNDS)
@pytest.mark.parametrize("ratio", [5, Fraction(7, 3), Fraction(1, 2), 0.1])
def test_a_plain_search_finds_the_same_at_a_fixed_ratio(ratio, by):
    s = Setting(0, 1, 1, 0.5, 0.5, 1, 1)
    found = required_samples(s, 0.6, 0.05, by=by, ratio=ratio)
    assert (found.first, found.from_then_on) == plain_search(s, 0.6, 0.05, by, 100, Fraction(ratio))


def test_the_exact_law_has_two_answers_on_a_lattice():
    found = required_samples(LATTICE, Fraction(1, 30), Fraction(1, 5))
    assert found.first < found.from_then_on
    at = theorem1.failure_probability(
        [sized(LATTICE, n) for n in (found.first, found.from_then_on - 1)], Fraction(1, 30)
    )
    assert at[0] <= 0.2 < at[1]


@given(
    st.floats(0.05, 2),
    st.floats(0.05, 0.95),
    st.floats(0, 1),
    st.integers(5, 200),
    st.floats(0.3, 1),
    st.sampled_from([0.2, 0.05, 0.01]),
)
@configure(max_examples=50, deadline=None, derandomize=True)
def test_sharper_bounds_need_no_more_samples(sigma, beta, p, n_neg, alpha, failure):
    s = Setting(0, 1, sigma, beta, p, 1, n_neg)
    needed = {}
    for by in BOUNDS:
        if failure > limit_failure(s, alpha, by) * (1 + 1e-3):
            needed[by] = required_samples(s, alpha, failure, by=by).from_then_on
    for sharper, blunter in (("exact", "sharp"), ("sharp", "sub_gaussian"), ("sub_gaussian", "printed")):
        if blunter in needed:
            assert needed[sharper] <= needed[blunter]


@pytest.mark.parametrize("by", BOUNDS)
@pytest.mark.parametrize("p", [0, 0.5, 1])
def test_limit_is_that_of_ever_more_positives(by, p):
    s = Setting(0, 1, 1, 0.5, p, 1, 40)
    far = BOUNDS[by](sized(s, 10**9), 0.3)
    assert limit_failure(s, 0.3, by) == pytest.approx(far, rel=1e-5)
    assert theorem1.failure_probability(sized(s, 500), 0.3) > limit_failure(s, 0.3)


@pytest.mark.parametrize("by", BOUNDS)
def test_failures_below_the_limit_are_refused_and_just_above_are_reached(by):
    s = Setting(0, 1, 1, 0.5, 0.5, 1, 50)
    limit = limit_failure(s, 0.2, by)
    with pytest.raises(ValueError, match=r"^failure=.*: must be > .* at n_neg=50$"):
        required_samples(s, 0.2, limit, by=by)
    assert required_samples(s, 0.2, limit * 1.2, by=by).first > 1


def test_no_limit_at_a_fixed_ratio():
    s = Setting(0, 1, 1, 0.5, 0.5, 1, 1)
    assert required_samples(s, 0.2, 1e-9, by="chernoff", ratio=10).first > 1000


def test_failure_at_the_rounded_limit_is_refused():
    s = Setting(0, 1, 1, 0.5, 0.5, 1, 50)
    limit = limit_failure(s, 0.2, "printed")
    with pytest.raises(ValueError, match=r"^failure=.*: is so close to its limit"):
        required_samples(s, 0.2, math.nextafter(limit, 1), by="printed")


def test_long_searches_are_refused():
    s = Setting(0, 1, 0.1, 0.1, 0.5, 1, 10**6)
    with pytest.raises(ValueError, match=r"^search=10: must be larger"):
        required_samples(s, 0.02, 1e-3, search=10)


def test_chunks_do_not_change_what_is_found(monkeypatch):
    found = required_samples(LATTICE, Fraction(1, 40), Fraction(1, 10), by="sharp")
    monkeypatch.setattr(samples, "_CHUNK", 7)
    assert required_samples(LATTICE, Fraction(1, 40), Fraction(1, 10), by="sharp") == found


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"s": None}, "s"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": math.inf}, "alpha"),
        ({"alpha": [0.1]}, "alpha"),
        ({"failure": 0}, "failure"),
        ({"failure": 1}, "failure"),
        ({"failure": math.nan}, "failure"),
        ({"by": "guess"}, "by"),
        ({"ratio": 0}, "ratio"),
        ({"ratio": -1.0}, "ratio"),
        ({"search": 0}, "search"),
        ({"ratio": 2, "alpha": -1}, "alpha"),
    ],
)
def test_bad_arguments_are_refused(arguments, name):
    given = {"s": Setting(0, 1, 1, 0.5, 0.5, 1, 200), "alpha": 0.2, "failure": 0.01, **arguments}
    with pytest.raises(ValueError, match=f"^{name}="):
        required_samples(**given)


@pytest.mark.parametrize("by", BOUNDS)
def test_every_mode_against_trying_every_size(by):
    """At random settings, with and without a ratio; the lattices on which more samples can be worse are tried above."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=3))
    tried = 0
    while tried < 12:
        chance = (rng.random(), 0, 1, 0.05, 0.5)[rng.integers(5)]
        sigma, beta, n_neg = 10 ** rng.uniform(-1.5, 0), rng.uniform(0.05, 0.95), int(rng.choice([2, 20]))
        s = Setting(0, 1, sigma if rng.random() < 0.67 else 0.02, beta, chance, 1, n_neg)
        ratio = (None, 0.5, 1, 2, 7.5)[rng.integers(5)]
        alpha, target = 10 ** rng.uniform(-0.9, 0), 10 ** rng.uniform(-2.5, -0.2)
        if ratio is None and limit_failure(s, alpha, "printed") > 0.8 * target:
            continue
        if required_samples(s, alpha, target, by="printed", ratio=ratio).first > 25:
            continue
        found = required_samples(s, alpha, target, by=by, ratio=ratio)
        exact_ratio = None if ratio is None else Fraction(ratio)
        plain = plain_search(s, alpha, target, by, found.from_then_on + 8, exact_ratio)
        assert (found.first, found.from_then_on) == plain, (s, alpha, target, ratio)
        tried += 1


def test_the_sub_gaussian_bound_at_a_ratio_needs_more_than_the_chernoff_bound():
    s = Setting(0, 1, 0.05, 0.5, 0.3, 1, 1)
    found = required_samples(s, 0.3, 0.001, by="sub_gaussian", ratio=1)
    assert (found.first, found.from_then_on) == (3, 3)
