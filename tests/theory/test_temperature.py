"""Which tau: Bayes' decisions by enumeration, trained classifiers of the population, and the cost by integration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from theory import corrections, temperature, theorem2
from theory.theorem2 import Setting

WHOLE = st.integers(1, 50)


@given(st.lists(st.tuples(WHOLE, WHOLE, WHOLE), min_size=2, max_size=6), st.floats(-3, 3), st.floats(0.1, 5))
@configure(max_examples=60, deadline=None, derandomize=True)
def test_decisions_and_posteriors_are_those_of_bayes_rule(classes, tau, temper):
    """Densities, frequencies of training and of the target are whole numbers: the products are exact."""
    density, prior, target = np.array(classes, dtype=float).T
    z = temper * np.log(density) + tau * np.log(prior) + 7
    for q in (None, target, prior):
        joint = density * (1 if q is None else q)
        scores = temperature.adjusted(z, prior, tau, temper, q)
        assert joint[scores.argmax()] == pytest.approx(joint.max(), rel=1e-9)
        assert temperature.posterior(z, prior, tau, temper, q) == pytest.approx(joint / joint.sum(), rel=1e-8)


def trained(prior_pos, prior_neg, added=0.0):
    """Return ``(w, b)`` of the least cross entropy of the population for N(1, 1) against N(-1, 1)."""
    x, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()

    def risk(parameters):
        w, b = parameters
        positive, negative = (w * (mean + x) + b + added for mean in (1, -1))
        return prior_pos * weight @ np.logaddexp(0, -positive) + prior_neg * weight @ np.logaddexp(0, negative)

    return minimize(risk, [0.5, 0.0], method="BFGS", options={"gtol": 1e-10}).x


@pytest.mark.parametrize(
    ("weights", "added"),
    [((1, 1), 0.0), ((0.2, 1), 0.0), ((0.5, 1), 0.0), ((1, 1), 1.0), ((1, 1), 0.4), ((0.4, 1), 0.7)],
)
def test_the_tau_of_a_trained_classifier(weights, added):
    """The loss sees ``z + t ln r``, of which T times the minimum is taken: ``z`` is then T times its own minimum."""
    r, temper = 5.0, 1.7
    _, b = trained(r / (1 + r) * weights[0], 1 / (1 + r) * weights[1], added * math.log(r) / temper)
    effective = corrections.reweighting(r, *weights)
    tau = temperature.which_tau(r, effective, temper, added)
    assert temper * b - tau * math.log(r) == pytest.approx(0, abs=1e-5)  # the midpoint of the means is on the boundary


@given(st.floats(0.3, 6), st.floats(1e-3, 1e3), st.floats(-3, 3), st.floats(0.3, 4))
@configure(max_examples=200, deadline=None, derandomize=True)
def test_the_cost_is_between_zero_and_its_bound(m, ratio, error, temper):
    found = temperature.cost(m, ratio, error, temper)
    assert 0 <= found <= temperature.cost_bound(m, ratio, error, temper) + 1e-14
    assert found == pytest.approx(temperature.cost(m, 1 / ratio, -error, temper), abs=1e-14)
    s = Setting([m], [0.0], [[1.0]], math.exp(error * math.log(ratio) / temper))
    assert found == pytest.approx(norm.cdf(m / 2) - np.mean(theorem2.recalls(s)), abs=1e-12)


@pytest.mark.parametrize("target", [1.0, 0.2, 30.0])
def test_the_cost_at_a_target_is_that_of_integration(target):
    m, ratio, error, temper = 1.5, 50.0, 0.3, 1.4
    x = np.linspace(-12, 14, 400_001)
    share = target / (1 + target)
    positive, negative = share * norm.pdf(x, m), (1 - share) * norm.pdf(x)
    z = temper * (np.log(positive) - np.log(negative))

    def accuracy(offset):
        return np.trapezoid(np.where(z + offset > 0, positive, negative), x)

    assert temperature.cost(m, ratio, error, temper, target) == pytest.approx(
        accuracy(0) - accuracy(error * math.log(ratio)), abs=1e-5
    )


def test_the_bound_is_tight_for_small_errors_at_a_separation_of_two():
    assert temperature.cost(2, 100, 1e-3) == pytest.approx(temperature.cost_bound(2, 100, 1e-3), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("logits", lambda: temperature.adjusted([1.0, np.nan], [1, 2], 1)),
        ("logits", lambda: temperature.adjusted([1.0, 2.0, 3.0], [1, 2], 1)),
        ("logits", lambda: temperature.adjusted([1.0], [1], 1)),
        ("prior", lambda: temperature.adjusted([1.0, 2.0], [1, 0], 1)),
        ("tau", lambda: temperature.adjusted([1.0, 2.0], [1, 1], np.inf)),
        ("temperature", lambda: temperature.posterior([1.0, 2.0], [1, 1], 1, 0)),
        ("target", lambda: temperature.adjusted([1.0, 2.0], [1, 1], 1, 1, [0, 0])),
        ("target", lambda: temperature.adjusted([1.0, 2.0], [1, 1], 1, 1, [1, 1, 1])),
        ("prior_ratio", lambda: temperature.which_tau(1)),
        ("effective_ratio", lambda: temperature.which_tau(2, 0)),
        ("temperature", lambda: temperature.which_tau(2, temperature=-1)),
        ("added", lambda: temperature.which_tau(2, added=np.nan)),
        ("separation", lambda: temperature.cost(0, 2, 0.1)),
        ("error", lambda: temperature.cost(1, 2, np.inf)),
        ("target_ratio", lambda: temperature.cost(1, 2, 0.1, 1, 0)),
    ],
)
def test_wrong_arguments(name, call):
    with pytest.raises(ValueError, match=f"^{name}="):
        call()
