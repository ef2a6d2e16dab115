"""Devices, threads, processes, stopping and progress.

Imports :mod:`empirical.config` only.
"""
