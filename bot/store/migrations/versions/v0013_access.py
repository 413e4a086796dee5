"""API tokens, sessions that were ended, what was done to both, and what ticket systems have sent already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=True),
        sa.Column("revoked", _MOMENT, nullable=True),
        sa.Column("used", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_api_tokens"),
        sa.UniqueConstraint("digest", name="uq_api_tokens_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ended_sessions",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("before", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_ended_sessions"),
    )
    op.create_table(
        "access_events",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_access_events"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_deliveries",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_desk_deliveries"),
    )
    op.create_index("ix_desk_deliveries_at", "desk_deliveries", ["at"])
