"""Messages in channels that belong to cases, feature requests and their votes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _posts()
    _requests()
    _votes()


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("conversation", sa.String(length=512), nullable=False),
        sa.Column("activity", sa.String(length=255), nullable=True),
        sa.Column("claimed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_posts_case_id"),
        sa.PrimaryKeyConstraint("number", name="pk_posts"),
        sa.UniqueConstraint("case_id", "purpose", name="uq_posts_case_id"),
    )
    op.create_index("ix_posts_activity", "posts", ["activity", "conversation"], unique=False)


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said", sa.String(length=512), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_requests"),
        sa.UniqueConstraint("said", name="uq_requests_said"),
        sqlite_autoincrement=True,
    )


def _votes() -> None:
    op.create_table(
        "votes",
        sa.Column("request", SERIAL, nullable=False),
        sa.Column("voter", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.number"], name="fk_votes_request"),
        sa.PrimaryKeyConstraint("request", "voter", name="pk_votes"),
    )
