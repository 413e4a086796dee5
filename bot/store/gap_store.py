"""The ledger of gaps in the database. What it counts follows from the cases; numbers, states and deeds are its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.rows import case_of, event_of
from bot.store.tables import cases, events, gap_events, gap_ledger, gap_pages, gap_signals, gap_texts, gaps
from bot.store.turn_log import Clock, utc_now
from bot.support.cases import Case, EventKind
from bot.support.ledger import (
    STATE_LABELS,
    UNSOLVED,
    Gap,
    GapEvent,
    GapKind,
    GapState,
    Signal,
    SignalKind,
    allowed,
    label,
)
from bot.support.overtaken import Overtaken
from knowledge.errors import Misuse
from knowledge.ports import Matrix

SHERIFF = Person("", "Sheriff")
GIVEN_UP_AFTER = timedelta(minutes=15)  # longer than reading many cases takes: whoever claimed it is gone
_ROW = "ledger"
_AT_ONCE = 500
_HEARD = [str(kind) for kind in (EventKind.RATED, EventKind.HANDED_OVER, EventKind.TAKEN, EventKind.RESOLVED,
          EventKind.CLOSED, EventKind.WITHDRAWN, EventKind.TICKET_CLOSED)]  # fmt: skip
_SIGNAL = tuple(field.name for field in fields(Signal))
_COLUMNS = frozenset(field.name for field in fields(Gap))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the ledger is."""

    seen: datetime | None = None  # last change of a case that was read
    grouped: int = 0  # different questions when all were last grouped together
    embeddings: str = ""  # by which questions are compared
    asked: str = ""  # index with which the questions were last asked again
    refreshed: datetime | None = None


class GapStore:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    # ---- who is at it ----

    def claim(self) -> Progress | None:
        """How far the ledger is when it is ours to bring up to date; None while somebody else does."""
        now = self._clock()
        try:
            with self._writes.begin() as connection:
                first = {
                    "name": _ROW,
                    "grouped": 0,
                    "embeddings": "",
                    "asked": "",
                    "seen": None,
                    "claimed": now,
                    "refreshed": None,
                }
                if connection.execute(sa.select(gap_ledger.c.name)).first() is None:
                    connection.execute(gap_ledger.insert().values(first))
                    return Progress()
                free = gap_ledger.c.claimed.is_(None) | (gap_ledger.c.claimed < now - GIVEN_UP_AFTER)
                if connection.execute(gap_ledger.update().where(free).values(claimed=now)).rowcount != 1:
                    return None
        except IntegrityError:
            return None  # another process made the row
        return self.progress()

    def progress(self) -> Progress:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(gap_ledger)).mappings().first()
        if row is None:
            return Progress()
        return Progress(row["seen"], row["grouped"], row["embeddings"], row["asked"], row["refreshed"])

    def release(self, progress: Progress) -> None:
        """Ours is done; `progress` is how far it came."""
        with self._writes.begin() as connection:
            connection.execute(gap_ledger.update().values(claimed=None, **asdict(progress)))

    def pages_are(self, hashes: Mapping[str, str]) -> dict[str, datetime]:
        """Note what each page of the index is like now; returns when pages were seen to change, or to come.

        What is there at the first time has not changed.
        """
        now = self._clock()
        with self._writes.begin() as connection:
            known = {row.document: row for row in connection.execute(sa.select(gap_pages))}
            other = [d for d, hash_ in hashes.items() if d not in known or known[d].hash != hash_]
            connection.execute(gap_pages.delete().where(gap_pages.c.document.in_(sorted(known.keys() - hashes.keys()))))
            connection.execute(gap_pages.delete().where(gap_pages.c.document.in_(other)))
            rows = [{"document": d, "hash": hashes[d], "changed": now if known else None} for d in other]
            if rows:
                connection.execute(gap_pages.insert(), rows)
            changed = connection.execute(sa.select(gap_pages).where(gap_pages.c.changed.is_not(None)))
            return {row.document: row.changed for row in changed}

    # ---- signals ----

    def changed_cases(self, since: datetime | None) -> Iterator[Sequence[Case]]:
        """Cases that changed since the moment, oldest change first, with the events that signals are made of."""
        place = sa.tuple_(cases.c.updated, cases.c.id)
        query = sa.select(cases).order_by(cases.c.updated, cases.c.id).limit(_AT_ONCE)
        if since is not None:
            query = query.where(cases.c.updated >= since)
        after: sa.ColumnElement[bool] | None = None
        while True:
            with self._engine.connect() as connection:
                rows = connection.execute(query if after is None else query.where(after)).mappings().all()
                told = _events(connection, [row["id"] for row in rows])
            if not rows:
                return
            yield [case_of(row, tuple(told.get(row["id"], ()))) for row in rows]
            last = rows[-1]
            after = place > sa.tuple_(sa.bindparam("updated", last["updated"], cases.c.updated.type), last["id"])

    def put(self, signals: Sequence[Signal], *, of: Collection[str]) -> None:
        """Make these the signals of the cases `of`; those that were there before keep their gap."""
        ids = list(of)
        with self._writes.begin() as connection:
            kept = sa.select(gap_signals.c.case_id, gap_signals.c.topic, gap_signals.c.gap, gap_signals.c.said)
            before = {(r.case_id, r.topic): r for r in connection.execute(kept.where(gap_signals.c.case_id.in_(ids)))}
            connection.execute(gap_signals.delete().where(gap_signals.c.case_id.in_(ids)))
            rows = []
            for signal in signals:
                known = before.get((signal.case_id, signal.topic))
                rows.append({**_row(signal), "gap": known.gap if known else None})
            if rows:
                connection.execute(gap_signals.insert(), rows)

    def signals(self) -> list[Signal]:
        """All signals, oldest first."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(gap_signals).order_by(gap_signals.c.at, gap_signals.c.case_id))
            return [_signal(row) for row in found.mappings()]

    def assign(self, gap_of: Mapping[tuple[str, str], int]) -> None:
        """Put signals, by case and topic, to gaps."""
        update = gap_signals.update().where(
            gap_signals.c.case_id == sa.bindparam("of_case"), gap_signals.c.topic == sa.bindparam("of_topic")
        )
        rows = [{"of_case": case, "of_topic": topic, "to": gap} for (case, topic), gap in gap_of.items()]
        if rows:
            with self._writes.begin() as connection:
                connection.execute(update.values(gap=sa.bindparam("to")), rows)

    def add_vectors(self, keys: Sequence[str], vectors: Matrix) -> None:
        with self._writes.begin() as connection:
            there = set(connection.execute(sa.select(gap_texts.c.said).where(gap_texts.c.said.in_(keys))).scalars())
            rows = [
                {"said": key, "vector": vector.astype(np.float16).tobytes()}
                for key, vector in zip(keys, vectors, strict=True)
                if key not in there
            ]
            if rows:
                connection.execute(gap_texts.insert(), rows)

    def forget_vectors(self) -> None:
        """Of embeddings that are not used any more; who belongs to which gap stays."""
        with self._writes.begin() as connection:
            connection.execute(gap_texts.delete())

    def vectors(self) -> tuple[list[str], Matrix]:
        """The keys of all questions, sorted, and their vectors."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(gap_texts).order_by(gap_texts.c.said)).all()
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        whole = np.frombuffer(b"".join(row.vector for row in rows), dtype=np.float16)
        return [row.said for row in rows], whole.reshape(len(rows), -1).astype(np.float32)

    def without_vector(self) -> Sequence[tuple[str, str]]:
        """Keys of questions that have none yet, each with a case that asks it."""
        query = (
            sa.select(gap_signals.c.said, sa.func.min(gap_signals.c.case_id).label("case_id"))
            .join(gap_texts, gap_texts.c.said == gap_signals.c.said, isouter=True)
            .where(gap_texts.c.said.is_(None), gap_signals.c.said != "", gap_signals.c.topic == "")
            .group_by(gap_signals.c.said)
            .order_by(gap_signals.c.said)
        )
        with self._engine.connect() as connection:
            return [(row.said, row.case_id) for row in connection.execute(query)]

    def questions(self, case_ids: Sequence[str]) -> dict[str, str]:
        """What was asked in cases."""
        found: dict[str, str] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(case_ids), _AT_ONCE):
                query = sa.select(cases.c.id, cases.c.question).where(
                    cases.c.id.in_(case_ids[start : start + _AT_ONCE])
                )
                found |= {row.id: row.question for row in connection.execute(query)}
        return found

    def cases(self, case_ids: Sequence[str]) -> dict[str, Case]:
        """Cases by id, without their events; unknown ids are left out."""
        found: dict[str, Case] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(case_ids), _AT_ONCE):
                query = sa.select(cases).where(cases.c.id.in_(case_ids[start : start + _AT_ONCE]))
                found |= {row["id"]: case_of(row) for row in connection.execute(query).mappings()}
        return found

    # ---- gaps ----

    def get(self, number: int) -> Gap | None:
        with self._engine.connect() as connection:
            return _get(connection, number)

    def ranked(
        self,
        states: Sequence[GapState] = (),
        *,
        kind: GapKind | None = None,
        component: str = "",
        since: datetime | None = None,
        limit: int = 1_000_000,
        offset: int = 0,
    ) -> Sequence[Gap]:
        """Gaps, the costliest first; empty arguments do not restrict."""
        query = sa.select(gaps).where(*_where(states, kind, component, since))
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(gaps.c.score.desc(), gaps.c.number).limit(limit).offset(offset))
            return [_gap(row) for row in found.mappings()]

    def everything(self) -> Sequence[Gap]:
        """All gaps that questions may belong to, by number."""
        query = sa.select(gaps).where(gaps.c.state != str(GapState.JOINED)).order_by(gaps.c.number)
        with self._engine.connect() as connection:
            return [_gap(row) for row in connection.execute(query).mappings()]

    def minutes(self) -> int:
        """Sheriff minutes of all gaps that are not solved."""
        query = sa.select(sa.func.sum(gaps.c.minutes)).where(gaps.c.state.in_([str(state) for state in UNSOLVED]))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def closed(self, *, limit: int = 50) -> Sequence[Gap]:
        """Verified gaps, the last closed first."""
        query = sa.select(gaps).where(gaps.c.closed.is_not(None), gaps.c.state == str(GapState.VERIFIED))
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(gaps.c.closed.desc(), gaps.c.number).limit(limit))
            return [_gap(row) for row in found.mappings()]

    def to_judge(self, *, limit: int) -> Sequence[tuple[Gap, str]]:
        """The costliest gaps of questions whose resolutions are not those they were judged by, each with what those
        are."""
        resolved = (
            sa.select(gap_signals.c.gap, sa.func.count().label("count"), sa.func.max(cases.c.updated).label("last"))
            .join(cases, cases.c.id == gap_signals.c.case_id)
            .where(cases.c.resolution != "", gap_signals.c.gap.is_not(None))
            .group_by(gap_signals.c.gap)
        )
        wanted = (gaps.c.topic == "") & (gaps.c.state != str(GapState.JOINED)) & (gaps.c.questions > 0)
        query = sa.select(gaps).where(wanted).order_by(gaps.c.score.desc(), gaps.c.number)
        with self._engine.connect() as connection:
            basis = {row.gap: f"{row.count}/{row.last}" for row in connection.execute(resolved)}
            found = [(_gap(row), basis.get(row["number"], "none")) for row in connection.execute(query).mappings()]
        return [(gap, now) for gap, now in found if gap.diagnosed != now][:limit]

    def counts(self) -> dict[GapState, int]:
        """How many gaps are in each state; those that nobody asks about any more and nobody touched do not count."""
        query = sa.select(gaps.c.state, sa.func.count()).where(_alive()).group_by(gaps.c.state)
        with self._engine.connect() as connection:
            return {GapState(state): count for state, count in connection.execute(query).all()}

    def open(self, topics: Sequence[str], at: Sequence[datetime]) -> list[int]:
        """Numbers of as many new gaps, in order; `at` says when each was first asked."""
        numbers = []
        with self._writes.begin() as connection:
            for topic, opened in zip(topics, at, strict=True):
                number = int(
                    connection.execute(gaps.insert().values(_new(topic, opened)).returning(gaps.c.number)).scalar_one()
                )
                numbers.append(number)
                _append(connection, number, self._clock(), "opened", SHERIFF, "")
        return numbers

    def save(self, changed: Mapping[int, Mapping[str, Any]]) -> None:
        """New values of columns of gaps, such as counts and names; deeds of people go through `act`."""
        with self._writes.begin() as connection:
            for number, values in changed.items():
                connection.execute(gaps.update().where(gaps.c.number == number).values(dict(values)))

    def act(self, number: int, state: GapState, by: Person, *, version: int, text: str = "") -> Gap:
        """Bring a gap into a state. Raises Misuse when it cannot be, Overtaken when somebody was faster."""
        with self._writes.begin() as connection:
            gap = _seen(connection, number, version)
            if gap.state is state:
                return gap
            allowed(gap, state)
            return _change(connection, gap, self._clock(), str(state), by, text, state=state, closed=None)

    def seen(self, number: int, *, version: int) -> Gap:
        """The gap as somebody saw it. Raises Misuse, and Overtaken when it has changed since."""
        with self._engine.connect() as connection:
            return _seen(connection, number, version)

    def note(self, number: int, kind: str, by: Person, text: str) -> None:
        """Append to what was done about a gap, without changing it."""
        with self._writes.begin() as connection:
            _append(connection, number, self._clock(), kind, by, text)

    def found(self, number: int, state: GapState, text: str) -> None:
        """What asking again has shown; `closed` is set when it is verified. A deed of a person in between wins."""
        now = self._clock()
        with self._writes.begin() as connection:
            gap = _get(connection, number, for_update=True)
            possible = UNSOLVED if state is GapState.VERIFIED else (GapState.VERIFIED,)
            if gap is not None and gap.state in possible:
                closed = now if state is GapState.VERIFIED else None
                _change(connection, gap, now, str(state), SHERIFF, text, state=state, closed=closed)

    def join(self, number: int, other: int, by: Person, *, version: int) -> Gap:
        """Put the questions of a gap to another, to which its number then leads. Raises as `act`."""
        with self._writes.begin() as connection:
            gap, target = _seen(connection, number, version), _get(connection, other, for_update=True)
            if target is None or target.state is GapState.JOINED or other == number:
                raise Misuse(f"{gap.label} cannot join {label(other)}. Name another gap that is in the list.")
            if gap.topic or target.topic:
                raise Misuse(f"Gaps of file errors go by their code: {gap.label} and {target.label} stay apart.")
            connection.execute(gap_signals.update().where(gap_signals.c.gap == number).values(gap=other))
            now = self._clock()
            _append(connection, other, now, "took over", by, f"The questions of {gap.label}.")
            values = {"joined": other, "people": 0, "questions": 0, "minutes": 0, "score": 0.0}
            text = f"Joined {target.label}."
            return _change(connection, gap, now, "joined", by, text, state=GapState.JOINED, **values)

    def split(self, number: int, case_ids: Sequence[str], by: Person, *, version: int) -> int:
        """Found a gap of its own for some of the questions; returns its number. Raises as `act`."""
        with self._writes.begin() as connection:
            gap = _seen(connection, number, version)
            rows = connection.execute(sa.select(gap_signals).where(gap_signals.c.gap == number)).mappings().all()
            keys = {row["said"] for row in rows if row["case_id"] in set(case_ids)}
            moved = [row for row in rows if row["said"] in keys]
            if not moved or len(moved) == len(rows):
                raise Misuse("Choose some of the questions, and leave some: those chosen become a gap of their own.")
            now = self._clock()
            first = _new("", min(row["at"] for row in moved))
            new = int(connection.execute(gaps.insert().values(first).returning(gaps.c.number)).scalar_one())
            chosen = (gap_signals.c.gap == number) & gap_signals.c.said.in_(list(keys))
            connection.execute(gap_signals.update().where(chosen).values(gap=new))
            _append(connection, new, now, "split", by, f"From {gap.label}.")
            _change(connection, gap, now, "split", by, f"{label(new)} was split off.")
            return new

    def touched(self) -> set[int]:
        """Gaps that a person has done something with: their questions are not grouped afresh."""
        with self._engine.connect() as connection:
            return set(
                connection.execute(sa.select(gap_events.c.gap).where(gap_events.c.by_id != "").distinct()).scalars()
            )

    def history(self, number: int) -> Sequence[GapEvent]:
        """What was done about a gap, oldest first."""
        query = sa.select(gap_events).where(gap_events.c.gap == number).order_by(gap_events.c.number)
        with self._engine.connect() as connection:
            return [GapEvent(r.at, r.kind, r.by_name, r.text) for r in connection.execute(query)]

    def evidence(self, number: int, *, limit: int = 8) -> Sequence[tuple[Signal, Case]]:
        """The newest cases of a gap, without their events."""
        query = (
            sa.select(gap_signals, *[c.label(f"of_{c.name}") for c in cases.c])
            .join(cases, cases.c.id == gap_signals.c.case_id)
            .where(gap_signals.c.gap == number)
            .order_by(gap_signals.c.at.desc(), gap_signals.c.case_id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [(_signal(row), case_of({c.name: row[f"of_{c.name}"] for c in cases.c})) for row in rows]

    def resolved(self, number: int, *, limit: int = 5) -> Sequence[Case]:
        """The cases of a gap that sheriffs wrote a resolution for, the newest first, without their events."""
        query = (
            sa.select(cases)
            .join(gap_signals, gap_signals.c.case_id == cases.c.id)
            .where(gap_signals.c.gap == number, cases.c.resolution != "")
            .order_by(cases.c.updated.desc(), cases.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [case_of(row) for row in connection.execute(query).mappings()]


def _events(connection: sa.Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
    told: dict[str, list[Any]] = {}
    query = sa.select(events).where(events.c.case_id.in_(ids), events.c.kind.in_(_HEARD)).order_by(events.c.number)
    for row in connection.execute(query).mappings():
        told.setdefault(row["case_id"], []).append(event_of(row))
    return told


def _where(
    states: Sequence[GapState], kind: GapKind | None, component: str, since: datetime | None
) -> list[sa.ColumnElement[bool]]:
    where = [_alive()]
    if states:
        where.append(gaps.c.state.in_([str(state) for state in states]))
    if kind is not None:
        where.append(gaps.c.kind == str(kind))
    if component:
        where.append(sa.func.lower(gaps.c.component) == component.lower())
    if since is not None:
        latest = sa.select(gap_signals.c.gap).where(gap_signals.c.at >= since, gap_signals.c.gap.is_not(None))
        where.append(gaps.c.number.in_(latest))
    return where


def _alive() -> sa.ColumnElement[bool]:
    return (gaps.c.state != str(GapState.JOINED)) & ((gaps.c.questions > 0) | (gaps.c.version > 1))


def _get(connection: sa.Connection, number: int, *, for_update: bool = False) -> Gap | None:
    query = sa.select(gaps).where(gaps.c.number == number)
    row = connection.execute(query.with_for_update() if for_update else query).mappings().first()
    return _gap(row) if row else None


def _seen(connection: sa.Connection, number: int, version: int) -> Gap:
    gap = _get(connection, number, for_update=True)
    if gap is None:
        raise Misuse(f"There is no {label(number)}. `sheriff gaps report` lists those there are.")
    if gap.version != version:
        query = sa.select(gap_events).where(gap_events.c.gap == number).order_by(gap_events.c.number.desc()).limit(1)
        last = connection.execute(query).one()
        raise Overtaken(
            f"{last.by_name} was faster: {gap.label} is {STATE_LABELS[gap.state].lower()} now. "
            "Nothing of yours was stored; look at it again."
        )
    return gap


def _change(connection: sa.Connection, gap: Gap, at: datetime, kind: str, by: Person, text: str, **values: Any) -> Gap:
    changed = {"version": gap.version + 1, "updated": at, **values}
    stored = {name: str(value) if isinstance(value, GapState) else value for name, value in changed.items()}
    connection.execute(gaps.update().where(gaps.c.number == gap.number).values(stored))
    _append(connection, gap.number, at, kind, by, text)
    return replace(gap, **changed)


def _append(connection: sa.Connection, number: int, at: datetime, kind: str, by: Person, text: str) -> None:
    values = {"gap": number, "at": at, "kind": kind, "by_id": by.id, "by_name": by.name, "text": text}
    connection.execute(gap_events.insert().values(values))


def _new(topic: str, opened: datetime) -> dict[str, Any]:
    words = dict.fromkeys(
        ("name", "named_from", "component", "why", "page", "place", "owner", "draft", "diagnosed"), ""
    )
    counts = dict.fromkeys(("people", "questions", "minutes"), 0)
    kind = GapKind.FILES if topic else GapKind.UNKNOWN
    times = {"opened": opened, "updated": opened, "closed": None}
    return {
        "topic": topic, "state": str(GapState.OPEN), "kind": str(kind), "version": 1, "joined": None, "score": 0.0,
        "weeks": [], **words, **counts, **times,
    }  # fmt: skip


def _gap(row: Mapping[str, Any] | sa.RowMapping) -> Gap:
    values = {name: row[name] for name in _COLUMNS}
    return Gap(
        **(values | {"state": GapState(row["state"]), "kind": GapKind(row["kind"]), "weeks": tuple(row["weeks"])})
    )


def _row(signal: Signal) -> dict[str, Any]:
    return {name: getattr(signal, name) for name in _SIGNAL}  # `asdict` copies deeply, which takes seconds for many


def _signal(row: Mapping[str, Any] | sa.RowMapping) -> Signal:
    values = {name: row[name] for name in _SIGNAL}
    return Signal(**(values | {"kind": SignalKind(row["kind"])}))
