"""Looking at all sources: what is there, what changed since the index was made, what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion import screening
from ingestion.manifest import Held
from ingestion.screening import Flagged
from ingestion.sources.entries import Entry, Skipped, Source
from ingestion.stamps import Stamps, still_held
from knowledge.model import Document

Read = Callable[[Source, Entry], Iterable[Document | Skipped | Flagged]]


def plainly(source: Source, entry: Entry) -> Iterable[Document | Skipped | Flagged]:
    """Read a file in this process, without limits."""
    return screening.read(source, entry)


@dataclass(slots=True)
class Survey:
    """Documents that were read, ids of those that need not be, and what was skipped."""

    read: list[Document] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    flagged: list[Flagged] = field(default_factory=list)
    stamps: Stamps = field(default_factory=Stamps)  # to be kept for the next run

    @property
    def is_empty(self) -> bool:
        """Whether the sources hold nothing at all that can be read."""
        return not self.read and not self.unchanged


def survey(sources: Sequence[Source], held: Mapping[str, Held], stamps: Stamps, *, read: Read = plainly) -> Survey:
    """Read what is new or looks different, by `read`. Raises Misuse when a source's place is missing."""
    result = Survey()
    seen: dict[str, Path] = {}
    for source in sources:
        fingerprint = f"{source.fingerprint} {screening.fingerprint(source.allowed)}"
        for entry in source.entries():
            if isinstance(entry, Skipped):
                result.skipped.append(entry)
                continue
            known = stamps.documents(source.name, fingerprint, entry)
            if known is not None and still_held(known, held) and not known.keys() & seen.keys():
                seen |= dict.fromkeys(known, entry.location)
                result.unchanged += known
                result.stamps.note(source.name, fingerprint, entry, known)
            else:
                _take(read(source, entry), source, fingerprint, entry, seen, result)
    result.unchanged += _kept(result, held, seen)
    return result


def _take(
    given: Iterable[Document | Skipped | Flagged],
    source: Source,
    fingerprint: str,
    entry: Entry,
    seen: dict[str, Path],
    result: Survey,
) -> None:
    documents: dict[str, str] = {}
    complete = True
    for found in given:
        if isinstance(found, Flagged):
            complete = False
            result.flagged.append(found)
            continue
        if isinstance(found, Document) and found.id not in seen:
            seen[found.id] = entry.location
            documents[found.id] = found.content_hash
            result.read.append(found)
            continue
        complete = False
        result.skipped.append(_twice(found, entry.location, seen[found.id]) if isinstance(found, Document) else found)
    if complete:  # one with a fault is read again next time, so that the fault is told again
        result.stamps.note(source.name, fingerprint, entry, documents)


def _twice(document: Document, here: Path, first: Path) -> Skipped:
    where = "the same file" if first == here else first
    return Skipped(document.id, f"has the same source and name as one in {where}; give it another id or source name")


def _kept(result: Survey, held: Mapping[str, Held], seen: Mapping[str, Path]) -> Iterator[str]:
    """Documents of files that cannot be read just now: what was known of them stays."""
    faulty = [skipped.path for skipped in result.skipped if skipped.keeps]
    if not faulty:
        return
    exact, starts = set(faulty), tuple(path if path.endswith("/") else f"{path}#" for path in faulty)
    yield from (id_ for id_ in held if id_ not in seen and (id_ in exact or id_.startswith(starts)))
