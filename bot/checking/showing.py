"""A report on standard output, in the form that was asked for; what is not part of it goes to standard error."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.redaction import masked_where_told
from knowledge.validation.diagnostics import Severity, ValidationReport
from knowledge.validation.render import as_text

FORMATS: Sequence[str] = ("text", "json", "sarif", "github", "junit")


def allow_any_name() -> None:
    """Print what the terminal's encoding lacks, such as odd file names, as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(report: ValidationReport, output: str, *, pages: str = "") -> None:
    """Print a report, without secrets: it may end in the log of a pipeline.

    `pages` is the web address of the documentation pages, for links in SARIF."""
    report = masked_where_told(report)
    if output == "text":
        print(as_text(report, colour=sys.stdout.isatty()))
        print(summary(report))
        return
    print(_rendered(report, output, pages).rstrip("\n"))
    if output == "json":
        for note in report.notes:
            print(f"sheriff: {note}", file=sys.stderr)


def _rendered(report: ValidationReport, output: str, pages: str) -> str:
    if output == "sarif":
        from knowledge.validation.outputs.sarif import as_sarif

        return as_sarif(report, root=Path.cwd(), pages=pages)
    if output == "github":
        from knowledge.validation.outputs.github import as_github

        return as_github(report)
    if output == "junit":
        from knowledge.validation.outputs.junit import as_junit

        return as_junit(report)
    from knowledge.validation.outputs.records import as_list

    return as_list(report.diagnostics)


def summary(report: ValidationReport) -> str:
    """Such as "2 files checked: 1 error."; remarks are not counted."""
    files = f"{len(report.files)} file{'' if len(report.files) == 1 else 's'} checked"
    errors = sum(d.severity is Severity.ERROR for d in report.diagnostics)
    warnings = sum(d.severity is Severity.WARNING for d in report.diagnostics)
    if not errors and not warnings:
        return f"{files}: no errors."
    counts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f"{files}: {', '.join(counts)}."
