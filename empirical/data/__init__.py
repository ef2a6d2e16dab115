"""Data sets, long tails, mixed samples and the training set of a run.

Imports :mod:`empirical.config` and :mod:`empirical.runtime`.
"""
