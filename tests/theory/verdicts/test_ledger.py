"""The ledger: all statements, their verdicts, and that each of them depends on its evidence."""

import dataclasses

import pytest
import sympy

from theory.proofs import derivations as d
from theory.proofs import theorem1
from theory.proofs.evidence import Step
from theory.verdicts.ledger import LEDGER, verify

VERDICTS = {
    "T1": "refuted",
    "T1.shift": "refuted",
    "T1.probability": "certified",
    "T1.nonnegative": "certified",
    "T1.sign-rule": "refuted",
    "T1.claim.exponential": "qualified",
    "T1.claim.shifted": "qualified",
    "T1.claim.negative": "certified",
    "T1.claim.beta": "certified",
    "T1.claim.p": "certified",
    "T1.claim.imbalance": "qualified",
    "T1.claim.decreased-more": "certified",
    "T2.claim.accuracy": "qualified",
    "T2.boundary": "qualified",
    "T2.covariance": "refuted",
    "T2.claim.similarity": "qualified",
    "T2.claim.imbalance": "certified",
    "P1": "certified",
    "P2": "certified",
    "T3.decision": "certified",
    "T3.bias": "refuted",
    "T3": "certified",
    "P3": "qualified",
    "P3.claim.norms": "qualified",
}


def test_every_statement_is_listed_once():
    assert [s.id for s in LEDGER] == list(VERDICTS)


@pytest.mark.parametrize("statement", LEDGER, ids=lambda s: s.id)
def test_verdict_and_evidence(statement):
    finding = verify(statement)
    assert finding.verdict == VERDICTS[statement.id]
    assert not finding.failed
    assert all(e["shown"] for e in finding.evidence)
    assert (finding.verdict == "qualified") == (statement.condition is not None)


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_not_shown_is_undecided(shown):
    step = Step("identity", "a statement", lambda: shown)
    statement = dataclasses.replace(LEDGER[0], proofs=(lambda: (step,),), against=())
    finding = verify(statement)
    assert finding.verdict == ("certified" if shown else "undecided")
    assert finding.failed == (not shown)


def test_without_evidence_nothing_is_certified():
    assert verify(dataclasses.replace(LEDGER[0], proofs=(), against=())).verdict == "undecided"


def test_a_counterexample_that_fails_refutes_nothing():
    broken = Step("identity", "a counterexample", lambda: False)
    statement = dataclasses.replace(LEDGER[0], against=(lambda: (broken,),))
    finding = verify(statement)
    assert finding.verdict == "undecided"
    assert finding.failed


@pytest.mark.parametrize(
    "exponents",
    [
        tuple(sympy.Rational(11, 10) * e for e in d.printed_exponents()),
        (d.printed_exponents()[0], 2 * d.printed_exponents()[1]),
        (d.printed_exponents()[0] * d.SIGMA, d.printed_exponents()[1]),
    ],
)
def test_the_chain_of_theorem1_breaks_where_it_is_broken(exponents):
    results = [step.run() for step in theorem1.probability(exponents)]
    assert all(results[:-2])
    assert not all(results[-2:])


@pytest.mark.parametrize("name", ["V_GAUSS", "V_COUNT"])
def test_the_chain_of_theorem1_needs_its_variance_proxies(monkeypatch, name):
    monkeypatch.setattr(theorem1, name, getattr(theorem1, name) * sympy.Rational(9, 10))
    assert not all(step.run() for step in theorem1.probability())


def test_a_wrong_generating_process_is_found_out(monkeypatch):
    moments = d.sample_moments() | {"similar": d.sample_moments()["pure"]}
    monkeypatch.setattr(d, "sample_moments", lambda: moments)
    assert not all(step.run() for step in theorem1.probability())
