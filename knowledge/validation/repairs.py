"""What people do to YAML that stops it from parsing, each with the change that undoes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.validation import layout
from knowledge.validation.diagnostics import Diagnostic
from knowledge.validation.trouble import (
    KEY_VALUE,
    LEAD,
    VALUE_START,
    Trouble,
    fault,
    indent_of,
    replacement,
    without_comment,
)

_NO_SPACE = re.compile(rf"{LEAD}(?P<key>[A-Za-z_][\w./-]*):(?P<value>(?!//)[^\s:].*)$")
_NO_COLON = re.compile(rf"{LEAD}(?P<key>[A-Za-z_][\w./-]*)(?P<gap> +|[ ]*[;=][ ]*)(?P<value>[^\s:#=].*)$")
_BARE_KEY = re.compile(rf"{LEAD}(?P<key>[A-Za-z_][\w./-]*)(?P<rest>\s*(?:#.*)?)$")
_TIGHT_DASH = re.compile(rf"{LEAD}-(?P<value>[A-Za-z_\"'].*)$")
_OPEN_QUOTE = re.compile(r"""(?:^|[\[{,:])\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?P<mark>["']))""")
_TEXT_END = re.compile(r"[,\]}]|:(?=\s)")  # what may follow a text in brackets
_WILDCARD = re.compile(r"%[\w-]+%")
_CLOSING = {"[": "]", "{": "}"}


def certain(trouble: Trouble) -> Iterator[Diagnostic]:
    """Causes that the characters at the spot prove by themselves."""
    yield from layout.odd_spaces(trouble)
    yield from layout.tabs(trouble)
    yield from _reserved_start(trouble)
    yield from _unknown_escape(trouble)


def supposed(trouble: Trouble) -> Iterator[Diagnostic]:
    """Causes to be tried, the likeliest first."""
    near = trouble.near()
    for line in near:
        yield from _missing_space(trouble, line)
        yield from _tight_dash(trouble, line)
    yield from _unclosed_bracket(trouble)
    yield from _unclosed_quote(trouble)
    yield from _unclosed_quote_in_brackets(trouble)
    for line in near:
        yield from _missing_colon(trouble, line)
    for line in near[:3]:
        yield from _colon_in_value(trouble, line)
        yield from _text_after_quote(trouble, line)
    yield from layout.missing_first_dash(trouble)
    for line in near[:3]:
        yield from layout.indentation(trouble, line)
    yield from layout.block_indentation(trouble)
    for line in near[:2]:
        yield from layout.missing_dash(trouble, line, (indent_of(trouble.source.line(line)) - 2,))


def quoted(value: str) -> str:
    """The value in quotes that need the fewest escapes."""
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def _reserved_start(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    alias = "scanning an alias" in trouble.context or "scanning an anchor" in trouble.context
    line, column = (trouble.context_line, trouble.context_column) if alias else (trouble.line, trouble.column)
    rest = source.line(line)[column - 1 :]
    value = without_comment(rest)
    if not value or not (value[0] in "%@`" or (alias and value[0] in "*&")):
        return
    if value[0] in "%@`" and "cannot start any token" not in trouble.problem:
        return
    wildcard = bool(_WILDCARD.match(value))
    fix = quoted(value)
    yield fault(
        trouble,
        "YAML011" if wildcard else "YAML001",
        (line, column, len(value)),
        f"A value may not start with {value[0]} unless it is quoted",
        why="A wildcard at the start of a value needs quotes."
        if wildcard
        else f"YAML keeps {value[0]} at the start of a value for itself.",
        suggestion=fix,
        edits=[replacement(trouble, line, column, len(value), fix)],
    )


def _unknown_escape(trouble: Trouble) -> Iterator[Diagnostic]:
    if "unknown escape character" not in trouble.problem:
        return
    text = trouble.source.line(trouble.line)
    column = max(text.rfind("\\", 0, trouble.column), 0) + 1
    yield fault(
        trouble,
        "YAML001",
        (trouble.line, column, 2),
        f"Unknown escape “{text[column - 1 : column + 1]}” in double quotes",
        why="In double quotes a backslash starts an escape; in single quotes it stands for itself.",
        suggestion="write the backslash twice, or use single quotes",
        edits=[replacement(trouble, line=trouble.line, column=column, length=1, text="\\\\")],
    )


def _missing_space(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = _NO_SPACE.match(trouble.source.line(line))
    if not found:
        return
    column = found.end("key") + 1
    yield fault(
        trouble,
        "YAML010",
        (line, found.start("key") + 1, len(found["key"]) + 1),
        f"A space is missing after the colon of “{found['key']}”",
        why="Without it the colon is part of the text, and the line has no key.",
        suggestion=f"{found['key']}: {without_comment(found['value'])}",
        edits=[replacement(trouble, line, column + 1, 0, " ")],
    )


def _tight_dash(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = _TIGHT_DASH.match(trouble.source.line(line))
    if found:
        yield fault(
            trouble,
            "YAML001",
            (line, found.end("lead") + 1, 1),
            "A space is missing after the dash of a list element",
            why="Without it the dash is part of the text.",
            suggestion=f"- {without_comment(found['value'])}",
            edits=[replacement(trouble, line, found.end("lead") + 2, 0, " ")],
        )


def _missing_colon(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    text = trouble.source.line(line)
    found = _NO_COLON.match(text) or _BARE_KEY.match(text)
    if not found:
        return
    value, gap = (found.groupdict().get(name, "") for name in ("value", "gap"))
    sign = gap if gap.strip() else ""  # another sign stands where the colon should
    column = found.end("key") + 1
    yield fault(
        trouble,
        "YAML010",
        (line, found.start("key") + 1, len(found["key"])),
        f"Expected “:” after the key “{found['key']}”",
        why="Without the colon the line has no key.",
        suggestion=f"{found['key']}: {without_comment(value)}".rstrip(),
        edits=[replacement(trouble, line, column, len(sign), ": " if sign else ":")],
    )


def _colon_in_value(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = KEY_VALUE.match(trouble.source.line(line))
    if not found:
        return
    value = without_comment(found["value"])
    if value[0] in "\"'[{|>" or ":" not in value:
        return
    fix = quoted(value)
    yield fault(
        trouble,
        "YAML001",
        (line, found.start("value") + 1, len(value)),
        "A text with “: ” in it needs quotes",
        why="A colon and a space start the value of a key.",
        suggestion=f"{found['key']}: {fix}",
        edits=[replacement(trouble, line, found.start("value") + 1, len(value), fix)],
    )


def _text_after_quote(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = VALUE_START.match(trouble.source.line(line))
    if not found or found["value"][0] not in "\"'":
        return
    value, mark = without_comment(found["value"]), found["value"][0]
    if mark not in value[1:] or value.endswith(mark):
        return
    fix = quoted(value)
    yield fault(
        trouble,
        "YAML001",
        (line, found.start("value") + 1, len(value)),
        "Text stands behind the closing quote",
        why="A value that starts with a quote ends with it; quotes inside the text need other quotes around it.",
        suggestion=fix,
        edits=[replacement(trouble, line, found.start("value") + 1, len(value), fix)],
    )


def _unclosed_bracket(trouble: Trouble) -> Iterator[Diagnostic]:
    if "flow" not in trouble.context:
        return
    source = trouble.source
    lines = (trouble.context_line, *range(trouble.line, trouble.context_line, -1))
    for line in dict.fromkeys(lines[:6]):
        text = source.line(line)
        found = VALUE_START.match(text)
        if not found or found["value"][0] not in _CLOSING:
            continue
        value, column = found["value"], found.start("value") + 1
        end = column + len(without_comment(value))
        closing = "".join(reversed([_CLOSING[c] for c in _open_brackets(without_comment(value))]))
        if closing:
            yield fault(
                trouble,
                "YAML004",
                (line, column, 1),
                f"The bracket “{value[0]}” is not closed",
                why=f"Everything up to line {trouble.line} was read as its content.",
                suggestion=without_comment(value) + closing,
                edits=[replacement(trouble, line, end, 0, closing)],
            )


def _open_brackets(value: str) -> list[str]:
    stack: list[str] = []
    for char in re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", "", value):
        if char in _CLOSING:
            stack.append(char)
        elif char in "]}" and stack:
            stack.pop()
    return stack


def _unclosed_quote(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    for line in range(1, trouble.line + 1):
        found = VALUE_START.match(source.line(line))
        if not found or found["value"][0] not in "\"'":
            continue
        mark, value = found["value"][0], without_comment(found["value"])
        inner = re.sub(r"\\.", "", value[1:]) if mark == '"' else value[1:].replace("''", "")
        if mark in inner:
            continue
        column = found.start("value") + 1
        yield fault(
            trouble,
            "YAML004",
            (line, column, len(value)),
            "The quote that opens here is not closed",
            why="Everything up to the next quote was read as one text.",
            suggestion=value + mark,
            edits=[replacement(trouble, line, column + len(value), 0, mark)],
        )


def _unclosed_quote_in_brackets(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    for line in range(1, trouble.line + 1):
        text = source.line(line)
        opened = next((found for found in _OPEN_QUOTE.finditer(text) if found["mark"]), None)
        if opened is None:
            continue
        start, mark = opened.start("mark"), opened["mark"]
        ends = [found.start() for found in _TEXT_END.finditer(text, opened.end())]
        for end in dict.fromkeys([*ends[:1], *ends[-1:]]):
            yield fault(
                trouble,
                "YAML004",
                (line, start + 1, end - start),
                "The quote that opens here is not closed",
                why="Everything up to the next quote was read as one text.",
                suggestion=text[start:end] + mark,
                edits=[replacement(trouble, line, end + 1, 0, mark)],
            )
