"""The generated page explains every column and every key that is written."""

import csv
import json
import pkgutil
import re
import runpy
from dataclasses import fields
from pathlib import Path

import pytest

from empirical import Config, train
from empirical.storage.tables import table_bytes
from theory.verdicts.ledger import Finding, Statement

ROOT = Path(__file__).parents[1]
COLUMNS = runpy.run_path(str(ROOT / "docs" / "columns.py"))
PAGE = COLUMNS["page"]()


def test_every_column_and_key_is_explained():
    assert COLUMNS["unexplained"]() == []


def test_a_column_without_an_explanation_is_seen():
    class Row:
        """A row.

        Attributes:
            data: the data set.
        """

    assert COLUMNS["described"](Row) == {"data": "the data set."}


def test_an_explanation_of_several_lines_is_read_whole_and_bases_are_read():
    class Base:
        """A row.

        Attributes:
            first: one
                thing.
        """

    class Row(Base):
        """Another.

        Attributes:
            second: two.

        Example:
            third: none.
        """

    assert COLUMNS["described"](Row) == {"first": "one thing.", "second": "two."}


@pytest.mark.parametrize("file", sorted((ROOT / "figures" / "published").glob("*/*.csv*")), ids=lambda file: file.name)
def test_the_columns_of_published_tables_are_on_the_page(file):
    part = PAGE[PAGE.index(f"`{file.name.removesuffix('.gz')}`:") :]
    for column in next(csv.reader(table_bytes(file).decode().splitlines())):
        assert f"- `{column}`: " in part[: part.index("\n##")]


def test_the_keys_of_runs_are_those_that_are_written(tmp_path):
    config = Config(data="digits", imbalance=4, arch="resnet8", width=4, epochs=4, validation=0.2)
    result = train(config, tmp_path, device="cpu")
    assert result.keys() == COLUMNS["RESULT"].keys()
    [history] = tmp_path.glob("*/history.csv")
    assert history.read_text().splitlines()[0].split(",") == list(COLUMNS["HISTORY"])


def test_what_users_call_is_there():
    page = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")
    names = re.findall(r"\{py:\w+\}`(?:[^`<]*<)?([\w.]+)>?`", page)
    assert len(names) > 20
    assert all(pkgutil.resolve_name(name) for name in names)
    called = set(re.findall(r"`((?:theory|empirical|figures)\.\w+) <", page))
    assert all(pkgutil.resolve_name(name) for name in called)


def test_the_keys_of_verdicts_are_those_that_are_written():
    statement = Statement("T", "t", "s", "p", "printed", "holds", ())
    entry = Finding(statement, "certified", ()).as_dict()
    known = {field.name for field in fields(Statement)} - {"proofs", "against"} | COLUMNS["FINDING"].keys()
    assert entry.keys() == known


def test_the_keys_of_claims_are_those_that_are_written():
    for file in (ROOT / "figures" / "published").glob("*/claims.json"):
        written = {key for claim in json.loads(file.read_text())["claims"] for key in claim}
        part = PAGE[PAGE.index("`claims.json`") : PAGE.index("A comparison:")]
        assert [key for key in written if f"- `{key}`: " not in part] == []
