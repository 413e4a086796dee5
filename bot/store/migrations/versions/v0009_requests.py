"""Feature requests get states, are merged, and their voters are told; notices; entries for the FAQ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _requests()
    _request_history()
    _notices()
    _faq_drafts()


def _requests() -> None:
    op.add_column("requests", sa.Column("state", sa.String(length=16), nullable=False, server_default="open"))
    op.add_column("requests", sa.Column("master", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("requests", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("requests", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_requests_master", "requests", ["master"])
    op.add_column("votes", sa.Column("name", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("votes", sa.Column("channel", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("votes", sa.Column("reference", sa.JSON(), nullable=True))
    op.create_index("ix_votes_voter", "votes", ["voter"])


def _request_history() -> None:
    op.create_table(
        "request_events",
        sa.Column("number", SERIAL, nullable=False, autoincrement=True),
        sa.Column("request", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.number"], name="fk_request_events_request"),
        sa.PrimaryKeyConstraint("number", name="pk_request_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_request_events_request", "request_events", ["request"])
    op.create_table(
        "request_news",
        sa.Column("event", SERIAL, nullable=False),
        sa.Column("voter", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=64), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["event"], ["request_events.number"], name="fk_request_news_event"),
        sa.PrimaryKeyConstraint("event", "voter", name="pk_request_news"),
    )
    op.create_index("ix_request_news_told", "request_news", ["told"])
    op.create_index("ix_request_news_voter", "request_news", ["voter", "at"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("number", SERIAL, nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("number", name="pk_notices"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_ends", "notices", ["ends"])
    op.create_table(
        "notice_events",
        sa.Column("number", SERIAL, nullable=False, autoincrement=True),
        sa.Column("notice", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"], name="fk_notice_events_notice"),
        sa.PrimaryKeyConstraint("number", name="pk_notice_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_events_notice", "notice_events", ["notice"])
    op.create_table(
        "notice_proposals",
        sa.Column("number", SERIAL, nullable=False, autoincrement=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("askers", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False, server_default=""),
        sa.Column("notice", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("number", name="pk_notice_proposals"),
        sa.UniqueConstraint("key", name="uq_notice_proposals_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_proposals_at", "notice_proposals", ["at"])


def _faq_drafts() -> None:
    op.create_table(
        "faq_drafts",
        sa.Column("number", SERIAL, nullable=False, autoincrement=True),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("patch", sa.Text(), nullable=False, server_default=""),
        sa.Column("written", sa.String(length=128), nullable=False, server_default=""),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("decided_by", sa.String(length=255), nullable=False, server_default=""),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_faq_drafts"),
        sa.UniqueConstraint("case_id", name="uq_faq_drafts_case_id"),
        sqlite_autoincrement=True,
    )
