"""Reports as text for a terminal and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.validation.codes import doc_of, page_of
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, ValidationReport
from knowledge.validation.text import SourceText

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFORMATION: "36"}
_WIDTH = 120
_LISTED = 8  # files; of more, only those in which something was found have a line each


def as_text(report: ValidationReport, *, colour: bool = False) -> str:
    """Each diagnostic with its line, a caret and the change to make; a summary of each file; what was not checked.

    Of more than 8 files, only those in which something was found are summed up. Empty when there is nothing to say."""
    sources = {file.name: SourceText.of(file.name, file.text) for file in report.files}
    blocks = [_block(diagnostic, sources.get(diagnostic.file), colour) for diagnostic in report.diagnostics]
    found = {diagnostic.file for diagnostic in report.diagnostics}
    listed = [file for file in report.files if len(report.files) <= _LISTED or file.name in found]
    lines = [*blocks, *(_summary(file, report) for file in listed), *report.notes]
    return "".join(f"{line}\n" for line in lines)


def _block(diagnostic: Diagnostic, source: SourceText | None, colour: bool) -> str:
    span = diagnostic.span
    severity = _painted(diagnostic.severity.value, _COLOURS[diagnostic.severity], colour)
    place = f"{diagnostic.file}:{span.line}:{span.column}"
    lines = [f"{_painted(place, '1', colour)} {severity} {diagnostic.code} {diagnostic.message}"]
    if source is not None and source.line(span.line):
        lines += _excerpt(diagnostic, source.line(span.line), colour)
    if diagnostic.why:
        lines.append(f"    {diagnostic.why}")
    if diagnostic.suggestion:
        lines.append(f"    → {_painted(diagnostic.suggestion, '32', colour)}")
    if diagnostic.doc:
        lines.append(f"    see {diagnostic.doc}")
    elif page_of(diagnostic.code):
        lines.append(f"    see: sheriff explain {diagnostic.code}")
    return "\n".join([*lines, ""])


def _excerpt(diagnostic: Diagnostic, text: str, colour: bool) -> list[str]:
    span = diagnostic.span
    end = span.end_column if span.end_line == span.line else len(text) + 1
    skipped = max(0, min(span.column - _WIDTH // 2, len(text) - _WIDTH))
    part = text[skipped : skipped + _WIDTH]
    length = max(1, min(end, skipped + len(part) + 1) - span.column)
    pad = "".join("\t" if char == "\t" else " " for char in part[: span.column - 1 - skipped])
    gutter = f"{span.line:5} | "
    return [
        gutter + ("…" if skipped else "") + _printable(part),
        " " * 5
        + " | "
        + (" " if skipped else "")
        + pad
        + _painted("^" * length, _COLOURS[diagnostic.severity], colour),
    ]


def _printable(text: str) -> str:
    return "".join(char if char == "\t" or char.isprintable() else "·" for char in text)


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _summary(file: CheckedFile, report: ValidationReport) -> str:
    how = f"checked as {file.schema}, from {file.chosen_by}" if file.schema else f"no schema: {file.chosen_by}"
    return f"{file.name}: {counted(report, file.name)}, {how}"


def counted(report: ValidationReport, name: str | None = None) -> str:
    """ "2 errors, 1 warning", of one file or of all; "no errors" when there is nothing to say."""
    parts = []
    for severity in Severity:
        count = sum(d.severity is severity and name in {None, d.file} for d in report.diagnostics)
        if count:
            word = "note" if severity is Severity.INFORMATION else severity.value
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "no errors"


def as_json(report: ValidationReport) -> dict[str, Any]:
    """The report with stable field names, ready for json.dumps."""
    return {
        "valid": report.valid,
        "files": [{"name": f.name, "schema": f.schema, "chosenBy": f.chosen_by} for f in report.files],
        "diagnostics": [diagnostic_as_json(diagnostic) for diagnostic in report.diagnostics],
        "notes": list(report.notes),
    }


def diagnostic_as_json(diagnostic: Diagnostic) -> Mapping[str, Any]:
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "file": diagnostic.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "path": diagnostic.path,
        "message": diagnostic.message,
        "why": diagnostic.why,
        "suggestion": diagnostic.suggestion,
        "doc": doc_of(diagnostic),
        "edits": [
            {
                "line": edit.span.line,
                "column": edit.span.column,
                "endLine": edit.span.end_line,
                "endColumn": edit.span.end_column,
                "text": edit.text,
            }
            for edit in diagnostic.edits
        ],
    }
