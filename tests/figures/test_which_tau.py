"""The figure of which-tau, from results made up here."""

from itertools import product

from figures import which_tau

RULES = ("none", "likelihood", "swept", "tau 1", "retrained head")


def rows(missing=False):
    for method, ratio, fraction, (k, rule) in product(("ce", "drw"), (100, 10), (0.1, 0.02), enumerate(RULES)):
        yield {
            **{"data": "cifar10", "imbalance": ratio, "method": method, "fraction": fraction, "rule": rule},
            **{"images": round(12_406 * fraction), "draws": 20, "tau": None, "lost": k - 0.5, "lost_95": k + 0.5},
            "run": f"{method}{ratio}",
        }
    yield {
        **{"data": "logits", "imbalance": 50, "method": None, "fraction": 0.1, "rule": "none", "images": 100},
        **{"draws": 20, "tau": 0.0, "lost": 3.0, "lost_95": 4.0, "run": "logits.npz"},
    }
    if missing:
        empty = dict.fromkeys(("fraction", "rule", "images", "draws", "tau", "lost", "lost_95"))
        yield {"data": "cifar10", "imbalance": 100, "method": "rs", "run": "rs100", **empty}


def test_the_title_is_of_the_largest_split(tmp_path, write, title):
    table = [row if row["fraction"] == 0.1 else {**row, "lost": 50} for row in rows()]
    write(tmp_path, "which-tau", table)
    assert title(which_tau.draw(tmp_path)) == (
        "Choosing tau by likelihood loses 0.5 points, by a sweep on the same split 1.5, mean over the networks"
    )
    write(tmp_path, "which-tau", [row for row in table if row["rule"] != "swept"])
    assert title(which_tau.draw(tmp_path)) == "Points lost by rules that choose tau on a long-tailed split"


def test_a_point_for_each_rule_and_network(tmp_path, write):
    write(tmp_path, "which-tau", list(rows()))
    left, right = which_tau.draw(tmp_path).axes[:2]
    assert [label.get_text() for label in left.get_xticklabels()] == [
        *("no correction", "likelihood", "sweep", "tau = 1", "re-trained head")
    ]
    names = left.get_legend_handles_labels()[1]
    assert names == [
        *(f"{name}, {r}" for name in ("CE", "CE + DRW") for r in (100, 10)),
        "logits, 50",
    ]
    drawn = {line.get_label(): list(line.get_ydata()) for line in left.lines}
    assert drawn["CE, 100"] == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert drawn["logits, 50"] == [3.0]
    assert [list(line.get_xdata()) for line in right.lines if line.get_label() == "likelihood"] == [[2.0, 10.0]]


def test_missing_runs_are_named_and_empty_cells_are_not_missing(tmp_path, write):
    write(tmp_path, "which-tau", list(rows(missing=True)))
    assert "1 of 6 runs are missing" in which_tau.draw(tmp_path).get_supxlabel().replace("\n", " ")
    write(tmp_path, "which-tau", list(rows()))
    assert which_tau.draw(tmp_path).get_supxlabel() == ""
