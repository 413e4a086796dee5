"""Pages to read, taken apart for their templates: an indexed document, and the description of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from bot.addresses import is_web_address
from bot.channels.rendering import markdown
from knowledge.model import Chunk


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 2 to 6
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Part:
    """The text under one heading; the headings to write above it."""

    headings: Sequence[Heading]
    body: Markup


@dataclass(frozen=True, slots=True)
class Reading:
    title: str
    path: str
    url: str
    updated: str
    owner: str
    component: str
    parts: Sequence[Part]
    phrasings: Sequence[str]


def reading(chunks: Sequence[Chunk]) -> Reading:
    """A document put together again from its chunks."""
    first = chunks[0]
    text = [chunk for chunk in chunks if not chunk.phrasing]
    return Reading(
        title=first.title,
        path=first.path,
        url=first.url if is_web_address(first.url) else "",
        updated=first.updated,
        owner=first.owner,
        component=first.component,
        parts=list(_parts(text)),
        phrasings=[chunk.phrasing for chunk in chunks if chunk.phrasing],
    )


def _parts(chunks: Sequence[Chunk]) -> Iterator[Part]:
    above: tuple[str, ...] = ()
    for (headings, anchor), group in groupby(chunks, key=lambda chunk: (chunk.headings, chunk.anchor)):
        section = list(group)
        body = "\n\n".join(chunk.text for chunk in section)
        yield Part(
            headings=list(_new_headings(above, headings, anchor)),
            body=markdown(body, page=section[0].document_id, shift=1),
        )
        above = headings


def _new_headings(above: Sequence[str], headings: Sequence[str], anchor: str) -> Iterator[Heading]:
    """The headings that the last section did not stand under; only the innermost one has the anchor."""
    shared = 0
    while shared < min(len(above), len(headings) - 1) and above[shared] == headings[shared]:
        shared += 1
    for level in range(shared, len(headings)):
        is_innermost = level == len(headings) - 1
        yield Heading(min(6, level + 2), headings[level], anchor if is_innermost else "")


# ---- the API ----


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    summary: str
    fields: Sequence[tuple[str, str, str]]  # name, type, description
    types: Sequence[str]  # of the body
    answers: Sequence[tuple[str, str, str]]


def operations(document: Mapping[str, Any]) -> list[tuple[str, list[Operation]]]:
    """The operations of an OpenAPI document by tag, in its order."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            tag = (found.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(document, method, path, found))
    return list(groups.items())


def _operation(document: Mapping[str, Any], method: str, path: str, found: Mapping[str, Any]) -> Operation:
    content = found.get("requestBody", {}).get("content", {})
    fields = [
        (p["name"], f"in {p['in']}, {_type(document, p.get('schema', {}))}", p.get("description", ""))
        for p in found.get("parameters", ())
    ]
    body = content.get("application/json", {}).get("schema", {})
    for option in body.get("anyOf", [body]):
        fields += _fields(document, option)
    success = found.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=found.get("description") or found.get("summary", ""),
        fields=fields,
        types=list(content),
        answers=_fields(document, success.get("schema", {})),
    )


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    resolved = _resolved(document, schema)
    required = set(resolved.get("required", ()))
    return [
        (
            name,
            _type(document, field) + ("" if name in required else ", optional"),
            _resolved(document, field).get("description", ""),
        )
        for name, field in resolved.get("properties", {}).items()
    ]


def _type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(document, option) for option in schema["anyOf"])
    resolved = _resolved(document, schema)
    if "enum" in resolved:
        return "one of " + ", ".join(str(value) for value in resolved["enum"])
    if resolved.get("type") == "array":
        return f"list of {_type(document, resolved.get('items', {}))}"
    return str(resolved.get("type", "any"))


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    target: Mapping[str, Any] = document.get("components", {}).get("schemas", {}).get(name, {}) if name else schema
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
