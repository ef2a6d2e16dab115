"""The theory against data: real images, trained classifiers, and what they measure.

``python -m empirical list`` names the experiments and ``python -m empirical run NAME`` runs one. Each is a module
of :mod:`empirical.experiments`; what they share is :mod:`empirical.data` (images and labels),
:mod:`empirical.longtail` (splits and imbalanced subsets) and :mod:`empirical.measure` (classifiers and what is
read off them). Importing this package loads none of them.
"""
