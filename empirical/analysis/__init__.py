"""What is read off trained networks: features, classifiers, laws of recall.

Imports :mod:`empirical.training` and what that imports.
"""
