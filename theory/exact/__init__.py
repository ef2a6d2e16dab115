"""Exact laws of counts and of the estimated boundary, with rigorous tails.

Imports :mod:`theory.support` only.
"""
