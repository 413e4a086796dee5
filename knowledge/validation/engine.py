"""The one call that checks files, the same from chat, command line, pre-commit and API. No model decides validity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from knowledge.errors import Misuse
from knowledge.validation.catalog import Choice, SchemaCatalog
from knowledge.validation.check import check, numbers
from knowledge.validation.diagnostics import (
    CheckedFile,
    Diagnostic,
    Severity,
    SourceFile,
    Span,
    ValidationReport,
)
from knowledge.validation.faults import Lens
from knowledge.validation.lints import Styled, Written, style
from knowledge.validation.source import Parsed, parse
from knowledge.validation.text import SourceText
from knowledge.validation.tree import MappingNode, Node, blocks, entry_at, path_text, paths_to, resolved, value_of

NOT_PLACED = "Placement and overrides were not checked: they need the whole deployment repository."
NOT_MERGED = "Placement, overrides and wildcards across the files were not checked; each file was checked by itself."
MAX_DIAGNOSTICS = 100  # of one file: more of them help nobody


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report says of one file."""

    file: CheckedFile
    told: Sequence[Diagnostic]
    found: int  # of which no more than MAX_DIAGNOSTICS are told
    of_platform: bool


@dataclass(frozen=True, slots=True)
class Examined:
    """One file, with all that was found in it; the stages after a check build on its tree."""

    parsed: Parsed
    diagnostics: Sequence[Diagnostic]  # in order of place
    choices: Sequence[Choice]

    @property
    def outcome(self) -> Outcome:
        """What is told of it, without its tree."""
        of_platform = any(c.schema is not None and c.schema.of_platform for c in self.choices)
        told = _ordered(worst(self.diagnostics))
        return Outcome(_checked(self.parsed, self.choices), told, len(self.diagnostics), of_platform)

    def without_tree(self) -> Examined:
        """The same for a file on which nothing is built."""
        return replace(self, parsed=replace(self.parsed, documents=(), repairs=()))


def validate(files: Sequence[SourceFile], *, catalog: SchemaCatalog) -> ValidationReport:
    """Check files: their text, their YAML, and each against its schema. Whatever they hold, a report comes back."""
    alone = len(files) == 1
    return summed_up(finished(file, catalog, alone=alone).outcome for file in files)


def examine(file: SourceFile, catalog: SchemaCatalog, *, alone: bool = False) -> Examined:
    """Check one file as `validate` does; `alone` is whether no other file came with it."""
    parsed = parse(file)
    diagnostics, choices = _check_file(parsed, catalog, alone=alone)
    return Examined(parsed, _ordered(diagnostics), choices)


def finished(file: SourceFile, catalog: SchemaCatalog, *, alone: bool = False) -> Examined:
    """Check one file by itself to the end: with what is said of its style."""
    examined = examine(file, catalog, alone=alone)
    style = style_of(examined.parsed, examined.choices, catalog, examined.diagnostics)
    return replace(examined, diagnostics=_ordered([*examined.diagnostics, *style])) if style else examined


def summed_up(outcomes: Iterable[Outcome]) -> ValidationReport:
    """The report on files that were examined each by itself."""
    told = list(outcomes)
    notes = [too_many(one.file.name, one.found) for one in told if one.found > MAX_DIAGNOSTICS]
    if any(one.of_platform for one in told):
        notes.append(NOT_MERGED if len(told) > 1 else NOT_PLACED)
    found = tuple(diagnostic for one in told for diagnostic in one.told)
    return ValidationReport(tuple(one.file for one in told), found, tuple(notes))


def worst(diagnostics: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """As many of one file as are told, errors before all else: a cut may never make a file valid."""
    order = list(Severity)
    return sorted(diagnostics, key=lambda d: order.index(d.severity))[:MAX_DIAGNOSTICS]


def too_many(name: str, count: int) -> str:
    """The note on a file of which not everything is told."""
    return f"{name}: {MAX_DIAGNOSTICS} of {count:,} diagnostics are told, errors first."


def check_fragment(text: str, kind: str, *, catalog: SchemaCatalog, name: str = "fragment.yaml") -> ValidationReport:
    """Check a piece of a file of this kind: as `validate`, but keys missing at its top may be elsewhere.

    Raises Misuse when no schema has this kind."""
    schema = catalog.by_kind.get(kind)
    if schema is None:
        raise Misuse(f"no schema declares the kind “{kind}”; known are {', '.join(sorted(catalog.by_kind))}")
    parsed = parse(SourceFile(name, text))
    choice = Choice(schema, "the kind given")
    diagnostics = list(parsed.diagnostics)
    roots = [document.root for document in parsed.documents if document.root is not None]
    for root in roots:
        lens = Lens(schema, root, fragment=True)
        diagnostics = _merged(lens, diagnostics, check(lens, parsed.source))
    diagnostics += style_of(parsed, [choice] * len(roots), catalog, diagnostics)
    return ValidationReport((_checked(parsed, [choice]),), tuple(_ordered(worst(diagnostics))))


def style_of(
    parsed: Parsed, choices: Sequence[Choice], catalog: SchemaCatalog, told: Sequence[Diagnostic]
) -> list[Diagnostic]:
    """The lints of a file of which this was told: none where there are errors, or where the platform knows no schema.

    A file that a program writes gets none either."""
    if not catalog.lints or any(d.severity is Severity.ERROR for d in told):
        return []
    roots = [document.root for document in parsed.documents if document.root is not None]
    schemas = [choice.schema for choice in choices if choice.schema is not None and not choice.schema.generated]
    if not roots or len(schemas) != len(roots):
        return []
    documents = [Written(schema, root, blocks(root)) for schema, root in zip(schemas, roots, strict=True)]
    return style(Styled(parsed.source, documents), catalog.lints, told)


def _check_file(parsed: Parsed, catalog: SchemaCatalog, *, alone: bool) -> tuple[list[Diagnostic], list[Choice]]:
    if parsed.repairs:
        return _check_repaired(parsed, catalog)
    diagnostics, choices = list(parsed.diagnostics), list[Choice]()
    if any(d.severity is Severity.ERROR for d in diagnostics) and not parsed.documents:
        return diagnostics, choices
    written = [document.root for document in parsed.documents if document.root is not None]
    values = [value_of(root) for root in written]
    if all(value is None for value in values):
        choice = catalog.recognise(parsed.source.name, None)
        accepted = choice.schema is not None and choice.schema.validator.is_valid(None)
        return diagnostics + ([] if accepted else [_empty(parsed.source, choice)]), [choice]
    for root, value in zip(written, values, strict=True):
        choice = catalog.recognise(parsed.source.name, value)
        choices.append(choice)
        if choice.schema is None:
            diagnostics.append(_unrecognised(parsed.source, root, choice))
        else:
            lens = Lens(choice.schema, root, alone=alone)
            diagnostics = _merged(lens, diagnostics, check(lens, parsed.source, value))
    return diagnostics, choices


def _check_repaired(parsed: Parsed, catalog: SchemaCatalog) -> tuple[list[Diagnostic], list[Choice]]:
    """The syntax error as the schema understands it, and what is wrong elsewhere in the file.

    Of several changes that make the text parse, the first that also satisfies the schema tells the cause."""
    outcomes = []
    for repair in parsed.repairs:
        again = parse(SourceFile(parsed.source.name, repair.text))
        found, choices = _check_file(again, catalog, alone=False) if again.documents else (list(again.diagnostics), [])
        touched = {edit.span.line for edit in repair.diagnostic.edits} | {repair.diagnostic.span.line}
        rest = [d for d in found if d.span.line not in touched]
        errors = sum(d.severity is Severity.ERROR for d in found)
        outcomes.append((errors, repair.diagnostic, rest, choices))
        if not errors:
            break
    _, cause, rest, choices = min(outcomes, key=lambda outcome: outcome[0])
    before = [d for d in parsed.diagnostics if d.severity is not Severity.ERROR]
    return [*before, cause, *(replace(d, edits=()) for d in rest)], choices


def _merged(lens: Lens, before: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Both, without the traps that a schema error explains or that are what the schema asks for."""
    new = _without_followers(lens, before, new)
    explained = {(d.span.line, d.span.column) for d in new if d.severity is Severity.ERROR}
    if any(d.code == "YAML005" for d in before):
        explained |= numbers(lens)
    kept = [d for d in before if d.code != "YAML005" or (d.span.line, d.span.column) not in explained]
    return [*kept, *new]


def _without_followers(lens: Lens, before: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Without what follows from a YAML error: said of the same token, or of a map in which a key is set twice."""
    twice = {d.span for d in before if d.code == "YAML003"}
    paths = paths_to(lens.root, twice) if twice and new else []
    followers = {path_text(told) for path in paths for told in (path, path[:-1])}
    told = {(d.span.line, d.span.column) for d in before if d.severity is Severity.ERROR}
    # Which variant was meant depends on the value that the alias does not have.
    unknown = {d.span.line for d in before if d.code == "YAML008" and d.severity is Severity.ERROR}
    return [
        d
        for d in new
        if d.path not in followers
        and (d.span.line, d.span.column) not in told
        and not (d.code == "SCH006" and d.span.line in unknown)
    ]


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
        suggestion=f"kind: {choice.near_kind or choice.candidates[0]}" if 0 < len(choice.candidates) < 3 else "",
    )


def _text(entry: object) -> str:
    value = getattr(getattr(entry, "value", None), "text", "")
    return str(value)
