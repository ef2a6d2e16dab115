"""Hypothesis strategies: settings of the theorems, and what their functions take, for property-based tests.

Every range is a pair ``(low, high)`` that includes both ends. Nothing is rejected after it was drawn, so that no
strategy here slows down or fails a health check. Once ``tailbound`` is installed, ``st.from_type`` knows the
settings too: ``st.from_type(theory.theorem1.Setting)`` is :func:`theorem1_settings` with its defaults.

Tests of a bound find most where the bound is tight: draw ``alpha`` in standard deviations of the setting at
hand, which :func:`alphas` does when it is given the setting.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from theory import theorem1, theorem2
from theory.support.validate import flag, integer, number, positive, refuse

__all__ = [
    "alphas",
    "covariances",
    "features",
    "tail_settings",
    "theorem1_settings",
    "theorem2_settings",
    "weights",
]

Number = float | Fraction
Range = tuple[Number, Number]
Counts = tuple[int, int]
Floats = NDArray[np.float64]
_MOST_DENOMINATORS = 10_000
_TRIED = 256  # settings at which the tightness of a bound is computed
_SPOTS = 16
_SIMPLE_DENOMINATOR = 100
_MOST_ROTATIONS = 3  # a dimension: any orthogonal matrix up to dimension 7, and a few hundred draws in dimension 100


def theorem1_settings(
    *,
    mu1: Range = (-10, 10),
    gap: Range = (Fraction(1, 100), 20),
    sigma: Range = (Fraction(1, 100), 100),
    beta: Range = (Fraction(1, 100), Fraction(99, 100)),
    p: Range = (0, 1),
    n_pos: Counts = (1, 1000),
    n_neg: Counts = (1, 1000),
    exact: bool = False,
    max_denominator: int = 100,
) -> st.SearchStrategy[theorem1.Setting]:
    """Return a strategy for :class:`theory.theorem1.Setting`.

    Shrinks to ``Setting(mu1=0, mu2=1, sigma=1, beta=1/2, p=0, n_pos=1, n_neg=1)``, or as near to it as the ranges
    allow: ``p = 0``, every positive sample a similar one, is a single Gaussian as ``p = 1`` is.

    Args:
        mu1: range of the positive class's mean.
        gap: range of ``mu2 - mu1``, greater than 0. With floats ``mu2`` is the rounded sum ``mu1 + gap``, so the
            smallest gap must not vanish beside the largest ``mu1``.
        sigma: range of the standard deviation, greater than 0.
        beta: range of the similarity degree, within (0, 1).
        p: range of the chance that a positive sample is a pure one, within [0, 1].
        n_pos: range of the number of positive samples, at least 1.
        n_neg: range of the number of negative samples, at least 1.
        exact: draw fractions instead of floats, for exact arithmetic.
        max_denominator: the largest denominator of the fractions, from 1 to 10,000.

    Raises:
        ValueError: a range is empty or reaches outside what the setting allows.

    Example:
        >>> from hypothesis import find
        >>> find(theorem1_settings(exact=True, beta=(Fraction(1, 4), Fraction(1, 3))), lambda s: s.n_pos > 1)
        Setting(mu1=0, mu2=1, sigma=1, beta=Fraction(1, 3), p=0, n_pos=2, n_neg=1)
    """
    flag("exact", exact)
    integer("max_denominator", max_denominator, most=_MOST_DENOMINATORS)
    ends = {
        "mu1": _range("mu1", mu1, "finite numbers"),
        "gap": _range("gap", gap, "finite numbers > 0", above=0),
        "sigma": _range("sigma", sigma, "finite numbers > 0", above=0),
        "beta": _range("beta", beta, "numbers > 0 and < 1", above=0, below=1),
        "p": _range("p", p, "numbers >= 0 and <= 1", least=0, most=1),
    }
    largest = max(abs(float(end)) for end in ends["mu1"])
    if not exact and float(ends["gap"][0]) < math.ulp(largest):
        refuse("gap", gap, f"its least must be at least {math.ulp(largest):g}, the spacing of floats near mu1")
    numbers = {name: _numbers(name, pair, exact, max_denominator) for name, pair in ends.items()}

    def setting(mu1: Number, gap: Number, **rest: Any) -> theorem1.Setting:
        return theorem1.Setting(mu1=mu1, mu2=mu1 + gap, **rest)

    return st.builds(
        setting,
        **numbers,
        n_pos=st.integers(*_counts("n_pos", n_pos)),
        n_neg=st.integers(*_counts("n_neg", n_neg)),
    )


def alphas(
    setting: theorem1.Setting | None = None,
    *,
    between: Range = (Fraction(1, 100), 10),
    exact: bool = False,
    max_denominator: int = 100,
) -> st.SearchStrategy[Number]:
    """Return a strategy for ``alpha``, how far an estimated boundary may lie from its expectation.

    Shrinks to 1, or to the simplest number that the range allows; with a setting, to that many standard deviations.

    Args:
        setting: draw ``alpha`` in units of the standard deviation of this setting's estimated boundary (rounded to
            a float), so that the failure probability is neither 0 nor 1 to every digit.
        between: range of ``alpha``, or of ``alpha`` in standard deviations, greater than 0.
        exact: draw fractions instead of floats.
        max_denominator: the largest denominator of the fractions, before they are multiplied with the deviation.

    Raises:
        ValueError: the range is empty or reaches outside (0, infinity).

    Example:
        >>> from hypothesis import find
        >>> find(alphas(exact=True), lambda a: a > 2)
        Fraction(3, 1)
    """
    flag("exact", exact)
    integer("max_denominator", max_denominator, most=_MOST_DENOMINATORS)
    drawn = _numbers("between", _range("between", between, "finite numbers > 0", above=0), exact, max_denominator)
    if setting is None:
        return drawn
    if not isinstance(setting, theorem1.Setting):
        refuse("setting", setting, "must be a theorem1.Setting, or None")
    law = theorem1.law(setting)
    variance = law.var + law.n * law.q * law.var_step + law.n * law.q * (1 - law.q) * law.mean_step**2
    deviation = Fraction(math.sqrt(variance)) if exact else math.sqrt(variance)
    return drawn.map(lambda a: a * deviation)


def covariances(
    dimension: int | st.SearchStrategy[int] = 2, *, condition: float = 100.0, scale: float = 1.0
) -> st.SearchStrategy[Floats]:
    """Return a strategy for symmetric positive definite matrices of shape ``(dimension, dimension)``.

    ``scale (I + Q D Q^T)`` with ``Q`` a product of plane rotations and ``D`` diagonal, ``0 <= D <= condition - 1``.
    Shrinks to a diagonal matrix and then to the identity, both times ``scale``, without a rounding error.

    Args:
        dimension: at least 1, or a strategy for it.
        condition: the largest condition number, at least 1 (kept to a relative error of about 1e-12).
        scale: the least that an eigenvalue can be, greater than 0.

    Raises:
        ValueError: an argument lies outside its range.

    Example:
        >>> from hypothesis import find
        >>> find(covariances(2), lambda cov: cov[1, 1] > 1)
        array([[1., 0.],
               [0., 2.]])
    """
    most = float(number("condition", condition, "must be a finite number >= 1", least=1))
    unit = float(positive("scale", scale))
    if not isinstance(dimension, st.SearchStrategy):
        return _covariances(integer("dimension", dimension), most, unit)
    return dimension.flatmap(lambda size: _covariances(integer("dimension", size), most, unit))


def theorem2_settings(
    dimension: int | st.SearchStrategy[int] | None = None,
    *,
    mu2: Range = (-10, 10),
    separation: Range = (Fraction(1, 10), 10),
    condition: float = 100.0,
    scale: float = 1.0,
    prior_ratio: Range = (1, 1000),
) -> st.SearchStrategy[theorem2.Setting]:
    """Return a strategy for :class:`theory.theorem2.Setting`.

    Shrinks to one dimension, ``mu1 = [1]``, ``mu2 = [0]``, ``cov = [[1]]`` and ``prior_ratio = 1``, or as near to it
    as the ranges allow; the means differ along the first axis before they differ along others.

    Args:
        dimension: at least 1, or a strategy for it; by default 1 to 4.
        mu2: range of each component of the negative class's mean.
        separation: range of the Mahalanobis distance between the means, greater than 0; kept to a relative error
            that grows with the ratio of ``mu2`` to it, about 1e-12 with the defaults.
        condition: the largest condition number of the covariance, at least 1.
        scale: the least that an eigenvalue of the covariance can be, greater than 0.
        prior_ratio: range of ``p+ / p-``, greater than 0.

    Raises:
        ValueError: a range is empty or reaches outside what the setting allows.

    Example:
        >>> from hypothesis import find
        >>> find(theorem2_settings(2), lambda s: s.prior_ratio > 10)
        Setting(mu1=array([1., 0.]), mu2=array([0., 0.]), cov=array([[1., 0.],
               [0., 1.]]), prior_ratio=11.0)
    """
    sizes = st.integers(1, 4) if dimension is None else dimension
    covariances(sizes, condition=condition, scale=scale)  # its errors now, not at the first draw
    scale = float(scale)
    center = _numbers("mu2", _range("mu2", mu2, "finite numbers"))
    low, high = (float(end) for end in _range("separation", separation, "finite numbers > 0", above=0))
    far = max(abs(float(mu2[0])), abs(float(mu2[1])))
    if low * math.sqrt(scale) < 1e3 * math.ulp(far):
        refuse("separation", separation, f"its least must not vanish beside the largest mu2, {far:g}")
    ratios = _numbers("prior_ratio", _range("prior_ratio", prior_ratio, "finite numbers > 0", above=0))

    @st.composite
    def settings(draw: st.DrawFn) -> theorem2.Setting:
        cov = draw(covariances(sizes, condition=condition, scale=scale))
        negative = np.array([draw(center) for _ in cov])
        direction = draw(_vectors(len(cov), (1.0, 1.0)))
        length = math.sqrt(direction @ np.linalg.solve(cov, direction))
        positive = negative + direction * (draw(st.floats(low, high)) / length)
        return theorem2.Setting(positive, negative, cov, float(draw(ratios)))

    return settings()


def weights(
    classes: int | st.SearchStrategy[int] = 3, dimension: int = 2, *, largest: Range = (Fraction(1, 100), 10)
) -> st.SearchStrategy[Floats]:
    """Return a strategy for the weights of a linear classifier, shape ``(classes, dimension)`` (Theorem 3).

    Each row has a largest component of the given size, so that no row is zero unless the range begins at 0. Rows
    shrink to ``[1, 0, ..., 0]``, or to zeros where these are allowed.

    Args:
        classes: number of classes, at least 1, or a strategy for it.
        dimension: of the features, at least 1.
        largest: range of the largest absolute component of a row, at least 0.

    Raises:
        ValueError: a size is not a whole number of at least 1, or the range is empty or has a negative end.

    Example:
        >>> from hypothesis import find
        >>> find(weights(2, 2), lambda w: w[0, 0] < w[1, 0])
        array([[1., 0.],
               [2., 0.]])
    """
    low, high = _range("largest", largest, "finite numbers >= 0", least=0)
    row = _vectors(integer("dimension", dimension), (float(low), float(high)))
    if not isinstance(classes, st.SearchStrategy):
        rows = st.lists(row, min_size=integer("classes", classes), max_size=classes)
    else:
        rows = classes.flatmap(lambda c: st.lists(row, min_size=integer("classes", c), max_size=c))
    return rows.map(np.array)


def features(dimension: int = 2, *, largest: Range = (0, 10)) -> st.SearchStrategy[Floats]:
    """Return a strategy for features, shape ``(dimension,)`` (Theorem 3).

    Shrinks to the zero vector, or to ``[low, 0, ..., 0]`` if the range begins above 0.

    Args:
        dimension: at least 1.
        largest: range of the largest absolute component, at least 0.

    Raises:
        ValueError: ``dimension`` is not a whole number of at least 1, or the range is empty or has a negative end.

    Example:
        >>> from hypothesis import find
        >>> find(features(3), lambda f: True)
        array([0., 0., 0.])
    """
    low, high = _range("largest", largest, "finite numbers >= 0", least=0)
    return _vectors(integer("dimension", dimension), (float(low), float(high)))


def tail_settings(
    family: Any,
    bound: Any,
    domain: dict[str, Any],
    threshold: Any,
    side: str = "right",
    *,
    strict: bool = False,
    center: Any = 0,
    limit: dict[str, Any] | None = None,
) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for the parameters of a bound on a tail, half of them near where the bound is tight.

    The arguments are those of :func:`theory.check.tail_everywhere`. The ratio of probability to bound is computed at a
    few hundred settings, once; half of the draws lie at or near those with the largest ratios, where a bound that is
    wrong by little is wrong first. The others are simple numbers from anywhere in the domain.

    Draws are dictionaries: whole parameters as ``int``, the others as ``fractions.Fraction``. They shrink to the first
    whole numbers and to the simplest fractions.

    Args:
        family: returns the law.
        bound: returns the bound.
        domain: the range of each parameter.
        threshold: returns the threshold.
        side: ``"right"``, ``"left"`` or ``"both"``.
        strict: whether the tail leaves out the threshold itself.
        center: for ``"both"``.
        limit: the largest value of each parameter without a largest one.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> from hypothesis import find
        >>> from theory.laws import Binomial
        >>> drawn = tail_settings(Binomial, 1, {"n": range(1, 9), "p": (0, 1)}, threshold=1)
        >>> find(drawn, lambda s: s["n"] > 2)
        {'n': 3, 'p': Fraction(0, 1)}
    """
    from theory.verdicts.everywhere import Statement

    statement = Statement.of(family, bound, domain, threshold, side, strict, center)
    settings = list(statement.settings({} if limit is None else limit))
    if not settings:
        refuse("domain", domain, "must hold at least one setting")
    simple = st.sampled_from(settings).flatmap(partial(_simple_point, statement))
    tight = st.deferred(lambda: st.sampled_from(_tight_spots(statement, settings))).flatmap(partial(_near, statement))
    return st.one_of(simple, tight)


def _simple_point(statement: Any, setting: tuple[dict[str, int], dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    whole_, box = setting
    drawn = {name: st.fractions(*ends, max_denominator=_SIMPLE_DENOMINATOR) for name, ends in box.items()}
    return _point(statement, whole_, drawn)


def _point(statement: Any, whole_: dict[str, int], drawn: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the strategy for one dictionary, its names in the order of the domain."""
    return st.tuples(*drawn.values()).map(
        lambda values: {
            name: whole_[name] if name in whole_ else values[list(drawn).index(name)] for name in statement.domain
        }
    )


def _near(
    statement: Any, spot: tuple[dict[str, int], dict[str, Any], dict[str, Fraction]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for points at most a hundredth of the domain from a tight spot."""
    whole_, box, point = spot
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    for name, (low, high) in box.items():
        reach = (high - low) / 100
        drawn[name] = st.one_of(
            st.just(point[name]),
            st.fractions(max(low, point[name] - reach), min(high, point[name] + reach), max_denominator=10**6),
        )
    return _point(statement, whole_, drawn)


def _tight_spots(statement: Any, settings: list[Any]) -> list[Any]:
    """Return the settings met with the largest ratios of probability to bound, the largest first."""
    rng = np.random.default_rng(np.random.SeedSequence(_TRIED))
    chosen = settings if len(settings) <= _TRIED else [settings[i] for i in rng.choice(len(settings), _TRIED, False)]
    found = []
    for whole_, box in chosen:
        corners = [tuple(map(Fraction, corner)) for corner in product((0, 1), repeat=len(box))]
        inner = [
            tuple(Fraction(int(k), 128) for k in rng.integers(0, 129, len(box))) for _ in range(_TRIED // len(chosen))
        ]
        for shares in dict.fromkeys([*corners, *inner]):
            point = {n: low + (high - low) * share for (n, (low, high)), share in zip(box.items(), shares, strict=True)}
            chance, value = statement.at(whole_, point)
            ratio = float((chance / value).mid()) if value > 0 and value.is_finite() else math.inf
            found.append((ratio if not math.isnan(ratio) else -1.0, whole_, box, point))
    found.sort(key=lambda one: -one[0])
    return [tuple(one[1:]) for one in found[:_SPOTS]]


@st.composite
def _vectors(draw: st.DrawFn, size: int, largest: tuple[float, float]) -> Floats:
    """Draw a vector by its largest component: which, of what sign and size, and the others relative to it."""
    length = draw(st.floats(*largest))
    if length == 0:
        return np.zeros(size)
    pivot = draw(st.integers(0, size - 1))
    vector = np.array([draw(st.floats(-1, 1, allow_subnormal=False)) if i != pivot else 1.0 for i in range(size)])
    vector[pivot] = draw(st.sampled_from((1.0, -1.0)))
    return np.asarray(vector * length + 0.0)


@st.composite
def _covariances(draw: st.DrawFn, size: int, condition: float, scale: float) -> Floats:
    excess = np.array([draw(st.floats(1.0, condition)) - 1.0 for _ in range(size)])
    rotation = np.eye(size)
    planes = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.floats(0.0, math.pi))
    for i, j, angle in draw(st.lists(planes, max_size=_MOST_ROTATIONS * size)) if size > 1 else ():
        if i != j:
            c, s = math.cos(angle), math.sin(angle)
            rotation[:, [i, j]] = rotation[:, [i, j]] @ np.array([[c, -s], [s, c]])
    matrix = np.eye(size) + (rotation * excess) @ rotation.T
    return np.asarray(scale * (matrix + matrix.T) / 2)


@st.composite
def _fractions(draw: st.DrawFn, numerators: dict[int, st.SearchStrategy[int]]) -> Fraction:
    """Draw a denominator and then a numerator: unlike ``st.fractions``, this shrinks to the simplest fraction."""
    denominator = draw(st.sampled_from(sorted(numerators)))
    return Fraction(draw(numerators[denominator]), denominator)


def _range(name: str, pair: Any, allowed: str, **limits: float) -> Range:
    """Return both ends of the range, each within the limits and in order."""
    message = f"must be a pair (low, high) of {allowed}, low <= high"
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        refuse(name, pair, message)
    try:
        low, high = (number(name, end, message, **limits) for end in pair)
    except ValueError:
        refuse(name, pair, message)
    if low > high:
        refuse(name, pair, message)
    return low, high


def _counts(name: str, pair: Any) -> Counts:
    low, high = _range(name, pair, "whole numbers of at least 1", least=1)
    if not (isinstance(low, int) and isinstance(high, int)):
        refuse(name, pair, "must be a pair (low, high) of whole numbers of at least 1, low <= high")
    return low, high


def _numbers(name: str, pair: Range, exact: bool = False, max_denominator: int = 100) -> st.SearchStrategy[Number]:
    """Return the strategy for numbers of the range: fractions if ``exact``, else floats."""
    if not exact:
        return st.floats(float(pair[0]), float(pair[1]))
    low, high = (Fraction(end) for end in pair)
    ends = {d: (math.ceil(low * d), math.floor(high * d)) for d in range(1, max_denominator + 1)}
    numerators = {d: st.integers(*span) for d, span in ends.items() if span[0] <= span[1]}
    if not numerators:
        refuse(name, pair, f"must hold a fraction with a denominator of at most max_denominator={max_denominator}")
    return _fractions(numerators)
