"""The text of a file to check: decoded, split into lines, with the faults that stand before any YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, SourceFile, Span

MAX_CHARACTERS = 1_000_000
MOST_BYTES = 4 * MAX_CHARACTERS  # no encoding needs more for a character
SHOWN = 1_000  # characters kept of a text that is too large to check
BREAK = re.compile(r"\r\n|\r|\n")
ODD_SPACES = "\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200C))) + "\u202f\u205f\u2060\u3000\ufeff"
ODD_INDENT = re.compile(rf"^[ \t]*[{ODD_SPACES}][ \t{ODD_SPACES}]*", re.MULTILINE)
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
CONFLICT = re.compile(r"^(<{7}|>{7}|\|{7})( .*)?$|^={7}$")
_SIGNATURES = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an Office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
}
_WIDE = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Without a mark the first character, one of ASCII, tells: its other bytes are zero.
_UNMARKED = (
    (re.compile(rb"\x00\x00\x00[\x09-\x7f]"), "utf-32-be"),
    (re.compile(rb"[\x09-\x7f]\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00[\x09-\x7f]"), "utf-16-be"),
    (re.compile(rb"[\x09-\x7f]\x00"), "utf-16-le"),
)
_NAMES = {0: "NUL", 0x1B: "escape", 0x7F: "delete", 0x08: "backspace", 0x0B: "vertical tab", 0x0C: "form feed"}


@dataclass(frozen=True, slots=True)
class SourceText:
    """A named text and its lines without their ends."""

    name: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, text: str) -> SourceText:
        return cls(name, text, tuple(BREAK.split(text)))

    def line(self, number: int) -> str:
        """The line of this number from 1; "" outside of the text."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def span(self, line: int, column: int, length: int = 1) -> Span:
        """A span on one line, pulled inside the text; columns from 1."""
        line = min(max(line, 1), len(self.lines))
        width = len(self.line(line))
        column = min(max(column, 1), width + 1)
        return Span(line, column, line, min(column + max(length, 0), width + 1))

    def line_span(self, line: int) -> Span:
        """The line from its first to its last visible character."""
        text = self.line(line)
        start = len(text) - len(text.lstrip())
        return self.span(line, start + 1, len(text.strip()))

    def position(self, index: int) -> tuple[int, int]:
        """Line and column of a character offset, both from 1."""
        line, begin = 1, 0
        for match in BREAK.finditer(self.text, 0, index):
            line, begin = line + 1, match.end()
        return line, index - begin + 1


def decode(file: SourceFile) -> tuple[SourceText, list[Diagnostic]]:
    """The file's text, and what is wrong with its bytes; the text is empty when it is no text at all."""
    content = file.content
    if file.size or len(content) > (MAX_CHARACTERS if isinstance(content, str) else MOST_BYTES):
        start = content[:SHOWN] if isinstance(content, str) else content[:SHOWN].decode("utf-8", "replace")
        length = f"{len(content):,} characters" if isinstance(content, str) else f"{file.size or len(content):,} bytes"
        return SourceText.of(file.name, start), [_too_large(file.name, length)]
    if isinstance(content, str):
        text, found = content, list[Diagnostic]()
    else:
        text, found = _decoded(file.name, content)
    # A byte order mark is allowed at the start of each document, and invisible: it takes no column.
    text = re.sub("^\ufeff(?=[^\\s\ufeff])", "", text.removeprefix("\ufeff"), flags=re.MULTILINE)
    if len(text) > MAX_CHARACTERS:
        return SourceText.of(file.name, text[:SHOWN]), [_too_large(file.name, f"{len(text):,} characters")]
    source = SourceText.of(file.name, text)
    if not found:
        found = list(_faults(source))
    return source, found


def _decoded(name: str, content: bytes) -> tuple[str, list[Diagnostic]]:
    for signature, what in _SIGNATURES.items():
        if content.startswith(signature):
            return "", [_not_text(name, f"it looks like {what}")]
    for mark, encoding in _WIDE:
        if content.startswith(mark):
            return _wide(name, content, encoding)
    for start, encoding in _UNMARKED:
        if start.match(content) and len(content) % 2 == 0:
            return _wide(name, content, encoding)
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError as error:
        return _undecodable(name, content, error.start)


def _wide(name: str, content: bytes, encoding: str) -> tuple[str, list[Diagnostic]]:
    label = encoding.upper().removesuffix("-LE").removesuffix("-BE")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return "", [_not_text(name, f"it starts like {label} and cannot be read as such")]
    return text, [
        Diagnostic(
            "YAML007",
            Severity.WARNING,
            name,
            Span(1, 1, 1, 1),
            f"The file is encoded as {label}",
            why="The pipeline and most tools expect UTF-8.",
            suggestion="save the file as UTF-8",
        )
    ]


def _undecodable(name: str, content: bytes, at: int) -> tuple[str, list[Diagnostic]]:
    sample = content[:4096]
    odd = sum(byte < 9 or 13 < byte < 32 for byte in sample)
    if odd * 10 > len(sample) or b"\x00" in sample:
        return "", [_not_text(name, "it holds bytes that no text has")]
    before = SourceText.of(name, content[:at].decode("utf-8"))
    line, column = len(before.lines), len(before.lines[-1]) + 1
    text = content.decode("utf-8", "replace")
    likely = content[at : at + 1].decode("cp1252", "replace")
    return text, [
        Diagnostic(
            "YAML007",
            Severity.ERROR,
            name,
            Span(line, column, line, column + 1),
            f"Byte {content[at]:#04x} is not UTF-8",
            why=f"In Windows-1252 it would be “{likely}”; YAML is read as UTF-8.",
            suggestion="save the file as UTF-8",
        )
    ]


def _not_text(name: str, reason: str) -> Diagnostic:
    return Diagnostic(
        "YAML007",
        Severity.ERROR,
        name,
        Span(1, 1, 1, 1),
        "The file is not text",
        why=f"YAML is text in UTF-8; {reason}.",
        suggestion="send the YAML file itself",
    )


def _too_large(name: str, length: str) -> Diagnostic:
    return Diagnostic(
        "YAML006",
        Severity.ERROR,
        name,
        Span(1, 1, 1, 1),
        f"The file has {length}, more than the {MAX_CHARACTERS:,} characters that are checked",
        why="A file of this size is nearly always generated, or not the file that was meant.",
        suggestion="split the file, or check the part in question",
    )


def _faults(source: SourceText) -> Iterator[Diagnostic]:
    if found := FORBIDDEN.search(source.text):
        yield _forbidden(source, found.start())
    elif "<<<<<<<" in source.text or ">>>>>>>" in source.text:
        yield from _conflict(source)


def _forbidden(source: SourceText, index: int) -> Diagnostic:
    line, column = source.position(index)
    point = ord(source.text[index])
    label = f"{_NAMES[point]}, U+{point:04X}" if point in _NAMES else f"U+{point:04X}"
    span = source.span(line, column)
    return Diagnostic(
        "YAML007",
        Severity.ERROR,
        source.name,
        span,
        f"A character that no text may hold ({label})",
        why="It is invisible in most editors; it often comes with text copied from a terminal or a broken download.",
        suggestion="delete the character",
        edits=(Edit(span, ""),),
    )


def _conflict(source: SourceText) -> Iterator[Diagnostic]:
    lines = [number for number, line in enumerate(source.lines, 1) if CONFLICT.match(line)]
    kinds = {source.line(number)[0] for number in lines}
    if not {"<", ">"} <= kinds and not {"<", "="} <= kinds and not {">", "="} <= kinds:
        return
    yield Diagnostic(
        "YAML012",
        Severity.ERROR,
        source.name,
        source.line_span(lines[0]),
        f"A Git merge conflict is not resolved: marker lines {', '.join(map(str, lines[:9]))}",
        why="The file has both versions of the lines between the markers.",
        suggestion="keep one version and delete the marker lines",
    )
