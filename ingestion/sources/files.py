"""Finding and decoding the files of a folder; every obstacle becomes a sentence instead of an exception."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.sources.entries import Entry, Skipped
from knowledge.errors import Misuse

MAX_BYTES = 5_000_000
DEEPEST = 100  # folders inside each other
PASSED_OVER = frozenset({"node_modules", "__pycache__"})
# What a terminal obeys, what turns the reading direction, what ends a line, what is no character at all.
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_CHANGED = "changed while it was read; the next run reads it again"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file gave no text."""

    reason: str
    keeps: bool = True


def find(source: str, folder: Path, wanted: Callable[[str], bool]) -> Iterator[Entry | Skipped]:
    """Files below folder whose POSIX path is wanted, sorted; hidden files and folders are passed over.

    Raises Misuse when the folder is not there.
    """
    if not folder.exists():
        raise Misuse(f"Source {source!r}: there is no folder {folder}. Create it, or correct the path.")
    if not folder.is_dir():
        raise Misuse(f"Source {source!r}: {folder} is not a folder. Name the folder it lies in.")
    root = folder.resolve()
    yield from _walk(source, root, root, wanted)


def entry_of(source: str, file: Path, path: str, root: Path) -> Entry | Skipped:
    """The entry of one file, or why it has none."""
    place = f"{source}:{printable(path)}"
    if printable(path) != path:
        odd = "is not UTF-8" if path.encode("utf-8", "replace").decode() != path else "holds invisible characters"
        return Skipped(place, f"its name {odd}; rename it", keeps=False)
    try:
        if file.is_symlink() and not file.resolve(strict=True).is_relative_to(root):
            return Skipped(place, "links to a file outside the source's folder; copy it there", keeps=False)
        found = file.stat()
    except (OSError, RuntimeError) as error:
        return Skipped(place, *_obstacle(error))
    if not stat.S_ISREG(found.st_mode):
        return Skipped(place, "is not an ordinary file", keeps=False)
    return Entry(path, file, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _obstacle(error: OSError | RuntimeError) -> tuple[str, bool]:
    """Why a file cannot be looked at, and whether that may pass."""
    if isinstance(error, FileNotFoundError):
        return "links to a file that does not exist", False
    # Before Python 3.13 a loop of links is a RuntimeError.
    if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
        return "links to itself; remove it", False
    return f"cannot be looked at: {explain(error)}", True


def text_of(entry: Entry) -> str | Unreadable:
    """The file's text with line feeds only, or why there is none."""
    if entry.size > MAX_BYTES:
        return Unreadable(f"is {entry.size / 1e6:.1f} MB; files up to 5 MB are read: split it", keeps=False)
    content = _content(entry)
    if isinstance(content, Unreadable):
        return content
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Unreadable("is not text (it holds NUL bytes); save it as UTF-8 if it should be read")
    try:
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Unreadable(f"is not UTF-8 (line {line}); save it as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text if text.strip() else Unreadable("is empty", keeps=False)


def _content(entry: Entry) -> bytes | Unreadable:
    """The bytes of the file that was listed: never of another one that has taken its place, and never waiting."""
    try:
        with open(entry.location, "rb", opener=lambda path, _: os.open(path, _OPENING)) as file:
            if _look(file.fileno()) != (entry.size, entry.modified, entry.changed):
                return Unreadable(_CHANGED)
            content = file.read(MAX_BYTES + 1)
            after = _look(file.fileno())
    except OSError as error:
        return Unreadable(f"cannot be read: {explain(error)}")
    return content if after == (len(content), entry.modified, entry.changed) else Unreadable(_CHANGED)


def _look(descriptor: int) -> tuple[int, int, int]:
    found = os.fstat(descriptor)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def explain(error: Exception) -> str:
    """The system's own words without number and path: "Permission denied"."""
    return getattr(error, "strerror", None) or str(error)


def printable(path: str) -> str:
    """The path with bytes that are no UTF-8, and characters that nobody sees, shown as question marks."""
    return _ODD.sub("?", path)


def _walk(source: str, folder: Path, root: Path, wanted: Callable[[str], bool]) -> Iterator[Entry | Skipped]:
    if len(folder.parts) - len(root.parts) > DEEPEST:
        inside = printable(folder.relative_to(root).as_posix())
        yield Skipped(f"{source}:{inside}/", f"lies more than {DEEPEST} folders deep; move it up", keeps=False)
        return
    try:
        with os.scandir(folder) as found:
            children = sorted(found, key=lambda child: child.name)
    except OSError as error:
        if folder == root:
            raise Misuse(
                f"Source {source!r}: {folder} cannot be opened: {explain(error)}. Check its permissions."
            ) from error
        inside = folder.relative_to(root).as_posix()
        yield Skipped(f"{source}:{printable(inside)}/", f"the folder cannot be opened: {explain(error)}")
        return
    for child in children:
        if child.name.startswith(".") or child.name in PASSED_OVER:
            continue
        file = Path(child.path)
        path = file.relative_to(root).as_posix()
        if child.is_dir(follow_symlinks=False):
            yield from _walk(source, file, root, wanted)
        elif child.is_symlink() and _is_folder(file):
            yield Skipped(
                f"{source}:{printable(path)}/", "is a link to a folder; links to files are followed", keeps=False
            )
        elif wanted(path):
            yield entry_of(source, file, path, root)


def _is_folder(link: Path) -> bool:
    try:
        return link.is_dir()
    except OSError:  # where it leads may not be looked at
        return False
