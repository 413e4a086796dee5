"""When a ticket was asked for, as events of its case: what a process that dies leaves for the next to see."""

from __future__ import annotations

from datetime import datetime

from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support.cases import Case, Change, EventKind
from bot.support.transitions import note


class CaseAttempts:
    """The Attempts of desks that are reached over a network. Safe from any thread and process."""

    def __init__(self, store: CaseStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def last(self, case_id: str) -> datetime | None:
        """When a ticket for the case was last asked for; None: never."""
        case = self._store.get(case_id)
        return _last(case) if case else None

    def claim(self, case_id: str, *, after: datetime | None) -> bool:
        """Note that one is asked for now; False when somebody else has done so since `after`."""
        claimed = False

        def claim(case: Case) -> Change:
            nonlocal claimed
            claimed = _last(case) == after
            if not claimed:
                return Change(case)
            return note(case, EventKind.TICKET_TRIED, at=self._clock(), text="A ticket was asked for.")

        self._store.record(case_id, claim)
        return claimed


def _last(case: Case) -> datetime | None:
    return next((e.at for e in reversed(case.events) if e.kind == EventKind.TICKET_TRIED), None)
