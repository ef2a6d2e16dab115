"""Exact laws with rigorous tail probabilities, as floats and as Arb balls of any precision.

Every law is a frozen, validated value. ``cdf``, ``sf`` and ``pmf`` or ``pdf`` return floats that are the exact value
rounded once; ``cdf_ball``, ``sf_ball`` and ``pmf_ball`` or ``pdf_ball`` return balls that contain it. Both tails keep
their relative precision, however small they are. Parameters may be rational, floats (the binary fractions that they
are) or Arb balls, so that a whole box of parameters is enclosed at once. ``law.scipy()`` is the same law in SciPy.

:mod:`theory.check` judges bounds and intervals on these laws. :func:`theory.theorem1.law` returns the law of Theorem
1's estimated boundary, a :class:`BinomialNormal`.

Example:
    >>> from fractions import Fraction
    >>> Binomial(1000, 0.5).sf(900)
    7.427818096436505e-163
    >>> Poisson(Fraction(1, 3)).sf_ball(20, bits=100).rel_accuracy_bits() >= 100
    True
    >>> from flint import arb
    >>> tail = Binomial(10, arb(0.5, 0.01)).sf_ball(8)  # for every p from 0.49 to 0.51
    >>> 0.0091 < tail < 0.0128
    True
"""

from theory.exact.binomial_normal import BinomialNormal
from theory.exact.combined import Affine, Mixture
from theory.exact.continuous import Beta, ChiSquare, Exponential, Gamma, Laplace, Normal, StudentT, Uniform
from theory.exact.counts import Binomial, Hypergeometric, NegativeBinomial, Poisson
from theory.exact.family import Family
from theory.exact.lattice import Discrete, Mean, PoissonBinomial, Sum
from theory.exact.law import Law

__all__ = [
    "Affine",
    "Beta",
    "Binomial",
    "BinomialNormal",
    "ChiSquare",
    "Discrete",
    "Exponential",
    "Family",
    "Gamma",
    "Hypergeometric",
    "Laplace",
    "Law",
    "Mean",
    "Mixture",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "PoissonBinomial",
    "StudentT",
    "Sum",
    "Uniform",
]
