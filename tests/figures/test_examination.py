"""The figure and the page of an examination: what is on them, from Python and from the command line."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

import empirical
from figures import ResultsError, examination
from figures.report.examination import page


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 60)
    features = rng.normal(size=(180, 4)) + 2 * np.eye(3, 4)[labels]
    names = ["<cat>", "dog & fox", "bird"]
    weight = np.eye(3, 4) * [[3.0], [2.0], [1.5]]
    return empirical.examine(features=features, labels=labels, weight=weight, counts=[90, 30, 9], class_names=names)


def titles(fig):
    return [ax.get_title() for ax in fig.axes if ax.get_title()]


def test_a_panel_for_each_table(found):
    assert [len(titles(found.figure(part))) for part in ("recall", "corrections")] == [4, 2]
    few = empirical.examine(logits=np.eye(2)[[0, 1, 0, 1]], labels=[0, 1, 0, 1])
    assert [len(titles(few.figure(part))) for part in ("recall", "corrections")] == [1, 2]
    with pytest.raises(ValueError, match="part='gap'"):
        found.figure("gap")


def test_recalls_are_drawn_with_the_most_frequent_class_first(found):
    ax = found.figure().axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["<cat>", "dog & fox", "bird"]
    measured = ax.containers[0].lines[0].get_ydata()
    assert measured.tolist() == [row.recall for row in found.classes]
    predicted = next(line for line in ax.lines if line.get_label() == "theory, at its counts").get_ydata()
    assert list(predicted) == [row.predicted for row in found.losses]


def test_of_many_classes_none_is_named():
    labels = np.arange(90) % 30
    fig = empirical.examine(logits=np.eye(30)[labels], labels=labels, counts=np.arange(30, 0, -1)).figure()
    assert fig.axes[0].get_xlabel() == "class, the most frequent first"


class Seen(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.text, self.ids, self.links, self.sources = [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found["id"]} if "id" in found else set()
        self.links += [found["href"]] if "href" in found else []
        self.sources += [found["src"]] if "src" in found else []

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_says_what_the_terminal_says_and_loads_nothing(found, tmp_path):
    text = found.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    seen = Seen(text)
    assert all(link.removeprefix("#") in seen.ids for link in seen.links)
    assert all(source.startswith("data:") for source in seen.sources)
    shown = " ".join(" ".join(seen.text).split())
    said = [line.strip() for line in repr(found).splitlines() if line.startswith("   ")]
    assert len(said) > 15
    assert [line for line in said if not line.startswith("Needs") and " ".join(line.split()) not in shown] == []
    assert "dog & fox" in shown
    assert "<cat>" not in text
    for table in found.to_dict()["tables"].values():
        for meaning in table["columns"].values():
            assert " ".join(meaning.split()) in shown or table["section"] == 0


def test_the_same_examination_gives_the_same_page(found):
    made = json.loads(found.to_json())
    assert page(made) == page(made)


def test_titles_say_the_recall_with_corrections_and_the_gap(found, title):
    made = json.loads(found.to_json())
    rows = made["tables"]["corrections"]["rows"] = made["tables"]["corrections"]["rows"][:3]
    for row, accuracy in zip(rows, (71.9, 70.04, 80.41), strict=True):
        row.update(accuracy=accuracy, low=accuracy - 1, high=accuracy + 1)
    assert rows[0]["correction"] == "as trained"
    assert title(examination.draw_tables(made, "corrections")) == (
        "Mean recall is 71.9 % as trained, 70.0 to 80.4 % with corrections"
    )
    del made["tables"]["corrections"]
    assert title(examination.draw_tables(made, "corrections")) == "Corrections and calibration of this network"
    [gap] = [row for row in made["tables"]["gap"]["rows"] if row["part"] == "gap"]
    gap.update(points=-2.5, low=-4.0, high=-1.0)
    assert title(examination.draw_tables(made)) == "Frequent classes have 2.5 points less recall than rare ones"


def test_from_results(found, tmp_path):
    found.to_json(tmp_path / "examination.json")
    assert len(titles(examination.draw(tmp_path))) == 4
    assert len(titles(examination.draw_corrections(tmp_path))) == 2
    assert examination.command(tmp_path).startswith("python -m empirical examine")


BROKEN = {
    "nothing": None,
    "torn": "{",
    "other": "[]",
    "no tables": '{"about": {"classes": 3}, "sections": {}}',
    "a column lacks": '{"about": {"classes": 3}, "sections": {}, "tables": {"classes": {"rows": [{"label": 0}]}}}',
    "nothing to draw": '{"about": {"classes": 3}, "sections": {}, "tables": {}}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_results_that_cannot_be_drawn(tmp_path, name):
    if BROKEN[name] is not None:
        (tmp_path / "examination.json").write_text(BROKEN[name])
    with pytest.raises(ResultsError, match="make them with: python -m empirical examine"):
        examination.draw(tmp_path)
