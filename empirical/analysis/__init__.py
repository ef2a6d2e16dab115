"""Measurements of trained networks and of their features.

May import :mod:`empirical.training` and what that may import, but not :mod:`empirical.sweeps`.
"""
