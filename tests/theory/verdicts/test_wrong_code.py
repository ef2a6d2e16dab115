"""Wrong versions of the shipped functions: none of them leaves the statements that rest on it certified."""

from dataclasses import replace
from fractions import Fraction

import pytest

from theory import cost, temperature, theorem1
from theory.proofs import evidence
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER

STATEMENTS = (*LEDGER, *RESULTS)


def code_steps(statement):
    return [step for proof in (*statement.proofs, *statement.against) for step in proof() if step.level == "code"]


STEPS = {statement.id: code_steps(statement) for statement in STATEMENTS}


def bent(function, **fields):
    """Return the function with some fields of its setting changed."""
    return lambda s, *rest: function(replace(s, **{name: change(s) for name, change in fields.items()}), *rest)


def changed(function, **fields):
    """Return the function with some fields of its result changed."""

    def wrong(*arguments):
        found = function(*arguments)
        return replace(found, **{name: change(found) for name, change in fields.items()})

    return wrong


WRONG = {
    "theorem1.shift": [
        theorem1.printed_shift,
        lambda s: -theorem1.shift(s),
        lambda s: float(theorem1.shift(s)) * (1 + 1e-9),
    ],
    "theorem1.printed_shift": [theorem1.shift, lambda s: 2 * theorem1.printed_shift(s)],
    "theorem1.exponents": [
        lambda s, a: (theorem1.exponents(s, a)[0], theorem1.exponents(s, a)[1] * Fraction(41, 40)),
        lambda s, a: (theorem1.exponents(s, a)[0] * Fraction(s.sigma), theorem1.exponents(s, a)[1]),
        bent(theorem1.exponents, n_neg=lambda s: s.n_neg + 1),
    ],
    "theorem1.bound": [lambda s, a: theorem1.bound(s, a) / 2, bent(theorem1.bound, beta=lambda s: 1 - s.beta)],
    "theorem1.law": [
        changed(theorem1.law, q=lambda law: 1 - law.q),
        changed(theorem1.law, var_step=lambda law: Fraction(0)),
        changed(theorem1.law, mean_step=lambda law: -law.mean_step),
    ],
    "theorem1.failure_probability": [
        lambda s, a, shift=None: theorem1.failure_probability(s, a * Fraction(100001, 100000), shift),
        lambda s, a, shift=None: theorem1.failure_probability(s, a),
    ],
    "cost.expected_recall": [
        cost.limit_recall,
        changed(cost.expected_recall, positive=lambda r: r.negative),
        lambda s: cost.expected_recall(replace(s, sigma=s.sigma * Fraction(1001, 1000))),
    ],
    "cost.limit_recall": [cost.expected_recall, changed(cost.limit_recall, negative=lambda r: r.positive)],
    "temperature.adjusted": [
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, tau, 1.0, q),
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, 1.0, t, q),
        lambda z, prior, tau, t, q=None: temperature.adjusted(z, prior, tau, t),
    ],
    "temperature.posterior": [
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, tau, 1.0, q),
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, t, tau, q),
        lambda z, prior, tau, t, q=None: temperature.posterior(z, prior, tau, t, prior),
    ],
    "temperature.which_tau": [
        lambda r, e, t, added: temperature.which_tau(r, e, t, -added),
        lambda r, e, t, added: temperature.which_tau(r, None, t, added),
        lambda r, e, t, added: t * temperature.which_tau(r, e, 1, added),
    ],
    "temperature.cost": [
        lambda m, r, d, t, s: temperature.cost(m, r, -d, t, s),
        lambda m, r, d, t, s: temperature.cost(m, r, d, 1, s),
        lambda m, r, d, t, s: temperature.cost(m, r, d, t),
    ],
    "temperature.cost_bound": [
        lambda m, r, d, t: temperature.cost(m, r, d, t),
        lambda m, r, d, t: temperature.cost_bound(m, r, d * t, t),
    ],
}


def test_every_function_that_a_statement_rests_on_has_wrong_versions():
    assert {step.function for steps in STEPS.values() for step in steps} == set(WRONG)
    assert all(WRONG.values())


CASES = [
    pytest.param(name, wrong, id=f"{name}-{i}") for name, listed in WRONG.items() for i, wrong in enumerate(listed)
]


@pytest.mark.parametrize(("name", "wrong"), CASES)
def test_wrong_code_is_not_certified(name, wrong, monkeypatch):
    """The verdict of every statement with a code step about the function is then undecided."""
    steps = [[step for step in steps if step.function == name] for steps in STEPS.values()]
    look_up = evidence._function
    monkeypatch.setattr(evidence, "_function", lambda asked: wrong if asked == name else look_up(asked))
    concerned = [own for own in steps if own]
    assert concerned
    assert not any(all(step.run() for step in own) for own in concerned)
