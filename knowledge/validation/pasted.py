"""YAML in a chat message: fenced blocks, and text that is YAML although no fence says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_KEY_LINE = re.compile(r"""^\s*(?:- +)*(?:"[^"]+"|'[^']+'|[A-Za-z_%][\w./%-]*):(?:\s+(?P<value>\S.*))?$""")
_LIST_LINE = re.compile(r"^\s*- \S")
_HEAD = re.compile(r"^(?:apiVersion|kind):\s+\S+\s*(?:#.*)?$", re.MULTILINE)
_OTHER = re.compile(r"^\s*(?:#.*|---.*|\.\.\.|[\]}],?|\"[^\"]+\"\s*:.*|[\[{].*)?$")
_SENTENCE = re.compile(r"\w+\W+\w+\W+\w+\W+\w+\W+\w+.*[?.!]$|\?\s*$")
_GREETING = re.compile(
    r"^\s*(?:question|hi|hello|hey|ps|p\.s\.|note|edit|update|problem|issue|error|warning|info|fyi|re|thanks|context|"
    r"expected|actual|steps|todo|https?)\b",
    re.IGNORECASE,
)


def fenced_blocks(markdown: str) -> list[tuple[str, str, int]]:
    """The fenced blocks of a Markdown text: info string, content, and the line (from 1) where the content starts.

    A fence that is never closed runs to the end, as in CommonMark. The fence's own indentation is taken off."""
    return list(_blocks(markdown))


def _blocks(markdown: str) -> Iterator[tuple[str, str, int]]:
    lines = markdown.splitlines()
    opened: re.Match[str] | None = None
    start, content = 0, list[str]()
    for number, line in enumerate(lines, 1):
        if opened is None:
            if found := _FENCE.match(_unlisted(line)):
                opened, start, content = found, number + 1, []
        elif _closes(line, opened["mark"]):
            yield opened["info"].strip(), _dedented(content), start
            opened = None
        else:
            content.append(line)
    if opened is not None:
        yield opened["info"].strip(), _dedented(content), start


def _unlisted(line: str) -> str:
    """A fence inside a list stands deeper than CommonMark's three spaces; it is one all the same."""
    return line.strip() if line.lstrip().startswith(("```", "~~~")) else line


def _closes(line: str, mark: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(mark) and not stripped.strip(mark[0])


def _dedented(lines: list[str]) -> str:
    widths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    cut = min(widths, default=0)
    return "".join(f"{line[cut:] if line.strip() else ''}\n" for line in lines)


def looks_like_yaml(text: str) -> bool:
    """Whether a chat message without fences is YAML: it names its kind, or is keys and list elements, not prose."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    if _HEAD.search(text):
        return _share(lines) >= 0.5
    keys = sum(_is_key(line) for line in lines)
    if len(lines) < 2 or keys == 0:
        return False
    nested = any(line[0] in " \t\u00a0" or _LIST_LINE.match(line) for line in lines[1:])
    return _share(lines) >= 0.8 and keys >= 2 and (nested or keys >= 3)


def _share(lines: list[str]) -> float:
    return sum(_is_key(line) or bool(_LIST_LINE.match(line) or _OTHER.match(line)) for line in lines) / len(lines)


def _is_key(line: str) -> bool:
    found = _KEY_LINE.match(line)
    if not found or _GREETING.match(line):
        return False
    return not (found["value"] and _SENTENCE.search(found["value"]) and found["value"][0] not in "\"'[{|>")
