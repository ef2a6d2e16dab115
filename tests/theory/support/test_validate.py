"""The door of numbers: exact whatever their type, or refused with one line that names them."""

import math
from decimal import Decimal
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy

from theory import plugin, quadratic, samples, strategies, theorem1, theorem2
from theory.sharp import sharp_bound
from theory.support.validate import exact, float_below, floats, number
from theory.verdicts.checker import check_tail_bound, detectable_excess, least_refuting
from theory.verdicts.sequential import check_probability

THIRD = np.longdouble(1) / 3
LONGER = np.finfo(np.longdouble).nmant > 52
with mpmath.workdps(40):
    MPF = mpmath.mpf(1) / 3
    MINUS = -MPF
EXACT = [
    (3, 3),
    (np.int64(-7), -7),
    (0.1, Fraction(0.1)),
    (np.float32(0.1), Fraction(float(np.float32(0.1)))),
    (Fraction(2, 6), Fraction(1, 3)),
    (Decimal("0.1"), Fraction(1, 10)),
    (THIRD, Fraction(*map(int, THIRD.as_integer_ratio()))),
    (MPF, Fraction(int(MPF.man)) * Fraction(2) ** int(MPF.exp)),
    (MINUS, -Fraction(int(MPF.man)) * Fraction(2) ** int(MPF.exp)),
    (mpmath.mpf(0), 0),
    (sympy.Float("0.1", 40), Fraction(*map(int, sympy.Rational(sympy.Float("0.1", 40)).as_numer_denom()))),
    (sympy.Rational(1, 3), Fraction(1, 3)),
    (sympy.Integer(5), 5),
    (flint.fmpz(5), 5),
    (flint.fmpq(1, 3), Fraction(1, 3)),
    (flint.arb(0.25), Fraction(1, 4)),
]
WRONG = [None, "1", 1j, math.nan, math.inf, True, np.bool_(True), [1], np.array(0.5), mpmath.pi, mpmath.inf, mpmath.nan]
WRONG += [sympy.pi, sympy.oo, sympy.nan, flint.arb(1) / 3, flint.arb("nan"), Decimal("nan"), Decimal("-inf")]
WRONG += [np.longdouble("nan"), np.ma.masked]
ROUNDED = [[Fraction(1, 3)], np.array([2**60 + 1]), np.array([2**64 - 1], dtype=np.uint64), [MPF]]
ROUNDED += [np.array([THIRD])] if LONGER else []


@pytest.mark.parametrize(("given", "value"), EXACT, ids=repr)
def test_numbers_keep_their_value(given, value):
    assert Fraction(number("x", given)) == exact("x", given) == value


@pytest.mark.parametrize("given", WRONG, ids=repr)
def test_what_is_no_finite_exact_number_is_refused(given):
    for door in (number, exact):
        with pytest.raises(ValueError, match=r"^x=.*: must be a finite real number$"):
            door("x", given)


@pytest.mark.parametrize(
    "given",
    [Fraction(1, 10**400), 10**400, 10**5000, Decimal("1e400"), Decimal("1e-9999999"), mpmath.mpf("1e-400")],
    ids=["fraction", "int", "longer than Python prints", "decimal", "tiny decimal", "mpf"],
)
def test_numbers_out_of_the_range_of_floats_are_told_the_range(given):
    with pytest.raises(ValueError, match=r"^x=.*, and be 0 or from 4\.9e-324 to 1\.8e\+308 in size"):
        number("x", given)


def test_numbers_of_any_size_where_floats_play_no_part():
    assert exact("x", Fraction(1, 10**400)) == Fraction(1, 10**400)
    assert exact("x", Decimal("1e-400")) == Fraction(1, 10**400)
    with pytest.raises(ValueError, match=r"^x=.*in size"):
        exact("x", mpmath.mpf("1e-10000000000"))


def test_floats_at_most_a_number():
    assert float_below(0.1) == 0.1
    assert float_below(Fraction(1, 10)) < Fraction(1, 10) < math.nextafter(float_below(Fraction(1, 10)), 1)
    assert float_below(Fraction(0.1) + Fraction(1, 10**30)) == 0.1


@pytest.mark.parametrize("given", ROUNDED, ids=repr)
def test_arrays_that_floats_would_round_are_refused(given):
    with pytest.raises(ValueError, match=r"^x=.*64-bit floats hold exactly"):
        floats("x", given)


def test_arrays_that_floats_hold():
    for given in ([Fraction(1, 2), 2], np.array([2**60]), np.array([0.5], dtype=np.longdouble), [mpmath.mpf(0.5)]):
        assert floats("x", given).dtype == np.float64


MASKED = np.ma.array([2.0, 1e3], mask=[False, True])
SETTING = theorem1.Setting(0, 1, 1, Fraction(1, 2), Fraction(1, 2), 20, 20)
DOORS = {
    "mu1": lambda x: theorem2.Setting(x, [0.0, 0.0], np.eye(2), 2),
    "separation": lambda x: theorem2.minority_recall(x, 3.0),
    "alpha": lambda x: sharp_bound(SETTING, x),
    "weights": lambda x: quadratic.positive_probability(1, x, [0, 1]),
}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("masked", [MASKED, np.ma.array([2.0, 1e3]), [np.ma.masked, 1.0], [MASKED, MASKED]])
def test_masks_are_never_lost(name, masked):
    with pytest.raises(ValueError, match=f"^{name}=.*: must not be a masked array"):
        DOORS[name](masked)


def _near(direction):
    """Return 1/2 moved by 1e-30 of itself, as numbers of several types."""
    moved = Fraction(1, 2) * (1 + direction * Fraction(1, 10**30))
    with mpmath.workdps(60):
        longer = mpmath.mpf(moved.numerator) / moved.denominator
    return [moved, longer, sympy.Rational(moved.numerator, moved.denominator)]


@pytest.mark.parametrize("direction", [-1, 1])
def test_bounds_beside_the_exact_probability_are_judged_exactly(direction):
    """The interval ends at the median, and far above it: the probability is 1/2 up to 1e-30000."""
    s = theorem1.Setting(0, 1, 1, Fraction(1, 2), 1, 4, 4)
    shift, alpha = Fraction(100), Fraction(100)  # outside are f < 0 and f > 200
    for bound in _near(direction):
        found = check_tail_bound(lambda s, a, bound=bound: bound, s, alpha, shift=shift)
        assert found.verdict == ("certified" if direction > 0 else "refuted")


def test_claims_just_above_a_float_are_not_rounded_up():
    with mpmath.workdps(40):
        below = mpmath.mpf(0.5) - mpmath.mpf(2) ** -60
    found = check_probability(lambda rng, size: rng.random(size) < 0.4, below, rng=np.random.default_rng(1))
    assert found.bound < below


def test_tiny_bounds_are_exact():
    s = theorem1.Setting(0, 1, Fraction(1, 1000), Fraction(1, 2), 1, 1, 1)
    for tiny, verdict in ((Fraction(1, 10**400), "refuted"), (Decimal("1e-4"), "certified")):
        assert check_tail_bound(lambda s, a, tiny=tiny: tiny, s, Fraction(1, 300)).verdict == verdict


ONE = {"separation": 2, "d": 3, "n_pos": 20, "n_neg": 5}


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("n_pos", lambda: plugin.dominating_dimension(10**400, 5)),
        ("d", lambda: plugin.mean_noise_shift(10**400, 5, 5)),
        ("separation", lambda: plugin.asymptotic_recalls(**ONE | {"separation": 1.7e308})),
        ("separation", lambda: plugin.expected_recalls(**ONE | {"separation": 1e-300})),
        ("rng", lambda: plugin.simulate(**ONE, replicates=2, rng=None)),
        ("n_pos", lambda: plugin.simulate(**ONE | {"n_pos": 10**9}, replicates=2, rng=np.random.default_rng(1))),
        ("replicates", lambda: theorem1.simulate(SETTING, 10**18, np.random.default_rng(1))),
        ("alpha", lambda: samples.required_samples(SETTING, "x", 0.1)),
        ("alpha", lambda: samples.required_samples(SETTING, math.nan, 0.1)),
        ("ratio", lambda: samples.required_samples(SETTING, 0.1, 0.1, ratio=1e-300)),
        ("weights", lambda: quadratic.positive_probability(1, None, [0])),
        ("linear", lambda: quadratic.positive_probability(1, [1], 3)),
        ("multiplicities", lambda: quadratic.positive_probability(1, [1], [0], [10**400])),
        ("multiplicities", lambda: quadratic.positive_probability(1, [1], [0], 2)),
        ("exact", lambda: strategies.theorem1_settings(exact="yes")),
        ("exact", lambda: strategies.alphas(exact=MASKED)),
        ("max_denominator", lambda: strategies.alphas(max_denominator=0)),
        ("max_denominator", lambda: strategies.theorem1_settings(exact=True, max_denominator=10**18)),
        ("scale", lambda: strategies.theorem2_settings(2, scale="x")),
        ("scale", lambda: strategies.theorem2_settings(2, scale=-1)),
        ("bound", lambda: detectable_excess("x", 10, 3)),
        ("refuting", lambda: detectable_excess(0.1, 10, 11)),
        ("trials", lambda: detectable_excess(0.1, 0, None)),
        ("refutes", lambda: least_refuting(None, 10)),
        ("trials", lambda: least_refuting(lambda x: True, 0)),
        ("s", lambda: quadratic.boundary(SETTING)),
    ],
)
def test_arguments_are_checked_where_they_enter(name, call):
    with pytest.raises(ValueError, match=f"^{name}="):
        call()
