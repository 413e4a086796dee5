"""YAML as a tree that remembers where each key and value stands, and its value as JSON would have it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from math import copysign, isfinite, isnan
from typing import Any, Protocol

from knowledge.validation.diagnostics import Span
from knowledge.validation.scalars import Scalar as Value

Path = tuple[str | int, ...]
HUGE = 1e308  # what a schema is told for an infinite number, which JSON does not have


class Mark(Protocol):
    """A place in the text as the parser gives it, all from 0."""

    line: int
    column: int
    index: int


@dataclass(slots=True, eq=False)
class Node:
    start: Mark
    end: Mark

    @property
    def span(self) -> Span:
        return Span(self.start.line + 1, self.start.column + 1, self.end.line + 1, self.end.column + 1)


@dataclass(slots=True, eq=False)
class ScalarNode(Node):
    text: str  # after folding and escapes
    plain: bool  # neither quoted nor a block
    value: Value
    block: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is written at all, as after `key:`."""
        return self.plain and self.start.index == self.end.index


@dataclass(slots=True, eq=False)
class SequenceNode(Node):
    items: list[Node] = field(default_factory=list)
    flow: bool = False


@dataclass(slots=True, eq=False)
class Entry:
    key: Node
    value: Node
    name: str = ""
    merge: bool = False  # a `<<`, which brings in the entries of another map

    def __post_init__(self) -> None:
        self.name = key_text(self.key)
        self.merge = self.name == "<<" and isinstance(self.key, ScalarNode) and self.key.plain


@dataclass(slots=True, eq=False)
class MappingNode(Node):
    entries: list[Entry] = field(default_factory=list)
    flow: bool = False
    _by_name: dict[str, Entry] | None = None

    def entry(self, name: str) -> Entry | None:
        """The last entry of this name, which is the one that holds; keys that were merged in come after own ones.

        To be asked once the tree is complete."""
        if self._by_name is None:
            self._by_name = {e.name: e for e in (*merged_entries(self), *self.entries)}
        return self._by_name.get(name)


@dataclass(slots=True, eq=False)
class AliasNode(Node):
    anchor: str
    target: Node | None  # None when no such anchor was set before


def blocks(root: Node) -> list[Entry]:
    """The entries whose value is a map or list in lines of its own, in no order; aliases are not followed."""
    found: list[Entry] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, SequenceNode):
            stack += [item for item in node.items if not isinstance(item, ScalarNode)]
        elif isinstance(node, MappingNode) and not node.flow:
            for entry in node.entries:
                value = entry.value
                if isinstance(value, MappingNode | SequenceNode) and not value.flow:
                    stack.append(value)
                    found.append(entry)
    return found


def key_text(key: Node) -> str:
    """A key as JSON would name it; a key that is no scalar has a name that no schema knows."""
    key = resolved(key)
    if not isinstance(key, ScalarNode):
        return "{…}" if isinstance(key, MappingNode) else "[…]"
    if isinstance(key.value, bool):
        return "true" if key.value else "false"
    return key.text if key.value is not None or key.text else "null"


def resolved(node: Node) -> Node:
    """The node an alias stands for; itself otherwise, and for an alias of an unknown anchor."""
    while isinstance(node, AliasNode) and node.target is not None:
        node = node.target
    return node


def merged_entries(node: MappingNode) -> Iterator[Entry]:
    """Entries that `<<` brings in, the nearest first; those the mapping sets itself are left out."""
    merges = [entry for entry in node.entries if entry.merge]
    names = {e.name for e in node.entries if not e.merge} if merges else set()
    for entry in merges:
        value = resolved(entry.value)
        for item in value.items if isinstance(value, SequenceNode) else (value,):
            source = resolved(item)
            if not isinstance(source, MappingNode):
                continue
            for inner in (*(e for e in source.entries if not e.merge), *merged_entries(source)):
                if inner.name not in names:
                    names.add(inner.name)
                    yield inner


def children(node: Node) -> Iterator[Node]:
    """The nodes directly in a node: elements, or keys and values."""
    if isinstance(node, SequenceNode):
        yield from node.items
    elif isinstance(node, MappingNode):
        for entry in node.entries:
            yield entry.key
            yield entry.value


def value_of(node: Node, cache: dict[int, Any] | None = None) -> Any:
    """The JSON value of a tree without cycles; aliases share one value."""
    cache = {} if cache is None else cache
    if isinstance(node, ScalarNode):
        return _finite(node.value) if isinstance(node.value, float) else node.value
    if id(node) in cache:
        return cache[id(node)]
    if isinstance(node, AliasNode):
        result = None if node.target is None else value_of(node.target, cache)
    elif isinstance(node, SequenceNode):
        result = [value_of(item, cache) for item in node.items]
    elif isinstance(node, MappingNode):
        result = {e.name: value_of(e.value, cache) for e in node.entries if not e.merge}
        if len(result) < len(node.entries):
            result |= {e.name: value_of(e.value, cache) for e in merged_entries(node)}
    cache[id(node)] = result
    return result


def _finite(value: float) -> float:
    return value if isfinite(value) else 0.0 if isnan(value) else copysign(HUGE, value)


def node_at(root: Node, path: Path) -> Node | None:
    """The node at a path, aliases followed; None when the path leads nowhere."""
    node: Node | None = root
    for step in path:
        node = _child(resolved(node), step) if node is not None else None
    return node


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        entry = node.entry(str(step))
        return entry.value if entry else None
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def path_of(root: Node, pointer: str) -> Path:
    """The path that a JSON pointer means in this tree."""
    path: list[str | int] = []
    node: Node | None = root
    for part in pointer.split("/")[1:]:
        inside = resolved(node) if node is not None else None
        name = part.replace("~1", "/").replace("~0", "~")
        step = int(name) if isinstance(inside, SequenceNode) and name.isdecimal() else name
        node = _child(inside, step) if inside is not None else None
        path.append(step)
    return tuple(path)


def entry_at(root: Node, path: Path) -> Entry | None:
    """The key and value that a path ends in; None when it ends in a list element or nowhere."""
    parent = node_at(root, path[:-1]) if path else None
    parent = resolved(parent) if parent is not None else None
    return parent.entry(str(path[-1])) if isinstance(parent, MappingNode) else None


def paths_to(root: Node, keys: Collection[Span]) -> list[Path]:
    """The paths that end in the keys at these spans."""
    stack: list[tuple[Path, Node]] = [((), root)]
    found: list[Path] = []
    while stack:
        path, node = stack.pop()
        if isinstance(node, SequenceNode):
            stack += [((*path, index), item) for index, item in enumerate(node.items)]
        elif isinstance(node, MappingNode):
            for entry in node.entries:
                if entry.key.span in keys:
                    found.append((*path, entry.name))
                stack.append(((*path, entry.name), entry.value))
    return found


def path_text(path: Path) -> str:
    """A path as people write it: alerts[0].threshold."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
