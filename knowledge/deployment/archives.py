"""The files of a zip that somebody sent: read within limits, and refused as a whole when it is not what it seems."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from knowledge.errors import Misuse, TooLarge
from knowledge.validation.diagnostics import SourceFile

YAML: Final = (".yaml", ".yml")
CHECKED: Final = (*YAML, ".json")
MEGABYTE: Final = 1_000_000
MOST_PACKED: Final = 10 * MEGABYTE
MOST_UNPACKED: Final = 10 * MEGABYTE  # of all wanted files together
MOST_ENTRIES: Final = 5_000  # of any kind
STEEPEST: Final = 200  # unpacked to packed bytes; YAML packs 5 to 30 times, an attack a thousand times
_SMALL: Final = 1 * MEGABYTE  # below it the ratio says nothing: many equal lines are no attack
_SUFFIX: Final = ".zip"
_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY: Final = b"PK\x01\x02"  # how each line of the table of contents begins
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ARCHIVES: Final = frozenset({_SUFFIX, ".jar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"})
_OTHERS: Final = (
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (257, b"ustar", "a tar archive"),
)
_UNREADABLE: Final = (  # what the standard library raises for zips that are broken in one way or another
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    IndexError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
)
_NESTED: Final = "is an archive inside the archive. Unpack it, and send the files."


@dataclass(slots=True)
class Parcel:
    """Files that came together, each zip replaced by what is in it; all of them share one limit."""

    files: list[SourceFile] = field(default_factory=list)
    room: int = MOST_UNPACKED
    _names: set[str] = field(default_factory=set)

    def add(self, file: SourceFile) -> None:
        """Take a file in, or the YAML and JSON files of a zip, by their paths in it. Raises Misuse as `unpacked` does.

        A path that is there already, as when two zips are sent, is told apart by the name of its zip."""
        if is_zip(file.name, file.content) and isinstance(file.content, bytes):
            found = unpacked(file.content, file.name, suffixes=CHECKED, room=self.room)
            new = [
                SourceFile(f"{file.name}/{path}" if path in self._names else path, content)
                for path, content in found.items()
            ]
        else:
            new = [file]
        self.room -= sum(len(each.content) for each in new)
        self.files += new
        self._names.update(each.name for each in new)
        if len(self.files) > MOST_ENTRIES:
            raise TooLarge(f"These are more than {MOST_ENTRIES:,} files; no more are checked at once. Send a part.")


@dataclass(frozen=True, slots=True)
class Opened:
    """Files that came together, each zip replaced by what is in it, and why others could not be taken in."""

    files: Sequence[SourceFile] = ()
    refused: Sequence[Misuse] = ()


def opened(files: Sequence[SourceFile]) -> Opened:
    """As many of the files as can be taken in; the others with their reasons."""
    parcel = Parcel()
    refused: list[Misuse] = []
    for file in files:
        try:
            parcel.add(file)
        except Misuse as error:
            refused.append(error)
    return Opened(tuple(parcel.files), tuple(refused))


def is_zip(name: str, content: str | bytes = b"") -> bool:
    """Whether a file is to be read as a zip: by its name, or by its bytes unless its name is that of a checked file."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix == _SUFFIX or (isinstance(content, bytes) and content.startswith(_STARTS) and suffix not in CHECKED)


def of_file(path: Path, *, suffixes: Collection[str]) -> Mapping[str, bytes]:
    """The files of a zip on disk, as `unpacked` gives them. Raises Misuse, also when it cannot be read at all."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_PACKED + 1)
    except FileNotFoundError as error:
        raise Misuse(f"{path}: no such file. Check the path.") from error
    except OSError as error:
        raise Misuse(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    return unpacked(content, str(path), suffixes=suffixes)


def unpacked(content: bytes, name: str, *, suffixes: Collection[str], room: int = MOST_UNPACKED) -> Mapping[str, bytes]:
    """The files of a zip that have one of these suffixes, by their paths in it; hidden ones are left out.

    Nothing is written to disk. `room` is how many bytes the files may have together. Raises TooLarge for too many
    entries or bytes, and Misuse for a zip that is broken, encrypted, without a wanted file, or that holds links, other
    archives, two files of one name, or paths that lead out of it."""
    if len(content) > MOST_PACKED:
        raise TooLarge(f"{name}: larger than {MOST_PACKED // MEGABYTE} MB. Pack only the YAML of the repository.")
    if not content.startswith(_STARTS):
        raise Misuse(f"{name}: is {_kind(content)}. Pack the folder as an ordinary .zip.")
    entries = content.count(_ENTRY)
    if entries > MOST_ENTRIES:
        raise TooLarge(f"{name}: has {entries:,} entries; at most {MOST_ENTRIES:,} are read. Pack a part of it.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _files(name, archive, suffixes, room)
    except _UNREADABLE as error:
        reason = _printable(str(error))[:200] or "it is cut off"
        raise Misuse(f"{name}: cannot be unpacked ({reason}). Pack the folder again, as an ordinary .zip.") from error


def _kind(content: bytes) -> str:
    found = (f"{what}, not a zip" for at, start, what in _OTHERS if content.startswith(start, at))
    return next(found, "no zip" if content else "empty")


def _files(name: str, archive: zipfile.ZipFile, suffixes: Collection[str], room: int) -> Mapping[str, bytes]:
    infos = archive.infolist()
    for info in infos:
        if reason := _refusal(info):
            raise Misuse(f"{name}: {_shown(info)} {reason}")
    wanted = [info for info in infos if _is_wanted(info, suffixes)]
    if not wanted:
        raise Misuse(f"{name}: holds no {_listed(suffixes)} file. Pack the deployment repository itself.")
    _require_distinct(name, wanted)
    found: dict[str, bytes] = {}
    held = packed = 0
    for info in wanted:
        found[_path(info)] = content = _content(name, archive, info, room - held)
        held, packed = held + len(content), packed + max(info.compress_size, 1)
        if held > _SMALL and held > STEEPEST * packed:
            raise Misuse(f"{name}: {_shown(info)} unpacks to more than {STEEPEST} times its size. Send it unpacked.")
    return found


def _require_distinct(name: str, wanted: Sequence[zipfile.ZipInfo]) -> None:
    seen: dict[str, zipfile.ZipInfo] = {}
    for info in wanted:
        twin = seen.setdefault(_path(info).casefold(), info)
        if twin is not info:
            raise Misuse(f"{name}: {_shown(info)} has the name of another file in it. Rename one, and pack it again.")


def _content(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    """What an entry really holds; the size that the zip states is not believed."""
    with archive.open(info) as entry:
        content = entry.read(max(room, 0) + 1)
    if len(content) > room:
        limit = MOST_UNPACKED // MEGABYTE
        raise TooLarge(f"{name}: more than {limit} MB when unpacked. Pack a part of it.")
    if content.startswith(_STARTS):
        raise Misuse(f"{name}: {_shown(info)} {_NESTED}")
    return content


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why an entry makes the whole zip suspect; "" when it does not."""
    written = info.orig_filename
    path = PurePosixPath(written.replace("\\", "/"))
    if ".." in path.parts or path.is_absolute() or PureWindowsPath(written).drive or "\x00" in written:
        return "is a path that leads out of the zip. Pack the folder itself, with paths relative to it."
    if "\\" in written:
        return "has a backslash in its path, which is another path on another system. Pack it again with slashes."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link. Replace it by the file it points to."
    if info.flag_bits & 0x1:
        return "is encrypted. Send the zip without a password."
    if info.compress_type not in _METHODS:
        return "is packed in a way that is not read here. Pack it as an ordinary .zip."
    return _NESTED if path.suffix.lower() in _ARCHIVES else ""


def _is_wanted(info: zipfile.ZipInfo, suffixes: Collection[str]) -> bool:
    path = PurePosixPath(info.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in suffixes and not info.is_dir() and not hidden


def _path(info: zipfile.ZipInfo) -> str:
    """The path of an entry as it is shown and compared: `./a.yaml` is `a.yaml`."""
    return _printable(str(PurePosixPath(info.filename)))


def _listed(suffixes: Collection[str]) -> str:
    *others, last = suffixes
    return f"{', '.join(others)} or {last}" if others else last


def _shown(info: zipfile.ZipInfo) -> str:
    text = _printable(info.orig_filename)
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”"


def _printable(text: str) -> str:
    """Outside text for a sentence: control characters and half characters replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
