"""The files of a zip that somebody sent: read within limits, and refused when it is not what it seems."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

from bot.channels.problems import Problem
from bot.channels.security import MEGABYTE, printable
from knowledge.deployment.reading import UNREADABLE
from knowledge.validation.diagnostics import SourceFile

MAX_ENTRIES = 5_000
MAX_FILES = 500
MAX_UNPACKED = 10 * MEGABYTE  # of all files together, as for files sent without a zip
MAX_RATIO = 200  # unpacked to packed bytes; YAML packs 5 to 30 times, an attack a thousand times
_SMALL = 1 * MEGABYTE  # below it the ratio says nothing: many equal lines are no attack
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_ARCHIVES = frozenset({".zip", ".jar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".zst"})
_ENTRY = b"PK\x01\x02"  # how each line of the table of contents begins
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def is_zip(name: str, content: bytes) -> bool:
    """Whether an upload is a zip, by its bytes; a text that is only called .zip is not."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not name.lower().endswith((".yaml", ".yml", ".json"))


def unpacked(name: str, content: bytes, *, room: int = MAX_UNPACKED) -> Sequence[SourceFile]:
    """The YAML and JSON files of a zip, named by their paths in it; hidden ones and other files are left out.

    Nothing is written to disk. `room` is how many bytes the files may have together. Raises Problem for a zip that is
    broken, encrypted, too large when unpacked, or that holds links, other archives, or paths that lead out of it."""
    entries = content.count(_ENTRY)
    if entries > MAX_ENTRIES:
        raise Problem(413, f"{name} has {entries:,} entries; at most {MAX_ENTRIES:,} are read. Send a part of it.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _files(name, archive, room)
    except UNREADABLE as error:
        raise Problem(422, f"{name} is no readable zip: {printable(str(error))[:200] or 'it is cut off'}.") from error


def _files(name: str, archive: zipfile.ZipFile, room: int) -> Sequence[SourceFile]:
    infos = archive.infolist()
    for info in infos:
        if reason := _refusal(info):
            raise Problem(422, f"{name}: {_shown(info)} {reason}")
    wanted = [info for info in infos if _is_wanted(info)]
    if not wanted:
        raise Problem(422, f"{name} holds no .yaml, .yml or .json file.")
    if len(wanted) > MAX_FILES:
        raise Problem(413, f"{name} holds {len(wanted):,} files to check; at most {MAX_FILES} are. Send a part of it.")
    if len({info.filename.casefold() for info in wanted}) < len(wanted):
        raise Problem(422, f"{name} holds two files of one name. Pack it again.")
    files = []
    for info in wanted:
        text = _content(name, archive, info, room)
        room -= len(text)
        files.append(SourceFile(printable(info.filename), text))
    return files


def _content(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    """What an entry really holds; the size that the zip states is not believed."""
    with archive.open(info) as entry:
        text = entry.read(max(room, 0) + 1)
    if len(text) > room:
        limit = MAX_UNPACKED // MEGABYTE
        raise Problem(413, f"{name} is larger than {limit} MB when unpacked. Send a part of it.")
    if len(text) > _SMALL and len(text) > MAX_RATIO * max(info.compress_size, 1):
        raise Problem(422, f"{name}: {_shown(info)} unpacks to more than {MAX_RATIO} times its size. Send it unpacked.")
    if text.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise Problem(422, f"{name}: {_shown(info)} {_NESTED}")
    return text


_NESTED = "is an archive inside the archive. Unpack it, and send the files."


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why an entry makes the whole zip suspect; "" when it does not."""
    path = PurePosixPath(info.orig_filename)
    outside = ".." in path.parts or path.is_absolute() or bool(PureWindowsPath(info.orig_filename).drive)
    if outside or "\\" in info.orig_filename or "\x00" in info.orig_filename:
        return "is a path that leads out of the zip. Pack the folder itself, with paths relative to it."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link. Replace it by the file it points to."
    if info.flag_bits & 0x1:
        return "is encrypted. Send the zip without a password."
    if info.compress_type not in _METHODS:
        return "is packed in a way that is not read here. Use an ordinary zip."
    return _NESTED if path.suffix.lower() in _ARCHIVES else ""


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in _SUFFIXES and not info.is_dir() and not hidden


def _shown(info: zipfile.ZipInfo) -> str:
    text = printable(info.orig_filename)
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”"
