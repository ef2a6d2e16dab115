"""The figures of the experiments on frozen features, from results made up here."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from figures import FIGURES, network_pairs, similarity_or_number
from theory.theorem2 import minority_recall

NAMES = ("network-pairs", "network-pairs-errors", "network-pairs-line", "similarity-or-number")
CLASSES = ("ant", "bee", "cow", "dog")
RATIOS = (1, 10, 100)
KINDS = (("lda", "relu"), ("lda", "sqrt"), ("head", "relu"), ("network", "own"))
LAWS = ("theorem2", "finite", "variances", "covariances", "together", "scores", "moments")


def experiment(name):
    """Return the experiment whose results a figure draws."""
    return "network-pairs" if name.startswith("network-pairs") else name


def table(name):
    rows = []
    for kind in KINDS if name.startswith("network-pairs") else KINDS[:1]:
        for i, minority in enumerate(CLASSES):
            for j, majority in enumerate(CLASSES):
                for ratio in RATIOS if i != j else ():
                    separation = 1.0 + abs(i - j) + 0.05 * (i + j)
                    recall = float(minority_recall(separation, ratio))
                    rows.append(
                        {
                            "data": "toy",
                            "classifier": kind[0],
                            "features": kind[1],
                            "majority": majority,
                            "minority": minority,
                            "imbalance": ratio,
                            "n_pos": 100,
                            "n_neg": 100 // ratio,
                            "separation": separation,
                            "theorem2": recall,
                            "finite": recall if kind[0] == "lda" else "",
                            "measured": recall,
                            "group": {1: "similar", 2: "between", 3: "dissimilar"}[abs(i - j)],
                            "run": f"{kind[0]}-{kind[1]}",
                        }
                    )
    return rows


def summary(name):
    if name.startswith("network-pairs"):
        return [
            {"data": "toy", "classifier": kind[0], "features": kind[1], "law": law, "imbalance": ratio}
            | {"mae": 1.0 + i, "correlation": 0.98}
            for kind in KINDS
            for i, law in enumerate(LAWS if kind[0] == "lda" else LAWS[:1])
            for ratio in (*RATIOS, None)
        ]
    return [
        {"data": "toy", "imbalance": ratio, "source": source, "number": 20.0 + i, "similarity": 10.0}
        | {"drop": 30.0 + i, "share": 66.7}
        for ratio in RATIOS[1:]
        for i, source in enumerate(("measured", "theorem2", "finite"))
    ]


@pytest.fixture
def put(tmp_path, write):
    """Return a function that writes the tables of an experiment with its summary, or another one."""

    def put(name, rows, parts=None):
        write(tmp_path, experiment(name), rows, profile="cpu", summary=summary(name) if parts is None else parts)

    return put


@pytest.fixture(params=NAMES)
def results(request, tmp_path, put):
    put(request.param, table(request.param))
    return tmp_path, request.param


def test_all_of_it_is_inside_and_nothing_is_missing(results, assert_complete):
    folder, name = results
    assert_complete(name, folder, profile="cpu", command=f"python -m empirical run {experiment(name)}")


def test_titles_say_the_numbers(tmp_path, put, title):
    rows = table("network-pairs")
    put("network-pairs", rows)
    line = "Number and similarity of classes act on one axis, {} from Theorem 2's line on average"
    assert title(network_pairs.draw_line(tmp_path)) == line.format("0.00")
    for row in rows:
        row["measured"] = float(ndtr(ndtri(row["measured"]) - 0.25 * row["separation"]))
    put("network-pairs", rows)
    assert title(network_pairs.draw_line(tmp_path)) == line.format("0.25")
    rows, parts = table("similarity-or-number"), summary("similarity-or-number")
    parts[0]["share"] = 55.4
    put("similarity-or-number", rows, parts)
    assert title(similarity_or_number.draw(tmp_path)) == (
        "Number has 55 to 67 % of a minority's drop in recall, similarity the rest"
    )
    put("similarity-or-number", rows, [{**part, "share": None} for part in parts])
    assert title(similarity_or_number.draw(tmp_path)) == "A minority's drop in recall: due to number or to similarity"


def test_of_two_data_sets_the_first_is_drawn_and_named(tmp_path, assert_inside, put):
    long = "gaussian:separation=1.5,classes=4,train=1000,test=1000"
    rows = [{**row, "data": name} for name in (long, "toy") for row in table("network-pairs")]
    parts = [{**part, "data": name} for name in (long, "toy") for part in summary("network-pairs")]
    put("network-pairs", rows, parts)
    fig = network_pairs.draw(tmp_path)
    assert_inside(fig)
    assert "Data set gaussian, the first of 2." in fig.get_label()


def test_missing_runs_are_noted(results, put, assert_inside):
    folder, name = results
    rows = [{**row, "measured": "" if row["run"] == "lda-relu" else row["measured"]} for row in table(name)]
    put(name, rows)
    fig = FIGURES[name].draw(folder)
    total = len({row["run"] for row in rows})
    assert fig.get_supxlabel().startswith(f"1 of {total} runs are missing; the same command trains them: python -m")
    blank = {key: value if key in ("data", "run") else "" for key, value in rows[0].items()}
    put(name, [blank], [{"missing": 1}])
    fig = FIGURES[name].draw(folder)
    assert fig.get_supxlabel().startswith("1 of 1 runs are missing")
    assert_inside(fig)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_missing_and_broken_results(results, assert_refused, kind):
    folder, name = results
    assert_refused(name, folder, f"{experiment(name)}.{kind}")


def test_exact_theory_lies_on_the_diagonal_and_on_the_line(tmp_path, put):
    put("network-pairs", table("network-pairs"))
    fig = network_pairs.draw(tmp_path)
    panels = {ax.get_title(): ax for ax in fig.axes}
    for title in ("LDA on features", "networks from scratch"):
        _, *clouds = panels[title].lines
        assert "mean error\n0.0 points" in [text.get_text() for text in panels[title].texts]
        assert [len(cloud.get_xdata()) for cloud in clouds] == [12, 12, 12]
        for cloud in clouds:
            assert cloud.get_xdata() == pytest.approx(cloud.get_ydata())
    line = network_pairs.draw_line(tmp_path).axes[1]
    [theory] = line.lines
    for dots in line.collections:
        x, y = np.asarray(dots.get_offsets()).T
        assert y == pytest.approx(0.5 - x)
        assert len(x) == 36
    assert theory.get_ydata() == pytest.approx(0.5 - np.array(theory.get_xdata()))


def test_errors_of_the_laws_are_those_of_the_summary(tmp_path, put):
    put("network-pairs", table("network-pairs"))
    panels = {ax.get_title(): ax for ax in network_pairs.draw_errors(tmp_path).axes}
    lines = panels["LDA on square roots of features"].lines
    assert [line.get_ydata()[0] for line in lines] == [1 + i for i in range(len(LAWS))]


def test_a_recall_of_0_or_1_is_left_out_of_the_line(tmp_path, put):
    rows = table("network-pairs")
    rows[0]["measured"], rows[1]["measured"] = 0, 1
    put("network-pairs", rows)
    assert len(network_pairs.draw_line(tmp_path).axes[1].collections[0].get_offsets()) == 34


def test_the_parts_of_the_drop_are_stacked(tmp_path, put):
    put("similarity-or-number", table("similarity-or-number"))
    fig = similarity_or_number.draw(tmp_path)
    [ax] = [ax for ax in fig.axes if ax.get_title() == "The drop and its parts"]
    bars = [[(bar.get_y(), bar.get_height()) for bar in container] for container in ax.containers]
    assert bars == [[(low, height)] * 2 for i in range(3) for low, height in ((0, 20.0 + i), (20.0 + i, 10.0))]


def test_recalls_of_the_groups_are_means(tmp_path, put):
    rows = table("similarity-or-number")
    put("similarity-or-number", rows)
    fig = similarity_or_number.draw(tmp_path)
    [ax] = [ax for ax in fig.axes if ax.get_title() == "Recall of the two groups"]
    for container, group in zip(ax.containers, ("similar", "dissimilar"), strict=True):
        by_class = [
            np.mean([row["measured"] for row in rows if (row["group"], row["imbalance"], row["minority"]) == key])
            for key in ((group, 100, name) for name in CLASSES)
            if any((row["group"], row["imbalance"], row["minority"]) == key for row in rows)
        ]
        assert container.lines[0].get_ydata()[-1] == pytest.approx(np.mean(by_class))
