"""A merged value that knows where each part of it was written, and what it hides."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.validation.diagnostics import Span
from knowledge.validation.tree import AliasNode, MappingNode, Node, Path, ScalarNode, SequenceNode, resolved, value_of


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something is written."""

    file: str
    node: Node

    @property
    def span(self) -> Span:
        return self.node.span

    def __str__(self) -> str:
        return f"{self.file}:{self.node.start.line + 1}"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that a deeper file replaced or removed."""

    origin: Origin
    value: Any  # as JSON


@dataclass(frozen=True, slots=True)
class Bound:
    """What a wildcard stands for at a leaf, and where the topology says so."""

    name: str
    value: Any  # a scalar, or a list of them before it is expanded
    origin: Origin


@dataclass(slots=True, eq=False)
class Cell:
    """One value of a merged overlay: a scalar, a dict of cells or a list of cells."""

    value: Any
    origin: Origin
    key: Origin | None = None  # the key in front of it
    hidden: tuple[Hidden, ...] = ()  # innermost first
    removed: Mapping[str, tuple[Origin, tuple[Hidden, ...]]] = field(default_factory=dict)  # of a map: by `null`
    template: str = ""  # what the file says, where a wildcard was replaced
    bound: tuple[Bound, ...] = ()

    @property
    def kind(self) -> str:
        return _kind(self.value)


def plain(cell: Cell) -> Any:
    """The value as JSON."""
    if isinstance(cell.value, dict):
        return {name: plain(inner) for name, inner in cell.value.items()}
    if isinstance(cell.value, list):
        return [plain(inner) for inner in cell.value]
    return cell.value


def comparable(value: Any) -> Hashable:
    """What is equal for equal JSON values only: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return "a map", frozenset((name, comparable(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return "a list", tuple(comparable(inner) for inner in value)
    return ("a truth value", value) if isinstance(value, bool) else value


def shown(value: Any) -> str:
    """A JSON value within a sentence, on one line."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"“{value}”" if value.isprintable() else f"“{json.dumps(value)[1:-1]}”"


def at(cell: Cell, path: Path) -> Cell | None:
    """The cell at a path; None when it leads nowhere."""
    found: Cell | None = cell
    for step in path:
        found = _below(found, step) if found is not None else None
    return found


def _below(cell: Cell, step: str | int) -> Cell | None:
    inner: Cell | None = None
    if isinstance(cell.value, dict):
        inner = cell.value.get(step)
    elif isinstance(cell.value, list) and isinstance(step, int) and 0 <= step < len(cell.value):
        inner = cell.value[step]
    return inner


def nearest_at(cell: Cell, path: Path) -> Cell:
    """The cell at the longest part of a path that leads somewhere."""
    for length in range(len(path), -1, -1):
        if (found := at(cell, path[:length])) is not None:
            return found
    return cell


def walk(cell: Cell, path: Path = ()) -> Iterator[tuple[Path, Cell]]:
    """Every cell with its path, outer ones first."""
    yield path, cell
    if isinstance(cell.value, dict):
        for name, inner in cell.value.items():
            yield from walk(inner, (*path, name))
    elif isinstance(cell.value, list):
        for index, inner in enumerate(cell.value):
            yield from walk(inner, (*path, index))


def kind_of(node: Node) -> str:
    """What a node of a file is: a map, a list, or the type of its scalar."""
    node = resolved(node)
    if isinstance(node, MappingNode):
        return "a map"
    if isinstance(node, SequenceNode):
        return "a list"
    return _kind(node.value) if isinstance(node, ScalarNode) else "nothing"


def scalar_of(node: Node) -> Any:
    """The JSON value of a scalar node."""
    return None if isinstance(node, AliasNode) else value_of(node)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "nothing" if value is None else "text"
