"""How large a card may be, and what is done about a larger one: Teams refuses messages above 100 KB of UTF-16."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.channels.cards.words import shortened

Card = dict[str, Any]
MOST_BYTES = 80_000  # leaves room for what a message holds beside its card
MOST_TEXT = 20_000  # characters of one message of text
_SHORTEST = 120  # characters that every text of a card keeps
_FULL = 12_000  # characters of the longest text that can fit at all


def size_of(card: Card) -> int:
    """Bytes as Teams counts them, two a character, with every sign beyond ASCII written as \\uXXXX: never too few."""
    return 2 * len(json.dumps(card))


def fitted(card: Card, *, rest: str = "") -> Card:
    """The card itself when it is small enough; otherwise a copy with its long texts shortened, then with its last
    elements left out, and `rest`, which says where the whole stands, at its end."""
    if size_of(card) <= MOST_BYTES:
        return card
    note = {"type": "TextBlock", "text": rest or "This card is shortened.", "wrap": True, "size": "Small"}
    width = _most(_FULL, lambda number: _cut(card, number, note), least=_SHORTEST)
    smaller = _cut(card, width, note)
    *body, last = smaller["body"]
    kept = _most(len(body), lambda number: {**smaller, "body": [*body[:number], last]})
    return {**smaller, "body": [*body[:kept], last]}


def _most(limit: int, made: Callable[[int], Card], *, least: int = 0) -> int:
    """The largest number up to `limit` with which the card fits; `least` when none does."""
    low, high = least, limit + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size_of(made(middle)) <= MOST_BYTES else (low, middle)
    return low


def pieces(text: str, *, most: int = MOST_TEXT) -> Iterator[str]:
    """A long text as messages of at most `most` characters, cut between lines where there are any."""
    while len(text) > most:
        end = text.rfind("\n", 0, most) + 1 or most
        yield text[:end].rstrip("\n")
        text = text[end:]
    if text.strip():
        yield text


def _cut(card: Card, width: int, note: Card) -> Card:
    smaller = copy.deepcopy(card)
    for element in _elements(smaller):
        for key in ("text", "fallbackText"):
            if isinstance(element.get(key), str) and len(element[key]) > width:
                element[key] = _closed(shortened(element[key], width))
    smaller["body"] = [*smaller["body"], dict(note, isSubtle=True)]
    return smaller


def _elements(node: Any) -> Iterator[Card]:
    """Every element that shows text; what a button sends is no text to be seen."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in {"data", "fallback"}:
                yield from _elements(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _elements(value)


def _closed(text: str) -> str:
    """Without the first half of a link, and with its last bold stretch ended."""
    start = text.rfind("[")
    if start >= 0 and "](" in text[start:] and ")" not in text[start:]:
        text = f"{text[:start].rstrip()}…"
    return f"{text}**" if text.count("**") % 2 else text
