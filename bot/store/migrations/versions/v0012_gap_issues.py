"""The issue that a gap has where maintainers work; an index from which the figures of weeks are counted alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gap_issues",
        sa.Column("gap", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("tried", _TIME, nullable=True),
        sa.Column("ticket", sa.String(length=128), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("closed", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["gap"], ["gaps.number"], name="fk_gap_issues_gap"),
        sa.PrimaryKeyConstraint("gap", name="pk_gap_issues"),
        sa.UniqueConstraint("key", name="uq_gap_issues_key"),
    )
    op.create_index("ix_cases_figures", "cases", ["opened", "state", "component", "sheriff", "ticket"])
