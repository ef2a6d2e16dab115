"""The commands of ``python -m empirical``, one module each.

May import every other room.
"""
