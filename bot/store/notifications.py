"""The notifications people see on the desk page, for those whom no other channel reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.tables import notifications
from bot.store.turn_log import Clock, utc_now
from bot.support.handoff import Notification, Role

_CHATS_HERE = frozenset({"web"})  # channels whose pages show a case's events by themselves


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification as the desk page lists it."""

    at: datetime
    case_id: str
    role: Role
    member: str  # name
    kind: str  # the EventKind it is about
    text: str


class DeskPageNotifier:
    """A Notifier: sheriffs read it on the desk page, askers in the web chat, where the case's events appear."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def tell(self, notification: Notification) -> str:
        if notification.role is Role.ASKER:
            return "in the chat" if notification.case.channel in _CHATS_HERE else ""
        values = {
            "key": notification.key,
            "at": self._clock(),
            "case_id": notification.case.id,
            "role": notification.role.value,
            "member_id": notification.to.id,
            "member_name": notification.to.name,
            "kind": str(notification.event.kind),
            "text": notification.text,
        }
        try:
            with self._writes.begin() as connection:
                connection.execute(notifications.insert().values(values))
        except IntegrityError:
            pass  # told before
        return "on the desk page"

    def recent(self, *, member_id: str | None = None, limit: int = 20) -> Sequence[Shown]:
        """Newest first: of one member and of the whole team, or of all."""
        query = sa.select(notifications).order_by(notifications.c.number.desc()).limit(limit)
        if member_id is not None:
            query = query.where(notifications.c.member_id.in_([member_id, ""]))
        with self._engine.connect() as connection:
            return tuple(
                Shown(row.at, row.case_id, Role(row.role), row.member_name, row.kind, row.text)
                for row in connection.execute(query)
            )
