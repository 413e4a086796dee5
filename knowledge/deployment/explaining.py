"""Why a value holds at a leaf: who set it, what it hides, what its wildcards stand for, and which page says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from knowledge.deployment import guide as guides
from knowledge.deployment.cells import Bound, Cell, plain, shown
from knowledge.deployment.guide import Guide, Parts
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.merging import HEAD
from knowledge.deployment.placement import Folders
from knowledge.deployment.topology import Place
from knowledge.errors import Misuse
from knowledge.validation.hints import nearest
from knowledge.validation.tree import Path, path_text

NAMED: Final = 8  # leaves or keys named in one message
_WILDCARD: Final = re.compile(r"%[a-z][a-z0-9_-]*%")
_STEP: Final = re.compile(r"[^.\[\]\s]+")


@dataclass(frozen=True, slots=True)
class Explained:
    """One value at one leaf. `origin` is "file:line", "" for a default; the hidden ones are innermost first."""

    component: str
    path: Path
    value: Any  # a scalar, or {} or [] where nothing is inside
    origin: str = ""
    hides: Sequence[tuple[Any, str]] = ()  # value, file:line
    wildcards: Sequence[tuple[str, Any, str]] = ()  # name, what it stands for here, file:line
    removed: bool = False  # by `null` at origin
    locked: bool = False
    doc: str = ""

    @property
    def name(self) -> str:
        return f"{self.component}.{path_text(self.path)}" if self.path else self.component

    @property
    def note(self) -> str:
        """In words, as it stands behind the value."""
        parts = [f"removed by {self.origin}"] if self.removed else [self.origin or "default"]
        parts += [f"hides {shown(value)} from {origin}" for value, origin in self.hides]
        parts += [f"%{name}% from {origin}" for name, _, origin in self.wildcards]
        return ", ".join([*parts, *(["locked"] if self.locked else [])])


def leaf_named(leaves: Leaves, name: str) -> Place:
    """The leaf that a path, a short form of it, or its mere name means. Raises Misuse, with what there is, if none."""
    all_leaves = list(leaves.topology.root.leaves())
    parts = [part for part in name.strip("/").split("/") if part]
    places = Folders(leaves.topology).fitting(parts) if parts else []
    fitting = [place for place in places if place.is_leaf]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        below = [leaf for place in places for leaf in place.leaves()]
        if len(below) == 1:
            return below[0]
        if below:
            raise Misuse(f"{name} is no leaf: values hold at leaves only. Below it: {_listed(below)}.")
        raise Misuse(f"{name or 'An empty name'}: no such leaf. {_meant(parts, all_leaves)}")
    raise Misuse(f"{name} fits {len(fitting)} leaves: {_listed(fitting)}. Write more of the path.")


def _meant(parts: Sequence[str], leaves: Sequence[Place]) -> str:
    """Which leaves there are, the nearest first, in sentences."""
    if not leaves:
        return "The topology has no leaf yet."
    near = nearest("/".join(parts), [leaf.node_path for leaf in leaves])
    if near is None and parts:
        near = nearest(parts[-1], [leaf.name for leaf in leaves])
    hint = f"Did you mean {near}? " if near else ""
    return f"{hint}Leaves are {_listed(leaves)}."


def in_context(found: Sequence[Explained], leaves: Leaves, leaf: Place) -> list[Explained]:
    """The explanations, and with those inside of list elements the keys by which the elements are known."""
    known = {(one.component, one.path) for one in found}
    elements = {(c, path[: n + 1]) for c, path in known for n, step in enumerate(path) if isinstance(step, int)}
    return [
        one
        for one in explain(leaves, leaf)
        if (one.component, one.path) in known or ((one.component, one.path[:-1]) in elements and _names(leaves, one))
    ]


def _names(leaves: Leaves, one: Explained) -> bool:
    """Whether a value is one of those that tell an element from the others of its list."""
    guide = leaves.platform.components[one.component]
    parts = guide.root
    for step in one.path[:-2]:
        parts = guide.child(parts, step)
    return one.path[-1] in guides.identity(parts)


def explain(leaves: Leaves, leaf: Place, key: str = "") -> list[Explained]:
    """Everything that holds at a leaf, or what a key names: `kafka`, `threshold`, `alerting.alerts.replicas-low`.

    Raises Misuse, with the nearest, when nothing has this key.
    """
    everything = [one for component in sorted(leaves.placed) for one in _of_component(leaves, component, leaf)]
    if not key:
        return everything
    steps = [step.casefold() for step in _STEP.findall(key)]
    values = {component: leaves.effective(component, leaf) for component in leaves.placed}
    found = [one for one in everything if _matches(steps, _steps(leaves, values[one.component], one))]
    if found and steps:
        return found
    if len(steps) == 1 and steps[0] in leaves.platform.components:
        raise Misuse(f"{key} is absent at {leaf.node_path}: no file on the way to it declares it.")
    raise Misuse(f"{key}: nothing of this name holds at {leaf.node_path}. {_near(steps, everything)}")


def _near(steps: Sequence[str], everything: Sequence[Explained]) -> str:
    """What was likely meant, as the end of a sentence that says it is not there."""
    last = {str(step).casefold(): one.name for one in everything for step in one.path[-1:]}
    near = nearest(steps[-1], last) if steps and steps[-1] not in last else steps[-1] if steps else None
    if near is not None:
        return f"Did you mean {last[near]}?"
    return f"Components there: {', '.join(_components(everything))}."


def _of_component(leaves: Leaves, component: str, leaf: Place) -> Iterator[Explained]:
    cell = leaves.effective(component, leaf)
    if cell is not None:
        guide = leaves.platform.components[component]
        bindings = leaves.topology.bindings(leaf)
        yield from _Explanation(component, guide, bindings).of(cell, guide.root, ())


@dataclass(frozen=True, slots=True)
class _Explanation:
    component: str
    guide: Guide
    bindings: Mapping[str, Bound]

    def of(self, cell: Cell, parts: Parts, path: Path) -> Iterator[Explained]:
        if isinstance(cell.value, dict):
            yield from self._map(cell, parts, path)
        elif isinstance(cell.value, list) and cell.value:
            for index, inner in enumerate(cell.value):
                yield from self.of(inner, self.guide.child(parts, index), (*path, index))
        else:
            yield self._one(cell, parts, path)

    def _map(self, cell: Cell, parts: Parts, path: Path) -> Iterator[Explained]:
        for name, inner in cell.value.items():
            yield from self.of(inner, self.guide.child(parts, name), (*path, name))
        for name, (origin, hidden) in cell.removed.items():
            hides = [(one.value, str(one.origin)) for one in hidden]
            yield Explained(
                self.component, (*path, name), None, str(origin), hides, removed=True, doc=self._doc(path, name)
            )
        defaults = _defaults(parts)
        missing = [name for name in defaults if name not in cell.value and (path or name not in HEAD)]
        for name in missing:
            yield self._default((*path, name), defaults[name])
        if not (cell.value or cell.removed or missing):
            yield self._one(cell, parts, path)

    def _one(self, cell: Cell, parts: Parts, path: Path) -> Explained:
        return Explained(
            self.component,
            path,
            plain(cell),
            str(cell.origin),
            [(one.value, str(one.origin)) for one in cell.hidden],
            [(bound.name, bound.value, str(bound.origin)) for bound in cell.bound],
            locked=guides.is_final(parts),
            doc=self.guide.schema.doc_at(path),
        )

    def _default(self, path: Path, value: Any) -> Explained:
        """A default may be a wildcard; with several values it stays one, since nothing is repeated for it."""
        bound = self.bindings.get(value.strip("%")) if isinstance(value, str) and _WILDCARD.fullmatch(value) else None
        doc = self.guide.schema.doc_at(path)
        if bound is None or isinstance(bound.value, list):
            return Explained(self.component, path, value, doc=doc)
        wildcards = [(bound.name, bound.value, str(bound.origin))]
        return Explained(self.component, path, bound.value, wildcards=wildcards, doc=doc)

    def _doc(self, path: Path, name: str) -> str:
        return self.guide.schema.doc_at((*path, name))


def _defaults(parts: Parts) -> Mapping[str, Any]:
    """What holds for keys that nobody set."""
    found: dict[str, Any] = {}
    for part in parts:
        properties = part.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            if isinstance(inner, dict) and "default" in inner and inner["default"] not in ({}, []):
                found.setdefault(name, inner["default"])
    return found


def _steps(leaves: Leaves, cell: Cell | None, one: Explained) -> list[str]:
    """The names that lead to a value: its component, its keys, and the keys of the elements it stands in."""
    guide = leaves.platform.components[one.component]
    parts = guide.root
    steps = [one.component]
    for step in one.path:
        inner = None
        if cell is not None and isinstance(cell.value, dict):
            inner = cell.value.get(step)
            steps.append(str(step))
        elif cell is not None and isinstance(cell.value, list) and isinstance(step, int):
            inner = cell.value[step]
            steps += [str(inner.value[key].value) for key in guides.identity(parts) if _has(inner, key)]
        elif isinstance(step, str):
            steps.append(step)
        cell, parts = inner, guide.child(parts, step)
    return steps


def _has(cell: Cell, key: str) -> bool:
    return isinstance(cell.value, dict) and key in cell.value


def _matches(asked: Sequence[str], steps: Sequence[str]) -> bool:
    """Whether the names asked for stand in the way to the value, in this order."""
    names = iter([step.casefold() for step in steps])
    return all(any(step in {name, f"{name}s"} for step in names) for name in asked)


def _components(found: Sequence[Explained]) -> list[str]:
    return list(dict.fromkeys(one.component for one in found))


def _listed(leaves: Sequence[Place]) -> str:
    named = ", ".join(leaf.node_path for leaf in leaves[:NAMED])
    return named if len(leaves) <= NAMED else f"{named} and {len(leaves) - NAMED:,} more"
