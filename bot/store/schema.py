"""The version of a database's tables: what it is, and how it is brought to that of this program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bot.store.migrations import HEAD
from knowledge.errors import Failure

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 7_402_193_554  # any number that is ours: PostgreSQL lets one process at a time migrate under it


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Versions before and after; "" for a database without tables."""

    before: str
    after: str


def version(engine: sa.Engine) -> str:
    """The version of the tables; "" when there are none yet."""
    with engine.connect() as connection:
        return _version(connection)


def is_newer(found: str) -> bool:
    """Whether a version is one that this program does not know yet."""
    return bool(found) and found not in _known()


def upgrade(engine: sa.Engine) -> Upgrade:
    """Bring the tables up to date, in one transaction; safe to repeat, and from several processes at once.

    Raises Failure when they were written by a newer Sheriff.
    """
    before = version(engine)
    if before == HEAD:
        return Upgrade(before, before)
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        before = _version(connection)  # another process may have been faster
        if is_newer(before):
            raise Failure(
                f"{engine.url.render_as_string()} was written by a newer Sheriff: its tables have version {before}, "
                f"this program knows {HEAD}. Run the newer version, name another database, or restore a backup."
            )
        if before != HEAD:
            _migrate(connection)
    return Upgrade(before, HEAD)


def _version(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or ""


def _known() -> frozenset[str]:
    """All versions there are steps to: the name of each step's file begins with it."""
    return frozenset(file.name[1:5] for file in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))


def _migrate(connection: sa.Connection, to: str = "head") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
