"""Certificates of single checks, repeated: every probability enclosed again, every comparison made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from os import PathLike
from typing import Any

from flint import ctx

from theory import __version__
from theory.exact.law import Box
from theory.support.validate import choice, refuse
from theory.verdicts.certificate import Recheck
from theory.verdicts.check_certificate import ball_from_data, law_from_data, number_from_data, number_to_data, read
from theory.verdicts.coverage import repeat
from theory.verdicts.tails import SIDES, tail, tail_ball

__all__ = ["recheck"]

_BITS = 64
Region = Mapping[str, Box]


def recheck(path: str | PathLike[str]) -> Recheck:
    """Repeat the certificate of a check: of a tail, a tail everywhere, a coverage or a size.

    A coverage and a size are computed again from the intervals in the file. For a tail, the probability is enclosed
    again and compared with the value of the bound in the file; for a tail everywhere this is done on each of its boxes,
    and the boxes are shown to cover the domain. That the law, the threshold and the bound of a box are those of the
    caller's functions there is the part of a certificate that rests on its maker, and so is a step that shows the
    statement beyond the limits of a domain without end: a note says so.

    Returns:
        A :class:`theory.verdicts.certificate.Recheck`; ``holds`` says whether the verdict was repeated.

    Raises:
        ValueError: the file cannot be read, is no certificate of a check, or was altered.
    """
    data = read(path)
    try:
        repeated = {"tail": _tail, "everywhere": _recheck_domain, "coverage": _coverage, "size": _coverage}[
            data["kind"]
        ]
        differences = repeated(data)
        made = data["made_with"].get("tailbound")
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, OverflowError) as error:
        refuse("FILE", str(path), f"must be a certificate of a check: {type(error).__name__}: {error}")
    notes = [] if made == __version__ else [f"tailbound: {__version__} here, {made} in the certificate"]
    if data.get("beyond"):
        notes.append(f"not repeated, it rests on the maker: what holds beyond {data['beyond']}")
    return Recheck(tuple(differences), tuple(notes))


def _tail(data: Mapping[str, Any]) -> list[str]:
    threshold, center = (
        number_from_data(data[name]) if isinstance(data[name], str) else ball_from_data(data[name])
        for name in ("threshold", "center")
    )
    bound = ball_from_data(data["bound"])
    found = tail(law_from_data(data["law"]), threshold, bound, data["side"], strict=data["strict"], center=center)
    return _same(found.verdict, data["verdict"])


def _coverage(data: Mapping[str, Any]) -> list[str]:
    return _same(repeat(data).verdict, data["verdict"])


def _same(verdict: str, stated: str) -> list[str]:
    return [] if verdict == stated else [f"verdict is {verdict!r}, in the certificate {stated!r}"]


def _recheck_domain(data: Mapping[str, Any]) -> list[str]:
    differences = _same("certified", data["verdict"])
    choice("side", data["side"], SIDES)
    if not data["domain"]:
        differences.append("the domain holds no setting")
    leaves: dict[str, list[Region]] = {}
    for leaf in data["leaves"]:
        with ctx.workprec(_BITS):
            law, side = law_from_data(leaf["law"]), data["side"]
            threshold = (ball_from_data if side == "both" else number_from_data)(leaf["threshold"])
            chance = tail_ball(law, threshold, side, data["strict"], number_from_data(data["center"]))
            bound = leaf["bound"]
            value = ball_from_data(bound if bound == "infinite" else number_to_data(_low_end(number_from_data(bound))))
            if not (value >= 1 or chance <= value):
                differences.append(f"the bound was not shown to hold on {leaf['whole']} {leaf['box']}")
        leaves.setdefault(_key(leaf["whole"]), []).append(_region(leaf["box"]))
    for setting in data["domain"]:
        if not _covered(_region(setting["box"]), leaves.get(_key(setting["whole"]), [])):
            differences.append(f"the boxes do not cover {setting['whole']} {setting['box']}")
    return differences


def _low_end(value: Any) -> Any:
    return value.low if isinstance(value, Box) else value


def _key(setting: Mapping[str, int]) -> str:
    return repr(sorted(setting.items()))


def _region(box: Mapping[str, Sequence[str]]) -> Region:
    return {name: Box(Fraction(low), Fraction(high)) for name, (low, high) in box.items()}


def _covered(box: Region, leaves: Sequence[Region]) -> bool:
    """Return whether every point of the box lies in a leaf, cutting it along the edges of leaves."""
    near = [leaf for leaf in leaves if all(leaf[n].low <= box[n].high and leaf[n].high >= box[n].low for n in box)]
    if any(all(leaf[n].low <= box[n].low and leaf[n].high >= box[n].high for n in box) for leaf in near):
        return True
    for leaf in near:
        for name, (low, high) in box.items():
            for edge in leaf[name]:
                if low < edge < high:
                    halves = ({**box, name: Box(low, edge)}, {**box, name: Box(edge, high)})
                    return all(_covered(half, near) for half in halves)
    return False
