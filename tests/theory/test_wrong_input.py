"""What functions of a setting do without one, and with numbers at the ends of the floats."""

import inspect
from importlib import import_module
from itertools import product

import numpy as np
import pytest

from theory import corrections, multiclass, quadratic, theorem1, theorem2
from theory.samples import limit_failure, required_samples
from theory.sharp import sharp_bound

MODULES = ["theorem1", "theorem2", "two_sided", "quadratic", "multiclass", "corrections", "samples", "sharp", "cost"]
OF_A_SETTING = [
    pytest.param(function, id=f"{name}.{public}")
    for name in MODULES
    for public in import_module(f"theory.{name}").__all__
    if inspect.isfunction(function := getattr(import_module(f"theory.{name}"), public))
    and next(iter(inspect.signature(function).parameters), None) == "s"
]
ENDS = (1e-320, 1e-200, 1.0, 1e100, 1e200, 1e308)


@pytest.mark.parametrize("wrong", ["x", None, 3, np.eye(2), [None], {}], ids=repr)
@pytest.mark.parametrize("function", OF_A_SETTING)
def test_what_is_no_setting_is_named(function, wrong):
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    with pytest.raises(ValueError, match=r"^s=.*: must be a "):
        function(wrong, *(0.5 for _ in needed[1:]))


def finite(function, *arguments):
    """Return what is computed, which must be finite; None if it is refused."""
    try:
        found = function(*arguments)
    except ValueError:
        return None
    assert all(np.all(np.isfinite(part)) for part in (found if isinstance(found, tuple) else (found,))), arguments
    return found


@pytest.mark.filterwarnings("error")
def test_multiclass_is_finite_or_refused():
    computed = 0
    for mean, spread, prior in product(ENDS, (1e-200, 1.0, 1e200), ENDS):
        for means in ([[0.0], [mean]], [[-mean], [mean]]):
            try:
                s = multiclass.Setting(means, [[spread]], [prior, 1.0])
            except ValueError:
                continue
            assert finite(multiclass.recalls, s) is not None
            assert finite(multiclass.linear_classifier, s) is not None
            computed += finite(multiclass.boundary_point, s, 0, 1) is not None
    assert computed > 20


def test_priors_are_ratios_however_large():
    means, cov = [[0.0], [2.0]], [[1.0]]
    for unit in (1e-307, 1.7e307):  # the sum of the latter overflows
        same = multiclass.recalls(multiclass.Setting(means, cov, [10 * unit, unit]))
        assert same == pytest.approx(multiclass.recalls(multiclass.Setting(means, cov, [10, 1])), rel=1e-12)


@pytest.mark.parametrize("mean", [1e200, 1e308])
def test_means_too_far_for_floats_are_refused(mean):
    with pytest.raises(ValueError, match=r"^means=.*floats can hold"):
        multiclass.Setting([[mean], [0.0]], [[1.0]], [1, 1])
    with pytest.raises(ValueError, match=r"^mu1=.*floats can hold"):
        quadratic.Setting([mean], [0.0], [[1.0]], [[2.0]], 1)


@pytest.mark.filterwarnings("error")
def test_corrections_are_finite_and_above_zero_or_refused():
    ratios = []
    for a, b, c in product(ENDS, ENDS, ENDS):
        ratios.append(finite(corrections.reweighting, a, b, c))
        ratios.append(finite(corrections.logit_adjustment, a, b, c))
        s = theorem2.Setting([1.0], [0.0], [[1.0]], a)
        finite(corrections.crossing_point, s, [b], c)
        assert finite(corrections.hyperplane_recalls, s, [b], c) is not None
    computed = [ratio for ratio in ratios if ratio is not None]
    assert len(computed) > 100
    assert min(computed) > 0
    with pytest.raises(ValueError, match=r"^n_pos=.*at most 1,000,000,000,000"):
        corrections.effective_number(10**400, 1, 0.5)


def test_ratios_are_rounded_once():
    assert corrections.reweighting(1e-320, 1e-320, 1e-320) == 1e-320  # the product of the first two is no float


@pytest.mark.parametrize("by", ["exact", "sharp"])
def test_a_search_without_an_end_is_refused_with_its_limit(by):
    s = theorem1.Setting(0, 1e-3, 1, beta=0.5, p=0.5, n_pos=1, n_neg=4)
    end = limit_failure(s, 0.25, "sub_gaussian")
    assert limit_failure(s, 0.25) < 0.95 * end
    with pytest.raises(ValueError, match=f"^failure=.*: must be > {end:.6g}, "):
        required_samples(s, 0.25, 0.97 * end, by=by)


def test_the_limit_of_the_sharp_bound_lies_between_those_of_the_exact_law_and_of_the_sub_gaussian_bound():
    for x in (1.0, 2.0, 3.0):
        for gap in (1e-6, 0.1, 1.0):
            s = theorem1.Setting(0, gap, 1, beta=0.5, p=0.5, n_pos=10**12, n_neg=1)
            limit = sharp_bound(s, x / 2)
            assert limit_failure(s, x / 2) * (1 - 1e-9) <= limit <= limit_failure(s, x / 2, "sharp") * (1 + 1e-5)
            assert limit >= 7 / 8 * limit_failure(s, x / 2, "sharp")
