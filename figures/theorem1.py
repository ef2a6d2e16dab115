"""Theorem 1: the exact law of the estimated boundary, the printed bound, Monte Carlo, and both shifts.

Left, where boundaries estimated from samples lie, beside the exact law and the two shifts. Right, how often they lie
further than alpha from the ideal boundary plus a shift: the printed probability holds around the shift that holds,
and fails around the printed one. Everything is computed here, from a fixed seed; no results are read.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binomtest

from figures.style import COLOURS, styled
from theory import theorem1

__all__ = ["command", "draw"]

_SETTING = theorem1.Setting(mu1=0, mu2=1, sigma=1, beta=0.5, p=0.8, n_pos=1000, n_neg=100)
_REPLICATES = 4000
_SEED = 20210708
_CONFIDENCE = 0.95
_BINS = np.linspace(-0.2, 0.4, 41)
_ALPHAS = np.linspace(0.004, 0.36, 90)
_POINTS = np.arange(0.02, 0.36, 0.02)
_FLOOR = 1e-5


def command(results: Path) -> str:
    """Return the command line that makes the data: the figure's own."""
    return "python -m figures theorem1"


@styled()
def draw(results: Path) -> Figure:
    """Draw the figure; ``results`` is not read."""
    rng = np.random.default_rng(np.random.SeedSequence(_SEED))
    middle = float(_SETTING.mu1 + _SETTING.mu2) / 2
    boundaries = theorem1.simulate(_SETTING, _REPLICATES, rng, method="samples") - middle
    fig = Figure(figsize=(10, 4.6))
    left, right = fig.subplots(1, 2)
    _draw_law(left, boundaries)
    _draw_failure(right, boundaries)
    s = _SETTING
    fig.suptitle(
        f"Theorem 1 at mu = {s.mu1}, {s.mu2}, sigma = {s.sigma}, beta = {s.beta}, p = {s.p}, "
        f"n+ = {s.n_pos:,}, n- = {s.n_neg:,}: {_REPLICATES:,} boundaries, every sample drawn"
    )
    return fig


def _draw_law(ax: Axes, boundaries: np.ndarray) -> None:
    """Draw the share of boundaries in each bin, exact and simulated."""
    law, edges = theorem1.law(_SETTING), [Fraction(float(edge)) for edge in _BINS]
    exact = -np.diff([law.upper_tail(edge) for edge in edges])
    counts, _ = np.histogram(boundaries, _BINS)
    ax.stairs(exact, _BINS, color=COLOURS[0], label="exact law", linewidth=1.6)
    _points(ax, (_BINS[1:] + _BINS[:-1]) / 2, counts)
    top = exact.max() * 1.12
    ax.vlines(float(theorem1.shift(_SETTING)), 0, top, color=COLOURS[2], label="shift that holds")
    ax.vlines(float(theorem1.printed_shift(_SETTING)), 0, top, color=COLOURS[3], linestyle="--", label="printed shift")
    ax.set(
        xlabel="estimated boundary - (mu1 + mu2)/2",
        ylabel="share of boundaries in a bin",
        title="Where the estimated boundary lies",
        ylim=(0, top),
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)


def _draw_failure(ax: Axes, boundaries: np.ndarray) -> None:
    """Draw the failure probability around both shifts against alpha."""
    holds, printed = float(theorem1.shift(_SETTING)), float(theorem1.printed_shift(_SETTING))
    ax.plot(_ALPHAS, theorem1.bound(_SETTING, _ALPHAS), color=COLOURS[6], linestyle=":", label="printed bound")
    for shift, colour, style, name in (
        (holds, COLOURS[2], "-", "exact, around the shift that holds"),
        (printed, COLOURS[3], "--", "exact, around the printed shift"),
    ):
        exact = theorem1.failure_probability(_SETTING, _ALPHAS, shift=shift)
        ax.plot(_ALPHAS, exact, color=colour, linestyle=style, label=name)
        counts = np.sum(np.abs(boundaries[:, None] - shift) > _POINTS, axis=0)
        _points(ax, _POINTS[counts > 0], counts[counts > 0], label=shift == holds)
    ax.set_yscale("log")
    ax.set(
        ylim=(_FLOOR, 5),
        xlabel="alpha",
        ylabel="probability of lying further off than alpha",
        title="How often it lies further off (above 1, a bound is vacuous)",
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)


def _points(ax: Axes, x: np.ndarray, counts: np.ndarray, *, label: bool = True) -> None:
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
        markersize=3,
        color=COLOURS[1],
        elinewidth=0.9,
        label=f"simulated, {_CONFIDENCE:.0%} intervals" if label else None,
    )
