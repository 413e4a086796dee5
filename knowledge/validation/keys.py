"""Unknown and missing keys: one typo, one wrong indentation or one forgotten key gives one diagnostic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, Span
from knowledge.validation.faults import Fault, Lens
from knowledge.validation.hints import nearest
from knowledge.validation.text import SourceText
from knowledge.validation.tree import (
    Entry,
    MappingNode,
    Node,
    Path,
    ScalarNode,
    SequenceNode,
    entry_at,
    node_at,
    path_text,
    resolved,
)


@dataclass(slots=True)
class _Keys:
    """The key faults of one file, taken off one by one as their cause is found."""

    lens: Lens
    source: SourceText
    unknown: list[tuple[Path, str]] = field(default_factory=list)
    missing: list[tuple[Path, tuple[str, ...]]] = field(default_factory=list)

    def take_missing(self, path: Path, name: str) -> bool:
        """Whether this key was missing there; it no longer is."""
        for item in self.missing:
            if item[0] == path and name in item[1]:
                self.missing.remove(item)
                return True
        return False


def key_diagnostics(lens: Lens, source: SourceText, causes: Iterable[Fault]) -> Iterator[Diagnostic]:
    """Diagnostics for `required` and unknown-key faults."""
    keys = _Keys(lens, source)
    for fault in causes:
        if fault.keyword == "additionalProperties":
            keys.unknown.append((fault.path, fault.data["key"]))
        elif fault.keyword == "required":
            keys.missing.append((fault.path, tuple(fault.data.get("any", [fault.data["property"]]))))
    for path, name in keys.unknown:
        yield _strayed_member(keys, path) or _unknown(keys, path, name)
    for path, names in list(keys.missing):
        if (path, names) in keys.missing:
            yield _missing(keys, path, names)


def misplaced_member(lens: Lens, source: SourceText, path: Path) -> Diagnostic | None:
    """A value that does not fit because its key, taken for a free name here, belongs to another map."""
    return _strayed_member(_Keys(lens, source), path)


def _strayed_member(keys: _Keys, path: Path) -> Diagnostic | None:
    if not path or not isinstance(path[-1], str) or path[-1] in keys.lens.schema.declared(path[:-1]):
        return None
    home = _home(keys, path[:-1], path[-1], by_name=True)
    if home is None:
        return None
    keys.take_missing(home, path[-1])
    return _misplaced(keys, path[:-1], path[-1], home)


def _unknown(keys: _Keys, path: Path, name: str) -> Diagnostic:
    mapping = _mapping(keys, path)
    declared = keys.lens.schema.declared(path)
    free = [key for key in declared if mapping is None or mapping.entry(key) is None]
    wanted = [key for where, names in keys.missing if where == path for key in names]
    home = _home(keys, path, name)
    if home is not None and mapping is not None:
        keys.take_missing(home, name)
        return _misplaced(keys, path, name, home)
    guess = nearest(name, wanted) or nearest(name, free)
    if guess is not None:
        keys.take_missing(path, guess)
        return _typo(keys, path, name, guess)
    return _stranger(keys, path, name, list(declared))


def _missing(keys: _Keys, path: Path, names: tuple[str, ...]) -> Diagnostic:
    mapping = _mapping(keys, path)
    declared = keys.lens.schema.declared(path)
    if mapping is not None:
        others = [e.name for e in mapping.entries if e.name not in declared]
        for name in names:
            guess = nearest(name, others)
            if guess is not None:
                return _typo(keys, path, guess, name)
    for name in names:
        found = _strayed(keys, path, name)
        if found is not None:
            return _misplaced(keys, found, name, path)
    return _absent(keys, path, names)


def _typo(keys: _Keys, path: Path, name: str, guess: str) -> Diagnostic:
    entry = entry_at(keys.lens.root, (*path, name))
    span = _key_span(keys, entry, path)
    return _diagnostic(
        keys,
        "SCH001",
        span,
        (*path, name),
        f"Unknown key “{name}”. Did you mean `{guess}`?",
        why=f"{words.owner(keys.lens.root, path)} has no such key, so this one would have no effect.",
        suggestion=guess,
        edits=[Edit(span, _like(keys, span, guess))] if entry else [],
    )


def _like(keys: _Keys, span: Span, key: str) -> str:
    """The key in the quotes that stand in the text now."""
    mark = keys.source.line(span.line)[span.column - 1 : span.column]
    return f"{mark}{key}{mark}" if mark and mark in "\"'" else key


def _stranger(keys: _Keys, path: Path, name: str, declared: Sequence[str]) -> Diagnostic:
    entry = entry_at(keys.lens.root, (*path, name))
    takes = f" It takes {words.choice(declared)}." if declared else ""
    return _diagnostic(
        keys,
        "SCH001",
        _key_span(keys, entry, path),
        (*path, name),
        f"Unknown key “{words.short(name)}”",
        why=f"{words.owner(keys.lens.root, path)} has no such key.{takes}",
    )


def _absent(keys: _Keys, path: Path, names: tuple[str, ...]) -> Diagnostic:
    lens = keys.lens
    listed = words.alternatives([f"“{name}”" for name in names])
    parts = lens.schema.at((*path, names[0]))
    value = words.example(parts)
    scalar = value is not None and not isinstance(value, (dict, list))
    line = f"{names[0]}: {words.as_yaml(value)}" if scalar else f"{names[0]}:"
    description = next((str(part["description"]) for part in parts if part.get("description")), "")
    mapping = _mapping(keys, path)
    edits = []
    if mapping is not None and mapping.entries and not mapping.flow and any("const" in part for part in parts):
        start = mapping.entries[0].key.span
        edits = [Edit(Span(start.line, start.column, start.line, start.column), f"{line}\n{' ' * (start.column - 1)}")]
    return _diagnostic(
        keys,
        "SCH004",
        _place(keys, path),
        path,
        f"{words.owner(lens.root, path)} needs {listed}",
        why=description,
        suggestion=line,
        edits=edits,
    )


def _misplaced(keys: _Keys, path: Path, name: str, home: Path) -> Diagnostic:
    entry = entry_at(keys.lens.root, (*path, name))
    parent = _mapping(keys, path)
    target = _mapping(keys, home)
    span = _key_span(keys, entry, path)
    under = f"under {_called(path)}" if path else "at the top of the file"
    belongs = f"under {_called(home)}" if home else "at the top of the file"
    column = target.entries[0].key.start.column if target is not None and target.entries else 0
    return _diagnostic(
        keys,
        "YAML009",
        span,
        (*path, name),
        f"“{name}” stands {under}. Did you mean to indent it by {column}, {belongs}?",
        why=f"A key belongs to the nearest line above it that is indented less; “{name}” is a key of {_called(home)}.",
        suggestion=f"{' ' * column}{name}:",
        edits=_shift(keys, entry, parent, home, path, column) if entry and parent else [],
    )


def _called(path: Path) -> str:
    return f"“{path_text(path)}”" if path else "the file itself"


def _shift(keys: _Keys, entry: Entry, parent: MappingNode, home: Path, path: Path, column: int) -> list[Edit]:
    """The key and all below it moved sideways, where that alone puts it under the other parent."""
    index = parent.entries.index(entry) if entry in parent.entries else -1
    inwards = len(home) > len(path)
    moves = index > 0 and not parent.flow and (inwards or index == len(parent.entries) - 1)
    now = entry.key.start.column
    if not moves or keys.source.line(entry.key.start.line + 1)[:now].strip():
        return []
    edits = []
    for number in range(entry.key.start.line + 1, entry.value.end.line + 2):
        text = keys.source.line(number)
        width = len(text) - len(text.lstrip(" "))
        if text.strip() and width >= now:
            edits.append(Edit(Span(number, 1, number, width + 1), " " * max(0, width + column - now)))
    return edits


def _home(keys: _Keys, path: Path, name: str, *, by_name: bool = False) -> Path | None:
    """Another map of the file that has this key and lacks it: an outer one, or one in the lines just above."""
    lens = keys.lens
    entry = entry_at(lens.root, (*path, name))
    if entry is None:
        return None
    for candidate in (*_last_maps_before(keys, path, entry), *_outer(path)):
        mapping = _mapping(keys, candidate)
        if mapping is None or mapping.entry(name) is not None:
            continue
        if name in lens.schema.declared(candidate):
            return candidate
        if not by_name and _looks_like_member(keys, candidate, name, entry):
            return candidate
    return None


def _outer(path: Path) -> Iterator[Path]:
    for length in range(len(path) - 1, -1, -1):
        yield path[:length]


def _last_maps_before(keys: _Keys, path: Path, entry: Entry) -> Iterator[Path]:
    mapping = _mapping(keys, path)
    if mapping is None or entry not in mapping.entries:
        return
    index = mapping.entries.index(entry)
    if index == 0:
        return
    before = mapping.entries[index - 1]
    yield from _chain(before.value, (*path, before.name))


def _chain(node: Node, path: Path) -> Iterator[Path]:
    """The maps that end where this node ends, the outermost first."""
    node = resolved(node)
    if isinstance(node, MappingNode) and node.entries and not node.flow:
        yield path
        yield from _chain(node.entries[-1].value, (*path, node.entries[-1].name))
    elif isinstance(node, SequenceNode) and node.items and not node.flow:
        yield from _chain(node.items[-1], (*path, len(node.items) - 1))


def _looks_like_member(keys: _Keys, path: Path, name: str, entry: Entry) -> bool:
    """Whether a map of freely named members takes this one: its keys are those of the other members."""
    value = resolved(entry.value)
    if not path or not isinstance(value, MappingNode) or not value.entries:
        return False
    declared = keys.lens.schema.declared((*path, name))
    return bool(declared) and all(inner.name in declared for inner in value.entries)


def _strayed(keys: _Keys, path: Path, name: str) -> Path | None:
    """A map just below, at whose end the missing key stands although the schema does not know it there."""
    mapping = _mapping(keys, path)
    for entry in mapping.entries if mapping is not None else ():
        inner = (*path, entry.name)
        value = resolved(entry.value)
        if isinstance(value, SequenceNode) and value.items:
            inner, value = (*inner, len(value.items) - 1), resolved(value.items[-1])
        if not isinstance(value, MappingNode) or value.flow:
            continue
        if any(e.name == name for e in value.entries[1:]) and name not in keys.lens.schema.declared(inner):
            return inner
    return None


def _mapping(keys: _Keys, path: Path) -> MappingNode | None:
    node = node_at(keys.lens.root, path)
    node = resolved(node) if node is not None else None
    return node if isinstance(node, MappingNode) else None


def _key_span(keys: _Keys, entry: Entry | None, path: Path) -> Span:
    return resolved(entry.key).span if entry else _place(keys, path)


def _place(keys: _Keys, path: Path) -> Span:
    return place(keys.lens.root, keys.source, path)


def place(root: Node, source: SourceText, path: Path) -> Span:
    """The token at which a map or list as a whole is pointed out: its key, else its first key."""
    entry = entry_at(root, path)
    if entry is not None:
        return entry.key.span
    node = node_at(root, path) or root
    if isinstance(node, MappingNode) and node.entries and not node.flow:
        return node.entries[0].key.span
    if isinstance(node, ScalarNode):
        return node.span
    return source.span(node.start.line + 1, node.start.column + 1)


def _diagnostic(
    keys: _Keys,
    code: str,
    span: Span,
    path: Path,
    message: str,
    *,
    why: str = "",
    suggestion: str = "",
    edits: Sequence[Edit] = (),
) -> Diagnostic:
    return Diagnostic(
        code,
        Severity.ERROR,
        keys.source.name,
        span,
        message,
        path=path_text(path),
        why=why,
        suggestion=suggestion,
        doc=keys.lens.schema.doc_at(path),
        edits=tuple(edits),
    )
