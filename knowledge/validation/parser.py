"""The YAML 1.1 parser of PyYAML, made to read what YAML 1.2 allows; every mark stays where it is in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

import yaml
from yaml.events import StreamEndEvent

from knowledge.validation.leniency import Change, changes_for
from knowledge.validation.text import BREAK

MAX_RETRIES: Final = 100
READ_AGAIN: Final = 2_000_000  # characters in all, so that no text takes long
# Allowed by YAML 1.2 (the line separators are no line breaks there), refused or misread by YAML 1.1.
_UNREADABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BACKSLASHES_OR_PAIR: Final = re.compile(
    r"(?P<backslashes>\\\\)|\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
)
_PRIVATE: Final = (range(0xE000, 0xF8FF), range(0xF0000, 0xFFFFE))  # for private use, by Unicode
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\U000([0-9a-fA-F]{5})")
_EMPTY_FIRST: Final = re.compile(r"\A((?:#.*\n|[ \t]*\n)*)\.\.\.(?=\s*$)")


@dataclass(frozen=True, slots=True)
class Place:
    """A mark in the text as it was written, all from 0."""

    line: int
    column: int
    index: int


class Readable:
    """A text that the parser accepts, and the way back for what it hands out."""

    def __init__(self, text: str) -> None:
        self.originals: dict[int, str] = {}
        self._standing: dict[str, str] = {}
        escaped = {int(short or long, 16) for short, long in _ESCAPED.findall(text)}
        self._free = (point for point in chain(*_PRIVATE) if chr(point) not in text and point not in escaped)
        for odd in sorted(set(_UNREADABLE.findall(text))):
            text = text.replace(odd, self._stand_in(odd))
        if "\\u" in text:
            text = _BACKSLASHES_OR_PAIR.sub(self._pair, text)
        if text.lstrip("# \t\n")[:1] == "." or text[:1] == "#":
            text = _EMPTY_FIRST.sub(r"\1###", text)
        self._written = text  # as long as the original, so that its places are those of the original
        self._changes: dict[int, Change] = {}
        self.names: dict[str, str] = {}  # of anchors that the parser cannot read, by what it reads instead
        self.text = text

    @property
    def changed(self) -> bool:
        """Whether marks have to be brought back to the text as it was written."""
        return bool(self._changes)

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
        """Change what YAML 1.2 allows and the parser does not; False when the error is another.

        The marks of the error are brought back to the text as it was written."""
        if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
            return False
        error.problem_mark = self.place(error.problem_mark)
        error.context_mark = self.place(error.context_mark) if error.context_mark else None
        changes = [c for c in changes_for(error, self._written) if c.start not in self._changes]
        self._changes |= {change.start: self._named(change) for change in changes}
        # What was changed below may be the text of a block that begins only now.
        begins = min((change.start for change in changes), default=len(self._written))
        known = {change.start for change in changes}
        self._changes = {start: c for start, c in self._changes.items() if start < begins or start in known}
        self._apply()
        return bool(changes)

    def _named(self, change: Change) -> Change:
        if change.literal:
            return change._replace(new="".join(self._stand_in(character) for character in change.new))
        if not change.anchor:
            return change
        known = {name: plain for plain, name in self.names.items()}
        plain = known.get(change.new) or next(
            name for number in range(len(self._written) + 1) if (name := f"anchor-{number}") not in self.text
        )
        self.names[plain] = change.new
        return change._replace(new=plain)

    def _apply(self) -> None:
        pieces, position, grown = [], 0, 0
        self._shifts: list[tuple[int, int]] = []  # from which index of the changed text on, and by how much
        self._inside: list[tuple[int, int, int]] = []
        for start, end, new, *_ in sorted(self._changes.values()):
            pieces += [self._written[position:start], new]
            self._inside.append((start + grown, start + grown + len(new), start))
            position, grown = end, grown + len(new) - (end - start)
            self._shifts.append((position + grown, grown))
        self.text = "".join([*pieces, self._written[position:]])

    def place(self, mark: Any) -> Any:
        """Where a mark of the parser stands in the text as it was written."""
        if not self._changes:
            return mark
        index = self._index(mark.index)
        line = bisect_right(self._lines, index) - 1
        return Place(line, index - self._lines[line], index)

    def _index(self, index: int) -> int:
        number = bisect_right(self._inside, (index, len(self.text) + 1, 0)) - 1
        if number < 0:
            return index
        begin, end, start = self._inside[number]
        return start if begin <= index < end else index - self._shifts[number][1]

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in BREAK.finditer(self._written))]


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
    for _ in range(tries(text)):
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


def tries(text: str) -> int:
    """How often a text may be read again after a change to it: less often when it is long."""
    return 1 + min(MAX_RETRIES, READ_AGAIN // (len(text) + 1))


def _exhaust(text: str) -> None:
    get = parser(text).get_event
    while type(get()) is not StreamEndEvent:
        pass
