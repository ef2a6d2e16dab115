"""Networks, losses, sampling, pre-training and the training loop.

Imports :mod:`empirical.storage`, :mod:`empirical.data`, :mod:`empirical.runtime` and :mod:`empirical.config`.
"""
