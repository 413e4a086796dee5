"""What every reader makes of a file: a Page, that is a title and sections in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import PurePosixPath

from knowledge.model import Section

GENERIC_NAMES = frozenset({"index", "readme", "_index", "main", "home"})
MAX_HEADING = 300  # longer "headings" are text that only looks like one


@dataclass(frozen=True, slots=True)
class Page:
    """One file as read, before it belongs to a source."""

    title: str
    sections: tuple[Section, ...]
    component: str = ""
    owner: str = ""
    updated: str = ""
    refused: str = ""  # why nothing was read, to stand behind the file's name


def title_from_path(path: str) -> str:
    """Words of the file name, "kafka/raise-a-quota.md" → "Raise a quota"; the folder's for README and index."""
    parts = PurePosixPath(path)
    stem = parts.stem
    if stem.lower() in GENERIC_NAMES and parts.parent.name:
        stem = parts.parent.name
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or path


def slug(heading: str) -> str:
    """The fragment that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@dataclass(slots=True)
class Anchors:
    """Fragments of one page: a heading that occurs again gets -1, -2, … as on GitHub."""

    _seen: dict[str, int] = field(default_factory=dict)

    def of(self, heading: str, explicit: str = "") -> str:
        wanted = explicit or slug(heading)
        if not wanted:
            return ""
        number = self._seen.get(wanted, -1) + 1
        self._seen[wanted] = number
        if not number or explicit:
            return wanted
        return self.of(f"{wanted}-{number}")


@dataclass(slots=True)
class Outline:
    """Collects lines and headings in reading order and gives the page's sections back."""

    title: str = ""  # given beforehand (front matter), or taken from the first heading of level 1
    _sections: list[Section] = field(default_factory=list)
    _stack: list[tuple[int, str]] = field(default_factory=list)
    _anchors: Anchors = field(default_factory=Anchors)
    _lines: list[str] = field(default_factory=list)
    _anchor: str = ""
    _line: int = 1
    _has_heading: bool = False

    def write(self, line: str) -> None:
        self._lines.append(line)

    def heading(self, level: int, text: str, *, line: int = 1, anchor: str = "") -> None:
        """Begin a section; a first heading of level 1 names the page and opens at its top."""
        self._close()
        own = self._anchors.of(text, anchor)
        self._line = line
        names_page = level == 1 and not self._has_heading and (not self.title or self.title == text)
        self._has_heading = True
        if names_page:
            self.title = text
            self._anchor = ""
            return
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        if text:
            self._stack.append((level, text))
        self._anchor = own

    def sections(self) -> tuple[Section, ...]:
        self._close()
        return tuple(self._sections)

    def _close(self) -> None:
        text = tidy(self._lines)
        if text:
            headings = tuple(heading for _, heading in self._stack)
            self._sections.append(Section(headings, self._anchor, text, self._line))
        self._lines.clear()


def characters(text: str) -> str:
    """Characters written as HTML names or numbers, as themselves; those that would read as markup stay."""
    return ENTITY.sub(lambda found: unescape(found[0]).replace("\u200b", "").replace("\xa0", " "), text)


def tidy(lines: list[str]) -> str:
    """The lines as one text: no blank ones at the ends, never two in a row outside code; no code block without code."""
    lines = _without_empty_code(lines)
    kept: list[str] = []
    for line, is_code in zip(lines, code_mask(lines), strict=True):
        if is_code:
            kept.append(line)
        elif line.strip() or (kept and kept[-1].strip()):
            kept.append(_shortened(line.rstrip()))
    return "\n".join(kept).strip("\n").rstrip()


def _without_empty_code(lines: list[str]) -> list[str]:
    empty: set[int] = set()
    for start, end in code_blocks(lines):
        if end - start > 1 and not any(line.strip(" \t>`~") for line in lines[start + 1 : end]):
            empty |= set(range(start, end))
    return [line for number, line in enumerate(lines) if number not in empty]


def _shortened(line: str) -> str:
    """The rule under a table's header at its shortest: each dash of it would cost a token."""
    return LONG_RULE.sub("---", line) if TABLE_RULE.match(line) else line


ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot);)(?:[A-Za-z]{2,30}|#(?:\d{4,7}|[2-9]\d\d|1[3-9]\d|12[89]));")
TABLE_RULE = re.compile(r"^[\s>]*+(?=[^|]*\|)[\s:|-]*+$")
LONG_RULE = re.compile(r"-{4,}")
FENCE = re.compile(r"^[\s>]*+(?:(?:[-*+]|\d{1,9}[.)])\s++)*+(`{3,}|~{3,})(.*)$")


def code_mask(lines: list[str]) -> list[bool]:
    """For each line whether it belongs to a fenced code block, its fences included."""
    mask = [False] * len(lines)
    for start, end in code_blocks(lines):
        mask[start:end] = [True] * (end - start)
    return mask


def code_blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First line and line after of each fenced code block; one that is never closed reaches to the end."""
    fence, start = "", 0
    for number, line in enumerate(lines):
        found = FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                yield start, number + 1
                fence = ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence, start = found[1], number
    if fence:
        yield start, len(lines)
