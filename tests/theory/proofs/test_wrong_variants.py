"""Every step of every statement can fail: its claim, wrong in one place, shows nothing."""

import pytest

from theory.proofs.evidence import LEVELS
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER

STEPS = {step.statement: step for s in (*LEDGER, *RESULTS) for proof in (*s.proofs, *s.against) for step in proof()}


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: f"{step.level}: {step.statement[:60]}")
def test_wrong_variants_show_nothing(step):
    assert step.level in LEVELS
    wrong = list(step.wrong_variants())
    assert (step.level == "cited") == (not wrong)
    assert [i for i, one in enumerate(wrong) if one.run()] == []
