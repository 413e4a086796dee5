"""Applying the edits that diagnostics carry: the smallest change, the rest of the text byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from knowledge.validation.diagnostics import Diagnostic, Edit, Span
from knowledge.validation.text import BREAK


def compatible(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics whose fixes can be applied together; of two fixes that overlap the first stands."""
    chosen: list[Diagnostic] = []
    taken: dict[int, list[Edit]] = {}
    for diagnostic in diagnostics:
        edits = list(diagnostic.edits)
        lines = {line for edit in edits for line in range(edit.span.line, edit.span.end_line + 1)}
        near = [other for line in lines & taken.keys() for other in taken[line]]
        if any(_overlap(edit.span, other.span) for edit in edits for other in near):
            continue
        chosen.append(diagnostic)
        for edit in edits:
            for line in range(edit.span.line, edit.span.end_line + 1):
                taken.setdefault(line, []).append(edit)
    return chosen


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits, which must not overlap."""
    starts = [0, *(match.end() for match in BREAK.finditer(text))]

    def offset(line: int, column: int) -> int:
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(text))

    pieces, done = [], 0
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column)):
        begin = max(offset(edit.span.line, edit.span.column), done)
        pieces += [text[done:begin], edit.text]
        done = max(offset(edit.span.end_line, edit.span.end_column), begin)
    return "".join([*pieces, text[done:]])


def _overlap(one: Span, other: Span) -> bool:
    one_start, one_end = (one.line, one.column), (one.end_line, one.end_column)
    start, end = (other.line, other.column), (other.end_line, other.end_column)
    return (one_start < end and start < one_end) or one_start == start
