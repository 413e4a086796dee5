"""Cases with their events, answered turns, notifications, and the tickets of the built-in desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _tickets()
    _turns()
    _events()
    _notifications()
    _ticket_comments()
    _unheard()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asker_id", sa.String(length=255), nullable=False),
        sa.Column("asker_name", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("conversation", sa.String(length=512), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("citations", sa.JSON(), nullable=False),
        sa.Column("component", sa.String(length=128), nullable=False),
        sa.Column("sheriff", sa.String(length=255), nullable=False),
        sa.Column("ticket", sa.String(length=128), nullable=True),
        sa.Column("ticket_url", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("ticket", name="uq_cases_ticket"),
    )
    op.create_index("ix_cases_asker", "cases", ["asker_id", "opened", "id"], unique=False)
    op.create_index("ix_cases_conversation", "cases", ["conversation", "opened", "id"], unique=False)
    op.create_index("ix_cases_opened", "cases", ["opened", "id"], unique=False)
    op.create_index("ix_cases_state", "cases", ["state", "opened", "id"], unique=False)


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("assignee", sa.String(length=255), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_tickets"),
        sa.UniqueConstraint("case_id", name="uq_tickets_case_id"),
        sqlite_autoincrement=True,
    )


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("claimed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_turns"),
    )
    op.create_index("ix_turns_claimed", "turns", ["claimed"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_events_case_id"),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_case", "events", ["case_id", "number"], unique=False)


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=255), nullable=False),
        sa.Column("member_name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_notifications_case_id"),
        sa.PrimaryKeyConstraint("number", name="pk_notifications"),
        sa.UniqueConstraint("key", name="uq_notifications_key"),
    )
    op.create_index("ix_notifications_at", "notifications", ["at"], unique=False)
    op.create_index("ix_notifications_member_id", "notifications", ["member_id"], unique=False)


def _ticket_comments() -> None:
    op.create_table(
        "ticket_comments",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("ticket_number", SERIAL, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name="fk_ticket_comments_ticket_number"),
        sa.PrimaryKeyConstraint("number", name="pk_ticket_comments"),
        sa.UniqueConstraint("ticket_number", "key", name="uq_ticket_comments_key"),
    )
    op.create_index("ix_ticket_comments_ticket_number", "ticket_comments", ["ticket_number"], unique=False)


def _unheard() -> None:
    op.create_table(
        "unheard",
        sa.Column("event_number", SERIAL, nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workflow", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_unheard_case_id"),
        sa.ForeignKeyConstraint(["event_number"], ["events.number"], name="fk_unheard_event_number"),
        sa.PrimaryKeyConstraint("event_number", name="pk_unheard"),
    )
    op.create_index("ix_unheard_case_id", "unheard", ["case_id"], unique=False)
