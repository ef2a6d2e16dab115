"""The commands of ``python -m empirical`` that are more than a few lines, one module each."""
