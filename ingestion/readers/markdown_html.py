"""HTML that stands in Markdown pages, brought to Markdown without moving a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from markdown_it import MarkdownIt

from ingestion.readers import html
from ingestion.readers.page import code_mask
from ingestion.readers.pairs import LineNumbers, pairs

ANCHOR_TAG = re.compile(
    r"<a\s(?=[^<>]*>)(?>[^<>]*?(?:name|id)\s*=\s*[\"']?([\w:.-]+)[\"']?[^<>]*>)(?:\s*</a>)?", re.IGNORECASE
)
HTML_HEADING = re.compile(r"\s*<h([1-6])\b([^>]*)>((?:(?!<h[1-6]\b).)*?)</h\1>\s*$", re.IGNORECASE | re.DOTALL)
TABLE = re.compile(r"^[ \t]*<table\b", re.IGNORECASE | re.MULTILINE)
TABLE_END = re.compile("</table>", re.IGNORECASE)
BOX = re.compile(r"^<(details|div|section|center|table)\b", re.IGNORECASE | re.MULTILINE)
HEADING_INSIDE = re.compile(r"^<h[1-6][^<>]*>\s*+([^<>]*[^<>\s])\s*</h[1-6]>$", re.IGNORECASE)
MARKDOWN_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])\s", re.MULTILINE)
STRUCTURE = re.compile(r"</?(?:h[1-6]|ul|ol|li|dl|dt|dd|pre|a|img|object|iframe|video)\b", re.IGNORECASE)


@cache
def blocks() -> MarkdownIt:
    """A parser of blocks and their line ranges that leaves inline text as it is: three times as fast."""
    return MarkdownIt("commonmark").enable("table").disable("inline")


def without_comments(lines: list[str]) -> list[str]:
    """Comments that reach over code are emptied; those inside code stay."""
    text = "\n".join(lines)
    if "<!--" not in text:
        return lines
    result: list[str] = []
    inside = False
    last = max((number for number, line in enumerate(lines) if "-->" in line), default=-1)
    for number, (line, is_code) in enumerate(zip(lines, code_mask(lines), strict=True)):
        if inside:
            inside = "-->" not in line
            result.append(line.partition("-->")[2])
        elif not is_code and number < last and _opens_comment(line):
            inside = True
            result.append(line.rpartition("<!--")[0])
        else:
            result.append(line)
    return result


def tables_as_markdown(lines: list[str]) -> list[str]:
    """Tables become Markdown tables: before anything else, because their cells may hold what looks like code."""
    text = "\n".join(lines)
    if "</" not in text or not TABLE.search(text):
        return lines
    mask, number = code_mask(lines), LineNumbers(text)
    kept: list[str] = []
    at = 0
    for start, end in pairs(TABLE, lambda _: TABLE_END, text):
        if not mask[number.of(start.start())]:
            table = text[start.start() : end.end()]
            kept += [text[at : start.start()], fitted(table, html.fragment(table))]
            at = end.end()
    return ("".join(kept) + text[at:]).split("\n")


def at_the_margin(lines: list[str]) -> list[str]:
    """What is indented inside boxes such as <details> moves to the left, where it would otherwise read as code."""
    text = "\n".join(lines)
    if "</" not in text or not BOX.search(text):
        return lines
    mask, number = code_mask(lines), LineNumbers(text)
    result = list(lines)
    for opening, closing in pairs(BOX, lambda found: _box_end(found[1].lower()), text):
        start, end = number.of(opening.start()), number.of(closing.end()) + 1
        if not any(mask[start:end]) and not MARKDOWN_ITEM.search(text, opening.start(), closing.end()):
            result[start:end] = [HEADING_INSIDE.sub(r"**\1**", line.lstrip()) for line in lines[start:end]]
    return result


@cache
def _box_end(tag: str) -> re.Pattern[str]:
    return re.compile(f"^</{tag}>", re.IGNORECASE | re.MULTILINE)


def blocks_as_markdown(lines: list[str]) -> list[str]:
    """Headings, lists, code and links written in HTML become Markdown; what only decorates goes."""
    text = "\n".join(lines)
    if not STRUCTURE.search(text):
        return lines
    result = list(lines)
    for token in blocks().parse(text):
        if token.level or token.map is None or token.type not in {"html_block", "paragraph_open"}:
            continue
        start, end = token.map
        raw = "\n".join(lines[start:end])
        if _is_structure(raw):
            result[start:end] = fitted(raw, html.fragment(raw)).split("\n")
    return result


def fitted(raw: str, markdown: str) -> str:
    """The Markdown on as many lines as the raw text took: padded, else without blank lines, else on one line."""
    room = raw.count("\n")
    lines = markdown.split("\n")
    if len(lines) - 1 > room:
        lines = [line for line in lines if line.strip()]
    if len(lines) - 1 > room:
        rows = [line.strip(" |").replace(" | ", ", ") for line in lines if line.strip(" |-")]
        lines = [("; " if markdown.startswith("|") else " ").join(rows)]
    return "\n".join(lines) + "\n" * (room + 1 - len(lines))


def outside_code(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str) -> str:
    """Substitute, but not in code spans."""
    if not pattern.search(text):
        return text
    with_code = re.compile(f"`[^`\\n]+`|{pattern.pattern}", pattern.flags)
    return with_code.sub(lambda found: found[0] if found[0].startswith("`") else replace(found), text)


def _opens_comment(line: str) -> bool:
    start = line.rfind("<!--")
    return start >= 0 and "-->" not in line[start:] and line.count("`", 0, start) % 2 == 0


def _is_structure(content: str) -> bool:
    if not content.lstrip().startswith("<"):
        return False
    named = ANCHOR_TAG.search(content) or HTML_HEADING.match(content)  # the page's outline needs these as they are
    return bool(STRUCTURE.search(content)) and not named
