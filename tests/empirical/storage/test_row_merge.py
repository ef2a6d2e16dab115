"""Rows of one table from those of several: nothing is lost, nothing comes twice, and nothing that differs passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.storage.row_merge import Columns, Part, merge_rows

COLUMNS = Columns(names=("data", "seed", "run", "label", "told", "recall"), key=("run", "label"), outcome=("recall",))


def blank(run):
    return {"data": "toy", "seed": int(run), "run": run, "label": None, "told": None, "recall": None}


def rows_of(run, labels):
    return [{**blank(run), "label": label, "told": label / 8, "recall": (label + int(run)) / 64} for label in labels]


def merged(*tables, rank=lambda row: (row["seed"],)):
    return merge_rows(COLUMNS, [Part(f"part {i}", rows) for i, rows in enumerate(tables)], rank)


def as_a_set(rows):
    return {tuple(row.items()) for row in rows}


@st.composite
def splits(draw, absent):
    """A table, its runs in the order of their seeds, and the tables of several machines that have all runs together.

    A machine has a run measured, or as a blank row, or, where ``absent`` is true, not at all.
    """
    runs = [str(run) for run in range(draw(st.integers(1, 6)))]
    labels = {run: range(draw(st.integers(1, 3))) for run in runs}
    machines = draw(st.integers(1, 4))
    has = {run: draw(st.sets(st.integers(0, machines - 1), min_size=1)) for run in runs}
    tables = []
    for machine in range(machines):
        rows = []
        for run in runs:
            if machine in has[run]:
                rows += rows_of(run, labels[run])
            elif not absent or draw(st.booleans()):
                rows.append(blank(run))
        tables.append(rows)
    return [row for run in runs for row in rows_of(run, labels[run])], [rows for rows in tables if rows]


@pytest.mark.parametrize("absent", [False, True])
@given(st.data())
def test_a_table_that_was_split_by_runs_is_whole_again(absent, data):
    whole, parts = data.draw(splits(absent))
    assert merged(*parts) == whole


@given(splits(True), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_changes_no_row_and_a_second_merge_nothing(split, random):
    whole, parts = split
    some = parts[: max(1, len(parts) - 1)]
    first = merged(*some, rank=lambda row: ())
    assert merged(first, first, rank=lambda row: ()) == first
    assert merged(first, *some, rank=lambda row: ()) == first
    shuffled = random.sample(some, len(some))
    assert as_a_set(merged(*shuffled, rank=lambda row: ())) == as_a_set(first)
    assert as_a_set(merged(merged(*some[:1]), *some[1:])) == as_a_set(first)
    assert as_a_set(merged(*parts)) == as_a_set(whole)


@given(splits(False), st.sampled_from(["data", "seed", "told", "recall"]), st.data())
def test_a_cell_that_differs_is_named_with_both_values_and_places(split, column, data):
    whole, _ = split
    at = data.draw(st.integers(0, len(whole) - 1))
    other = [dict(row) for row in whole]
    other[at][column] = 9
    with pytest.raises(
        ValueError, match=rf"^{column} is {whole[at][column]} in part 0 and 9 in part 1 for run "
    ) as said:
        merged(whole, other)
    assert f"label {whole[at]['label']}" in str(said.value)


def test_rows_without_an_order_come_after_those_that_they_follow():
    one = [*rows_of("5", [0]), blank("1"), *rows_of("3", [0])]
    other = [row for run in ("9", "1", "7") for row in rows_of(run, [0, 1][: 1 + (run == "1")])]
    other += [blank("3"), *rows_of("0", [0])]
    assert [row["run"] for row in merged(one, other)] == ["5", "9", "1", "1", "7", "3", "0"]
    assert [row["run"] for row in merged(rows_of("2", [0]), rows_of("1", [0]))] == ["1", "2"]


def test_a_prediction_gives_way_to_what_came_of_it_but_not_to_another():
    told = {**rows_of("1", [0])[0], "recall": None}
    [done] = rows_of("1", [0])
    assert merged([told], [done]) == merged([done], [told]) == [done]
    assert merged([blank("1")], [told]) == merged([told], [blank("1")]) == [told]
    for pair in ([{**told, "told": 0.7}], [done]), ([done], [{**told, "told": 0.7}]):
        with pytest.raises(ValueError, match="told is"):
            merged(*pair)


def test_an_empty_cell_of_a_finished_row_is_no_gap_but_a_column_that_is_lacking_is():
    [done] = rows_of("1", [0])
    empty = {**done, "told": None}
    with pytest.raises(ValueError, match="told is None in part 0 and 0.0 in part 1"):
        merged([empty], [done])
    older = Part("older", [empty], frozenset({"told"}))
    newer, odd = Part("newer", [done]), Part("odd", [{**done, "told": 0.5}])
    for parts in ([older, newer], [newer, older], [older, newer, older]):
        assert merge_rows(COLUMNS, parts, lambda row: ()) == [done]
    for parts in ([older, newer, odd], [older, Part("empty", [empty]), newer]):
        with pytest.raises(ValueError, match="told is"):
            merge_rows(COLUMNS, parts, lambda row: ())


def test_a_part_that_has_a_row_twice_is_refused():
    with pytest.raises(ValueError, match="part 0: two rows have run 1, label 0"):
        merged([*rows_of("1", [0]), {**rows_of("1", [0])[0], "recall": 0.9}])


def test_a_finished_row_gives_way_to_none_though_its_key_has_an_empty_cell():
    columns = Columns(names=("run", "label", "recall"), key=("run", "label"), outcome=("recall",))
    rows = [{"run": "a", "label": None, "recall": 0.5}], [{"run": "a", "label": 0, "recall": 0.7}]
    found = merge_rows(columns, [Part("here", rows[0]), Part("there", rows[1])], lambda row: ())
    assert sorted(row["recall"] for row in found) == [0.5, 0.7]
