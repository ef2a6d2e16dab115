"""Certificates of single checks: a tail, a coverage or a size, with all that another machine needs to repeat it.

A certificate is JSON with a hash of its content. Numbers are exact: fractions as ``"3/10"``, balls and boxes by their
two ends. The hash finds damage; what the certificate is worth comes from repeating it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from theory.exact.balls import between, ends, exact
from theory.exact.law import Box, Law, is_ball
from theory.support.files import check_file, is_pipe_or_device, write_whole
from theory.support.json_text import parsed
from theory.support.validate import refuse
from theory.verdicts.canonical import digest

__all__ = [
    "FORMAT",
    "VERSION",
    "ball_from_data",
    "law_from_data",
    "law_to_data",
    "number_from_data",
    "number_to_data",
    "read",
    "write",
]

FORMAT = "tailbound check"
"""What a certificate of a check calls itself."""

VERSION = 1
"""The version of the format."""


def number_to_data(value: Any) -> Any:
    """Return a number as a fraction in text, a box or a ball as its two ends.

    Example:
        >>> number_to_data(0.25), number_from_data("1/3")
        ('1/4', Fraction(1, 3))
    """
    if isinstance(value, Box):
        return {"from": str(value.low), "to": str(value.high)}
    if is_ball(value):
        return ball_to_data(value)
    return str(Fraction(value))


def ball_to_data(ball: Any) -> Any:
    """Return a ball as its two ends, or as ``"infinite"``."""
    if not ball.is_finite():
        return "infinite"
    low, high = ends(ball)
    return {"from": str(low), "to": str(high)}


def number_from_data(data: Any) -> Any:
    """Return the number that :func:`number_to_data` wrote, or the box of a ball or a box."""
    if isinstance(data, Mapping):
        return Box(Fraction(data["from"]), Fraction(data["to"]))
    return Fraction(data)


def ball_from_data(data: Any) -> Any:
    """Return a ball around what :func:`number_to_data` or :func:`ball_to_data` wrote."""
    from flint import arb

    if data == "infinite":
        return arb.pos_inf()
    found = number_from_data(data)
    return between(*found) if isinstance(found, Box) else exact(found)


def law_to_data(law: Law) -> dict[str, Any]:
    """Return a law as plain data: its name and its parameters.

    Example:
        >>> from theory.laws import Binomial
        >>> law_to_data(Binomial(30, 0.5))
        {'name': 'Binomial', 'n': '30', 'p': '1/2'}
    """

    def plain(value: Any) -> Any:
        if isinstance(value, Law):
            return law_to_data(value)
        if isinstance(value, tuple) and not isinstance(value, Box):
            return [plain(one) for one in value]
        return number_to_data(value)

    parameters = {field.name: plain(getattr(law, field.name)) for field in fields(law) if field.init}  # type: ignore[arg-type]
    return {"name": type(law).__name__, **parameters}


def law_from_data(data: Mapping[str, Any]) -> Law:
    """Return the law that :func:`law_to_data` wrote."""
    from theory import laws

    def value(one: Any) -> Any:
        if isinstance(one, Mapping) and "name" in one:
            return law_from_data(one)
        if isinstance(one, list):
            return tuple(value(part) for part in one)
        found = number_from_data(one)
        return int(found) if isinstance(found, Fraction) and found.denominator == 1 else found

    name = data.get("name")
    if name not in laws.__all__ or name in ("Law", "Family"):
        refuse("law", name, "must be a law of theory.laws")
    made: Law = getattr(laws, str(name))(**{key: value(one) for key, one in data.items() if key != "name"})
    return made


def write(record: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Write the record of a check as a certificate."""
    check_file("FILE", Path(path))
    body = {"format": FORMAT, "version": VERSION, **record}
    write_whole(Path(path), json.dumps({**body, "sha256": digest(body)}, indent=1) + "\n")


def read(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the content of a certificate.

    Raises:
        ValueError: the file cannot be read, is no certificate of a check, or was altered.
    """
    if is_pipe_or_device(Path(path)):
        refuse("FILE", str(path), "must be a file, not a pipe or a device")
    try:
        data = parsed(Path(path).read_bytes())
    except OSError as error:
        refuse("FILE", str(path), f"must be a file that can be read: {error.strerror}")
    except (ValueError, RecursionError):
        refuse("FILE", str(path), "must be a certificate: it is no JSON, or torn")
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
        refuse("FILE", str(path), f"must be a {FORMAT}, version {VERSION}")
    if digest({key: value for key, value in data.items() if key != "sha256"}) != data.get("sha256"):
        refuse("FILE", str(path), "must be as it was written: the hash does not match")
    return data
