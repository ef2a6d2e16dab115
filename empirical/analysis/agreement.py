"""Features, the two-stage Bayes classifier, the separation that an accuracy stands for, agreement."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.support.validate import floats, refuse

__all__ = ["agreement", "lda_recalls", "pca_features", "separation_from_recalls"]


def pca_features(images: NDArray[Any], held_out: NDArray[np.bool_], components: int) -> NDArray[np.float64]:
    """Return the first principal components of all ``images``, fitted without labels and without held-out images.

    Args:
        images: shape ``(n, pixels)``.
        held_out: shape ``(n,)``, true for the images that the fit must not see.
        components: how many to keep.

    Returns:
        Shape ``(n, components)``, in the units of the pixels.
    """
    from sklearn.decomposition import PCA

    # The eigenvectors of the covariance: exact, no seed, and fast because images outnumber pixels.
    pca = PCA(components, svd_solver="covariance_eigh")
    pixels = images.astype(np.float32 if images.dtype.itemsize < 4 else np.float64)
    return np.asarray(pca.fit(pixels[~held_out]).transform(pixels), dtype=np.float64)


def lda_recalls(
    train_pos: NDArray[np.float64],
    train_neg: NDArray[np.float64],
    test_pos: NDArray[np.float64],
    test_neg: NDArray[np.float64],
) -> tuple[float, float]:
    """Train the Bayes classifier of section 5.1 on two classes and return its recalls on held-out images.

    Linear discriminant analysis is that classifier with everything estimated: the class means, the pooled
    covariance (by maximum likelihood: over ``n_pos + n_neg``), and as priors the shares of the training images. It
    decides for the positive class where ``w . x + b > 0`` as in :func:`theory.theorem2.hyperplane` with
    ``prior_ratio = n_pos / n_neg``.

    Args:
        train_pos: training features of the positive class, shape ``(n_pos, d)``, ``n_pos`` at least 2.
        train_neg: training features of the negative class, shape ``(n_neg, d)``, ``n_neg`` at least 2.
        test_pos: held-out features of the positive class, shape ``(m_pos, d)``.
        test_neg: held-out features of the negative class, shape ``(m_neg, d)``.

    Returns:
        The recalls of the positive and of the negative class, in [0, 1].

    Example:
        >>> import numpy as np
        >>> pos, neg = np.array([[1.0], [2.0], [3.0]]), np.array([[-3.0], [-1.0]])
        >>> lda_recalls(pos, neg, test_pos=np.array([[1.5], [-4.0]]), test_neg=np.array([[-2.0]]))
        (0.5, 1.0)
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    positive = np.repeat([True, False], [len(train_pos), len(train_neg)])
    # Of the solvers the fastest for many images, and the same from one version of scikit-learn to the next.
    lda = LinearDiscriminantAnalysis(solver="lsqr").fit(np.concatenate([train_pos, train_neg]), positive)
    decided = lda.decision_function(np.concatenate([test_pos, test_neg])) > 0
    return float(decided[: len(test_pos)].mean()), float((~decided[len(test_pos) :]).mean())


def separation_from_recalls(recalls: ArrayLike, held_out: ArrayLike) -> float:
    """Return the separation ``M = 2 Phi^-1(A)`` of two classes whose balanced classifier has these recalls.

    By Theorem 2 with ``p+ = p-`` (Property 1) both recalls are ``Phi(M / 2)``; ``A`` is their mean, the balanced
    accuracy. Two corrections keep ``M`` finite and above 0:

    - each recall ``r`` over ``n`` images is taken as ``(r n + 1/2) / (n + 1)``, the log-linear rule, always and not
      only where a recall is 1;
    - ``A`` is at least half an image better than chance, ``1/2 + 1/2 / (n+ + n- + 2)``.

    Args:
        recalls: of the two classes, in [0, 1], shape ``(2,)``.
        held_out: how many images they were measured on, at least 1, shape ``(2,)``.

    Raises:
        ValueError: an argument has the wrong shape or lies outside its range.

    References:
        M. J. Hautus, Corrections for extreme proportions and their biasing effects on estimated values of d',
        Behavior Research Methods, Instruments, & Computers 27 (1995), 46-51.

    Example:
        >>> round(separation_from_recalls([0.84, 0.84], [10**6, 10**6]), 3)
        1.989
        >>> round(separation_from_recalls([1.0, 1.0], [100, 100]), 2)
        5.16
        >>> round(separation_from_recalls([0.5, 0.4], [100, 100]), 4)
        0.0124
    """
    from scipy.special import ndtri

    r = floats("recalls", recalls, "must hold two numbers from 0 to 1", ndim=1, least=0, most=1)
    n = floats("held_out", held_out, "must hold two numbers of at least 1", ndim=1, least=1)
    for name, array in (("recalls", r), ("held_out", n)):
        if len(array) != 2:
            refuse(name, array, "must hold two numbers, one a class")
    accuracy = np.mean((r * n + 0.5) / (n + 1))
    least = 0.5 + 0.5 / (n.sum() + 2)
    return float(2 * ndtri(max(accuracy, least)))


def agreement(predicted: ArrayLike, measured: ArrayLike) -> dict[str, float | None]:
    """Return how well predictions agree with measurements, both fractions of the same length.

    Returns:
        ``mae``, the mean absolute error, and ``bias``, the mean of predicted minus measured, both in percentage
        points; ``correlation``, Pearson's, None where it is not defined (a constant, or a single case).

    Raises:
        ValueError: an argument is not a vector of finite numbers, or the lengths differ.

    Example:
        >>> {name: round(value, 3) for name, value in agreement([0.5, 0.7, 0.9], [0.4, 0.8, 0.7]).items()}
        {'mae': 13.333, 'bias': 6.667, 'correlation': 0.721}
    """
    p, m = floats("predicted", predicted, ndim=1), floats("measured", measured, ndim=1)
    if len(p) == 0 or p.shape != m.shape:
        refuse("measured", m.shape, f"must have as many numbers as predicted, {p.shape}, and at least one")
    defined = np.ptp(p) > 0 and np.ptp(m) > 0
    return {
        "mae": 100 * float(np.abs(p - m).mean()),
        "bias": 100 * float((p - m).mean()),
        "correlation": float(np.corrcoef(p, m)[0, 1]) if defined else None,
    }
