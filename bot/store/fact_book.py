"""The facts that figures are made of: written with each change of a case, read in one go, mended where some miss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.rows import case_of, event_of
from bot.store.tables import case_facts, cases, events
from bot.support.case_facts import CaseFacts, facts_of
from bot.support.cases import Case
from bot.support.insights import MOMENTS, WORDS, History, history_of_columns

_AT_ONCE = 500
_MARK = "\x1f"  # between the words of a column; no word keeps it
_FIRST = sa.select(sa.func.min(case_facts.c.opened))


class FactBook:
    """Facts of cases in a database. Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)

    def history(self, *, since: int = 0, until: int = 2**53) -> History:
        """What was asked from `since` to just before `until`, in seconds."""
        within = (case_facts.c.opened >= since) & (case_facts.c.opened < until)
        columns = [*map(_numbers, MOMENTS), *map(_words, WORDS)]  # of each one text: a cell a value takes twice as long
        earlier = sa.select(case_facts.c.asker).where(case_facts.c.opened < since).distinct()
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(*columns).where(within)).one()
            known = frozenset(connection.execute(earlier).scalars()) if since else frozenset()
            first = connection.execute(_FIRST).scalar()
        moments, words = found[: len(MOMENTS)], found[len(MOMENTS) :]
        return history_of_columns(
            {
                name: np.fromstring(text or "", dtype=np.int64, sep=" ")
                for name, text in zip(MOMENTS, moments, strict=True)
            },
            {name: [] if text is None else text.split(_MARK) for name, text in zip(WORDS, words, strict=True)},
            known=known,
            first=first,
        )

    def first(self) -> int | None:
        """When the first case was opened, in seconds."""
        with self._engine.connect() as connection:
            found: int | None = connection.execute(_FIRST).scalar()
        return found

    def mend(self) -> int:
        """Make the facts that are missing or that lack an event; returns how many cases that were.

        A program of before leaves such cases, or one that writes into the tables itself: mend before you read."""
        if self._is_whole():
            return 0
        counted = sa.select(sa.func.count()).where(events.c.case_id == cases.c.id).scalar_subquery()
        joined = cases.outerjoin(case_facts, case_facts.c.case_id == cases.c.id)
        behind = case_facts.c.case_id.is_(None) | (case_facts.c.events != counted)
        with self._engine.connect() as connection:
            wanted = connection.execute(sa.select(cases.c.id).select_from(joined).where(behind)).scalars().all()
        return self._make(wanted)

    def rebuild(self) -> int:
        """Make the facts of all cases anew from their events; returns how many."""
        with self._engine.connect() as connection:
            wanted = connection.execute(sa.select(cases.c.id)).scalars().all()
        return self._make(wanted)

    def _is_whole(self) -> bool:
        """Events are only ever appended, so that their numbers agree exactly when nothing is missing."""
        facts = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(case_facts.c.events), 0))
        with self._engine.connect() as connection:
            made = connection.execute(facts.select_from(case_facts)).one()
            count = sa.select(sa.func.count())
            stored = [connection.execute(count.select_from(table)).scalar_one() for table in (cases, events)]
        return [int(number) for number in made] == stored

    def _make(self, wanted: Sequence[str]) -> int:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            with self._writes.begin() as connection:
                write(connection, [facts_of(case) for case in _load(connection, some)])
        return len(wanted)


def _numbers(name: str) -> sa.ColumnElement[str]:
    return sa.func.aggregate_strings(sa.cast(case_facts.c[name], sa.Text), " ")


def _words(name: str) -> sa.ColumnElement[str]:
    return sa.func.aggregate_strings(sa.func.replace(case_facts.c[name], _MARK, " "), _MARK)


def write(connection: sa.Connection, facts: Sequence[CaseFacts]) -> None:
    """Store the facts of cases, in the place of older ones."""
    if not facts:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(case_facts)
    kept = {column.name: column for column in insert.excluded if column.name != "case_id"}
    connection.execute(insert.on_conflict_do_update(index_elements=["case_id"], set_=kept), [_row(f) for f in facts])


def _row(facts: CaseFacts) -> dict[str, str | int]:
    pauses = " ".join(f"{begins}-{ends}" for begins, ends in facts.pauses)
    changed = {"fate": facts.fate.value, "cited": int(facts.cited), "refused": int(facts.refused), "pauses": pauses}
    return asdict(facts) | changed


def _load(connection: sa.Connection, ids: Sequence[str]) -> list[Case]:
    """Cases with their events; nobody changes them meanwhile."""
    stored = connection.execute(sa.select(cases).where(cases.c.id.in_(ids)).with_for_update()).mappings().all()
    happened = sa.select(events).where(events.c.case_id.in_(ids)).order_by(events.c.number)
    by_case: dict[str, list[sa.RowMapping]] = {}
    for row in connection.execute(happened).mappings():
        by_case.setdefault(row["case_id"], []).append(row)
    return [case_of(row, [event_of(event) for event in by_case.get(row["id"], ())]) for row in stored]
