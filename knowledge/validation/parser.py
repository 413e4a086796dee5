"""The YAML 1.1 parser of PyYAML, made to read what YAML 1.2 allows; every mark stays where it is in the text."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Final

import yaml
from yaml.events import StreamEndEvent

MAX_RETRIES: Final = 50
# Allowed by YAML 1.2 (the line separators are no line breaks there), refused or misread by YAML 1.1.
_UNREADABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BACKSLASHES_OR_PAIR: Final = re.compile(
    r"(?P<backslashes>\\\\)|\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
)
_PRIVATE: Final = (range(0xE000, 0xF8FF), range(0xF0000, 0xFFFFE))  # for private use, by Unicode
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\U000([0-9a-fA-F]{5})")
_RESERVED_DIRECTIVE: Final = re.compile(r"\A((?:#.*\n|[ \t]*\n)*)%(?!YAML|TAG)(?=[A-Z])")
_EMPTY_FIRST: Final = re.compile(r"\A((?:#.*\n|[ \t]*\n)*)\.\.\.(?=\s*$)")


class Readable:
    """A text of the same length that the parser accepts, and the way back for what it hands out."""

    def __init__(self, text: str) -> None:
        self.originals: dict[int, str] = {}
        self._standing: dict[str, str] = {}
        escaped = {int(short or long, 16) for short, long in _ESCAPED.findall(text)}
        self._free = (point for point in chain(*_PRIVATE) if chr(point) not in text and point not in escaped)
        for odd in sorted(set(_UNREADABLE.findall(text))):
            text = text.replace(odd, self._stand_in(odd))
        if "\\u" in text:
            text = _BACKSLASHES_OR_PAIR.sub(self._pair, text)
        if text.lstrip("# \t\n")[:1] in {"%", "."} or text[:1] == "#":
            text = _EMPTY_FIRST.sub(r"\1###", _RESERVED_DIRECTIVE.sub(r"\1#", text))
        self.text = text

    def _stand_in(self, original: str) -> str:
        if original not in self._standing:
            point = next(self._free, 0xFFFD)
            self.originals[point] = original
            self._standing[original] = chr(point)
        return self._standing[original]

    def _pair(self, match: re.Match[str]) -> str:
        """An emoji as JSON escapes it, in two halves, which the parser refuses."""
        if match["backslashes"]:
            return match[0]
        high, low = int(match["high"], 16), int(match["low"], 16)
        character = chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        return self._stand_in(character) + self._stand_in("") * (len(match[0]) - 1)

    def restored(self, value: str) -> str:
        return value.translate(self.originals) if self.originals else value

    def tolerate(self, error: yaml.YAMLError) -> bool:
        """Hide the tab that begins the text of a block, which YAML 1.2 allows; False when the error is another."""
        if not isinstance(error, yaml.MarkedYAMLError) or "tab character" not in (error.problem or ""):
            return False
        mark, header = error.problem_mark, error.context_mark
        if mark is None or header is None or self.text[mark.index : mark.index + 1] != "\t":
            return False
        start = header.index - header.column
        line = self.text[start : header.index]
        if mark.column <= len(line) - len(line.lstrip(" ")):
            return False
        self.text = self.text[: mark.index] + self._stand_in("\t") + self.text[mark.index + 1 :]
        return True


def parser(text: str) -> Any:
    """A parser over the text, libyaml's where PyYAML was built with it."""
    if yaml.__with_libyaml__:
        return yaml.CBaseLoader(text)
    return _PurePython(text)


class _PurePython(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def error_line(text: str) -> int | None:
    """The line from 1 where parsing stops; None when the text parses."""
    readable = Readable(text)
    for _ in range(MAX_RETRIES):
        try:
            _exhaust(readable.text)
        except yaml.MarkedYAMLError as error:
            if readable.tolerate(error):
                continue
            mark = error.problem_mark or error.context_mark
            return mark.line + 1 if mark else 1
        except yaml.YAMLError:
            return 1
        return None
    return 1


def _exhaust(text: str) -> None:
    get = parser(text).get_event
    while type(get()) is not StreamEndEvent:
        pass
