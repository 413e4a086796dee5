"""Chunks as JSON, the form in which both sides of the index store them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

from knowledge.model import Chunk, Kind

FIELDS: Final = tuple(field.name for field in fields(Chunk))


def encode(chunk: Chunk, *, without: str = "") -> str:
    """The chunk as a JSON object; `without` leaves out one field that is kept elsewhere."""
    values = {name: getattr(chunk, name) for name in FIELDS if name != without}
    return json.dumps({name: value for name, value in values.items() if value != ""}, ensure_ascii=False)


def decode(stored_json: str | bytes, **given: Any) -> Chunk:
    """The chunk of a JSON object; fields it lacks are empty, fields we no longer know are dropped."""
    stored = {name: value for name, value in (json.loads(stored_json) | given).items() if name in FIELDS}
    empty: dict[str, Any] = dict.fromkeys(FIELDS, "")
    values = empty | {"headings": (), "order": 0, "kind": Kind.PAGE} | stored
    values["headings"] = tuple(values["headings"])
    values["kind"] = Kind(values["kind"])
    return Chunk(**values)
