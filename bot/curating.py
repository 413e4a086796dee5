"""From a resolved case to the FAQ: drafted with one tap, approved by a reviewer, written, indexed, and asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

import structlog

from bot import faq_files
from bot.faq_files import Place
from bot.messages import Person
from bot.redaction import redact
from bot.store.case_store import CaseStore
from bot.store.faq_store import FaqStore
from bot.store.turn_log import Clock
from bot.support.cases import Case, CaseState
from bot.support.duplicates import same_question
from bot.support.faq_drafts import DraftState, FaqDraft, FaqEntry, checked, drafted
from ingestion.sources import Source
from ingestion.sources.faq_editing import NewEntry
from knowledge.errors import Failure, Misuse, SheriffError
from knowledge.model import Answer, Outcome

log = structlog.get_logger(__name__)
Mode = Literal["patch", "file", "commit"]
_COMPARED = 1_000  # cases, the newest, among which the same question is looked for
_LATELY = timedelta(days=90)  # since a sheriff wanted a case in the FAQ
_ENDED = frozenset({CaseState.RESOLVED, CaseState.CLOSED})
_GIVEN_UP_AFTER = timedelta(minutes=15)  # longer than an ingest takes: whoever approved it is gone


class Index(Protocol):
    """`bot.library.Library`, as far as an entry needs it."""

    def ingest(self, sources: Sequence[Source], /) -> object: ...
    def answer(self, question: str, /) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Curation:
    """Safe to use from any thread; two reviewers cannot both decide. Raises Misuse for what cannot be done."""

    store: FaqStore
    cases: CaseStore
    index: Index
    sources: Callable[[], Sequence[Source]]
    home: Path
    clock: Clock
    mode: Mode = "patch"

    def draft(self, case_id: str, by: Person) -> FaqDraft:
        """The draft of a resolved case, made when there is none."""
        case = self.cases.get(case_id)
        if case is None or not case.resolution or case.state not in _ENDED:
            raise Misuse("Only a resolved case becomes an entry of the FAQ. Resolve it first, with what to do.")
        known = self.store.of_case(case_id)
        if known is not None:
            return known
        others, sources = self._same(case), self.sources()
        taken = faq_files.ids_of(sources) | {each.entry.id for each in self.store.all(*DraftState)}
        entry = drafted(_redacted(case), [_redacted(o) for o in others], taken=taken, clean=_names(case, others))
        place = faq_files.place_for(sources, case.component)
        source, file = (place.source, str(place.file)) if place else ("", "")
        return self.store.add(case_id, by, entry, source=source, file=file, asked=redact(case.question).text)

    def wanted(self) -> Sequence[Case]:
        """Resolved cases that their sheriff wants in the FAQ, and that nobody has drafted."""
        wanted = (self.cases.get(case_id) for case_id in self.store.undrafted(self.clock() - _LATELY))
        return [case for case in wanted if case is not None and case.state in _ENDED]

    def approve(self, number: int, by: Person, entry: FaqEntry, *, seen: int | None = None) -> FaqDraft:
        """Write the entry where the mode says, index it, and ask the original question again. Raises Overtaken when a
        colleague was faster, Misuse and Failure when it cannot be written: it then waits for a reviewer again."""
        entry = checked(entry)
        if entry.id in faq_files.ids_of(self.sources()):
            raise Misuse(f"The FAQ has an entry {entry.id} already. Give this one another id.")
        draft = self.store.decide(number, by, DraftState.APPROVED, seen=seen, entry=entry)
        try:
            self._write(draft)
        except SheriffError:
            self.store.reopen(number)
            raise
        self.index_and_prove(number)
        return self.store.get(number)

    def finish(self) -> int:
        """Do what is left of approvals whose process has died; how many there were."""
        left = self.store.unfinished(self.clock() - _GIVEN_UP_AFTER)
        for draft in left:
            try:
                if not draft.patch:
                    self._write_once(draft)
            except SheriffError as error:
                log.warning("faq_not_written", draft=draft.number, reason=str(error))
                self.store.reopen(draft.number)
                continue
            self.index_and_prove(draft.number)
        return len(left)

    def dismiss(self, number: int, by: Person, *, seen: int | None = None) -> FaqDraft:
        return self.store.decide(number, by, DraftState.DISMISSED, seen=seen)

    def index_and_prove(self, number: int) -> None:
        """Bring the index up to date and ask again; what hinders it is kept as the proof, and can be tried again."""
        draft = self.store.get(number)
        try:
            self.keep_local()
            self.index.ingest(self.sources())
            answer = self.index.answer(draft.asked)
        except SheriffError as error:
            log.warning("faq_not_proved", draft=number, reason=str(error))
            self.store.prove(number, {"outcome": "", "text": str(error), "at": self.clock().isoformat()})
            return
        said = f"#{draft.entry.id}"
        place = next((n for n, c in enumerate(answer.citations, start=1) if c.document_id.endswith(said)), 0)
        proof = {"outcome": answer.outcome.value, "confidence": round(answer.confidence, 2), "text": answer.text}
        self.store.prove(number, {**proof, "place": place, "at": self.clock().isoformat()})

    def keep_local(self) -> None:
        """Entries that their FAQ does not have (yet) are read from a file of the home."""
        there = faq_files.ids_of(self.sources())
        left = [
            draft.entry for draft in self.store.all(DraftState.APPROVED, limit=10_000) if draft.entry.id not in there
        ]
        faq_files.write_local(self.home, [_new(entry) for entry in reversed(left)])

    def _write(self, draft: FaqDraft) -> None:
        place = faq_files.place_named(self.sources(), draft.source, draft.file)
        if place is None:  # no FAQ is read, or its file is gone: the entry lives in the home alone
            self.store.written(draft.number, patch="", written="")
            return
        text, patch = faq_files.edited(place, _new(draft.entry))
        self.store.written(draft.number, patch=patch, written=self._kept(place, text, draft))

    def _write_once(self, draft: FaqDraft) -> None:
        """As `_write`, where the process before may have come as far as the file."""
        if draft.entry.id in faq_files.ids_of(self.sources()):
            self.store.written(draft.number, patch="", written="file")
        else:
            self._write(draft)

    def _kept(self, place: Place, text: str, draft: FaqDraft) -> str:
        """Write the file, and commit it, as far as the mode and the place allow; "" for the patch alone."""
        if self.mode == "patch" or not faq_files.is_writable(place):
            return ""
        commits = self.mode == "commit" and faq_files.is_clean(place)
        faq_files.write(place, text)
        if not commits:
            return "file"
        try:
            return faq_files.commit(place, f"FAQ: {draft.entry.question}")
        except Failure as error:  # the file is right, and the patch is there
            log.warning("faq_not_committed", reason=str(error))
            return "file"

    def _same(self, case: Case) -> list[Case]:
        """Those that were linked to it, and others with the same question, each asker's words once."""
        linked = [*self.cases.followers(case.master or case.id)]
        recent = self.cases.list(limit=_COMPARED)
        alike = [other for other in same_question(case, recent) if other.outcome != "checked"]
        return [other for other in {each.id: each for each in (*linked, *alike)}.values() if other.id != case.id]


def _redacted(case: Case) -> Case:
    return replace(case, question=redact(case.question).text, resolution=redact(case.resolution).text)


def _names(case: Case, others: Sequence[Case]) -> Mapping[str, str]:
    """People, and what stands for them in a page that everybody reads."""
    people = {each.asker.name for each in (case, *others)} | {case.sheriff}
    return {name: "the asker" if name != case.sheriff else "the platform team" for name in sorted(people) if name}


def _new(entry: FaqEntry) -> NewEntry:
    return NewEntry(entry.id, entry.question, entry.answer, tuple(entry.phrasings))


def is_proved(draft: FaqDraft) -> bool:
    """Whether the original question is answered now, with a citation of the entry."""
    return draft.proof.get("outcome") == Outcome.ANSWERED.value and bool(draft.proof.get("place"))
