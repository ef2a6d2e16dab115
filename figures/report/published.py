"""The published results of the repository, offered where the reader's own are missing.

They lie in ``figures/published`` of a copy of the repository; an installed wheel has none, and nothing is offered then.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from figures.report.collect import CLAIMS, Entry, entries, read_json
from figures.report.markup import Markup, join, tag

__all__ = ["Published", "find", "origin", "picture", "verdicts"]

_FOLDER = Path(__file__).parents[1] / "published"
_LARGEST = 400_000
"""Bytes of a picture that is put into the page."""


@dataclass(frozen=True)
class Published:
    """A published table.

    Attributes:
        data: the data set, which is the folder that it lies in.
        metadata: what the experiment wrote about it.
        file: the JSON file.
    """

    data: str
    metadata: Entry
    file: Path


def find(name: str) -> list[Published]:
    """Return the published tables of an experiment, one a data set."""
    return [
        Published(file.parent.name, made, file)
        for file in sorted(_FOLDER.glob(f"*/{name}.json"))
        if isinstance(made := read_json(file), dict)
    ]


def origin(one: Published) -> str:
    """Return where a published table comes from, in words."""
    trained = one.metadata.get("trained")
    device = ", ".join(trained["device"]) if isinstance(trained, Mapping) and "device" in trained else ""
    machine = ", ".join(
        filter(None, (str(one.metadata.get("processor") or one.metadata.get("platform") or ""), device))
    )
    where = f"figures/published/{one.data}"
    return f"from {where}, made on {machine}, not by you" if machine else f"from {where}, not by you"


def picture(name: str) -> Markup:
    """Return the published pictures of a figure, each with where it comes from."""
    return join(*_pictures(name))


def verdicts() -> list[tuple[str, list[Entry]]]:
    """Return the published claims that are decided by measurement, by data set."""
    found = []
    for file in sorted(_FOLDER.glob(f"*/{CLAIMS}")):
        content = read_json(file)
        judged = entries(content.get("claims")) if isinstance(content, dict) else []
        found.append((file.parent.name, [claim for claim in judged if claim.get("verdict") != "not measured"]))
    return found


def _pictures(name: str) -> Iterator[Markup]:
    for one in find(name):
        file = one.file.with_suffix(".png")
        if file.is_file() and file.stat().st_size <= _LARGEST:
            source = f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
            image = tag("img", src=source, alt=f"{name} on {one.data}, {origin(one)}", loading="lazy")
            yield tag("figure", image, tag("figcaption", f"On {one.data}: {origin(one)}."))
