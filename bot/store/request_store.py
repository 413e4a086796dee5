"""What people wish for, and who wants it, too: one wish once, one vote a person, also when wishes are merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.tables import request_events, request_news, requests, votes
from bot.store.turn_log import Clock, utc_now
from bot.support.overtaken import Overtaken
from bot.support.wishes import (
    ALIVE,
    CHOSEN,
    LONGEST,
    LONGEST_REASON,
    FeatureRequest,
    Happened,
    Voter,
    WishEvent,
    WishState,
    said_as,
)
from knowledge.errors import Misuse

__all__ = ["FeatureRequest", "RequestStore"]
_SHERIFF = Person("", "Sheriff")


class RequestStore:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    # What people want

    def ask(self, text: str, by: Voter | Person) -> FeatureRequest:
        """Store a wish with its asker's vote; the same words again are a vote for the first. Raises Misuse."""
        voter, text = _voter(by), " ".join(text.split())
        if not text:
            raise Misuse("Write what you wish for: request a quota page for Couchbase.")
        if len(text) > LONGEST:
            raise Misuse(f"The request has {len(text):,} characters; at most {LONGEST} are kept. Shorten it.")
        said, person, now = said_as(text), voter.person, self._clock()
        values = {"text": text, "said": said, "by_id": person.id, "by_name": person.name, "at": now}
        try:
            with self._writes.begin() as connection:
                insert = requests.insert().values(state=WishState.OPEN, **values).returning(requests.c.number)
                number = int(connection.execute(insert).scalar_one())
                _note(connection, number, now, WishEvent.ASKED, person)
        except IntegrityError:  # wished for before
            with self._engine.connect() as connection:
                same = sa.select(requests.c.number).where(requests.c.said == said)
                number = int(connection.execute(same).scalar_one())
        return self.vote(number, voter)

    def vote(self, number: int, by: Voter | Person) -> FeatureRequest:
        """Count a person's vote once; where it is counted is where it was merged to. Raises Misuse when there is no
        such request."""
        voter, known = _voter(by), self._required(number)
        if self.has_voted(known.root, voter.person.id):
            return known
        values = {"request": number, "voter": voter.person.id, "at": self._clock()}
        reach = {"name": voter.person.name, "channel": voter.channel, "reference": dict(voter.reference) or None}
        try:
            with self._writes.begin() as connection:
                connection.execute(votes.insert().values(values | reach))
        except IntegrityError:
            return known  # one vote a person
        return self._required(number)

    def unvote(self, number: int, person_id: str) -> FeatureRequest:
        """Take a person's vote back, wherever among the merged ones it was given. Raises Misuse as `vote` does."""
        known = self._required(number)
        together = sa.select(requests.c.number).where(_family(known.root))
        with self._writes.begin() as connection:
            connection.execute(votes.delete().where(votes.c.voter == person_id, votes.c.request.in_(together)))
        return self._required(number)

    def find(self, text: str) -> FeatureRequest | None:
        """The request that somebody asked for in the same words."""
        found = self._select(requests.c.said == said_as(text), limit=1)
        return found[0] if found else None

    def get(self, number: int) -> FeatureRequest | None:
        found = self._select(requests.c.number == number, limit=1)
        return found[0] if found else None

    def top(self, *, limit: int = 5) -> Sequence[FeatureRequest]:
        """The most wanted of those that may still come; of equally wanted ones the older."""
        return self._select(requests.c.state.in_(ALIVE), requests.c.master == 0, limit=limit)

    def all(self, *, states: Sequence[WishState] = CHOSEN, limit: int = 2_000) -> Sequence[FeatureRequest]:
        """Those in these states, the most wanted first."""
        return self._select(requests.c.state.in_(states), limit=limit)

    def merged_into(self, number: int) -> Sequence[FeatureRequest]:
        """Those that are counted with this one, oldest first."""
        return sorted(self._select(requests.c.master == number, limit=1_000), key=lambda one: one.number)

    def of_voter(self, person_id: str, *, limit: int = 20) -> Sequence[FeatureRequest]:
        """What a person wants, each under the request that it is counted with, the newest first."""
        wanted = sa.func.coalesce(sa.func.nullif(requests.c.master, 0), requests.c.number)
        mine = sa.select(wanted).join(votes, votes.c.request == requests.c.number).where(votes.c.voter == person_id)
        found = self._select(requests.c.number.in_(mine), limit=limit)
        return sorted(found, key=lambda one: -one.number)

    def given_by(self, person_id: str) -> Sequence[FeatureRequest]:
        """The requests that a person's votes were given to, merged ones as they are."""
        mine = sa.select(votes.c.request).where(votes.c.voter == person_id)
        return self._select(requests.c.number.in_(mine), limit=1_000)

    def has_voted(self, number: int, person_id: str) -> bool:
        """Whether the person wants it, or one that is counted with it."""
        return number in self.wanted_by(person_id)

    def wanted_by(self, person_id: str) -> frozenset[int]:
        """Numbers of all requests that hold the person's vote, each with the one it is counted with."""
        mine = (
            sa.select(requests.c.number, requests.c.master)
            .join(votes, votes.c.request == requests.c.number)
            .where(votes.c.voter == person_id)
        )
        with self._engine.connect() as connection:
            return frozenset(number for row in connection.execute(mine) for number in row if number)

    def voters(self, number: int) -> Sequence[Voter]:
        """Everybody whose vote is counted with this request, each once, the first to want it first."""
        query = (
            sa.select(votes)
            .join(requests, requests.c.number == votes.c.request)
            .where(_family(number))
            .order_by(votes.c.at, votes.c.voter)
        )
        found: dict[str, Voter] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                found.setdefault(row.voter, Voter(Person(row.voter, row.name), row.channel, row.reference or {}))
        return tuple(found.values())

    def reached(self, person_id: str) -> Sequence[Voter]:
        """The conversations in which a person has voted, the latest first."""
        query = sa.select(votes).where(votes.c.voter == person_id).order_by(votes.c.at.desc()).limit(50)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Voter(Person(row.voter, row.name), row.channel, row.reference) for row in rows if row.reference]

    def history(self, number: int) -> Sequence[Happened]:
        """What happened to a request, oldest first."""
        query = sa.select(request_events).where(request_events.c.request == number).order_by(request_events.c.number)
        with self._engine.connect() as connection:
            return tuple(_happened(row) for row in connection.execute(query).mappings())

    def apart(self) -> frozenset[frozenset[int]]:
        """Pairs of numbers that a maintainer found to differ, or that were split."""
        kinds = [WishEvent.APART, WishEvent.SPLIT]
        query = sa.select(request_events.c.request, request_events.c.data).where(request_events.c.kind.in_(kinds))
        with self._engine.connect() as connection:
            return frozenset(frozenset((row.request, int(row.data["other"]))) for row in connection.execute(query))

    # What becomes of it

    def set_state(
        self, number: int, state: WishState, by: Person, *, reason: str = "", seen: int | None = None
    ) -> FeatureRequest:
        """Say what becomes of a request; whoever wants it hears of it. `seen` is the version that was looked at.

        Raises Overtaken when somebody changed it since, Misuse for a state that is not to be chosen."""
        known, reason = self._required(number), " ".join(reason.split())
        if state not in CHOSEN:
            raise Misuse("A request becomes a duplicate by merging it: name the one that it is counted with.")
        if len(reason) > LONGEST_REASON:
            raise Misuse(f"The reason has {len(reason):,} characters; at most {LONGEST_REASON} are kept. Shorten it.")
        if known.state is WishState.DUPLICATE:
            raise Misuse(f"{known.label} is counted with FR-{known.master}. Change that one, or split them first.")
        if (known.state, known.reason) == (state, reason):
            return known
        with self._writes.begin() as connection:
            self._update(connection, known, seen, state=state, reason=reason)
            data = {"from": known.state.value, "to": state.value}
            event = _note(connection, number, self._clock(), WishEvent.STATE, by, reason, data)
            if known.state is not state:
                self._announce(connection, event, number, but=by)
        return self._required(number)

    def merge(self, number: int, into: int, by: Person, *, seen: int | None = None, reason: str = "") -> FeatureRequest:
        """Count a request, and those that are counted with it, with another one; returns that one. Raises as
        `set_state` does."""
        other, kept = self._required(number), self._required(self._required(into).root)
        self._check_merge(other, kept)
        with self._writes.begin() as connection:
            self._merge(connection, other, kept, by, kind=WishEvent.MERGED, seen=seen, reason=reason)
        return self._required(kept.number)

    def join(self, number: int, into: int) -> FeatureRequest:
        """Count a new wish with one whose words are very much alike; who asked is told in the reply, nobody else."""
        other, kept = self._required(number), self._required(self._required(into).root)
        if other.master or other.number == kept.number:
            return kept
        with self._writes.begin() as connection:
            self._merge(connection, other, kept, _SHERIFF, kind=WishEvent.JOINED, seen=None, reason="")
        return self._required(kept.number)

    def split(self, number: int, by: Person, *, seen: int | None = None) -> FeatureRequest:
        """Make a merged request one of its own again, with the votes that were given to it and those that came with
        it. Raises as `set_state` does."""
        known = self._required(number)
        if not known.master:
            raise Misuse(f"{known.label} is counted by itself already.")
        was = next((h for h in reversed(self.history(number)) if h.kind in {WishEvent.MERGED, WishEvent.JOINED}), None)
        before, along = (was.data.get("from", "open"), was.data.get("with", [])) if was else ("open", [])
        with self._writes.begin() as connection:
            self._update(connection, known, seen, state=WishState(before), master=0, reason="")
            back = requests.update().where(requests.c.number.in_(along), requests.c.master == known.master)
            connection.execute(back.values(master=number))
            _note(connection, number, self._clock(), WishEvent.SPLIT, by, "", {"other": known.master})
        return self._required(number)

    def keep_apart(self, number: int, other: int, by: Person) -> FeatureRequest:
        """Two are not the same: Sheriff no longer proposes to merge them."""
        self._required(other)
        known = self._required(number)
        with self._writes.begin() as connection:
            _note(connection, number, self._clock(), WishEvent.APART, by, "", {"other": other})
        return known

    def _merge(
        self,
        connection: sa.Connection,
        other: FeatureRequest,
        kept: FeatureRequest,
        by: Person,
        *,
        kind: WishEvent,
        seen: int | None,
        reason: str,
    ) -> None:
        still = sa.select(requests.c.master).where(requests.c.number == kept.number).with_for_update()
        if connection.execute(still).scalar_one():
            raise Overtaken(self._who_was_faster(kept.number))
        counted = sa.select(requests.c.number).where(requests.c.master == other.number)
        along = list(connection.execute(counted).scalars())
        self._update(connection, other, seen, state=WishState.DUPLICATE, master=kept.number, reason=reason)
        connection.execute(requests.update().where(requests.c.number.in_(along)).values(master=kept.number))
        data = {"other": kept.number, "from": other.state.value, "with": along}
        event = _note(connection, other.number, self._clock(), kind, by, reason, data)
        if kind is WishEvent.MERGED:
            given = sa.or_(requests.c.number == other.number, requests.c.number.in_(along))
            self._announce(connection, event, other.number, but=by, among=given)

    def _check_merge(self, other: FeatureRequest, kept: FeatureRequest) -> None:
        if kept.number == other.number:
            raise Misuse(f"{other.label} cannot be counted with itself. Name another one.")
        if other.master:
            raise Misuse(f"{other.label} is counted with FR-{other.master} already. Split it first.")

    def _update(self, connection: sa.Connection, known: FeatureRequest, seen: int | None, **values: Any) -> None:
        """Change what nobody has changed since it was looked at. Raises Overtaken."""
        version = known.version if seen is None else seen
        unchanged = requests.update().where(requests.c.number == known.number, requests.c.version == version)
        if connection.execute(unchanged.values(version=version + 1, **values)).rowcount != 1:
            raise Overtaken(self._who_was_faster(known.number))

    def _who_was_faster(self, number: int) -> str:
        last = next((each for each in reversed(self.history(number)) if each.kind is not WishEvent.ASKED), None)
        who = f"{last.by} changed it at {last.at:%H:%M} UTC" if last else "It was changed"
        return f"FR-{number} is not as you saw it: {who}. Nothing was stored; look again, then decide."

    def _announce(
        self,
        connection: sa.Connection,
        event: int,
        number: int,
        *,
        but: Person,
        among: sa.ColumnElement[bool] | None = None,
    ) -> None:
        """Note for everybody whose vote is counted there that there is something to hear."""
        where = _family(number) if among is None else among
        wanting = sa.select(votes.c.voter).distinct().join(requests, requests.c.number == votes.c.request).where(where)
        rows = [
            {"event": event, "voter": voter, "at": self._clock()}
            for voter in connection.execute(wanting).scalars()
            if voter != but.id
        ]
        if rows:
            connection.execute(request_news.insert(), rows)

    def _required(self, number: int) -> FeatureRequest:
        known = self.get(number)
        if known is None:
            raise Misuse(f"There is no request FR-{number}. “top requests” lists them.")
        return known

    def _select(self, *where: sa.ColumnElement[bool], limit: int) -> Sequence[FeatureRequest]:
        member = requests.alias("member")
        together = sa.func.coalesce(sa.func.nullif(member.c.master, 0), member.c.number)
        counted = (
            sa.select(together.label("root"), sa.func.count(votes.c.voter.distinct()).label("votes"))
            .join(votes, votes.c.request == member.c.number)
            .group_by(together)
            .subquery()
        )
        root = sa.func.coalesce(sa.func.nullif(requests.c.master, 0), requests.c.number)
        wanted = sa.func.coalesce(counted.c.votes, 0)
        query = (
            sa.select(requests, wanted.label("votes"))
            .join(counted, counted.c.root == root, isouter=True)
            .where(*where)
            .order_by(wanted.desc(), requests.c.number)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return tuple(_request(row) for row in connection.execute(query).mappings())


def _family(number: int) -> sa.ColumnElement[bool]:
    """A request and those that are counted with it."""
    return (requests.c.number == number) | (requests.c.master == number)


def _voter(by: Voter | Person) -> Voter:
    return by if isinstance(by, Voter) else Voter(by)


def _note(
    connection: sa.Connection,
    number: int,
    at: Any,
    kind: WishEvent,
    by: Person,
    text: str = "",
    data: Mapping[str, Any] | None = None,
) -> int:
    values = {"request": number, "at": at, "kind": kind.value, "by_id": by.id, "by_name": by.name}
    insert = request_events.insert().values(text=text, data=dict(data or {}), **values)
    return int(connection.execute(insert.returning(request_events.c.number)).scalar_one())


def _request(row: sa.RowMapping) -> FeatureRequest:
    return FeatureRequest(
        number=row["number"],
        text=row["text"],
        by=row["by_name"],
        at=row["at"],
        votes=row["votes"],
        by_id=row["by_id"],
        state=WishState(row["state"]),
        master=row["master"],
        reason=row["reason"],
        version=row["version"],
    )


def _happened(row: sa.RowMapping) -> Happened:
    return Happened(
        row["number"], row["request"], row["at"], WishEvent(row["kind"]), row["by_name"], row["text"], row["data"]
    )
