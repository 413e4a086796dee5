"""What is wrong with a file: values, not exceptions. Codes are stable and listed in docs/diagnostics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; lines and columns from 1, the end is the first column after it."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault with one place: the token that a person would change."""

    code: str
    severity: Severity
    file: str
    span: Span
    message: str
    path: str = ""  # where in the tree, such as alerts[0].threshold
    why: str = ""
    suggestion: str = ""  # what to write instead, as it would stand in the file
    doc: str = ""  # path of the documentation page, optionally with #anchor
    edits: Sequence[Edit] = ()  # a mechanical fix, if there is one


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to check: its name (used to recognise it) and its text, or its bytes if they may not be text."""

    name: str
    content: str | bytes
    size: int = 0  # in bytes, of a file that is too large to check and of which only the beginning was read


@dataclass(frozen=True, slots=True)
class CheckedFile:
    name: str
    text: str  # decoded, for showing lines; "" when it is not text
    schema: str  # title of the schema it was checked against; "" when none was recognised
    chosen_by: str  # "its kind", "its file name", "its keys", or why none
    mended: str = ""  # the text with its mechanical faults mended, if that was asked for and changed something


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The outcome for all files; diagnostics ordered by file, line, column."""

    files: Sequence[CheckedFile]
    diagnostics: Sequence[Diagnostic]
    notes: Sequence[str] = ()  # what was not checked, said once

    @property
    def valid(self) -> bool:
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)
