import os
import re

import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from PIL import Image

from figures.style import COLOURS, MARKERS, save, styled

COMMAND = "python -m empirical run toy --data <digits> & more"


def picture():
    with styled():
        fig = Figure(figsize=(3, 2))
        ax = fig.subplots()
        ax.plot([0, 1], [0, 1], marker="o", label="a line")
        ax.set_title("Readable words")
        ax.legend()
    return fig


def test_save_writes_both_formats(tmp_path):
    png, svg = save(picture(), tmp_path / "new", "toy", COMMAND)
    assert (png, svg) == (tmp_path / "new" / "toy.png", tmp_path / "new" / "toy.svg")
    assert sorted(os.listdir(tmp_path / "new")) == ["toy.png", "toy.svg"]
    with Image.open(png) as image:
        assert image.size == (480, 320)
        assert image.info["Description"] == COMMAND
    text = svg.read_text()
    assert ">Readable words</text>" in text
    assert "python -m empirical run toy --data &lt;digits&gt; &amp; more" in text


def test_same_figure_same_bytes(tmp_path):
    for kind in zip(*(save(picture(), tmp_path / name, "toy", COMMAND) for name in "ab"), strict=True):
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
