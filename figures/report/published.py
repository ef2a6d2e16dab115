"""The published results of the repository, offered where the reader's own are missing.

They lie in ``figures/published`` of a copy of the repository; an installed wheel has none, and nothing is offered then.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures.report.collect import CLAIMS, Entry, entries, read_json
from figures.report.markup import Markup, join, tag

__all__ = ["Published", "cells", "find", "origin", "picture", "verdicts"]

_FOLDER = Path(__file__).parents[1] / "published"
_LARGEST = 400_000
"""Bytes of a picture that is put into the page."""


@dataclass(frozen=True)
class Published:
    """A published table.

    Attributes:
        folder: the name of the folder that it lies in.
        metadata: what the experiment wrote about it.
        file: the JSON file.
    """

    folder: str
    metadata: Entry
    file: Path

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets of its rows."""
        return tuple(dict.fromkeys(str(row["data"]) for row in entries(self.metadata.get("summary")) if "data" in row))

    @property
    def title(self) -> str:
        """On what it was measured, in words: ``cifar10, profile paper``."""
        arguments = self.metadata.get("arguments")
        profile = arguments.get("profile") if isinstance(arguments, Mapping) else None
        return ", ".join([*self.data, *([] if profile is None else [f"profile {profile}"])])


def find(name: str) -> list[Published]:
    """Return the published tables of an experiment, those of the paper's own scale first."""
    found = [
        Published(file.parent.name, made, file)
        for file in sorted(_FOLDER.glob(f"*/{name}.json"))
        if isinstance(made := read_json(file), dict)
    ]
    return sorted(found, key=lambda one: "profile paper" not in one.title)


def origin(one: Published) -> str:
    """Return where a published table comes from, in words."""
    trained = one.metadata.get("trained")
    device = ", ".join(trained["device"]) if isinstance(trained, Mapping) and "device" in trained else ""
    machine = ", ".join(
        filter(None, (str(one.metadata.get("processor") or one.metadata.get("platform") or ""), device))
    )
    where = f"figures/published/{one.folder}"
    return f"from {where}, made on {machine}, not by you" if machine else f"from {where}, not by you"


def picture(name: str) -> Markup:
    """Return the published pictures of a figure, each with where it comes from."""
    return join(*_pictures(name))


def cells() -> list[Entry]:
    """Return the published cells of Table 1 that say where they lie in the range of published numbers."""
    return [cell for _, own in _judged("published") for cell in own if cell.get("range") is not None]


def verdicts() -> list[tuple[str, list[Entry]]]:
    """Return the published claims that are decided by measurement, by folder."""
    return [
        (folder, [claim for claim in own if claim.get("verdict") != "not measured"])
        for folder, own in _judged("claims")
    ]


def _judged(key: str) -> Iterator[tuple[str, Sequence[Entry]]]:
    """Yield the entries under a key of each published file of verdicts, with the name of its folder."""
    for file in sorted(_FOLDER.glob(f"*/{CLAIMS}")):
        content = read_json(file)
        yield file.parent.name, entries(content.get(key)) if isinstance(content, dict) else []


def _pictures(name: str) -> Iterator[Markup]:
    for one in find(name):
        file = one.file.with_suffix(".png")
        if file.is_file() and file.stat().st_size <= _LARGEST:
            source = f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
            image = tag("img", src=source, alt=f"{name} on {one.title}, {origin(one)}", loading="lazy")
            yield tag("figure", image, tag("figcaption", f"On {one.title}: {origin(one)}."))
