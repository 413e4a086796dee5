"""The merged value of a leaf against the component's schema: what no file says alone, and what wildcards made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from knowledge.deployment.cells import Cell, nearest_at, plain
from knowledge.deployment.guide import Guide
from knowledge.deployment.synthetic import tree
from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Severity, Span
from knowledge.validation.faults import Fault, Lens, causes, faults
from knowledge.validation.text import SourceText
from knowledge.validation.tree import Node, path_text
from knowledge.validation.values import value_diagnostic

Sources = Mapping[str, SourceText]


def check_merged(cell: Cell, guide: Guide, sources: Sources) -> Iterator[Diagnostic]:
    """Everything wrong with one merged value, at the lines that brought it in; without the leaf's name."""
    schema = guide.merged
    value = {**_head(guide), **plain(cell)}
    if schema.validator.is_valid(value):
        return
    lens = Lens(schema, tree(cell))
    for fault in causes(lens, faults(lens, value)):
        if fault.keyword == "required":
            if fault.path or fault.data["property"] not in {"apiVersion", "kind"}:
                yield _missing(cell, lens, guide, fault)
        elif fault.keyword != "additionalProperties" and fault.path:
            yield _wrong(cell, lens, fault, sources)


def _head(guide: Guide) -> dict[str, Any]:
    """What every file says of itself, which is not merged."""
    properties = guide.schema.properties
    return {
        name: properties[name].get("const")
        for name in ("apiVersion", "kind")
        if isinstance(properties.get(name), dict) and "const" in properties[name]
    }


def _missing(cell: Cell, lens: Lens, guide: Guide, fault: Fault) -> Diagnostic:
    where = nearest_at(cell, fault.path)
    first = next(iter(where.value.values()), None) if isinstance(where.value, dict) else None
    node = first.key.node if first is not None and first.key is not None else where.origin.node
    named = words.owner(lens.root, fault.path)
    subject = f"{named[0].lower()}{named[1:]}" if named.startswith("The ") else named
    return Diagnostic(
        "OVL010",
        Severity.ERROR,
        where.origin.file,
        _beginning(node),
        f"{subject} needs “{fault.data['property']}”",
        path=path_text(fault.path),
        why="No file on the way to these leaves sets it. Set it in the outermost file that holds for them.",
        suggestion=f"{fault.data['property']}: …",
        doc=guide.schema.doc_at((*fault.path, fault.data["property"])),
    )


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
