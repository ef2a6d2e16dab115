"""Run folders, checkpoints, locks, tables and recorded predictions.

Imports :mod:`empirical.data`, :mod:`empirical.runtime` and :mod:`empirical.config`.
"""
