"""The README says what the ledger and the published results say."""

import json
import re
from pathlib import Path

import pytest

from theory.verdicts.ledger import LEDGER, verify

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_table_of_verdicts_is_the_ledger():
    rows = [line for line in LINES if line.startswith(("| `T", "| `P"))]
    shown = [row.split("`")[1] for row in rows]
    assert rows == [f"| `{s.id}` | {verify(s).verdict} | {s.summary} |" for s in LEDGER if s.id in shown]


@pytest.mark.parametrize("imbalance", [1, 2, 5, 10, 20, 50])
def test_table_of_predictions_is_the_published_one(imbalance):
    cells = []
    for data in ("digits", "cifar10"):
        made = json.loads((ROOT / "figures" / "published" / data / "pairs.json").read_text(encoding="utf-8"))
        parts = [part for part in made["summary"] if part["imbalance"] == imbalance]
        cells += [f"{part['mae']:.1f}, {part['correlation']:.2f}" for part in parts]
    assert f"| {imbalance} | {' | '.join(cells)} |" in LINES


def test_table_of_training_speed_is_the_published_one():
    made = json.loads((ROOT / "figures" / "published" / "bench.json").read_text(encoding="utf-8"))
    for name in (made["reference"], *made["ratios"]):
        one, ratio = made["candidates"][name], made["ratios"].get(name)
        cells = name, f"{one['images_per_second']:.0f}", f"{ratio:.2f}x" if ratio else "", f"{100 * one['share']:.0f} %"
        assert f"| {' | '.join(cells)} |".replace("|  |", "| |") in LINES


def test_verdicts_on_networks_are_the_published_ones():
    claims = {}
    for data in ("cifar100", "cifar10"):  # the table is about CIFAR-10
        made = json.loads((ROOT / "figures" / "published" / data / "claims.json").read_text(encoding="utf-8"))
        claims |= {claim["id"]: claim for claim in made["claims"] if claim["verdict"] != "not measured"}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in LINES if line.startswith("| `E")]
    assert rows
    for name, _, verdict, *_, own in rows:
        claim = claims[name.strip("`")]
        tables = claim["as_printed"]
        assert claim["verdict"].split()[0] == verdict
        assert own == (f"{tables['holds']} of {tables['cells']}" if tables else "")
    said = re.findall(r"`(N\d\.[\w-]+)` (\w+)", "\n".join(LINES))
    assert said
    assert [claims[name]["verdict"].split()[0] for name, _ in said] == [verdict for _, verdict in said]
