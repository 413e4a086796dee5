"""A shortcut: files that look as they did need not be read again. May be deleted at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ingestion.manifest import Held
from ingestion.sources.entries import Entry

FORMAT: Final = 1
FILE: Final = "stamps.json"


@dataclass(slots=True)
class Stamps:
    """By file: how it looked, and the hashes of the documents it gave."""

    _files: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def documents(self, source: str, fingerprint: str, entry: Entry) -> Mapping[str, str] | None:
        """Ids and hashes of the documents this file gave when it looked the same; None when it must be read."""
        known = self._files.get(_key(source, entry))
        return known[1] if known and known[0] == _look(fingerprint, entry) else None

    def note(self, source: str, fingerprint: str, entry: Entry, documents: Mapping[str, str]) -> None:
        """Remember what the file gave."""
        self._files[_key(source, entry)] = (_look(fingerprint, entry), documents)

    def write(self, folder: Path) -> None:
        """Put the stamps into a folder, in one step."""
        values = {"format": FORMAT, "files": self._files}
        scratch = folder / f"{FILE}.new"
        scratch.write_text(json.dumps(values), "utf-8")
        scratch.replace(folder / FILE)


def read(folder: Path) -> Stamps:
    """The stamps in a folder; none when there are no usable ones."""
    try:
        values: Any = json.loads((folder / FILE).read_text("utf-8"))
        if values["format"] != FORMAT:
            return Stamps()
        return Stamps({key: (str(look), dict(documents)) for key, (look, documents) in values["files"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Stamps()


def still_held(documents: Mapping[str, str] | None, held: Mapping[str, Held]) -> bool:
    """Whether the index holds exactly these documents of a file."""
    return bool(documents) and all(
        id_ in held and held[id_].content_hash == hash_ for id_, hash_ in (documents or {}).items()
    )


def _key(source: str, entry: Entry) -> str:
    return f"{source}:{entry.path}"


def _look(fingerprint: str, entry: Entry) -> str:
    return f"{fingerprint} {entry.size} {entry.modified} {entry.changed} {entry.location}"
