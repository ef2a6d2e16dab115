"""The note on missing runs: below all else, over nothing."""

from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from figures.results import Results, caption_text, note_missing
from figures.style import styled

LONG = "python -m empirical run toy " + 12 * "--option value "


def noted(rows, legend, command=LONG):
    with styled():
        fig = Figure(figsize=(6, 3))
        ax = fig.subplots()
        ax.plot([0, 1], [0, 1], label="a line")
        ax.set_xlabel("what it is")
        if legend:
            fig.legend(loc="outside lower center")
        note_missing(fig, Results(rows, {"command": command}, ("x",)))
        fig.draw_without_rendering()
    return fig, ax


@pytest.mark.parametrize("command", ["python -m toy", LONG])
@pytest.mark.parametrize("legend", [False, True])
def test_the_note_lies_below_the_legend_and_that_below_the_axes(legend, command):
    fig, ax = noted([{"run": "a", "x": None}, {"run": "b", "x": 1}], legend, command)
    assert fig.get_supxlabel().startswith("1 of 2 runs are missing")
    parts = [ax.get_tightbbox(), *(box.get_window_extent() for box in fig.legends), fig._supxlabel.get_window_extent()]
    for above, below in pairwise(parts):
        assert above.y0 > below.y1
    assert parts[-1].y0 >= fig.bbox.y0
    plain = noted([{"run": "a", "x": 1}], legend)[1]
    assert ax.get_window_extent().height >= 0.9 * plain.get_window_extent().height


def test_there_is_no_note_where_nothing_is_missing():
    fig, _ = noted([{"run": "a", "x": 1}], legend=True)
    assert not fig.get_supxlabel()
    assert fig.get_size_inches().tolist() == [6, 3]


def test_a_finished_run_may_have_empty_cells_and_a_merged_table_names_the_command_of_a_part():
    rows = [{"run": "a", "x": 1.0, "class_name": None}, {"run": "b", "x": None, "class_name": None}]
    fig = Figure(figsize=(6, 3), layout="constrained")
    fig.subplots().plot([0, 1], [0, 1])
    made = {"command": "merge", "parts": [{"command": "one"}, {"command": "two"}]}
    note_missing(fig, Results(rows, made, ("x",)))
    assert fig.get_supxlabel() == "1 of 2 runs are missing; the same command trains them: two"


def test_a_caption_counts_the_runs_that_are_finished():
    rows = [{"run": "a", "seed": 0, "x": 1.0}, {"run": "b", "seed": 0, "x": None}, {"run": "c", "seed": 1, "x": None}]
    assert caption_text(Results(rows, {}, ("x",)), "Text.") == "Text. n = 1 run, 1 seed."
