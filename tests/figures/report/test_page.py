"""The page: what is on it, that it is whole and valid, and that no text gets out of its place."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from empirical.claims.paper.printed_tables import place_in_range
from empirical.experiments import EXPERIMENTS
from empirical.printed import TABLE1
from figures import report
from figures.report import collect, pictures, published
from figures.report.formulas import FORMULAS
from figures.report.markup import text
from tests.figures.report.conftest import HOSTILE, PREDICTED, write_results
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER

VOID = {"meta", "img", "input", "br"}
BLOCKS = {"p", "dl", "ul", "ol", "table", "div", "figure", "details", "section"}

pytestmark = pytest.mark.usefixtures("toys")


class Tree(HTMLParser):
    """Reads a page strictly: every element is closed in order, no attribute comes twice, no block is in a paragraph."""

    def __init__(self, content):
        super().__init__()
        self.open, self.elements, self.texts = [], [], {}
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        assert not (tag in BLOCKS and "p" in self.open), f"<{tag}> in a paragraph"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts[self.open[-1] if self.open else ""] = self.texts.get(self.open[-1] if self.open else "", "") + data

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("report") / "results")


@pytest.fixture(scope="module")
def page(results):
    return report.page(results)


@pytest.fixture(scope="module")
def tree(page):
    return Tree(page)


def test_every_statement_opens_to_what_is_known_of_it(page):
    for statement in (*LEDGER, *RESULTS):
        [entry] = [part for part in page.split("<details>") if f'class="id">{statement.id}</span>' in part]
        judged, shown = entry.index(text(f"{statement.title}: ")), entry.index('class="verdict')
        assert judged < shown < entry.index('class="id"')
        parts = (statement.summary, statement.holds, statement.place, f"python -m theory prove {statement.id}")
        for part in (*parts, *((statement.condition,) if statement.condition else ())):
            assert text(part) in entry
        assert (text(statement.printed) in entry) == (statement in LEDGER)
        assert "1 &lt; 2 &amp; 2 &gt; 1" in entry
        assert (">shown<" in entry) == (statement is not LEDGER[0])
        assert (">NOT SHOWN<" in entry) == (statement is LEDGER[0])


def test_printed_stands_beside_measured(page):
    printed = TABLE1["cifar10"]["drw", "rotation"][0]
    measured = f"{60 + 100 / 7:.2f}"
    assert f'{measured} \N{PLUS-MINUS SIGN} 1.50</span><span class="printed-cell">({printed})</span>' in page
    assert "Profile smoke." in page
    assert ">12.35<" in page


def test_claims_are_shown_with_what_they_rest_on(page):
    claims = page[page.index('id="measured"') : page.index('id="predictions"')]
    assert "2 claims about networks, judged by trained ones: 1 confirmed, 1 contradicted." in claims
    assert '<span class="verdict good">confirmed</span>' in claims
    assert "1 of 1 confirmed" in claims


@pytest.mark.parametrize(("judged", "says"), [(["a", "b"], False), (["b"], True), ([], True), (None, False)])
def test_verdicts_of_other_tables_are_said_to_be(judged, says, results, tmp_path):
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    for name, more in (("rebalance", {"sha256": {"rebalance": "a"}}), ("claims", {"tables": judged})):
        file = tmp_path / f"{name}.json"
        content = json.loads(file.read_text())
        file.write_text(json.dumps({**content, **{key: value for key, value in more.items() if value is not None}}))
    assert (report.page(tmp_path).count("were others, when these were judged") == 2) == says


def test_predictions_are_apart_from_the_papers_claims(page):
    own = page[page.index('id="predictions"') : page.index('id="tables"')]
    assert ">Our predictions</h2>" in own
    assert "judged by trained networks: 1 contradicted." in own
    assert "<dt>As predicted</dt><dd>toy</dd>" in own
    assert f">{PREDICTED}</span>" in own
    assert ">E1.flat</span>" not in own


def test_figures_are_inside_and_missing_ones_are_named(page, tree):
    [image] = tree.all("img")
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert image["alt"] == "A line. It is straight. Data: python -m toy"
    assert "<strong>b</strong>: Another. <code>python -m b --out RESULTS</code>" in page


def test_it_opens_with_what_was_found(page, tree):
    sections = [attributes["id"] for attributes in tree.all("section")]
    assert sections[:3] == ["findings", "explorer", "ledger"]
    findings = page[page.index('id="findings"') : page.index('id="explorer"')]
    assert f"Of {len(LEDGER)} statements of the paper" in findings
    assert "Refuted: " in findings
    assert "2 sentences of the paper about networks judged on these results: 1 confirmed, 1 contradicted." in findings
    assert findings.count("<figure>") == 1


def test_published_results_stand_where_there_are_none(tmp_path):
    write_results(tmp_path)
    for name in ("rebalance", "claims"):
        (tmp_path / f"{name}.json").unlink()
    content = report.page(tmp_path)
    Tree(content)
    made_on = "from figures/published/cifar10, made on AMD EPYC, 2 cores, cpu, not by you"
    assert f"Measured on cifar10, profile cpu, {made_on}." in content
    assert f"corrections on cifar10, profile cpu, {made_on}" in content
    assert "On cifar10, from figures/published/cifar10, not by you: " in content
    assert "judged on cifar10, from figures/published, not by you: " in content


def one_cell(accuracy):
    return {
        **{"table": "Table 1", "profile": "paper", "data": "cifar10", "imbalance": 100, "method": "drw"},
        **{"pretrain": "none", "printed": 75.4, "seeds": 1, "mean": accuracy, "low": None, "high": None},
        "verdict": "undecided: fewer than two seeds",
        "range": place_in_range("Table 1", "paper", accuracy, "cifar10", 100, "drw", "none"),
    }


def test_networks_of_the_papers_recipe_are_the_first_that_is_said_of_networks(tmp_path):
    write_results(tmp_path)
    claims = json.loads((tmp_path / "claims.json").read_text())
    (tmp_path / "claims.json").write_text(json.dumps({**claims, "published": [one_cell(75.0), one_cell(73.6)]}))
    content = report.page(tmp_path)
    told = "CE + DRW on cifar10 at imbalance 100 75.0 %, within the range of published numbers, 74.6 to 75.4; "
    told += "CE + DRW on cifar10 at imbalance 100 73.6 %, 1.0 below the range of published numbers, 74.6 to 75.4."
    assert f"Networks trained by the recipe of the paper reach: {told} " in content
    assert content.index(told) < content.index("sentences of the paper about networks")


def test_those_of_the_repository_stand_where_there_are_none(tmp_path, monkeypatch):
    write_results(tmp_path)
    (folder := tmp_path / "published" / "cifar10-paper").mkdir(parents=True)
    (folder / "claims.json").write_text(json.dumps({"claims": [], "published": [one_cell(75.0)]}))
    summary = [{"data": "cifar10", "imbalance": 100, "method": "drw", "pretrain": "none", "last": 74.9}]
    made = {"arguments": {"profile": "paper"}, "summary": summary}
    (folder / "rebalance.json").write_text(json.dumps(made))
    monkeypatch.setattr(published, "_FOLDER", folder.parent)
    (tmp_path / "rebalance.json").unlink()
    content = report.page(tmp_path)
    assert "reach, from figures/published, not by you: CE + DRW on cifar10 at imbalance 100 75.0 %, within" in content
    table = content[content.index("Measured on cifar10, profile paper, from figures/published/cifar10-paper, not by") :]
    assert '<span class="measured-cell">74.90</span>' in table[: table.index("</table>")]


def test_without_a_copy_of_the_repository_nothing_is_offered(results, tmp_path, monkeypatch):
    monkeypatch.setattr(published, "_FOLDER", tmp_path)
    assert "not by you" not in report.page(results)


def test_formulas_are_of_statements_and_typeset_without_a_script(page):
    assert FORMULAS.keys() <= {statement.id for statement in (*LEDGER, *RESULTS)}
    for part in itertools.chain.from_iterable(FORMULAS.values()):
        if part is not None:
            ElementTree.fromstring(f"<all>{part}</all>")
            assert part in page


def test_what_is_missing_is_said_with_its_command(page):
    for name in EXPERIMENTS.keys() - {"rebalance", "norms"}:
        assert f"<strong>{name}</strong>: no results; <code>python -m empirical run {name} " in page


def test_it_says_how_it_was_made(page):
    making = page[page.index('id="making"') :]
    for part in ("python -m empirical run rebalance --profile smoke --out RESULTS", "numpy 2.0", "Linux x86_64", ">3<"):
        assert part in making


def test_nothing_is_loaded_from_elsewhere(page, tree):
    for _, attributes in tree.elements:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not tree.all("link", "iframe", "object", "base")
    assert not re.search(r"@import|url\((?!#)", page)
    assert len(page) < 8e6


def test_it_is_a_document_that_can_be_read_by_everyone(tree):
    assert tree.all("html") == [{"lang": "en"}]
    identifiers = [attributes["id"] for _, attributes in tree.elements if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    headings = [int(tag[1]) for tag, _ in tree.elements if re.fullmatch("h[1-6]", tag)]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    for _, attributes in tree.elements:
        for name in ("for", "aria-labelledby"):
            assert attributes.get(name, identifiers[0]) in identifiers
        assert attributes.get("href", "#ledger").removeprefix("#") in identifiers
    labelled = {attributes["for"] for attributes in tree.all("label")}
    assert labelled == {attributes["id"] for attributes in tree.all("input", "textarea")}
    assert all(attributes.get("scope") in ("row", "col") for attributes in tree.all("th"))


def test_the_same_results_give_the_same_bytes(results, page, tmp_path):
    again = tmp_path / "elsewhere"
    write_results(again)
    assert report.page(again) == page
    assert str(results) not in page


def test_hostile_texts_stay_text(tmp_path, tree):
    content = report.page(write_results(tmp_path / "results", text=HOSTILE))
    content.encode()
    hostile = Tree(content)
    assert [tag for tag, _ in hostile.elements].count("script") == 2
    assert len(hostile.all("img")) == 1
    assert {name for _, attributes in hostile.elements for name in attributes} <= {
        name for _, attributes in tree.elements for name in attributes
    }
    assert "\x00" not in content
    assert content.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", "[1]", '[{"id": 1}]', '{"summary": 3}', "\x00", "[" * 10**5]
)
def test_tables_that_cannot_be_read_are_left_out_and_it_is_said(content, results, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(collect, "verify", lambda statement: pytest.fail("a proof was run"))
    write_results(tmp_path)
    no_claims = content in ("{}", "[]", "[1]", '{"summary": 3}')  # what is no list of claims at all is refused
    for name in ("rebalance", "norms", *(("claims",) if no_claims else ())):
        (tmp_path / f"{name}.json").write_text(content)
    Tree(report.page(tmp_path))
    said = capsys.readouterr().err
    assert ("norms.json cannot be read, and is left out" in said) == (content[:1] != "{")


@pytest.mark.parametrize(
    "change", [{"verdict": "proved"}, {"printed": "other"}, {"evidence": [{}]}, {"id": "T9"}, None]
)
def test_verdicts_of_other_statements_are_found_anew(change, tmp_path, monkeypatch, capsys):
    write_results(tmp_path)
    file = tmp_path / "ledger.json"
    if change is None:
        file.write_text(file.read_text()[:-9])
    else:
        entries = json.loads(file.read_text())
        entries[3] |= change
        file.write_text(json.dumps(entries))
    asked = []
    monkeypatch.setattr(collect, "verify", lambda statement: asked.append(statement) or Again(statement))
    assert {entry["verdict"] for entry in collect.collect(tmp_path).ledger} == {"undecided"}
    assert asked == list(LEDGER)
    assert "no ledger.json of this library's statements" in capsys.readouterr().err


class Again:
    def __init__(self, statement):
        self.statement = statement

    def as_dict(self):
        return {"id": self.statement.id, "verdict": "undecided", "evidence": []}


def test_a_large_figure_is_a_png_of_few_colours(results, monkeypatch):
    monkeypatch.setattr(pictures, "_LARGEST_SVG", 100)
    content = report.page(results)
    assert 'src="data:image/png;base64,' in content


def test_the_command_writes_it_whole_and_says_where(results, page, tmp_path, capsys, exit_code):
    out = tmp_path / "new" / "page.html"
    assert exit_code("report", "--results", results, "--out", out) == 0
    assert out.read_text(encoding="utf-8") == page
    assert os.listdir(out.parent) == ["page.html"]
    assert capsys.readouterr().out == f"the report, {len(page.encode()) / 1e6:.1f} MB: {out}\n"


def test_it_goes_to_the_current_folder_by_default(tmp_path, exit_code, monkeypatch):
    results, work = tmp_path / "results", tmp_path / "work"
    for folder in (results, work):
        folder.mkdir()
    write_results(results)
    monkeypatch.chdir(work)
    assert exit_code("report", "--results", results) == 0
    assert os.listdir(work) == ["report.html"]
    assert "report.html" not in os.listdir(results)


@pytest.mark.parametrize("argv", [("--results", "missing"), ("--results", ".", "--out", "."), ("--dpi", "3")])
def test_bad_input_is_one_line_and_nothing_is_written(argv, tmp_path, monkeypatch, capsys, exit_code):
    monkeypatch.chdir(tmp_path)
    assert exit_code("report", *argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("python -m figures: ")
    assert shown.err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written(results, tmp_path, capsys, exit_code):
    (tmp_path / "file").write_text("in the way")
    assert exit_code("report", "--results", results, "--out", tmp_path / "file" / "report.html") == 2
    assert capsys.readouterr().err.startswith("python -m figures: out=")
    assert (tmp_path / "file").read_text() == "in the way"


def test_as_a_program(tmp_path):
    argv = [sys.executable, "-m", "figures", "report", "--results", str(tmp_path / "missing")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(report.__file__).parents[2])
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be a folder of results; start one with: python -m theory verify --json " in done.stderr
