"""The theory against data: real images, trained classifiers, and what they measure.

``python -m empirical list`` names the experiments and ``python -m empirical run NAME`` runs one; each is a module of
:mod:`empirical.experiments`. ``python -m empirical train`` trains one network, and goes on with it after an
interruption. Tensors flow from :mod:`empirical.data.load` (images and labels) through :mod:`empirical.data.longtail`
(imbalanced subsets), :mod:`empirical.data.mixing` (mixed samples), :mod:`empirical.training.networks`,
:mod:`empirical.training.losses` and :mod:`empirical.training.sampling`, :mod:`empirical.training.pretrain` and
:mod:`empirical.training.train` to :mod:`empirical.training.evaluate` and :mod:`empirical.analysis.agreement`. Importing
this package loads none of them.
"""
