"""Keeps the ledger of gaps up to date: reads new cases, groups them, says what is the matter, and asks again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
import structlog

from bot.library import StoppedError
from bot.store.gap_store import GapStore, Progress
from bot.store.turn_log import Clock
from bot.support import clustering, gap_draft
from bot.support.cases import Case, title
from bot.support.counterfactual import diagnose
from bot.support.ledger import (
    LIVE,
    UNSOLVED,
    Gap,
    GapState,
    Signal,
    cost,
    fault_of,
    is_repeated,
    signals_of,
)
from knowledge.errors import IndexBroken, Misuse
from knowledge.model import Answer, Outcome, Passage
from knowledge.ports import Matrix
from knowledge.reading import gist

log = structlog.get_logger(__name__)
YOUNG = 200  # different questions up to which all are grouped afresh when they have doubled
ASKED_AGAIN = 3  # questions of a gap, the newest different ones
JUDGED_AT_ONCE = 100  # gaps, the costliest first; the rest has its turn the next time
WRITTEN_AT_ONCE = 10  # the same where a language model writes the drafts, which takes seconds each
_EMBEDDED_AT_ONCE = 250  # about a second
_NAMED_BY = 300  # questions of a gap of which the most central names it
EVERY = 600.0  # seconds between two looks at new cases


class Knows(Protocol):
    """`bot.library.Library`, as far as gaps need it."""

    @property
    def fingerprint(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Matrix: ...

    def passages(self, words: str, *, limit: int = 8) -> Sequence[Passage]: ...

    def quoted(self, question: str) -> Answer: ...

    def documents(self) -> Mapping[str, str]: ...


Writer = Callable[[str, Sequence[Case]], str]  # a section of the documentation from resolutions; "" when it cannot


@dataclass(frozen=True, slots=True)
class GapWork:
    """Safe in several processes: one of them works at a time."""

    store: GapStore
    library: Knows
    clock: Clock
    stopping: Callable[[], bool] = lambda: False  # what is read already stays read
    write: Writer | None = None  # by a language model; without it, and where it cannot, resolutions are quoted

    def refresh(self) -> bool:
        """Bring the ledger up to date; False while somebody else does. Raises Unavailable when embeddings are down."""
        progress = self.store.claim()
        if progress is None:
            return False
        try:
            progress = self._refreshed(progress)
        finally:
            self.store.release(progress)
        return True

    def ask_again(self) -> bool:
        """After an ingest: which gaps does the documentation answer now? False while somebody else is at the ledger."""
        progress = self.store.claim()
        if progress is None:
            return False
        try:
            pages = self.library.documents()
            changed = self.store.pages_are(pages)
            index = sha256(repr(sorted(pages.items())).encode()).hexdigest()[:32]
            if pages and index != progress.asked:
                for gap in self.store.ranked(LIVE):
                    self._ask(gap, changed)
                progress = replace(progress, asked=index)
        finally:
            self.store.release(progress)
        return True

    def regroup(self) -> bool:
        """Group all questions afresh but those of gaps that people have touched: for a ledger that has grown much."""
        progress = self.store.claim()
        if progress is None:
            return False
        try:
            progress = self._refreshed(replace(progress, grouped=0), afresh=True)
        finally:
            self.store.release(progress)
        return True

    def keep_up(self) -> None:
        """What is due: reading new cases, and asking again when the index is another one. Raises as `refresh` does."""
        self.refresh()
        self.ask_again()

    # ---- reading and grouping ----

    def _refreshed(self, progress: Progress, *, afresh: bool = False) -> Progress:
        if progress.embeddings != self.library.fingerprint:
            self.store.forget_vectors()
            progress = replace(progress, seen=None, embeddings=self.library.fingerprint)
        seen = progress.seen
        for cases in self.store.changed_cases(progress.seen):
            signals = [s for case in cases for s in signals_of(case, fingerprint=self.library.fingerprint)]
            self.store.put(signals, of=[case.id for case in cases])
            seen = cases[-1].updated
        self._embed()
        grouped = self._group(self.store.signals(), progress.grouped, afresh=afresh)
        self._count(self.store.signals())
        self._diagnose()
        return replace(progress, seen=seen, grouped=grouped, refreshed=self.clock())

    def _embed(self) -> None:
        missing = self.store.without_vector()
        for start in range(0, len(missing), _EMBEDDED_AT_ONCE):
            if self.stopping():
                raise StoppedError("Sheriff is stopping: the rest of the questions is read at the next start.")
            some = missing[start : start + _EMBEDDED_AT_ONCE]
            asked = self.store.questions([case_id for _, case_id in some])
            there = [(key, asked[case_id]) for key, case_id in some if case_id in asked]
            self.store.add_vectors([key for key, _ in there], self.library.embed([text for _, text in there]))

    def _group(self, signals: Sequence[Signal], grouped: int, *, afresh: bool) -> int:
        """Put questions to gaps, and faults in files; returns how many questions were last grouped together."""
        keys, vectors = self.store.vectors()
        gap_of = {s.said: s.gap for s in signals if s.said and not s.topic and s.gap is not None}
        asked = {s.said for s in signals}
        rows = [row for row, key in enumerate(keys) if key in asked]
        labels = np.array([gap_of.get(keys[row], clustering.NEW) for row in rows], dtype=np.intp)
        above = max((gap.number for gap in self.store.everything()), default=0)
        if rows and (afresh or (2 * grouped <= len(rows) <= YOUNG)):
            fixed, grouped = self.store.touched(), len(rows)
            labels = clustering.regrouped(vectors[rows], labels, fixed=fixed, above=above)
        elif (labels == clustering.NEW).any():
            labels = clustering.grown(vectors[rows], labels, above=above)
            grouped = grouped if gap_of else len(rows)
        self._assign(signals, dict(zip((keys[row] for row in rows), labels.tolist(), strict=True)))
        return grouped

    def _assign(self, signals: Sequence[Signal], label_of: Mapping[str, int]) -> None:
        """Open gaps for labels that are none yet, and for faults that are repeated; then store who belongs where."""
        known = {gap.number for gap in self.store.everything()} | {s.gap for s in signals if s.gap is not None}
        first: dict[str | int, datetime] = {}
        faults: defaultdict[str, list[Signal]] = defaultdict(list)
        for signal in signals:
            if signal.topic:
                faults[signal.topic].append(signal)
            elif (label := label_of.get(signal.said)) is not None and label not in known:
                first[label] = min(first.get(label, signal.at), signal.at)
        number_of: dict[str | int, int] = {s.topic: s.gap for s in signals if s.topic and s.gap is not None}
        for topic, found in faults.items():
            if topic not in number_of and is_repeated(found):
                first[topic] = min(signal.at for signal in found)
        ordered = sorted(first, key=lambda key: (first[key], str(key)))
        topics = [key if isinstance(key, str) else "" for key in ordered]
        numbers = self.store.open(topics, [first[key] for key in ordered])
        number_of |= dict(zip(ordered, numbers, strict=True))
        moved: dict[tuple[str, str], int] = {}
        for signal in signals:
            key = signal.topic or label_of.get(signal.said, clustering.NEW)
            number = number_of.get(key, key) if key in number_of or not signal.topic else clustering.NEW
            if isinstance(number, int) and number not in {clustering.NEW, signal.gap}:
                moved[signal.case_id, signal.topic] = number
        self.store.assign(moved)

    # ---- counting ----

    def _count(self, signals: Sequence[Signal]) -> None:
        now = self.clock()
        members: defaultdict[int, list[Signal]] = defaultdict(list)
        for signal in signals:
            if signal.gap is not None:
                members[signal.gap].append(signal)
        gaps = {gap.number: gap for gap in self.store.everything()}
        changed: dict[int, dict[str, Any]] = {}
        for number, gap in gaps.items():
            values = self._counted(gap, members.get(number, []), now)
            new = {name: value for name, value in values.items() if getattr(gap, name) != value}
            if new:
                changed[number] = new
        self._name(gaps, members, changed)
        self.store.save(changed)
        for number, gap in gaps.items():
            again = [s for s in members.get(number, []) if gap.closed and s.at > gap.closed]
            if gap.state is GapState.VERIFIED and again:
                self.store.found(number, GapState.REGRESSED, "It was asked again, and not answered.")

    def _counted(self, gap: Gap, signals: Sequence[Signal], now: datetime) -> dict[str, Any]:
        if not signals:
            return {"people": 0, "questions": 0, "minutes": 0, "score": 0.0}
        found = cost(signals, now)
        return {
            "people": found.people,
            "questions": found.questions,
            "minutes": found.minutes,
            "score": round(found.score, 1),
            "weeks": found.weeks,
            "component": found.component or gap.component,
            "opened": min(found.opened, gap.opened),
        }

    def _name(
        self, gaps: Mapping[int, Gap], members: Mapping[int, Sequence[Signal]], changed: dict[int, dict[str, Any]]
    ) -> None:
        """The question that is most like what all its people ask names a gap, as long as it has that question."""
        unnamed = [n for n in members if n in gaps and gaps[n].named_from not in {s.case_id for s in members[n]}]
        if not unnamed:
            return
        keys, vectors = self.store.vectors()
        row_of = {key: row for row, key in enumerate(keys)}
        chosen: dict[int, str] = {}
        for number in unnamed:
            latest = {s.said: s.case_id for s in members[number] if s.said in row_of}
            some = list(latest.items())[-_NAMED_BY:]
            askers = Counter(s.said for s in {(s.asker, s.said): s for s in members[number]}.values())
            if gaps[number].topic:
                changed.setdefault(number, {}).update(name=f"Files fail {gaps[number].topic}", named_from="")
            elif some:
                weights = [askers[key] for key, _ in some]
                middle = clustering.central(vectors[[row_of[key] for key, _ in some]], weights)
                chosen[number] = some[middle][1]
        asked = self.store.cases(list(chosen.values()))
        for number, case_id in chosen.items():
            if case_id in asked:
                plain = replace(asked[case_id], question=gist(asked[case_id].question))
                changed.setdefault(number, {}).update(name=title(plain), named_from=case_id)

    # ---- what is the matter ----

    def _diagnose(self) -> None:
        """Judge gaps whose resolutions are others than when they were last judged."""
        try:
            for gap, basis in self.store.to_judge(limit=WRITTEN_AT_ONCE if self.write else JUDGED_AT_ONCE):
                self._judge(gap, basis)
        except IndexBroken as error:
            log.info("gaps_not_judged", reason=str(error))  # until there is an index

    def _judge(self, gap: Gap, basis: str) -> None:
        resolved = self.store.resolved(gap.number)
        evidence = self.store.evidence(gap.number, limit=1)
        question = evidence[0][1].question if evidence else gap.name
        newest = resolved[0] if resolved else None
        causes = [case.cause for case in resolved if case.cause]
        source = newest.label if newest else ""
        said = newest.resolution if newest else ""
        found = diagnose(question, said, causes, source=source, look=self.library.passages)
        values: dict[str, Any] = {"kind": str(found.kind), "why": found.why, "diagnosed": basis}
        if found.at is not None:
            page = {"page": found.at.document_id, "place": found.at.place, "owner": found.at.owner}
            values |= page
        values["draft"] = self._draft(gap, resolved)
        self.store.save({gap.number: values})

    def _draft(self, gap: Gap, resolved: Sequence[Case]) -> str:
        written = self.write(gap.name, resolved) if self.write and resolved else ""
        return written or gap_draft.quoted(gap.name, resolved)

    # ---- asking again ----

    def _ask(self, gap: Gap, changed: Mapping[str, datetime]) -> None:
        asked: dict[str, str] = {}
        for signal, case in self.store.evidence(gap.number, limit=50):
            question = fault_of(case, gap.topic) if gap.topic else case.question
            if question and signal.said:
                asked.setdefault(question if gap.topic else signal.said, question)
        answers = [self.library.quoted(question) for question in list(asked.values())[:ASKED_AGAIN]]
        if not answers:
            return
        sure = all(answer.outcome is Outcome.ANSWERED for answer in answers)
        if gap.state is GapState.VERIFIED and not sure:
            self.store.found(gap.number, GapState.REGRESSED, "Asked again after an ingest, and not answered any more.")
        if gap.state in UNSOLVED and sure:
            pages = {answer.citations[0].document_id for answer in answers if answer.citations}
            new = sorted(page for page in pages if page in changed and changed[page] > gap.opened)
            if len(new) == len(pages):
                days = (self.clock() - gap.opened) / timedelta(days=1)
                count = f"{len(answers)} of its questions are" if len(answers) > 1 else "Its question is"
                text = f"{count} answered from {', '.join(new)}, {days:.1f} days after the first was asked."
                self.store.found(gap.number, GapState.VERIFIED, text)


def require(gap: Gap | None, number: int) -> Gap:
    """The gap, or Misuse when there is none."""
    if gap is None:
        raise Misuse(f"There is no GAP-{number}. `sheriff gaps report` lists those there are.")
    return gap
