"""Generations of the index: a new one is built beside the served one, then a pointer is switched.

home/index/CURRENT names the generation that is served, home/index/gen-0001 and so on hold them. A published generation
is never written again. The one before it is kept, because a search may still be using it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from knowledge.errors import Failure, IndexBroken

POINTER: Final = "CURRENT"
LOCK: Final = "ingest.lock"
LEAST_ROOM: Final = 20_000_000  # bytes
NAME: Final = re.compile(r"gen-\d{4,}")


def index_folder(home: Path) -> Path:
    """Where the generations of a home lie."""
    return home / "index"


def current(home: Path) -> Path | None:
    """The folder of the generation to serve; None when nothing was published yet."""
    try:
        name = (index_folder(home) / POINTER).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = index_folder(home) / name
    return folder if NAME.fullmatch(name) and folder.is_dir() else None


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Be the only ingest of a home. Raises Failure when another one is under way."""
    folder = index_folder(home)
    with trouble(folder):
        if not home.exists():
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Failure(f"Another ingest is writing to {folder}. Wait until it is done, then run it again.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def trouble(folder: Path) -> Iterator[None]:
    """Errors of the file system as a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise Failure(
            f"The index in {folder} cannot be written: {what}. Check its permissions and the free space, "
            "or name another folder with --home."
        ) from error


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """On a disk without room an index breaks in many ways: they are told as what they are."""
    try:
        yield
    except IndexBroken as error:
        free = shutil.disk_usage(folder).free
        if free >= LEAST_ROOM:
            raise
        raise Failure(
            f"The index in {folder.parent} cannot be written: only {free / 1e6:.1f} MB are free there. Make room, "
            "or name another folder with --home."
        ) from error


@dataclass(frozen=True, slots=True)
class Draft:
    """A generation that is being built; nobody reads it yet."""

    home: Path
    folder: Path

    def publish(self) -> None:
        """Serve this generation from now on, and forget all but the one before."""
        before = current(self.home)
        pointer = index_folder(self.home) / POINTER
        scratch = pointer.with_name(f"{POINTER}.new")
        with scratch.open("w", encoding="utf-8") as file:
            file.write(f"{self.folder.name}\n")
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(pointer)
        _remove_others(self.home, {self.folder, before})


@contextmanager
def draft(home: Path, *, copy_of: Path | None) -> Iterator[Draft]:
    """A new generation, empty or a copy of another; what is not published by the end is removed."""
    folder = index_folder(home)
    new = folder / f"gen-{_highest(folder) + 1:04}"
    drafted = Draft(home, new)
    try:
        with trouble(folder):
            _remove_unpublished(home)
            if copy_of is None:
                new.mkdir()
            else:
                shutil.copytree(copy_of, new, ignore=shutil.ignore_patterns("*.lock"))
        yield drafted
    finally:
        if current(home) != new:
            shutil.rmtree(new, ignore_errors=True)


def _highest(folder: Path) -> int:
    return max((_number(child) for child in folder.iterdir() if NAME.fullmatch(child.name)), default=0)


def _remove_unpublished(home: Path) -> None:
    """What crashed runs left: generations newer than the served one."""
    served = current(home)
    for child in index_folder(home).iterdir():
        if NAME.fullmatch(child.name) and (served is None or _number(child) > _number(served)):
            shutil.rmtree(child, ignore_errors=True)


def _remove_others(home: Path, kept: set[Path | None]) -> None:
    """Older generations; one that cannot be removed is tried again by the next run."""
    for child in index_folder(home).iterdir():
        if NAME.fullmatch(child.name) and child not in kept:
            shutil.rmtree(child, ignore_errors=True)


def _number(generation: Path) -> int:
    return int(generation.name.removeprefix("gen-"))
