"""What the tests of experiments share: small runs, their tables, and the claims that these are judged by."""

import csv
import json

import pytest

from empirical.claims import CLAIMS, findings


@pytest.fixture(scope="session")
def smoke(exit_code):
    """Return a function that runs an experiment's profile ``smoke`` and returns the exit code."""

    def run(name, out, *options):
        return exit_code("run", name, "--profile", "smoke", "--device", "cpu", "--out", out, *options)

    return run


@pytest.fixture(scope="session")
def table():
    """Return a function from a file to its rows."""

    def read(path):
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def sweep(smoke, table):
    """Return a function that runs an experiment as ``smoke`` does and returns the rows and how they were made."""

    def run(name, out, *options, code=0):
        assert smoke(name, out, *options) == code
        return table(out / f"{name}.csv"), json.loads((out / f"{name}.json").read_text())

    return run


@pytest.fixture
def assert_refused(smoke, tmp_path, capsys):
    """Return a function that asserts that options are refused in one line, before anything is written."""

    def refused(name, options, message):
        assert smoke(name, tmp_path / "out", *options) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert f"python -m empirical run {name}: {message}" in shown.err
        assert not (tmp_path / "out").exists()

    return refused


@pytest.fixture(scope="session")
def judged():
    """Return a function that asserts that every claim about some experiments finds in a folder all that it needs."""

    def judge(folder, *names):
        claims = [claim for claim in CLAIMS if set(claim.experiments) <= set(names)]
        found = findings([folder], claims)
        assert {name for claim in claims for name in claim.experiments} == set(names)
        assert [(part.claim.id, part.missing) for part in found if part.missing] == []
        assert {(part.profile, part.data) for part in found} == {("smoke", ("digits",))}
        assert all(part.comparisons and part.seeds == "1 seed" for part in found)

    return judge
