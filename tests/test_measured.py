"""README and the pages of results say what the published tables say."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MEASURED = runpy.run_path(str(ROOT / "docs" / "measured.py"))
PAGES = MEASURED["PAGES"]


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_of_a_page_are_those_of_the_data(page):
    assert MEASURED["rendered"](read(page)) == read(page), "python docs/measured.py --write puts the page right"


@pytest.mark.parametrize("page", PAGES)
def test_every_number_has_an_expression(page):
    assert MEASURED["unnamed"](read(page)) == []


def test_a_wrong_number_is_put_right():
    page = "accounts for 99 %<!--share-5--> at imbalance 5"
    assert MEASURED["rendered"](page) == "accounts for 55 %<!--share-5--> at imbalance 5"


def test_a_wrong_table_is_put_right():
    page = "<!--table: number-or-similarity-->\n| 5 | 1.0 |\n<!--end-->\n"
    put_right = MEASURED["rendered"](page)
    assert "| 5 | 31.0 | 55 | 52 | 52 |" in put_right
    assert MEASURED["rendered"](put_right) == put_right


@pytest.mark.parametrize(
    "text", ["accuracy rises by 3.8 points", "1,900 times", "a share of 55 %", "| rs | 52.9 |", "r = 0.97", "-1.3"]
)
def test_a_number_without_an_expression_is_seen(text):
    assert len(MEASURED["unnamed"](text)) == 1


@pytest.mark.parametrize(
    "text",
    ["at imbalance 100 and 10", "Table 1", "Figures 3 and 4", "CIFAR-100-LT", "`p < 0.05`", "a ResNet-32, 200 epochs"],
)
def test_settings_and_names_need_none(text):
    assert MEASURED["unnamed"](text) == []


def test_every_expression_is_used():
    text = "".join(map(read, PAGES))
    unused = {name for name in MEASURED["NUMBERS"] if f"<!--{name}-->" not in text}
    unused |= {name for name in MEASURED["TABLES"] if f"<!--table: {name}-->" not in text}
    assert unused == set()
