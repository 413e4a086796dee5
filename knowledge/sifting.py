"""A message that asks and steers at once: what of it is a question, and what of it nobody has to obey."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from knowledge.steering import NOTHING, Steering, in_chat
from knowledge.wording import content_words

_MOST: Final = 60  # pieces of a message that are looked at one by one
_PIECE: Final = re.compile(
    r"(?<=[.!?。！？;])\s+|\n+|;\s+|:\s+|\s[-–—]\s|,?\s+\b(?:and|then|but|also|und|dann|aber|et|puis|mais)\b\s+"
    r"|<\|[^|>]*\|>|\[/?INST\]|</?\w+(?:\s[^<>]*)?>"
)
_ASKS: Final = re.compile(
    r"\b(?:how|what|where|when|why|which|who|whom|can (?:i|we)|could (?:i|we)|do (?:i|we)|may (?:i|we)|should (?:i|we)"
    r"|is there|are there|does|wie|was|wo|wann|warum|wieso|welche[rsn]?|kann ich|können wir|gibt es|comment|où|quand"
    r"|pourquoi|quel(?:le)?s?|que|qu['’]est|est-ce|puis-je|peut-on|cómo|qué|dónde)\b",
    re.IGNORECASE,
)
_REPEATED: Final = 12  # times that one word stands in a row of nothing else
_RUN: Final = re.compile(r"(\S)\1{39,}")


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a message asks, "" when it asks nothing, and how it tried to steer."""

    question: str
    steering: Steering = NOTHING


def sift(message: str) -> Sifted:
    """The message as it came if it does not steer for sure; else the pieces of it that ask for something."""
    if _is_noise(message):
        return Sifted("", Steering(1.0, ("says nothing, again and again",)))
    steering = in_chat(message)
    if not steering.is_sure:
        return Sifted(message, steering)
    return Sifted(_asked(message), steering)


def asks(text: str) -> bool:
    """Whether a text wants to know something: a question mark or a question word, and words that say what about."""
    return bool(("?" in text or "？" in text or _ASKS.search(text)) and len(content_words(text)) >= 2)


def _asked(message: str) -> str:
    pieces = [piece.strip() for piece in _PIECE.split(message)[:_MOST] if piece and piece.strip()]
    kept = [piece for piece in pieces if asks(piece) and not in_chat(piece).is_suspected]
    question = " ".join(kept)
    return "" if in_chat(question).is_suspected else question


def _is_noise(message: str) -> bool:
    words = message.lower().split()
    if _RUN.search(message):
        return not asks(_RUN.sub(" ", message))
    if len(words) < 2 * _REPEATED:
        return False
    (_, most), *_rest = Counter(words).most_common(1)
    return most >= _REPEATED and len(set(words)) * 5 < len(words)
