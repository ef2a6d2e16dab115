"""Judges of statements: the ledger, anyone's formula or bound, and certificates.

Imports everything else in :mod:`theory`.
"""
