"""A check of plain data against a JSON Schema, for the few keywords that the schemas here use.

The keywords mean what JSON Schema 2020-12 says: ``type``, ``const``, ``enum``, ``pattern``, ``required``,
``properties``, ``additionalProperties``, ``items``, ``minItems``, ``$ref`` to ``#/$defs/``. A schema with any other
keyword is refused, so that nothing in it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["first_fault"]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}
_SILENT = {"$schema", "$id", "$defs", "title", "description"}


def first_fault(data: Any, schema: Mapping[str, Any], at: str = "$", root: Mapping[str, Any] | None = None) -> str:
    """Return where ``data`` first departs from ``schema`` and what is allowed there; an empty string if nowhere.

    Example:
        >>> first_fault({"n": "1"}, {"type": "object", "properties": {"n": {"type": "null"}}})
        '$.n: must be of type null'
    """
    root = schema if root is None else root
    for keyword, value in schema.items():
        if keyword in _SILENT:
            continue
        fault = _fault(keyword, value, data, schema, at, root)
        if fault:
            return fault
    return ""


def _fault(keyword: str, value: Any, data: Any, schema: Mapping[str, Any], at: str, root: Mapping[str, Any]) -> str:
    """Return the first fault against one keyword."""
    match keyword:
        case "type":
            names = [value] if isinstance(value, str) else value
            if not any(isinstance(data, _TYPES[name]) for name in names):
                return f"{at}: must be of type {' or '.join(names)}"
        case "const":
            if type(data) is not type(value) or data != value:
                return f"{at}: must be {value!r}"
        case "enum":
            if data not in value:
                return f"{at}: must be one of {', '.join(map(str, value))}"
        case "pattern":
            if isinstance(data, str) and not re.search(value, data):
                return f"{at}: must match {value}"
        case "required":
            missing = [name for name in value if isinstance(data, dict) and name not in data]
            if missing:
                return f"{at}: must have {', '.join(missing)}"
        case "properties" | "additionalProperties":
            return _members(keyword, data, schema, at, root)
        case "items":
            for i, part in enumerate(data if isinstance(data, list) else []):
                fault = first_fault(part, value, f"{at}[{i}]", root)
                if fault:
                    return fault
        case "minItems":
            if isinstance(data, list) and len(data) < value:
                return f"{at}: must have at least {value} items"
        case "$ref":
            return first_fault(data, root["$defs"][value.removeprefix("#/$defs/")], at, root)
        case _:
            raise NotImplementedError(f"{keyword}: a keyword that this check does not know")
    return ""


def _members(keyword: str, data: Any, schema: Mapping[str, Any], at: str, root: Mapping[str, Any]) -> str:
    """Return the first fault among the members that the keyword speaks of."""
    named = schema.get("properties", {})
    for name, part in data.items() if isinstance(data, dict) else ():
        if keyword == "properties" and name in named:
            fault = first_fault(part, named[name], f"{at}.{name}", root)
        elif keyword == "additionalProperties" and name not in named:
            rest = schema[keyword]
            fault = (
                f"{at}.{name}: must not be there" if rest is False else first_fault(part, rest, f"{at}.{name}", root)
            )
        else:
            continue
        if fault:
            return fault
    return ""
