"""Certificates: what they hold, that they are repeated, and that a changed one is found out."""

import copy
import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

import theory
from theory.__main__ import main
from theory.proofs.evidence import LEVELS, Step
from theory.verdicts import certificate, report
from theory.verdicts.beyond import RESULTS
from theory.verdicts.canonical import digest
from theory.verdicts.ledger import LEDGER, verdict_of
from theory.verdicts.schema import first_fault

FEW = tuple(s for s in LEDGER if s.id in ("T1.shift", "T2.covariance", "P1"))
OWN = tuple(s for s in RESULTS if s.id == "R.mean-noise")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """A short ledger: the others are checked by their own tests."""
    for module in (certificate, report):
        monkeypatch.setattr(module, "LEDGER", FEW)
        monkeypatch.setattr(module, "RESULTS", OWN)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for module in (certificate, report):
            patch.setattr(module, "LEDGER", FEW)
            patch.setattr(module, "RESULTS", OWN)
        file = tmp_path_factory.mktemp("certificate") / "new" / "certificate.json"
        assert main(["verify", "--certificate", str(file)]) == 0
    assert [path.name for path in file.parent.iterdir()] == ["certificate.json"]
    return file.read_text(encoding="utf-8")


@pytest.fixture
def given(text):
    return json.loads(text)


def rehash(data):
    """Hash an edited certificate anew, as someone could who means to deceive."""
    for entry in data["statements"]:
        stated = {k: v for k, v in entry.items() if k not in ("sha256", "evidence", "evidence_sha256")}
        entry.update(sha256=digest(stated), evidence_sha256=digest(entry["evidence"]))
    data["sources"]["sha256"] = digest(data["sources"]["files"])
    data["sha256"] = digest({k: v for k, v in data.items() if k != "sha256"})
    return data


@pytest.fixture
def recheck(tmp_path, code_of):
    """Return a function that rechecks what a file holds and returns the exit code."""

    def run(content):
        file = tmp_path / "certificate.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return code_of(main, "recheck", file)

    return run


def test_it_has_every_verdict_and_its_evidence(given):
    assert [(entry["list"], entry["id"], entry["verdict"]) for entry in given["statements"]] == [
        ("paper", "T1.shift", "refuted"),
        ("paper", "T2.covariance", "refuted"),
        ("paper", "P1", "certified"),
        ("beyond", "R.mean-noise", "certified"),
    ]
    assert all(step["shown"] for entry in given["statements"] for step in entry["evidence"])
    assert given["made_with"]["tailbound"] == theory.__version__
    assert {"theory/verdicts/ledger.py", "theory/proofs/theorem1.py"} <= set(given["sources"]["files"])


def test_it_is_valid_by_its_schema_and_the_schema_by_its_own(given):
    schema = certificate.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(given, schema)
    assert schema["$defs"]["step"]["properties"]["level"]["enum"] == list(LEVELS)
    assert schema["properties"]["version"]["const"] == certificate.VERSION


def test_it_is_repeated(text, capsys, recheck):
    capsys.readouterr()
    assert recheck(text) == 0
    assert capsys.readouterr().out == (
        "4 statements: the certificate holds; every verdict was repeated by the same steps\n"
    )


def test_a_spelling_of_the_same_data_is_the_same_certificate(given, recheck):
    turned = json.dumps(dict(reversed(given.items())), ensure_ascii=True, indent=1)
    assert recheck(turned) == 0


def test_another_version_is_noted_and_the_verdicts_decide(given, capsys, recheck):
    given["made_with"].update(tailbound="9.9", numpy="0.1", extra="1")
    given["sources"]["files"]["theory/ledger.py"] = "0" * 64
    capsys.readouterr()
    assert recheck(rehash(given)) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "note: extra: none here, 1 in the certificate",
        f"note: numpy: {certificate._made_with()['numpy']} here, 0.1 in the certificate",
        f"note: tailbound: {theory.__version__} here, 9.9 in the certificate",
        "note: source files that differ: theory/ledger.py",
    ]


def set_verdict(data):
    data["statements"][0]["verdict"] = "certified"


def set_printed(data):
    data["statements"][0]["printed"] += " or so"


def set_summary(data):
    data["statements"][2]["summary"] = "holds everywhere"


def set_title(data):
    data["statements"][2]["title"] = "all is well"


def set_list(data):
    data["statements"][0]["list"] = "beyond"


def set_step(data):
    data["statements"][2]["evidence"][0]["detail"] = "it is so"


def set_shown(data):
    data["statements"][2]["evidence"][0]["shown"] = False


def drop_step(data):
    data["statements"][0]["evidence"].pop()


def set_id(data):
    data["statements"][3]["id"] = "R.other"


CHANGES = {
    set_verdict: "different: T1.shift: verdict is 'refuted', in the certificate 'certified'",
    set_printed: "different: T1.shift: printed is ",
    set_summary: "different: P1: summary is ",
    set_title: "different: P1: title is ",
    set_list: "different: T1.shift: list is 'paper', in the certificate 'beyond'",
    set_step: "different: P1: step 1 has detail ",
    set_shown: "different: P1: step 1 has shown True instead of False",
    drop_step: "different: T1.shift: 7 steps, in the certificate 6",
    set_id: "different: R.other: not a statement of this version of the library",
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_edited_certificate_that_was_hashed_anew_is_not_repeated(change, given, capsys, recheck):
    change(given)
    capsys.readouterr()
    assert recheck(rehash(given)) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith(CHANGES[change])
    assert last.endswith("the certificate does not hold here")


@pytest.mark.parametrize("gone", [("P1",), ("T1.shift", "R.mean-noise")])
def test_a_certificate_without_all_statements_does_not_hold(gone, given, capsys, recheck, tmp_path):
    given["statements"] = [entry for entry in given["statements"] if entry["id"] not in gone]
    capsys.readouterr()
    assert recheck(rehash(given)) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == [f"different: {name}: missing in the certificate" for name in gone]
    assert last == f"{4 - len(gone)} statements: the certificate does not hold here"
    found = certificate.recheck(certificate.read(tmp_path / "certificate.json"))
    assert not found.holds
    assert len(found.differences) == len(gone)


@pytest.mark.parametrize("change", CHANGES)
def test_an_edited_certificate_is_no_certificate(change, given, capsys, recheck):
    change(given)
    assert recheck(given) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "must be as it was written: the hash of " in error


def test_a_library_that_no_longer_shows_a_step_does_not_repeat_it(text, monkeypatch, capsys, recheck):
    broken = dataclasses.replace(FEW[2], proofs=(lambda: (Step("identity", "wrong", lambda: False),),))
    monkeypatch.setattr(certificate, "LEDGER", (*FEW[:2], broken))
    assert recheck(text) == 1
    assert "different: P1: verdict is 'undecided', in the certificate 'certified'" in capsys.readouterr().out


def bad_texts(text):
    yield from ("", "{}", "[]", "null", "NaN", '"\\ud800"', "[" * 100_000, "\x00", text[:-3], text[: len(text) // 2])
    yield text.replace('"version": 2', '"version": 1', 1)
    yield text.replace('"version": 2', '"version": true', 1)
    yield text.replace('"version": 2', '"version": 2, "version": 2', 1)
    yield text.replace('"version": 2', '"version": 2, "signed": "yes"', 1)
    yield text.replace('"refuted"', '"proved"', 1)
    yield text.replace("Delta", "delta", 1)
    yield text.replace('"shown": true', '"shown": false', 1)


def test_what_is_no_certificate_is_refused_in_one_line(text, capsys, recheck):
    capsys.readouterr()
    for content in bad_texts(text):
        assert recheck(content) == 2
        error = capsys.readouterr().err
        assert error.startswith("python -m theory: FILE=")
        assert error.count("\n") == 1


def test_a_list_with_a_statement_twice_is_refused(given, capsys, recheck):
    given["statements"].append(copy.deepcopy(given["statements"][0]))
    assert recheck(rehash(given)) == 2
    assert "must list each statement once" in capsys.readouterr().err


@pytest.mark.parametrize("file", [".", "missing.json"])
def test_files_that_cannot_be_read(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["recheck", file])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith(f"python -m theory: FILE={file!r}: must be a file that can be read: ")


def test_a_folder_is_refused_before_anything_is_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["verify", "--certificate", str(tmp_path)])
    assert stopped.value.code == 2
    assert "certificate=" in capsys.readouterr().err


def mutations(data, at=()):
    """Yield every certificate in which one value is of another kind, or a member is missing."""
    part = data
    for key in at:
        part = part[key]
    keys = part.keys() if isinstance(part, dict) else range(min(len(part), 1)) if isinstance(part, list) else ()
    for key in keys:
        for value in (None, 7, "text", [], {}, True):
            changed = copy.deepcopy(data)
            target = changed
            for step in at:
                target = target[step]
            target[key] = value
            yield changed
        if isinstance(part, dict):
            del target[key]
            yield changed
        yield from mutations(data, (*at, key))


def test_the_own_check_agrees_with_a_validator_of_json_schema(given):
    schema = certificate.schema()
    given["sources"]["files"] = dict(list(given["sources"]["files"].items())[:2])
    judge = jsonschema.Draft202012Validator(schema)
    verdicts = [(not first_fault(data, schema), judge.is_valid(data)) for data in mutations(given)]
    assert all(ours == theirs for ours, theirs in verdicts)
    assert {ours for ours, _ in verdicts} == {True, False}


def test_an_unknown_keyword_is_not_passed_over():
    with pytest.raises(NotImplementedError, match="maxItems"):
        first_fault([], {"maxItems": 1})


def test_the_schema_is_packaged():
    assert "certificate.schema.json" in Path(theory.__file__).parents[1].joinpath("setup.cfg").read_text()


def test_the_published_one_is_of_this_version_and_of_every_statement():
    file = Path(__file__).parents[3] / "figures" / "published" / "theory" / "certificate.json"
    found = certificate.read(file)
    assert found["made_with"]["tailbound"] == theory.__version__
    statements = {statement.id: statement for statement in (*LEDGER, *RESULTS)}
    assert [entry["id"] for entry in found["statements"]] == list(statements)
    for entry in found["statements"]:
        assert verdict_of(statements[entry["id"]], entry["evidence"]) == entry["verdict"]
