"""The merged value of a leaf against the component's schema: what no file says alone, and what wildcards made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from knowledge.deployment import guide as guides
from knowledge.deployment.cells import Cell, at, nearest_at, plain
from knowledge.deployment.guide import Guide
from knowledge.deployment.synthetic import tree
from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Severity, Span
from knowledge.validation.faults import Fault, Lens, causes, faults
from knowledge.validation.text import SourceText
from knowledge.validation.tree import Node, Path, path_text
from knowledge.validation.values import value_diagnostic

Sources = Mapping[str, SourceText]


def check_merged(cell: Cell, guide: Guide, sources: Sources) -> Iterator[Diagnostic]:
    """Everything wrong with one merged value, at the lines that brought it in; without the leaf's name."""
    schema = guide.merged
    value = {**_head(guide), **plain(cell)}
    if schema.validator.is_valid(value):
        return
    lens = Lens(schema, tree(cell))
    missing: dict[Path, list[str]] = {}
    for fault in causes(lens, faults(lens, value)):
        if fault.keyword == "required":
            if fault.path or fault.data["property"] not in {"apiVersion", "kind"}:
                missing.setdefault(fault.path, []).append(fault.data["property"])
        elif fault.keyword != "additionalProperties" and fault.path:
            yield _wrong(cell, lens, fault, sources)
    for path, names in missing.items():
        yield _missing(cell, lens, guide, path, names)


def _head(guide: Guide) -> dict[str, Any]:
    """What every file says of itself, which is not merged."""
    properties = guide.schema.properties
    return {
        name: properties[name].get("const")
        for name in ("apiVersion", "kind")
        if isinstance(properties.get(name), dict) and "const" in properties[name]
    }


def _missing(cell: Cell, lens: Lens, guide: Guide, path: Path, names: Sequence[str]) -> Diagnostic:
    where = nearest_at(cell, path)
    first = next(iter(where.value.values()), None) if isinstance(where.value, dict) else None
    node = first.key.node if first is not None and first.key is not None else where.origin.node
    return Diagnostic(
        "OVL010",
        Severity.ERROR,
        where.origin.file,
        _beginning(node),
        f"{_owner(cell, lens, guide, path)} needs {' and '.join(f'“{name}”' for name in names)}",
        path=path_text(path),
        why="No file on the way to these leaves sets it. Set it in the outermost file that holds for them.",
        suggestion=f"{names[0]}: …",
    )


def _owner(cell: Cell, lens: Lens, guide: Guide, path: Path) -> str:
    """What a path is about: an element of a by-key list by its key as it is written, secret “db-credentials”."""
    if not path:
        return "the file"
    element = at(cell, path)
    parts = guide.root
    for step in path[:-1]:
        parts = guide.child(parts, step)
    if isinstance(path[-1], int) and guides.rule(parts) == "by-key" and element is not None:
        key = at(element, (guides.key_of(parts),))
        group = next((step for step in reversed(path) if isinstance(step, str)), "element")
        if key is not None:
            return f"{words.singular(group)} “{key.template or key.value}”"
    named = words.owner(lens.root, path)
    return f"{named[0].lower()}{named[1:]}"


def _beginning(node: Node) -> Span:
    """A node that stands on one line, or the first character of one that does not."""
    span = node.span
    return span if span.line == span.end_line else Span(span.line, span.column, span.line, span.column + 1)


def _wrong(cell: Cell, lens: Lens, fault: Fault, sources: Sources) -> Diagnostic:
    where = nearest_at(cell, fault.path)
    found = value_diagnostic(lens, sources[where.origin.file], fault)
    why = f"{found.why} The value comes from {where.template}." if where.template else found.why
    return Diagnostic(
        found.code,
        found.severity,
        where.origin.file,
        where.origin.span,
        found.message,
        path=found.path,
        why=why.strip(),
        suggestion="" if where.template else found.suggestion,
        doc=found.doc,
    )
