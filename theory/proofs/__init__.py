"""Proofs of the ledger's statements: one module a theorem, each proof a tuple of steps that can be run again."""
