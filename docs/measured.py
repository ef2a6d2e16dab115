"""Compare the numbers in README.md and the pages of results with the data, or write them.

``python docs/measured.py`` says what differs, ``python docs/measured.py --write`` puts the numbers right. In a page a
number from data is followed by its name, as in ``55 %<!--share-5-->``, and a whole table stands between
``<!--table: NAME-->`` and ``<!--end-->``. The expressions are in ``page_numbers``;
``tests/test_measured.py`` fails where a page and its data differ, and where a number has no name.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # only a script has its folder there; run by runpy it has not

from page_numbers import NUMBERS, TABLES
from page_numbers.published import ROOT

__all__ = ["NUMBERS", "PAGES", "TABLES", "differences", "rendered", "unnamed"]

PAGES = (
    "README.md",
    "docs/results-theory.md",
    "docs/results-networks.md",
    "docs/predicted.md",
    "docs/class-counts.md",
    "docs/choosing-tau.md",
    "docs/results-paper.md",
    "docs/speed.md",
)
"""The pages whose numbers are checked."""

_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?"
_NAMED = re.compile(rf"(?<![\w.])({_NUMBER})((?:[ -]?(?:%|x|points?|s|ms|ns|h|images/s))?)<!--([\w.+-]+)-->")
_TABLE = re.compile(r"<!--table: ([\w-]+)-->\n.*?<!--end-->", re.DOTALL)

_NO_RESULT = (
    r"```.*?```",  # code
    r"<!--table: .*?<!--end-->",
    r"`[^`\n]*`",
    r"\]\([^)]*\)",  # the target of a link
    r"https?://\S+|arXiv\s\d+\.\d+|doi:\S+",
    r"CIFAR-10{1,2}(-LT)?|ResNet-\d+|ImageNet-LT|float(16|32)|bfloat16|Python 3\.\d+",
    r"(Theorems?|Property|Properties|Figures?|Tables?|[Ss]ections?|Case|eq\.) \d+(\.\d+)?( (to|and) \d+(\.\d+)?)?",
    r"[Ii]mbalances? (of )?\d+(, \d+)*( (to|and) \d+)?",
    r"\d+ x \d+( pixels)?",
    r"\d[\d,]* (epochs|classes|pairs|seeds|images|dimensions|principal components|components|superclasses|CPU cores)",
    r"(rho|lambda|tau|beta|alpha) \d+(\.\d+)?",
    r"batch(es)?( of)? \d+",
    r"ln 2|\b2^\d+|10\^\d+",
)
"""What has digits and is no result: names, settings, sizes."""


def rendered(text: str) -> str:
    """Return a page with its numbers and tables as the data have them."""
    text = _TABLE.sub(lambda found: f"<!--table: {found[1]}-->\n{TABLES[found[1]]()}\n<!--end-->", text)
    return _NAMED.sub(lambda found: f"{NUMBERS[found[3]]()}{found[2]}<!--{found[3]}-->", text)


def unnamed(text: str) -> list[str]:
    """Return the numbers of a page that no expression makes, each with what stands around it."""
    text = _NAMED.sub(lambda found: " " * len(found[0]), text)
    for pattern in _NO_RESULT:
        text = re.sub(pattern, lambda found: " " * len(found[0]), text, flags=re.DOTALL)
    text = re.sub(r"(?m)^#+ .*$|^\d+\. ", "", text)
    return [text[max(0, at.start() - 40) : at.end() + 20].replace("\n", " ") for at in re.finditer(_NUMBER, text)]


def differences() -> list[str]:
    """Return the pages that do not say what the data say."""
    return [page for page in PAGES if rendered(text := _read(page)) != text]


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Say which pages differ from the data, or write them."""
    parser = argparse.ArgumentParser(description="Compare the numbers in README.md and docs with the published tables.")
    parser.add_argument("--write", action="store_true", help="put the numbers right")
    args = parser.parse_args(argv)
    wrong = differences()
    for page in wrong:
        print(f"{page}: {'written' if args.write else 'differs from the data'}")
        if args.write:
            (ROOT / page).write_text(rendered(_read(page)), encoding="utf-8")
    for page in PAGES:
        for text in unnamed(_read(page)):
            print(f"{page}: a number without an expression: ...{text}...")
    return int(bool(wrong) and not args.write)


if __name__ == "__main__":
    sys.exit(main())
