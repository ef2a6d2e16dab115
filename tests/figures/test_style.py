import os
import re

import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from figures.style import COLOURS, FORMATS, MARKERS, WIDTHS, canvas, caption, entitle, save, style, styled

COMMAND = "python -m empirical run toy --data <digits> & more"


def picture():
    with styled():
        fig = Figure(figsize=(3, 2))
        ax = fig.subplots()
        ax.plot([0, 1], [0, 1], marker="o", label="a line")
        ax.set_title("Readable words")
        ax.legend()
        entitle(fig, "Readable marks", "Three of them.")
    return fig


def test_save_writes_both_formats(tmp_path):
    png, svg, text = save(picture(), tmp_path / "new", "toy", COMMAND)
    assert [path.name for path in (png, svg, text)] == ["toy.png", "toy.svg", "toy.txt"]
    assert sorted(os.listdir(tmp_path / "new")) == ["toy.png", "toy.svg", "toy.txt"]
    assert text.read_text() == f"Readable marks.\nThree of them.\nData: {COMMAND}\n"
    with Image.open(png) as image:
        assert image.size == (900, 600)
        assert image.info["Description"] == COMMAND
    text = svg.read_text()
    assert ">Readable words</text>" in text
    assert "python -m empirical run toy --data &lt;digits&gt; &amp; more" in text


def test_what_a_figure_is_about_is_its_title_or_in_its_caption():
    for message, said in (("Two of $3", "Two of $3. Marks. Three."), (None, "Marks. Three.")):
        fig = Figure(figsize=(3, 2))
        entitle(fig, message and message.replace("$", r"\$"), "Three.", "Marks")
        assert " ".join(caption(fig, "").split()) == f"{said} Data:"


def test_a_dollar_sign_in_a_title_begins_no_formula(tmp_path):
    with styled():
        fig = canvas(2, columns=1)
        entitle(fig, r"$a_b^ of $c^ and \$1", "It cannot be drawn as a formula.")
        save(fig, tmp_path, "own", "python own.py")
    assert fig.get_suptitle().replace("\n", " ") == r"\$a_b^ of \$c^ and \$1"
    assert (tmp_path / "own.txt").read_text().startswith("$a_b^ of $c^ and $1.")


def test_no_line_of_a_title_begins_with_a_percent_sign():
    fig = Figure(figsize=(1, 2))
    entitle(fig, "a loss of 12 % of all re-trained", "")
    assert fig.get_suptitle() == "a loss of\n12 % of all\nre-trained"


def test_same_figure_same_bytes(tmp_path):
    for kind in zip(*(save(picture(), tmp_path / name, "toy", COMMAND, FORMATS) for name in "ab"), strict=True):
        assert len({path.read_bytes() for path in kind}) == 1
    assert not re.search(r"20\d\d-\d\d-\d\d", (tmp_path / "a" / "toy.svg").read_text())


def test_nothing_is_written_when_drawing_fails(tmp_path):
    fig = picture()
    fig.text(0, 0, r"$\unknown$")
    with pytest.raises(ValueError, match="unknown"):
        save(fig, tmp_path / "out", "toy", COMMAND)
    assert not (tmp_path / "out").exists()


def test_style_does_not_leak():
    before = dict(rcParams)
    picture()
    assert dict(rcParams) == before


def test_every_colour_has_a_marker():
    assert len(set(COLOURS)) == len(COLOURS) == len(set(MARKERS)) == len(MARKERS)


@pytest.mark.parametrize("columns", WIDTHS)
def test_text_is_legible_at_the_width_of_a_column_and_larger_on_a_screen(columns):
    sizes = {}
    for name in ("paper", "screen"):
        with style(name), styled():
            fig = canvas(2, columns)
            fig.subplots().set(xlabel="x", ylabel="y", title="title")
            entitle(fig, "message", "")
            texts = [text for text in fig.findobj(Text) if text.get_text()]
            sizes[name] = fig.get_figwidth(), min(text.get_fontsize() for text in texts)
    assert sizes["paper"][0] == {1: 3.25, 2: 5.5}[columns]
    assert sizes["paper"][1] >= 7
    assert all(large > small for large, small in zip(sizes["screen"], sizes["paper"], strict=True))
