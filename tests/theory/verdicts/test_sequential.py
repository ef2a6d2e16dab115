"""The sequential check: its guarantee by exact sums over all paths, its stopping, and what samplers may return."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

import theory
from theory.verdicts.checker import clopper_pearson
from theory.verdicts.sequential import _CONCENTRATIONS, Evidence, check_probability, confidence_interval, log_evidence


def rng(*key):
    return np.random.default_rng(np.random.SeedSequence(entropy=1970, spawn_key=key))


def chance_to_cross(p, horizon, crossed):
    """The exact chance that a walk of Bernoulli(p) steps is ever, up to the horizon, at a count that has crossed."""
    alive, lost = np.array([1.0]), 0.0
    for n in range(1, horizon + 1):
        alive = np.append(alive * (1 - p), 0) + np.append(0, alive * p)
        out = crossed(np.arange(n + 1), n)
        lost += alive[out].sum()
        alive[out] = 0
    assert alive.sum() + lost == pytest.approx(1, abs=1e-9)
    return lost


@pytest.mark.parametrize("p", [0.5, 0.1])
@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("rate", [0.05, 1e-6])
def test_evidence_against_the_truth_is_rare_however_long_one_looks(p, rate, side):
    lost = chance_to_cross(p, 500, lambda x, n: log_evidence(x, n, p, side) >= -math.log(rate))
    assert lost <= rate
    assert lost > rate / 1000  # the guarantee is of use: it is not met by never deciding


def test_looking_again_and_again_breaks_an_interval_for_one_look():
    """The same sum shows what the sequential interval is for: the fixed one fails ten times as often as it says."""
    rate, p = 0.05, 0.5
    limits = [clopper_pearson(x, n, rate) for n in range(1, 401) for x in range(n + 1)]
    outside = np.array([not low <= p <= high for low, high in limits])
    first = np.cumsum([0, *range(2, 402)])
    lost = chance_to_cross(p, 400, lambda x, n: outside[first[n - 1] : first[n]])
    assert lost > 4 * rate


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(1e-4, 1 - 1e-4), st.sampled_from(["above", "below"]))
@configure(max_examples=200, deadline=None, derandomize=True)
def test_evidence_is_a_martingale_of_the_truth(x, misses, p, side):
    """Its mean after one more replicate is its value now, and less on the side that it speaks against."""
    n = x + misses
    now, hit, miss = (log_evidence(*at, p, side) for at in ((x, n), (x + 1, n + 1), (x, n + 1)))
    hit, miss = np.exp(hit - now), np.exp(miss - now)
    assert p * hit + (1 - p) * miss == pytest.approx(1, abs=1e-6)
    assert hit >= miss if side == "above" else hit <= miss  # so that it falls for the probabilities beyond p
    assert log_evidence(0, 0, p, side) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("size", [2, 5, 40])
@pytest.mark.parametrize("mean", [0.5, 0.01])
def test_the_alternatives_to_independence_are_laws(size, mean):
    """For each concentration the chances of all counts of a call sum to 1: the evidence is below a martingale."""
    evidence = Evidence(0.3, 0.05)
    evidence._seen, evidence._of = round(1000 * mean), 1000
    before, total = evidence._spread.copy(), np.zeros(len(_CONCENTRATIONS))
    for events in range(size + 1):
        evidence._spread, evidence._seen, evidence._of = before.copy(), round(1000 * mean), 1000
        evidence._add_spread(events, size)
        total += math.comb(size, events) * np.exp(evidence._spread - before)
    assert total == pytest.approx(np.ones(len(total)), rel=1e-7)


@pytest.mark.parametrize(("count", "trials"), [(0, 1), (1, 1), (0, 10**6), (7, 10**6), (5000, 10**4), (10**4, 10**4)])
@pytest.mark.parametrize("error", [0.05, 1e-6])
def test_intervals_are_where_the_evidence_is_small(count, trials, error):
    low, high = confidence_interval(count, trials, error)
    assert low <= count / trials <= high
    inside, needed = low + (high - low) * np.linspace(0.001, 0.999, 50), math.log(2 / error)
    both = [[float(log_evidence(count, trials, float(p), side)) for side in ("above", "below")] for p in inside]
    assert np.max(both) < needed
    assert low == 0 or log_evidence(count, trials, low * 0.999) > needed
    assert high == 1 or log_evidence(count, trials, high + (1 - high) * 0.001, "below") > needed
    once = clopper_pearson(count, trials, error)
    assert low <= once.low + 2e-6
    assert high >= once.high - 2e-6


def test_impossible_probabilities_have_infinite_evidence():
    assert log_evidence(1, 5, 0.0) == log_evidence(4, 5, 1.0, "below") == math.inf
    assert log_evidence(0, 5, 0.0) <= 0 >= log_evidence(5, 5, 1.0, "below")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("count", lambda: log_evidence(None, 3, 0.5)),
        ("count", lambda: log_evidence(math.nan, 3, 0.5)),
        ("count", lambda: log_evidence(1j, 3, 0.5)),
        ("count", lambda: log_evidence(4, 3, 0.5)),
        ("count", lambda: log_evidence(0.5, 3, 0.5)),
        ("count", lambda: log_evidence(np.ma.array([1, 2], mask=[0, 1]), 3, 0.5)),
        ("trials", lambda: log_evidence(1, None, 0.5)),
        ("p", lambda: log_evidence(1, 3, None)),
        ("p", lambda: log_evidence(1, 3, 1.5)),
        ("side", lambda: log_evidence(1, 3, 0.5, "both")),
        ("trials", lambda: confidence_interval(0, 0, 0.5)),
        ("count", lambda: confidence_interval(None, 3, 0.5)),
        ("error", lambda: confidence_interval(1, 3, math.nan)),
    ],
)
def test_counts_and_probabilities_are_checked(name, call):
    with pytest.raises(ValueError, match=f"^{name}="):
        call()


def pattern(*happens):
    """A sampler without chance: the event happens at the given places of each round."""
    drawn = []

    def sampler(rng, size):
        start = len(drawn)
        drawn.extend([happens[i % len(happens)] for i in range(start, start + size)])
        return np.array(drawn[start:], dtype=bool)

    return sampler, drawn


@pytest.mark.parametrize(
    ("happens", "claimed", "verdict"),
    [
        ((True,), 0.9, "refuted"),
        ((False,), 0.1, "certified"),
        ((False,), 0.0, "undecided"),
        ((True, False), 0.5, "undecided"),
        ((True, False), 0.3, "refuted"),
        ((True, False), 0.7, "certified"),
        ((True,), 0.0, "refuted"),
    ],
)
def test_verdicts_and_stopping(happens, claimed, verdict):
    sampler, drawn = pattern(*happens)
    found = check_probability(sampler, claimed, max_replicates=20_000)
    assert found.verdict == verdict
    assert found.replicates == len(drawn)
    assert (found.replicates == 20_000) == (verdict == "undecided")
    assert (found.level, found.vacuous, found.false_alarm) == ("monte-carlo", False, 1e-6)
    low, high = found.probability
    assert {"certified": high < claimed, "refuted": low > claimed, "undecided": low <= claimed <= high}[verdict]
    assert found.slack.low <= claimed - high <= claimed - low <= found.slack.high


def test_it_goes_on_until_it_is_decided():
    """The claim is 0.6 standard deviations away after 1024, and 34 after all; it takes about 6."""
    found = check_probability(lambda rng, size: rng.random(size) < 0.5, 0.51, rng=rng(1), max_replicates=3 * 10**6)
    assert found.verdict == "certified"
    assert 1024 < found.replicates < 3 * 10**6


def test_batches_end_at_the_most_replicates():
    sizes = []
    check_probability(lambda rng, size: sizes.append(size) or np.arange(size) % 2 == 0, 0.5, max_replicates=3_000_001)
    assert sum(sizes) == 3_000_001
    assert max(sizes) <= 2**18
    assert len(sizes) < 500


@pytest.mark.parametrize("claimed", [0.3, 0.02])
@pytest.mark.parametrize("rate", [0.05, 1e-6])
def test_the_verdict_is_that_of_the_evidence(claimed, rate):
    """For every count that is mixed: no verdict without the evidence whose crossing is rare, and none missed."""
    size, verdicts = 150, set()
    for x in range(1, size):
        evidence = Evidence(claimed, rate)
        evidence.add(x, size)
        above, below = (log_evidence(x, size, claimed, side) >= -math.log(rate) for side in ("above", "below"))
        assert evidence.verdict == ("refuted" if above else "certified" if below else None)
        verdicts.add(evidence.verdict)
    assert {"refuted", None} <= verdicts


def test_detectable_is_refuted_at_the_last_look():
    from scipy.stats import binom

    most, claimed, rate = 5000, 0.1, 1e-3
    found = check_probability(
        lambda rng, size: np.arange(size) % 10 == 0, claimed, false_alarm=rate, max_replicates=most
    )
    refuting = next(x for x in range(501, most) if log_evidence(x, most, claimed) >= -math.log(rate))
    assert binom.sf(refuting - 1, most, claimed + found.detectable * 1.0001) >= 1 - 1e-6
    assert binom.sf(refuting - 1, most, claimed + found.detectable * 0.99) < 1 - 1e-6


def one_coin(p):
    return lambda rng, size: np.full(size, rng.random() < p)


@pytest.mark.parametrize(("p", "claimed"), [(0.25, 0.3), (0.25, 0.25), (0.5, 0.1), (0.05, 0.3), (0.7, 0.9)])
def test_one_coin_a_call_gets_no_verdict(p, claimed):
    """Whose replicates, taken as independent, would refute claims that are true."""
    for seed in range(20):
        found = check_probability(one_coin(p), claimed, rng=rng(2, seed), max_replicates=10**6)
        assert found.verdict == "undecided"
        assert found.note.startswith("no verdict: the replicates of a call depend on each other")
        assert found.replicates < 10**6


def test_blocks_that_share_a_coin_get_no_verdict():
    for seed in range(10):
        found = check_probability(
            lambda rng, size: np.repeat(rng.random(-(-size // 20)) < 0.25, 20)[:size], 0.25, rng=rng(3, seed)
        )
        assert (found.verdict, found.note[:10]) == ("undecided", "no verdict")


def test_calls_that_agree_count_as_the_replicates():
    """A coin that is seldom heads: all calls are tails, of which only the number says anything."""
    found = check_probability(one_coin(0.0), 0.01, max_replicates=10**5)
    assert found.verdict == "certified"
    assert found.replicates > math.log(1e6) / -math.log(0.99)
    short = check_probability(one_coin(0.0), 0.01, max_replicates=2500)
    assert (short.verdict, short.note[:19]) == ("undecided", "no verdict: each of")
    heads = check_probability(one_coin(1.0), 0.99, max_replicates=10**5)
    assert heads.verdict == "refuted"
    assert heads.replicates > math.log(1e6) / -math.log(0.99)
    short = check_probability(one_coin(1.0), 0.99, max_replicates=2500)
    assert (short.verdict, short.note[:19]) == ("undecided", "no verdict: each of")
    false = [check_probability(one_coin(0.02), 0.01, rng=rng(4, seed), max_replicates=10**5) for seed in range(40)]
    assert not [found for found in false if found.verdict == "certified"]


@pytest.mark.parametrize(("event", "claimed", "verdict"), [(0, 0.01, "certified"), (1, 0.99, "refuted")])
def test_calls_that_agree_are_asked_for_single_replicates_at_the_end(event, claimed, verdict):
    """The verdict is that of as many replicates as there were calls, looked at ever more seldom."""
    evidence, sizes = Evidence(claimed, 1e-6), []
    while evidence.verdict is None:
        sizes.append(evidence.next_size())
        evidence.add(event * sizes[-1], sizes[-1])
    calls = len(sizes)
    assert evidence.verdict == verdict
    assert sizes[0] > 1
    assert sizes[-100:] == [1] * 100
    side = "above" if event else "below"
    assert log_evidence(event * calls, calls, claimed, side) >= math.log(1e6)
    least = next(n for n in range(1, calls + 1) if log_evidence(event * n, n, claimed, side) >= math.log(1e6))
    assert least <= calls <= 1.2 * least


def test_independent_replicates_are_seldom_called_dependent():
    """At most 5 % of them; a binomial count of 100 exceeds 25 with a chance below 1e-10 then."""
    draw, dependent = rng(5), 0
    for _ in range(100):
        evidence = Evidence(0.2, 0.05)
        for size in [2] * 15 + [8] * 20 + [40] * 15:
            evidence.add(int(draw.binomial(size, 0.2)), size)
        dependent += evidence.dependent
    assert dependent <= 25


@pytest.mark.parametrize("claimed", [1, 1.5])
def test_a_vacuous_claim_needs_no_replicate(claimed):
    found = check_probability(lambda rng, size: 1 / 0, claimed)
    assert (found.verdict, found.vacuous, found.replicates) == ("certified", True, 0)


@pytest.mark.parametrize(
    "sampler",
    [
        0.5,
        lambda rng, size: np.zeros(size),
        lambda rng, size: np.zeros(size, dtype=int),
        lambda rng, size: np.zeros(size + 1, dtype=bool),
        lambda rng, size: np.zeros((size, 1), dtype=bool),
        lambda rng, size: True,
        lambda rng, size: None,
        lambda rng, size: [[1], [2, 3]],
        lambda rng, size: np.ma.array(np.zeros(size, bool), mask=np.ones(size, bool)),
        lambda rng, size: 5,
    ],
)
def test_what_is_no_sampler_is_refused(sampler):
    with pytest.raises(ValueError, match=r"^sampler=.*must (be callable|return 2 Booleans)") as error:
        check_probability(sampler, 0.5)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("claimed", -0.1),
        ("claimed", math.nan),
        ("claimed", "1"),
        ("false_alarm", 0),
        ("max_replicates", 0),
        ("rng", 1),
    ],
)
def test_bad_arguments_name_themselves(name, value):
    arguments = {"sampler": lambda rng, size: np.zeros(size, bool), "claimed": 0.5} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}="):
        check_probability(arguments.pop("sampler"), arguments.pop("claimed"), **arguments)


def test_public_name():
    assert theory.check_probability.__module__ == "theory.verdicts.sequential"
