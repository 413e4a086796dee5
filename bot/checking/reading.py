"""From the names on a command line to the files to check."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from knowledge.deployment.names import MARK
from knowledge.errors import Misuse
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.text import MOST_BYTES, SHOWN

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STDIN = "<stdin>"
MAX_BYTES = 100_000_000  # of what has no size of its own, such as a pipe
_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Input:
    """A file to check, and the folder that was named when it was found in one."""

    file: SourceFile
    folder: Path | None = None

    @property
    def from_stdin(self) -> bool:
        return self.file.name == STDIN


def read_all(names: Sequence[str]) -> tuple[list[Input], list[str]]:
    """All files that could be read, and a sentence for each name that could not."""
    files: list[Input] = []
    sentences: list[str] = []
    for name in names:
        try:
            files += _read(name)
        except Misuse as error:
            sentences.append(str(error))
    return files, sentences


def read_zips(names: Sequence[str]) -> tuple[dict[Path, list[SourceFile]], list[str]]:
    """The files in each zip that could be read, by their paths in it, and a sentence for each that could not."""
    from knowledge.deployment import archives  # a hook seldom has zips

    found: dict[Path, list[SourceFile]] = {}
    sentences: list[str] = []
    for name in names:
        try:
            inside = archives.of_file(Path(name), suffixes=archives.CHECKED)
        except Misuse as error:
            sentences.append(str(error))
        else:
            found[Path(name)] = [SourceFile(path, content) for path, content in inside.items()]
    return found, sentences


def source_of(name: str) -> SourceFile:
    """A file to check. Raises Misuse, naming file and remedy, when it cannot be read.

    Of one that is too large for a check the beginning and the size are there, which say that."""
    try:
        with Path(name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
            if len(content) <= MOST_BYTES:
                return SourceFile(name, content)
            return SourceFile(name, content[:SHOWN], _size(name, file))
    except FileNotFoundError as error:
        raise Misuse(f"{name}: no such file. Check the path; folders and - (standard input) work too.") from error
    except OSError as error:
        raise Misuse(f"{name}: cannot be read ({error.strerror}). Check its permissions.") from error
    except ValueError as error:
        raise Misuse(f"{name!r}: not a path ({error}).") from error


def _size(name: str, file: BufferedReader) -> int:
    """The size in bytes of an open file; what has none, such as a pipe, is read to its end and not kept."""
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        return status.st_size
    size = MOST_BYTES + 1
    while size <= MAX_BYTES and (chunk := file.read(_CHUNK)):
        size += len(chunk)
    _require_bounded(name, size)
    return size


def _require_bounded(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise Misuse(f"{name}: larger than {MAX_BYTES // 1_000_000} MB, so it is not read. Is it the file you meant?")


def tops(files: Iterable[Input]) -> list[Path]:
    """The folders in which a topology lies, of those that were found below a folder on the command line."""
    found = sorted({Path(each.file.name).parent for each in files if each.folder and Path(each.file.name).name == MARK})
    return [top for top in found if not any(above in top.parents for above in found)]


def is_inside(file: Input, top: Path) -> bool:
    """Whether a file is checked with the repository at `top`: its YAML is; JSON below it is checked by itself."""
    path = Path(file.file.name)
    return top in path.parents and path.suffix in {".yaml", ".yml"}


def repository_of(file: Input) -> Path | None:
    """The deployment repository that a file named by itself lies in; it is not looked for beyond a Git repository."""
    if file.folder is not None or file.from_stdin or Path(file.file.name).suffix != ".yaml":
        return None
    found = None
    for folder in Path(file.file.name).absolute().parents:
        found = folder if (folder / MARK).is_file() else found
        if (folder / ".git").exists():
            break
    return found


def _read(name: str) -> list[Input]:
    if name == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)  # as a whole: --fix hands on what it does not change
        _require_bounded(STDIN, len(content))
        return [Input(SourceFile(STDIN, content))]
    folder = Path(name)
    if not folder.is_dir():
        return [Input(source_of(name))]
    files = [Input(source_of(str(path)), folder) for path in _yaml_files(folder)]
    if not files:
        raise Misuse(f"{name}: the folder holds no .yaml, .yml or .json file.")
    return files


def _yaml_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path
