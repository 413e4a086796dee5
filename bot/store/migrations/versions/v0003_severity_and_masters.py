"""How urgent a case is, for which application, and which other case is worked on for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Cases that were there have the severity of those that say nothing."""
    for name, length, default in (("severity", 16, "normal"), ("application", 128, ""), ("master", 64, "")):
        op.add_column("cases", sa.Column(name, sa.String(length=length), nullable=False, server_default=default))
    op.create_index("ix_cases_master", "cases", ["master"], unique=False)
