"""The tables, as the code of today sees them. `migrations` brings any older database here; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.redaction import redact, redact_values

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself only for INTEGER


class UtcTime(sa.types.TypeDecorator[datetime]):
    """Aware moments, kept in UTC; SQLite, which knows no zones, stores them without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.types.TypeDecorator[str]):
    """What people and models write. Secrets left it at the door already; this is the last place that can miss none."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return value if value is None else redact(value).text


class JsonWords(sa.types.TypeDecorator[Any]):
    """JSON with texts that people wrote."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return redact_values(value)


cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("question", Words, nullable=False),
    sa.Column("asker_id", sa.String(255), nullable=False),
    sa.Column("asker_name", sa.String(255), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("conversation", sa.String(512), nullable=False),
    sa.Column("opened", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("answer", Words, nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("citations", sa.JSON, nullable=False),
    sa.Column("component", sa.String(128), nullable=False),
    sa.Column("sheriff", sa.String(255), nullable=False),
    sa.Column("ticket", sa.String(128), nullable=True, unique=True),
    sa.Column("ticket_url", sa.Text, nullable=False),
    sa.Column("cause", sa.String(32), nullable=True),
    sa.Column("resolution", Words, nullable=False),
    sa.Column("severity", sa.String(16), nullable=False, server_default="normal"),
    sa.Column("application", sa.String(128), nullable=False, server_default=""),
    sa.Column("master", sa.String(64), nullable=False, server_default=""),
    sa.Column("reference", sa.JSON, nullable=False),
    sa.Column("searched", sa.Text, nullable=False),  # what a search looks at, in lower case
    sa.Index("ix_cases_opened", "opened", "id"),
    sa.Index("ix_cases_figures", "opened", "state", "component", "sheriff", "ticket"),  # all that weeks need
    sa.Index("ix_cases_state", "state", "opened", "id"),
    sa.Index("ix_cases_asker", "asker_id", "opened", "id"),
    sa.Index("ix_cases_conversation", "conversation", "opened", "id"),
    sa.Index("ix_cases_master", "master"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("data", JsonWords, nullable=False),
    sa.Index("ix_events_case", "case_id", "number"),
    sqlite_autoincrement=True,  # a number is never used twice
)

# The hinge between a stored event and its durable workflow: written with the event, removed when the workflow is done.
unheard = sa.Table(
    "unheard",
    metadata,
    sa.Column("event_number", sa.ForeignKey("events.number"), primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("workflow", sa.String(255), nullable=False),  # id of the one last started; "" for none
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("key", sa.String(512), primary_key=True),
    sa.Column("claimed", UtcTime, nullable=False, index=True),
    sa.Column("reply", sa.Text, nullable=True),  # null while it is being worked on
    sa.Column("owner", sa.String(32), nullable=False, server_default=""),  # life of the replica that works on it
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("member_id", sa.String(255), nullable=False, index=True),
    sa.Column("member_name", sa.String(255), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("text", Words, nullable=False),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.String(64), nullable=False, unique=True),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("body", Words, nullable=False),
    sa.Column("assignee", sa.String(255), nullable=False),
    sa.Column("opened", UtcTime, nullable=False),
    sa.Column("resolution", Words, nullable=False),
    sqlite_autoincrement=True,
)

ticket_comments = sa.Table(
    "ticket_comments",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("ticket_number", sa.ForeignKey("tickets.number"), nullable=False, index=True),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("author", sa.String(255), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.UniqueConstraint("ticket_number", "key", name="uq_ticket_comments_key"),
)

# Messages of ours that stand in a channel and belong to a case: found again to be updated, or by what people answer.
posts = sa.Table(
    "posts",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("conversation", sa.String(512), nullable=False),
    sa.Column("activity", sa.String(255), nullable=True),  # null while it is being sent
    sa.Column("claimed", UtcTime, nullable=False),
    sa.Column("owner", sa.String(32), nullable=False, server_default=""),  # life of the replica that sends it
    sa.UniqueConstraint("case_id", "purpose", name="uq_posts_case_id"),
    sa.Index("ix_posts_activity", "activity", "conversation"),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("text", Words, nullable=False),
    sa.Column("said", sa.String(512), nullable=False, unique=True),  # the text as it is compared
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, server_default="open"),
    sa.Column("master", sa.Integer, nullable=False, server_default="0"),  # number of the one that it is counted with
    sa.Column("reason", Words, nullable=False, server_default=""),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),  # two who saw the same cannot both change it
    sa.Index("ix_requests_master", "master"),
    sqlite_autoincrement=True,
)

# A vote stays with the request that it was given to; where requests are merged, the voters of all of them are counted.
votes = sa.Table(
    "votes",
    metadata,
    sa.Column("request", sa.ForeignKey("requests.number"), primary_key=True),
    sa.Column("voter", sa.String(255), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("name", sa.String(255), nullable=False, server_default=""),
    sa.Column("channel", sa.String(32), nullable=False, server_default=""),
    sa.Column("reference", sa.JSON, nullable=True),  # by which the channel reaches the voter later
    sa.Index("ix_votes_voter", "voter"),
)

request_events = sa.Table(
    "request_events",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("request", sa.ForeignKey("requests.number"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("data", JsonWords, nullable=False),
    sqlite_autoincrement=True,
)

# Who has yet to hear of what: written with the event, one row for each voter.
request_news = sa.Table(
    "request_news",
    metadata,
    sa.Column("event", sa.ForeignKey("request_events.number"), primary_key=True),
    sa.Column("voter", sa.String(255), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("claimed", UtcTime, nullable=True),  # since when somebody is telling it
    sa.Column("told", UtcTime, nullable=True, index=True),
    sa.Column("place", sa.String(64), nullable=False, server_default=""),  # such as "in Teams"
    sa.Index("ix_request_news_voter", "voter", "at"),
)

# Known issues that a sheriff pinned: matching questions get them first, until they end.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("questions", JsonWords, nullable=False),  # that it answers, beside its title
    sa.Column("ends", UtcTime, nullable=False, index=True),
    sa.Column(
        "case_id", sa.String(64), nullable=False, server_default=""
    ),  # that is worked on for all who are affected
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

notice_events = sa.Table(
    "notice_events",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("notice", sa.ForeignKey("notices.number"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("data", JsonWords, nullable=False),
    sqlite_autoincrement=True,
)

# Questions that rise: Sheriff proposes a notice for them, once.
notice_proposals = sa.Table(
    "notice_proposals",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),  # id of the first case: two who see it propose once
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("question", Words, nullable=False),  # the most central one
    sa.Column("cases", sa.JSON, nullable=False),  # ids
    sa.Column("askers", sa.Integer, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False, server_default=""),  # who pinned or dismissed it
    sa.Column("notice", sa.Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# What was learnt from resolved cases, on its way into the FAQ.
faq_drafts = sa.Table(
    "faq_drafts",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.String(64), nullable=False, unique=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("entry", JsonWords, nullable=False),  # id, question, phrasings, answer, docs
    sa.Column("target", sa.JSON, nullable=False),  # source and file that it goes into
    sa.Column("asked", Words, nullable=False),  # the original question, which is asked again as proof
    sa.Column("patch", Words, nullable=False, server_default=""),
    sa.Column("written", sa.String(128), nullable=False, server_default=""),  # the commit; "" for a patch alone
    sa.Column("proof", JsonWords, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("decided_by", sa.String(255), nullable=False, server_default=""),
    sa.Column("decided_at", UtcTime, nullable=True),
    sqlite_autoincrement=True,
)

# What people changed on the rota, on top of its file. The number is the version that a change leads to: two who write
# the same number cannot both succeed.
rota_changes = sa.Table(
    "rota_changes",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("data", JsonWords, nullable=False),
)

# What the rota tells by itself, such as the hand-over of a week; claimed by whoever tells it, so that it is told once.
rota_news = sa.Table(
    "rota_news",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("claimed", UtcTime, nullable=False),
    sa.Column("told", UtcTime, nullable=True),  # null while it is being told
    sa.Column("place", sa.String(64), nullable=False),  # such as "in Teams"; "" for the pages alone
    sa.Column("text", Words, nullable=False),
    sa.Column("owner", sa.String(32), nullable=False, server_default=""),  # life of the replica that tells it
)

# The processes that share this database. One whose beats stop growing has died.
replicas = sa.Table(
    "replicas",
    metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("life", sa.String(32), nullable=False),  # another one after each start
    sa.Column("beats", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),  # of the last beat, for people: clocks jump and differ
)

# Messages that a channel was told have arrived and that are not answered yet.
received = sa.Table(
    "received",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("owner", sa.String(32), nullable=False),  # life of the replica that works on it
    sa.Column("tries", sa.Integer, nullable=False),
)

# What the documentation lacks: each gap keeps its number while questions come and go.
gaps = sa.Table(
    "gaps",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("topic", sa.String(64), nullable=False),  # code of a diagnostic; "" for questions that mean the same
    sa.Column("name", Words, nullable=False),
    sa.Column("named_from", sa.String(64), nullable=False),  # id of the case whose question the name is
    sa.Column("component", sa.String(128), nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("page", sa.Text, nullable=False),  # id of the document to change; "" while none is known
    sa.Column("place", sa.Text, nullable=False),  # its title and headings
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("draft", Words, nullable=False),
    sa.Column("diagnosed", sa.String(64), nullable=False),  # what the diagnosis rests on
    sa.Column("opened", UtcTime, nullable=False),  # when it was first asked
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("closed", UtcTime, nullable=True),  # when it was verified
    sa.Column("version", sa.Integer, nullable=False),  # grows with each deed, so that of two people one is told
    sa.Column("joined", sa.ForeignKey("gaps.number"), nullable=True),  # the gap that has its questions now
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("questions", sa.Integer, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("weeks", sa.JSON, nullable=False),  # people who asked in each of the last weeks, the present one last
    sa.Index("ix_gaps_score", "state", "score"),
    sqlite_autoincrement=True,
)

gap_signals = sa.Table(
    "gap_signals",
    metadata,
    sa.Column("case_id", sa.String(64), primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("asker", sa.String(255), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("component", sa.String(128), nullable=False),
    sa.Column("said", sa.String(64), nullable=False),  # of equal questions the same
    sa.Column("gap", sa.ForeignKey("gaps.number"), nullable=True),
    sa.Index("ix_gap_signals_gap", "gap", "at"),
    sa.Index("ix_gap_signals_asker", "asker"),
    sa.Index("ix_gap_signals_said", "said"),
)

gap_texts = sa.Table(
    "gap_texts",
    metadata,
    sa.Column("said", sa.String(64), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),  # half precision
)

gap_events = sa.Table(
    "gap_events",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("gap", sa.ForeignKey("gaps.number"), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("by_id", sa.String(255), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Index("ix_gap_events_gap", "gap", "number"),
    sqlite_autoincrement=True,
)

# The issue of a gap where maintainers work: by its key it is found there again.
gap_issues = sa.Table(
    "gap_issues",
    metadata,
    sa.Column("gap", sa.ForeignKey("gaps.number"), primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("tried", UtcTime, nullable=True),  # when it was last asked for
    sa.Column("ticket", sa.String(128), nullable=False),  # "" until there is one
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("closed", UtcTime, nullable=True),  # by Sheriff, once the gap was verified
)

# One row: how far the ledger has read, and who is at it.
gap_ledger = sa.Table(
    "gap_ledger",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("seen", UtcTime, nullable=True),  # last change of a case that was read
    sa.Column("grouped", sa.Integer, nullable=False),  # different questions when all were last grouped together
    sa.Column("embeddings", sa.String(128), nullable=False),  # by which questions are compared
    sa.Column("asked", sa.String(64), nullable=False),  # index with which the questions were last asked again
    sa.Column("claimed", UtcTime, nullable=True),
    sa.Column("refreshed", UtcTime, nullable=True),
)

# The pages of the index as they were last seen, so that it is known which have changed since a gap was opened.
gap_pages = sa.Table(
    "gap_pages",
    metadata,
    sa.Column("document", sa.String(512), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("changed", UtcTime, nullable=True),  # null: as at the first time
)

# Tokens of language models on a day: of everybody, under "", and of each person, under a hash.
token_use = sa.Table(
    "token_use",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # 2026-03-29, where the rota is
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("tokens", sa.BigInteger, nullable=False),
)

# One row in a database whose cases are made up: nothing of it is told to anybody outside.
demonstration = sa.Table(
    "demonstration",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("weeks", sa.Integer, nullable=False),
)

# What figures are made of: a narrow row for each case, made anew from its events with each change. Moments are seconds.
case_facts = sa.Table(
    "case_facts",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("opened", sa.BigInteger, nullable=False, index=True),
    sa.Column("asker", sa.String(255), nullable=False),
    sa.Column("application", sa.String(128), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("component", sa.String(128), nullable=False),
    sa.Column("fate", sa.String(16), nullable=False),
    sa.Column("cited", sa.Integer, nullable=False),  # 0 or 1
    sa.Column("heard", sa.BigInteger, nullable=False),
    sa.Column("sheriff", sa.String(255), nullable=False),
    sa.Column("handed", sa.BigInteger, nullable=False),
    sa.Column("responded", sa.BigInteger, nullable=False),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger, nullable=False),
    sa.Column("pauses", sa.Text, nullable=False),  # "1764067200-1764070800 …"
    sa.Column("refused", sa.Integer, nullable=False),  # 0 or 1
    sa.Column("events", sa.Integer, nullable=False),
    sa.Index("ix_case_facts_asker", "asker", "opened"),
)

# Tokens of programs. What opens the door is not kept, only its SHA-256.
api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("expires", UtcTime, nullable=True),
    sa.Column("revoked", UtcTime, nullable=True),
    sa.Column("used", UtcTime, nullable=True),
    sqlite_autoincrement=True,
)

# Sessions that were ended before their time: by their id, by a person's id or address, or everybody's.
ended_sessions = sa.Table(
    "ended_sessions",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("before", UtcTime, nullable=False),  # what was begun until then is over
)

# What was done to tokens and sessions, and by whom.
access_events = sa.Table(
    "access_events",
    metadata,
    sa.Column("number", Serial, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("by_name", sa.String(255), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

# What ticket systems have sent, by its signature: the same again does nothing, whichever replica it reaches.
desk_deliveries = sa.Table(
    "desk_deliveries",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
)
