"""The classes that a configuration names: their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from empirical.config import Config
from empirical.data.load import load
from empirical.data.plain_names import composed
from theory.support.validate import refuse

__all__ = ["label_of", "labelled", "with_labels"]

_SHOWN = 10
_LONGEST = 18  # digits of a label


def label_of(name: str, value: int | str, classes: Sequence[str], class_name: object = None) -> int:
    """Return the label of a class: its place in ``classes``.

    Args:
        name: of the argument, for the message.
        value: the label, or the name; a number as text is a name where names are numbers, and else a label.
        classes: the names in the order of their labels.
        class_name: what the message shows as the value; None for the value itself.

    Raises:
        ValueError: there is no such class.

    Example:
        >>> [label_of("label", value, ("cat", "dog")) for value in ("dog", "0", 1)]
        [1, 0, 1]
        >>> label_of("label", "7", ("3", "7"))
        1
    """
    if isinstance(value, str) and composed(value) in classes:
        return list(classes).index(composed(value))
    label = int(value) if not isinstance(value, str) or _is_label(value, classes) else -1
    if not 0 <= label < len(classes):
        allowed = f"must be at most {len(classes) - 1}, the label of the last class"
        if isinstance(value, str):
            allowed += f", or a name: {', '.join(classes[:_SHOWN])}" + (", ..." if len(classes) > _SHOWN else "")
        refuse(name, value if class_name is None else class_name, allowed)
    return label


def _is_label(text: str, classes: Sequence[str]) -> bool:
    """Return whether a text that is no name is a label: a number, where no class has a number as its name."""
    return text.isdecimal() and len(text) <= _LONGEST and not any(name.isdecimal() for name in classes)


def with_labels(config: Config, classes: Sequence[str]) -> Config:
    """Return the configuration with labels for the names of classes.

    Args:
        config: the configuration.
        classes: the names of all classes of its data.

    Raises:
        ValueError: there is no such class.
    """
    kept = config.classes
    if kept is not None:
        kept = tuple(label_of("classes", value, classes, list(kept)) for value in kept)
        classes = [classes[label] for label in kept]
    if config.similar_fraction == 0:
        return replace(config, classes=kept)
    majority = label_of("similar_majority", config.similar_majority, classes)
    minority = config.similar_minority
    if minority is not None:
        minority = label_of("similar_minority", minority, classes)
    return replace(config, classes=kept, similar_majority=majority, similar_minority=minority)


def labelled(config: Config, root: str | Path | None) -> Config:
    """Return the configuration with labels for the names of classes; the data are loaded if there are any.

    Raises:
        ValueError: there is no such class, or the data cannot be read.
    """
    named = (*(config.classes or ()), config.similar_majority, config.similar_minority)
    if not any(isinstance(value, str) for value in named):
        return config
    return with_labels(config, load(config.data, root, seed=config.data_seed, resolution=config.resolution).classes)
