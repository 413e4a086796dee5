"""The files of a deployment repository, from a folder, an archive or a Git reference."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NoReturn

from knowledge.deployment import archives
from knowledge.deployment.names import MARK
from knowledge.errors import Misuse

SUFFIXES: Final = archives.YAML
MOST_FILES: Final = 20_000
MOST_BYTES: Final = 64_000_000  # of all YAML files together
_GIT_SECONDS: Final = 30

Files = Mapping[str, bytes]  # content by path below the repository


def of_folder(folder: Path) -> Files:
    """The YAML files below a folder; links that lead out of it, and hidden files and folders, are left out.

    Raises Misuse when it cannot be read or is too large.
    """
    top = folder.resolve()
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for path in _below(top):
        try:
            if not path.resolve().is_relative_to(top):
                continue
            with path.open("rb") as file:
                content = file.read(left + 1)
        except OSError as error:
            _unreadable(error)
        found[path.relative_to(top).as_posix()] = content
        left -= len(content)
        _bounded(found, left, str(folder))
    return found


def of_zip(path: Path) -> Files:
    """The YAML files of a zip, below the one folder that holds everything if there is one.

    Raises Misuse when it cannot be read, is too large, or is not what it seems.
    """
    return _without_common_folder(archives.of_file(path, suffixes=SUFFIXES))


def of_git(folder: Path, reference: str) -> Files:
    """The YAML files below a folder as a commit, branch or tag has them.

    Raises Misuse when the folder is in no Git repository, or the reference is unknown.
    """
    if reference.startswith("-") or not reference.strip() or "\0" in reference:
        raise Misuse(f"“{reference}” is no Git reference. Name a branch, a tag or a commit.")
    listed = _git(folder, "ls-tree", "-r", "-z", "--full-name", reference, "--", ".").split(b"\0")
    prefix = _git(folder, "rev-parse", "--show-prefix").decode("utf-8", "replace").removesuffix("\n")
    wanted: list[tuple[str, str]] = []
    for line in listed:
        about, _, name = line.partition(b"\t")
        mode, kind, digest = [*about.decode().split(), "", "", ""][:3]
        path = name.decode("utf-8", "replace").removeprefix(prefix)
        if kind == "blob" and mode != "120000" and is_wanted(path):
            wanted.append((path, digest))
    return _blobs(folder, wanted)


def _blobs(folder: Path, wanted: list[tuple[str, str]]) -> Files:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    batch = "".join(f"{digest}\n" for _, digest in wanted).encode()
    output = io.BytesIO(_git(folder, "cat-file", "--batch", content=batch) if wanted else b"")
    for path, _ in wanted:
        size = int(output.readline().split()[2])
        found[path] = output.read(size)
        output.read(1)
        left -= size
        _bounded(found, left, str(folder))
    return found


def _git(folder: Path, *arguments: str, content: bytes = b"") -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=_GIT_SECONDS, check=True)
    except FileNotFoundError as error:
        raise Misuse("git is not installed here; it is needed to read an earlier state.") from error
    except subprocess.TimeoutExpired as error:
        raise Misuse(f"{folder}: git did not answer within {_GIT_SECONDS} s.") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise Misuse(f"{folder}: git says: {said}. Name a branch, a tag or a commit of this repository.") from error
    return done.stdout


def _below(top: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(top, onerror=_unreadable):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for path in (Path(folder, name) for name in sorted(names)):
            if is_wanted(path.relative_to(top).as_posix()) and path.is_file():
                yield path


def _unreadable(error: OSError) -> NoReturn:
    raise Misuse(f"{error.filename}: cannot be read ({error.strerror}). Check its permissions.") from error


def is_wanted(path: str) -> bool:
    """Whether a path below a repository is one of its files: YAML, and not hidden."""
    return path.endswith(SUFFIXES) and not any(part.startswith(".") for part in path.split("/"))


def _bounded(found: Mapping[str, bytes], left: int, name: str) -> None:
    if left < 0:
        raise Misuse(f"{name}: holds more than {MOST_BYTES // 1_000_000} MB of YAML. Name the deployment repository.")
    if len(found) > MOST_FILES:
        raise Misuse(f"{name}: holds more than {MOST_FILES:,} YAML files. Name the deployment repository itself.")


def _without_common_folder(found: Mapping[str, bytes]) -> Files:
    tops = {path.partition("/")[0] for path in found}
    if MARK in found or len(tops) != 1 or not all("/" in path for path in found):
        return found
    return {path.partition("/")[2]: content for path, content in found.items()}
