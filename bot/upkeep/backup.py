"""`sheriff backup` and `sheriff restore`: the state of a home on SQLite in one file, taken while Sheriff serves."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from bot.occupancy import occupied
from bot.settings import Settings
from bot.store import schema
from bot.store.migrations import HEAD
from bot.upkeep.databases import sqlite_file
from ingestion import generations, manifest
from knowledge.errors import Failure, Misuse

FORMAT = 1
CASES, WORKFLOWS, SOURCES, ABOUT = "sheriff.db", "workflows.db", "sources.json", "backup.json"
_BESIDE = ("", "-wal", "-shm")  # an SQLite database and what belongs to it
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a home are; they need not exist."""

    home: Path
    cases: Path
    workflows: Path

    def of(self, name: str) -> Path:
        return {CASES: self.cases, WORKFLOWS: self.workflows, SOURCES: self.home / SOURCES}[name]


def backup_command(settings: Settings, target: Path, *, now: datetime) -> None:
    """Write a backup, check it, and say what is in it. Raises Misuse on PostgreSQL, Failure when it cannot be made."""
    places = _places(settings, "backup", target)
    if not places.cases.is_file():
        raise Failure(f"{places.cases}: there are no cases to back up yet. Name the home that has them: --home.")
    if target.exists():
        raise Misuse(f"{target} is there already. Name a new file: a backup replaces none.")
    if not target.parent.is_dir():
        raise Misuse(f"{target}: there is no folder {target.parent}. Make it, or name another file.")
    with TemporaryDirectory(prefix=".sheriff-backup-", dir=target.parent) as scratch:
        about = _collect(places, Path(scratch), now)
        draft = Path(scratch) / "draft"
        _pack(Path(scratch), about, draft)
        draft.chmod(0o600)  # it holds what people asked
        draft.replace(target)
    size = target.stat().st_size
    print(f"Written to {target}: {about['cases']:,} cases, version {about['schema']}, {size / 1e6:.1f} MB.")
    print("Keys and sheriff.yaml are not in it, nor the index: that is built from the sources.")


def restore_command(settings: Settings, source: Path, *, now: datetime) -> None:
    """Put a backup in the place of a home's state; what was there is kept aside. Nothing is changed before the backup
    is found to be whole. Raises Failure while a server holds the home."""
    places = _places(settings, "restore", source)
    places.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    why = f"Sheriff serves from {places.home}. Stop it, then restore, then start it again."
    with (
        occupied(places.home, why=why),
        TemporaryDirectory(prefix=".restoring-", dir=places.home) as scratch,
    ):
        about = _unpack(source, Path(scratch))
        aside = _put_aside(places, now)
        for name in about["files"]:
            (Path(scratch) / name).replace(places.of(name))
    print(f"Restored {about['cases']:,} cases as they were on {about['made']} (version {about['schema']}).")
    if aside:
        print(f"What was there before is in {aside}; remove it when you are sure.")
    print(f"`sheriff serve` upgrades the tables if need be and brings the index up to date ({_index_words(about)}).")


def _places(settings: Settings, verb: str, file: Path) -> Places:
    cases = sqlite_file(settings.database)
    if cases is None:
        raise Misuse(_with_postgresql(sa.make_url(settings.database), verb, file))
    workflows = sqlite_file(settings.workflow_database)
    return Places(settings.home, cases, workflows or settings.home / WORKFLOWS)


def _with_postgresql(url: sa.URL, verb: str, file: Path) -> str:
    place = url.set(drivername="postgresql")._replace(password=None).render_as_string()  # pg_dump knows no +psycopg
    if verb == "backup":
        command = f"pg_dump --format=custom --file={file} '{place}'"
    else:
        command = f"pg_restore --clean --if-exists --no-owner --single-transaction --dbname='{place}' {file}"
    stop = "" if verb == "backup" else " Stop all replicas first."
    return (
        f"The cases are in PostgreSQL, which has its own tools. With the password in PGPASSWORD, run: {command}{stop}"
    )


def _collect(places: Places, folder: Path, now: datetime) -> dict[str, Any]:
    """Copies of all files in `folder`, and what is known of them."""
    if places.workflows.is_file():  # first: what the cases have and the workflows lack is begun anew after a restore
        _copy_database(places.workflows, folder / WORKFLOWS)
    _copy_database(places.cases, folder / CASES)
    remembered = places.of(SOURCES)
    if remembered.is_file():
        (folder / SOURCES).write_bytes(remembered.read_bytes())
    version, count = _look_into(folder / CASES)
    return {
        "format": FORMAT,
        "made": f"{now:%Y-%m-%d %H:%M:%S} UTC",
        "schema": version,
        "cases": count,
        "index": _index(places.home),
        "files": {
            name: _fingerprint(folder / name) for name in (CASES, WORKFLOWS, SOURCES) if (folder / name).exists()
        },
    }


def _copy_database(source: Path, target: Path) -> None:
    """A copy of one moment, by SQLite's own online backup; writers go on meanwhile."""
    with _trouble(source), closing(_connected(source)) as running, closing(sqlite3.connect(target)) as copy:
        running.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    _expect_sound(target, source.name)


def _expect_sound(file: Path, name: str) -> None:
    with _trouble(file), closing(sqlite3.connect(file)) as database:
        found = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise Failure(f"{name} is damaged: {'; '.join(found)}. Use another backup, or an older one.")


def _look_into(cases: Path) -> tuple[str, int]:
    """The version of the tables and how many cases there are."""
    with _trouble(cases), closing(sqlite3.connect(cases)) as database:
        version = str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        return version, int(database.execute("SELECT count(*) FROM cases").fetchone()[0])


@contextmanager
def _trouble(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, TypeError) as error:
        raise Failure(
            f"{file} cannot be read as a database of cases ({error}). Check the path, and `sheriff db check`."
        ) from error


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=60)


def _index(home: Path) -> Mapping[str, Any]:
    """The index by name and size, so that it can be told whether a later one holds the same."""
    folder = generations.current(home)
    held = manifest.read(folder) if folder else None
    if folder is None or held is None:
        return {}
    return {"generation": folder.name, "documents": len(held.documents), "embedder": held.embedder}


def _index_words(about: Mapping[str, Any]) -> str:
    index = about["index"]
    return f"it held {index['documents']:,} documents, {index['generation']}" if index else "there was none"


def _fingerprint(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _pack(folder: Path, about: Mapping[str, Any], draft: Path) -> None:
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(ABOUT, json.dumps(about, indent=1))
        for name in about["files"]:
            packed.write(folder / name, name)


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """All files of a backup in `folder`, found to be whole and of a version that this program knows."""
    try:
        with zipfile.ZipFile(source) as packed:
            about = _about(packed, source)
            for name, fingerprint in about["files"].items():
                _extract(packed, name, folder / name)
                if _fingerprint(folder / name) != fingerprint:
                    raise Failure(f"{source}: {name} in it is not as it was written. Use another copy of the backup.")
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise Failure(f"{source} is no whole backup of Sheriff ({error}). Use another copy of it.") from error
    for name in (CASES, WORKFLOWS):
        if name in about["files"]:
            _expect_sound(folder / name, f"{name} in {source}")
    version, about["cases"] = _look_into(folder / CASES)
    if schema.is_newer(version):
        raise Failure(f"{source} was made by a newer Sheriff (version {version}; this one knows {HEAD}). Use that one.")
    return about


def _about(packed: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(packed.read(ABOUT))
    if about["format"] > FORMAT:
        raise Failure(f"{source} was made by a newer Sheriff. Restore it with that version.")
    unknown = set(about["files"]) - {CASES, WORKFLOWS, SOURCES}
    if unknown or CASES not in about["files"]:
        raise Failure(f"{source} is no backup of Sheriff: it holds {', '.join(sorted(about['files']))}.")
    return about


def _extract(packed: zipfile.ZipFile, name: str, target: Path) -> None:
    with packed.open(name) as stored, target.open("wb") as file:
        while piece := stored.read(_PIECE):
            file.write(piece)


def _put_aside(places: Places, now: datetime) -> Path | None:
    """Move what is there out of the way; a journal left beside another database would damage it."""
    found = _existing(places)
    if not found:
        return None
    aside = places.home / f"before-restore-{now:%Y%m%d-%H%M%S}"
    aside.mkdir()
    for file in found:
        file.replace(aside / file.name)
    return aside


def _existing(places: Places) -> Sequence[Path]:
    databases = [Path(f"{file}{beside}") for file in (places.cases, places.workflows) for beside in _BESIDE]
    return [file for file in (*databases, places.of(SOURCES)) if file.exists()]
