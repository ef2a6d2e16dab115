"""The figure of network-classes, from results made up here."""

from itertools import product

import numpy as np
import pytest

from figures import network_classes
from figures.results import ResultsError

LAWS = ("theorem2", "covariances", "samples", "moved", "drawn", "crossed")


def table():
    rows = []
    for kind, order, ratio, images, label in product(
        ("plain", "sqrt"), ("first", "last"), (2, 100), (50, 750), range(5)
    ):
        measured = 0.5 + 0.1 * label - 0.001 * ratio
        laws = {law: measured + 0.01 * (6 - i) for i, law in enumerate(LAWS)}
        if images == 50:
            laws = dict.fromkeys(LAWS, "") | {"crossed": measured + 0.03}
        rows.append(
            {
                "data": "toy",
                "seed": 0,
                "features": kind,
                "classifier": "lda",
                "order": order,
                "imbalance": ratio,
                "images": images,
                "label": label,
                "n": 100,
                "run": "toy.npz",
                **laws,
                "floor": measured + 0.02,
                "measured": measured,
            }
        )
    return rows


def test_figure(tmp_path, write):
    write(tmp_path, "network-classes", table())
    fig = network_classes.draw(tmp_path)
    panels = [ax for ax in fig.axes if ax.get_title()]
    assert len(panels) == 4
    assert len(network_classes.draw_roots(tmp_path).axes) == 4
    first, _, laws, images = panels
    cloud = first.lines[0]
    assert np.asarray(cloud.get_ydata()) == pytest.approx(0.498 + 0.1 * np.arange(5))
    assert np.asarray(cloud.get_xdata()) == pytest.approx(0.518 + 0.1 * np.arange(5))
    assert "floor: 2.0" in [text.get_text() for text in first.get_legend().get_texts()]
    assert [line.get_ydata()[0] for line in laws.lines] == pytest.approx([6, 5, 4, 3, 2, 1, 2])
    assert images.lines[0].get_ydata() == pytest.approx([3, 1])
    assert images.lines[1].get_ydata() == pytest.approx([2, 2])


def test_the_title_has_error_and_floor(tmp_path, write, title):
    write(tmp_path, "network-classes", table())
    for draw in (network_classes.draw, network_classes.draw_roots):
        assert title(draw(tmp_path)) == (
            "The recall of every class is predicted with an error of 2.0 points; two sets of images differ by 2.0"
        )


def test_no_results(tmp_path):
    with pytest.raises(ResultsError):
        network_classes.draw(tmp_path)


def test_a_network_that_is_not_trained_leaves_the_panels_empty(tmp_path, write, title):
    row = dict.fromkeys(table()[0], "") | {"data": "toy", "seed": 0, "run": "abc"}
    write(tmp_path, "network-classes", [row])
    assert title(network_classes.draw(tmp_path)).startswith("Every class's recall, predicted before")
    assert len(network_classes.draw(tmp_path).axes) == 4
