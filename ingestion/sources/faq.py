"""FAQ files: YAML with questions, other ways of asking them, and answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ingestion.sources.assembly import address, hashed
from ingestion.sources.entries import Entry, Skipped
from ingestion.sources.files import Unreadable, entry_of, find, text_of
from knowledge.errors import Misuse
from knowledge.model import Document, Kind, Section

READER_VERSION = 1
MOST_PHRASINGS = 200  # of one entry: each is found by itself, and people have not more ways of asking
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class FaqSource:
    """A FAQ file, or a folder of them; each entry becomes a document of its own."""

    name: str
    path: Path
    base_url: str = ""  # of the pages that entries refer to in `docs`
    owner: str = ""  # of files that name none
    allowed: Collection[str] = ()  # see entries.Source

    @property
    def fingerprint(self) -> str:
        return f"faq {READER_VERSION} {self.base_url} {self.owner}"

    def entries(self) -> Iterator[Entry | Skipped]:
        if self.path.is_file():
            yield entry_of(self.name, self.path, self.path.name, self.path.resolve().parent)
        elif not self.path.exists():
            raise Misuse(
                f"Source {self.name!r}: there is no file or folder {self.path}. Create it, or correct the path."
            )
        else:
            yield from find(self.name, self.path, lambda path: path.lower().endswith(SUFFIXES))

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:
        place = f"{self.name}:{entry.path}"
        text = text_of(entry)
        if isinstance(text, Unreadable):
            yield Skipped(place, text.reason, text.keeps)
            return
        try:
            file = _parse(text)
        except yaml.YAMLError as error:
            yield Skipped(place, f"is not valid YAML ({_where(error)})")
        except RecursionError:
            yield Skipped(place, "is nested too deeply to be read")
        else:
            yield from self._documents(entry.path, file)

    def _documents(self, path: str, file: _File) -> Iterator[Document | Skipped]:
        if file.fault:
            yield Skipped(f"{self.name}:{path}", file.fault)
        for number, (line, values) in enumerate(file.entries, start=1):
            identity = _text(values, "id")
            missing = [key for key in ("id", "question", "answer") if not _text(values, key)]
            if missing:
                place = f"{self.name}:{path}#{identity or number}"
                yield Skipped(place, f"has no {' and no '.join(missing)} (line {line}); add it")
            else:
                yield self._document(path, file, values, line)
                yield from self._too_many(path, identity, values)

    def _too_many(self, path: str, identity: str, values: Mapping[str, Any]) -> Iterator[Skipped]:
        if (count := len(_texts(values, "phrasings"))) > MOST_PHRASINGS:
            reason = f"has {count:,} phrasings; the first {MOST_PHRASINGS} are read: leave the most different ones"
            yield Skipped(f"{self.name}:{path}#{identity}", reason)

    def _document(self, path: str, file: _File, values: Mapping[str, Any], line: int) -> Document:
        answer = _text(values, "answer")
        if places := _texts(values, "docs"):
            answer = f"{answer}\n\nSee also: {', '.join(self._reference(place) for place in places)}"
        identity = _text(values, "id")
        return hashed(
            Document(
                content_hash="",
                source=self.name,
                path=f"{path}#{identity}",
                title=_one_line(_text(values, "question")),
                kind=Kind.FAQ,
                sections=(Section((), identity, answer, line),),
                updated=_text(values, "updated") or file.updated,
                owner=_text(values, "owner") or file.owner or self.owner,
                component=_text(values, "component") or file.component,
                phrasings=tuple(_one_line(phrasing) for phrasing in _texts(values, "phrasings")[:MOST_PHRASINGS]),
            )
        )

    def _reference(self, place: str) -> str:
        page, _, anchor = place.partition("#")
        opens = address(self.base_url, page)
        words = re.sub(r"\.(?:md|adoc|html?)$", "", page)
        if anchor:
            words = f"{words} › {anchor.replace('-', ' ')}"
        return f"[{words}]({opens}{'#' if anchor else ''}{anchor})" if opens else words


@dataclass(frozen=True, slots=True)
class _File:
    component: str
    owner: str
    updated: str
    entries: Sequence[tuple[int, Mapping[str, Any]]]  # with the line each starts on
    fault: str = ""


def _parse(text: str) -> _File:
    # All scalars as text: no date, number or `yes` in an answer can be malformed or change its look.
    loader = yaml.CBaseLoader(text)
    try:
        node = loader.get_single_node()
        values = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    if (
        not isinstance(node, yaml.MappingNode)
        or not isinstance(values, dict)
        or not isinstance(values.get("entries"), list)
    ):
        return _File("", "", "", [], "has no list `entries` at its top level; see the FAQ format in the user guide")
    lines = _lines(node)
    entries = [(line, value) for line, value in zip(lines, values["entries"], strict=False) if isinstance(value, dict)]
    odd = [str(n) for n, value in zip(lines, values["entries"], strict=False) if not isinstance(value, dict)]
    shown = ", ".join(odd[:5]) + (", …" if len(odd) > 5 else "")
    fault = f"has an entry that is not a mapping (line {shown}); write `- id: …`" if odd else ""
    return _File(_text(values, "component"), _text(values, "owner"), _text(values, "updated"), entries, fault)


def _lines(node: yaml.MappingNode) -> list[int]:
    for key, value in node.value:
        if key.value == "entries":
            return [item.start_mark.line + 1 for item in value.value]
    return []


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def _texts(values: Mapping[str, Any], key: str) -> list[str]:
    value = values.get(key)
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(text.strip() for text in found if isinstance(text, str) and text.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
