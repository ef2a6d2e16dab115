"""The explorer: sliders, numbers and charts, which ``explorer.js`` brings to life with the formulas of ``law.js``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figures.report.markup import Markup, join, tag

__all__ = ["SLIDERS", "Slider", "explorer"]


@dataclass(frozen=True)
class Slider:
    """A slider.

    Attributes:
        name: of what it sets.
        label: what that is.
        low: the least position.
        high: the largest.
        step: between two positions.
        start: the position at first.
        scale: ``linear``, where the position is the value; ``log``, where it is its logarithm to base 10, and the
            value has three digits; or ``count``, likewise, and the value is whole.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float
    scale: str = "linear"


_THEOREM1 = (
    Slider("mu1", "mu1, mean of the positive class", -5, 5, 0.05, 0),
    Slider("mu2", "mu2, mean of the negative class", -5, 5, 0.05, 1),
    Slider("sigma", "sigma, standard deviation of both", 0.1, 5, 0.05, 1),
    Slider("beta", "beta, weight of a similar sample's own class", 0.01, 0.99, 0.01, 0.5),
    Slider("p", "p, chance that a positive sample is pure", 0, 1, 0.01, 0.8),
    Slider("n_pos", "n+, positive samples", 0, 6, 0.05, 3, "count"),
    Slider("n_neg", "n-, negative samples", 0, 6, 0.05, 2, "count"),
    Slider("alpha", "alpha, allowed distance", -3, 0.5, 0.01, -0.7, "log"),
)
_THEOREM2 = (
    Slider("separation", "M, separation of the class means", 0.1, 8, 0.05, 2),
    Slider("imbalance", "imbalance, majority over minority", 0, 3, 0.01, 1, "log"),
)
SLIDERS = (*_THEOREM1, *_THEOREM2)
"""All sliders of the page."""

_NUMBERS1 = (
    ("imbalance", "imbalance n+/n-"),
    ("separation", "separation (mu2 - mu1)/sigma"),
    ("shift", "shift that holds"),
    ("printed-shift", "shift as printed"),
    ("sd", "standard deviation of the estimated boundary"),
    ("bound", "printed bound on lying further off than alpha"),
    ("failure", "exact probability, around the shift that holds"),
    ("printed-failure", "exact probability, around the printed shift"),
    ("recall-positive", "expected recall of the positive class"),
    ("recall-negative", "expected recall of the negative class"),
    ("recall-ideal", "either recall under the ideal boundary"),
)
_NUMBERS2 = (
    ("moved", "boundary moved towards the minority, in standard deviations: ln(imbalance)/M"),
    ("minority", "recall of the minority"),
    ("majority", "recall of the majority"),
    ("collapse", "imbalance beyond which the minority's recall is below one half: exp(M^2/2)"),
)
_CLASSES = (("path positive", "positive class"), ("path negative", "negative class"))
_BOUNDARIES = (
    ("line ideal", "ideal boundary"),
    ("line holds", "with the shift that holds"),
    ("line printed", "with the printed shift"),
)


def explorer() -> Markup:
    """Return the section."""
    live = join(
        tag("h3", "Theorem 1: an estimated boundary under similar samples"),
        _sliders(_THEOREM1),
        tag(
            "div",
            _numbers(_NUMBERS1, "Theorem 1 at this setting"),
            _chart("boundary", "Classes and boundaries", (*_CLASSES, *_BOUNDARIES)),
            _chart("law", "Exact density of the estimated boundary", (("path exact", "exact density"), *_BOUNDARIES)),
            _chart(
                "tails",
                "How often the boundary lies further off than alpha",
                (
                    ("path bound", "printed bound (above 1: vacuous)"),
                    ("path holds", "exact, around the shift that holds"),
                    ("path printed", "exact, around the printed shift"),
                    ("line ideal", "alpha"),
                ),
            ),
            class_="charts",
        ),
        tag("h3", "Theorem 2: imbalance and separation"),
        _sliders(_THEOREM2),
        tag(
            "div",
            _numbers(_NUMBERS2, "Theorem 2 at this setting"),
            _chart(
                "bayes",
                "Classes and Bayes boundary",
                (
                    ("path positive", "majority"),
                    ("path negative", "minority"),
                    ("line ideal", "balanced boundary"),
                    ("line holds", "Bayes boundary"),
                ),
            ),
            _chart(
                "recalls", "Recall against imbalance", (("path positive", "majority"), ("path negative", "minority"))
            ),
            class_="charts",
        ),
        tag("p", tag("button", "Back to the first setting", type="button", id="reset")),
    )
    return join(
        tag("noscript", tag("p", "The explorer needs JavaScript, which is off.")),
        tag("div", live, id="explorer-live", hidden=True),
    )


def _sliders(sliders: Sequence[Slider]) -> Markup:
    return tag("div", *map(_slider, sliders), class_="sliders")


def _slider(slider: Slider) -> Markup:
    now = tag("span", id=f"{slider.name}-value", class_="now")
    bar = tag(
        "input",
        type="range",
        id=slider.name,
        min=slider.low,
        max=slider.high,
        step=slider.step,
        value=slider.start,
        data_scale=slider.scale,
        autocomplete="off",
    )
    return tag("div", now, tag("label", slider.label, for_=slider.name), bar, class_="slider")


def _numbers(numbers: Sequence[tuple[str, str]], caption: str) -> Markup:
    rows = (tag("tr", tag("th", label, scope="row"), tag("td", id=f"out-{name}")) for name, label in numbers)
    return tag("table", tag("caption", caption), tag("tbody", *rows), class_="numbers")


def _chart(name: str, title: str, key: Sequence[tuple[str, str]]) -> Markup:
    """Return a figure for ``explorer.js`` to draw in, with the meaning of its lines."""
    svg = tag("svg", id=f"chart-{name}", viewBox="0 0 460 300", role="img")
    meanings = (tag("li", _sample(kind), label) for kind, label in key)
    return tag("figure", tag("figcaption", title), svg, tag("ul", *meanings, class_="key"))


def _sample(kind: str) -> Markup:
    """Return a piece of a line as it looks in the chart; ``kind`` is its element and its class."""
    shape, _, name = kind.partition(" ")
    place = {"d": "M0 5H28"} if shape == "path" else {"x1": 0, "y1": 5, "x2": 28, "y2": 5}
    return tag("svg", tag(shape, class_=f"curve {name}", **place), viewBox="0 0 28 10", aria_hidden="true")
