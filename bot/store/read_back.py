"""What happened to tickets in the ticket system itself: a case whose ticket was closed there is resolved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support.cases import OPEN, Case
from bot.support.handoff import Desk
from bot.support.transitions import close_from_desk
from knowledge.errors import DeskRefused, Unavailable

log = structlog.get_logger(__name__)
_MOST = 2_000  # open cases that are looked after


class ReadBack:
    """Compares open cases with their tickets. It may run as often as one likes, and in several processes."""

    def __init__(self, store: CaseStore, *, desk: Desk, push: Callable[[str], object], clock: Clock) -> None:
        """`push` sees that those who have to hear of a case's news do."""
        self._store = store
        self._desk = desk
        self._push = push
        self._clock = clock

    def look(self) -> Sequence[str]:
        """The ids of cases that are resolved now because their ticket was closed. Raises DeskUnavailable or
        DeskRefused."""
        watched = {case.ticket: case for case in self._watched()}
        if not watched:
            return []
        closed = self._desk.closed_among(list(watched))
        return [watched[ticket].id for ticket, words in closed.items() if self._resolved(watched[ticket], words)]

    def _watched(self) -> Sequence[Case]:
        """Open cases with a ticket, but not those whose news are on their way: a reopened one's ticket may be closed
        still."""
        cases = self._store.list(states=tuple(OPEN), limit=_MOST)
        busy = {
            row.case_id for row in self._store.unheard(limit=100_000)
        }  # after the list: what is done by now is seen
        return [case for case in cases if case.ticket and case.id not in busy]

    def _resolved(self, case: Case, words: str) -> bool:
        change = partial(close_from_desk, at=self._clock(), seen=case.updated, words=words)
        after = self._store.record(case.id, change)
        if after.is_open:
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
