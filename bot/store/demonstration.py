"""The mark that says: what this database holds is made up. Kept in the database, so that a backup and every replica
have it, too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.store.tables import demonstration, metadata, replicas
from knowledge.errors import Misuse

SENTENCE = "Demonstration data: people, cases and tickets are made up."
# Filled by a server that nobody has used.
_NO_CASES = frozenset(
    {"replicas", "rota_news", "turns", "demonstration", "gap_ledger", "gap_pages"}
    | {"api_tokens", "ended_sessions", "access_events", "desk_deliveries"}
)
_STAYS = frozenset({"api_tokens", "ended_sessions", "access_events"})  # who may come in is not made up
_ALIVE = timedelta(seconds=30)  # since the last beat of a replica


@dataclass(frozen=True, slots=True)
class Demonstration:
    """When it was made, and from what."""

    at: datetime
    seed: int
    weeks: int


class DemonstrationMark:
    """Safe to use from several processes: of two that begin at once, one does."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)

    def get(self) -> Demonstration | None:
        """None in a database of real cases."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(demonstration)).first()
        return Demonstration(row.at, row.seed, row.weeks) if row else None

    def begin(self, made: Demonstration) -> None:
        """Mark an empty database. Raises Misuse, and changes nothing, when it holds anything or is in use."""
        with self._writes.begin() as connection:
            if connection.execute(sa.select(demonstration.c.number)).first():
                raise Misuse("There is a demonstration already. Remove it first: sheriff demo --remove.")
            held = [_count(connection, table) for table in metadata.sorted_tables if table.name not in _NO_CASES]
            if any(count for _, count in held):
                found = ", ".join(f"{count:,} {name}" for name, count in held if count)
                raise Misuse(
                    f"This is no empty home: {_place(self._engine)} holds {found}. A demonstration is never mixed with "
                    "real cases. Name an empty folder: sheriff demo --home demo."
                )
            _refuse_used(connection, self._engine, made.at)
            values = {"number": 1, "at": made.at, "seed": made.seed, "weeks": made.weeks}
            connection.execute(demonstration.insert().values(values))

    def remove(self, *, now: datetime) -> int:
        """Delete all that a demonstration holds, what was asked since included; returns how many cases that were.

        Raises Misuse, and deletes nothing, without the mark or while the database is in use.
        """
        with self._writes.begin() as connection:
            if not connection.execute(sa.select(demonstration.c.number)).first():
                raise Misuse(f"{_place(self._engine)} holds no demonstration. Nothing was removed.")
            _refuse_used(connection, self._engine, now)
            count = _count(connection, metadata.tables["cases"])[1]
            for table in reversed(metadata.sorted_tables):
                if table.name not in _STAYS:
                    connection.execute(table.delete())
        return count


def marked(text: str, form: str) -> str:
    """A report in "md", "html" or "json" that says what it rests on."""
    if form == "json":
        return json.dumps({"demonstration": True} | json.loads(text), ensure_ascii=False, indent=2)
    if form == "html":
        return text.replace("</h1>", f"</h1><p><strong>{SENTENCE}</strong></p>", 1)
    return f"> {SENTENCE}\n\n{text}"


def _count(connection: sa.Connection, table: sa.Table) -> tuple[str, int]:
    found = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    return table.name.replace("_", " "), found


def _refuse_used(connection: sa.Connection, engine: sa.Engine, now: datetime) -> None:
    alive = sa.select(replicas.c.name).where(replicas.c.at > now - _ALIVE)
    name = connection.execute(alive).scalar()
    if name is not None:
        raise Misuse(f"{_place(engine)} is in use by {name}. Stop Sheriff there, wait half a minute, then try again.")


def _place(engine: sa.Engine) -> str:
    if engine.url.get_backend_name() == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)
