"""The commands of ``tailbound empirical``, one module each.

May import every other room.
"""
