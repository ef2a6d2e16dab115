"""What trained networks and their features are measured by.

May import :mod:`empirical.training` and what that may import, but not :mod:`empirical.sweeps`.
"""
