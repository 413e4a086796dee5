"""Explanations and differences as text and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from knowledge.deployment.diffing import Difference
from knowledge.deployment.explaining import Explained
from knowledge.validation.scalars import meaning
from knowledge.validation.tree import path_text

WIDEST: Final = 60  # columns before the notes


@dataclass(frozen=True, slots=True)
class Removed:
    """The step to a key that `null` took away."""

    name: str | int


Tree = dict["str | int | Removed", Any]


def as_yaml(found: Sequence[Explained]) -> str:
    """What holds at a leaf as YAML, with where each value comes from as a comment behind it."""
    lines: list[tuple[str, str]] = []
    for component in dict.fromkeys(one.component for one in found):
        own = [one for one in found if one.component == component]
        if own[0].path:
            lines += _block(f"{_key(component)}:", _nested(own), 1)
        else:
            lines.append((f"{_key(component)}: {_scalar(own[0].value)}", own[0].note))
    width = min(WIDEST, max((len(text) for text, note in lines if note), default=0))
    return "\n".join(f"{text:<{width}}  # {note}" if note else text for text, note in lines)


def as_json(found: Sequence[Explained]) -> list[dict[str, Any]]:
    """One object for each value: component, path, value, origin, hides, wildcards, default, removed, locked, doc."""
    return [
        {
            "component": one.component,
            "path": path_text(one.path),
            "value": one.value,
            "origin": one.origin,
            "hides": [{"value": value, "origin": origin} for value, origin in one.hides],
            "wildcards": [{"name": name, "value": value, "origin": origin} for name, value, origin in one.wildcards],
            "default": not one.origin,
            "removed": one.removed,
            "locked": one.locked,
            "doc": one.doc,
        }
        for one in found
    ]


def _nested(found: Sequence[Explained]) -> Tree:
    """The explanations as the tree that their paths span; what was removed may have a default beside it."""
    tree: Tree = {}
    for one in found:
        level = tree
        for step in one.path[:-1]:
            level = level.setdefault(step, {})
        level[Removed(one.path[-1]) if one.removed else one.path[-1]] = one
    return tree


def _block(head: str, inner: Tree, depth: int) -> Iterator[tuple[str, str]]:
    """A map or list under its key or dash; one of which nothing is left is written as such."""
    yield head if any(not isinstance(step, Removed) for step in inner) else f"{head} {{}}", ""
    yield from _lines(inner, depth)


def _lines(level: Tree, depth: int) -> Iterator[tuple[str, str]]:
    indent = "  " * depth
    for step, inner in level.items():
        if isinstance(step, Removed):
            yield f"{indent}# {_key(str(step.name))}", inner.note
        elif isinstance(step, int):
            yield from _element(inner, depth)
        elif isinstance(inner, Explained):
            yield f"{indent}{_key(step)}: {_scalar(inner.value)}", inner.note
        else:
            yield from _block(f"{indent}{_key(step)}:", inner, depth + 1)


def _element(inner: Any, depth: int) -> Iterator[tuple[str, str]]:
    indent = "  " * depth
    if isinstance(inner, Explained):
        yield f"{indent}- {_scalar(inner.value)}", inner.note
        return
    if all(isinstance(step, Removed) for step in inner):
        yield from _block(f"{indent}-", inner, depth + 1)
        return
    for number, (text, note) in enumerate(_lines(inner, depth + 1)):
        yield (f"{indent}- {text[len(indent) + 2 :]}" if number == 0 else text), note


def _key(step: str) -> str:
    return _scalar(step)


def _scalar(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = _dumped(value, None)
    several_lines = any(mark in text for mark in "\n\x85\u2028\u2029")
    if isinstance(value, str) and (several_lines or (text == value and meaning(value) != value)):
        return _dumped(value, '"')  # YAML 1.2 reads more words as numbers than the library that writes here
    return text


def _dumped(value: Any, style: str | None) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, width=math.inf, default_style=style)
    return str(text).removesuffix("\n").removesuffix("\n...")


def as_text(found: Difference) -> str:
    """A difference for people: leaves with + and -, and each value before and after with where it comes from."""
    lines = [f"+ leaf {path}" for path in found.added] + [f"- leaf {path}" for path in found.removed]
    for change in found.changes:
        lines.append(f"~ {change.name} {where(change.leaves)}")
        for sign, one in (("-", change.before), ("+", change.after)):
            if one is not None and not one.removed:
                lines.append(f"    {sign} {_scalar(one.value)}  # {one.note}")
            elif one is not None:
                lines.append(f"    {sign} (removed)  # {one.note}")
    return "No effective value changes at any leaf." if found.is_none else "\n".join(lines)


def difference_as_json(found: Difference) -> dict[str, Any]:
    """Leaves added and removed, and for each change its name, its leaves, and the values before and after."""

    def one(explained: Explained | None) -> dict[str, Any] | None:
        return None if explained is None else as_json([explained])[0]

    return {
        "added": list(found.added),
        "removed": list(found.removed),
        "changes": [
            {"name": c.name, "leaves": list(c.leaves), "before": one(c.before), "after": one(c.after)}
            for c in found.changes
        ],
    }


def where(leaves: Sequence[str]) -> str:
    """At which leaves, in words."""
    return f"at {leaves[0]}" if len(leaves) == 1 else f"at {len(leaves):,} leaves, e.g. {leaves[0]}"
