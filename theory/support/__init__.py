"""Checks of arguments, command lines, files and executors.

Imports no other part of :mod:`theory`.
"""
