"""The ledger of gaps: what the documentation lacks, by what it is known, and who did what about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _gaps()
    _signals()
    op.create_table(
        "gap_events",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("gap", _SERIAL, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by_id", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gap"], ["gaps.number"], name="fk_gap_events_gap"),
        sa.PrimaryKeyConstraint("number", name="pk_gap_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gap_events_gap", "gap_events", ["gap", "number"])
    op.create_table(
        "gap_ledger",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("seen", _TIME, nullable=True),
        sa.Column("grouped", sa.Integer(), nullable=False),
        sa.Column("embeddings", sa.String(length=128), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("claimed", _TIME, nullable=True),
        sa.Column("refreshed", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_gap_ledger"),
    )
    op.create_table(
        "gap_pages",
        sa.Column("document", sa.String(length=512), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("changed", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("document", name="pk_gap_pages"),
    )


def _gaps() -> None:
    words = [sa.Column(name, sa.Text(), nullable=False) for name in ("why", "page", "place")]
    counts = [sa.Column(name, sa.Integer(), nullable=False) for name in ("people", "questions", "minutes")]
    op.create_table(
        "gaps",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("named_from", sa.String(length=64), nullable=False),
        sa.Column("component", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        *words,
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("diagnosed", sa.String(length=64), nullable=False),
        sa.Column("opened", _TIME, nullable=False),
        sa.Column("updated", _TIME, nullable=False),
        sa.Column("closed", _TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("joined", _SERIAL, nullable=True),
        *counts,
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("weeks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["joined"], ["gaps.number"], name="fk_gaps_joined"),
        sa.PrimaryKeyConstraint("number", name="pk_gaps"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gaps_score", "gaps", ["state", "score"])


def _signals() -> None:
    op.create_table(
        "gap_signals",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("asker", sa.String(length=255), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(length=128), nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("gap", _SERIAL, nullable=True),
        sa.ForeignKeyConstraint(["gap"], ["gaps.number"], name="fk_gap_signals_gap"),
        sa.PrimaryKeyConstraint("case_id", "topic", name="pk_gap_signals"),
    )
    op.create_index("ix_gap_signals_gap", "gap_signals", ["gap", "at"])
    op.create_index("ix_gap_signals_asker", "gap_signals", ["asker"])
    op.create_index("ix_gap_signals_said", "gap_signals", ["said"])
    op.create_table(
        "gap_texts",
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("said", name="pk_gap_texts"),
    )
