"""Which replica tells what the rota has to tell, so that another one takes over from one that has died."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rota_news", sa.Column("owner", sa.String(length=32), nullable=False, server_default=""))
