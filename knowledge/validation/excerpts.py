"""The lines of a file that mending has changed, for a reply that is short."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from knowledge.validation.text import BREAK

AROUND = 1  # unchanged lines shown before and after a changed one
LEFT_OUT = "# …"
_COMPARED = 1_000  # lines; where more lie between the first and the last change, all of them count as changed


def corrected_excerpt(before: str, after: str, *, most: int = 30) -> str:
    """The changed lines as they are afterwards, with their neighbours, at most `most`; "" when nothing was mended.

    Where lines are left out stands a comment, so that the excerpt is still YAML. Lines that only lost the space at
    their end look as before and do not count as changed."""
    lines = _lines(after)
    seen_before, seen = ([line.rstrip(" \t") for line in each] for each in (_lines(before), lines))
    if not after or seen_before == seen:
        return ""
    shown = {n for first, last in _changed(seen_before, seen) for n in range(first - AROUND, last + AROUND)}
    return "\n".join(_joined(lines, sorted(n for n in shown if 0 <= n < len(lines)), most))


def _lines(text: str) -> list[str]:
    lines = BREAK.split(text)
    return lines if lines[-1] else lines[:-1]  # a final line end opens no further line


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The changed stretches of `after`, as indices from 0; a place where only lines went has no length."""
    head = _equal(before, after)
    tail = _equal(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) + len(new) > _COMPARED:
        yield head, head + len(new)
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield head + first, head + last


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines the two have in common from the start."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _joined(lines: Sequence[str], numbers: Sequence[int], most: int) -> Iterator[str]:
    following = 0
    for number in numbers[:most]:
        if number > following:
            yield LEFT_OUT
        yield lines[number]
        following = number + 1
    if following < len(lines):
        yield LEFT_OUT
