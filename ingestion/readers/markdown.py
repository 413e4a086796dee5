"""Markdown pages: CommonMark with tables, and what Hugo, MkDocs, Docusaurus and GitHub add to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingestion.readers import front_matter, hidden, markdown_dialects
from ingestion.readers.front_matter import FrontMatter
from ingestion.readers.markdown_html import ANCHOR_TAG, HTML_HEADING, blocks
from ingestion.readers.page import MAX_HEADING, Outline, Page, title_from_path

EXPLICIT_ID = re.compile(r"\s*\{:?\s*(?:#(?P<id>[\w:.-]+))?[^{}]*\}\s*$")
ATTRIBUTES = re.compile(r"\{:?\s*[#.][^{}]*\}\s*$")
HTML_ID = re.compile(r"\bid\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)


def read(text: str, path: str) -> Page:
    """The page's title and sections; any text is a page."""
    front, body = front_matter.split(text)
    body = hidden.blanked(body)
    lines = markdown_dialects.plain(body.split("\n"))
    outline = Outline(title=front.title)
    if front.aliases:
        outline.write(f"Also known as {', '.join(front.aliases)}.")
        outline.write("")
    _cut(lines, front.lines, outline)
    return _page(front, outline, path)


def _page(front: FrontMatter, outline: Outline, path: str) -> Page:
    sections = outline.sections()
    return Page(
        title=outline.title or title_from_path(path),
        sections=sections,
        component=front.component,
        owner=front.owner,
        updated=front.updated,
    )


def _cut(lines: list[str], offset: int, outline: Outline) -> None:
    """Send lines and headings to the outline in reading order."""
    at = 0
    for level, raw, start, end in _headings(lines):
        anchor, text = _named(raw)
        before = lines[at:start]
        if not anchor:
            anchor = _anchor_above(before)
        for line in before:
            outline.write(ANCHOR_TAG.sub("", line))
        outline.heading(level, text, line=start + 1 + offset, anchor=anchor)
        at = end
    for line in lines[at:]:
        outline.write(ANCHOR_TAG.sub("", line))


def _headings(lines: list[str]) -> Iterator[tuple[int, str, int, int]]:
    """Level, raw text, first line and line after of each heading that is not inside a list or quote."""
    tokens = blocks().parse("\n".join(lines))
    for position, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        start, end = token.map
        if token.type == "heading_open" and _is_heading(token, tokens[position + 1].content):
            yield int(token.tag[1]), tokens[position + 1].content, start, end
        elif token.type == "html_block" and (found := HTML_HEADING.match(token.content)):
            if len(found[3]) > MAX_HEADING:
                continue
            identity = HTML_ID.search(found[2])
            yield int(found[1]), f"{found[3]}{{#{identity[1]}}}" if identity else found[3], start, end


def _is_heading(token: Token, content: str) -> bool:
    # A rule of dashes straight under a paragraph makes it a heading for CommonMark and hardly ever for its writer.
    return len(content) <= MAX_HEADING and (token.markup.startswith("#") or "\n" not in content)


def _named(raw: str) -> tuple[str, str]:
    """The explicit anchor of a heading, if it has one, and its text without markup."""
    anchor = ""
    if found := ANCHOR_TAG.search(raw):
        anchor = found[1]
    if ATTRIBUTES.search(raw) and (found := EXPLICIT_ID.search(raw)):
        anchor = found["id"] or anchor
        raw = raw[: found.start()]
    return anchor, words(ANCHOR_TAG.sub("", raw))


def words(markdown: str) -> str:
    """Inline Markdown as the words a reader sees."""
    pieces: list[str] = []
    for token in inline().parseInline(markdown)[0].children or ():
        if token.type in {"text", "code_inline"}:
            pieces.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            pieces.append(" ")
        elif token.type == "image":
            pieces.append(token.content)
    return " ".join("".join(pieces).split())


def _anchor_above(before: list[str]) -> str:
    """The name in an anchor tag that stands alone on the line before a heading."""
    for line in reversed(before):
        if line.strip():
            found = ANCHOR_TAG.fullmatch(line.strip())
            return found[1] if found else ""
    return ""


@cache
def inline() -> MarkdownIt:
    return MarkdownIt("commonmark")
