"""The speed of training, measured against a standard loop.

May import :mod:`empirical.training` and what that may import.
"""
