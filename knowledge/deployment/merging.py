"""One more file over what the outer files said. The deeper wins; what cannot be merged is a diagnostic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from knowledge.deployment import guide as guides
from knowledge.deployment.cells import Cell, Hidden, Origin, comparable, kind_of, plain, scalar_of, shown
from knowledge.deployment.guide import Guide, Parts
from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Severity
from knowledge.validation.faults import WILDCARD
from knowledge.validation.tree import (
    Entry,
    MappingNode,
    Node,
    Path,
    ScalarNode,
    SequenceNode,
    merged_entries,
    path_text,
    resolved,
    value_of,
)

HEAD = frozenset({"apiVersion", "kind"})  # of every overlay; not part of what it says


@dataclass(frozen=True, slots=True)
class Layer:
    """One overlay file: its name and its map."""

    file: str
    root: MappingNode


@dataclass(slots=True)
class Merge:
    """One file being laid over; `diagnostics` fill while it is."""

    guide: Guide
    layer: Layer
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _keys: dict[Path, Any] = field(default_factory=dict)  # of elements merged by key, by their paths

    def over(self, outer: Cell | None) -> Cell:
        """The merged value of the outer files and this one."""
        return self._map(outer, self.layer.root, self.guide.root, (), None)

    # ---- one value ----

    def _value(self, outer: Cell | None, entry: Node, parts: Parts, path: Path, key: Origin | None) -> Cell:
        node = resolved(entry)
        origin = Origin(self.layer.file, node)
        if outer is not None and not self._fits(outer, node, parts, path):
            return outer
        if isinstance(node, MappingNode):
            return self._map(outer, node, parts, path, key)
        if isinstance(node, SequenceNode):
            return self._list(outer, node, parts, path, key)
        value = scalar_of(node)
        if outer is None:
            return Cell(value, origin, key)
        if outer.value == value and type(outer.value) is type(value):
            self._report(
                "OVL006",
                node,
                f"{self._spoken(path)} is {shown(value)} already, set in {outer.origin}",
                path,
                why="The override changes nothing.",
                severity=Severity.WARNING,
            )
        return Cell(value, origin, key, hidden=(Hidden(outer.origin, outer.value), *outer.hidden))

    def _fits(self, outer: Cell, node: Node, parts: Parts, path: Path) -> bool:
        """Whether the deeper value may replace the outer one."""
        deeper, before = kind_of(node), outer.kind
        scalars = not {deeper, before} & {"a map", "a list"}
        wildcard = _is_wildcard(outer.value) or _is_wildcard(getattr(node, "value", None))
        if deeper == before or (scalars and (wildcard or len(guides.types(parts)) != 1)):
            return True
        self._report(
            "OVL008",
            node,
            f"{self._spoken(path)} is {deeper} here and {before} in {outer.origin}",
            path,
            why="A deeper file cannot change a type.",
        )
        return False

    # ---- maps ----

    def _map(self, outer: Cell | None, node: MappingNode, parts: Parts, path: Path, key: Origin | None) -> Cell:
        entries = dict(outer.value) if outer else {}
        removed = dict(outer.removed) if outer else {}
        for entry in _entries(node):
            if not path and entry.name in HEAD:
                continue
            inner, below = (*path, entry.name), self.guide.child(parts, entry.name)
            before = entries.get(entry.name)
            if before is not None and guides.is_final(below):
                self._locked(entry, before, inner)
            elif _is_null(entry.value):
                self._remove(entry, entries, removed, inner)
            else:
                removed.pop(entry.name, None)
                own = Origin(self.layer.file, entry.key)
                entries[entry.name] = self._value(before, entry.value, below, inner, own)
        origin = Origin(self.layer.file, node) if outer is None else outer.origin
        return Cell(entries, origin, key if outer is None else outer.key, removed=removed)

    def _locked(self, entry: Entry, before: Cell, path: Path) -> None:
        self._report(
            "OVL011",
            entry.value,
            f"{self._spoken(path)} is locked by {before.origin}",
            path,
            why="The platform lets the outermost file set it once. Remove the line here, or change it there.",
        )

    def _remove(self, entry: Entry, entries: dict[str, Cell], removed: dict[str, Any], path: Path) -> None:
        before = entries.pop(entry.name, None)
        if before is None:
            self._report(
                "OVL007",
                entry.value if not getattr(resolved(entry.value), "empty", False) else entry.key,
                f"nothing to remove: no outer file sets {self._spoken(path)}",
                path,
                why="null takes away what an outer file set. Delete the line, or write the value.",
            )
        else:
            own = Origin(self.layer.file, entry.key)
            removed[entry.name] = (own, (Hidden(before.origin, plain(before)), *before.hidden))

    # ---- lists ----

    def _list(self, outer: Cell | None, node: SequenceNode, parts: Parts, path: Path, key: Origin | None) -> Cell:
        how = guides.rule(parts)
        origin = Origin(self.layer.file, node)
        if how == "by-key":
            elements = self._by_key(outer, node, parts, path)
            return Cell(elements, outer.origin if outer else origin, key if outer is None else outer.key)
        own = [self._fresh(item, parts, (*path, index)) for index, item in enumerate(node.items)]
        if outer is None:
            return Cell(own, origin, key)
        if how == "append":
            return Cell([*outer.value, *own], outer.origin, outer.key)
        if how == "unique":
            known = {comparable(plain(cell)) for cell in outer.value}
            new = [cell for cell in own if comparable(plain(cell)) not in known]
            return Cell([*outer.value, *new], outer.origin, outer.key)
        before = plain(outer)
        if comparable(before) == comparable(value_of(node)):
            message = f"{self._spoken(path)} is the same list already, set in {outer.origin}"
            self._report("OVL006", node, message, path, "The override changes nothing.", Severity.WARNING)
        return Cell(own, origin, key, hidden=(Hidden(outer.origin, before), *outer.hidden))

    def _fresh(self, item: Node, parts: Parts, path: Path) -> Cell:
        return self._value(None, item, self.guide.child(parts, path[-1]), path, None)

    def _by_key(self, outer: Cell | None, node: SequenceNode, parts: Parts, path: Path) -> list[Cell]:
        name = guides.key_of(parts)
        elements: list[Cell] = list(outer.value) if outer else []
        places = {_key(cell, name): place for place, cell in enumerate(elements)}
        here: dict[Any, int] = {}
        for index, item in enumerate(node.items):
            element = resolved(item)
            if not isinstance(element, MappingNode):
                continue  # the schema has refused it
            entry = element.entry(name)
            if entry is None or not isinstance(resolved(entry.value), ScalarNode):
                self._without_key(element, name, (*path, index))
                continue
            written = scalar_of(resolved(entry.value))
            key = comparable(written)
            if key in here:
                self._twice(entry, written, here[key], (*path, index))
                continue
            here[key] = entry.key.start.line + 1
            below = self.guide.child(parts, index)
            self._keys[(*path, places.get(key, len(elements)))] = written
            if key in places:
                place = places[key]
                elements[place] = self._element(elements[place], element, name, below, (*path, place))
            else:
                elements.append(self._map(None, element, below, (*path, len(elements)), None))
        return elements

    def _element(self, outer: Cell, node: MappingNode, name: str, parts: Parts, path: Path) -> Cell:
        """An element laid over the one with its key; the key itself stays the outer one's."""
        rest = [entry for entry in _entries(node) if entry.name != name]
        return self._map(outer, replace(node, entries=rest), parts, path, None)

    def _without_key(self, element: MappingNode, name: str, path: Path) -> None:
        message = f"element {int(path[-1]) + 1} of {self._spoken(path[:-1])} has no “{name}”"
        why = f"Elements of this list are merged by “{name}”, so each needs it."
        self._report("OVL009", element, message, path, why)

    def _twice(self, entry: Entry, key: Any, line: int, path: Path) -> None:
        message = f"“{key}” stands twice in this file, first on line {line}"
        self._report("OVL009", entry.value, message, path, "Elements of this list are merged by it. Make them one.")

    def _spoken(self, path: Path) -> str:
        """A path as people say it: threshold of alert “replicas-low”."""
        if not path:
            return "the file"
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self._keys:
                group = next((str(step) for step in reversed(path[:length]) if isinstance(step, str)), "element")
                inner = path_text(tuple(path[length:]))
                return f"{inner} of {words.singular(group)} “{self._keys[path[:length]]}”"
        return path_text(path)

    def _report(
        self, code: str, node: Node, message: str, path: Path, why: str, severity: Severity = Severity.ERROR
    ) -> None:
        self.diagnostics.append(
            Diagnostic(code, severity, self.layer.file, node.span, message, path=path_text(path), why=why)
        )


def _entries(node: MappingNode) -> Iterator[Entry]:
    """The entries that hold: of a key set twice the last, and those that `<<` brings in."""
    last = {entry.name: entry for entry in node.entries if not entry.merge}
    yield from last.values()
    if len(last) < len(node.entries):
        yield from merged_entries(node)


def _is_null(node: Node) -> bool:
    node = resolved(node)
    return isinstance(node, ScalarNode) and node.value is None


def _is_wildcard(value: object) -> bool:
    return isinstance(value, str) and bool(WILDCARD.search(value))


def _key(cell: Cell, name: str) -> Any:
    inner = cell.value.get(name) if isinstance(cell.value, dict) else None
    return comparable(inner.value) if inner is not None and not isinstance(inner.value, dict | list) else None


def fresh(guide: Guide, layer: Layer) -> Cell:
    """What a file says alone."""
    return Merge(guide, layer).over(None)


def authors(cell: Cell) -> set[str]:
    """The files of which something is left in a merged value."""
    return {origin.file for origin in _written(cell)}


def _written(cell: Cell) -> Iterator[Origin]:
    if isinstance(cell.value, dict):
        yield from (origin for origin, _ in cell.removed.values())
        for inner in cell.value.values():
            yield from _written(inner)
        if not cell.value:
            yield cell.origin
    elif isinstance(cell.value, list):
        for inner in cell.value:
            yield from _written(inner)
        yield cell.origin
    else:
        yield cell.origin
