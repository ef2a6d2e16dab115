"""What the tests of figures share."""

import csv
import json
import math
import re
from functools import partial
from itertools import combinations

import pytest

from figures import FIGURES, ResultsError
from figures.commands import main
from figures.style import caption


@pytest.fixture(scope="session")
def exit_code(code_of):
    """Return a function that runs ``python -m figures`` and returns its exit code."""
    return partial(code_of, main)


def _overlap(one, other):
    """Return whether two labels of an axis overlap; slanted ones end side by side, as far apart as their lines."""
    boxes = one.get_window_extent(), other.get_window_extent()
    if not one.get_rotation():
        return boxes[0].overlaps(boxes[1])
    apart = abs(boxes[0].x1 - boxes[1].x1) * math.sin(math.radians(one.get_rotation()))
    return apart < one.get_fontsize() * one.get_figure().dpi / 72


@pytest.fixture(scope="session")
def assert_inside():
    """Return a function that asserts that nothing of a figure is cut off, and no title or number is covered."""

    def inside(fig):
        fig.draw_without_rendering()
        for part in [*fig.axes, *fig.legends]:
            box = part.get_tightbbox()
            assert fig.bbox.x0 <= box.x0 < box.x1 <= fig.bbox.x1
            assert fig.bbox.y0 <= box.y0 < box.y1 <= fig.bbox.y1
        title = fig._suptitle.get_window_extent()
        assert fig.bbox.x0 <= title.x0 < title.x1 <= fig.bbox.x1
        assert title.y1 <= fig.bbox.y1
        assert fig.get_suptitle().count("\n") <= 1
        assert not any(title.overlaps(ax.get_tightbbox()) for ax in fig.axes if ax.axison)
        for axis in (axis for ax in fig.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)):
            low, high = sorted(axis.get_view_interval())
            labels = (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)
            shown = [label for label in labels if label.get_visible() and label.get_text()]
            assert not any(_overlap(one, other) for one, other in combinations(shown, 2))

    return inside


@pytest.fixture(scope="session")
def title():
    """Return a function that returns the title of a figure in one line."""
    return lambda fig: " ".join(fig.get_suptitle().split())


@pytest.fixture(scope="session")
def write():
    """Return a function that writes the tables of an experiment, and how they were made."""

    def write(folder, name, rows, *, profile="paper", further=None, **made):
        rows = list({tuple(row.items()): row for row in rows}.values())  # a missing run has one empty row
        further = further or {}
        for file, content in ((name, rows), *((f"{name}-{key}", table) for key, table in further.items())):
            with (folder / f"{file}.csv").open("w", newline="") as out:
                writer = csv.DictWriter(out, list(content[0]))
                writer.writeheader()
                writer.writerows(content)
        usual = {"command": f"python -m empirical run {name}", "arguments": {"profile": profile}, "rows": len(rows)}
        usual["further"] = {key: len(table) for key, table in further.items()}
        (folder / f"{name}.json").write_text(json.dumps(usual | made))

    return write


@pytest.fixture(scope="session")
def assert_complete(assert_inside):
    """Return a function that asserts that a figure shows all of complete results, and returns the figure."""

    def complete(name, folder, profile="paper", command=None):
        fig = FIGURES[name].draw(folder)
        assert f"profile {profile}" in " ".join(caption(fig, "").split())
        assert not fig.get_supxlabel()
        assert_inside(fig)
        assert FIGURES[name].command(folder) == (command or f"python -m empirical run {name}")
        return fig

    return complete


@pytest.fixture(scope="session")
def assert_refused():
    """Return a function that asserts that results without a file, or a broken one, are refused in a useful line."""

    def refused(name, folder, file):
        path = folder / file
        path.unlink()
        for content in (None, "", "{}", "[]", "data,imbalance\n1,2\n", "\x00"):
            if content is not None:
                path.write_text(content)
            for function in (FIGURES[name].draw, FIGURES[name].command):
                with pytest.raises(ResultsError) as raised:
                    function(folder)
                own = file.partition(".")[0]
                again = rf"results=.*: must hold .*; make them with: python -m empirical run {own} (--.* )?--out .*"
                assert re.fullmatch(again, str(raised.value))

    return refused
