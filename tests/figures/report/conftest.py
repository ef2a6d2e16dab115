"""Results made up here: all verdicts without running a proof, one toy figure, tables and claims."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from empirical.claims import CLAIMS, Comparison, Table, as_printed, judge
from empirical.printed import TABLE1
from figures import ResultsError
from figures.report import pictures
from figures.style import entitle
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER, Finding, verdict_of

PREDICTED = next(claim.id for claim in CLAIMS if claim.ours)
HOSTILE = "<script>alert(1)</script> \"'&amp;\x00\ud800 --> <img src=x onerror=alert(1)>"


def finding(statement):
    """Return a finding with a step for each side; the first statement has one that is not shown."""
    step = {"level": "identity", "detail": "1 < 2 & 2 > 1", "shows": "holds", "shown": statement is not LEDGER[0]}
    steps = (step, {**step, "shows": "against"}) if statement.against else (step,)
    return Finding(statement, verdict_of(statement, steps), steps).as_dict()


def claim_finding(name, sign=1, text="toy"):
    """Return what ``verify --json`` writes of a claim with one comparison, confirmed or contradicted."""
    [claim] = [one for one in CLAIMS if one.id == name]
    measured = Comparison(text, {seed: sign * value for seed, value in enumerate((1.0, 1.25, 1.5))}, text)
    claim = dataclasses.replace(claim, place=text, printed=text, experiments=("toy",), measure=lambda _: [measured])
    return {**judge(claim, {"toy": Table("toy", ())}, "smoke").as_dict(), "as_printed": as_printed_of(name)}


def as_printed_of(name):
    """Return what the paper's own tables say to a claim, as the file has it."""
    own = as_printed(next(one for one in CLAIMS if one.id == name))
    return None if own is None else json.loads(json.dumps(dict(vars(own))))


def made(name, summary, **more):
    return {
        "command": f"python -m empirical run {name} --profile smoke",
        "arguments": {"profile": "smoke", "seeds": 3},
        "data": {"cifar10": {"classes": 10}},
        "versions": {"numpy": "2.0"},
        "platform": "Linux x86_64",
        "seconds": 1.5,
        "rows": 1,
        "summary": summary,
        **more,
    }


def write_results(folder, text="toy"):
    """Write a folder of results in which every text of an experiment or a claim holds ``text``."""
    cells = [
        {
            "data": "cifar10",
            "imbalance": ratio,
            "method": method,
            "pretrain": start,
            "last": 60 + ratio / 7,
            "spread": 1.5,
        }
        for ratio in (100, 10)
        for method in ("ce", "drw")
        for start in ("none", "rotation")
    ]
    norms = [{"data": text, "imbalance": 20, "method": "ce", "std_100": 12.345, "spread": None, "printed": None}]
    judged = [claim_finding("E1.flat", text=text), claim_finding("E2.linear", -1), claim_finding(PREDICTED, -1, text)]
    cell = {"table": "Table 1", "profile": "smoke", "data": "cifar10", "imbalance": 100, "method": "ce"}
    cell |= {"pretrain": "none", "printed": TABLE1["cifar10"]["ce", "none"][0], "seeds": 1, "mean": 60.0}
    cell |= {"low": None, "high": None, "verdict": "not comparable: other scale"}
    claims = {"claims": [*judged, "not a claim"], "published": [cell]}
    contents = {
        "ledger": [finding(s) for s in LEDGER],
        "beyond": [finding(s) for s in RESULTS],
        "rebalance": made("rebalance", cells),
        "norms": made(text, norms, command=text, versions={text: text}, platform=text, data={text: [text]}),
        "claims": claims,
    }
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def toy(title, draw):
    return SimpleNamespace(title=title, draw=draw, command=lambda results: "python -m toy")


def draw(results):
    fig = Figure(figsize=(3, 2))
    fig.subplots().plot([0, 1], [1, 0])
    entitle(fig, "A line", "It is straight.")
    return fig


def lacking(results):
    raise ResultsError(f"results={str(results)!r}: must hold b.csv; make them with: python -m b --out {results}")


@pytest.fixture(scope="session")
def toys():
    """Two figures: one that can be drawn and one that lacks its data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "FIGURES", {"a": toy("A line that falls", draw), "b": toy("Another", lacking)})
        yield


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    binary = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs Chromium and its driver on PATH, in Debian: apt-get install chromium chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "window-size=1200,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()
