"""A file with its mechanical faults mended: every edit is proved by checking the file again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.fixes import apply_edits, compatible
from knowledge.validation.source import parse
from knowledge.validation.text import decode

ROUNDS = 20  # one syntax error may hide the next; more of them in one file are not mended in one go
TRIALS = 40  # fixes tried one by one in a round, after all at once made something worse
_MARK = "\ufeff"
_DIFFERS = "its bytes are not plain UTF-8, so a fix could change more than its place; save the file as UTF-8 first"


@dataclass(frozen=True, slots=True)
class Mended:
    """A file before and after its fixes; `fixed` with the places that the faults had when they were mended."""

    name: str
    before: str
    after: str
    fixed: Sequence[Diagnostic]
    report: ValidationReport  # what remains
    mark: str = ""  # the byte order mark, kept
    refused: str = ""  # why the file cannot be mended at all

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def content(self) -> bytes:
        """The file as it is to be written: only the edited places differ."""
        return (self.mark + self.after).encode()


@dataclass(frozen=True, slots=True)
class _State:
    text: str
    report: ValidationReport
    readable: bool

    @property
    def errors(self) -> int:
        return sum(d.severity is Severity.ERROR for d in self.report.diagnostics)

    @property
    def warnings(self) -> int:
        return sum(d.severity is Severity.WARNING for d in self.report.diagnostics)


def mend(file: SourceFile, *, catalog: SchemaCatalog) -> Mended:
    """Apply the edits that diagnostics carry until nothing more can be mended; comments and layout stay as they are.

    A fix after which the file has more errors, or can no longer be read, is not applied."""
    source, _ = decode(file)
    mark, exact = _exact(file, source.text)
    state = _checked(file.name, source.text, catalog)
    if not exact:
        report = validate([file], catalog=catalog)
        refused = _DIFFERS if any(d.edits for d in report.diagnostics) else ""
        return Mended(file.name, source.text, source.text, (), report, refused=refused)
    last, fixed = _mended(file.name, state, catalog)
    if not _gained(last, state):
        last, fixed = state, []
    return Mended(file.name, source.text, last.text, tuple(fixed), last.report, mark=mark)


def _mended(name: str, state: _State, catalog: SchemaCatalog) -> tuple[_State, list[Diagnostic]]:
    fixed: list[Diagnostic] = []
    for _ in range(ROUNDS):
        step = _step(name, state, catalog)
        if step is None:
            break
        state, applied = step
        fixed += applied
    return state, fixed


def _gained(after: _State, before: _State) -> bool:
    """Whether all rounds together were worth a changed file."""
    return after.readable > before.readable or (after.errors, after.warnings) < (before.errors, before.warnings)


def _exact(file: SourceFile, text: str) -> tuple[str, bool]:
    """The byte order mark, and whether mark and text together are all that the file holds."""
    content = file.content.encode("utf-8", "surrogatepass") if isinstance(file.content, str) else file.content
    mark = _MARK if content.startswith(_MARK.encode()) else ""
    return mark, (mark + text).encode("utf-8", "surrogatepass") == content


def _step(name: str, state: _State, catalog: SchemaCatalog) -> tuple[_State, list[Diagnostic]] | None:
    """All fixes at once if that is better by every one of them, else those that are better one by one."""
    fixable = compatible(d for d in state.report.diagnostics if d.edits)
    if not fixable:
        return None
    after = _after(name, state, fixable, catalog)
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in fixable)
    if _better(name, after, state) and after.errors <= state.errors - errors:
        return after, fixable
    if not state.readable and _better(name, after, state):
        return after, fixable
    return _singly(name, state, fixable, catalog)


def _singly(
    name: str, state: _State, fixable: Sequence[Diagnostic], catalog: SchemaCatalog
) -> tuple[_State, list[Diagnostic]] | None:
    """The first fix alone that makes the file better; the places of the others may be different after it."""
    for diagnostic in fixable[:TRIALS]:
        after = _after(name, state, [diagnostic], catalog)
        if _better(name, after, state):
            return after, [diagnostic]
    return None


def _after(name: str, state: _State, fixes: Sequence[Diagnostic], catalog: SchemaCatalog) -> _State:
    ending = _line_end(state.text)
    edits = [replace(edit, text=re.sub("\r?\n", ending, edit.text)) for fix in fixes for edit in fix.edits]
    return _checked(name, apply_edits(state.text, edits), catalog)


def _checked(name: str, text: str, catalog: SchemaCatalog) -> _State:
    file = SourceFile(name, text)
    return _State(text, validate([file], catalog=catalog), parse(file).readable)


def _better(name: str, after: _State, before: _State) -> bool:
    if after.text == before.text or (before.readable and not after.readable):
        return False
    if name.lower().endswith(".json") and _is_json(before.text) and not _is_json(after.text):
        return False
    if not before.readable:
        # What stood behind a syntax error may only now be seen, so as many errors as before can be progress.
        return after.readable or after.errors <= before.errors
    return (after.errors, after.warnings) < (before.errors, before.warnings)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line_end(text: str) -> str:
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
