"""A report as workflow commands: GitHub shows them as annotations at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.validation.diagnostics import Diagnostic, Severity, ValidationReport
from knowledge.validation.render import counted

SHOWN = 10  # annotations of one level that GitHub shows for a step; it drops the others silently
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "notice"}


def as_github(report: ValidationReport) -> str:
    """One annotation for each diagnostic, and a summary that also lists what GitHub will not show."""
    lines = [_annotation(diagnostic) for diagnostic in report.diagnostics]
    return "\n".join([*lines, *_left_out(report.diagnostics), _plain(_summary(report))]) + "\n"


def _annotation(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties = {
        "file": diagnostic.file,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "title": diagnostic.code,
    }
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {given}::{_data(_message(diagnostic))}"


def _message(diagnostic: Diagnostic) -> str:
    parts = [diagnostic.message, diagnostic.why, f"→ {diagnostic.suggestion}" if diagnostic.suggestion else ""]
    return "\n".join(part for part in parts if part)


def _left_out(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    for severity, command in _COMMANDS.items():
        rest = [diagnostic for diagnostic in diagnostics if diagnostic.severity is severity][SHOWN:]
        if rest:
            yield f"GitHub shows {SHOWN} annotations of the level {command} for a step; the other {len(rest)} are:"
        for d in rest:
            yield _plain(f"- {d.file}:{d.span.line}:{d.span.column} {d.code} {d.message}")


def _summary(report: ValidationReport) -> str:
    files = len(report.files)
    return f"{files} file{'' if files == 1 else 's'} checked: {counted(report)}."


def _plain(text: str) -> str:
    """A line that the runner takes for no command, whatever file names and messages hold."""
    return " ".join(text.split()).replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
