"""A validation report that may be stored and shown: stars in place of the secrets of its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bot.redaction.placing import redact
from bot.redaction.spans import Found
from knowledge.validation.diagnostics import CheckedFile, ValidationReport

# Without any of these a text holds no secret that could be told; looking for one takes longer than checking a file.
_SUSPICIOUS = re.compile(
    r"pass|pwd|\bpw|secret|token|key|cred|auth|mdp|kenn|geheim|zugang|jeton|cl[\u00e9e]|schl|login|user|://|sig=|BEGIN|@"
    r"|(?=[\w+/~-]{20})[a-z+/~_-]*\d|[^\x00-\x7f]",
    re.IGNORECASE,
)
_HEAD = 6  # characters by which the beginning of a secret is known where a message shows only that
_WHOLE = 100_000  # characters of a file that is looked through whole; of a longer one, what is near a diagnostic
_AROUND = 60  # lines before and after a diagnostic


@dataclass(frozen=True, slots=True)
class MaskedReport:
    """A report that may be stored and shown, and what was taken out, by name only."""

    report: ValidationReport
    found: Sequence[str]


def masked_where_told(report: ValidationReport) -> ValidationReport:
    """The same for a terminal, which shows lines only of files that something is told of; others are not looked at."""
    told = {diagnostic.file for diagnostic in report.diagnostics}
    shown = [file for file in report.files if file.name in told]
    if not any(_SUSPICIOUS.search(file.text) for file in shown):
        return report
    hidden = masked(replace(report, files=shown)).report
    by_name = {file.name: file for file in hidden.files}
    return replace(hidden, files=[by_name.get(file.name, file) for file in report.files])


def masked(report: ValidationReport) -> MaskedReport:
    """The report with stars in place of the secrets of its files, as wide as they were: columns stay right."""
    report = _near_diagnostics(report)
    kinds: list[str] = []
    values: dict[str, str] = {}
    files = [_masked_file(file, kinds, values) for file in report.files]
    named = [redact(file.name) for file in report.files]
    kinds += [kind for name in named for kind in name.found]
    if not kinds:
        return MaskedReport(report, ())
    body = _report().dump_python(report, mode="json")
    hidden = _hider(sorted({form for value in values for form in _forms(value)}, key=len, reverse=True))
    body = _through(body, hidden)
    for shown, file in zip(body["files"], files, strict=True):
        shown["text"], shown["mended"] = hidden(file[0]), hidden(file[1])
    if any(name.found for name in named):
        names = {file.name: name.text for file, name in zip(report.files, named, strict=True)}
        body = _through(body, lambda text: names.get(text, text))
    return MaskedReport(_report().validate_python(body), tuple(kinds))


def _near_diagnostics(report: ValidationReport) -> ValidationReport:
    """Long files with empty lines in place of those that nobody is shown: to look for secrets in them takes seconds."""
    if all(len(file.text) <= _WHOLE for file in report.files):
        return report
    lines: dict[str, set[int]] = {}
    for diagnostic in report.diagnostics:
        span = diagnostic.span
        shown = (span.line, span.end_line)
        near = (range(max(1, line - _AROUND), line + _AROUND + 1) for line in shown)
        lines.setdefault(diagnostic.file, set()).update(*near)
    files = [file if len(file.text) <= _WHOLE else _only(file, lines.get(file.name, set())) for file in report.files]
    return replace(report, files=files)


def _only(file: CheckedFile, shown: set[int]) -> CheckedFile:
    """The file with these lines, counted from 1, as far as they are no longer than a file that is looked through."""
    kept, left = [], _WHOLE
    for number, line in enumerate(file.text.split("\n"), start=1):
        stays = number in shown and len(line) <= left
        left -= len(line) if stays else 0
        kept.append(line if stays else "")
    return replace(file, text="\n".join(kept), mended="")


@cache
def _report() -> Any:
    from pydantic import TypeAdapter  # heavy, and the command line may need none

    return TypeAdapter(ValidationReport)


def _masked_file(file: CheckedFile, kinds: list[str], values: dict[str, str]) -> tuple[str, str]:
    """The texts of a file with stars; kinds and values of what was found are added to those given.

    A mended key, such as "pasword", may be what tells that its value is a secret."""
    from bot.redaction.finding import find

    shown: list[str] = []
    for text in (file.text, file.mended):
        found = find(text)
        for each in found:
            value = text[each.start : each.end]
            if value not in values:
                values[value] = each.kind
                kinds.append(each.kind)
        shown.append(starred(text, found))
    return shown[0], shown[1]


def starred(text: str, found: Sequence[Found]) -> str:
    """The text with a star for each character of a secret that is seen."""
    parts: list[str] = []
    place = 0
    for each in found:
        parts += [text[place : each.start], _stars(text[each.start : each.end])]
        place = each.end
    return "".join([*parts, text[place:]])


def _forms(value: str) -> Iterator[str]:
    """How a message may show a value: as it stands, by line, and as the text that its escapes mean."""
    yield value
    yield from (line.strip() for line in value.split("\n") if len(line.strip()) >= 3)
    if "\\" in value:
        try:
            yield str(json.loads(f'"{value}"'))
        except ValueError:
            yield re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), value)
    if "''" in value:
        yield value.replace("''", "'")


def _hider(values: Sequence[str]) -> Any:
    """What takes the values out of a text: where they stand by themselves, and the beginnings of long ones anywhere.

    Each place of a text is looked up once, however many values there are."""
    short = {value for value in values if len(value) < _HEAD}
    long: dict[str, list[str]] = {}
    for value in values:
        if len(value) >= _HEAD:
            long.setdefault(value[:_HEAD], []).append(value)
    lengths = sorted({len(value) for value in short}, reverse=True)

    def hidden(text: str) -> str:
        parts: list[str] = []
        place = done = 0
        while place < len(text):
            end = _end_of_long(text, place, long) or _end_of_short(text, place, short, lengths)
            if end:
                parts += [text[done:place], _stars(text[place:end])]
                place = done = end
            else:
                place += 1
        return "".join([*parts, text[done:]])

    return hidden


def _end_of_long(text: str, place: int, long: dict[str, list[str]]) -> int:
    """Where a long value, or as much of it as stands here, ends; 0 when none begins here."""
    some = long.get(text[place : place + _HEAD])
    return place + max(_common(text, place, value) for value in some) if some else 0


def _end_of_short(text: str, place: int, short: set[str], lengths: Sequence[int]) -> int:
    """Where a short value that stands here by itself ends; 0 when there is none."""
    if not lengths or (place and _is_word(text[place - 1])):
        return 0
    for length in lengths:
        end = place + length
        if text[place:end] in short and not (end < len(text) and _is_word(text[end])):
            return end
    return 0


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _common(text: str, place: int, value: str) -> int:
    """How many characters from the place on are those of the value."""
    length = 0
    while length < len(value) and place + length < len(text) and text[place + length] == value[length]:
        length += 1
    return length


def _stars(secret: str) -> str:
    return re.sub(r"\S", "*", secret)


def _through(part: Any, change: Any) -> Any:
    """Every text of a JSON value, changed."""
    if isinstance(part, str):
        return change(part)
    if isinstance(part, list):
        return [_through(element, change) for element in part]
    if isinstance(part, dict):
        return {key: _through(value, change) for key, value in part.items()}
    return part
