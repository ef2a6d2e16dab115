"""Names of modules, functions, classes and parameters are nouns or verbs; the contributors' map leads to files."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for name in ("theory", "empirical", "figures") for path in (ROOT / name).rglob("*.py"))
RIDDLES = {
    *("again", "alike", "alone", "along", "apart", "asked", "beside", "finished", "found", "further", "gaps", "given"),
    *("held", "here", "kept", "known", "material", "once", "place", "places", "said", "seen", "there", "together"),
    *("told", "unseen", "wanted"),
}
"""Adverbs and participles: what is found, given or known is to be said."""


def riddles(text):
    """Return the functions, classes and parameters of a module that are named by a riddle alone."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found += [node.name] if node.name.lower().strip("_") in RIDDLES else []
        if isinstance(node, ast.arguments):
            found += [arg.arg for arg in (*node.posonlyargs, *node.args, *node.kwonlyargs) if arg.arg in RIDDLES]
    return found


def test_names_say_what_they_name():
    wrong = {path.relative_to(ROOT).as_posix(): riddles(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {path: names for path, names in wrong.items() if names} == {}
    assert {path.name for path in MODULES if RIDDLES & set(path.stem.split("_"))} == set()


def test_a_riddle_is_found():
    assert riddles("def _known(given, *, further=1):\n    return lambda found: found\n") == [
        "_known",
        "given",
        "further",
        "found",
    ]


def test_the_map_for_contributors_leads_to_files():
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    paths = re.findall(r"`((?:theory|empirical|figures)/[\w/.]+)`", text.partition("\n## ")[0])
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
