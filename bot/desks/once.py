"""At most one ticket for a case, although answers get lost and new tickets are not found at once."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import httpx

from bot.desks.calling import USUAL, Client, Manner, Names, OutcomeUnknown, Pace
from knowledge.errors import DeskUnavailable

Found = TypeVar("Found")


class Attempts(Protocol):
    """When tickets were asked for, kept where a crash does not lose it."""

    def last(self, case_id: str) -> datetime | None:
        """When a ticket for the case was last asked for; None: never."""

    def claim(self, case_id: str, *, after: datetime | None) -> bool:
        """Note that one is asked for now. False when somebody else has done so since `after`, the last that was
        seen: then it is theirs to make."""


class Once:
    """Looks for a ticket, and makes it when there surely is none."""

    def __init__(self, attempts: Attempts, pace: Pace) -> None:
        self._attempts = attempts
        self._pace = pace
        self._locks = tuple(threading.Lock() for _ in range(64))

    def open(self, case_id: str, *, find: Callable[[], Found | None], create: Callable[[], Found]) -> Found:
        """What `find` finds or `create` makes. Raises DeskUnavailable while it is not known whether there is one."""
        with self._locks[zlib.crc32(case_id.encode()) % len(self._locks)]:
            tried = self._attempts.last(case_id)
            found = find()
            if found is None and tried is not None:
                found = self._found_later(tried, find)
            if found is not None:
                return found
            if not self._attempts.claim(case_id, after=tried):
                raise DeskUnavailable("Another process is opening this ticket. It is looked for again.")
            return self._created(find, create)

    def _found_later(self, tried: datetime, find: Callable[[], Found | None]) -> Found | None:
        """Look once more when the last attempt has had its time: what it made may not have been found yet. Raises
        DeskUnavailable when that is not soon."""
        left = self._pace.settled - (self._pace.clock() - tried).total_seconds()
        if left <= 0:
            return None
        if left > self._pace.lag:
            raise DeskUnavailable("A ticket was asked for a moment ago. It is looked for again before another is made.")
        self._pace.sleep(left)
        return find()

    def _created(self, find: Callable[[], Found | None], create: Callable[[], Found]) -> Found:
        try:
            return create()
        except OutcomeUnknown as unknown:
            self._pace.sleep(self._pace.lag)
            found = find()
            if found is None:
                said = f"{unknown} The ticket is looked for again before another is made."
                raise DeskUnavailable(said, after=unknown.after) from unknown
            return found


@dataclass(frozen=True, slots=True)
class Access:
    """The account by which a ticket system is used, and what keeps a ticket from being made twice."""

    token: str
    attempts: Attempts
    pace: Pace
    user: str = ""  # with one the token is a password or API token of this user; without, it is a bearer's
    transport: httpx.BaseTransport | None = None
    names: Names = USUAL

    def client(self, url: str, manner: Manner, *, headers: Mapping[str, str] | None = None) -> Client:
        bearer = {} if self.user else {"authorization": f"Bearer {self.token}"}
        return Client(
            url,
            manner,
            pace=self.pace,
            headers={**bearer, **(headers or {})},
            auth=(self.user, self.token) if self.user else None,
            secrets=[self.token],
            transport=self.transport,
        )

    def once(self) -> Once:
        return Once(self.attempts, self.pace)


def surely(send: Callable[[], object], is_there: Callable[[], bool], pace: Pace) -> None:
    """Send what must not stand there twice; when the outcome is unknown, look whether it does."""
    try:
        send()
    except OutcomeUnknown:
        pace.sleep(pace.lag)
        if not is_there():
            raise
