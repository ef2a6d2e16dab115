"""HTML from Python, escaped where it is put together: whatever is not :class:`Markup` already is text."""

from __future__ import annotations

import html
import re
from typing import Any

__all__ = ["Markup", "join", "tag", "text"]

_VOID = {"br", "img", "input", "meta"}
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """Return ``value`` as HTML: markup as it is, anything else as text, with what no document may hold replaced.

    Example:
        >>> text('<a & "b">'), text(tag("b", "x"))
        ('&lt;a &amp; &quot;b&quot;&gt;', '<b>x</b>')
    """
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(_NOT_IN_HTML.sub("\N{REPLACEMENT CHARACTER}", str(value))))


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """Return an element; an attribute that is None or False is left out, ``_`` ends a name that Python keeps.

    Example:
        >>> tag("label", "mean <mu1>", for_="mu1", hidden=True)
        '<label for="mu1" hidden>mean &lt;mu1&gt;</label>'
        >>> tag("img", alt='"', data_kind="png", src=None)
        '<img alt="&quot;" data-kind="png">'
    """
    start = name
    for key, value in attributes.items():
        if value is not None and value is not False:
            attribute = key.removesuffix("_").replace("_", "-")
            start += f" {attribute}" if value is True else f' {attribute}="{text(value)}"'
    if name in _VOID:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Return the children one after the other."""
    return Markup("".join(map(text, children)))
