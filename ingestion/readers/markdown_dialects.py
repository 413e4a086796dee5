"""What generators add to Markdown, brought back to plain Markdown without moving a line."""

from __future__ import annotations

import re
from collections.abc import Callable

from ingestion.readers.markdown_html import (
    at_the_margin,
    blocks_as_markdown,
    outside_code,
    tables_as_markdown,
    without_comments,
)
from ingestion.readers.page import characters, code_blocks, code_mask
from ingestion.readers.pairs import between

ADMONITION = re.compile(r"^(\s*)(?:!!!|\?\?\?\+?)\s+([\w-]+)(?:\s+(?:inline|end))*(?:\s+\"(.*)\")?\s*$")
TAB = re.compile(r"^(\s*)===[+!]?\s+\"(.+)\"\s*$")
CONTAINER = re.compile(r"^\s*:::+\s*\{?\.?([\w-]*)\}?\s*(.*)$")
ALERT = re.compile(r"^(\s*>\s*)\[!(\w+)\]\s*$")
SNIPPET = re.compile(r"^\s*(?:--8<--.*|\{!.*!\}|\[TOC\]|import (?>.*? from ['\"]).*['\"];?)\s*$")

UNSEEN = (  # comments, shortcodes of Hugo, and Jinja: what opens them, and what closes them
    (re.compile("<!--"), re.compile("-->")),
    (re.compile(r"\{\{[<%]"), re.compile(r"[%>]\}\}")),
    (re.compile(r"\{%"), re.compile(r"%\}")),
)
INCLUDE = re.compile(
    r"^\s*(?:\{%-?\s*(?:include|(?:end)?filter)\b.*%\}|--8<--.*|\{!.*!\}|\{\{[<%]\s*(?:include|readfile|code\w*)\b.*[>%]\}\})\s*$"
)
RAW = re.compile(r"^\s*\{%-?\s*(?:end)?raw\s*-?%\}\s*$")
SUMMARY = re.compile(r"<summary[^>]{0,500}>", re.IGNORECASE), re.compile("</summary>", re.IGNORECASE)
WRAPPER = re.compile(
    r"</?(?:details|div|center|font|span|p|section|figure|picture|Tabs|TabItem)\b[^<>]*>", re.IGNORECASE
)
SAYS_SOMETHING = re.compile(r"[^\W\d_]{2,}.*[^\W\d_]{2,}", re.DOTALL)
LINK_TITLE = r"(?:\s+(?:\"[^\"]*\"|'[^']*'))"
IMAGE = re.compile(rf"!\[([^\[\]]*)\]\([^()\s]*{LINK_TITLE}?\s*\)")
RELATIVE_LINK = re.compile(
    rf"(?<!!)\[((?:[^\[\]`]|`[^`]*`)+)\]\((?!https?:|mailto:|<https?:)[^()\s]*{LINK_TITLE}?\s*\)"
)
TITLED_LINK = re.compile(rf"(\]\([^()\s]+){LINK_TITLE}\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[([^\]\[^][^\]\[]*)\]:(?:\s+\S+|https?:\S+)(?:\s+[\"'(].*)?\s*$")
_LABEL = r"(?:[^\]\[\n]|\n(?!\s*\n))"  # may go on on the next line, but not in the next paragraph
REFERENCE_LINK = re.compile(rf"(?<![\]!\\])\[({_LABEL}+)\](?:\[({_LABEL}*)\])?(?![(:\[])")
FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,200}\](?::[ \t]*)?")
ENTITY = re.compile(r"&#?\w+;")
LIST_IN_CELL = re.compile(r"</li>\s*<li>", re.IGNORECASE)
JSX_ATTRIBUTE = re.compile(r"(?<=[\w\"'])\s++[a-zA-Z]+=\{\{[^{}<>]*\}\}")
HTML_LINK = re.compile(
    r"<a\s(?=[^<>]*>)(?>[^<>]*?href=\"(https?://[^\"<>\s]+)\"[^<>]*>)([^<>`\[\]\n]+)</a>", re.IGNORECASE
)
HTML_STRONG = re.compile(r"<(?:strong|b)>([^<>`\n]*[^<>`\s])</(?:strong|b)>", re.IGNORECASE)
HTML_CODE = re.compile(r"(?<!<pre>)<code>([^<>`\n]+)</code>", re.IGNORECASE)
STYLES = re.compile(r"\{:[^{}#\n]*\}[ \t]*$", re.MULTILINE)


def plain(lines: list[str]) -> list[str]:
    """As many lines, in which nothing but Markdown is left; code stays as it is."""
    lines = at_the_margin(tables_as_markdown(without_comments(lines)))
    lines = _without_references(_unfold(_without_includes(lines)))
    return blocks_as_markdown(_in_prose(lines, _prose))


def _in_prose(lines: list[str], change: Callable[[list[str]], list[str]]) -> list[str]:
    """The lines with each run outside code changed as a whole."""
    result: list[str] = []
    prose: list[str] = []
    for line, is_code in zip(lines, code_mask(lines), strict=True):
        if is_code:
            result += change(prose) if prose else []
            prose = []
            result.append(line)
        else:
            prose.append(line)
    return result + (change(prose) if prose else [])


def _without_includes(lines: list[str]) -> list[str]:
    """Code blocks that only name a file become empty: the reader of the page sees that file, but it is not here."""
    result = list(lines)
    for start, end in code_blocks(lines):
        inside = ["" if RAW.match(line) else line for line in lines[start + 1 : end - 1]]
        if any(INCLUDE.match(line) for line in inside) and not any(_is_code(line) for line in inside):
            inside = [""] * len(inside)
        result[start + 1 : end - 1] = inside
    return result


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#") and not INCLUDE.match(line)


def _without_references(lines: list[str]) -> list[str]:
    """Links to addresses at the foot of the page become their words, and the foot becomes empty."""
    prose = [line for line, is_code in zip(lines, code_mask(lines), strict=True) if not is_code]
    labels = {_label_of(found[1]) for line in prose if (found := DEFINITION.match(line))}
    if not labels:
        return lines

    def words(found: re.Match[str]) -> str:
        if _label_of(found[2] or found[1]) not in labels:
            return found[0]
        return found[1] + "\n" * (found[2] or "").count("\n")

    def change(run: list[str]) -> list[str]:
        text = "\n".join("" if DEFINITION.match(line) else line for line in run)
        return REFERENCE_LINK.sub(words, text).split("\n")

    return _in_prose(lines, change)


def _label_of(words: str) -> str:
    return " ".join(words.split()).casefold()


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
    text = "\n".join(_line(line) for line in lines)
    for opening, closing in UNSEEN:
        text = between(opening, closing, lambda whole, _: "\n" * whole.count("\n"), text)
    text = between(*SUMMARY, _bold, text)
    for pattern in (WRAPPER, STYLES, FOOTNOTE):
        text = outside_code(pattern, _line_feeds, text)
    text = outside_code(JSX_ATTRIBUTE, _line_feeds, text)
    text = outside_code(HTML_LINK, lambda found: f"[{found[2]}]({found[1]})", text)
    text = outside_code(HTML_STRONG, lambda found: f"**{found[1]}**", text)
    text = outside_code(HTML_CODE, lambda found: f"`{found[1].replace(chr(92), '')}`", text)
    text = outside_code(ENTITY, lambda found: characters(found[0]), text)
    text = outside_code(IMAGE, _picture, text)
    text = outside_code(TITLED_LINK, lambda found: f"{found[1]}){_line_feeds(found)}", text)
    return outside_code(RELATIVE_LINK, _words, text).split("\n")


def _line(line: str) -> str:
    if SNIPPET.match(line):
        return ""
    if found := ALERT.match(line):
        return f"{found[1]}**{found[2].capitalize()}:**"
    if line.lstrip().startswith("|"):
        line = LIST_IN_CELL.sub("; ", line)
    if line.lstrip().startswith(":::") and (found := CONTAINER.match(line)):
        return _label("", found[1], found[2]) if found[1] else ""
    return line


def _line_feeds(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _words(found: re.Match[str]) -> str:
    return found[1] + "\n" * (found[0].count("\n") - found[1].count("\n"))


def _picture(found: re.Match[str]) -> str:
    """What the picture shows; "1" or "img" says nothing."""
    return _words(found) if SAYS_SOMETHING.search(found[1]) else _line_feeds(found)


def _bold(whole: str, inside: str) -> str:
    words = inside.strip()
    return f"**{words}**" + "\n" * (whole.count("\n") - words.count("\n"))
