"""What breaks the build of the docs, found without it: links that lead nowhere, and docstrings of another form."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted(path for name in ("theory", "empirical", "figures") for path in (ROOT / name).rglob("*.py"))
LINK = re.compile(r"\]\(([^()\s]+)\)")
UNDERLINED = re.compile(r"^\s*(Parameters|Returns|Raises|Examples?|Attributes|Notes)\n\s*-{3,}$", re.MULTILINE)
SECTION = re.compile(r"^(Args|Attributes|Raises):\n((?:    .*\n|\n)*)", re.MULTILINE)
ITEM = re.compile(r"^    \S", re.MULTILINE)


def leads_nowhere(page):
    """Return the links of a page to files that are not there; ``api`` is generated, and headings have no names."""
    targets = [
        target for target in LINK.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S))
    ]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    return [target for target in local if not (target.startswith("api/") or (page.parent / target).exists())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert leads_nowhere(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](page.md), [b](none.md), [c](#heading), [d](https://e.org), [e](api/f.md)")
    assert leads_nowhere(page) == ["none.md", "#heading"]


def wrong_form(text):
    """Return what of a docstring is not of Google's form: underlined sections, and items without a colon."""
    items = [line for _, body in SECTION.findall(f"{text}\n") for line in body.splitlines() if ITEM.match(line)]
    return [found[0] for found in UNDERLINED.finditer(text)] + [line for line in items if ":" not in line]


def test_docstrings_are_of_one_form():
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = []
    for path in MODULES:
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        texts = [text for node in nodes if isinstance(node, kinds) and (text := ast.get_docstring(node))]
        found += [(path.name, wrong) for text in texts for wrong in wrong_form(text)]
    assert found == []


@pytest.mark.parametrize("text", ["Sum.\n\nParameters\n----------\nx : int", "Sum.\n\nArgs:\n    x int\n"])
def test_a_docstring_of_another_form_is_found(text):
    assert len(wrong_form(text)) == 1
