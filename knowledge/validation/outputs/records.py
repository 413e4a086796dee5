"""Diagnostics as flat records: the list that `sheriff validate --format json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from knowledge.validation.codes import doc_of
from knowledge.validation.diagnostics import Diagnostic


def as_record(diagnostic: Diagnostic) -> Mapping[str, str | int]:
    """One diagnostic with stable field names; lines and columns from 1, the end is the first column after it."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "file": diagnostic.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "path": diagnostic.path,
        "message": diagnostic.message,
        "suggestion": diagnostic.suggestion,
        "doc": doc_of(diagnostic),
    }


def as_line(diagnostics: Iterable[Diagnostic]) -> str:
    """The list as JSON on one line, in ASCII, so that it passes any pipe."""
    return json.dumps([as_record(diagnostic) for diagnostic in diagnostics])


def as_list(diagnostics: Iterable[Diagnostic]) -> str:
    """The list as JSON for people as well: indented, one field a line."""
    return json.dumps([as_record(diagnostic) for diagnostic in diagnostics], ensure_ascii=False, indent=2)
