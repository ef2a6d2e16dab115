"""The README says what the ledger and the published results say."""

import json
from pathlib import Path

import pytest

from theory.ledger import LEDGER, verify

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_table_of_verdicts_is_the_ledger():
    rows = [line for line in LINES if line.startswith(("| `T", "| `P"))]
    assert rows == [f"| `{s.id}` | {verify(s).verdict} | {s.summary} |" for s in LEDGER]


@pytest.mark.parametrize("imbalance", [1, 2, 5, 10, 20, 50])
def test_table_of_predictions_is_the_published_one(imbalance):
    cells = []
    for data in ("digits", "cifar10"):
        made = json.loads((ROOT / "figures" / "published" / data / "pairs.json").read_text(encoding="utf-8"))
        parts = [part for part in made["summary"] if part["imbalance"] == imbalance]
        cells += [f"{part['mae']:.1f}, {part['correlation']:.2f}" for part in parts]
    assert f"| {imbalance} | {' | '.join(cells)} |" in LINES
