"""A file with its mechanical faults mended: every edit is proved by checking the file again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, ValidationReport
from knowledge.validation.engine import Outcome, finished, summed_up
from knowledge.validation.fixes import apply_edits, compatible
from knowledge.validation.text import decode

ROUNDS = 20  # one syntax error may hide the next; more of them in one file are not mended in one go
BUDGET = 2_000_000  # characters checked for one file, so that a large one takes seconds and not minutes
SHOWN = 100_000  # characters; a longer file is not mended for a reply
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
    found: Outcome  # what was said of it before
    left: Outcome  # what remains
    mark: str = ""  # the byte order mark, kept
    refused: str = ""  # why the file cannot be mended at all

    @property
    def report(self) -> ValidationReport:
        """What remains, as a report on this file alone."""
        return summed_up([self.left])

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
    diagnostics: Sequence[Diagnostic]
    readable: bool
    outcome: Outcome

    @property
    def errors(self) -> int:
        return sum(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        return sum(d.severity is Severity.WARNING for d in self.diagnostics)


@dataclass(slots=True)
class _Bench:
    """Where the texts of one file are checked, as long as its budget lasts."""

    name: str
    catalog: SchemaCatalog
    alone: bool
    left: int = BUDGET

    def check(self, text: str) -> _State:
        self.left -= len(text)
        found = finished(SourceFile(self.name, text), self.catalog, alone=self.alone)
        return _State(text, found.diagnostics, found.parsed.readable, found.outcome)

    def after(self, state: _State, fixes: Sequence[Diagnostic]) -> _State:
        ending = _line_end(state.text)
        edits = [replace(edit, text=re.sub("\r?\n", ending, edit.text)) for fix in fixes for edit in fix.edits]
        return self.check(apply_edits(state.text, edits))


def mend(file: SourceFile, *, catalog: SchemaCatalog, alone: bool = True) -> Mended:
    """Apply the edits that diagnostics carry until nothing more can be mended; comments and layout stay as they are.

    A fix after which the file has more errors, or can no longer be read, is not applied. `alone` is whether no other
    file came with it."""
    source, _ = decode(file)
    mark, exact = _exact(file, source.text)
    if not exact:
        found = finished(file, catalog, alone=alone).outcome
        refused = _DIFFERS if any(d.edits for d in found.told) else ""
        return Mended(file.name, source.text, source.text, (), found, found, refused=refused)
    bench = _Bench(file.name, catalog, alone)
    first = bench.check(source.text)
    last, fixed = _mended(bench, first)
    if not _gained(last, first):
        last, fixed = first, []
    return Mended(file.name, source.text, last.text, tuple(fixed), first.outcome, last.outcome, mark=mark)


def with_mended(report: ValidationReport, files: Sequence[SourceFile], *, catalog: SchemaCatalog) -> ValidationReport:
    """The report of `files` with the mended text of each file that has mechanical faults and is not too long."""
    fixable = {diagnostic.file for diagnostic in report.diagnostics if diagnostic.edits}
    sent = {file.name: file for file in files}
    checked = [
        replace(one, mended=_mended_text(sent[one.name], catalog))
        if one.name in fixable and len(one.text) <= SHOWN
        else one
        for one in report.files
    ]
    return replace(report, files=tuple(checked))


def _mended_text(file: SourceFile, catalog: SchemaCatalog) -> str:
    done = mend(file, catalog=catalog)
    return done.after if done.changed else ""


def _mended(bench: _Bench, state: _State) -> tuple[_State, list[Diagnostic]]:
    fixed: list[Diagnostic] = []
    for _ in range(ROUNDS):
        step = _step(bench, state)
        if step is None:
            break
        state, applied = step
        fixed += applied
        if bench.left <= 0:
            break
    return state, fixed


def _gained(after: _State, before: _State) -> bool:
    """Whether all rounds together were worth a changed file."""
    return after.readable > before.readable or (after.errors, after.warnings) < (before.errors, before.warnings)


def _exact(file: SourceFile, text: str) -> tuple[str, bool]:
    """The byte order mark, and whether mark and text together are all that the file holds."""
    if file.size:
        return "", False
    content = file.content.encode("utf-8", "surrogatepass") if isinstance(file.content, str) else file.content
    mark = _MARK if content.startswith(_MARK.encode()) else ""
    return mark, (mark + text).encode("utf-8", "surrogatepass") == content


def _step(bench: _Bench, state: _State) -> tuple[_State, list[Diagnostic]] | None:
    """All fixes at once if that is better by every one of them, else those that each make it better."""
    fixable = compatible(d for d in state.diagnostics if d.edits)
    if not fixable:
        return None
    after = bench.after(state, fixable)
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in fixable)
    if _better(bench.name, after, state) and (after.errors <= state.errors - errors or not state.readable):
        return after, fixable
    best, chosen = state, list[Diagnostic]()
    for diagnostic in fixable[:TRIALS]:
        if bench.left <= 0:
            break
        after = bench.after(state, [*chosen, diagnostic])
        if _better(bench.name, after, best):
            best, chosen = after, [*chosen, diagnostic]
    return (best, chosen) if chosen else None


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
