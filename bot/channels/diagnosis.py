"""A validation report as rows for the page: what is wrong, the lines with the token marked, the fix to copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.addresses import doc_address
from bot.channels.rendering import inline
from knowledge.validation.codes import page_of
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Edit, Severity, ValidationReport
from knowledge.validation.engine import MAX_DIAGNOSTICS
from knowledge.validation.fixes import apply_edits
from knowledge.validation.text import BREAK

_BADGES = {Severity.ERROR: "wrong", Severity.WARNING: "outdated", Severity.INFORMATION: ""}
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "remark"}
FEW = 3  # files that are named though nothing was found in them
SHOWN = 30  # a file with more faults than this is fixed in rounds


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file; `mark` is the token to change, between `before` and `after`."""

    number: int
    before: str
    mark: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    diagnostic: Diagnostic
    badge: str
    word: str
    message: Markup
    why: Markup
    code: str  # address of the page about the code
    doc: str  # address of the page about what is written there, if it is another one
    lines: Sequence[Line]
    removed: Sequence[str]
    added: Sequence[str]


@dataclass(frozen=True, slots=True)
class FileFindings:
    """One checked file for the template."""

    file: CheckedFile
    is_one_of_many: bool
    headline: str
    findings: Sequence[Finding]
    hidden: int
    corrected: str  # the whole file, mended; "" when nothing could be


def files(report: ValidationReport) -> list[FileFindings]:
    """Every file of the report, in its order; of many, those in which something was found."""
    by_file: dict[str, list[Diagnostic]] = {checked.name: [] for checked in report.files}
    for diagnostic in report.diagnostics:
        by_file[diagnostic.file].append(diagnostic)
    shown = [file for file in report.files if len(report.files) <= FEW or by_file[file.name]]
    return [_file(checked, by_file[checked.name], of=len(report.files)) for checked in shown]


def _file(checked: CheckedFile, diagnostics: Sequence[Diagnostic], *, of: int) -> FileFindings:
    lines = BREAK.split(checked.text)
    return FileFindings(
        file=checked,
        is_one_of_many=of > 1,
        headline=headline(diagnostics) + (" or more" if len(diagnostics) >= MAX_DIAGNOSTICS else ""),
        findings=[_finding(d, checked.text, lines) for d in diagnostics[:SHOWN]],
        hidden=max(0, len(diagnostics) - SHOWN),
        corrected=checked.mended,
    )


def headline(diagnostics: Sequence[Diagnostic]) -> str:
    """Such as "2 errors, 1 warning"; "No errors" when there is nothing to say."""
    counts = [(word, sum(d.severity is severity for d in diagnostics)) for severity, word in _WORDS.items()]
    parts = [f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts if count]
    return ", ".join(parts) or "No errors"


def _finding(diagnostic: Diagnostic, text: str, lines: Sequence[str]) -> Finding:
    removed, added = _difference(diagnostic, text, lines)
    return Finding(
        diagnostic=diagnostic,
        badge=_BADGES[diagnostic.severity],
        word=_WORDS[diagnostic.severity].capitalize(),
        message=inline(diagnostic.message),
        why=inline(diagnostic.why),
        code=doc_address(page_of(diagnostic.code) or diagnostic.doc),
        doc=doc_address(diagnostic.doc) if page_of(diagnostic.code) else "",
        lines=_shown(diagnostic, lines),
        removed=removed,
        added=added,
    )


def _shown(diagnostic: Diagnostic, lines: Sequence[str]) -> list[Line]:
    """The line in question with at most one neighbour on each side; neighbours that are blank say nothing."""
    number = diagnostic.span.line
    if not 1 <= number <= len(lines):
        return []
    neighbours = {
        n: Line(n, lines[n - 1]) for n in (number - 1, number + 1) if 1 <= n <= len(lines) and lines[n - 1].strip()
    }
    neighbours[number] = _marked(diagnostic, lines[number - 1])
    return [neighbours[n] for n in sorted(neighbours)]


def _marked(diagnostic: Diagnostic, line: str) -> Line:
    span = diagnostic.span
    start = min(max(span.column - 1, 0), len(line))
    end = len(line) if span.end_line > span.line else min(max(span.end_column - 1, start), len(line))
    if end == start:
        end = min(start + 1, len(line))
    if not line[start:end].strip():
        start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    return Line(span.line, line[:start], line[start:end], line[end:])


def _difference(diagnostic: Diagnostic, text: str, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Lines that the fix takes away and puts in, indented as they were; the suggestion alone where it fits no token."""
    edits = diagnostic.edits or _as_edit(diagnostic, lines)
    if not edits:
        return (), tuple(diagnostic.suggestion.splitlines())
    after = BREAK.split(apply_edits(text, edits))
    if [line.rstrip() for line in after] == [line.rstrip() for line in lines]:
        return (), ()  # space at the ends of lines cannot be shown
    head = 0
    while head < min(len(lines), len(after)) and lines[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(lines), len(after)) - head and lines[-1 - tail] == after[-1 - tail]:
        tail += 1
    return tuple(lines[head : len(lines) - tail]), tuple(after[head : len(after) - tail])


def _as_edit(diagnostic: Diagnostic, lines: Sequence[str]) -> Sequence[Edit]:
    """A suggested word put in the place of the marked one; for reading and copying, never applied by itself."""
    span, words = diagnostic.span, diagnostic.suggestion
    if not words or "\n" in words or span.line != span.end_line or not 1 <= span.line <= len(lines):
        return ()
    token = lines[span.line - 1][span.column - 1 : span.end_column - 1]
    if not token.strip() or (":" in words) != (":" in token):
        return ()  # a whole line is suggested for one word, or the other way round
    return (Edit(span, words),)
