"""The paper's sentences about its measurements, section by section.

Imports :mod:`empirical.claims` only.
"""
