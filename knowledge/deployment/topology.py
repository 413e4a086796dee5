"""The tree of places where a service runs, as topology.yaml and its lock file declare it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Final, Protocol

from knowledge.deployment.cells import Bound, Origin, scalar_of
from knowledge.deployment.discovery import left_over
from knowledge.validation.diagnostics import Diagnostic, Severity
from knowledge.validation.hints import nearest
from knowledge.validation.tree import Entry, MappingNode, Node, ScalarNode, SequenceNode, resolved, value_of

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
ROOT: Final = "root"
MOST_NODES: Final = 10_000
MOST_FOUND: Final = 1_000  # diagnostics; nobody reads more
OF_A_NODE: Final = frozenset({"name", "level", "labels", "nodes", "discover"})
_ASKED: Final = ("from", "selector")  # what the lock file keeps of `discover`


@dataclass(slots=True, eq=False)
class Place:
    """A node of the tree; the root has no name and no level."""

    name: str
    level: str
    path: tuple[str, ...]
    origin: Origin  # its name in the file
    parent: Place | None = None
    children: list[Place] = field(default_factory=list)
    labels: dict[str, Bound] = field(default_factory=dict)  # its own
    values: dict[str, Bound] = field(default_factory=dict)  # its own leaf values, by wildcard name
    discovered: bool = False  # what is below is for the platform to find
    unknown: bool = False  # and no lock file says what it found, or its names are wrong

    @property
    def node_path(self) -> str:
        return "/".join(self.path) or "the root"

    @property
    def is_leaf(self) -> bool:
        return not (self.children or self.unknown or self.discovered) and bool(self.path)

    def walk(self) -> Iterator[Place]:
        """This place and all below, outer ones first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self) -> Iterator[Place]:
        return (place for place in self.walk() if place.is_leaf)

    def above(self) -> Iterator[Place]:
        """Its parent and all above that."""
        return self.parent.upwards() if self.parent is not None else iter(())

    def upwards(self) -> Iterator[Place]:
        """This place and all above, itself first."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.parent


@dataclass
class Topology:
    """The whole tree of one application."""

    root: Place
    levels: Sequence[str]  # outermost first
    application: Bound | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    leaf_values: frozenset[str] = frozenset()  # wildcards that a leaf may give a value, whether one does or not

    def bindings(self, leaf: Place) -> Mapping[str, Bound]:
        """What each wildcard stands for at a leaf."""
        found: dict[str, Bound] = {}
        for place in leaf.upwards():
            for name, bound in place.labels.items():
                found.setdefault(name, bound)
        found |= {name: bound for name, bound in leaf.values.items() if bound.value not in ([], None)}
        for place in leaf.upwards():
            if place.level:
                found[place.level] = Bound(place.level, place.name, place.origin)
        if self.application is not None:
            found["application"] = self.application
        return found

    @property
    def found(self) -> list[str]:
        """The nodes whose inner ones come from the lock file."""
        return [place.node_path for place in self.root.walk() if place.discovered and not place.unknown]

    @cached_property
    def wildcards(self) -> set[str]:
        """Every name that is bound at some place."""
        known = {*self.levels, *self.leaf_values, "application"}
        for place in self.root.walk():
            known |= place.labels.keys() | place.values.keys()
        return known


class Declared(Protocol):
    """What the platform says about topologies."""

    @property
    def levels(self) -> Sequence[str]:
        """Outermost first."""

    @property
    def leaf_values(self) -> frozenset[str]:
        """Wildcards that a leaf may give a value by a key of its own."""


def read(topology: MappingNode, lock: MappingNode | None, *, files: tuple[str, str], platform: Declared) -> Topology:
    """The tree of a topology and its lock file; `files` are their names."""
    return _Reader(topology, lock, files, platform).read()


class _Reader:
    def __init__(
        self, topology: MappingNode, lock: MappingNode | None, files: tuple[str, str], platform: Declared
    ) -> None:
        self.file, self.lock_file = files
        self.topology, self.lock = topology, lock
        self.levels = list(platform.levels)
        self.leaf_values = platform.leaf_values
        self.found: list[Diagnostic] = []
        self.room = MOST_NODES

    def read(self) -> Topology:
        self._own_levels()
        root = Place("", "", (), Origin(self.file, self.topology))
        self._children(root, self.topology, self.file)
        self._ends(root)
        asked = [place for place in root.walk() if place.discovered]
        if self.lock is not None and not any(place.unknown for place in asked):  # else it is taken anew anyway
            names = [place.node_path for place in asked]
            self.found += islice(left_over(self.lock_file, self.lock, names), MOST_FOUND)
        application = self.topology.entry("application")
        bound = None
        if application is not None:
            value = resolved(application.value)
            bound = Bound("application", _scalar(value), Origin(self.file, value))
        return Topology(root, tuple(self.levels), bound, self.found, self.leaf_values)

    def _own_levels(self) -> None:
        entry = self.topology.entry("levels")
        if entry is None:
            return
        own = value_of(entry.value)
        if not isinstance(own, list):
            return
        places = [self.levels.index(level) if level in self.levels else -1 for level in own]
        if -1 in places:
            stranger = str(own[places.index(-1)])
            self._no_level(self.file, _element(entry.value, places.index(-1)), stranger)
        elif places != sorted(places):
            self._report(
                "TOP003",
                self.file,
                resolved(entry.value),
                "the levels stand in another order than the platform's",
                f"Outermost first: {', '.join(self.levels)}.",
            )
        else:
            self.levels = own

    def _children(self, parent: Place, node: MappingNode, file: str) -> None:
        entry = node.entry("nodes")
        names: dict[str, Place] = {}
        for item in _items(entry.value) if entry is not None else ():
            if self.room == 0:
                parent.unknown = True
                return
            child = self._place(parent, item, file)
            if child is None:
                parent.unknown = True
                continue
            twin = names.setdefault(child.name.casefold(), child)
            if twin is not child:
                below = f"below {parent.node_path}" if parent.path else "at the root"
                message = f"“{child.name}” stands twice {below}, first on line {twin.origin.node.start.line + 1}"
                self._report("TOP001", file, child.origin.node, message, "Make the two one: siblings are also folders.")
                continue
            parent.children.append(child)
            self._below(child, item, file)

    def _place(self, parent: Place, node: MappingNode, file: str) -> Place | None:
        named = node.entry("name")
        if named is None or not isinstance(resolved(named.value), ScalarNode):
            return None
        value = resolved(named.value)
        name = str(_scalar(value))
        if not NAME.fullmatch(name):
            message = f"“{name}” is not a name of a node: lower-case letters, digits and hyphens"
            self._report("TOP002", file, value, message, "Names are also names of folders and hosts.")
            return None
        level = self._level(parent, node, file, value)
        place = Place(name, level, (*parent.path, name), Origin(file, value), parent)
        self._bind(place, node, file)
        self.room -= 1
        if self.room == 0:
            self._report("YAML006", file, value, f"more than {MOST_NODES:,} nodes", "The further ones are not checked.")
        return place

    def _level(self, parent: Place, node: MappingNode, file: str, name: Node) -> str:
        above = self.levels.index(parent.level) if parent.level in self.levels else -1
        said = node.entry("level")
        if said is None and parent.path and above < 0:
            return ""  # the parent's level is wrong, and that is told
        if said is None:
            if above + 1 < len(self.levels):
                return self.levels[above + 1]
            message = f"a node cannot stand below {parent.level} {parent.name}: that is the innermost level"
            self._report("TOP003", file, name, message, f"Levels, outermost first: {', '.join(self.levels)}.")
            return parent.level
        level = str(value_of(said.value))
        if level not in self.levels:
            self._no_level(file, said.value, level)
        elif self.levels.index(level) <= above:
            message = f"level {level} cannot stand below {parent.level} {parent.name}"
            self._report("TOP003", file, said.value, message, f"Levels, outermost first: {', '.join(self.levels)}.")
        return level

    def _no_level(self, file: str, node: Node, said: str) -> None:
        why = f"Levels, outermost first: {', '.join(self.levels)}."
        self._report("TOP003", file, node, f"“{said}” is no level", why, suggestion=nearest(said, self.levels) or "")

    def _bind(self, place: Place, node: MappingNode, file: str) -> None:
        for entry in node.entries:
            value = resolved(entry.value)
            if entry.name == "labels" and isinstance(value, MappingNode):
                for label in value.entries:
                    inner = resolved(label.value)
                    place.labels[label.name] = Bound(label.name, _scalar(inner), Origin(file, inner))
            elif entry.name not in OF_A_NODE:
                name = wildcard_of(entry.name, isinstance(value, SequenceNode))
                place.values[name] = Bound(name, value_of(value), Origin(file, entry.key))

    def _below(self, place: Place, node: MappingNode, file: str) -> None:
        discover = node.entry("discover")
        if discover is None:
            self._children(place, node, file)
            return
        place.discovered = True
        kept = self._locked(place)
        if kept is not None:
            self._compared(place, discover, kept, file)
            self._children(place, kept, self.lock_file)
            return
        place.unknown = True
        has_lock = self.lock is not None
        said = f"{self.lock_file} does not hold it" if has_lock else "there is no lock file"
        self._report(
            "TOP006",
            file,
            discover.key,
            f"{place.node_path} is discovered and {said}; leaves below it are not checked",
            "Have the platform discover it, and the checks below are made.",
            Severity.INFORMATION,
        )

    def _compared(self, place: Place, discover: Entry, kept: MappingNode, file: str) -> None:
        """Whether the lock file was taken with what `discover` says now."""
        now = resolved(discover.value)
        asked = {entry.name: value_of(entry.value) for entry in now.entries} if isinstance(now, MappingNode) else {}
        then = {name: value_of(entry.value) for name in _ASKED if (entry := kept.entry(name)) is not None}
        changed = [f"`{name}`" for name, value in then.items() if asked.get(name) != value]
        if changed:
            message = f"the lock file is older than the topology: {place.node_path} had another {' and '.join(changed)}"
            why = f"{self.lock_file} may hold the wrong nodes below it. Have the platform discover it anew."
            self._report("TOP007", file, discover.key, message, why, Severity.WARNING)

    def _locked(self, place: Place) -> MappingNode | None:
        entry = self.lock.entry("discovered") if self.lock is not None else None
        for item in _items(entry.value) if entry is not None else ():
            node = item.entry("node")
            if node is not None and value_of(node.value) == "/".join(place.path):
                return item
        return None

    def _ends(self, root: Place) -> None:
        last = self.levels[-1] if self.levels else ""
        for leaf in root.leaves():
            if last and leaf.level != last and leaf.level in self.levels:
                message = f"{leaf.node_path} ends at level {leaf.level}; a {last} is needed below"
                why = "Add the nodes down to it, say `level:` if levels are skipped, or let the platform discover them."
                self._report("TOP004", leaf.origin.file, leaf.origin.node, message, why)

    def _report(
        self,
        code: str,
        file: str,
        node: Node,
        message: str,
        why: str,
        severity: Severity = Severity.ERROR,
        suggestion: str = "",
    ) -> None:
        if len(self.found) < MOST_FOUND:
            self.found.append(Diagnostic(code, severity, file, node.span, message, why=why, suggestion=suggestion))


def wildcard_of(key: str, several: bool) -> str:
    """The wildcard that a leaf value gives: a list is called by its singular, `namespaces` is %namespace%."""
    return key[:-1] if several and key.endswith("s") and len(key) > 1 else key


def _element(node: Node, index: int) -> Node:
    node = resolved(node)
    return node.items[index] if isinstance(node, SequenceNode) else node


def _items(node: Node) -> Iterator[MappingNode]:
    node = resolved(node)
    for item in node.items if isinstance(node, SequenceNode) else ():
        inner = resolved(item)
        if isinstance(inner, MappingNode):
            yield inner


def _scalar(node: Node) -> Any:
    return scalar_of(node) if isinstance(node, ScalarNode) else value_of(node)
