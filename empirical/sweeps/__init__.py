"""Many runs: their order, the processes and clusters that train them.

Imports :mod:`empirical.training` and what that imports.
"""
