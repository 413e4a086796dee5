"""Opens the database of cases: SQLite in a file, or PostgreSQL. Brings its tables up to date before anyone uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm  # whole, before there are threads: DBOS imports it in one while others build queries
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, OperationalError

from bot.store.access_book import AccessBook
from bot.store.case_store import CaseStore
from bot.store.demonstration import DemonstrationMark
from bot.store.fact_book import FactBook
from bot.store.faq_store import FaqStore
from bot.store.gap_issues import GapIssues
from bot.store.gap_store import GapStore
from bot.store.notice_store import NoticeStore
from bot.store.posts import Posts
from bot.store.received import Received
from bot.store.replicas import Replicas
from bot.store.request_news import RequestNews
from bot.store.request_store import RequestStore
from bot.store.rota_book import RotaBook
from bot.store.rota_news import RotaNews
from bot.store.schema import upgrade
from bot.store.turn_log import Clock, TurnLog, utc_now
from bot.support.broadcast import Broadcast
from knowledge.errors import Failure, Misuse, Unavailable

_WAIT = 30  # seconds for the file's lock, as a writer holds it for milliseconds


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept about cases, on one database."""

    engine: sa.Engine
    cases: CaseStore
    facts: FactBook
    turns: TurnLog
    posts: Posts
    received: Received
    requests: RequestStore
    request_news: RequestNews
    notices: NoticeStore
    faq: FaqStore
    news: RotaNews
    gaps: GapStore
    gap_issues: GapIssues
    replicas: Replicas
    broadcast: Broadcast
    clock: Clock
    demonstration: DemonstrationMark
    access: AccessBook

    def rota(self, file: Path) -> RotaBook:
        """The rota in a file, with what people have changed on it."""
        return RotaBook(self.engine, file, clock=self.clock, broadcast=self.broadcast)

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str, *, clock: Clock = utc_now, broadcast: Broadcast | None = None, replica: str = "") -> Store:
    """The store behind a URL such as sqlite:////var/lib/sheriff/sheriff.db or postgresql://user@host/sheriff.

    A missing SQLite file is made, with its folder; older tables are brought up to date. `replica` names this process
    among those that share the database; without a name it is a passer-by, such as a command.

    Raises Misuse for a URL that is none, and Failure naming the database and the remedy when it cannot be opened or
    was written by a newer Sheriff.
    """
    engine = _engine(url)
    with _closed_on_failure(engine):
        upgrade(engine)
    sa.event.listen(engine, "handle_error", _name_the_trouble)
    broadcast = broadcast or Broadcast()
    replicas = Replicas(engine, name=replica, clock=clock)
    return Store(
        engine,
        CaseStore(engine, broadcast=broadcast),
        FactBook(engine),
        TurnLog(engine, clock=clock, owner=replicas.life),
        Posts(engine, clock=clock, owner=replicas.life),
        Received(engine, clock=clock, owner=replicas.life),
        RequestStore(engine, clock=clock),
        RequestNews(engine, clock=clock),
        NoticeStore(engine, clock=clock),
        FaqStore(engine, clock=clock),
        RotaNews(engine, clock=clock, owner=replicas.life),
        GapStore(engine, clock=clock),
        GapIssues(engine, clock=clock),
        replicas,
        broadcast,
        clock,
        DemonstrationMark(engine),
        AccessBook(engine, clock=clock),
    )


def has_database(url: str) -> bool:
    """Whether opening it would make no new file; a server's database counts as there."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return False
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


@contextmanager
def opened_engine(url: str) -> Iterator[sa.Engine]:
    """The database as it is, for those who look at its schema or copy it. Raises as `open_store` does."""
    engine = _engine(url)
    with _closed_on_failure(engine):
        yield engine
    engine.dispose()


@contextmanager
def _closed_on_failure(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        engine.dispose()
        raise Failure(_why_not(engine.url, str(error.orig).strip(), "opened")) from error
    except Failure:
        engine.dispose()
        raise


class StoreUnavailable(Unavailable):
    """The database opened, and now it does not do its work: the disk is full, the server is gone."""


def _name_the_trouble(context: sa.ExceptionContext) -> StoreUnavailable | None:
    """Trouble of the database as a sentence of ours; what says that a row is there already stays as it is."""
    error = context.sqlalchemy_exception
    if not isinstance(error, DatabaseError) or type(error) not in {DatabaseError, OperationalError}:
        return None
    return StoreUnavailable(_why_not(context.engine.url, str(error.orig).strip(), "used")) if context.engine else None


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise Misuse(f"{parsed.drivername} is not supported. Name a database as sqlite:///… or postgresql://…")
        if parsed.get_backend_name() == "postgresql":
            return sa.create_engine(parsed, pool_pre_ping=True)
        _make_folder(parsed)
        engine = sa.create_engine(parsed, connect_args={"timeout": _WAIT})
    except (ArgumentError, NoSuchModuleError) as error:
        raise Misuse(f"{url!r} is not a database URL. Write sqlite:///… or postgresql://…") from error
    sa.event.listen(engine, "connect", _configure_sqlite)
    if parsed.database and parsed.database != ":memory:":
        _watch(engine, Path(parsed.database))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _watch(engine: sa.Engine, file: Path) -> None:
    """Nothing is written to a file that was moved away or deleted: SQLite would go on, and all would be lost."""
    opened: set[int] = set()  # inodes

    def connecting(*_: object) -> None:
        if opened and not file.exists():  # SQLite would make an empty one
            raise _is_gone(file)

    def connected(_connection: object, record: Any) -> None:
        record.info["file"] = file.stat().st_ino
        opened.add(record.info["file"])

    def begins(connection: sa.Connection) -> None:
        try:
            same = file.stat().st_ino == connection.info["file"]
        except FileNotFoundError:
            raise _is_gone(file) from None
        if not same:  # with the log of the first one beside it, the two would be mixed
            raise StoreUnavailable(
                f"The database {file} was replaced while Sheriff used it. Stop Sheriff, then use `sheriff restore`."
            )

    sa.event.listen(engine, "do_connect", connecting)
    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begins)


def _is_gone(file: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"The database {file} is gone. Put it back, or restore a backup; nothing is stored meanwhile."
    )


def _make_folder(url: sa.URL) -> None:
    file = Path(url.database or "sheriff.db")
    if file.is_dir():
        raise Failure(f"{file} is a folder, not a database. Name a file in it: sqlite:///{file}/sheriff.db")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(
            f"{file.parent}: the folder of the database cannot be made ({reason}). Choose another."
        ) from error


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, below
    for pragma in (f"busy_timeout = {_WAIT * 1000}", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    write_ahead(connection)


def write_ahead(connection: Any) -> None:
    """Readers do not wait for writers from now on.

    A new file's first change of the journal needs it alone, and of several processes that start at once SQLite fails
    all but one without waiting, whatever the time-out says: they try again.
    """
    deadline, pause = monotonic() + _WAIT, 0.01
    switched = None
    while switched is None:
        try:
            switched = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(pause := min(1.5 * pause, 0.2))


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers queue for the lock when they begin: taking it later can fail at once, and no timeout helps then."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _why_not(url: sa.URL, reason: str, verb: str) -> str:
    place = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    remedies = {
        "file is not a database": "Move it away to begin with an empty one, or restore a backup.",
        "malformed": "Restore a backup, or move it away to begin with an empty one.",
        "unable to open": "Check that this account may write there, or choose another place.",
        "readonly": "Let this account write to the file and its folder.",
        "disk is full": "Make room on the disk.",
        "locked": "Stop the other program that uses it.",
        "permission denied": "Run `sheriff db upgrade` once, as a database user who may create tables.",
    }
    usual = "Check that the server runs and that user, password and database name are right."
    if url.get_backend_name() == "sqlite":
        usual = "Check that this account may write there."
    remedy = next((words for sign, words in remedies.items() if sign in reason), usual)
    return f"The database {place} cannot be {verb}: {reason.splitlines()[0]}. {remedy}"
