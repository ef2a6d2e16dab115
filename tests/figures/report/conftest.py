"""Results made up here: all verdicts without running a proof, one toy figure, tables and claims."""

import json
import shutil
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from figures import ResultsError
from figures.report import pictures
from figures.style import entitle
from theory.verdicts.beyond import RESULTS
from theory.verdicts.ledger import LEDGER, Finding

HOSTILE = "<script>alert(1)</script> \"'&amp;\x00\ud800 --> <img src=x onerror=alert(1)>"


def finding(statement):
    step = {"level": "identity", "detail": "1 < 2 & 2 > 1", "shows": "holds", "shown": True}
    against = {**step, "shows": "against", "shown": False}
    verdict = "refuted" if statement.against else "certified"
    return Finding(statement, verdict, (step, against)).as_dict()


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
    comparisons = [{"label": text, "values": {"0": 1.25, "1": None}}]
    claim = {"id": text, "place": text, "printed": text, "verdict": text, "comparisons": comparisons, "missing": []}
    others = [{"id": "E1", "verdict": "confirmed"}, {"id": "N1.toy", "verdict": "contradicted", "predicted": text}]
    claims = {"claims": [claim, *others, "not a claim"], "published": [{text: text}]}
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
