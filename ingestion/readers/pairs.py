"""Marks that open and close something, found in one pass: a file full of marks that nothing closes costs no more."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

Pair = tuple[re.Match[str], re.Match[str]]


def pairs(
    opening: re.Pattern[str], closing: Callable[[re.Match[str]], re.Pattern[str] | None], text: str
) -> Iterator[Pair]:
    """Each opening mark with the next closing one, which is the same for all where the openings are alike.

    None as closing passes the opening over. `opening.*?closing` as one pattern finds the same, but looks through the
    rest of the text again for each opening that is never closed.
    """
    missing: set[re.Pattern[str]] = set()
    at = 0
    while found := opening.search(text, at):
        at = found.end()
        wanted = closing(found)
        if wanted is None or wanted in missing:
            continue
        end = wanted.search(text, at)
        if end is None:
            missing.add(wanted)
            continue
        yield found, end
        at = end.end()


def between(opening: re.Pattern[str], closing: re.Pattern[str], replace: Callable[[str, str], str], text: str) -> str:
    """The text with each pair, all and what it holds, replaced; not in code spans."""
    kept: list[str] = []
    at = 0
    either = re.compile(f"`[^`\\n]+`|{opening.pattern}", opening.flags)
    for start, end in pairs(either, lambda found: None if found[0].startswith("`") else closing, text):
        kept += [text[at : start.start()], replace(text[start.start() : end.end()], text[start.end() : end.start()])]
        at = end.end()
    return "".join(kept) + text[at:]


class LineNumbers:
    """On which line of a text a place is, counted from 0, without counting from the top each time."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def of(self, place: int) -> int:
        return bisect_left(self._ends, place)
