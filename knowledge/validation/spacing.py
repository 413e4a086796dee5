"""The spaces of a file that has no errors: indented by one width throughout, and none at the ends of lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, Span
from knowledge.validation.text import SourceText
from knowledge.validation.tree import Entry, MappingNode, Mark, Node, ScalarNode, SequenceNode, children

MAX_EDITS: Final = 10_000  # lines; who has more needs a formatter
_BARE_RETURN: Final = re.compile(r"\r(?!\n)")  # with nothing between, it and the next line end would become one
Value = TypeVar("Value", bound=Hashable)


# ---- at the ends of lines ----


def trailing_space(source: SourceText, roots: Sequence[Node]) -> Iterator[Diagnostic]:
    """LNT003: spaces and tabs at the ends of lines, except where they are part of a text."""
    lines = [number for number, line in enumerate(source.lines, 1) if line.endswith((" ", "\t"))]
    if not lines or _BARE_RETURN.search(source.text):
        return
    inside = {line for root in roots for line in _lines_of_texts(root)}
    lines = [number for number in lines if number not in inside]
    if not lines:
        return
    more = f" and of {len(lines) - 1:,} more" if len(lines) > 1 else ""
    yield Diagnostic(
        "LNT003",
        Severity.WARNING,
        source.name,
        _end_of_line(source, lines[0]),
        f"Space at the end of this line{more}",
        why="Nobody sees it, and it makes changes of lines that say the same. Delete it.",
        edits=tuple(Edit(_end_of_line(source, n), "") for n in lines) if len(lines) <= MAX_EDITS else (),
    )


def _end_of_line(source: SourceText, number: int) -> Span:
    line = source.line(number)
    return Span(number, len(line.rstrip(" \t")) + 1, number, len(line) + 1)


def _lines_of_texts(node: Node) -> Iterator[int]:
    """Numbers of the lines whose ends belong to a block or to a text in quotes that goes on below."""
    if isinstance(node, ScalarNode):
        if node.block:
            yield from range(node.start.line + 2, node.end.line + (2 if node.end.column else 1))
        elif not node.plain:
            yield from range(node.start.line + 1, node.end.line + 1)
    for child in children(node):
        yield from _lines_of_texts(child)


# ---- at the beginnings of lines ----


def mixed_indentation(source: SourceText, blocks: Sequence[Entry]) -> Iterator[Diagnostic]:
    """LNT002: the first map or list below its key that departs from what is usual in the file.

    What stands behind a dash is not judged."""
    steps = _steps(source, blocks)
    if len({width for width, _, _ in steps}) < 2:
        return
    steps.sort(key=lambda step: step[1].index)
    indented = [width for width, _, _ in steps if width]
    usual = _most(indented)
    for width, begin, _ in steps:
        if width not in {0, usual}:
            message = f"Indented by {width} here; the usual indentation of this file is {usual}"
            yield _departure(source, begin, message, f"Indent by {usual}.")
            return
    lists = [(not width, begin) for width, begin, of_list in steps if of_list]
    flat = _most(at_key for at_key, _ in lists)
    other = next((begin for at_key, begin in lists if at_key is not flat), None)
    if other is not None:
        here, there = ("is indented below", "stand at") if flat else ("stands at", "are indented below")
        message = f"This list {here} its key; other lists of this file {there} theirs"
        yield _departure(source, other, message, "Write all lists in one way.")


def _steps(source: SourceText, blocks: Sequence[Entry]) -> list[tuple[int, Mark, bool]]:
    """By how much each is indented, where it begins, and whether it is a list, which may stand at its key."""
    found = []
    for entry in blocks:
        begin, of_list = _beginning(source, entry.value), isinstance(entry.value, SequenceNode)
        if begin is not None:
            width = begin.column - entry.key.start.column
            if width > 0 or (of_list and not width):
                found.append((width, begin, of_list))
    return found


def _beginning(source: SourceText, node: Node) -> Mark | None:
    """Its first key or dash; None where an anchor or tag stands between a list and its first dash."""
    if source.text[node.start.index] not in "&!":
        return node.start
    return node.entries[0].key.start if isinstance(node, MappingNode) else None


def _most(values: Iterable[Value]) -> Value:
    """The most frequent value; of several the first."""
    return Counter(values).most_common(1)[0][0]


def _departure(source: SourceText, begin: Mark, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(
        "LNT002",
        Severity.WARNING,
        source.name,
        source.span(begin.line + 1, begin.column + 1),
        message,
        why=f"Both are valid; one way throughout a file shows better what belongs where. {remedy}",
    )
