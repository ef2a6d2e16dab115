"""Theorem 1: the exact law of the estimated boundary, the printed bound, Monte Carlo, and both shifts.

Left, where boundaries estimated from samples lie, beside the exact law and the two shifts. Right, how often they lie
further than alpha from the ideal boundary plus a shift: the printed probability holds around the shift that holds,
and fails around the printed one. Everything is computed here, from a fixed seed; no results are read.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from figures.style import COLOURS, canvas, entitle, styled
from theory import theorem1
from theory.support.cli import program_name
from theory.support.validate import instance, number, refuse

__all__ = ["command", "draw", "plot_theorem1"]

_SETTING: dict[str, Any] = {"mu1": 0, "mu2": 1, "sigma": 1, "beta": 0.5, "p": 0.8, "n_pos": 1000, "n_neg": 100}
_LENGTHS, _LARGEST = ("mu1", "mu2", "sigma"), 1e100  # what is squared and divided on the way to a picture
_REPLICATES = 4000
_MOST_SAMPLES = 10_000  # of a class that are drawn one by one; of more, their means
_SEED = 20210708
_CONFIDENCE = 0.95
_BINS = 40
_REACH = 4.5  # standard deviations of the boundary on either side
_FLOOR = 1e-5

Array = NDArray[np.float64]


def command(results: Path, **setting: Any) -> str:
    """Return the command line that makes the data: the figure's own."""
    options = "".join(f" --{name.replace('_', '-')} {value}" for name, value in setting.items())
    return f"{program_name('figures')} theorem1{options}"


@styled()
def draw(results: Path, **setting: Any) -> Figure:
    """Draw the figure in a ``setting`` of :class:`theory.theorem1.Setting`; ``results`` is not read.

    Raises:
        ValueError: the setting is none.
    """
    for name in ("n_pos", "n_neg"):
        if isinstance(setting.get(name), float) and setting[name].is_integer():
            setting[name] = int(setting[name])
    for name, value in setting.items():
        if isinstance(value, str):
            refuse(name, value, "must be a number")
        if name in _LENGTHS:
            number(name, value, f"must be a number of at most {_LARGEST:g} in size", least=-_LARGEST, most=_LARGEST)
    s = theorem1.Setting(**{**_SETTING, **setting})
    boundaries = _boundaries(s)
    fig = canvas(3.6)
    left, right = fig.subplots(1, 2)
    _draw_law(left, s, boundaries)
    _draw_failure(right, s, boundaries)
    entitle(
        fig,
        "The boundary shifts by less than Theorem 1 prints" if s.p < 1 else "Theorem 1 prints a shift where none is",
        f"Left, where the boundary of the class means lies: the exact law, and {_REPLICATES:,} boundaries of drawn "
        f"samples with exact {_CONFIDENCE:.0%} intervals. Right, the chance that it lies further than alpha from the "
        "shift that holds and from the printed one; above 1 a bound says nothing. "
        f"mu = {s.mu1}, {s.mu2}, sigma = {s.sigma}, beta = {s.beta}, p = {s.p}, n+ = {s.n_pos:,}, n- = {s.n_neg:,}; "
        f"the shift that holds is {float(theorem1.shift(s)):.4g}, the printed one "
        f"{float(theorem1.printed_shift(s)):.4g}.",
    )
    return fig


@styled()
def plot_theorem1(setting: theorem1.Setting, ax: Axes | None = None) -> Axes:
    """Return axes with the exact law of the estimated boundary, simulated boundaries and both shifts.

    Args:
        setting: of Theorem 1.
        ax: where to draw; by default a new figure, as wide as one column.

    Raises:
        ValueError: ``setting`` is no :class:`theory.theorem1.Setting`.

    Example:
        >>> setting = theorem1.Setting(mu1=0, mu2=2, sigma=1, beta=0.2, p=0.5, n_pos=200, n_neg=20)
        >>> ax = plot_theorem1(setting)
        >>> ax.get_xlabel()
        'estimated boundary - (mu1 + mu2) / 2'
    """
    instance("setting", setting, theorem1.Setting)
    if ax is None:
        ax = canvas(3.0, columns=1).subplots()
    _draw_law(ax, setting, _boundaries(setting))
    return ax


def _boundaries(s: theorem1.Setting) -> Array:
    """Return simulated boundaries, from the middle of the means."""
    rng = np.random.default_rng(np.random.SeedSequence(_SEED))
    method = "samples" if max(s.n_pos, s.n_neg) <= _MOST_SAMPLES else "statistics"
    found: Array = theorem1.simulate(s, _REPLICATES, rng, method=method) - float(s.mu1 + s.mu2) / 2
    return found


def _standard_deviation(boundaries: Array) -> float:
    return float(boundaries.std()) or 1.0


def _draw_law(ax: Axes, s: theorem1.Setting, boundaries: Array) -> None:
    """Draw the share of boundaries in each bin, exact and simulated."""
    holds, printed = float(theorem1.shift(s)), float(theorem1.printed_shift(s))
    reach = _REACH * _standard_deviation(boundaries)
    edges = np.linspace(holds - reach, holds + reach, _BINS + 1)
    law = theorem1.law(s)
    exact = -np.diff([law.upper_tail(Fraction(float(edge))) for edge in edges])
    counts, _ = np.histogram(boundaries, edges)
    ax.stairs(exact, edges, color=COLOURS[0], label="exact law")
    _points(ax, (edges[1:] + edges[:-1]) / 2, counts)
    top = exact.max() * 1.15
    ax.vlines(holds, 0, top, color=COLOURS[2], label="shift that holds")
    ax.vlines(printed, 0, top, color=COLOURS[3], linestyle="--", label="printed shift")
    ax.set(
        xlabel="estimated boundary - (mu1 + mu2) / 2",
        ylabel="share of boundaries in a bin",
        title="Where the estimated boundary lies",
        ylim=(0, top),
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1)


def _draw_failure(ax: Axes, s: theorem1.Setting, boundaries: Array) -> None:
    """Draw the failure probability around both shifts against alpha."""
    holds, printed = float(theorem1.shift(s)), float(theorem1.printed_shift(s))
    reach = abs(printed - holds) + 2 * _standard_deviation(boundaries)
    alphas, places = np.linspace(reach / 90, reach, 90), np.linspace(reach / 18, reach, 18)
    ax.plot(alphas, theorem1.bound(s, alphas), color=COLOURS[6], linestyle=":", label="printed bound")
    for shift, colour, line, name in (
        (holds, COLOURS[2], "-", "exact, around the shift that holds"),
        (printed, COLOURS[3], "--", "exact, around the printed shift"),
    ):
        exact = theorem1.failure_probability(s, alphas, shift=shift)
        ax.plot(alphas, exact, color=colour, linestyle=line, label=name)
        counts = np.sum(np.abs(boundaries[:, None] - shift) > places, axis=0)
        _points(ax, places[counts > 0], counts[counts > 0], label=shift == holds)
    ax.set_yscale("log")
    ax.set(
        ylim=(_FLOOR, 5),
        xlabel="alpha",
        ylabel="chance of lying further off",
        title="How often it lies further off than alpha",
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1)


def _points(ax: Axes, x: Array, counts: NDArray[Any], *, label: bool = True) -> None:
    """Draw shares of the replicates with exact binomial intervals."""
    share = counts / _REPLICATES
    intervals = [binomtest(int(c), _REPLICATES).proportion_ci(_CONFIDENCE) for c in counts]
    errors = [share - [i.low for i in intervals], [i.high for i in intervals] - share]
    ax.errorbar(
        x,
        share,
        errors,
        linestyle="none",
        marker="o",
        markersize=2.2,
        color=COLOURS[1],
        elinewidth=0.8,
        label=f"simulated, {_CONFIDENCE:.0%} intervals" if label else None,
    )
