"""Plain text: headings only where a line cannot be anything else."""

from __future__ import annotations

import re

from ingestion.readers.page import MAX_HEADING, Outline, Page, characters, code_mask, title_from_path

MARKED = re.compile(r"^(#{1,6})\s+(\S.*?)\s*#*$")
UNDERLINE = re.compile(r"^(={3,}|-{3,}|~{3,}|\^{3,})$")
LEVELS = {"=": 1, "-": 2, "~": 3, "^": 4}
ADMONITION = re.compile(r"^\[(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]$")
RULE = re.compile(r"^(----+|====+)$")
MAX_TITLE = 100


def read(text: str, path: str) -> Page:
    """The page's title and sections; a first line that stands alone is the title."""
    lines = _without_boxes(text.split("\n"))
    outline = Outline()
    mask = code_mask(lines)
    at = _title(lines, outline)
    while at < len(lines):
        heading = None if mask[at] else _heading(lines, at)
        if heading:
            level, words, taken = heading
            outline.heading(level, characters(words), line=at + 1)
            at += taken
        else:
            outline.write(lines[at] if mask[at] else characters(lines[at]))
            at += 1
    return Page(title=outline.title or title_from_path(path), sections=outline.sections())


def _without_boxes(lines: list[str]) -> list[str]:
    """[NOTE] with rules of dashes round its text, as AsciiDoc leaves it, becomes a label; no line moves."""
    result = list(lines)
    at = 0
    while at < len(result) - 1:
        named = ADMONITION.match(result[at].strip())
        if named and RULE.match(result[at + 1].strip()):
            rule = result[at + 1].strip()
            result[at], result[at + 1] = f"**{named[1].capitalize()}:**", ""
            closing = next((n for n in range(at + 2, len(result)) if result[n].strip() == rule), None)
            if closing is not None:
                result[closing] = ""
        at += 1
    return result


def _title(lines: list[str], outline: Outline) -> int:
    """How many lines were taken for the title: a short first line, with a blank one after it, and no full stop."""
    first = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or _heading(lines, first):
        return 0
    line = lines[first].strip()
    alone = first + 1 == len(lines) or not lines[first + 1].strip()
    if alone and len(line) <= MAX_TITLE and line[0].isalnum() and line[-1] not in ".,:;!?" and first + 1 < len(lines):
        outline.heading(1, line, line=first + 1)
        return first + 1
    return 0


def _heading(lines: list[str], at: int) -> tuple[int, str, int] | None:
    """Level, words and lines taken by a heading at this line."""
    before = lines[at - 1].strip() if at else ""
    after = lines[at + 1].strip() if at + 1 < len(lines) else ""
    line = lines[at].strip()
    if before or not line or len(line) > MAX_HEADING or line != lines[at].rstrip():
        return None
    if (found := MARKED.match(line)) and not after:
        return len(found[1]), found[2], 1
    underlined = UNDERLINE.match(after)
    if (
        underlined
        and line[0].isalnum()
        and abs(len(after) - len(line)) <= 2
        and (at + 2 >= len(lines) or not lines[at + 2].strip())
    ):
        return LEVELS[after[0]], line, 2
    return None
