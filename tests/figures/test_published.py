"""The published figures: drawn from the tables beside them, legible at the width of a column, at most four panels."""

from pathlib import Path

import pytest
from matplotlib.text import Text

from figures import FIGURES
from figures.style import WIDTHS, caption

PUBLISHED = Path(__file__).parents[2] / "figures" / "published"
DRAWN = sorted(path.relative_to(PUBLISHED).as_posix() for path in PUBLISHED.rglob("*.png"))


@pytest.mark.parametrize("place", DRAWN)
def test_a_published_figure_is_that_of_its_table(place, assert_inside):
    path = PUBLISHED / place
    drawing = FIGURES[path.stem]
    fig = drawing.draw(path.parent)
    said = path.with_suffix(".txt").read_text(encoding="utf-8")
    again = f"tailbound figures {path.stem} --results {path.parent} --out {path.parent} --format png --dpi 200"
    assert caption(fig, drawing.command(path.parent)) == said, f"draw it again: {again}"
    assert fig.get_figwidth() in WIDTHS.values()
    assert sum(ax.axison and ax.get_label() != "<colorbar>" for ax in fig.axes) <= 4
    assert min(text.get_fontsize() for text in fig.findobj(Text) if text.get_text()) >= 7
    assert_inside(fig)
    for ax in fig.axes:
        named = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
        looks = [(ln.get_marker(), ln.get_color(), ln.get_fillstyle(), ln.get_linestyle()) for ln in named]
        assert len(set(looks)) == len(looks), "two series of a legend look alike"
