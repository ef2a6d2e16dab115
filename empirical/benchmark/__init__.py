"""How fast training is, against a reference loop.

Imports :mod:`empirical.training` and what that imports.
"""
