import csv
import json

import numpy as np
import pytest

from empirical.storage.digests import digest
from figures import ResultsError
from figures.pairs import command, draw
from theory.theorem2 import minority_recall

COMMAND = "python -m empirical run pairs --data toy"
NAMES = ("ant", "bee", "cow", "dog")
IMBALANCES = (1, 5, 20)


@pytest.fixture
def results(tmp_path):
    """Results of four classes whose separation grows with the distance in the alphabet."""
    rows, summary = [], []
    for components in (2, 3):
        for i, minority in enumerate(NAMES):
            for j, majority in enumerate(NAMES):
                for imbalance in IMBALANCES if i != j else ():
                    separation = 1.0 * abs(i - j) + 0.1 * (i + j) + components / 100
                    predicted = float(minority_recall(separation, imbalance))
                    measured = predicted + 0.02 * (i - j)
                    rows.append(
                        {
                            "components": components,
                            "majority": majority,
                            "minority": minority,
                            "imbalance": imbalance,
                            "separation": separation,
                            "predicted": predicted,
                            "measured": measured,
                            "low": measured - 0.01,
                            "high": measured + 0.03,
                        }
                    )
        summary += [
            {"components": components, "imbalance": imbalance, "mae": 3.21, "bias": 0.0, "correlation": None}
            for imbalance in IMBALANCES
        ]
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    made = {
        "command": COMMAND,
        "arguments": {"data": "toy"},
        "data": {"name": "toy"},
        "rows": len(rows),
        "summary": summary,
    }
    (tmp_path / "pairs.json").write_text(json.dumps(made))
    return tmp_path


def read(results):
    with (results / "pairs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_agreement_panels(results):
    fig = draw(results)
    assert len(fig.axes) == 4
    assert not fig.axes[-1].axison
    for ax, components in zip(fig.axes, (2, 3), strict=False):
        diagonal, *clouds = ax.lines
        assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
        assert len(clouds) == len(IMBALANCES)
        for cloud, imbalance in zip(clouds, IMBALANCES, strict=True):
            rows = [
                row
                for row in read(results)
                if (int(row["components"]), int(row["imbalance"])) == (components, imbalance)
            ]
            assert cloud.get_xdata() == pytest.approx([float(row["predicted"]) for row in rows])
            assert cloud.get_ydata() == pytest.approx([float(row["measured"]) for row in rows])
            assert cloud.get_label() == str(imbalance)
        assert "predicted" in ax.get_xlabel()
        assert "measured" in ax.get_ylabel()
    assert "2 components: 1: 3.2, -, 5: 3.2, -, 20: 3.2, -." in fig.get_label()


def test_recall_panel_shows_pairs_by_rank_of_separation(results):
    ax = draw(results).axes[2]
    curves = [line for line in ax.lines if not line.get_label().startswith("_")]
    # Of the six pairs, at 3 components, by separation: the 1st, 3rd, 4th and 6th.
    assert [line.get_label() for line in curves] == [
        "ant and bee, M = 1.1",
        "cow and dog, M = 1.5",
        "ant and cow, M = 2.2",
        "ant and dog, M = 3.3",
    ]
    for curve, separation in zip(curves, (1.13, 1.53, 2.23, 3.33), strict=True):
        assert curve.get_ydata() == pytest.approx(minority_recall(separation, curve.get_xdata()))
        assert (curve.get_xdata()[0], curve.get_xdata()[-1]) == pytest.approx((1, 20))
    assert ax.get_xscale() == "log"
    assert len(ax.containers) == 8
    points, _, [bars] = ax.containers[0].lines
    own = [row for row in read(results) if (row["components"], row["minority"], row["majority"]) == ("3", "ant", "bee")]
    assert points.get_ydata() == pytest.approx([float(row["measured"]) for row in own])
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [
        pytest.approx([float(row["low"]), float(row["high"])]) for row in own
    ]


def test_nothing_is_cut_off(results, assert_inside):
    assert_inside(draw(results))


def test_command(results):
    assert command(results) == COMMAND


@pytest.mark.parametrize("file", ["pairs.csv", "pairs.json"])
def test_missing_and_broken_results(results, assert_refused, file):
    assert_refused("pairs", results, file)


def test_results_of_two_runs_are_refused(results):
    made = json.loads((results / "pairs.json").read_text())
    (results / "pairs.json").write_text(json.dumps({**made, "rows": made["rows"] - 1}))
    with pytest.raises(ResultsError, match="one run of the experiment"):
        draw(results)


def test_a_table_that_was_altered_or_torn_is_refused(results):
    table, made = results / "pairs.csv", json.loads((results / "pairs.json").read_text())
    whole = table.read_bytes()
    (results / "pairs.json").write_text(json.dumps({**made, "sha256": {"pairs": digest(whole)}}))
    draw(results)
    for other in (whole[:-2], whole.replace(b"0.", b"1.", 1)):
        table.write_bytes(other)
        with pytest.raises(ResultsError, match="one run of the experiment"):
            draw(results)
