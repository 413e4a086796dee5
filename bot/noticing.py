"""Notices from every channel: pinned by a sheriff, shown before answers, proposed when alike questions rise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from bot.messages import NoticeShown, Person
from bot.redaction import redact
from bot.store.case_store import CaseStore
from bot.store.notice_store import NoticeStore
from bot.store.turn_log import Clock
from bot.support.cases import Case
from bot.support.likeness import Likeness
from bot.support.notices import (
    LONGEST_TITLE,
    OFFERED_FOR,
    SHOWN_AT,
    USUAL,
    Notice,
    Proposal,
    RiseRule,
    concerning,
    end_of,
    rising,
)
from knowledge.errors import Misuse, Unavailable

log = structlog.get_logger(__name__)
_ONE_TAP_FOR = timedelta(hours=4)
_LOOKED_AT = 2_000  # cases of the window


class Notices:
    """Safe to use from any thread. Raises Misuse with a sentence for what cannot be done."""

    def __init__(
        self,
        store: NoticeStore,
        cases: CaseStore,
        likeness: Likeness,
        *,
        clock: Clock,
        zone: ZoneInfo,
        rule: RiseRule = USUAL,
    ) -> None:
        self.rule = rule
        self.store = store
        self._cases = cases
        self._likeness = likeness
        self._clock = clock
        self._zone = zone

    # What askers see

    def shown(self, question: str) -> tuple[NoticeShown, ...]:
        """The notices that a question gets before its answer; none while the embeddings do not answer."""
        active = self.store.active()
        try:
            found = concerning(question, active, self._likeness) if active else []
        except Unavailable as error:
            log.warning("notices_not_compared", reason=str(error))
            return ()
        return tuple(self._shown(notice) for notice in found)

    def affected(self, case: Case, by: Person) -> tuple[int, str]:
        """Note that the asker has the trouble of the notice above the answer; how many have it, and the id of the case
        that is worked on for all of them, "" for none. Raises Misuse when there is no such notice."""
        numbers = [each["number"] for each in notices_of(case)]
        for number in numbers:
            notice = self.store.get(number)
            if notice is not None and notice.is_active(self._clock()):
                master = self._cases.get(notice.case_id) if notice.case_id else None
                ours = master.id if master and master.is_open and master.id != case.id else ""
                return self.store.affected(number, by), ours
        raise Misuse("The notice above this answer has ended. Ask the sheriff if the trouble goes on.")

    # What sheriffs do

    def pin(
        self,
        title: str,
        by: Person,
        until: str,
        *,
        text: str = "",
        questions: Sequence[str] = (),
        case: str = "",
    ) -> Notice:
        """Pin a notice until "4h", "18:00" or a date; `case` is the label of the case that is worked on for all."""
        ends = end_of(until, self._clock(), self._zone)
        title, text = redact(title).text, redact(text).text
        return self.store.pin(title, by, ends, text=text, questions=questions, case_id=self._master(case))

    def move(self, number: int, by: Person, until: str, *, seen: int | None = None) -> Notice:
        return self.store.move(number, by, end_of(until, self._clock(), self._zone), seen=seen)

    def end(self, number: int, by: Person, *, seen: int | None = None) -> Notice:
        return self.store.end(number, by, seen=seen)

    def pin_proposal(self, number: int, by: Person) -> Notice:
        """One tap: what many ask is known, for four hours. Raises Overtaken when a colleague was faster."""
        proposal = self.store.proposal(number)
        self.store.settle(number, by, "pinned")
        found = [case for case in (self._cases.get(id_) for id_ in proposal.cases) if case is not None]
        master = next((case.master or case.id for case in found if case.is_open), "")
        text = f"{proposal.sentence} asked about this. The platform team knows, and works on it."
        title = " ".join(proposal.question.split())[:LONGEST_TITLE]
        questions = [proposal.question, *(case.question for case in found)]
        ends = self._clock() + _ONE_TAP_FOR
        return self.store.pin(title, by, ends, text=text, questions=questions, case_id=master)

    def dismiss(self, number: int, by: Person) -> None:
        self.store.settle(number, by, "dismissed")

    # What Sheriff proposes

    def look(self) -> Proposal | None:
        """A new proposal when alike questions rise; None when they do not, a notice covers them, or it was proposed."""
        now = self._clock()
        found = self._cases.list(since=now - self.rule.within, limit=_LOOKED_AT)
        once = {(c.asker.id, c.question): c for c in found if c.outcome != "checked"}  # a flood by one person is one
        cases = list(once.values())
        rise = rising(cases, self._likeness, now=now, rule=self.rule)
        if rise is None or concerning(rise.question, self.store.active(), self._likeness):
            return None
        before = [p.question for p in self.store.proposals(since=now - OFFERED_FOR, only_open=False)]
        if any(cosine >= SHOWN_AT for cosine in self._likeness.between(rise.question, before)):
            return None
        return self.store.propose(rise)

    def proposals(self) -> Sequence[Proposal]:
        """Those that wait for somebody, the newest first."""
        return self.store.proposals(since=self._clock() - OFFERED_FOR)

    def _master(self, label: str) -> str:
        if not label.strip():
            return ""
        case = self._cases.find(label.strip()) or self._cases.get(label.strip())
        if case is None or not case.is_open:
            raise Misuse(f"There is no open case {label.strip()[:40]} to attach others to. Leave it empty.")
        return case.master or case.id

    def _shown(self, notice: Notice) -> NoticeShown:
        until = notice.ends.astimezone(self._zone)
        today = self._clock().astimezone(self._zone).date() == until.date()
        words = f"{until:%H:%M}" if today else f"{until:%a %d %b %H:%M}"
        return NoticeShown(notice.number, notice.title, notice.text, notice.by, words, bool(notice.case_id))


def notices_of(case: Case) -> Sequence[dict[str, Any]]:
    """What was shown above the answer, as it was stored; needs the case's events."""
    found = case.events[0].data.get("notices", ()) if case.events else ()
    return [each for each in found if isinstance(each, dict)]
