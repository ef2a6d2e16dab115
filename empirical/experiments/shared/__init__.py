"""Parts that several experiments share.

May import :mod:`empirical.analysis`, :mod:`empirical.sweeps` and what they may import.
"""
