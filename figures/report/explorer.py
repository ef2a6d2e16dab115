"""The explorer: sliders, numbers and charts, which ``explorer.js`` brings to life with the formulas of ``law.js``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from figures.report.formulas import theorem1_formulas, theorem2_formulas
from figures.report.markup import Markup, join, tag

__all__ = ["PRESETS", "SLIDERS", "Preset", "Slider", "explorer"]


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


@dataclass(frozen=True)
class Preset:
    """A setting of its own.

    Attributes:
        label: what it is called.
        values: of its sliders, by name.
    """

    label: str
    values: Mapping[str, float]


_PRESETS1 = (
    Preset(
        "The paper's setting: 5,000 and 50 images",
        {"mu1": 0, "mu2": 1, "sigma": 1, "beta": 0.5, "p": 0.8, "n_pos": 5000, "n_neg": 50, "alpha": 0.2},
    ),
    Preset(
        "A rare similar class",
        {"mu1": 0, "mu2": 1, "sigma": 1, "beta": 0.2, "p": 0.4, "n_pos": 5000, "n_neg": 20, "alpha": 0.2},
    ),
    Preset(
        "A rare class like no other",
        {"mu1": -2, "mu2": 2, "sigma": 1, "beta": 0.5, "p": 1, "n_pos": 5000, "n_neg": 20, "alpha": 0.2},
    ),
)
_PRESETS2 = (
    Preset("The paper's setting: imbalance 100", {"separation": 3, "imbalance": 100}),
    Preset("A rare similar class", {"separation": 1, "imbalance": 100}),
    Preset("A rare class like no other", {"separation": 5, "imbalance": 100}),
)
PRESETS = (*_PRESETS1, *_PRESETS2)
"""All presets of the page. Of Theorem 1 the paper says no numbers but those of images: its imbalance of 100."""

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
        tag("p", "", id="explorer-note", class_="error", role="status"),
        tag("p", "", id="setting"),
        tag("h3", "Theorem 1: an estimated boundary under similar samples"),
        tag("div", theorem1_formulas(), class_="formulas"),
        _workbench(
            "Theorem 1",
            _PRESETS1,
            _THEOREM1,
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
        ),
        _numbers(_NUMBERS1, "Theorem 1 at this setting"),
        tag("h3", "Theorem 2: recall under imbalance, and your own points"),
        tag("div", theorem2_formulas(), class_="formulas"),
        tag("p", "Drag the ring on the minority's curve, or move M: one number decides the whole curve."),
        _workbench(
            "Theorem 2",
            _PRESETS2,
            _THEOREM2,
            _chart(
                "recalls",
                "Recall against imbalance",
                (("path positive", "majority"), ("path negative", "minority"), ("circle own", "your points")),
            ),
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
        ),
        _numbers(_NUMBERS2, "Theorem 2 at this setting"),
        _own_points(),
        tag("p", tag("button", "Back to the first setting", type="button", id="reset")),
        tag("p", "The address of this page holds the setting: a copied link opens it again.", class_="quiet"),
    )
    return join(
        tag("noscript", tag("p", "The explorer needs JavaScript, which is off.")),
        tag("div", live, id="explorer-live", hidden=True),
    )


def _workbench(title: str, presets: Sequence[Preset], sliders: Sequence[Slider], *charts: Markup) -> Markup:
    """Return charts with their controls beside them; on a phone the charts stay above, in a row to be swiped."""
    buttons = (tag("button", one.label, type="button", data_preset=json.dumps(one.values)) for one in presets)
    return tag(
        "div",
        tag("div", *charts, class_="charts", role="region", aria_label=f"{title}: charts", tabindex="0"),
        tag("div", tag("p", *buttons, class_="presets"), *map(_slider, sliders), class_="sliders"),
        class_="workbench",
    )


def _own_points() -> Markup:
    label = tag("label", "Your points as CSV: imbalance, recall of the minority (0 to 1, or per cent)", for_="own")
    return tag(
        "div",
        label,
        tag("textarea", id="own", rows=5, placeholder="imbalance,recall\n10,0.62\n100,0.21", autocomplete="off"),
        tag("p", "", id="own-note", role="status"),
        tag("p", tag("button", "Fit M to the points", type="button", id="fit")),
    )


def _slider(slider: Slider) -> Markup:
    low, high, start = (_value(slider, at) for at in (slider.low, slider.high, slider.start))
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
    typed = tag(
        "input",
        type="number",
        id=f"{slider.name}-number",
        min=low,
        max=high,
        step=1 if slider.scale == "count" else "any",
        value=start,
        autocomplete="off",
    )
    return tag(
        "div",
        tag("label", slider.label, for_=slider.name),
        tag("span", bar, tag("label", f"{slider.label}, typed", for_=f"{slider.name}-number", class_="unseen"), typed),
        tag("p", "", id=f"{slider.name}-note", class_="error", role="status"),
        class_="slider",
    )


def _value(slider: Slider, position: float) -> float:
    """Return what a position stands for."""
    if slider.scale == "count":
        return round(10**position)
    x = float(f"{10**position:.3g}") if slider.scale == "log" else position
    return int(x) if x == int(x) else x


def _numbers(numbers: Sequence[tuple[str, str]], caption: str) -> Markup:
    rows = (tag("tr", tag("th", label, scope="row"), tag("td", id=f"out-{name}")) for name, label in numbers)
    return tag("table", tag("caption", caption), tag("tbody", *rows), class_="numbers")


def _chart(name: str, title: str, key: Sequence[tuple[str, str]]) -> Markup:
    """Return a figure for ``explorer.js`` to draw in, with the meaning of its lines."""
    svg = tag("svg", id=f"chart-{name}", viewBox="0 0 460 300", role="img")
    meanings = (tag("li", _sample(kind), label) for kind, label in key)
    readout = tag("p", "Point at the chart to read its values.", id=f"readout-{name}", class_="readout")
    return tag("figure", tag("figcaption", title), svg, readout, tag("ul", *meanings, class_="key"))


def _sample(kind: str) -> Markup:
    """Return a piece of a line as it looks in the chart; ``kind`` is its element and its class."""
    shape, _, name = kind.partition(" ")
    places: dict[str, dict[str, Any]] = {
        "path": {"d": "M0 5H28"},
        "line": {"x1": 0, "y1": 5, "x2": 28, "y2": 5},
        "circle": {"cx": 14, "cy": 5, "r": 4},
    }
    kinds = name if shape == "circle" else f"curve {name}"
    return tag("svg", tag(shape, class_=kinds, **places[shape]), viewBox="0 0 28 10", aria_hidden="true")
