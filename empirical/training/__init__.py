"""Networks, losses, sampling, augmentation, pre-training, and the training of one run.

May import :mod:`empirical.storage` and what that may import.
"""
