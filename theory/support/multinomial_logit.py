"""The maximum of the likelihood of a multinomial logit with given scores, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.support.adjustment_inputs import Floats, Labels

__all__ = ["Maximum", "fit_logit", "image_scores", "separated"]

_STEPS = 200
_SMALL = 1e-10


@dataclass(frozen=True, eq=False)
class Maximum:
    """The maximum of a multinomial logit: parameters, log-likelihood, information and probabilities."""

    theta: Floats
    value: float
    information: Floats
    chances: Floats


def fit_logit(z: Floats, y: Labels, offset: Floats, basis: Floats) -> Maximum:
    """Return the maximum of the likelihood of ``softmax(w z + b + offset)`` over ``(w, b) = basis @ theta``.

    Newton's method from 0, the step halved until the likelihood rises; it is concave. Directions without information
    are left alone. The likelihood is bounded, so that it converges even where the parameters do not.
    """
    classes = z.shape[1]
    rows = np.arange(len(y))
    theta = np.zeros(basis.shape[1])
    drawn = np.zeros(classes), np.zeros(classes)
    np.add.at(drawn[0], y, z[rows, y])
    np.add.at(drawn[1], y, 1.0)
    observed = np.concatenate(drawn)

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        w, b = (basis @ theta).reshape(2, classes)
        logs = z * w + b + offset
        logs -= logs.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        return float(logs[rows, y].sum()), logs

    value, logs = evaluate(theta)
    for _ in range(_STEPS):
        chances = np.exp(logs)
        information = _information(z, chances, basis)
        gradient = basis.T @ (observed - np.concatenate([(z * chances).sum(axis=0), chances.sum(axis=0)]))
        step = np.linalg.lstsq(information, gradient, rcond=1e-13)[0]
        if gradient @ step < _SMALL:
            break
        size, risen = 1.0, evaluate(theta + step)
        while risen[0] < value and size > _SMALL:
            size /= 2
            risen = evaluate(theta + size * step)
        if risen[0] <= value:
            break
        theta, (value, logs) = theta + size * step, risen
    chances = np.exp(logs)
    return Maximum(theta, value, _information(z, chances, basis), chances)


def _information(z: Floats, chances: Floats, basis: Floats) -> Floats:
    """Return the information of ``theta``, shape ``(p, p)``, where ``basis @ theta`` are the C scales and C biases."""
    scales, biases = np.split(basis, 2)
    weighted = z * chances
    slopes = weighted @ scales + chances @ biases
    both = scales.T @ (weighted.sum(axis=0)[:, None] * biases)
    own = scales.T @ ((z * weighted).sum(axis=0)[:, None] * scales) + both + both.T
    return np.asarray(own + biases.T @ (chances.sum(axis=0)[:, None] * biases) - slopes.T @ slopes)


def image_scores(z: Floats, y: Labels, maximum: Maximum, basis: Floats) -> Floats:
    """Return the gradient of each image's log-likelihood, shape ``(n, parameters)``."""
    residual = -maximum.chances
    residual[np.arange(len(y)), y] += 1
    scales, biases = np.split(basis, 2)
    return np.asarray((z * residual) @ scales + residual @ biases)


def separated(z: Floats, log_prior: Floats, y: Labels) -> bool:
    """Return whether some ``a z - b ln pi`` other than 0 scores no class of any image above the image's own.

    The differences between the own class's pair ``(z, -ln pi)`` and another's must then lie in a half-plane: whether
    they do is seen from the largest gap between their directions.
    """
    rows = np.arange(len(y))
    first = z[rows, y][:, None] - z
    second = log_prior - log_prior[y][:, None]
    some = (first != 0) | (second != 0)
    angles = np.unique(np.arctan2(second[some], first[some]))
    if len(angles) == 0:
        return True
    gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
    return bool(gaps.max() >= np.pi * (1 - 1e-12))
