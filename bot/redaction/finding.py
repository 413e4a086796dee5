"""All secrets of a text, by every way there is to tell them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from bot.redaction.documents import by_document
from bot.redaction.folding import folded
from bot.redaction.formats import KINDS as FORMAT_KINDS
from bot.redaction.formats import by_format, encoded
from bot.redaction.keys import KINDS as HINT_KINDS
from bot.redaction.lines import by_line
from bot.redaction.prose import by_prose
from bot.redaction.spans import Found, merged
from bot.redaction.values import is_reference, looks_chosen, looks_random

KINDS = frozenset({*FORMAT_KINDS, *HINT_KINDS})
# Only kinds that there are: what somebody else writes in such brackets is no placeholder.
PLACEHOLDER = re.compile(
    rf"\[(?P<kind>{'|'.join(sorted(map(re.escape, KINDS), key=len, reverse=True))})(?: (?P<number>\d{{1,6}}))? removed\]"
)
_SEALED = re.compile(
    r"^(?P<depth>[ \t]*)encryptedData:[ \t]*\n(?:(?P=depth)[ \t]+\S[^\n]*(?:\n|$)|[ \t]*\n)+", re.MULTILINE
)
_SHORTEST = 6  # characters of a secret that is looked for in the rest of the text
_MOST_REPEATED = 200


def find(text: str) -> list[Found]:
    """Places of secrets in order, none overlapping another."""
    seen = folded(text)
    placeholders = [match.span() for match in PLACEHOLDER.finditer(seen.text)]
    found = _begun_outside([*_everywhere(seen.text)], placeholders)
    found += [Found(start, end, each.kind) for start, end, inside in encoded(seen.text) for each in _first(inside)]
    found = merged(_but_whole(_but_sealed(found, seen.text), placeholders, seen.text))
    found = merged([*found, *_repeated(seen.text, found)])
    found = _outside(found, placeholders, seen.text)
    return [Found(*seen.original(each.start, each.end), each.kind) for each in found]


def _but_sealed(found: Sequence[Found], text: str) -> Sequence[Found]:
    """Without what a SealedSecret holds: only its cluster can read that."""
    if "SealedSecret" not in text:
        return found
    sealed = [match.span() for match in _SEALED.finditer(text)]
    return [each for each in found if not any(start <= each.start < end for start, end in sealed)]


def _but_whole(found: Sequence[Found], placeholders: Sequence[tuple[int, int]], text: str) -> Sequence[Found]:
    """Without credentials as a whole (a connection string) whose secret parts are found by themselves: the host and the
    name of the account are what the question is about."""
    parts = [each for each in found if each.kind != "credentials"]
    parts += [Found(start, end, "secret") for start, end in placeholders]
    return [each for each in found if each.kind != "credentials" or not _has_its_secrets(each, parts, text)]


def _has_its_secrets(whole: Found, parts: Sequence[Found], text: str) -> bool:
    inside = merged([each for each in parts if whole.start <= each.start < whole.end])
    if not inside:
        return False
    rest = text[whole.start : whole.end]
    for each in reversed(inside):
        rest = f"{rest[: each.start - whole.start]} {rest[each.end - whole.start :]}"
    return not any(looks_random(part) for part in re.split(r"[\s;,&?/:@=\"']+", rest))


def _begun_outside(found: list[Found], placeholders: Sequence[tuple[int, int]]) -> list[Found]:
    """Without what was read from within the words of a placeholder."""
    if not placeholders:
        return found
    ends = [end for _, end in placeholders]

    def is_outside(place: int) -> bool:
        near = bisect_right(ends, place)
        return near == len(ends) or place <= placeholders[near][0]

    return [each for each in found if is_outside(each.start)]


def _outside(found: Sequence[Found], placeholders: Sequence[tuple[int, int]], text: str) -> list[Found]:
    """What is left of the places where an earlier round has not put its placeholders."""
    kept: list[Found] = []
    ends = [end for _, end in placeholders]
    for each in found:
        start = each.start
        for begins, end in (placeholders[n] for n in range(bisect_right(ends, start), len(ends))):
            if begins >= each.end:
                break
            kept.append(Found(start, begins, each.kind))
            start = end
        kept.append(Found(start, each.end, each.kind))
    return [each for each in kept if len(re.findall(r"\w", text[each.start : each.end])) >= 2]


def _everywhere(text: str) -> Iterator[Found]:
    yield from by_format(text)
    yield from by_document(text)
    yield from by_line(text)
    yield from by_prose(text)


def _first(inside: str) -> Iterator[Found]:
    """What makes a base64 text a secret: something in it that is one."""
    plain = folded(inside).text
    for each in (*by_format(plain), *by_line(plain)):
        yield each
        return


def _repeated(text: str, found: list[Found]) -> Iterator[Found]:
    """The same secrets elsewhere in the text, where they stand by themselves."""
    kinds: dict[str, str] = {}
    for each in found:
        value = text[each.start : each.end]
        if (
            len(value) >= _SHORTEST
            and "\n" not in value
            and not is_reference(value)
            and (looks_random(value) or looks_chosen(value))
        ):
            kinds.setdefault(value, each.kind)
    values = sorted(kinds, key=len, reverse=True)[:_MOST_REPEATED]
    if not values:
        return
    either = "|".join(re.escape(value) for value in values)
    for match in re.finditer(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", text):
        yield Found(match.start(), match.end(), kinds[match[0]])
