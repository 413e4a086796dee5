"""`sheriff db`: the version of the tables, and whether what they hold is sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from bot.settings import Settings
from bot.store import schema
from bot.store.audit import audit
from bot.store.migrations import HEAD
from bot.store.opening import opened_engine
from bot.store.tables import replicas
from bot.store_wiring import opened_store
from bot.workflows import prepare_database
from knowledge.errors import Failure


def upgrade_command(settings: Settings) -> None:
    """Bring the tables of cases and workflows up to date, and say what was done."""
    with opened_engine(settings.database) as engine:
        done = schema.upgrade(engine)
        place = place_of(engine.url)
    prepare_database(settings.workflow_database)
    if done.before == done.after:
        print(f"{place}: up to date (version {done.after}).")
    else:
        print(f"{place}: upgraded from {f'version {done.before}' if done.before else 'nothing'} to {done.after}.")


def status_command(settings: Settings) -> None:
    """Say which version the tables have, and who works on them. Raises Failure unless they are up to date."""
    file = sqlite_file(settings.database)
    if file is not None and not file.exists():
        raise Failure(f"{file}: there is no database yet. `sheriff serve` or `sheriff db upgrade` makes it.")
    with opened_engine(settings.database) as engine:
        place, found = place_of(engine.url), schema.version(engine)
        if found == HEAD:
            print("\n".join([f"{place}: up to date (version {found}).", *_replicas(engine)]))
            return
    if schema.is_newer(found):
        raise Failure(f"{place}: version {found} is of a newer Sheriff; this one knows {HEAD}. Run the newer one.")
    raise Failure(f"{place}: version {found or 'none'}; this program needs {HEAD}. Run `sheriff db upgrade`.")


def check_command(settings: Settings) -> None:
    """Say whether the whole database is sound. Raises Failure when it is damaged or something is doubled."""
    with opened_store(settings) as store:
        place, found = place_of(store.engine.url), audit(store.engine)
    if found.damage:
        raise Failure(f"{place} is damaged: {found.damage}. Stop Sheriff and restore a backup: `sheriff restore FILE`.")
    print(f"{place}: sound. {found.cases:,} cases, {found.handed_over:,} handed over.")
    for count, words in (
        (len(found.without_ticket), "wait for their ticket"),
        (len(found.refused), "were refused a ticket: the desk page says why, and can have it tried again"),
        (len(found.untold), "wait until their sheriff is told"),
        (found.unheard, "changes are on their way to somebody; a running Sheriff sees to that"),
    ):
        if count:
            print(f"  {count:,} {words}.")
    if found.doubled:
        raise Failure(f"Told or opened twice: {', '.join(found.doubled)}. Please report it, with their events.")


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for another kind."""
    parsed = sa.make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def place_of(url: sa.URL) -> str:
    """A database as people name it, without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _replicas(engine: sa.Engine) -> Iterator[str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(replicas).order_by(replicas.c.name)).all()
    for row in rows:
        yield f"  replica {row.name}: last heard of {row.at:%Y-%m-%d %H:%M:%S} UTC"
