"""The 20 superclasses of CIFAR-100, five classes each.

Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009; the names of the classes are those
of the data set's files.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CIFAR100", "superclasses"]

CIFAR100 = {
    "aquatic mammals": ("beaver", "dolphin", "otter", "seal", "whale"),
    "fish": ("aquarium_fish", "flatfish", "ray", "shark", "trout"),
    "flowers": ("orchid", "poppy", "rose", "sunflower", "tulip"),
    "food containers": ("bottle", "bowl", "can", "cup", "plate"),
    "fruit and vegetables": ("apple", "mushroom", "orange", "pear", "sweet_pepper"),
    "household electrical devices": ("clock", "keyboard", "lamp", "telephone", "television"),
    "household furniture": ("bed", "chair", "couch", "table", "wardrobe"),
    "insects": ("bee", "beetle", "butterfly", "caterpillar", "cockroach"),
    "large carnivores": ("bear", "leopard", "lion", "tiger", "wolf"),
    "large man-made outdoor things": ("bridge", "castle", "house", "road", "skyscraper"),
    "large natural outdoor scenes": ("cloud", "forest", "mountain", "plain", "sea"),
    "large omnivores and herbivores": ("camel", "cattle", "chimpanzee", "elephant", "kangaroo"),
    "medium-sized mammals": ("fox", "porcupine", "possum", "raccoon", "skunk"),
    "non-insect invertebrates": ("crab", "lobster", "snail", "spider", "worm"),
    "people": ("baby", "boy", "girl", "man", "woman"),
    "reptiles": ("crocodile", "dinosaur", "lizard", "snake", "turtle"),
    "small mammals": ("hamster", "mouse", "rabbit", "shrew", "squirrel"),
    "trees": ("maple_tree", "oak_tree", "palm_tree", "pine_tree", "willow_tree"),
    "vehicles 1": ("bicycle", "bus", "motorcycle", "pickup_truck", "train"),
    "vehicles 2": ("lawn_mower", "rocket", "streetcar", "tank", "tractor"),
}
"""The classes of each superclass."""

_OF = {name: superclass for superclass, names in CIFAR100.items() for name in names}


def superclasses(classes: Sequence[str]) -> list[str] | None:
    """Return the superclass of each of the ``classes``; None unless they are those of CIFAR-100.

    Example:
        >>> superclasses(("cat", "dog")) is None
        True
        >>> superclasses(sorted(name for names in CIFAR100.values() for name in names))[:3]
        ['fruit and vegetables', 'fish', 'people']
    """
    return [_OF[name] for name in classes] if set(classes) == set(_OF) else None
