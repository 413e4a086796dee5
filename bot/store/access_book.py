"""Who may come in besides those who sign in now: API tokens, and sessions that were ended before their time.

Every question goes to the database, so that what one replica or a command revokes is revoked for all with the next
request.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.identity.tokens import ApiToken, digest
from bot.store.tables import access_events, api_tokens, desk_deliveries, ended_sessions
from bot.store.turn_log import Clock
from knowledge.errors import Misuse

EVERYBODY = "everybody"
_USED_EVERY = timedelta(minutes=1)  # a token that is used all the time need not be written all the time


class AccessBook:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    # ---- tokens ----

    def add(self, name: str, token: str, scopes: Sequence[str], *, expires: datetime | None, by: str) -> ApiToken:
        """Keep a new token's digest. Raises Misuse when a token of that name is good now."""
        now = self._clock()
        good = (api_tokens.c.name == name) & api_tokens.c.revoked.is_(None)
        values = {"name": name, "digest": digest(token), "scopes": list(scopes), "created": now, "expires": expires}
        with self._writes.begin() as connection:
            named = [_token(row) for row in connection.execute(sa.select(api_tokens).where(good))]
            if any(one.is_good(now) for one in named):
                raise Misuse(f"There is a token called {name} already. Choose another name, or revoke that one first.")
            connection.execute(api_tokens.insert().values(values))
            made = connection.execute(sa.select(api_tokens).where(api_tokens.c.digest == values["digest"])).one()
            self._note(connection, "token_created", by, f"{name}: {', '.join(scopes)}")
        return _token(made)

    def tokens(self) -> list[ApiToken]:
        """All, the newest first, also those that open nothing any more."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(api_tokens).order_by(api_tokens.c.number.desc())).all()
        return [_token(row) for row in rows]

    def revoke(self, wanted: str, *, by: str) -> ApiToken:
        """End a token, by its number or name, from the next request on. Raises Misuse when no good one is so called."""
        now = self._clock()
        with self._writes.begin() as connection:
            rows = connection.execute(sa.select(api_tokens).where(api_tokens.c.revoked.is_(None))).all()
            meant = [row for row in rows if wanted in {row.name, str(row.number)}]
            if not meant:
                raise Misuse(f"No token is called {wanted}. `sheriff tokens list` shows them.")
            row = next((row for row in meant if row.name == wanted), meant[0])
            change = api_tokens.update().where(api_tokens.c.number == row.number).values(revoked=now)
            connection.execute(change)
            self._note(connection, "token_revoked", by, row.name)
        return _token(row)

    def opened_by(self, token: str) -> ApiToken | None:
        """The token as it is kept, when it is good now; None for one that is unknown, over or revoked."""
        sought, now = digest(token), self._clock()
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(api_tokens).where(api_tokens.c.digest == sought)).first()
        if row is None or not hmac.compare_digest(row.digest, sought):
            return None
        found = _token(row)
        if not found.is_good(now):
            return None
        if found.used is None or now - found.used >= _USED_EVERY:
            with self._writes.begin() as connection:
                connection.execute(api_tokens.update().where(api_tokens.c.number == row.number).values(used=now))
        return found

    # ---- sessions ----

    def end_sessions(self, key: str, *, by: str) -> None:
        """End what was begun until now: of a person, by id or e-mail address, or of EVERYBODY."""
        self.end_session(key)
        with self._writes.begin() as connection:
            self._note(connection, "sessions_ended", by, key)

    def end_session(self, name: str) -> None:
        """End what is so called: one session by its name, or all of a person."""
        kept, now = name.casefold()[:255], self._clock()
        same = ended_sessions.c.key == kept
        with self._writes.begin() as connection:
            if connection.execute(ended_sessions.update().where(same).values(before=now)).rowcount:
                return
        with suppress(IntegrityError), self._writes.begin() as connection:  # another replica was faster
            connection.execute(ended_sessions.insert().values(key=kept, before=now))

    def has_ended(self, keys: Iterable[str], since: datetime) -> bool:
        """Whether a session that goes by these names and was begun at that moment was ended."""
        sought = {EVERYBODY, *(key.casefold()[:255] for key in keys if key)}
        latest = sa.select(sa.func.max(ended_sessions.c.before)).where(ended_sessions.c.key.in_(sought))
        with self._engine.connect() as connection:
            before = connection.execute(latest).scalar()
        return before is not None and since <= before

    # ---- deliveries ----

    def is_new(self, delivery: str) -> bool:
        """Whether a delivery with this signature comes for the first time; it is remembered from now on."""
        try:
            with self._writes.begin() as connection:
                connection.execute(desk_deliveries.insert().values(key=digest(delivery), at=self._clock()))
        except IntegrityError:
            return False
        return True

    def tidy(self, *, before: datetime) -> None:
        """Forget ended sessions and deliveries from before that moment."""
        with self._writes.begin() as connection:
            connection.execute(ended_sessions.delete().where(ended_sessions.c.before < before))
            connection.execute(desk_deliveries.delete().where(desk_deliveries.c.at < before))

    # ---- what was done ----

    def events(self, *, most: int = 100) -> list[tuple[datetime, str, str, str]]:
        """When, what, by whom and on what, the newest first."""
        with self._engine.connect() as connection:
            newest = sa.select(access_events).order_by(access_events.c.number.desc()).limit(most)
            return [(row.at, row.kind, row.by_name, row.text) for row in connection.execute(newest)]

    def _note(self, connection: sa.Connection, kind: str, by: str, text: str) -> None:
        values = {"at": self._clock(), "kind": kind, "by_name": by, "text": text}
        connection.execute(access_events.insert().values(values))


def _token(row: sa.Row[Any]) -> ApiToken:
    return ApiToken(row.number, row.name, tuple(row.scopes), row.created, row.expires, row.revoked, row.used)
