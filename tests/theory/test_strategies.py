"""Hypothesis strategies: drawn values are valid and inside their bounds, and shrink to the simplest; bad input."""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, find, given, strategies
from hypothesis import settings as configure
from scipy.stats import binom

import tailbound_hypothesis as _hypothesis
from theory import strategies as st
from theory import theorem1, theorem2, theorem3

SEVERAL = configure(max_examples=100, deadline=None, derandomize=True)
FINDING = configure(max_examples=2000, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
NUMBERS = {  # ranges away from the defaults, their ends among the values
    "mu1": (Fraction(-1, 3), Fraction(22, 7)),
    "gap": (Fraction(1, 7), Fraction(1, 2)),
    "sigma": (2, 3),
    "beta": (Fraction(1, 10), Fraction(1, 3)),
    "p": (Fraction(1, 4), 1),
}
COUNTS = {"n_pos": (3, 9), "n_neg": (100, 10**7)}


def inside(value, ends):
    low, high = ends
    return low <= value <= high


@given(st.theorem1_settings(**NUMBERS, **COUNTS, exact=True, max_denominator=50))
@SEVERAL
def test_exact_settings_are_inside_their_bounds(s):
    values = {"mu1": s.mu1, "gap": s.mu2 - s.mu1, "sigma": s.sigma, "beta": s.beta, "p": s.p}
    for name, value in values.items():
        assert isinstance(value, int | Fraction)
        assert inside(value, NUMBERS[name])
        assert Fraction(value).denominator <= (50 if name != "gap" else 2500)
    assert all(inside(getattr(s, name), ends) for name, ends in COUNTS.items())
    assert isinstance(theorem1.shift(s), int | Fraction)


@given(st.theorem1_settings(**NUMBERS, **COUNTS))
@SEVERAL
def test_float_settings_are_inside_their_bounds(s):
    for name in ("mu1", "sigma", "beta", "p"):
        assert isinstance(getattr(s, name), float)
        assert inside(getattr(s, name), tuple(map(float, NUMBERS[name])))
    assert inside(s.mu2, (s.mu1 + float(NUMBERS["gap"][0]), s.mu1 + float(NUMBERS["gap"][1])))
    assert all(inside(getattr(s, name), ends) for name, ends in COUNTS.items())


@pytest.mark.parametrize("exact", [False, True])
def test_the_ends_of_a_range_are_drawn(exact):
    drawn = st.theorem1_settings(p=(0, 1), n_pos=(1, 2), exact=exact)
    for wanted in (lambda s: s.p == 0, lambda s: s.p == 1, lambda s: s.n_pos == 2):
        assert wanted(find(drawn, wanted, settings=FINDING))
    fixed = find(
        st.theorem1_settings(beta=(Fraction(1, 2), Fraction(1, 2)), exact=exact), lambda s: True, settings=FINDING
    )
    assert fixed.beta == Fraction(1, 2)


@pytest.mark.parametrize("exact", [False, True])
def test_theorem1_shrinks_to_the_simplest_setting(exact):
    simplest = find(st.theorem1_settings(exact=exact), lambda s: True, settings=FINDING)
    assert simplest == theorem1.Setting(0, 1, 1, Fraction(1, 2), 0, 1, 1)
    lopsided = find(st.theorem1_settings(exact=exact), lambda s: s.n_pos >= 10 and s.p > 0, settings=FINDING)
    assert lopsided == theorem1.Setting(0, 1, 1, Fraction(1, 2), 1, 10, 1)


@given(strategies.data())
@SEVERAL
def test_alphas_are_inside_their_bounds(data):
    assert inside(data.draw(st.alphas()), (0.01, 10))
    exact = data.draw(st.alphas(between=(Fraction(1, 3), 2), exact=True))
    assert isinstance(exact, Fraction)
    assert inside(exact, (Fraction(1, 3), 2))
    s = data.draw(st.theorem1_settings(n_pos=(1, 30)))
    k, law = np.arange(s.n_pos + 1), theorem1.law(s)
    chances, means = binom.pmf(k, s.n_pos, float(law.q)), float(law.mean_step) * k
    variance = chances @ (float(law.var) + float(law.var_step) * k) + chances @ (means - chances @ means) ** 2
    assert inside(data.draw(st.alphas(s, between=(2, 3))) / variance**0.5, (2 * (1 - 1e-9), 3 * (1 + 1e-9)))


def test_alphas_shrink_to_one():
    assert find(st.alphas(), lambda a: True, settings=FINDING) == 1
    s = theorem1.Setting(0, 1, 2, Fraction(1, 2), 1, 1, 1)
    assert find(st.alphas(s, exact=True), lambda a: True, settings=FINDING) == Fraction(2**0.5)


@given(
    strategies.integers(1, 12).flatmap(
        lambda d: strategies.tuples(strategies.just(d), st.covariances(d, condition=50, scale=3))
    )
)
@SEVERAL
def test_covariances_are_positive_definite_of_bounded_condition(pair):
    size, cov = pair
    assert cov.shape == (size, size)
    assert np.array_equal(cov, cov.T)
    values = np.linalg.eigvalsh(cov)
    assert values[0] >= 3 * (1 - 1e-12)
    assert values[-1] <= 150 * (1 + 1e-12)


@pytest.mark.parametrize("size", [1, 3, 40])
def test_covariances_shrink_to_the_identity(size):
    assert np.array_equal(find(st.covariances(size), lambda cov: True, settings=FINDING), np.eye(size))
    assert np.array_equal(find(st.covariances(size, scale=0.5), lambda cov: True, settings=FINDING), np.eye(size) / 2)


def test_covariances_are_not_all_diagonal():
    correlated = find(st.covariances(3), lambda cov: abs(cov[0, 2]) > 1, settings=FINDING)
    assert abs(correlated[0, 2]) > 1


@given(st.theorem2_settings(mu2=(-3, 5), separation=(Fraction(1, 2), 2), condition=20, prior_ratio=(2, 7)))
@SEVERAL
def test_theorem2_settings_are_inside_their_bounds(s):
    assert 1 <= len(s.mu1) <= 4
    assert np.all(s.mu2 >= -3)
    assert np.all(s.mu2 <= 5)
    assert inside(theorem2.separation(s), (0.5 * (1 - 1e-12), 2 * (1 + 1e-12)))
    assert np.linalg.cond(s.cov) <= 20 * (1 + 1e-10)
    assert inside(s.prior_ratio, (2, 7))


@given(st.theorem2_settings(strategies.integers(5, 9)))
@configure(max_examples=20, deadline=None, derandomize=True)
def test_theorem2_settings_take_a_strategy_for_the_dimension(s):
    assert 5 <= len(s.mu1) <= 9


def test_theorem2_shrinks_to_the_simplest_setting():
    s = find(st.theorem2_settings(), lambda s: True, settings=FINDING)
    assert (s.mu1.tolist(), s.mu2.tolist(), s.cov.tolist(), s.prior_ratio) == ([1], [0], [[1]], 1)
    s = find(st.theorem2_settings(3), lambda s: theorem2.separation(s) > 2.5, settings=FINDING)
    assert (s.mu1.tolist(), s.mu2.tolist(), s.cov.tolist()) == ([3, 0, 0], [0, 0, 0], np.eye(3).tolist())


@given(strategies.data())
@SEVERAL
def test_weights_and_features_fit_theorem3(data):
    w = data.draw(st.weights(strategies.integers(1, 6), 3, largest=(Fraction(1, 2), 4)))
    f = data.draw(st.features(3, largest=(0, 7)))
    assert 1 <= len(w) <= 6
    assert np.all(np.abs(w).max(axis=1) >= 0.5)
    assert np.all(np.abs(w) <= 4)
    assert f.shape == (3,)
    assert np.all(np.abs(f) <= 7)
    assert theorem3.probabilities(w, f).sum() == pytest.approx(1)
    assert np.linalg.norm(theorem3.tau_normalize(w, 1), axis=1) == pytest.approx(np.ones(len(w)))


def test_weights_and_features_shrink_to_an_axis_or_to_zero():
    assert find(st.weights(2, 3), lambda w: True, settings=FINDING).tolist() == [[1, 0, 0], [1, 0, 0]]
    assert find(st.weights(1, 2, largest=(0, 1)), lambda w: True, settings=FINDING).tolist() == [[0, 0]]
    assert find(st.features(3), lambda f: True, settings=FINDING).tolist() == [0, 0, 0]
    assert find(st.features(2, largest=(2, 3)), lambda f: True, settings=FINDING).tolist() == [2, 0]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_features_point_everywhere(axis, sign):
    f = find(st.features(3), lambda f: sign * f[axis] > np.sum(np.abs(np.delete(f, axis))), settings=FINDING)
    assert f.tolist() == [sign if i == axis else 0 for i in range(3)]


def test_settings_are_known_by_their_types():
    _hypothesis.register()
    s = find(strategies.from_type(theorem1.Setting), lambda s: s.n_pos > 2, settings=FINDING)
    assert s == theorem1.Setting(0, 1, 1, 0.5, 0, 3, 1)
    assert find(strategies.from_type(theorem2.Setting), lambda s: True, settings=FINDING).prior_ratio == 1


@pytest.mark.parametrize("first", ["import hypothesis", "import theory.strategies", "import theory"])
def test_the_entry_point_works_whatever_is_imported_first(first, tmp_path):
    """Run a fresh interpreter that finds an installed distribution with the entry point and nothing else new."""
    metadata = tmp_path / "tailbound_entry-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tailbound-entry\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[hypothesis]\n_ = tailbound_hypothesis:register\n")
    program = f"""
{first}
import sys, hypothesis
print(sorted({{"sympy", "z3", "flint", "torch", "matplotlib", "scipy.stats"}} & set(sys.modules)))
import theory
print(hypothesis.find(hypothesis.strategies.from_type(theory.theorem1.Setting), lambda s: True).mu2)
"""
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["[]", "1.0"], done.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: st.theorem1_settings(mu1=(1, 0)), r"^mu1=\(1, 0\): must be a pair \(low, high\) of finite numbers"),
        (lambda: st.theorem1_settings(mu1=3), "^mu1=3: must be a pair"),
        (lambda: st.theorem1_settings(mu1=(0, np.inf)), "^mu1=.*: must be a pair"),
        (lambda: st.theorem1_settings(gap=(0, 1)), r"^gap=\(0, 1\): .*> 0"),
        (lambda: st.theorem1_settings(mu1=(0, 1e20)), "^gap=.*: its least must be at least 16384"),
        (lambda: st.theorem1_settings(sigma=(-1, 1)), "^sigma=.*> 0"),
        (lambda: st.theorem1_settings(beta=(0, 0.5)), "^beta=.*> 0 and < 1"),
        (lambda: st.theorem1_settings(beta=(0.5, 1)), "^beta=.*> 0 and < 1"),
        (lambda: st.theorem1_settings(p=(0, 1.5)), "^p=.*>= 0 and <= 1"),
        (lambda: st.theorem1_settings(p=("0", 1)), "^p=.*>= 0 and <= 1"),
        (lambda: st.theorem1_settings(n_pos=(0, 5)), "^n_pos=.*whole numbers of at least 1"),
        (lambda: st.theorem1_settings(n_neg=(1.5, 5)), "^n_neg=.*whole numbers of at least 1"),
        (lambda: st.theorem1_settings(n_neg=(1, 2, 3)), "^n_neg=.*whole numbers of at least 1"),
        (
            lambda: st.theorem1_settings(beta=(Fraction(4, 9), Fraction(5, 11)), exact=True, max_denominator=8),
            "^beta=.*: must hold a fraction with a denominator of at most max_denominator=8",
        ),
        (lambda: st.theorem1_settings(exact=True, max_denominator=0), "^max_denominator=0: "),
        (lambda: st.alphas(between=(0, 1)), "^between=.*> 0"),
        (lambda: st.alphas(3), "^setting=3: must be a theorem1.Setting"),
        (lambda: st.covariances(0), "^dimension=0: "),
        (lambda: st.covariances(2, condition=0.5), "^condition=0.5: "),
        (lambda: st.covariances(2, scale=0), "^scale=0: "),
        (lambda: st.theorem2_settings(1.5), "^dimension=1.5: "),
        (lambda: st.theorem2_settings(separation=(0, 1)), "^separation=.*> 0"),
        (lambda: st.theorem2_settings(mu2=(0, 1e20)), "^separation=.*must not vanish"),
        (lambda: st.theorem2_settings(prior_ratio=(0, 1)), "^prior_ratio=.*> 0"),
        (lambda: st.theorem2_settings(condition=np.nan), "^condition=nan: "),
        (lambda: st.weights(0), "^classes=0: "),
        (lambda: st.weights(2, 0), "^dimension=0: "),
        (lambda: st.weights(largest=(-1, 1)), "^largest=.*>= 0"),
        (lambda: st.features(True), "^dimension=True: "),
    ],
)
def test_impossible_arguments_fail_at_once(make, message):
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
