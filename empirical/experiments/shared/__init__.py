"""What several experiments share.

Imports :mod:`empirical.analysis`, :mod:`empirical.sweeps` and what they import.
"""
