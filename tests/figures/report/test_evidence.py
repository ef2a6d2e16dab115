"""No verdict is shown because a file states it: of statements, of claims, of printed cells."""

import json
from pathlib import Path

import pytest

from empirical.claims.repeat import cell_fault, claim_fault
from figures import ResultsError
from figures.report import collect
from tests.figures.report.conftest import write_results
from theory.verdicts.ledger import LEDGER

PUBLISHED = Path(__file__).parents[3] / "figures/published"
CERTIFIED = next(k for k, statement in enumerate(LEDGER) if not statement.against)
QUALIFIED = next(k for k, statement in enumerate(LEDGER) if statement.condition)


@pytest.fixture
def folder(tmp_path):
    return write_results(tmp_path / "results")


def edit(file, change):
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("file", sorted(PUBLISHED.glob("*/claims.json")), ids=lambda file: file.parent.name)
def test_every_published_verdict_is_repeated(file):
    content = json.loads(file.read_text())
    assert content["claims"]
    assert bool(content["published"]) == (file.parent / "rebalance.csv").is_file()
    assert {claim_fault(claim) for claim in content["claims"]} == {""}
    assert {cell_fault(cell) for cell in content["published"]} <= {""}


STATEMENTS = {
    "another verdict": (QUALIFIED, lambda e: e.update(verdict="certified"), "'certified', its steps give 'qualified'"),
    "no evidence": (CERTIFIED, lambda e: e.update(evidence=[]), "has no step for what 'holds' shows"),
    "one side": (QUALIFIED, lambda e: e["evidence"].pop(), "has no step for what 'against' shows"),
    "evidence against it": (
        CERTIFIED,
        lambda e: e["evidence"][0].update(shown=False),
        "is 'certified', its steps give 'undecided'",
    ),
    "against what is certified": (
        CERTIFIED,
        lambda e: e["evidence"].append({**e["evidence"][0], "shows": "against"}),
        "has a step for what 'against' shows",
    ),
    "no truth": (CERTIFIED, lambda e: e["evidence"][0].update(shown="yes"), "has a step that cannot be read"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_whose_steps_do_not_give_its_verdict_is_verified_anew(name, folder, monkeypatch, capsys):
    k, change, says = STATEMENTS[name]
    edit(folder / "ledger.json", lambda entries: change(entries[k]))

    class Found:
        def as_dict(self):
            return {"verdict": "undecided"}

    monkeypatch.setattr(collect, "verify", lambda statement: Found())
    assert {entry["verdict"] for entry in collect.collect(folder).ledger} == {"undecided"}
    assert says in capsys.readouterr().err


def first(content):
    return content["claims"][0]


def part(content):
    return first(content)["comparisons"][0]


UNREAD = "has comparisons that cannot be read"
SHOWS = "could have shown, its interval gives something else"
CLAIMS = {
    "another verdict": (lambda c: first(c).update(verdict="contradicted"), "states verdict 'contradicted', its "),
    "no evidence": (lambda c: first(c).update(comparisons=[]), "its comparisons give 'not measured'"),
    "evidence against it": (
        lambda c: part(c).update(mean=-1.25, low=-1.870986, high=-0.629014, low_all=-1.870986, high_all=-0.629014),
        "is 'confirmed', its interval gives 'contradicted'",
    ),
    "over zero": (
        lambda c: part(c).update(mean=0.25, low=-0.370986, high=0.870986, low_all=-0.370986, high_all=0.870986),
        "is 'confirmed', its interval gives 'undecided at this scale'",
    ),
    "both verdicts": (
        lambda c: (first(c).update(verdict="contradicted"), part(c).update(verdict="contradicted")),
        "is 'contradicted', its interval gives 'confirmed'",
    ),
    "counts": (lambda c: first(c).update(counts="9 of 9 confirmed"), "states counts '9 of 9 confirmed'"),
    "a visible effect": (lambda c: part(c).update(detectable=0.1), SHOWS),
    "no visible effect": (lambda c: part(c).update(detectable=None), SHOWS),
    "fewer seeds": (lambda c: part(c).update(seeds_needed=2), SHOWS),
    "more seeds": (lambda c: part(c).update(seeds_needed=4), SHOWS),
    "no number of seeds": (lambda c: part(c).update(seeds_needed=None), SHOWS),
    "half a seed": (lambda c: part(c).update(seeds_needed=3.0), SHOWS),
    "power": (lambda c: first(c).update(power="9 seeds would show it"), "states power '9 seeds would show it'"),
    "no interval": (lambda c: part(c).update(low=None), UNREAD),
    "no number": (lambda c: part(c).update(mean=float("nan")), "it cannot be read"),
    "away from its mean": (lambda c: part(c).update(mean=3.0), UNREAD),
    "a comparison is gone": (
        lambda c: part(c).update(low_all=0.5, high_all=2.0),
        UNREAD,
    ),
    "of something else": (lambda c: part(c).update(more=1), UNREAD),
    "a verdict beside it": (lambda c: first(c).update(as_printed={"verdict": "bears it out"}), "states as printed"),
    "no such claim": (lambda c: first(c).update(id="E99"), "E99 is no claim of this version of the library"),
    "a printed number": (lambda c: c["published"][0].update(printed=99.0), "states that 99.0 is printed, the text at"),
    "a cell's verdict": (lambda c: c["published"][0].update(verdict="within"), "'within', its interval gives 'not "),
    "no cell": (lambda c: c["published"][0].pop("low"), "none cannot be read"),
}


@pytest.mark.parametrize("content", ["", "{", "1", '{"claims": [], "claims": []}', "[" * 100_000])
def test_claims_that_cannot_be_read_are_refused_and_not_left_out(folder, content):
    (folder / "claims.json").write_text(content)
    with pytest.raises(ResultsError, match=r"claims\.json': it cannot be read; judge the tables again with: "):
        collect.collect(folder)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_whose_numbers_do_not_give_its_verdict_is_refused(name, folder):
    change, says = CLAIMS[name]
    edit(folder / "claims.json", change)
    with pytest.raises(ResultsError) as refused:
        collect.collect(folder)
    line = str(refused.value)
    assert says in line
    assert "\n" not in line
    assert f"python -m empirical verify --results {folder} --json {folder / 'claims.json'}" in line
