"""The docs page says what the published examination says."""

import json
from pathlib import Path

from empirical.analysis.examine.text import screen

ROOT = Path(__file__).parents[4]


def test_the_docs_page_shows_the_published_examination():
    made = json.loads((ROOT / "figures" / "published" / "examination" / "examination.json").read_text(encoding="utf-8"))
    shown = (ROOT / "docs" / "examine.md").read_text(encoding="utf-8")
    block = shown.partition("<!--examination-->\n```text\n")[2].partition("\n```\n<!--end-->")[0]
    assert block == screen(made)
