"""Faults of layout that stop YAML from parsing: tabs, odd spaces, indentation, forgotten dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity
from knowledge.validation.text import ODD_INDENT, ODD_SPACES, SourceText
from knowledge.validation.trouble import (
    KEY,
    KEY_VALUE,
    LEAD,
    VALUE_START,
    Trouble,
    fault,
    has_content,
    indent_of,
    replacement,
    without_comment,
)

_ODD = frozenset(ODD_SPACES)


def odd_space_lines(source: SourceText) -> list[int]:
    """Lines whose indentation holds a space that is none."""
    if not ODD_INDENT.search(source.text):
        return []
    rest = ((n, line.lstrip(" \t")) for n, line in enumerate(source.lines, 1))
    return [n for n, text in rest if text[:1] in _ODD and text.strip(" \t" + ODD_SPACES)]


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


def odd_spaces(trouble: Trouble) -> Iterator[Diagnostic]:
    lines = odd_space_lines(trouble.source)
    if lines:
        yield odd_space_fault(trouble.source, lines)


def tabs(trouble: Trouble) -> Iterator[Diagnostic]:
    source = trouble.source
    for line in (trouble.line, trouble.context_line):
        text = source.line(line)
        lead = text[: len(text) - len(text.lstrip())]
        if "\t" not in lead or not text.strip():
            continue
        column = lead.index("\t") + 1
        widths = _likely_widths(trouble, line, len(lead.replace("\t", "  ")))
        for width in widths:
            yield fault(
                trouble,
                "YAML002",
                (line, column, len(lead) - column + 1),
                "A tab is used for indentation",
                why="YAML allows only spaces there.",
                suggestion="indent with two spaces a level",
                edits=[replacement(trouble, line, 1, len(lead), " " * width)],
            )


def _likely_widths(trouble: Trouble, line: int, written: int) -> list[int]:
    """Indentations that a line may have been meant to have, the likeliest first."""
    source = trouble.source
    after = [indent_of(source.line(n)) for n in _after(source, line)[:1]]
    before = trouble.before(line, 1)
    opens = bool(before) and without_comment(source.line(before[0])).endswith(":")
    above = [indent_of(source.line(n)) for n in before]
    inside = [width + 2 for width in above]
    ordered = [*inside, *above, *after] if opens else [*above, *after, *inside]
    # A neighbour below that is deeper than the line above stands beside this one.
    beside = [width for width in after if above and width > above[0]]
    return list(dict.fromkeys([*beside, *ordered, written]))


def _after(source: SourceText, line: int) -> list[int]:
    return [n for n in range(line + 1, min(len(source.lines), line + 40) + 1) if has_content(source.line(n))]


def indentation(trouble: Trouble, line: int) -> Iterator[Diagnostic]:
    source = trouble.source
    text = source.line(line)
    now = indent_of(text)
    around = [*trouble.before(line, 2), *_after(source, line)[:1], *_enclosing(trouble, line)]
    widths: list[int] = []
    for number in around:
        other = source.line(number)
        lead = VALUE_START.match(other)
        widths += [indent_of(other), len(lead["lead"]) if lead else 0]
    key = _name(text)
    for width in dict.fromkeys(widths):
        if width == now or abs(width - now) > 4:
            continue
        yield fault(
            trouble,
            "YAML009",
            (line, now + 1, max(len(key), 1)),
            f"“{key}” is indented by {now} spaces and fits nowhere",
            why=f"Its neighbours are indented by {width}.",
            suggestion=f"indent it by {width} spaces",
            edits=[replacement(trouble, line, 1, now, " " * width)],
        )


def _enclosing(trouble: Trouble, line: int) -> Iterator[int]:
    """The lines above that are indented less and less, the nearest first."""
    width = 1 << 20
    for number in trouble.before(line, 400):
        now = indent_of(trouble.source.line(number))
        if now < width:
            yield number
            width = now
        if width == 0:
            return


def _name(text: str) -> str:
    """The key of a line, or all that is written on it."""
    found = KEY_VALUE.match(text) or re.match(rf"{LEAD}{KEY}\s*:\s*(?:#.*)?$", text)
    return found["key"] if found else without_comment(text.strip()).lstrip("- ")


def block_indentation(trouble: Trouble) -> Iterator[Diagnostic]:
    """The lines before were moved out of the map that goes on here."""
    source = trouble.source
    here = indent_of(source.line(trouble.line))
    start = next((n for n in trouble.before(trouble.line, 40) if indent_of(source.line(n)) < here), None)
    if start is None:
        return
    now = indent_of(source.line(start))
    key = _name(source.line(start))
    lines = [n for n in range(start, trouble.line) if has_content(source.line(n))]
    for moved in (lines, lines[:1]):
        yield fault(
            trouble,
            "YAML009",
            (start, now + 1, max(len(key), 1)),
            f"“{key}” is indented by {now} spaces, and line {trouble.line} goes on with {here}",
            why="Keys of one map are indented alike.",
            suggestion=f"indent it by {here} spaces",
            edits=[replacement(trouble, n, 1, 0, " " * (here - now)) for n in moved],
        )


def missing_first_dash(trouble: Trouble) -> Iterator[Diagnostic]:
    """A list goes on here whose first element has no dash."""
    source = trouble.source
    if not source.line(trouble.line).lstrip().startswith("- "):
        return
    width = indent_of(source.line(trouble.line))
    first = trouble.line
    for number in trouble.before(trouble.line, 400):
        text = source.line(number)
        if indent_of(text) <= width and not text.lstrip().startswith("-"):
            break
        first = number
    if first != trouble.line:
        yield from missing_dash(trouble, first, (width,))


def missing_dash(trouble: Trouble, line: int, widths: Sequence[int]) -> Iterator[Diagnostic]:
    text = trouble.source.line(line)
    now = indent_of(text)
    if text[now : now + 1] == "-":
        return
    for width in widths:
        if 0 <= width <= now:
            yield fault(
                trouble,
                "YAML001",
                (line, now + 1, len(without_comment(text.strip()))),
                "A list element starts here without its dash",
                why="Each element of a list starts with “- ”.",
                suggestion=f"- {without_comment(text.strip())}",
                edits=[replacement(trouble, line, 1, now, " " * width + "- ")],
            )
