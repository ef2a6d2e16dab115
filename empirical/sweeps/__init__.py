"""Many runs: their order, and the processes and clusters that train them.

May import :mod:`empirical.training` and what that may import, but not :mod:`empirical.analysis`.
"""
