"""CITATION.cff, the BibTeX of the documentation and the change log say the same, and one version is the source."""

import json
import re
import runpy
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from theory import __version__

ROOT = Path(__file__).parents[1]
FILE = ROOT / "CITATION.cff"
CITATION = YAML(typ="safe", pure=True).load(FILE)
BIBTEX_FIELDS = {  # what a reference of CITATION.cff calls the fields of BibTeX
    "journal": "journal",
    "booktitle": "collection-title",
    "volume": "volume",
    "number": "issue",
    "edition": "edition",
    "doi": "doi",
}


def entries():
    """Return the BibTeX entries of docs/citing.md: for each key its fields."""
    text = (ROOT / "docs" / "citing.md").read_text(encoding="utf-8")
    found = {}
    for key, body in re.findall(r"^@\w+\{(\w+),\n(.*?)\n\}$", text, re.DOTALL | re.MULTILINE):
        assert key not in found
        fields = re.findall(r"^ +(\w+) += \{(.*?)\},?$", body, re.DOTALL | re.MULTILINE)
        found[key] = {name: " ".join(value.split()) for name, value in fields}
    return found


ENTRIES = entries()
SOURCES = {key: fields for key, fields in ENTRIES.items() if key != "tailbound"}


def authors(entry):
    """Return the authors of a reference as BibTeX has them."""
    names = [one.get("name") or f"{one['family-names']}, {one['given-names']}" for one in entry["authors"]]
    return " and ".join(names)


def check(*files):
    """Return what check-jsonschema, which carries the schema of CFF 1.2.0, says of the files."""
    options = ["--builtin-schema", "vendor.citation-file-format", "--output-format", "json"]
    command = [sys.executable, "-m", "check_jsonschema", *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_version_is_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["metadata"]["version"] == "attr: theory.__version__"
    assert runpy.run_path(str(ROOT / "docs" / "conf.py"))["release"] == __version__
    assert CITATION["version"] == __version__
    assert ENTRIES["tailbound"]["version"] == __version__


def test_the_release_has_one_date():
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.* - .*)$", log, re.MULTILINE)  # above it may stand what is not released
    released = CITATION["date-released"]
    assert newest[1] == f"{__version__} - {released.isoformat()}"
    assert ENTRIES["tailbound"]["year"] == str(released.year)


def test_the_library_is_cited_by_one_name():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["metadata"]["name"] in ENTRIES
    assert CITATION["license"] == setup["metadata"]["license"]
    assert ", ".join(CITATION["keywords"]) == setup["metadata"]["keywords"]
    own = ENTRIES["tailbound"]
    assert own["title"] == CITATION["title"]
    assert own["author"] == f"{{{authors(CITATION)}}}"
    assert setup["metadata"]["author"] == authors(CITATION)


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_is_the_same_in_both(key):
    fields = SOURCES[key]
    (reference,) = [one for one in CITATION["references"] if one["title"] == fields["title"]]
    first = reference["authors"][0]["family-names"].lower()
    word = next(word for word in fields["title"].lower().split() if word not in ("a", "an", "the"))
    assert key == f"{first}{reference['year']}{word}"
    assert fields["author"] == authors(reference)
    assert fields["year"] == str(reference["year"])
    for name, other in BIBTEX_FIELDS.items():
        assert fields.get(name) == (str(reference[other]) if other in reference else None)
    assert fields.get("publisher") == reference.get("publisher", {}).get("name")
    assert fields.get("pages") == (f"{reference['start']}--{reference['end']}" if "start" in reference else None)
    arxiv = [one["value"] for one in reference.get("identifiers", [])]
    assert arxiv == ([f"arXiv:{fields['eprint']}"] if "eprint" in fields else [])


def test_the_sources_are_all_in_both():
    assert sorted(fields["title"] for fields in SOURCES.values()) == sorted(
        one["title"] for one in CITATION["references"]
    )


def test_the_citation_is_valid():
    assert CITATION["cff-version"] == "1.2.0"
    assert check(FILE)["status"] == "ok"


def test_what_is_no_citation_is_refused(tmp_path):
    """The check can fail: each of these is found."""
    text = FILE.read_text(encoding="utf-8")
    changes = {
        "version": ("cff-version: 1.2.0", "cff-version: 1.2"),
        "date": ("date-released: ", "date-released: 25."),
        "message": ("message: ", "massage: "),
        "license": ("license: MIT", "license: MTI"),
        "authors": ("authors:\n  - name: The tailbound developers\n", ""),
        "type": ("type: conference-paper", "type: conference paper"),
        "doi": ("doi: 10.", "doi: https://doi.org/10."),
    }
    files = {}
    for name, (old, new) in changes.items():
        assert old in text
        files[name] = tmp_path / f"{name}.cff"
        files[name].write_text(text.replace(old, new, 1), encoding="utf-8")
    found = check(*files.values())
    assert {one["filename"] for one in found["errors"]} == set(map(str, files.values()))
