"""Style: what is valid and still worth a change. Told last, of files without errors, and never an error itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from knowledge.validation import scalars
from knowledge.validation.check import check, collections_of
from knowledge.validation.compose import MAX_FOUND
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, SourceFile, Span
from knowledge.validation.faults import Lens
from knowledge.validation.fixes import apply_edits
from knowledge.validation.schema import Schema, merge_key
from knowledge.validation.source import parse
from knowledge.validation.spacing import mixed_indentation, trailing_space
from knowledge.validation.text import SourceText
from knowledge.validation.tree import (
    Entry,
    MappingNode,
    Node,
    Path,
    ScalarNode,
    SequenceNode,
    path_text,
    paths_to,
)

PROVED: Final = 200_000  # characters read again to see which versions the schema takes as text
HEAD: Final = ["apiVersion", "kind"]
_MENTIONED: Final = re.compile(r"(?:ersion|ERSION|ag|AG)[\"']?[ \t]*:[ \t]*(?:[&!]\S*[ \t]+)*[0-9]")
_VERSION: Final = re.compile(
    r"(?:^|[-_. /])(?:version|VERSION)$|Version$|^(?:tag|Tag|TAG)$|(?:image|Image|IMAGE)[-_.]?(?:tag|Tag|TAG)$"
)


class Written(NamedTuple):
    """One document of a file."""

    schema: Schema
    root: Node
    blocks: Sequence[Entry]  # with a map or list in lines of its own


class Styled(NamedTuple):
    """A file that has no errors."""

    source: SourceText
    documents: Sequence[Written]


def style(styled: Styled, codes: Collection[str], told: Sequence[Diagnostic] = ()) -> list[Diagnostic]:
    """The lints of a file, of those with these codes; none at a token of which something was told already."""
    found = [diagnostic for code, lint in LINTS.items() if code in codes for diagnostic in lint(styled)]
    if found and told:
        places = {(d.span.line, d.span.column) for d in told}
        found = [d for d in found if (d.span.line, d.span.column) not in places]
    return found


# ---- versions ----


def _unquoted_versions(styled: Styled) -> Iterator[Diagnostic]:
    """LNT001: where the schema takes a text as well, and YAML005 does not say so already."""
    text = styled.source.text
    if len(text) > PROVED or not _MENTIONED.search(text):
        return
    found = (each for document in styled.documents for each in _numbered(document.root, ()))
    yield from _accepted(styled, [_as_text(styled.source, *each) for each in islice(found, MAX_FOUND)])


def _numbered(node: Node, path: Path) -> Iterator[tuple[Path, ScalarNode]]:
    """The numbers that are versions by their keys, with their paths."""
    if isinstance(node, MappingNode):
        for entry in node.entries:
            inner = (*path, entry.name)
            if isinstance(entry.value, ScalarNode):
                if _is_number(entry.value) and _VERSION.search(entry.name):
                    yield inner, entry.value
            else:
                yield from _numbered(entry.value, inner)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            yield from _numbered(item, (*path, index))


def _is_number(node: ScalarNode) -> bool:
    return node.plain and type(node.value) in {int, float} and node.text[0].isdigit() and not scalars.trap(node.text)


def _as_text(source: SourceText, path: Path, node: ScalarNode) -> Diagnostic:
    end = node.end.column + 1
    span = Span(node.end.line + 1, end - len(node.text), node.end.line + 1, end)  # without an anchor before it
    fix = f'"{node.text}"'
    return Diagnostic(
        "LNT001",
        Severity.WARNING,
        source.name,
        span,
        f"“{path[-1]}” is the number {node.text}, and a version is a text",
        path=path_text(path),
        why="A number loses what a version says: 1.10 becomes 1.1. Quotes keep it as it is written.",
        suggestion=fix,
        edits=(Edit(span, fix),),
    )


def _accepted(styled: Styled, found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Those after whose edits the schema still refuses nothing."""
    if not found or _holds(styled, found):
        return found
    few = found[: PROVED // len(styled.source.text)]
    return [diagnostic for diagnostic in few if _holds(styled, [diagnostic])]


def _holds(styled: Styled, fixes: Sequence[Diagnostic]) -> bool:
    text = apply_edits(styled.source.text, [edit for fix in fixes for edit in fix.edits])
    documents = [document.root for document in parse(SourceFile(styled.source.name, text)).documents if document.root]
    checked = zip((document.schema for document in styled.documents), documents, strict=True)
    found = (d for schema, root in checked for d in check(Lens(schema, root), styled.source))
    return not any(d.severity is Severity.ERROR for d in found)


# ---- order of keys ----


class _Late(NamedTuple):
    """A key that has to stand before another one."""

    own: Entry
    first: Entry
    root: Node


def _key_order(styled: Styled) -> Iterator[Diagnostic]:
    """LNT004: what a file is, and what an element is called, stand first."""
    for document in styled.documents:
        if late := _late_head(document):
            names = " and ".join(name for name in HEAD if name in document.schema.properties)
            why = "The first lines then say what the file is."
            yield _misplaced(styled, late, f"a file starts with {names}", why)
            break
    found = [late for document in styled.documents if not _all_begin_alike(document) for late in _late_keys(document)]
    if found:
        first = min(found, key=lambda late: late.own.key.start.index)
        rest = len(found) - 1
        more = f". {rest:,} more element{'s are' if rest > 1 else ' is'} like this" if rest else ""
        why = f"Elements of this list are told apart by “{first.own.name}”."
        yield _misplaced(styled, first, f"in an element of this list it comes first{more}", why)


def _late_head(document: Written) -> _Late | None:
    root = document.root
    if not isinstance(root, MappingNode) or root.flow or not document.schema.kind:
        return None
    if [entry.name for entry in root.entries[: len(HEAD)]] == HEAD:
        return None
    own = {entry.name: entry for entry in root.entries if not entry.merge}
    head = [own[name] for name in HEAD if name in own]
    pairs = zip(head, own.values(), strict=False)
    return next((_Late(entry, first, root) for entry, first in pairs if entry is not first), None)


def _all_begin_alike(document: Written) -> bool:
    """Whether every element begins with the only key that its list can have, so that nothing has to be looked up."""
    known = document.schema.merge_keys
    for entry in document.blocks:
        keys = known.get(entry.name)
        if keys and isinstance(entry.value, SequenceNode):
            items = (item for item in entry.value.items if isinstance(item, MappingNode) and not item.flow)
            if len(keys) > 1 or not all(item.entries[0].name in keys for item in items):
                return False
    return "" not in known


def _late_keys(document: Written) -> Iterable[_Late]:
    """The keys by which elements are merged that do not stand first in them."""
    found: dict[int, _Late] = {}  # each once, however often an alias repeats it
    for _, node, parts in collections_of(document.schema, document.root):
        key = next(filter(None, map(merge_key, parts)), "")
        for item in node.items if isinstance(node, SequenceNode) and key else ():
            if isinstance(item, MappingNode) and not item.flow:
                own = {entry.name: entry for entry in item.entries if not entry.merge}
                first = next(iter(own.values()), None)
                if first is not None and key in own and first.name != key:
                    found[id(item)] = _Late(own[key], first, document.root)
    return found.values()


def _misplaced(styled: Styled, late: _Late, rule: str, why: str) -> Diagnostic:
    span = late.own.key.span
    return Diagnostic(
        "LNT004",
        Severity.WARNING,
        styled.source.name,
        span,
        f"“{late.own.name}” stands below “{late.first.name}”; {rule}",
        path=path_text(paths_to(late.root, {span})[0]),
        why=f"{why} Move it up, with the comment that belongs to it.",
    )


def _mixed_indentation(styled: Styled) -> Iterator[Diagnostic]:
    return mixed_indentation(styled.source, [entry for document in styled.documents for entry in document.blocks])


def _trailing_space(styled: Styled) -> Iterator[Diagnostic]:
    return trailing_space(styled.source, [document.root for document in styled.documents])


LINTS: Final[dict[str, Callable[[Styled], Iterator[Diagnostic]]]] = {
    "LNT001": _unquoted_versions,
    "LNT002": _mixed_indentation,
    "LNT003": _trailing_space,
    "LNT004": _key_order,
}
CODES: Final = tuple(LINTS)
