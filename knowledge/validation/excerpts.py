"""The lines of a file as they are once its mechanical faults are mended, for a reply that is short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from knowledge.validation.diagnostics import Diagnostic, Edit
from knowledge.validation.fixes import apply_edits, compatible
from knowledge.validation.text import BREAK

AROUND = 1  # unchanged lines shown before and after a changed one
LEFT_OUT = "# …"


def corrected_excerpt(text: str, diagnostics: Iterable[Diagnostic], *, most: int = 30) -> str:
    """The corrected lines with their neighbours, at most `most` of them; "" when nothing can be mended.

    Where lines are left out stands a comment, so that the excerpt is still YAML."""
    edits = [edit for diagnostic in compatible(diagnostics) for edit in diagnostic.edits]
    if not edits or not text:
        return ""
    lines = BREAK.split(apply_edits(text, edits))
    shown = sorted({n for first, last in _changed(edits) for n in range(first - AROUND, last + AROUND + 1)})
    last = len(lines) if lines[-1] else len(lines) - 1  # a final line end opens no further line
    return "\n".join(_joined(lines[:last], [n for n in shown if 1 <= n <= last], most))


def _changed(edits: Iterable[Edit]) -> Iterator[tuple[int, int]]:
    """First and last line of each change, counted in the text after all changes."""
    shift = 0
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column)):
        first, added = edit.span.line + shift, len(BREAK.findall(edit.text))
        yield first, first + added
        shift += added - (edit.span.end_line - edit.span.line)


def _joined(lines: list[str], numbers: list[int], most: int) -> Iterator[str]:
    before = 0
    for number in numbers[:most]:
        if number > before + 1:
            yield LEFT_OUT
        yield lines[number - 1]
        before = number
    if before < len(lines):
        yield LEFT_OUT
