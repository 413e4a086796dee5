"""What follows when a case was resolved, whatever the channel: a draft for the FAQ, a feature request, and approved
entries that a process left half done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog

from bot.curating import Curation
from bot.messages import Person
from bot.store.case_store import CaseStore
from bot.store.outcomes import outcomes
from bot.store.turn_log import Clock
from bot.support import transitions
from bot.support.cases import Case, Change, EventKind, title
from bot.support.wishes import LONGEST, Voter
from bot.wishing import Wishes
from knowledge.errors import Misuse

log = structlog.get_logger(__name__)
EVERY = 15.0  # seconds between two looks
_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Aftercare:
    """Safe in several processes: what two do at once is there once."""

    engine: sa.Engine
    cases: CaseStore
    curation: Curation
    wishes: Wishes
    clock: Clock

    def sweep(self) -> int:
        """Make what is still to be made; how many things that were."""
        made = 0
        for outcome in outcomes(self.engine, self.clock() - _LATELY):
            made += outcome.for_faq and self._drafted(outcome.case_id, Person("", outcome.by))
            made += outcome.is_wish and self._wished(outcome.case_id)
        return made + self.curation.finish()

    def _drafted(self, case_id: str, by: Person) -> bool:
        try:
            self.curation.draft(case_id, by)
        except Misuse as error:  # opened again in between; otherwise the page lists it, and a person drafts it
            log.info("faq_not_drafted", case=case_id, reason=str(error))
            return False
        return True

    def _wished(self, case_id: str) -> bool:
        case = self.cases.get(case_id)
        if case is None:
            return False
        try:
            wished = self.wishes.ask(title(case, width=LONGEST), Voter(case.asker, case.channel, case.reference))
            text = f"Kept as feature request {wished.kept.label}, with a vote of {case.asker.name}."
        except Misuse as error:
            text = f"Not kept as a feature request: {error}"

        def told(now: Case) -> Change:
            if any(event.kind == EventKind.WISHED for event in now.events):
                return Change(now)
            return transitions.note(now, EventKind.WISHED, at=self.clock(), text=text)

        self.cases.record(case_id, told)
        return True
