"""The one call that checks files, the same from chat, command line, pre-commit and API. No model decides validity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from knowledge.errors import Misuse
from knowledge.validation.catalog import Choice, SchemaCatalog
from knowledge.validation.check import check
from knowledge.validation.diagnostics import (
    CheckedFile,
    Diagnostic,
    Severity,
    SourceFile,
    Span,
    ValidationReport,
)
from knowledge.validation.faults import Lens
from knowledge.validation.source import Parsed, parse
from knowledge.validation.text import SourceText
from knowledge.validation.tree import MappingNode, Node, entry_at, resolved, value_of

NOT_PLACED = "Placement and overrides were not checked: they need the whole deployment repository."
NOT_MERGED = "Placement, overrides and wildcards across the files were not checked; each file was checked by itself."
MAX_DIAGNOSTICS = 100  # of one file: more of them help nobody


def validate(files: Sequence[SourceFile], *, catalog: SchemaCatalog) -> ValidationReport:
    """Check files: their text, their YAML, and each against its schema. Whatever they hold, a report comes back."""
    checked: list[CheckedFile] = []
    found: list[Diagnostic] = []
    platform = False
    for file in files:
        parsed = parse(file)
        diagnostics, choices = _check_file(parsed, catalog)
        platform = platform or any(c.schema is not None and c.schema.of_platform for c in choices)
        checked.append(_checked(parsed, choices))
        found += _ordered(diagnostics)[:MAX_DIAGNOSTICS]
    notes = [NOT_MERGED if len(files) > 1 else NOT_PLACED] if platform else []
    return ValidationReport(tuple(checked), tuple(found), tuple(notes))


def check_fragment(text: str, kind: str, *, catalog: SchemaCatalog, name: str = "fragment.yaml") -> ValidationReport:
    """Check a piece of a file of this kind: as `validate`, but keys missing at its top may be elsewhere.

    Raises Misuse when no schema has this kind."""
    schema = catalog.by_kind.get(kind)
    if schema is None:
        raise Misuse(f"no schema declares the kind “{kind}”; known are {', '.join(sorted(catalog.by_kind))}")
    parsed = parse(SourceFile(name, text))
    choice = Choice(schema, "the kind given")
    diagnostics = list(parsed.diagnostics)
    for document in parsed.documents:
        if document.root is not None:
            lens = Lens(schema, document.root, fragment=True)
            diagnostics = _merged(lens, diagnostics, check(lens, parsed.source))
    return ValidationReport((_checked(parsed, [choice]),), tuple(_ordered(diagnostics)))


def _check_file(parsed: Parsed, catalog: SchemaCatalog) -> tuple[list[Diagnostic], list[Choice]]:
    diagnostics, choices = list(parsed.diagnostics), list[Choice]()
    written = [document.root for document in parsed.documents if document.root is not None]
    if parsed.readable and not any(_holds_something(root) for root in written):
        choice = catalog.recognise(parsed.source.name, None)
        return [*diagnostics, _empty(parsed.source, choice)], [choice]
    for root in written:
        choice = catalog.recognise(parsed.source.name, value_of(root))
        choices.append(choice)
        if choice.schema is None:
            diagnostics.append(_unrecognised(parsed.source, root, choice))
        else:
            lens = Lens(choice.schema, root)
            diagnostics = _merged(lens, diagnostics, check(lens, parsed.source))
    return diagnostics, choices


def _holds_something(root: Node) -> bool:
    return value_of(root) is not None


def _merged(lens: Lens, before: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Both, without a trap that the schema has explained or allows."""
    places = {(d.span.line, d.span.column) for d in new if d.severity is Severity.ERROR}
    kept = [
        diagnostic
        for diagnostic in before
        if diagnostic.code != "YAML005" or (diagnostic.span.line, diagnostic.span.column) not in places
    ]
    return [*kept, *new]


def _ordered(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda d: (d.span.line, d.span.column, d.severity is not Severity.ERROR))


def _checked(parsed: Parsed, choices: Sequence[Choice]) -> CheckedFile:
    titles = dict.fromkeys(choice.schema.title for choice in choices if choice.schema is not None)
    reasons = dict.fromkeys(choice.chosen_by for choice in choices)
    broken = "it could not be read as YAML"
    return CheckedFile(
        parsed.source.name, parsed.source.text, ", ".join(titles), ", ".join(reasons) if reasons else broken
    )


def _empty(source: SourceText, choice: Choice) -> Diagnostic:
    return Diagnostic(
        "SCH004",
        Severity.ERROR,
        source.name,
        Span(1, 1, 1, 1),
        "The file holds nothing",
        why="There are no keys in it, only comments or blank lines at most."
        if source.text.strip()
        else "There is not one character in it that counts.",
        suggestion="start with apiVersion and kind",
        doc=choice.schema.doc if choice.schema else "",
    )


def _unrecognised(source: SourceText, root: Node, choice: Choice) -> Diagnostic:
    entry = entry_at(root, ("kind",)) if isinstance(resolved(root), MappingNode) else None
    span = entry.value.span if entry else source.line_span(root.start.line + 1)
    base = PurePosixPath(source.name).name
    if choice.near_kind:
        message = f"Unknown kind “{_text(entry)}”. Did you mean `{choice.near_kind}`?"
    elif choice.candidates:
        message = f"Cannot tell what {base} is: {choice.chosen_by}"
    else:
        message = f"{base} was checked as YAML only: {choice.chosen_by}"
    known = ", ".join(choice.candidates)
    return Diagnostic(
        "SCH008",
        Severity.ERROR if choice.candidates else Severity.INFORMATION,
        source.name,
        span,
        message,
        path="kind" if entry else "",
        why=f"A file is recognised by its kind; possible here: {known}." if known else "No schema of it is known here.",
        suggestion=f"kind: {choice.near_kind or choice.candidates[0]}" if choice.candidates else "",
    )


def _text(entry: object) -> str:
    value = getattr(getattr(entry, "value", None), "text", "")
    return str(value)


def with_file(diagnostic: Diagnostic, name: str) -> Diagnostic:
    """The same diagnostic under another file name."""
    return replace(diagnostic, file=name)
