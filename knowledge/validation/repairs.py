"""What people do to YAML that stops it from parsing, each with the change that undoes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity
from knowledge.validation.text import ODD_INDENT, ODD_SPACES, SourceText

_LEAD = r"(?P<lead>\s*(?:- +)*)"
_KEY = r"""(?P<key>"[^"]*"|'[^']*'|[\w./$-](?:[\w./$ -]|:(?=\S))*?)"""
_KEY_VALUE = re.compile(rf"{_LEAD}{_KEY}\s*:\s+(?P<value>\S.*)$")
_NO_SPACE = re.compile(rf"{_LEAD}(?P<key>[A-Za-z_][\w./-]*):(?P<value>(?!//)[^\s:].*)$")
_NO_COLON = re.compile(rf"{_LEAD}(?P<key>[A-Za-z_][\w./-]*)(?P<gap> +)(?P<value>[^\s:#].*)$")
_BARE_KEY = re.compile(rf"{_LEAD}(?P<key>[A-Za-z_][\w./-]*)(?P<rest>\s*(?:#.*)?)$")
_VALUE_START = re.compile(rf"{_LEAD}(?:{_KEY}\s*:\s+)?(?P<value>\S.*)$")
_COMMENT = re.compile(r"\s+#.*$")
_WILDCARD = re.compile(r"%[\w-]+%")
_CLOSING = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where and with which words the parser stopped; lines and columns from 1."""

    source: SourceText
    line: int
    column: int
    problem: str
    context: str
    context_line: int
    context_column: int

    @classmethod
    def of(cls, source: SourceText, error: yaml.YAMLError) -> Trouble:
        if not isinstance(error, yaml.MarkedYAMLError):
            return cls(source, 1, 1, str(error), "", 1, 1)
        mark = error.problem_mark or error.context_mark
        before = error.context_mark or mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = min(line, len(source.lines))
        context_line, context_column = (before.line + 1, before.column + 1) if before else (line, column)
        return cls(source, line, column, error.problem or "", error.context or "", context_line, context_column)

    def near(self) -> list[int]:
        """The lines where the cause most likely stands, the likeliest first."""
        lines = [self.context_line] if "simple key" in self.context else []
        lines += [self.line, *self.before(self.line, 3), self.context_line]
        return [n for n in dict.fromkeys(lines) if _content(self.source.line(n))]

    def before(self, line: int, count: int) -> list[int]:
        found = [n for n in range(line - 1, max(0, line - 40), -1) if _content(self.source.line(n))]
        return found[:count]


def certain(trouble: Trouble) -> Iterator[Diagnostic]:
    """Causes that the characters at the spot prove by themselves."""
    yield from _odd_spaces(trouble)
    yield from _tabs(trouble)
    yield from _reserved_start(trouble)
    yield from _unknown_escape(trouble)


def supposed(trouble: Trouble) -> Iterator[Diagnostic]:
    """Causes to be tried, the likeliest first."""
    near = trouble.near()
    for line in near:
        yield from _missing_space(trouble, line)
    yield from _unclosed_bracket(trouble)
    yield from _unclosed_quote(trouble)
    for line in near:
        yield from _missing_colon(trouble, line)
    for line in near[:3]:
        yield from _colon_in_value(trouble, line)
        yield from _text_after_quote(trouble, line)
    for line in near[:3]:
        yield from _indentation(trouble, line)
    yield from _block_indentation(trouble)
    for line in near[:2]:
        yield from _missing_dash(trouble, line, (_indent(trouble.source.line(line)) - 2,))
    if trouble.source.line(trouble.line).lstrip().startswith("- "):
        width = _indent(trouble.source.line(trouble.line))
        yield from _missing_dash(trouble, trouble.context_line, (width,))


def _fault(
    trouble: Trouble, code: str, at: tuple[int, int, int], message: str, *, why: str, suggestion: str, edits: list[Edit]
) -> Diagnostic:
    line, column, length = at
    return Diagnostic(
        code,
        Severity.ERROR,
        trouble.source.name,
        trouble.source.span(line, column, length),
        message,
        why=why,
        suggestion=suggestion,
        edits=tuple(edits),
    )


def _replace(trouble: Trouble, line: int, column: int, length: int, text: str) -> Edit:
    return Edit(trouble.source.span(line, column, length), text)


def _content(text: str) -> bool:
    stripped = text.strip(" \t" + "\u00a0")
    return bool(stripped) and not stripped.startswith(("#", "---", "...", "%"))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _bare(value: str) -> str:
    """A value without the comment behind it."""
    return _COMMENT.sub("", value).rstrip()


def quoted(value: str) -> str:
    """The value in quotes that need the fewest escapes."""
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def odd_space_lines(source: SourceText) -> list[int]:
    """Lines whose indentation holds a space that is none."""
    found = (source.position(match.start())[0] for match in ODD_INDENT.finditer(source.text))
    return [n for n in found if source.line(n).strip(" \t" + ODD_SPACES)]


def odd_space_fault(source: SourceText, lines: list[int]) -> Diagnostic:
    """YAML013 for the first of these lines, with the change for all of them."""
    edits = []
    for number in lines:
        text = source.line(number)
        width = len(text) - len(text.lstrip(" \t" + ODD_SPACES))
        edits.append(Edit(source.span(number, 1, width), " " * width))
    first = source.line(lines[0])
    column = next(i for i, char in enumerate(first) if char in ODD_SPACES) + 1
    width = len(first) - len(first.lstrip(" \t" + ODD_SPACES))
    others = f" (and on {len(lines) - 1} more lines)" if len(lines) > 1 else ""
    return Diagnostic(
        "YAML013",
        Severity.ERROR,
        source.name,
        source.span(lines[0], column, width - column + 1),
        f"The indentation holds a no-break or other odd space{others}",
        why="It looks like a space and is none; it usually comes with text copied from a chat or a web page.",
        suggestion="indent with ordinary spaces",
        edits=tuple(edits),
    )


def _odd_spaces(trouble: Trouble) -> Iterator[Diagnostic]:
    lines = odd_space_lines(trouble.source)
    if lines:
        yield odd_space_fault(trouble.source, lines)


def _tabs(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    for line in (trouble.line, trouble.context_line):
        text = source.line(line)
        lead = text[: len(text) - len(text.lstrip())]
        if "\t" not in lead or not text.strip():
            continue
        column = lead.index("\t") + 1
        widths = _likely_widths(trouble, line, len(lead.replace("\t", "  ")))
        for width in widths:
            yield _fault(
                trouble,
                "YAML002",
                (line, column, len(lead) - column + 1),
                "A tab is used for indentation",
                why="YAML allows only spaces there.",
                suggestion="indent with two spaces a level",
                edits=[_replace(trouble, line, 1, len(lead), " " * width)],
            )


def _likely_widths(trouble: Trouble, line: int, written: int) -> list[int]:
    """Indentations that a line may have been meant to have, the likeliest first."""
    source = trouble.source
    after = [_indent(source.line(n)) for n in _after(source, line)[:1]]
    before = trouble.before(line, 1)
    opens = bool(before) and _bare(source.line(before[0])).endswith(":")
    above = [_indent(source.line(n)) for n in before]
    inside = [width + 2 for width in above]
    ordered = [*inside, *above, *after] if opens else [*above, *after, *inside]
    # A neighbour below that is deeper than the line above stands beside this one.
    beside = [width for width in after if above and width > above[0]]
    return list(dict.fromkeys([*beside, *ordered, written]))


def _after(source: SourceText, line: int) -> list[int]:
    return [n for n in range(line + 1, min(len(source.lines), line + 40) + 1) if _content(source.line(n))]


def _reserved_start(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    alias = "scanning an alias" in trouble.context or "scanning an anchor" in trouble.context
    line, column = (trouble.context_line, trouble.context_column) if alias else (trouble.line, trouble.column)
    rest = source.line(line)[column - 1 :]
    value = _bare(rest)
    if not value or not (value[0] in "%@`" or (alias and value[0] in "*&")):
        return
    if value[0] in "%@`" and "cannot start any token" not in trouble.problem:
        return
    wildcard = bool(_WILDCARD.match(value))
    fix = quoted(value)
    yield _fault(
        trouble,
        "YAML011" if wildcard else "YAML001",
        (line, column, len(value)),
        f"A value may not start with {value[0]} unless it is quoted",
        why="A wildcard at the start of a value needs quotes."
        if wildcard
        else f"YAML keeps {value[0]} at the start of a value for itself.",
        suggestion=fix,
        edits=[_replace(trouble, line, column, len(value), fix)],
    )


def _unknown_escape(trouble: Trouble) -> Iterator[Diagnostic]:
    if "unknown escape character" not in trouble.problem:
        return
    text = trouble.source.line(trouble.line)
    column = max(text.rfind("\\", 0, trouble.column), 0) + 1
    yield _fault(
        trouble,
        "YAML001",
        (trouble.line, column, 2),
        f"Unknown escape “{text[column - 1 : column + 1]}” in double quotes",
        why="In double quotes a backslash starts an escape; in single quotes it stands for itself.",
        suggestion="write the backslash twice, or use single quotes",
        edits=[_replace(trouble, line=trouble.line, column=column, length=1, text="\\\\")],
    )


def _missing_space(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = _NO_SPACE.match(trouble.source.line(line))
    if not found:
        return
    column = found.end("key") + 1
    yield _fault(
        trouble,
        "YAML010",
        (line, found.start("key") + 1, len(found["key"]) + 1),
        f"A space is missing after the colon of “{found['key']}”",
        why="Without it the colon is part of the text, and the line has no key.",
        suggestion=f"{found['key']}: {_bare(found['value'])}",
        edits=[_replace(trouble, line, column + 1, 0, " ")],
    )


def _missing_colon(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    text = trouble.source.line(line)
    found = _NO_COLON.match(text) or _BARE_KEY.match(text)
    if not found:
        return
    value = found.groupdict().get("value", "")
    column = found.end("key") + 1
    yield _fault(
        trouble,
        "YAML010",
        (line, found.start("key") + 1, len(found["key"])),
        f"Expected “:” after the key “{found['key']}”",
        why="Without the colon the line has no key.",
        suggestion=f"{found['key']}: {_bare(value)}".rstrip(),
        edits=[_replace(trouble, line, column, 0, ":")],
    )


def _colon_in_value(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = _KEY_VALUE.match(trouble.source.line(line))
    if not found:
        return
    value = _bare(found["value"])
    if value[0] in "\"'[{|>" or ":" not in value:
        return
    fix = quoted(value)
    yield _fault(
        trouble,
        "YAML001",
        (line, found.start("value") + 1, len(value)),
        "A text with “: ” in it needs quotes",
        why="A colon and a space start the value of a key.",
        suggestion=f"{found['key']}: {fix}",
        edits=[_replace(trouble, line, found.start("value") + 1, len(value), fix)],
    )


def _text_after_quote(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    found = _VALUE_START.match(trouble.source.line(line))
    if not found or found["value"][0] not in "\"'":
        return
    value, mark = _bare(found["value"]), found["value"][0]
    if mark not in value[1:] or value.endswith(mark):
        return
    fix = quoted(value)
    yield _fault(
        trouble,
        "YAML001",
        (line, found.start("value") + 1, len(value)),
        "Text stands behind the closing quote",
        why="A value that starts with a quote ends with it; quotes inside the text need other quotes around it.",
        suggestion=fix,
        edits=[_replace(trouble, line, found.start("value") + 1, len(value), fix)],
    )


def _unclosed_bracket(trouble: Trouble) -> Iterator[Diagnostic]:
    if "flow" not in trouble.context:
        return
    source = trouble.source
    lines = (trouble.context_line, *range(trouble.line, trouble.context_line, -1))
    for line in dict.fromkeys(lines[:6]):
        text = source.line(line)
        found = _VALUE_START.match(text)
        if not found or found["value"][0] not in _CLOSING:
            continue
        value, column = found["value"], found.start("value") + 1
        end = column + len(_bare(value))
        closing = "".join(reversed([_CLOSING[c] for c in _open_brackets(_bare(value))]))
        if closing:
            yield _fault(
                trouble,
                "YAML004",
                (line, column, 1),
                f"The bracket “{value[0]}” is not closed",
                why=f"Everything up to line {trouble.line} was read as its content.",
                suggestion=_bare(value) + closing,
                edits=[_replace(trouble, line, end, 0, closing)],
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
        found = _VALUE_START.match(source.line(line))
        if not found or found["value"][0] not in "\"'":
            continue
        mark, value = found["value"][0], _bare(found["value"])
        inner = re.sub(r"\\.", "", value[1:]) if mark == '"' else value[1:].replace("''", "")
        if mark in inner:
            continue
        column = found.start("value") + 1
        yield _fault(
            trouble,
            "YAML004",
            (line, column, len(value)),
            "The quote that opens here is not closed",
            why="Everything up to the next quote was read as one text.",
            suggestion=value + mark,
            edits=[_replace(trouble, line, column + len(value), 0, mark)],
        )


def _indentation(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    source = trouble.source
    text = source.line(line)
    now = _indent(text)
    around = [*trouble.before(line, 4), *_after(source, line)[:1]]
    widths: list[int] = []
    for number in around:
        other = source.line(number)
        lead = _VALUE_START.match(other)
        widths += [_indent(other), len(lead["lead"]) if lead else 0]
    key = _name(text)
    for width in dict.fromkeys(widths):
        if width == now or abs(width - now) > 4:
            continue
        yield _fault(
            trouble,
            "YAML009",
            (line, now + 1, max(len(key), 1)),
            f"“{key}” is indented by {now} spaces and fits nowhere",
            why=f"Its neighbours are indented by {width}.",
            suggestion=f"indent it by {width} spaces",
            edits=[_replace(trouble, line, 1, now, " " * width)],
        )


def _name(text: str) -> str:
    """The key of a line, or all that is written on it."""
    found = _KEY_VALUE.match(text) or re.match(rf"{_LEAD}{_KEY}\s*:\s*(?:#.*)?$", text)
    return found["key"] if found else _bare(text.strip()).lstrip("- ")


def _block_indentation(trouble: Trouble) -> Iterator[Diagnostic]:
    """The lines before were moved out of the map that goes on here."""
    source = trouble.source
    here = _indent(source.line(trouble.line))
    start = next((n for n in trouble.before(trouble.line, 40) if _indent(source.line(n)) < here), None)
    if start is None:
        return
    now = _indent(source.line(start))
    key = _name(source.line(start))
    lines = [n for n in range(start, trouble.line) if _content(source.line(n))]
    for moved in (lines, lines[:1]):
        yield _fault(
            trouble,
            "YAML009",
            (start, now + 1, max(len(key), 1)),
            f"“{key}” is indented by {now} spaces, and line {trouble.line} goes on with {here}",
            why="Keys of one map are indented alike.",
            suggestion=f"indent it by {here} spaces",
            edits=[_replace(trouble, n, 1, 0, " " * (here - now)) for n in moved],
        )


def _missing_dash(trouble: Trouble, line: int, widths: Sequence[int]) -> Iterator[Diagnostic]:
    text = trouble.source.line(line)
    now = _indent(text)
    if text[now : now + 1] == "-":
        return
    for width in widths:
        if 0 <= width <= now:
            yield _fault(
                trouble,
                "YAML001",
                (line, now + 1, len(_bare(text.strip()))),
                "A list element starts here without its dash",
                why="Each element of a list starts with “- ”.",
                suggestion=f"- {_bare(text.strip())}",
                edits=[_replace(trouble, line, 1, now, " " * width + "- ")],
            )
