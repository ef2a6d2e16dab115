"""What goes beyond the paper: every result is listed once and every step of its proof shows what it states."""

import pytest

from theory.__main__ import main
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER, verify


def test_identifiers_are_unique():
    identifiers = [s.id for s in (*LEDGER, *RESULTS)]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("statement", RESULTS, ids=lambda s: s.id)
def test_every_result_is_certified(statement):
    finding = verify(statement)
    assert finding.verdict == "certified"
    assert all(e["shown"] for e in finding.evidence)


def test_a_result_can_be_printed_as_a_statement_of_the_paper_can(capsys):
    assert main(["prove", "R.collapse"]) == 0
    assert "verdict: certified" in capsys.readouterr().out
