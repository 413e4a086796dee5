"""FAQ files and Git: which file an entry goes into, the change as a patch that `git apply` takes, and its commit."""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.sources import FaqSource, Source
from ingestion.sources.faq_editing import NewEntry, as_file, ids_in, with_entry
from knowledge import bundled
from knowledge.errors import Failure, Misuse

LOCAL = "resolved-cases"  # the source of entries that their FAQ does not have yet
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a FAQ source."""

    source: str
    file: Path
    path: str  # inside the source, as documents name it


def local_file(home: Path) -> Path:
    return home / f"{LOCAL}.yaml"


def place_for(sources: Sequence[Source], component: str) -> Place | None:
    """The file that an entry about a component belongs to: of that component, else the first; None without any."""
    found = list(_places(sources))
    about = f"component: {component}"
    fitting = [p for p in found if component and any(line.strip() == about for line in _read(p.file).splitlines())]
    return next(iter([*fitting, *found]), None)


def place_named(sources: Sequence[Source], source: str, file: str) -> Place | None:
    """The place that was chosen before, if it is still there."""
    return next((place for place in _places(sources) if (place.source, str(place.file)) == (source, file)), None)


def ids_of(sources: Sequence[Source]) -> frozenset[str]:
    """Ids that are in use in any FAQ file."""
    return frozenset(id_ for place in _places(sources) for id_ in ids_in(_read(place.file)))


def is_writable(place: Place) -> bool:
    """Whether the file may be edited here: not the bundled one, and not one that this account may only read."""
    inside = place.file.resolve().is_relative_to(bundled.FAQ.resolve())
    return not inside and os.access(place.file, os.W_OK) and os.access(place.file.parent, os.W_OK)


def edited(place: Place, entry: NewEntry) -> tuple[str, str]:
    """The file's text with the entry, and the change as a patch. Raises Misuse as `with_entry` does."""
    before = _read(place.file)
    after = with_entry(before, entry)
    root = work_tree(place.file)
    name = place.file.resolve().relative_to(root).as_posix() if root else place.path
    return after, patch_of(name, before, after)


def patch_of(name: str, before: str, after: str) -> str:
    """A change of one file as `git apply` takes it."""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", n=3)
    said = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return f"diff --git a/{name} b/{name}\n{''.join(said)}"


def write(place: Place, text: str) -> None:
    """Put the new text in the file's place, whole or not at all. Raises Failure."""
    draft = place.file.with_name(f".{place.file.name}.sheriff")
    try:
        draft.write_bytes(text.encode())
        draft.chmod(place.file.stat().st_mode & 0o777)
        draft.replace(place.file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Failure(f"{place.file} cannot be written ({error.strerror}). Apply the patch by hand.") from error


def is_clean(place: Place) -> bool:
    """Whether the file is in Git, as it was committed: what people have changed in it is theirs to commit."""
    folder, name = place.file.resolve().parent, place.file.name
    if _git(folder, "ls-files", "--error-unmatch", "--", name)[0]:
        return False
    return _git(folder, "status", "--porcelain", "--", name) == (0, "")


def commit(place: Place, message: str) -> str:
    """Commit the file alone; the commit's short id. Raises Failure with what Git says."""
    folder = place.file.resolve().parent
    who = (
        ["-c", "user.name=Sheriff", "-c", "user.email=sheriff@localhost"]
        if not _git(folder, "config", "user.email")[1]
        else []
    )
    for arguments in (["add", "--", place.file.name], [*who, "commit", "-q", "-m", message, "--", place.file.name]):
        code, said = _git(folder, *arguments)
        if code:
            raise Failure(
                f"Git does not commit {place.file.name}: {said[:200]}. The file is changed; commit it by hand."
            )
    return _git(folder, "rev-parse", "--short", "HEAD")[1]


def work_tree(file: Path) -> Path | None:
    """The folder of the Git working tree that a file is in; None outside of any, or without Git."""
    code, said = _git(file.resolve().parent, "rev-parse", "--show-toplevel")
    return Path(said).resolve() if code == 0 and said else None


def write_local(home: Path, entries: Sequence[NewEntry]) -> None:
    """The source of entries that their FAQ does not have yet; without any, there is no file."""
    file = local_file(home)
    if not entries and not file.exists():
        return
    text = as_file(
        entries, comment="From resolved cases, until their FAQ has them. Written by Sheriff; edits are lost."
    )
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        draft = file.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)


def _places(sources: Sequence[Source]) -> Iterator[Place]:
    for source in sources:
        if not isinstance(source, FaqSource) or source.name == LOCAL or not source.path.exists():
            continue
        if source.path.is_file():
            yield Place(source.name, source.path, source.path.name)
            continue
        for file in sorted((*source.path.rglob("*.yaml"), *source.path.rglob("*.yml"))):
            yield Place(source.name, file, file.relative_to(source.path).as_posix())


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{file} cannot be read as UTF-8. Mend it, then approve the entry again.") from error


def _lines(text: str) -> list[str]:
    """Lines as Git counts them: only at line feeds."""
    parts = text.split("\n")
    return [f"{line}\n" for line in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _git(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and what was said; 127 without Git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).strip()
