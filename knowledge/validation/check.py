"""One document against one schema: diagnostics at the tokens a person would change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity
from knowledge.validation.faults import Fault, Lens, causes, faults
from knowledge.validation.keys import key_diagnostics, misplaced_member, place
from knowledge.validation.schema import Schema
from knowledge.validation.text import SourceText
from knowledge.validation.tree import MappingNode, Node, Path, ScalarNode, SequenceNode, path_text, resolved, value_of
from knowledge.validation.values import value_diagnostic
from knowledge.validation.weights import Part

ENOUGH = 100  # errors, beside which no remark would be told
MAX_REMARKS = 1_000  # of one kind on one file; nobody reads more
_KEYS = frozenset({"required", "additionalProperties"})


def check(lens: Lens, source: SourceText, value: Any = None) -> list[Diagnostic]:
    """Everything wrong with a document by its schema, one diagnostic for each cause, in order of place.

    `value` is that of the document, where the caller has it."""
    found = causes(lens, faults(lens, value_of(lens.root) if value is None else value))
    diagnostics = list(key_diagnostics(lens, source, (fault for fault in found if fault.keyword in _KEYS)))
    diagnostics += [_about_value(lens, source, fault) for fault in found if fault.keyword not in _KEYS]
    diagnostics = _one_for_each_place(diagnostics)
    if len(diagnostics) >= ENOUGH:
        return diagnostics
    if lens.schema.mentions_deprecation:
        diagnostics += islice(_deprecations(lens, source), MAX_REMARKS)
    if lens.schema.mentions_later_keys and lens.alone:
        meant = {(d.path.rpartition(".")[0], d.suggestion) for d in diagnostics if d.code == "SCH001"}
        diagnostics += islice(_later_keys(lens, source, meant), MAX_REMARKS)
    return diagnostics


def _about_value(lens: Lens, source: SourceText, fault: Fault) -> Diagnostic:
    misplaced = misplaced_member(lens, source, fault.path) if fault.keyword == "type" else None
    return misplaced or value_diagnostic(lens, source, fault)


def _one_for_each_place(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Of several things said about one token the first; and nothing about what stands in a misplaced key."""
    kept: dict[tuple[int, int], Diagnostic] = {}
    misplaced = tuple(d.path for d in diagnostics if d.code in {"YAML009", "SCH001"})
    for diagnostic in diagnostics:
        inside = any(
            diagnostic.path != path and diagnostic.path.startswith((f"{path}.", f"{path}[")) for path in misplaced
        )
        if not inside:
            kept.setdefault((diagnostic.span.line, diagnostic.span.column), diagnostic)
    return list(kept.values())


def _deprecations(lens: Lens, source: SourceText) -> Iterator[Diagnostic]:
    for path, _, parts, key in _walk(lens, lens.root, (), lens.schema.root):
        part = next((part for part in parts if part.get("deprecated") is True), None)
        if part is None or not path:
            continue
        instead = str(part.get("x-replaced-by", ""))
        since = f" since {part['x-deprecated-since']}" if part.get("x-deprecated-since") else ""
        span = key.span if key is not None else place(lens.root, source, path)
        yield Diagnostic(
            "SCH007",
            Severity.WARNING,
            source.name,
            span,
            f"“{path[-1]}” is deprecated{since}" + (f". Use `{instead}`" if instead else ""),
            path=path_text(path),
            why=str(part.get("description", "")),
            suggestion=instead,
            doc=lens.schema.doc_at(path),
            edits=(Edit(span, instead),) if instead and key is not None else (),
        )


def _later_keys(lens: Lens, source: SourceText, meant: Collection[tuple[str, str]]) -> Iterator[Diagnostic]:
    """Keys that must be there once all overlays are merged, and that this file neither sets nor misspells."""
    for path, node, parts in collections_of(lens.schema, lens.root):
        if not isinstance(node, MappingNode):
            continue
        wanted = dict.fromkeys(name for part in parts if "x-required" in part for name in part["x-required"])
        names = [n for n in wanted if node.entry(n) is None and (path_text(path), n) not in meant]
        if names:
            listed = ", ".join(f"“{name}”" for name in names)
            yield Diagnostic(
                "SCH004",
                Severity.INFORMATION,
                source.name,
                place(lens.root, source, path),
                f"{words.owner(lens.root, path)} does not set {listed} in this file",
                path=path_text(path),
                why="That is right when another overlay sets it; once all are merged it must be there.",
                doc=lens.schema.doc_at(path),
            )


def collections_of(schema: Schema, root: Node) -> Iterator[tuple[Path, MappingNode | SequenceNode, Sequence[Part]]]:
    """Every map and list of which the schema says something, with what it says, in no order; aliases are followed."""
    stack: list[tuple[Path, Node, Sequence[Part]]] = [((), resolved(root), schema.root)]
    while stack:
        path, node, parts = stack.pop()
        below: Iterable[tuple[str | int, Node]] = ()
        if isinstance(node, MappingNode):
            yield path, node, parts
            below = [(entry.name, entry.value) for entry in node.entries]
        elif isinstance(node, SequenceNode):
            yield path, node, parts
            below = enumerate(node.items)
        for step, value in below:
            if not isinstance(value, ScalarNode) and (inner := schema.child(parts, step)):
                stack.append(((*path, step), resolved(value), inner))


def _walk(
    lens: Lens, node: Node, path: Path, parts: Sequence[Part], key: Node | None = None
) -> Iterator[tuple[Path, Node, Sequence[Part], Node | None]]:
    node = resolved(node)
    yield path, node, parts, key
    if isinstance(node, MappingNode):
        for entry in node.entries:
            inner = lens.schema.child(parts, entry.name)
            if inner:
                yield from _walk(lens, entry.value, (*path, entry.name), inner, entry.key)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            inner = lens.schema.child(parts, index)
            if inner:
                yield from _walk(lens, item, (*path, index), inner)


def numbers(lens: Lens) -> set[tuple[int, int]]:
    """Line and column of each value for which the schema asks for a number and nothing else."""
    found = set()
    for _, node, parts, _ in _walk(lens, lens.root, (), lens.schema.root):
        kinds: set[Any] = set()
        for part in parts:
            kind = part.get("type")
            kinds |= set(kind) if isinstance(kind, list) else {kind} - {None}
        if kinds and kinds <= {"number", "integer", "null"}:
            found.add((node.span.line, node.span.column))
    return found
