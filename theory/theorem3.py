"""Theorem 3 with Property 3: a softmax classifier's probabilities from norms and angles.

Without a bias, class ``t`` of a linear softmax classifier with weights ``w_1 ... w_C`` has the probability ::

    P(t | f) = exp(w_t . f) / sum_j exp(w_j . f),   w_j . f = |w_j| |f| cos(angle between w_j and f),

so that it depends on the weights through their norms and their angles to the feature. Property 3 speaks of
tau-normalised weights ``w_i / |w_i|^tau``, whose norms are ``|w_i|^(1 - tau)``: all equal at ``tau = 1``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.support.validate import floats, number, refuse

__all__ = ["norm_angle_form", "norms_and_angles", "probabilities", "tau_normalize"]


def probabilities(weights: ArrayLike, feature: ArrayLike) -> NDArray[np.float64]:
    """Return the softmax probabilities ``exp(w_t . f) / sum_j exp(w_j . f)`` of Theorem 3.

    Args:
        weights: one row a class, shape ``(C, d)``.
        feature: shape ``(d,)`` or, for many features at once, ``(..., d)``.

    Returns:
        Probabilities of shape ``(..., C)`` that sum to 1 over the classes.

    Raises:
        ValueError: an argument is not finite or the shapes do not fit.

    Example:
        >>> probabilities([[0.0, 0.0], [0.0, 0.0]], [1.0, 2.0])
        array([0.5, 0.5])
    """
    w, f = _weights_and_feature(weights, feature)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = f @ w.T
    return _softmax("weights", weights, logits)


def norms_and_angles(
    weights: ArrayLike, feature: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(|w_j|, |f|, angle between w_j and f)`` with shapes ``(C,)``, ``(...)`` and ``(..., C)``.

    Angles are in radians, in [0, pi], from ``2 atan2(|u - v|, |u + v|)`` of the unit vectors, which is accurate
    near 0 and pi where the arc cosine is not (W. Kahan, How Futile are Mindless Assessments of Roundoff, 2006).
    The angle to a zero vector is given as pi / 2, with which the scalar product is 0, as it should be.

    Example:
        >>> norms, length, angles = norms_and_angles([[2.0, 0.0], [0.0, 3.0]], [1.0, 0.0])
        >>> norms, float(length), angles.round(4)
        (array([2., 3.]), 1.0, array([0.    , 1.5708]))
    """
    w, f = _weights_and_feature(weights, feature)
    norms, length = _norms(w), _norms(f)
    u = np.divide(w, norms[:, None], out=np.zeros_like(w), where=norms[:, None] > 0)
    v = np.divide(f, length[..., None], out=np.zeros_like(f), where=length[..., None] > 0)[..., None, :]
    angles = 2 * np.arctan2(np.linalg.norm(u - v, axis=-1), np.linalg.norm(u + v, axis=-1))
    zero = (norms == 0) | (length == 0)[..., None]
    return norms, length, np.where(zero, np.pi / 2, angles)


def norm_angle_form(norms: ArrayLike, length: ArrayLike, angles: ArrayLike) -> NDArray[np.float64]:
    """Return the probabilities of :func:`probabilities` from norms and angles alone (Theorem 3).

    ``exp(|w_t| |f| cos a_t) / sum_j exp(|w_j| |f| cos a_j)``.

    Args:
        norms: ``|w_j| >= 0``, shape ``(C,)``.
        length: ``|f| >= 0``, shape ``(...)``.
        angles: between ``w_j`` and ``f`` in radians, in [0, pi], shape ``(..., C)``.

    Example:
        >>> norm_angle_form([1.0, 1.0], 3.0, [0.5, 0.5])
        array([0.5, 0.5])
    """
    w = floats("norms", norms, "must be a vector of finite numbers >= 0", ndim=1, least=0)
    f = floats("length", length, "must hold finite numbers >= 0", least=0)
    if len(w) == 0:
        refuse("norms", norms, "must hold at least one class")
    a = floats("angles", angles, "must hold angles in [0, pi]", least=0, most=np.pi)
    if a.shape != (*f.shape, len(w)):
        refuse("angles", a.shape, f"its shape must be {(*f.shape, len(w))}: that of length, then one a class")
    with np.errstate(over="ignore", invalid="ignore"):
        logits = w * f[..., None] * np.cos(a)
    return _softmax("norms", norms, logits)


def tau_normalize(weights: ArrayLike, tau: float) -> NDArray[np.float64]:
    """Return the tau-normalised weights ``w_i / |w_i|^tau`` (Property 3; Kang et al. 2019, reference [14]).

    Args:
        weights: one row a class, shape ``(C, d)``, no row of zeros.
        tau: 0 leaves the weights as they are, up to rounding (a relative 1e-13), 1 gives all of them norm 1; any finite
            number is allowed.

    Raises:
        ValueError: a row of ``weights`` is zero, or an argument is not finite.

    Example:
        >>> tau_normalize([[3.0, 4.0], [0.0, 2.0]], tau=1)
        array([[0.6, 0.8],
               [0. , 1. ]])
    """
    w = floats("weights", weights, "must be a matrix of finite numbers, one row a class", ndim=2)
    exponent = float(number("tau", tau))
    norms = _norms(w)[:, None]
    if not np.all(norms > 0):
        refuse("weights", weights, "must have no row of zeros: it has no direction to keep")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        normalised = np.exp((1 - exponent) * np.log(norms)) * (w / norms)
    if not (np.all(np.isfinite(normalised)) and np.all(_norms(normalised) > 0)):
        refuse("tau", tau, "must leave norms |w|^(1 - tau) that floats can hold")
    return np.asarray(normalised)


def _norms(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the norms along the last axis, of vectors that may be too long or short for their squares."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    unit = np.where(largest > 0, largest, 1.0)
    return np.asarray(unit[..., 0] * np.linalg.norm(vectors / unit, axis=-1))


def _softmax(name: str, value: object, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import softmax

    if not np.all(np.isfinite(logits)):
        refuse(name, value, "must give logits that floats can hold")
    return np.asarray(softmax(logits, axis=-1))


def _weights_and_feature(weights: ArrayLike, feature: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    w = floats("weights", weights, "must be a matrix of finite numbers, one row a class", ndim=2)
    f = floats("feature", feature, "must hold finite numbers")
    if w.size == 0:
        refuse("weights", w.shape, "must hold at least one class and one dimension")
    if f.ndim == 0 or f.shape[-1] != w.shape[1]:
        refuse("feature", f.shape, f"its last dimension must be that of the weights, {w.shape[1]}")
    return w, f
