"""Data sets, long tails, mixed samples, and the training set of a run.

May import :mod:`empirical.runtime` and :mod:`empirical.config`.
"""
