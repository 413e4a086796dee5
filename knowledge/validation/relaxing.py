"""Schemas for editors: as the platform's, but wildcards and a `null` that removes are no faults.

An editor sees one file before any merging, as `validate` does when it checks a file of a deployment repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.validation.faults import WILDCARD
from knowledge.validation.schema import Schema

COMMENT = "Made by `sheriff schema export` for editors: wildcards such as %namespace% are let through."
_LATER: Mapping[str, Any] = {"type": "string", "pattern": WILDCARD.pattern}
_OF_TEXT = frozenset(
    {"type", "pattern", "enum", "const", "format", "minLength", "maxLength", "contentEncoding", "contentMediaType"}
)
_CONTAINERS = frozenset({"object", "array"})
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalItems", "additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_BRANCHES = ("then", "else")  # not `if`, `not`, `contains`: what they ask decides, and may not get weaker
_FIXED = ("apiVersion", "kind")


def for_editors(schema: Schema) -> dict[str, Any]:
    """The schema to give to an editor; that of an overlay accepts what is only decided once files are merged."""
    if not schema.overlay:
        return dict(schema.document)
    document = _inside(schema.document)
    fixed = {key: schema.properties[key] for key in _FIXED if key in schema.properties}
    document["properties"] = {**document.get("properties", {}), **fixed}
    return {"$comment": COMMENT, **document}


def _relaxed(part: Any) -> Any:
    """A schema of a value: with another way to satisfy it where it asks something of a text, number or switch."""
    if isinstance(part, list):
        return [_relaxed(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    inside = _inside(part)
    asked = {key: value for key, value in inside.items() if key in _OF_TEXT}
    if not asked:
        return inside
    if _is_container(inside):
        return {**inside, "type": _widened(inside["type"]), "pattern": WILDCARD.pattern}
    rest = {key: value for key, value in inside.items() if key not in asked}
    ways = [asked, dict(_LATER), {"type": "null"}]
    return (
        {"anyOf": ways, **rest} if "anyOf" not in rest else {**rest, "allOf": [{"anyOf": ways}, *rest.get("allOf", ())]}
    )


def _is_container(part: Mapping[str, Any]) -> bool:
    types = part.get("type", ())
    given = {types} if isinstance(types, str) else set(types)
    return bool(given) and given <= _CONTAINERS and not {"enum", "const"} & part.keys()


def _widened(types: str | list[str]) -> list[str]:
    return [*([types] if isinstance(types, str) else types), "null", "string"]


def _inside(part: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema with the schemas inside it relaxed."""
    made = dict(part)
    for key in _MAPS:
        if isinstance(made.get(key), dict):
            made[key] = {name: _relaxed(inner) for name, inner in made[key].items()}
    for key in (*_SINGLE, *_BRANCHES, *_LISTS):
        if key in made:
            made[key] = _relaxed(made[key])
    if "oneOf" in made:  # two relaxed variants may both accept a wildcard
        variants = made.pop("oneOf")
        made["allOf"] = [*made.get("allOf", ()), {"anyOf": variants}]
    return made
