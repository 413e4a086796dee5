"""A whole deployment repository checked: files, topology, placement, merge, wildcards, merged values, rules, lints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from knowledge.deployment import topology as topologies
from knowledge.deployment.cells import Cell
from knowledge.deployment.discovery import Taken
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.merged_check import check_merged
from knowledge.deployment.merging import Layer, authors, fresh
from knowledge.deployment.names import LOCK, MARK, SUFFIX, TOPOLOGY
from knowledge.deployment.placement import Folders
from knowledge.deployment.platform import Platform, stem
from knowledge.deployment.rules import Finding, Leaf
from knowledge.deployment.topology import ROOT, Place, Topology
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, Span, ValidationReport
from knowledge.validation.engine import MAX_DIAGNOSTICS, Examined, examine, style_of, too_many, worst
from knowledge.validation.hints import nearest
from knowledge.validation.text import SourceText
from knowledge.validation.tree import MappingNode, resolved

Cause = tuple[str, str, Span, str]  # the copies of an element that a wildcard repeats have one
LARGE = 20_000  # characters; the trees of many larger files would fill the memory
NAMED = 5  # leaves, components or folders named in one message
_AT_EVERY_LEAF = frozenset({"WLD001", "WLD003"})  # wrong wherever the overlay holds


@dataclass(slots=True)
class Analysis:
    """What was found in a repository, and what holds at its leaves."""

    report: ValidationReport
    missing: Sequence[str] = ()  # of the notes, those on what was not checked
    topology: Topology | None = None
    leaves: Leaves | None = None
    sources: Mapping[str, SourceText] = field(default_factory=dict)


def analyse(files: Mapping[str, bytes | str], platform: Platform, now: datetime | None = None) -> Analysis:
    """Check a repository: its YAML files by their paths below it. Whatever they hold, an Analysis comes back.

    `now` is for the age of the lock file; without it only the time at which that was taken is said."""
    return _Run(files, platform, now).analysis()


class _Run:
    def __init__(self, files: Mapping[str, bytes | str], platform: Platform, now: datetime | None) -> None:
        self.now = now
        self.files = {name: content for name, content in sorted(files.items()) if not _is_hidden(name)}
        self.platform = platform
        self.examined: dict[str, Examined] = {}
        self.sources: dict[str, SourceText] = {}
        self.found: list[Diagnostic] = []
        self.notes: list[str] = []
        self.age: list[str] = []  # the note on the lock file
        self.nameless: set[str] = set()  # files of no component: that says more than SCH008
        self.broken: set[str] = set()  # files with errors of their own: nothing is built on them

    def analysis(self) -> Analysis:
        for name, content in self.files.items():
            self.examined[name] = examine(SourceFile(name, content), self.platform.catalog)
            before = len(self.found)
            self.found += self.examined[name].outcome.told
            self._one_document(name)
            if any(d.severity is Severity.ERROR for d in self.found[before:]):
                self.broken.add(name)
                if len(self.examined[name].parsed.source.text) > LARGE and name not in {MARK, f"{LOCK}{SUFFIX}"}:
                    self.examined[name] = self.examined[name].without_tree()
        self.sources = {name: examined.parsed.source for name, examined in self.examined.items()}
        topology = self._topology()
        leaves = self._leaves(topology) if topology is not None else None
        if leaves is not None:
            self._at_leaves(leaves)
        self._style()
        report = self._report()
        return Analysis(report, tuple(dict.fromkeys(self.notes)), topology, leaves, self.sources)

    def _one_document(self, name: str) -> None:
        """Every file is one map; a second document would be left out silently."""
        roots = [document.root for document in self.examined[name].parsed.documents if document.root is not None]
        if len(roots) > 1:
            why = "A file of a deployment repository holds one document. Move the others into files of their own."
            start = roots[1].span
            span = Span(start.line, start.column, start.line, start.column + 1)
            self._say("OVL015", name, f"the file holds {len(roots):,} documents", why, span=span)

    # ---- topology ----

    def _topology(self) -> Topology | None:
        file, lock = MARK, f"{LOCK}{SUFFIX}"
        root = self._root(file)
        if root is None:
            self.notes.append(self._no_topology(file))
            return None
        topology = topologies.read(root, self._root(lock), files=(file, lock), platform=self.platform)
        errors = [d for d in topology.diagnostics if d.severity is Severity.ERROR]
        taken = {(d.file, d.span.line, d.span.column) for d in errors}
        self.found = [d for d in self.found if (d.file, d.span.line, d.span.column) not in taken]
        wrong = [name for name in (file, lock) if name in {*self.broken, *(d.file for d in errors)}]
        self.found += [d for d in (errors if wrong else topology.diagnostics) if not self._follows(d, lock)]
        if wrong:
            self.notes.append(f"Placement, overrides and wildcards were not checked: {wrong[0]} has errors.")
            return None
        self._age(topology, lock)
        return topology

    def _age(self, topology: Topology, lock: str) -> None:
        """When what the platform discovered was taken down."""
        root = self._root(lock)
        taken = Taken.of(lock, root) if root is not None else None
        if taken is None:
            return
        self.age += [taken.note(topology.found, self.now)] if topology.found else []
        early = taken.early(self.now) if self.now is not None else None
        self.found += [early] if early is not None else []

    def _follows(self, diagnostic: Diagnostic, lock: str) -> bool:
        """Whether a branch ends too high, or is not in the lock file, only because a file was not read to the end."""
        unread = {d.file for d in self.found if d.code.startswith("YAML")} & self.broken
        needed = {"TOP004": diagnostic.file, "TOP006": lock}.get(diagnostic.code)
        return needed in unread

    def _no_topology(self, file: str) -> str:
        if file in self.files:
            return f"Placement, overrides and wildcards were not checked: {file} cannot be read."
        return f"Placement, overrides and wildcards were not checked: there is no {file} at the top."

    def _root(self, name: str) -> MappingNode | None:
        """The map of a file; None when there is none."""
        examined = self.examined.get(name)
        documents = examined.parsed.documents if examined is not None else ()
        root = resolved(documents[0].root) if documents and documents[0].root is not None else None
        return root if isinstance(root, MappingNode) else None

    # ---- placement ----

    def _leaves(self, topology: Topology) -> Leaves:
        folders = Folders(topology)
        placed: defaultdict[str, dict[Place, Layer]] = defaultdict(dict)
        strange: set[str] = set()  # folders that are told already
        lost: defaultdict[str, dict[Place, str]] = defaultdict(dict)  # files with errors, where they stand
        for name in self.files:
            folder, _, base = name.rpartition("/")
            if not folder and stem(base) in {TOPOLOGY, LOCK}:
                continue
            place = self._place(folder, name, folders, strange) if folder else topology.root
            component = self._component(name, base)
            if place is None or component is None:
                continue
            self._position(name, component, place)
            twin = placed[component].get(place)
            root = self._root(name)
            if twin is not None:
                message = f"{place.node_path} has a file for {stem(base)} already: {twin.file}"
                self._say("OVL013", name, message, "Two folders name one node. Make the two files one.")
            elif name in self.broken or root is None:
                lost[component][place] = name
            else:
                placed[component][place] = Layer(name, root)
        for component, names in sorted(lost.items()):
            below = ", ".join(place.node_path for place in list(names)[:NAMED])
            named = ", ".join(list(names.values())[:NAMED])
            self.notes.append(f"{component} was not merged at and below {below}: errors in {named}.")
        return Leaves(self.platform, topology, placed, lost)

    def _place(self, folder: str, name: str, folders: Folders, strange: set[str]) -> Place | None:
        parts = folder.split("/")
        fitting = folders.fitting(parts)
        if len(fitting) == 1:
            return fitting[0]
        if folders.inside_unknown(parts) or folder in strange:
            return None
        strange.add(folder)
        if fitting:
            listed = ", ".join("/".join(place.path) for place in fitting[:NAMED])
            self._say("OVL002", name, f"{folder} fits {len(fitting)} nodes: {listed}", "Write enough of the path.")
        else:
            why = "A folder with overlays stands for a node of the topology, by its path from the root."
            self._say("OVL001", name, f"{folder} is no node", why, suggestion=folders.near(parts))
        return None

    def _component(self, name: str, base: str) -> str | None:
        component = stem(base)
        if base.endswith(SUFFIX) and component in self.platform.components:
            choice = self.examined[name].choices[0] if self.examined[name].choices else None
            guide = self.platform.components[component]
            if choice is not None and choice.schema is not None and choice.schema is not guide.schema:
                self._other_kind(name, base, choice.schema.kind, guide.schema.kind)
                return None
            return component
        known = [f"{known}{SUFFIX}" for known in self.platform.components]
        near = nearest(base, known) or ""
        self.nameless.add(name)
        self._say("OVL003", name, f"no component has the file {base}", f"Known are {', '.join(sorted(known))}.", near)
        return None

    def _other_kind(self, name: str, base: str, said: str, kind: str) -> None:
        root = self._root(name)
        entry = root.entry("kind") if root is not None else None
        span = entry.value.span if entry is not None else None
        message = f"{base} declares the kind {said}"
        self._say("OVL014", name, message, f"A file is named like its component: {base} holds {kind}.", kind, span)

    def _position(self, name: str, component: str, place: Place) -> None:
        guide = self.platform.components[component]
        level = place.level or ROOT
        if guide.levels and level not in guide.levels:
            message = f"{guide.schema.title} may stand at: {', '.join(guide.levels)}"
            self._say("OVL004", name, message, f"{place.node_path} is at level {level}. Move the file outwards.")
        if not any(True for _ in place.leaves()) and not any(inner.unknown for inner in place.walk()):
            message = f"the overlay holds for no leaf: there is none below {place.node_path}"
            self._say("OVL005", name, message, "Delete it, or place it where there are leaves.")

    # ---- leaves ----

    def _at_leaves(self, leaves: Leaves) -> None:
        everywhere: dict[Cause, tuple[Diagnostic, list[str]]] = {}
        for component in sorted(leaves.placed):
            for cell, where in leaves.finals(component):
                for leaf in where if leaves.varies(cell) else where[:1]:
                    self._one_leaf(leaves, component, leaf, where, everywhere)
        self.found += leaves.diagnostics
        self.found += (_at(diagnostic, places) for diagnostic, places in everywhere.values())
        self.found += _without_effect(leaves)
        if not any(d.severity is Severity.ERROR for d in self.found):
            self.found += _ruled(leaves, self.platform)

    def _one_leaf(
        self,
        leaves: Leaves,
        component: str,
        leaf: Place,
        where: Sequence[Place],
        everywhere: dict[Cause, tuple[Diagnostic, list[str]]],
    ) -> None:
        found: list[Diagnostic] = []
        cell = leaves.effective(component, leaf, found)
        if cell is None:
            return
        if not found:
            found += check_merged(cell, self.platform.components[component], self.sources)
        same = [leaf] if leaves.varies(leaves.merged(component, leaf) or cell) else where
        for diagnostic in found:
            cause = (diagnostic.code, diagnostic.file, diagnostic.span, diagnostic.message)
            _, places = everywhere.setdefault(cause, (diagnostic, []))
            places += (place.node_path for place in same)

    # ---- telling ----

    def _style(self) -> None:
        told: defaultdict[str, list[Diagnostic]] = defaultdict(list)
        for diagnostic in self.found:
            told[diagnostic.file].append(diagnostic)
        for name, examined in self.examined.items():
            self.found += style_of(examined.parsed, examined.choices, self.platform.catalog, told[name])

    def _say(
        self, code: str, name: str, message: str, why: str, suggestion: str = "", span: Span | None = None
    ) -> None:
        place = span or Span(1, 1, 1, 1)
        self.found.append(Diagnostic(code, Severity.ERROR, name, place, message, why=why, suggestion=suggestion))

    def _report(self) -> ValidationReport:
        files = tuple(examined.outcome.file for examined in self.examined.values())
        found = dict.fromkeys(d for d in self.found if d.code != "SCH008" or d.file not in self.nameless)
        order = sorted(
            self._few(list(found)),
            key=lambda d: (d.file, d.span.line, d.span.column, d.severity is not Severity.ERROR, d.code),
        )
        pages = self.platform.pages
        told = (replace(d, doc=pages[d.code]) if d.code in pages and not d.doc else d for d in order)
        return ValidationReport(files, tuple(told), tuple(dict.fromkeys([*self.notes, *self.age])))

    def _few(self, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        """As many of each file as `validate` tells of one."""
        by_file: defaultdict[str, list[Diagnostic]] = defaultdict(list)
        for diagnostic in found:
            by_file[diagnostic.file].append(diagnostic)
        for name, of_one in by_file.items():
            if len(of_one) > MAX_DIAGNOSTICS:
                self.notes.append(too_many(name, len(of_one)))
            yield from worst(of_one)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _at(diagnostic: Diagnostic, leaves: Sequence[str]) -> Diagnostic:
    """The diagnostic with the leaves at which it holds."""
    names = list(dict.fromkeys(leaves))
    if diagnostic.code in _AT_EVERY_LEAF:
        return diagnostic
    where = f"at {names[0]}" if len(names) == 1 else f"at {len(names):,} leaves, e.g. {names[0]}"
    return replace(diagnostic, message=f"{diagnostic.message} {where}")


def _without_effect(leaves: Leaves) -> Iterator[Diagnostic]:
    """Files of which nothing is left at any leaf; what is wrong with one explains that already."""
    wrong = {diagnostic.file for diagnostic in leaves.diagnostics}  # left out for that, or told already
    for component, files in leaves.placed.items():
        if component in leaves.lost:
            continue  # what is left at the leaves that are not known cannot be said
        holding = [(authors(cell), where) for cell, where in leaves.finals(component)]
        left = wrong.union(*(written for written, _ in holding))
        reached = {place for _, where in holding for leaf in where for place in leaf.upwards()}
        deeper: defaultdict[Place, list[str]] = defaultdict(list)
        for place, layer in files.items():
            for above in place.above():
                deeper[above].append(layer.file)
        for place, layer in files.items():
            if layer.file in left or layer.file in wrong or place not in reached:
                continue
            says = bool(fresh(leaves.platform.components[component], layer).value)
            yield _idle(layer.file, deeper[place], says=says)


def _idle(file: str, deeper: Sequence[str], *, says: bool) -> Diagnostic:
    message, why = "the file sets nothing", "Delete it."
    if says and deeper:
        message = f"the file has no effect: at every leaf all of it is overridden by {', '.join(deeper[:NAMED])}"
        why = "Delete it, or the overrides."
    elif says:
        message = "the file has no effect: what it says holds without it"
    return Diagnostic("OVL012", Severity.WARNING, file, Span(1, 1, 1, 1), message, why=why)


def _ruled(leaves: Leaves, platform: Platform) -> Iterator[Diagnostic]:
    if not platform.rules:
        return
    seen = [_seen(leaves, leaf) for leaf in leaves.topology.root.leaves()]
    found: dict[Diagnostic, list[str]] = {}
    schemas = {component: guide.schema.document for component, guide in platform.components.items()}
    for rule in platform.rules:
        for finding in rule(seen, schemas):
            found.setdefault(_told(finding), []).extend([finding.leaf] if finding.leaf else [])
    for diagnostic, places in found.items():
        yield _at(diagnostic, places) if places else diagnostic


def _seen(leaves: Leaves, leaf: Place) -> Leaf:
    components: dict[str, Cell] = {}
    for component in leaves.placed:
        cell = leaves.effective(component, leaf)
        if cell is not None:
            components[component] = cell
    names = {place.level: place.name for place in leaf.upwards() if place.level}
    return Leaf(leaf.node_path, names, leaves.topology.bindings(leaf), components)


def _told(finding: Finding) -> Diagnostic:
    return Diagnostic(
        finding.code,
        finding.severity,
        finding.origin.file,
        finding.origin.span,
        finding.message,
        why=finding.why,
        suggestion=finding.suggestion,
        doc=finding.doc,
    )
