"""Explanations and differences as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from knowledge.deployment.diffing import Difference
from knowledge.deployment.explaining import Explained
from knowledge.validation.tree import path_text

WIDEST: Final = 60  # columns before the notes


def as_yaml(found: Sequence[Explained]) -> str:
    """What holds at a leaf as YAML, with where each value comes from as a comment behind it."""
    lines: list[tuple[str, str]] = []
    for component in dict.fromkeys(one.component for one in found):
        lines.append((f"{component}:", ""))
        nested = _nested([one for one in found if one.component == component])
        lines += _lines(nested, 1)
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


def _nested(found: Sequence[Explained]) -> dict[str | int, Any]:
    """The explanations as the tree that their paths span."""
    tree: dict[str | int, Any] = {}
    for one in found:
        level = tree
        for step in one.path[:-1]:
            level = level.setdefault(step, {})
        level[one.path[-1] if one.path else ""] = one
    return tree


def _lines(level: Mapping[str | int, Any], depth: int) -> Iterator[tuple[str, str]]:
    indent = "  " * depth
    for step, inner in level.items():
        if isinstance(step, int):
            yield from _element(inner, depth)
        elif isinstance(inner, Explained):
            text = f"{indent}# {step}" if inner.removed else f"{indent}{_key(step)}: {_scalar(inner.value)}"
            yield text, inner.note
        else:
            yield f"{indent}{_key(step)}:", ""
            yield from _lines(inner, depth + 1)


def _element(inner: Any, depth: int) -> Iterator[tuple[str, str]]:
    indent = "  " * depth
    if isinstance(inner, Explained):
        yield f"{indent}- {_scalar(inner.value)}", inner.note
        return
    for number, (text, note) in enumerate(_lines(inner, depth + 1)):
        yield (f"{indent}- {text[len(indent) + 2 :]}" if number == 0 else text), note


def _key(step: str) -> str:
    return _scalar(step) if not step.isidentifier() else step


def _scalar(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True)
    return str(text).removesuffix("\n").removesuffix("...").strip()


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
    return "\n".join(lines) or "No effective value changes at any leaf."


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
