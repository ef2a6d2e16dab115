"""Run folders, checkpoints, locks, the tables of results, and recorded predictions.

May import :mod:`empirical.data` and what that may import.
"""
