"""What a component's schema says about merging: the rule of a list, what is locked, what tells elements apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from knowledge.validation.schema import Schema
from knowledge.validation.weights import Part

Parts = Sequence[Part]


class Guide:
    """The annotations of one schema, looked up step by step; what was looked up is kept."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._children: dict[tuple[int, str | int], tuple[Parts, Parts]] = {}

    @cached_property
    def root(self) -> Parts:
        return self.schema.root

    @cached_property
    def levels(self) -> Sequence[str]:
        """Where the component may stand, `root` among them; empty: everywhere."""
        levels = self.schema.document.get("x-levels", ())
        return [str(level) for level in levels] if isinstance(levels, list) else ()

    @cached_property
    def merged(self) -> Schema:
        """The schema of the value when all files are merged: what may be missing in one file must be there now."""
        document = _completed(self.schema.document)
        return Schema(document, origin=self.schema.origin)

    def child(self, parts: Parts, step: str | int) -> Parts:
        """The parts that speak of an entry or element below."""
        if isinstance(step, int) and not any("prefixItems" in part for part in parts):
            step = 0
        known = self._children.get((id(parts), step))
        if known is None:
            # The parts are kept with their children, so that their id is not given away.
            known = self._children[id(parts), step] = (parts, self.schema.child(parts, step))
        return known[1]


def rule(parts: Parts) -> str:
    """How a list is merged: replace, append, unique or by-key."""
    return str(_first(parts, "x-merge") or "replace")


def key_of(parts: Parts) -> str:
    return str(_first(parts, "x-key") or "name")


def identity(parts: Parts) -> Sequence[str]:
    """The keys that tell the elements of a list apart once wildcards are replaced; empty: nothing has to."""
    unique = _first(parts, "x-unique")
    if isinstance(unique, list):
        return [str(name) for name in unique]
    return [key_of(parts)] if rule(parts) == "by-key" else []


def is_final(parts: Parts) -> bool:
    return any(part.get("x-final") is True for part in parts)


def types(parts: Parts) -> set[str]:
    """The JSON types that the schema allows here; empty when it does not say."""
    found: set[str] = set()
    for part in parts:
        declared = part.get("type")
        found |= set(declared) if isinstance(declared, list) else {declared} if isinstance(declared, str) else set()
    return found


def _first(parts: Parts, name: str) -> Any:
    return next((part[name] for part in parts if name in part), None)


def _completed(part: Any) -> Any:
    if isinstance(part, list):
        return [_completed(inner) for inner in part]
    if not isinstance(part, Mapping):
        return part
    done = {name: _completed(inner) for name, inner in part.items()}
    later = part.get("x-required")
    if isinstance(later, list):
        required = part.get("required")
        done["required"] = list(dict.fromkeys([*(required if isinstance(required, list) else ()), *later]))
    if isinstance(part.get("x-minItems"), int):
        done["minItems"] = part["x-minItems"]
    return done
