"""Which draft of JSON Schema a document is read by: the one it names, unless its own keywords say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
DRAFT_2019: Final = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020: Final = "https://json-schema.org/draft/2020-12/schema"
_OLD: Final = ("draft-04", "draft-06")
_LATEST: Final = ("http://json-schema.org/schema#", "http://json-schema.org/schema")
_SINCE_6: Final = frozenset({"const", "contains", "propertyNames"})
_SINCE_7: Final = frozenset({"if"})
_SINCE_2019: Final = frozenset(
    {
        "minContains",
        "maxContains",
        "unevaluatedProperties",
        "unevaluatedItems",
        "dependentRequired",
        "dependentSchemas",
        "$recursiveRef",
        "$anchor",
    }
)
_SINCE_2020: Final = frozenset({"prefixItems", "$dynamicRef", "$dynamicAnchor"})
# Where schemas stand in a schema; elsewhere, as in "enum" or "default", the same words are data.
_MAPS: Final = frozenset(
    {"properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"}
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "items", "prefixItems"})
_ONES: Final = frozenset(
    {
        *("items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"),
        *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    }
)
_BOUNDS: Final = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def dated(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the draft it is to be read by.

    A draft-04 schema with `const` or `if` means them, as its author's editor does: it is read as draft-07. A schema
    that names no draft is read by the oldest one since draft-07 that knows its keywords."""
    named = document.get("$schema")
    if named is None or named in _LATEST:
        return {**document, "$schema": _needed(_keywords(document))}
    if isinstance(named, str) and any(draft in named for draft in _OLD):
        later = _SINCE_7 if "draft-06" in named else _SINCE_7 | _SINCE_6
        if later & _keywords(document):
            return {**_raised(document), "$schema": DRAFT_7}
    return dict(document)


def _needed(keywords: set[str]) -> str:
    return DRAFT_2020 if keywords & _SINCE_2020 else DRAFT_2019 if keywords & _SINCE_2019 else DRAFT_7


def _keywords(document: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    stack: list[Any] = [document]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            found |= part.keys()
            for keyword, inner in part.items():
                stack += _schemas(keyword, inner)
    return found


def _schemas(keyword: str, inner: Any) -> Iterator[Any]:
    if keyword in _MAPS and isinstance(inner, dict):
        yield from inner.values()
    elif keyword in _LISTS and isinstance(inner, list):
        yield from inner
    elif keyword in _ONES:
        yield inner


def _raised(part: Any) -> Any:
    """A draft-04 schema in the words of draft-07: `id`, and the bounds that were truth values."""
    if not isinstance(part, dict):
        return part
    raised = {keyword: _raised_inner(keyword, inner) for keyword, inner in part.items()}
    if isinstance(raised.get("id"), str) and "$id" not in raised:
        raised["$id"] = raised.pop("id")
    for exclusive, inclusive in _BOUNDS:
        if isinstance(raised.get(exclusive), bool) and raised.pop(exclusive) and inclusive in raised:
            raised[exclusive] = raised.pop(inclusive)
    return raised


def _raised_inner(keyword: str, inner: Any) -> Any:
    if keyword in _MAPS and isinstance(inner, dict):
        return {name: _raised(part) for name, part in inner.items()}
    if keyword in _LISTS and isinstance(inner, list):
        return [_raised(part) for part in inner]
    return _raised(inner) if keyword in _ONES else inner
