"""Devices, threads, processes, stopping, progress, and what all command lines share.

May import :mod:`empirical.config` and the modules beside it.
"""
