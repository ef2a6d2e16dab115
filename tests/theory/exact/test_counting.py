"""The counting path: its plan against the exact law, its decisions one by one, and the same count from any executor."""

import tracemalloc
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binomtest

from theory import theorem1
from theory.exact import counting
from theory.exact.binomial_normal import BinomialNormal
from theory.theorem1 import Setting

FALSE_ALARM = 1e-9  # of every statistical assertion here; there are fewer than 50
SETTINGS = [
    Setting(0, 1, 1, 0.5, 0.5, 5000, 50),
    Setting(0, 1, 1, 0.5, 0.3, 1, 1),
    Setting(0, 1, 1, 0.5, 0.3, 10, 5000),
    Setting(-1, 1, 1e-4, 0.2, 0.7, 300, 300),  # hardly any noise: the count decides nearly alone
    Setting(0, 1, 1, 0.1, 0, 40, 3),
    Setting(0, 1, 1, 0.1, 1, 40, 3),
    Setting(0, 1, 1, 0.5, 1 - 1e-6, 10**7, 50),
    Setting(0, 1, 1, Fraction(1, 3), Fraction(1, 7), 10**7, 10**7),
]


def rng(*key):
    return np.random.default_rng(np.random.SeedSequence(entropy=1907, spawn_key=key))


def case(s, deviations, shift=0):
    """The law of ``f - (mu1 + mu2) / 2`` and thresholds so many standard deviations from its mean."""
    law = theorem1.law(s)
    spread = float(law.var + law.var_step * law.n * law.q + law.mean_step**2 * law.n * law.q * (1 - law.q)) ** 0.5
    center = law.n * law.q * law.mean_step + Fraction(shift * spread)
    return law, center - Fraction(deviations * spread), center + Fraction(deviations * spread)


def exact(law, low, high):
    return law.lower_tail(low) + law.upper_tail(high)


@pytest.mark.parametrize("s", SETTINGS)
@pytest.mark.parametrize(("deviations", "shift"), [(0.1, 0), (1, 0.7), (4, 0)])
def test_the_plan_is_the_exact_law(s, deviations, shift):
    """Summed over bins and counts, the chances to fall outside are those of the law: no mass is missing."""
    law, low, high = case(s, deviations, shift)
    bins, masses = counting._plan(law, low, high)
    chance = 0.0
    for one, mass in zip(bins, masses, strict=True):
        weights = np.diff(one.cumulative, prepend=0) / one.cumulative[-1]
        chance += mass * np.sum(weights * (ndtr(one.low) + ndtr(-one.high)))
        assert (one.least_low, one.most_low) == (one.low.min(), one.low.max())
        assert (one.least_high, one.most_high) == (one.high.min(), one.high.max())
    assert masses.sum() == pytest.approx(1, abs=1e-15)
    assert np.all(np.diff(masses) >= 0)
    assert len(bins) <= 128
    assert chance == pytest.approx(exact(law, low, high), rel=1e-11)


class Scripted:
    """A generator that gives chosen normals and uniforms."""

    def __init__(self, normals, uniforms):
        self.normals, self.uniforms, self.used = normals, uniforms, 0

    def standard_normal(self, out):
        out[:] = self.normals

    def random(self, size):
        self.used = size
        return self.uniforms[:size]


@pytest.mark.parametrize("s", SETTINGS)
@pytest.mark.parametrize("deviations", [0.1, 1, 4])
def test_a_replicate_is_decided_by_its_normal_and_where_needed_its_count(s, deviations):
    """Each normal of a grid, one at a time: the thresholds of the count that the uniform picks decide."""
    bins, _ = counting._plan(*case(s, deviations))
    room, flags = np.empty(1), np.empty(1, dtype=bool)
    for one in bins[:: max(1, len(bins) // 8)]:
        edges = np.concatenate([one.low[:3], one.low[-3:], one.high[:3], one.high[-3:]])
        for z in np.concatenate([edges, np.nextafter(edges, 9), np.nextafter(edges, -9), [-5, 0, 5]]):
            for u in (0, 0.3, 1 - 2**-53):
                generator = Scripted(np.array([z]), np.array([u]))
                counted = counting._count_chunk(one, generator, room, flags)
                outside = (z < one.low) | (z > one.high)
                drawn = np.searchsorted(one.cumulative, u * one.cumulative[-1], side="right")
                assert counted == outside[min(drawn, len(outside) - 1)]
                assert generator.used == (outside.any() and not outside.all() and 1)


@pytest.mark.parametrize("s", SETTINGS)
def test_counts_follow_the_exact_law(s):
    replicates = 200_000
    for i, (deviations, shift) in enumerate([(0.3, 0), (1, 0.5), (2, -1), (3, 0)]):
        law, low, high = case(s, deviations, shift)
        count = counting.count_outside(law, low, high, replicates, rng(s.n_pos, s.n_neg, i))
        assert binomtest(count, replicates, exact(law, low, high)).pvalue > FALSE_ALARM


def test_certain_events():
    standard = BinomialNormal(3, Fraction(1, 2), Fraction(0), Fraction(0), Fraction(1), Fraction(0))
    assert counting.count_outside(standard, Fraction(0), Fraction(0), 1000, rng()) == 1000
    assert counting.count_outside(standard, Fraction(-60), Fraction(60), 1000, rng()) == 0
    assert counting.count_outside(standard, Fraction(-(10**300)), Fraction(10**300), 1000, rng()) == 0


def test_the_executor_does_not_change_the_count():
    replicates = 2 * counting._BLOCK + 12_345
    law, low, high = case(SETTINGS[0], 1)
    here = counting.count_outside(law, low, high, replicates, rng(1))
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2) as processes:
        for executor in (threads, processes):
            assert counting.count_outside(law, low, high, replicates, rng(1), executor) == here


def test_blocks_and_seeds_have_streams_of_their_own(monkeypatch):
    """Four counts of about 150 deviations each: independent streams agree in all of them less often than 1e-10."""
    monkeypatch.setattr(counting, "_BLOCK", 100_000)
    cases = [case(SETTINGS[0], deviations) for deviations in (0.5, 0.7, 0.9, 1.1)]
    replicates = 2 * counting._BLOCK + 77

    def counts(key, first, last):
        seed = counting.entropy(rng(key))
        return [counting._count_blocks(*c, replicates, seed, first, last) for c in cases]

    blocks = [counts(1, block, block + 1) for block in range(3)]
    assert blocks[0] != blocks[1]
    assert blocks[0] != counts(2, 0, 1)
    assert np.all(np.array(blocks[2]) <= 77)
    whole = [counting.count_outside(*c, replicates, rng(1)) for c in cases]
    assert np.sum(blocks, axis=0).tolist() == whole == counts(1, 0, 3)


def test_a_dask_cluster_gives_the_same_count():
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    law, low, high = case(SETTINGS[0], 1)
    replicates = counting._BLOCK + 1
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=True,
    ) as cluster:
        address = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        far = counting.count_outside(law, low, high, replicates, rng(1), address)
    assert far == counting.count_outside(law, low, high, replicates, rng(1))


def test_memory_does_not_grow_with_the_replicates():
    law, low, high = case(SETTINGS[0], 1)

    def peak(replicates):
        tracemalloc.start()
        counting.count_outside(law, low, high, replicates, rng(1))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1000)  # makes the plan
    assert peak(8 * counting._BLOCK) < 8 * 2**20  # one float a replicate would be 128 MiB


def test_the_number_of_tasks_stays_bounded(monkeypatch):
    tasks = []
    monkeypatch.setattr(counting, "map_tasks", lambda executor, function, given: tasks.extend(given) or [0])
    counting.count_outside(*case(SETTINGS[0], 1), 10**12, rng(1))
    assert len(tasks) <= 512
    assert [t[5] for t in tasks[1:]] == [t[6] for t in tasks[:-1]]
    assert tasks[0][5] == 0
    assert (tasks[-1][6] - 1) * counting._BLOCK < 10**12 <= tasks[-1][6] * counting._BLOCK


def test_bad_arguments_name_themselves():
    law, low, high = case(SETTINGS[0], 1)
    with pytest.raises(ValueError, match="^low=.*must be at most high="):
        counting.count_outside(law, high, low, 10)
    with pytest.raises(ValueError, match="^replicates=0: must be a whole number"):
        counting.count_outside(law, low, high, 0)
    with pytest.raises(ValueError, match=r"^rng=7: must be a numpy.random.Generator"):
        counting.count_outside(law, low, high, 10, 7)
    with pytest.raises(ValueError, match="^executor=3"):
        counting.count_outside(law, low, high, 10, rng(), 3)
