"""A person's data: where it is, and what becomes of it when the person is to be forgotten.

Cases stay, without what was said in them, so that counts and times still hold; names become "Someone".
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.messages import Person
from bot.store.posts import CASE_CARD
from bot.store.rows import case_of, row_of
from bot.store.tables import (
    access_events,
    case_facts,
    cases,
    events,
    faq_drafts,
    gap_events,
    gap_signals,
    gap_texts,
    gaps,
    notice_events,
    notice_proposals,
    notices,
    notifications,
    posts,
    received,
    request_events,
    request_news,
    requests,
    rota_changes,
    rota_news,
    ticket_comments,
    tickets,
    turns,
    votes,
)
from bot.support.cases import OPEN, EventKind
from bot.support.ledger import FORGOTTEN
from bot.support.transitions import SHERIFF, TICKET_SYSTEM

SOMEONE = "Someone"
REMOVED = "(removed)"
_NOBODY = Person(FORGOTTEN, SOMEONE)
_KEPT = frozenset({EventKind.RESOLVED})  # what was learnt; the person's name is taken out


@dataclass(frozen=True, slots=True)
class Footprint:
    """What is stored of one person."""

    person: Person
    asked: Sequence[str]  # ids of their cases
    open: Sequence[str]  # those of them that a person still works on, by ticket or id
    tickets: Sequence[str]  # of their cases
    acted: int  # events in other people's cases that carry the name
    votes: int
    wishes: int
    namesakes: bool  # others have the name: where it stands in other people's cases, nobody knows whose it is

    @property
    def is_empty(self) -> bool:
        return not (self.asked or self.acted or self.votes or self.wishes)


def people(engine: sa.Engine, wanted: str) -> Sequence[Person]:
    """Everybody with this id or this name, in any spelling, sorted by id; who never asked has the name for an id."""
    name = wanted.strip().casefold()
    with engine.connect() as connection:
        known = {person.id: person for person in _askers(connection)}
        actors = connection.execute(sa.select(events.c.actor).distinct()).scalars()
        silent = {actor: Person(actor, actor) for actor in actors if actor not in {SOMEONE, SHERIFF, TICKET_SYSTEM}}
    found = [person for person in known.values() if name in {person.id.casefold(), person.name.casefold()}]
    found = found or [person for person in silent.values() if person.name.casefold() == name]
    return sorted(found, key=lambda person: person.id)


def _askers(connection: sa.Connection) -> Iterator[Person]:
    known = (
        (cases.c.asker_id, cases.c.asker_name),
        (requests.c.by_id, requests.c.by_name),
        (votes.c.voter, votes.c.name),
    )
    for column_id, column_name in known:
        for row in connection.execute(sa.select(column_id, column_name).distinct()):
            if row[1] and not row[0].startswith(FORGOTTEN):
                yield Person(row[0], row[1])


def footprint(engine: sa.Engine, person: Person) -> Footprint:
    with engine.connect() as connection:
        own = connection.execute(sa.select(cases).where(cases.c.asker_id == person.id).order_by(cases.c.id)).mappings()
        asked = [case_of(row) for row in own]
        namesakes = {other.id for other in _askers(connection) if other.name == person.name and other.id != person.id}

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()

        elsewhere = events.c.case_id.not_in([case.id for case in asked])
        return Footprint(
            person,
            asked=[case.id for case in asked],
            open=[case.label for case in asked if case.state in OPEN],
            tickets=[case.ticket for case in asked if case.ticket],
            acted=0 if namesakes else count(events, events.c.actor == person.name, elsewhere),
            votes=count(votes, votes.c.voter == person.id),
            wishes=count(requests, requests.c.by_id == person.id),
            namesakes=bool(namesakes),
        )


def forget(engine: sa.Engine, found: Footprint) -> None:
    """Take the person out, in one transaction; what was deleted is overwritten in an SQLite file as well.

    The cases get an asker of their own that leads to nobody, so that they still count as those of one person.
    """
    person, asked = found.person, list(found.asked)
    nobody = Person(f"{FORGOTTEN}-{secrets.token_hex(8)}", SOMEONE)
    with engine.execution_options(writes=True).connect() as connection:
        _pragma(connection, "secure_delete = ON")
        with connection.begin():
            said = list(connection.execute(sa.select(cases.c.question).where(cases.c.id.in_(asked))).scalars())
            _take_out_of_pinned(connection, said)
            for case_id in asked:
                _empty(connection, case_id, person, nobody)
            theirs = case_facts.update().where(case_facts.c.asker == person.id)
            connection.execute(theirs.values(asker=nobody.id))
            if not found.namesakes:
                _take_out_name(connection, person)
            _empty_gaps(connection, asked, person)
            connection.execute(turns.delete().where(turns.c.key.contains(f":{person.id}:", autoescape=True)))
            unanswered = sa.cast(received.c.body, sa.Text).contains(person.id, autoescape=True)
            connection.execute(received.delete().where(unanswered))
            connection.execute(votes.delete().where(votes.c.voter == person.id))
            wishes = requests.update().where(requests.c.by_id == person.id)
            connection.execute(wishes.values(by_id=_NOBODY.id, by_name=SOMEONE))
            deeds = request_events.update().where(request_events.c.by_id == person.id)
            connection.execute(deeds.values(by_id=_NOBODY.id, by_name=SOMEONE))
            connection.execute(request_news.delete().where(request_news.c.voter == person.id))
            _take_out_of_notices(connection, person, asked)
            _take_out_of_drafts(connection, person, asked)
            _take_out_of_access(connection, person, namesakes=found.namesakes)
        _pragma(connection, "wal_checkpoint(TRUNCATE)")  # the journal still has the old pages


def _pragma(connection: sa.Connection, words: str) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA {words}")
        cursor.close()


def _empty(connection: sa.Connection, case_id: str, person: Person, nobody: Person) -> None:
    """Leave of a case of theirs what counts are made of, and what was learnt."""
    case = case_of(connection.execute(sa.select(cases).where(cases.c.id == case_id)).mappings().one())
    bare = replace(
        case,
        question=REMOVED,
        asker=nobody,
        conversation="",
        answer="",
        citations=(),
        reference={},
        resolution=_without(case.resolution, person),
    )
    connection.execute(cases.update().where(cases.c.id == case_id).values(row_of(bare)))
    said = events.c.case_id == case_id
    connection.execute(events.update().where(said, events.c.kind.not_in(list(_KEPT))).values(text=""))
    shown = {"sources": len(case.citations)}
    connection.execute(events.update().where(said, events.c.kind == EventKind.OPENED).values(data=shown))
    connection.execute(events.update().where(said, events.c.actor == person.name).values(actor=SOMEONE))
    connection.execute(notifications.update().where(notifications.c.case_id == case_id).values(text=""))
    ours = sa.select(tickets.c.number).where(tickets.c.case_id == case_id)
    connection.execute(ticket_comments.delete().where(ticket_comments.c.ticket_number.in_(ours)))
    connection.execute(tickets.update().where(tickets.c.case_id == case_id).values(title=REMOVED, body=""))
    connection.execute(posts.delete().where(posts.c.case_id == case_id, posts.c.purpose != CASE_CARD))
    connection.execute(turns.delete().where(turns.c.reply.contains(case_id, autoescape=True)))


def _empty_gaps(connection: sa.Connection, asked: Sequence[str], person: Person) -> None:
    """Their questions still count in the ledger; their words, and what could be compared with these, are gone."""
    own = gap_signals.c.asker == person.id
    alone = sa.select(gap_signals.c.said).where(own, gap_signals.c.said != "")
    connection.execute(
        gap_texts.delete().where(gap_texts.c.said.in_(alone))
    )  # of others with the same words: made anew
    connection.execute(gap_signals.update().where(own).values(asker=_NOBODY.id, said=""))
    named = gaps.update().where(gaps.c.named_from.in_(asked))
    connection.execute(named.values(name=REMOVED, named_from="", draft="", diagnosed=""))
    acted = gap_events.update().where(gap_events.c.by_id == person.id)
    connection.execute(acted.values(by_id=_NOBODY.id, by_name=SOMEONE))


def _take_out_name(connection: sa.Connection, person: Person) -> None:
    """Where the person acted as a colleague, the deed stays and the name goes."""
    connection.execute(events.update().where(events.c.actor == person.name).values(actor=SOMEONE))
    connection.execute(cases.update().where(cases.c.sheriff == person.name).values(sheriff=SOMEONE))
    connection.execute(case_facts.update().where(case_facts.c.sheriff == person.name).values(sheriff=SOMEONE))
    connection.execute(tickets.update().where(tickets.c.assignee == person.name).values(assignee=SOMEONE))
    connection.execute(ticket_comments.update().where(ticket_comments.c.author == person.name).values(author=SOMEONE))
    told = (notifications.c.member_id == person.id) | (notifications.c.member_name == person.name)
    connection.execute(notifications.update().where(told).values(member_id=_NOBODY.id, member_name=SOMEONE))
    changed = (rota_changes.c.by_id == person.id) | (rota_changes.c.by_name == person.name)
    connection.execute(rota_changes.update().where(changed).values(by_id=_NOBODY.id, by_name=SOMEONE))
    acted = request_events.update().where(request_events.c.by_name == person.name)
    connection.execute(acted.values(by_id=_NOBODY.id, by_name=SOMEONE))
    connection.execute(gap_events.update().where(gap_events.c.by_name == person.name).values(by_name=SOMEONE))
    connection.execute(gaps.update().where(gaps.c.owner == person.name).values(owner=""))
    for table in (events, notifications, ticket_comments, rota_news, request_events, gap_events):
        _rewrite(connection, table.c.text, person)
    for column in (requests.c.reason, gaps.c.name, gaps.c.why, gaps.c.draft):
        _rewrite(connection, column, person)


def _take_out_of_pinned(connection: sa.Connection, said: Sequence[str]) -> None:
    """The person's own questions, in notices that they were pinned for."""
    for row in connection.execute(sa.select(notices.c.number, notices.c.title, notices.c.questions)).all():
        kept = [question for question in row.questions if question not in said]
        if len(kept) < len(row.questions) or row.title in said:
            title = REMOVED if row.title in said else row.title
            connection.execute(
                notices.update().where(notices.c.number == row.number).values(questions=kept, title=title)
            )


def _take_out_of_notices(connection: sa.Connection, person: Person, asked: Sequence[str]) -> None:
    """Who pinned or is affected; and what the person asked, where a notice or a proposal repeats it."""
    for table in (notices, notice_events):
        deeds = table.update().where(table.c.by_id == person.id)
        connection.execute(deeds.values(by_id=_NOBODY.id, by_name=SOMEONE))
    connection.execute(
        notice_proposals.update().where(notice_proposals.c.by_name == person.name).values(by_name=SOMEONE)
    )
    for row in connection.execute(sa.select(notice_proposals.c.number, notice_proposals.c.cases)).all():
        if not set(asked).isdisjoint(row.cases):
            gone = notice_proposals.update().where(notice_proposals.c.number == row.number)
            connection.execute(gone.values(question=REMOVED, cases=[case for case in row.cases if case not in asked]))


def _take_out_of_drafts(connection: sa.Connection, person: Person, asked: Sequence[str]) -> None:
    """Entries for the FAQ that nobody has approved go; of approved ones, which are published, the question asked."""
    own = faq_drafts.c.case_id.in_(asked)
    connection.execute(faq_drafts.delete().where(own, faq_drafts.c.state != "approved"))
    connection.execute(faq_drafts.update().where(own).values(asked=REMOVED, proof={}))
    drafted = faq_drafts.update().where(faq_drafts.c.by_id == person.id)
    connection.execute(drafted.values(by_id=_NOBODY.id, by_name=SOMEONE))
    connection.execute(faq_drafts.update().where(faq_drafts.c.decided_by == person.name).values(decided_by=SOMEONE))


def _take_out_of_access(connection: sa.Connection, person: Person, *, namesakes: bool) -> None:
    """Who made tokens and ended sessions; that a session has ended stays until it would have ended by itself."""
    if not namesakes:
        acted = access_events.update().where(access_events.c.by_name == person.name)
        connection.execute(acted.values(by_name=SOMEONE))
        _rewrite(connection, access_events.c.text, person)
    _rewrite(connection, access_events.c.text, Person(person.id, person.id))


def _rewrite(connection: sa.Connection, column: sa.Column[str], person: Person) -> None:
    """The name in running text, such as "Ana was told on the desk page."."""
    table = column.table
    key = next(iter(table.primary_key))
    naming = sa.select(key.label("row"), column.label("said")).where(column.contains(person.name, autoescape=True))
    for row in connection.execute(naming).all():
        connection.execute(sa.update(table).where(key == row.row).values({column: _without(row.said, person)}))


def _without(text: str, person: Person) -> str:
    return re.sub(rf"(?<!\w){re.escape(person.name)}(?!\w)", SOMEONE, text) if person.name else text


def as_words(found: Footprint) -> Mapping[str, int]:
    """What there is, for people; only what there is some of."""
    counts = {
        "cases they asked": len(found.asked),
        "deeds in other cases": found.acted,
        "votes": found.votes,
        "feature requests": found.wishes,
    }
    return {words: count for words, count in counts.items() if count}
