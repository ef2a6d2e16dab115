"""Examine a network that anybody trained: everything that the theory can say of it.

:func:`empirical.analysis.examine.examination.examine` takes arrays and returns an
:class:`~empirical.analysis.examine.examination.Examination`. Neither needs torch.
"""
