"""The proofs of the corollaries: each step shows what it states, and none does once the statement is bent."""

import pytest
import sympy

from theory.proofs import theorem2_corollaries, theorem3_corollaries
from theory.proofs.evidence import LEVELS

PROOFS = [(module, name) for module in (theorem2_corollaries, theorem3_corollaries) for name in module.__all__]


@pytest.mark.parametrize(("module", "name"), PROOFS, ids=[f"{m.__name__}.{n}" for m, n in PROOFS])
def test_every_step_shows_its_statement(module, name):
    steps = getattr(module, name)()
    assert steps
    for step in steps:
        assert step.level in LEVELS
        assert step.run(), step.statement


def broken(proof):
    return [step.statement for step in proof() if not step.run()]


@pytest.mark.parametrize(
    ("module", "constant", "value", "proofs"),
    [
        (theorem2_corollaries, "_MM", sympy.Symbol("dd", positive=True), ["nearest_point"]),
        (theorem2_corollaries, "_HALF", sympy.Rational(1, 3), ["collapse", "balanced_accuracy"]),
        (theorem3_corollaries, "_BB", 2 * theorem3_corollaries._AA, ["prior_in_bias"]),
    ],
)
def test_proofs_break_where_they_are_broken(monkeypatch, module, constant, value, proofs):
    monkeypatch.setattr(module, constant, value)
    for name in proofs:
        assert broken(getattr(module, name))


def test_the_exact_problems_are_told_apart(monkeypatch):
    """Eigenvectors declared as others, and the other way round, are found out; so is a wrong inverse."""
    problems = list(theorem2_corollaries._problems())
    assert {eigenvector for *_, eigenvector in problems} == {False, True}
    monkeypatch.setattr(theorem2_corollaries, "_problems", lambda: iter([(*p[:3], not p[3]) for p in problems]))
    assert len(broken(theorem2_corollaries.nearest_point)) == 2
    wrong = [(cov, m, [2 * v for v in w], kind) for cov, m, w, kind in problems]
    monkeypatch.setattr(theorem2_corollaries, "_problems", lambda: iter(wrong))
    assert len(broken(theorem2_corollaries.recalls)) == 1
