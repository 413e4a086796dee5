"""What generators add to Markdown, brought back to plain Markdown without moving a line."""

from __future__ import annotations

import re
from collections.abc import Callable

from ingestion.readers import html
from ingestion.readers.page import code_mask

ADMONITION = re.compile(r"^(\s*)(?:!!!|\?\?\?\+?)\s+([\w-]+)(?:\s+(?:inline|end))*(?:\s+\"(.*)\")?\s*$")
TAB = re.compile(r"^(\s*)===[+!]?\s+\"(.+)\"\s*$")
CONTAINER = re.compile(r"^\s*:::+\s*\{?\.?([\w-]*)\}?\s*(.*)$")
ALERT = re.compile(r"^(\s*>\s*)\[!(\w+)\]\s*$")
SNIPPET = re.compile(r"^\s*(?:--8<--.*|\{!.*!\}|\[TOC\]|import .* from ['\"].*['\"];?)\s*$")

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SHORTCODE = re.compile(r"\{\{[<%].*?[%>]\}\}", re.DOTALL)
JINJA = re.compile(r"\{%.*?%\}", re.DOTALL)
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)
SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
WRAPPER = re.compile(
    r"</?(?:details|div|center|font|span|p|section|figure|picture|Tabs|TabItem)\b[^<>]*>", re.IGNORECASE
)
IMAGE = re.compile(r"!\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
RELATIVE_LINK = re.compile(r"(?<!!)\[((?:[^\[\]`]|`[^`]*`)+)\]\((?!https?:|mailto:)[^()\s]*(?:\s+\"[^\"]*\")?\)")
DEFINITION = re.compile(r"^ {0,3}\[([^\]\[^][^\]\[]*)\]:\s+\S+(?:\s+[\"'(].*)?\s*$")
REFERENCE_LINK = re.compile(r"(?<![\]!\\])\[([^\]\[]+)\](?:\[([^\]\[]*)\])?(?![(:\[])")
STYLES = re.compile(r"\{:[^{}#\n]*\}[ \t]*$", re.MULTILINE)


def plain(lines: list[str]) -> list[str]:
    """As many lines, in which nothing but Markdown is left; code stays as it is."""
    lines = _without_references(_unfold(lines))
    result: list[str] = []
    prose: list[str] = []
    for line, is_code in zip(lines, code_mask(lines), strict=True):
        if is_code:
            result += _prose(prose)
            prose = []
            result.append(line)
        else:
            prose.append(line)
    return result + _prose(prose)


def _without_references(lines: list[str]) -> list[str]:
    """Links to addresses at the foot of the page become their words, and the foot becomes empty."""
    mask = code_mask(lines)
    prose = [line for line, is_code in zip(lines, mask, strict=True) if not is_code]
    labels = {found[1].casefold() for line in prose if (found := DEFINITION.match(line))}
    if not labels:
        return lines

    def words(found: re.Match[str]) -> str:
        return found[1] if (found[2] or found[1]).casefold() in labels else found[0]

    return [
        line if is_code else "" if DEFINITION.match(line) else REFERENCE_LINK.sub(words, line)
        for line, is_code in zip(lines, mask, strict=True)
    ]


def _unfold(lines: list[str]) -> list[str]:
    """Indented bodies of admonitions and tabs moved to the left, so that their code and lists are seen."""
    result: list[str] = []
    inside: list[int] = []  # indentations of the open admonitions
    for line, is_code in zip(lines, code_mask(lines), strict=True):
        depth = len(line) - len(line.lstrip(" "))
        while inside and line.strip() and depth < inside[-1] + 4:
            inside.pop()
        shifted = line[4 * len(inside) :] if line.strip() else line
        if not is_code and (found := ADMONITION.match(line)):
            result.append(f"{_label(shifted, found[2], found[3])}")
            inside.append(depth)
        elif not is_code and (found := TAB.match(line)):
            result.append(f"{_indent(shifted)}**{found[2]}**")
            inside.append(depth)
        else:
            result.append(shifted)
    return result


def _label(line: str, kind: str, title: str | None) -> str:
    name = kind.capitalize()
    return f"{_indent(line)}**{name}: {title}**" if title else f"{_indent(line)}**{name}:**"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _prose(lines: list[str]) -> list[str]:
    if not lines:
        return []
    text = "\n".join(_line(line) for line in lines)
    for pattern in (COMMENT, SHORTCODE, JINJA):
        text = _outside_code(pattern, _line_feeds, text)
    text = _outside_code(TABLE, _table, text)
    text = _outside_code(SUMMARY, _bold, text)
    for pattern in (WRAPPER, STYLES):
        text = _outside_code(pattern, _line_feeds, text)
    text = _outside_code(IMAGE, _words, text)
    return _outside_code(RELATIVE_LINK, _words, text).split("\n")


def _outside_code(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str) -> str:
    if not pattern.search(text):
        return text
    with_code = re.compile(f"`[^`\\n]+`|{pattern.pattern}", pattern.flags)
    return with_code.sub(lambda found: found[0] if found[0].startswith("`") else replace(found), text)


def _line(line: str) -> str:
    if SNIPPET.match(line):
        return ""
    if found := ALERT.match(line):
        return f"{found[1]}**{found[2].capitalize()}:**"
    if line.lstrip().startswith(":::") and (found := CONTAINER.match(line)):
        return _label("", found[1], found[2]) if found[1] else ""
    return line


def _line_feeds(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _words(found: re.Match[str]) -> str:
    return found[1]


def _bold(found: re.Match[str]) -> str:
    words = found[1].strip()
    return f"**{words}**" + "\n" * (found[0].count("\n") - words.count("\n"))


def _table(found: re.Match[str]) -> str:
    """The HTML table as a Markdown table, if it takes no more lines than before."""
    table = html.fragment(found[0])
    spare = found[0].count("\n") - table.count("\n")
    return table + "\n" * spare if table and spare >= 0 else found[0]
