"""A report as SARIF 2.1.0, which GitHub, GitLab, Azure DevOps and most editors show beside the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from knowledge.validation.codes import doc_of, text_of, title_of
from knowledge.validation.diagnostics import Diagnostic, Severity, Span, ValidationReport

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "note"}


def as_sarif(report: ValidationReport, *, root: Path, pages: str = "") -> str:
    """The report as SARIF. Addresses of files are relative to `root`, where they lie inside it.

    `pages` is the web address under which documentation pages are shown; without it, rules carry no helpUri."""
    codes = list(dict.fromkeys(diagnostic.code for diagnostic in report.diagnostics))
    run = {
        "tool": {"driver": {"name": "Sheriff", "rules": [_rule(code, report, pages) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": f"{_absolute(root)}/"}},
        "results": [_result(d, codes.index(d.code), root) for d in report.diagnostics],
    }
    if report.notes:
        notes = [{"level": "note", "message": {"text": note}} for note in report.notes]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _rule(code: str, report: ValidationReport, pages: str) -> dict[str, Any]:
    found = [diagnostic for diagnostic in report.diagnostics if diagnostic.code == code]
    docs = list(dict.fromkeys(doc_of(diagnostic) for diagnostic in found if doc_of(diagnostic)))
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": title_of(code)},
        "defaultConfiguration": {"level": _LEVELS[found[0].severity]},
    }
    if docs:
        rule["help"] = {"text": f"Read on: {', '.join(docs)}"}
        if page := text_of(code):
            rule["help"]["markdown"] = page
    if docs and pages:
        rule["helpUri"] = f"{pages.rstrip('/')}/{quote(docs[0], safe='/#')}"
    return rule


def _result(diagnostic: Diagnostic, rule: int, root: Path) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(diagnostic.file, root), "region": _region(diagnostic.span)}
    }
    if diagnostic.path:
        place["logicalLocations"] = [{"fullyQualifiedName": diagnostic.path, "kind": "member"}]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _message(diagnostic)},
        "locations": [place],
    }
    if doc := doc_of(diagnostic):
        result["properties"] = {"doc": doc}
    if diagnostic.edits:
        result["fixes"] = [_fix(diagnostic, root)]
    return result


def _message(diagnostic: Diagnostic) -> str:
    sentences = [f"{part.rstrip('.')}." for part in (diagnostic.message, diagnostic.why) if part]
    return " ".join(sentences) + (f" Write: {diagnostic.suggestion}" if diagnostic.suggestion else "")


def _fix(diagnostic: Diagnostic, root: Path) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in diagnostic.edits
    ]
    change = {"artifactLocation": _artifact(diagnostic.file, root), "replacements": replacements}
    return {"description": {"text": diagnostic.suggestion or title_of(diagnostic.code)}, "artifactChanges": [change]}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _artifact(name: str, root: Path) -> dict[str, str]:
    path = Path(name)
    if path.is_absolute() and not path.is_relative_to(root):
        return {"uri": _absolute(path)}
    relative = path.relative_to(root) if path.is_absolute() else path
    return {"uri": _quoted(relative.as_posix()), "uriBaseId": "SRCROOT"}


def _absolute(path: Path) -> str:
    return f"file://{_quoted(path.as_posix())}"


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
