"""The theory against data: real images, trained classifiers, and what they measure.

``python -m empirical list`` names the experiments and ``python -m empirical run NAME`` runs one; each is a module of
:mod:`empirical.experiments`. ``python -m empirical train`` trains one network, and goes on with it after an
interruption. Tensors flow from :mod:`empirical.data` (images and labels) through :mod:`empirical.longtail`
(imbalanced subsets), :mod:`empirical.similar` (mixed samples), :mod:`empirical.networks`, :mod:`empirical.losses` and
:mod:`empirical.resampling`, :mod:`empirical.pretrain` and :mod:`empirical.train` to :mod:`empirical.evaluate` and
:mod:`empirical.measure`. Importing this package loads none of them.
"""
