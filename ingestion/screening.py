"""Documents that speak to the assistant which reads them are found, told of, and cut before they become knowledge."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingestion.readers.page import code_mask, title_from_path
from ingestion.sources.assembly import hashed
from ingestion.sources.entries import EVERY_PAGE, Entry, Skipped, Source
from ingestion.sources.files import text_of
from knowledge.model import Document, Kind, Section
from knowledge.steering import in_page
from knowledge.visible import hides

VERSION: Final = 1  # raise it when a page would be judged differently
MOST_FLAGS: Final = 5  # told of one page: whoever repairs it sees the others then
_HIDDEN: Final = 4  # characters that cannot be seen from which on they carry a message
_SHOWN: Final = 80  # characters of a passage in the report
_LINK: Final = re.compile(r"(?<!!)\[([^\[\]]*)\]\([^()\s]*+(?:\([^()\s]*\))?[^()]*\)")
_ADDRESS: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,30}://|\bwww\.|\bmailto:)[^\s<>\"'`)\]]+|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Flagged:
    """A passage that speaks to the assistant instead of the reader."""

    page: str  # source name, a colon, and the path inside the source
    line: int
    why: str
    words: str  # how it begins
    allow: str  # what to write into sheriff.yaml if it stands there on purpose


def read(source: Source, entry: Entry) -> Iterator[Document | Skipped | Flagged]:
    """What a source gives of a file, without what speaks to the assistant in it; and what does, told first.

    A page whose present text is allowed to comes as it is.
    """
    page, text = f"{source.name}:{entry.path}", text_of(entry)
    is_allowed = EVERY_PAGE in source.allowed or (isinstance(text, str) and key(page, text) in source.allowed)
    if is_allowed:
        yield from source.read(entry)
        return
    flags = findings(page, text) if isinstance(text, str) else []
    yield from flags
    for found in source.read(entry):
        if isinstance(found, Skipped):
            yield found
            continue
        document = screened(found, is_flagged=bool(flags) and found.kind is Kind.PAGE)
        yield document or Skipped(found.id, "speaks to the assistant; nothing else is left of it", keeps=False)


def key(page: str, text: str) -> str:
    """What names a page and the text it has now, for the list of pages that may speak so."""
    return f"{page}@{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def findings(page: str, text: str) -> list[Flagged]:
    """What stands in a file, comments and hidden parts included, that speaks to the assistant; the first few."""
    found: list[Flagged] = []
    for line, passage in _passages(text):
        steering = in_page(passage)
        why = ", ".join(steering.why) if steering.is_sure else ""
        if not why and hides(passage) >= _HIDDEN:
            why = "hides words in characters that cannot be seen"
        if why:
            found.append(Flagged(page, line, why, _shown(passage), key(page, text)))
        if len(found) == MOST_FLAGS:
            break
    return found


def screened(document: Document, *, is_flagged: bool) -> Document | None:
    """The document without what speaks to the assistant; None if nothing is left.

    A section ends where such a passage begins: what follows goes on with it. On a page that holds one, anywhere in
    its file, no address is kept either: whoever wrote the one may have written the other.
    """
    sections = tuple(_cut(document.sections))
    title = title_from_path(document.path) if in_page(document.title).is_sure else document.title
    phrasings = tuple(phrasing for phrasing in document.phrasings if not in_page(phrasing).is_sure)
    is_cut = (sections, title, phrasings) != (document.sections, document.title, document.phrasings)
    if is_cut and document.kind is Kind.FAQ and (title != document.title or sections != document.sections):
        return None  # half an entry answers nothing
    if is_flagged or is_cut:
        sections = tuple(replace(section, text=_without_addresses(section.text)) for section in sections)
    if not sections:
        return None
    return hashed(replace(document, sections=sections, title=title, phrasings=phrasings))


def _cut(sections: Sequence[Section]) -> Iterator[Section]:
    for section in sections:
        if any(in_page(heading).is_sure for heading in section.headings):
            continue
        text = _before_steering(section.text)
        if text:
            yield section if text == section.text else replace(section, text=text)


def _before_steering(text: str) -> str:
    """The passages of a section down to the first that speaks to the assistant, alone or with the one before it."""
    lines = text.split("\n")
    before = ""
    passages = list(_passages(text))
    for number, (line, passage) in enumerate(passages):
        alone = in_page(passage).is_sure
        if alone or (before and len(before) + len(passage) < 500 and in_page(f"{before} {passage}").is_sure):
            first = line if alone else passages[number - 1][0]
            return "\n".join(lines[: first - 1]).rstrip()
        before = passage
    return text


def _passages(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs with the line each begins on, counted from 1; fenced code is one passage."""
    lines = text.split("\n")
    mask = code_mask(lines)
    start: int | None = None
    for number, (line, is_code) in enumerate(zip([*lines, ""], [*mask, False], strict=True)):
        ends = not line.strip() and not is_code
        turns = start is not None and number < len(mask) and is_code != mask[start]
        if start is not None and (ends or turns):
            yield start + 1, "\n".join(lines[start:number])
            start = None
        if start is None and line.strip():
            start = number


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("(address left out)", _LINK.sub(r"\1", text))


def _shown(passage: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in passage).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN].rstrip()}…"


def fingerprint(allowed: Collection[str]) -> str:
    """Changes when an unchanged file may be judged differently."""
    return f"screened {VERSION} {hashlib.sha256(repr(sorted(allowed)).encode()).hexdigest()[:12]}"
