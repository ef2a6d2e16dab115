"""The checker: verdicts against exact values, error rates by exact sums, error budgets, and what bounds may return."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.stats import binom

import theory
from theory import theorem1
from theory.theorem1 import Setting
from theory.verdicts import enclosure
from theory.verdicts.checker import ErrorBudget, check_tail_bound, check_tail_bounds, clopper_pearson

EXAMPLE = Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 50, 20)
ALPHA = Fraction(1, 5)


def rng(*key):
    return np.random.default_rng(np.random.SeedSequence(entropy=1977, spawn_key=key))


def constant(value):
    return lambda s, alpha: value


@st.composite
def settings(draw):
    return Setting(
        mu1=draw(st.fractions(-2, 2, max_denominator=100)),
        mu2=draw(st.fractions(3, 5, max_denominator=100)),
        sigma=draw(st.fractions(Fraction(1, 2), 5, max_denominator=100)),
        beta=draw(st.fractions(Fraction(1, 10), Fraction(9, 10), max_denominator=100)),
        p=draw(st.fractions(0, 1, max_denominator=100)),
        n_pos=draw(st.integers(1, 400)),
        n_neg=draw(st.integers(1, 400)),
    )


@given(settings(), st.fractions(Fraction(1, 20), 2, max_denominator=50))
@configure(max_examples=60, deadline=None, derandomize=True)
def test_a_bound_just_beside_the_probability_is_told_apart(s, alpha):
    with ctx.workprec(300):
        probability = enclosure.failure_probability(s, alpha)

    def scaled(factor):
        return lambda s, alpha: enclosure.failure_probability(s, alpha) * enclosure.exact(factor)

    tiny = Fraction(1, 10**30)
    above, below = (check_tail_bound(scaled(1 + sign * tiny), s, alpha) for sign in (1, -1))
    assert (above.verdict, below.verdict) == ("certified", "refuted")
    for found in (above, below):
        assert found.level == "ball"
        assert arb(found.probability.low) <= probability <= arb(found.probability.high)
        assert found.probability.high <= math.nextafter(math.nextafter(found.probability.low, 2), 2) * (1 + 1e-12)
        assert found.slack.low <= 0 <= found.slack.high or abs(found.slack.low) < 1e-29


def test_the_printed_bound_and_the_printed_shift():
    s = Setting(0, 1, 1, 0.5, 0.5, n_pos=10**5, n_neg=50)
    for bound in (theorem1.bound, enclosure.bound):
        found = check_tail_bound(bound, s, 0.3)
        assert (found.verdict, found.vacuous) == ("certified", False)
        assert found.slack.low > 0
        assert found.bound == pytest.approx(theorem1.bound(s, 0.3), rel=1e-12)
        shifted = check_tail_bound(bound, s, 0.3, shift=theorem1.printed_shift(s))
        assert shifted.verdict == "refuted"
        assert shifted.slack.high < 0


def test_a_float_is_judged_as_the_float_that_it_is():
    exact = theorem1.failure_probability(EXAMPLE, ALPHA)
    below, above = (check_tail_bound(constant(exact * (1 + e)), EXAMPLE, ALPHA) for e in (-1e-11, 1e-11))
    assert (below.verdict, above.verdict) == ("refuted", "certified")
    far = Setting(0, 1, Fraction(1, 100), Fraction(1, 2), Fraction(1, 2), 50, 50)
    assert 0 < theorem1.bound(far, 10) < 1e-300  # the exact bound lies below the smallest float
    assert check_tail_bound(theorem1.bound, far, 10).verdict == "certified"
    assert check_tail_bound(enclosure.bound, far, 10).verdict == "certified"


def test_what_cannot_be_decided_is_undecided():
    equal = check_tail_bound(lambda s, a: enclosure.failure_probability(s, a), EXAMPLE, ALPHA)
    assert equal.verdict == "undecided"
    assert equal.slack.low <= 0 <= equal.slack.high
    wide = check_tail_bound(constant(arb(0.5, 0.5)), EXAMPLE, ALPHA)  # a ball that holds 0 and 1 and never narrows
    assert (wide.verdict, wide.vacuous) == ("undecided", True)


def test_a_ball_narrows_as_the_bound_is_called_again():
    calls = []

    def bound(s, alpha):
        calls.append(ctx.prec)
        return arb(2).sqrt() ** 2 - 1 - arb(2) ** -200  # 1 - 2^-200

    s = Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 50, 20)
    found = check_tail_bound(bound, s, ALPHA)
    assert (found.verdict, found.vacuous) == ("certified", False)
    assert max(calls) >= 256


@pytest.mark.parametrize("value", [1, 1.0, Fraction(3, 2), math.inf, np.float32(2), np.int64(1), 1e308])
@pytest.mark.parametrize("level", ["ball", "monte-carlo"])
def test_a_vacuous_bound_holds_and_is_marked(value, level):
    sure = Setting(0, 1, Fraction(1, 1000), Fraction(1, 2), Fraction(1, 2), 10**4, 10**4)
    options = {"level": level, "replicates": 1000, "rng": rng()}
    found = check_tail_bound(constant(value), sure, Fraction(1, 1000), shift=5, **options)
    assert (found.verdict, found.vacuous) == ("certified", True)
    assert found.probability.high == 1
    assert found.detectable is None


@pytest.mark.parametrize("value", [0, 0.0, Fraction(0), arb(0)])
def test_a_bound_of_zero_is_wrong(value):
    assert check_tail_bound(constant(value), EXAMPLE, 1000).verdict == "refuted"


@pytest.mark.parametrize("level", ["ball", "monte-carlo"])
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -1e-300,
        -math.inf,
        -1,
        1j,
        np.complex128(1),
        "0.5",
        None,
        True,
        np.array([0.5]),
        arb("nan"),
        arb(-1),
        [0.5],
    ],
)
def test_what_is_no_bound_is_refused(value, level):
    with pytest.raises(ValueError, match=r"^bound=.*must return a number >= 0.* it returned ") as error:
        check_tail_bound(constant(value), EXAMPLE, ALPHA, level=level)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bound", 0.5),
        ("setting", None),
        ("alpha", 0),
        ("alpha", math.nan),
        ("shift", math.inf),
        ("level", "identity"),
        ("false_alarm", 0),
        ("false_alarm", 1),
        ("replicates", 0),
        ("replicates", 1e6),
        ("rng", 3),
        ("executor", 3),
    ],
)
def test_bad_arguments_name_themselves(name, value):
    arguments = {"bound": constant(0.5), "setting": EXAMPLE, "alpha": ALPHA, "level": "monte-carlo"} | {name: value}
    positional = [arguments.pop(key) for key in ("bound", "setting", "alpha")]
    with pytest.raises(ValueError, match=f"^{name}="):
        check_tail_bound(*positional, **arguments)


def test_errors_of_the_bound_itself_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        check_tail_bound(lambda s, a: 1 / 0, EXAMPLE, ALPHA)


def test_simulation_certifies_refutes_and_abstains():
    exact = theorem1.failure_probability(EXAMPLE, ALPHA)
    for factor, verdict in ((1.1, "certified"), (0.9, "refuted")):  # the interval's half width is about 1% of exact
        options = {"level": "monte-carlo", "replicates": 10**6, "false_alarm": 1e-9, "rng": rng(1)}
        found = check_tail_bound(constant(exact * factor), EXAMPLE, ALPHA, **options)
        assert found.verdict == verdict
        assert (found.level, found.replicates, found.false_alarm) == ("monte-carlo", 10**6, 1e-9)
        assert found.probability.low < exact < found.probability.high
        assert found.slack.low < exact * (factor - 1) < found.slack.high
    few = check_tail_bound(constant(exact * 1.1), EXAMPLE, ALPHA, level="monte-carlo", replicates=10, rng=rng(1))
    assert few.verdict == "undecided"


def test_simulation_depends_on_the_seed_alone():
    options = {"level": "monte-carlo", "replicates": 5000}
    first, second = (check_tail_bound(enclosure.bound, EXAMPLE, ALPHA, rng=rng(1), **options) for _ in range(2))
    assert first == second
    with pytest.raises(AttributeError):
        first.verdict = "certified"


@pytest.mark.parametrize("trials", [1, 20, 400])
@pytest.mark.parametrize("bound", [0.001, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("rate", [0.05, 1e-3])
def test_a_wrong_verdict_has_at_most_half_the_rate(trials, bound, rate):
    """Summed over every count: at the bound itself, where each verdict is likeliest to be wrong."""
    counts = np.arange(trials + 1)
    intervals = [clopper_pearson(int(x), trials, rate) for x in counts]
    mass = binom.pmf(counts, trials, bound)
    certified = np.array([i.high < bound for i in intervals])
    refuted = np.array([i.low > bound for i in intervals])
    assert mass[certified].sum() <= rate / 2
    assert mass[refuted].sum() <= rate / 2
    assert np.all(np.diff(certified.astype(int)) <= 0)  # so that a probability further away is less often judged wrong
    assert np.all(np.diff(refuted.astype(int)) >= 0)


@pytest.mark.parametrize("trials", [10, 10**4, 10**7, 10**9])
@pytest.mark.parametrize("share", [0, 1e-9, 1e-4, 0.3, 1 - 1e-4, 1])
@pytest.mark.parametrize("error", [0.05, 1e-6, 1e-9])
def test_clopper_pearson_solves_its_equations(share, trials, error):
    """The ends lie outside the solutions, by no more than a relative 2e-6."""
    count = math.ceil(share * trials)
    low, high = clopper_pearson(count, trials, error)
    with ctx.workprec(200):

        def count_or_more(p):
            return arb(p).beta_lower(arb(count), arb(trials - count + 1), regularized=True)

        def count_or_less(p):
            return (1 - arb(p)).beta_lower(arb(trials - count), arb(count + 1), regularized=True)

        if count:
            assert count_or_more(low) < error / 2 < count_or_more(low * (1 + 2e-6))
        else:
            assert low == 0
        if count == trials:
            assert high == 1
        else:
            assert count_or_less(high) < error / 2 < count_or_less(high * (1 - 2e-6))


@pytest.mark.parametrize(("bound", "replicates"), [(0.01, 10**4), (0.3, 5000), (0.0, 1000), (1e-7, 1000)])
def test_detectable_is_caught_and_not_much_less_is(bound, replicates):
    found = check_tail_bound(
        constant(bound), EXAMPLE, ALPHA, level="monte-carlo", replicates=replicates, false_alarm=1e-3, rng=rng(1)
    )
    refuting = [x for x in range(replicates + 1) if clopper_pearson(x, replicates, 1e-3).low > bound]
    caught = [binom.sf(min(refuting) - 1, replicates, bound + found.detectable * f) for f in (1.0001, 0.99)]
    assert caught[0] >= 1 - 1e-6 > caught[1]


def test_too_few_replicates_detect_nothing():
    found = check_tail_bound(constant(0.9), EXAMPLE, ALPHA, level="monte-carlo", replicates=5, rng=rng(1))
    assert found.detectable == math.inf
    assert found.verdict != "refuted"


def test_budget_for_a_known_number_of_checks():
    budget = ErrorBudget(1e-3, checks=8)
    assert [budget.spend() for _ in range(8)] == [1e-3 / 8] * 8
    with pytest.raises(ValueError, match="^checks=8: all parts"):
        budget.spend()


def test_budget_for_an_unknown_number_of_checks():
    budget = ErrorBudget(0.5)
    parts = [budget.spend() for _ in range(10_000)]
    assert parts == sorted(parts, reverse=True)
    assert 0.5 * (1 - 6 / math.pi**2 / 9_999) < math.fsum(parts) < 0.5  # the rest of the sum is below 1 / 9,999
    with pytest.raises(ValueError, match="^total=1"):
        ErrorBudget(1)
    with pytest.raises(ValueError, match="^checks=0"):
        ErrorBudget(checks=0)


def test_a_family_shares_one_rate():
    cases = [(EXAMPLE, ALPHA), (EXAMPLE, 0.3), (Setting(0, 1, 1, 0.5, 1, 5, 5), 2.0)]
    found = check_tail_bounds(theorem1.bound, cases, false_alarm=3e-4, level="monte-carlo", replicates=1000, rng=rng(1))
    assert [f.false_alarm for f in found] == [3e-4 / 3] * 3
    assert check_tail_bounds(theorem1.bound, []) == ()
    balls = check_tail_bounds(enclosure.bound, cases)
    assert [b.verdict for b in balls] == ["certified"] * 3
    with pytest.raises(ValueError, match="^false_alarm=2"):
        check_tail_bounds(theorem1.bound, cases, false_alarm=2)
    with pytest.raises(ValueError, match="^cases="):
        check_tail_bounds(theorem1.bound, [EXAMPLE])


def test_public_names():
    for name in ("BoundCheck", "ErrorBudget", "check_tail_bound", "check_tail_bounds"):
        assert getattr(theory, name).__module__ == "theory.verdicts.checker"


def test_noise_far_narrower_than_the_lattice_gives_no_wrong_verdict():
    """Both levels agree on a bound 2% above the probability, where plain differences of floats would lose it."""
    s = theorem1.Setting(0, 1, 1e-16, 0.5, 0.5, 10, 10)
    probability = theorem1.failure_probability(s, 0.05)
    for level in ("ball", "monte-carlo"):
        rng = np.random.default_rng(np.random.SeedSequence(11))
        above = check_tail_bound(lambda s, a: probability * 1.02, s, 0.05, level=level, replicates=10**6, rng=rng)
        assert above.verdict == "certified"
