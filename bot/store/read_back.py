"""What people did to tickets in the ticket system itself: cases follow those closed, opened again or deleted there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support.cases import OPEN, Case, Change
from bot.support.handoff import Desk, Found, TicketState
from bot.support.transitions import (
    REOPENED_BY_DESK,
    close_from_desk,
    lose_from_desk,
    reopen_from_desk,
    see_closed,
)
from knowledge.errors import DeskRefused, Unavailable

log = structlog.get_logger(__name__)
_MOST = 2_000  # open cases that are looked after, and as many that have ended
_LOOKED_AFTER = timedelta(days=30)  # how long after its end a case may be reopened in the ticket system


class ReadBack:
    """Compares cases with their tickets. It may run as often as one likes, and in several processes."""

    def __init__(
        self,
        store: CaseStore,
        *,
        desk: Desk,
        push: Callable[[str], object],
        clock: Clock,
        lag: timedelta = timedelta(),
    ) -> None:
        """`push` sees that those who have to hear of a case's news do. For as long as `lag` after something has
        happened to a case, the ticket system may still show its ticket as it was before."""
        self._store = store
        self._desk = desk
        self._push = push
        self._clock = clock
        self._lag = lag
        self._confirmed: dict[str, datetime] = {}  # cases with a closed ticket that are known to have ended, and when

    def look(self) -> Sequence[str]:
        """The ids of cases that changed because of what somebody did to their tickets. Raises DeskUnavailable or
        DeskRefused."""
        now = self._clock()
        opened, ended = self._watched(now)
        if not (opened or ended):
            return []
        changed = self._desk.changed_among(opened=list(opened), closed=list(ended))
        self._confirm([case for ticket, case in ended.items() if ticket not in changed], now)
        cases = {**opened, **ended}
        return [cases[ticket].id for ticket, found in changed.items() if self._followed(cases[ticket], found, now)]

    def _watched(self, now: datetime) -> tuple[dict[str, Case], dict[str, Case]]:
        """By ticket, the open cases and those that have ended of late. Not those whose news are on their way: the
        ticket has not heard of them yet. Nor those that have just changed: it may not show it yet."""
        open_ = self._store.list(states=tuple(OPEN), limit=_MOST)
        ended = self._store.list(states=tuple(REOPENED_BY_DESK), limit=_MOST)
        # After the lists: what is done by now is seen.
        busy = {row.case_id for row in self._store.unheard(limit=100_000)}

        def by_ticket(cases: Sequence[Case]) -> dict[str, Case]:
            fresh = now - self._lag  # what lies ahead of the clock was written before it was set back
            calm = [case for case in cases if case.id not in busy and not fresh < case.updated <= now]
            return {case.ticket: case for case in calm if case.ticket}

        return by_ticket(open_), by_ticket([case for case in ended if case.updated >= now - _LOOKED_AFTER])

    def _confirm(self, ended: Sequence[Case], now: datetime) -> None:
        """Write down that the tickets are closed, once for each end of a case."""
        known, self._confirmed = self._confirmed, {case.id: case.updated for case in ended}
        for case in ended:
            if known.get(case.id) != case.updated:
                self._store.record(case.id, partial(see_closed, at=now, seen=case.updated))

    def _followed(self, case: Case, found: Found, now: datetime) -> bool:
        """Whether the case changed after its ticket."""
        follow: dict[TicketState, Callable[..., Change]] = {
            TicketState.CLOSED: partial(close_from_desk, words=found.words),
            TicketState.OPEN: partial(reopen_from_desk, settled=now - self._lag),
            TicketState.UNKNOWN: lose_from_desk,
        }
        before = self._store.get(case.id)
        after = self._store.record(case.id, partial(follow[found.state], at=now, seen=case.updated))
        if before is None or len(after.events) == len(before.events):
            return False
        self._push(case.id)
        return True


class Watch:
    """Looks every so often in a thread of its own, and at once when somebody says that there is news."""

    def __init__(self, look: Callable[[], object], *, every: float, lag: float) -> None:
        """Seconds between two looks, and after which news are surely seen."""
        self._look = look
        self._every = every
        self._lag = lag
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look now, and once more when the ticket system surely knows what it has just told."""
        self._news.set()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self._thread.join(timeout=20)

    def _run(self) -> None:
        while not self._stopping.is_set():
            told = self._news.wait(self._every)
            self._news.clear()
            if self._stopping.is_set():
                return
            self._try()
            if told and not self._stopping.wait(self._lag):
                self._try()

    def _try(self) -> None:
        try:
            self._look()
        except (Unavailable, DeskRefused, SQLAlchemyError) as error:
            log.warning("desk_not_read", reason=str(error).partition("\n")[0])
