"""The pages as a Git reference has them, and where a page lies in its repository."""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from knowledge.errors import Failure, Misuse

_SECONDS = 60


def unpacked(docs: Path, reference: str, target: Path) -> Path:
    """The folder `docs` as a commit, branch or tag has it, written below `target`.

    Raises Misuse when it is in no repository, or the reference is unknown or has no such folder.
    """
    if reference.startswith("-") or not reference.strip() or "\0" in reference:
        raise Misuse(f"--base {reference!r} is no Git reference. Name a branch, a tag or a commit.")
    prefix = _git(docs, "rev-parse", "--show-prefix").decode().strip().rstrip("/")
    commit = _git(docs, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}", unknown=reference).decode()
    tree = f"{commit.strip()}:{prefix}" if prefix else commit.strip()
    archive = _git(docs, "-C", _git(docs, "rev-parse", "--show-toplevel").decode().strip(), "archive", tree)
    folder = target / "base"
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter=_plain)  # noqa: S202 - the filter lets nothing out of the folder
    except (tarfile.TarError, OSError) as error:
        raise Failure(f"{docs} at {reference}: cannot be unpacked ({error}).") from error
    return folder


@dataclass(frozen=True, slots=True)
class Repository:
    """Where pages lie, as GitHub names files: from the top of the repository, else from the working directory."""

    docs: Path
    top: Path

    @classmethod
    def of(cls, docs: Path) -> Repository:
        try:
            return cls(docs.resolve(), Path(_git(docs, "rev-parse", "--show-toplevel").decode().strip()))
        except Misuse:
            return cls(docs.resolve(), Path.cwd())

    def name(self, path: str) -> str:
        """A page's file, with "/" between the parts."""
        file = self.docs / path
        return (file.relative_to(self.top) if file.is_relative_to(self.top) else file).as_posix()


def _plain(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
    """Files and folders only: what a link of an old commit points to is not read."""
    return tarfile.data_filter(member, target) if member.isfile() or member.isdir() else None


def _git(folder: Path, *arguments: str, unknown: str = "") -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True).stdout
    except FileNotFoundError as error:
        raise Misuse("git is not installed here; --base needs it.") from error
    except subprocess.TimeoutExpired as error:
        raise Misuse(f"{folder}: git did not answer within {_SECONDS} s.") from error
    except subprocess.CalledProcessError as error:
        if unknown:
            raise Misuse(
                f"{folder}: there is no {unknown} in this repository. Name a branch, a tag or a commit; a pipeline "
                "that fetched only the newest commit must fetch more (fetch-depth: 0)."
            ) from error
        said = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise Misuse(f"{folder}: git says: {said}. --base needs pages that are in a Git repository.") from error
