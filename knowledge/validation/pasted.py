"""YAML in a chat message: fenced blocks, and text that is YAML although no fence says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_KEY_LINE = re.compile(r"""^\s*(?:- +)*(?:"[^"]+"|'[^']+'|[A-Za-z_%][\w./%-]*):(?:\s+(?P<value>\S.*))?$""")
_LIST_LINE = re.compile(r"^\s*- \S")
_HEAD = re.compile(r"^(?:apiVersion|kind):\s+\S+\s*(?:#.*)?$", re.MULTILINE)
_OTHER = re.compile(r"^\s*(?:#.*|---.*|\.\.\.|[\]}],?|\"[^\"]+\"\s*:.*|[\[{].*)?$")
_OPENING = re.compile(r"^\s*(?:- +)*[A-Za-z_][\w./%-]*:\s*$")
_INSIDE = re.compile(r"^(?:[ \t]+|- )\S")
_JSON = re.compile(r"""\s*[{\[]\s*(?:[{\[]\s*)*"[^"\n]+"\s*:""")
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
    if _JSON.match(text):
        return True
    keys = sum(_is_key(line) for line in lines)
    if len(lines) < 2 or keys == 0:
        return False
    nested = any(line[0] in " \t\u00a0" or _LIST_LINE.match(line) for line in lines[1:])
    opened = any(_OPENING.match(line) for line in lines) and nested
    return _share(lines) >= (0.6 if opened else 0.8) and keys >= 2 and (nested or keys >= 3)


def split_bare(text: str) -> tuple[str, str]:
    """The YAML in a message without fences, and the prose before and after it; ("", text) when there is none."""
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if _is_key(line) or line.startswith(("---", "{"))]
    for start in starts[:5]:
        end = len(lines)
        while end > start and not _may_end(lines[end - 1]):
            end -= 1
        part = "\n".join(lines[start:end])
        prose = "\n".join([*lines[:start], *lines[end:]]).strip()
        # Beside prose, a few flat "word: text" lines are more likely a signature or a form than YAML.
        shaped = not prose or _HEAD.search(part) or _JSON.match(part) or any(_INSIDE.match(x) for x in lines[start:end])
        if shaped and looks_like_yaml(part):
            return part + "\n", prose
    return "", text


def _may_end(line: str) -> bool:
    if line[:1].isspace() and len(line.split()) <= 4 and "?" not in line:
        return bool(line.strip())
    return bool(line.strip()) and (_is_key(line) or bool(_LIST_LINE.match(line) or _OTHER.match(line)))


def _share(lines: list[str]) -> float:
    return sum(_is_key(line) or bool(_LIST_LINE.match(line) or _OTHER.match(line)) for line in lines) / len(lines)


def _is_key(line: str) -> bool:
    found = _KEY_LINE.match(line)
    if not found or _GREETING.match(line):
        return False
    return not (found["value"] and _SENTENCE.search(found["value"]) and found["value"][0] not in "\"'[{|>")
