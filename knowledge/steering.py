"""Words that try to steer an assistant: what they are, and how surely. The rules stand in steering.txt.

A finding that is sure stands alone; others count together. Chat and pages share most rules: a page says "you" to its
reader all the time, and tells him what may be ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from knowledge.unmasking import readings

_WEIGHTS: Final = {"sure": 1.0, "maybe": 0.5}
_GROUP: Final = re.compile(r"\[(both|chat|page), (sure|maybe)\] (.+)")
_DEFINED: Final = re.compile(r"([A-Z]+) = (.+)")


@dataclass(frozen=True, slots=True)
class Steering:
    """What was found in a text, in words that complete "it …"; nothing, for nearly all texts."""

    weight: float = 0.0
    why: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.weight >= 1

    @property
    def is_suspected(self) -> bool:
        return self.weight > 0


NOTHING: Final = Steering()


def in_chat(text: str) -> Steering:
    """What a message does beside asking."""
    return _weighed(readings(text), "chat")


def in_page(text: str) -> Steering:
    """Whether a piece of documentation speaks to the assistant that reads it."""
    return _of_page(text)


@lru_cache(maxsize=4096)  # a page is looked at as its file has it, and as its reader gives it
def _of_page(text: str) -> Steering:
    said = _noted(readings(text))
    return _weighed(said, "page") if said else NOTHING


def _noted(said: Sequence[str]) -> Sequence[str]:
    """The readings that a rule for pages may match."""
    keys = _keys()
    return [one for one in said if not one.isascii() or any(map(one.lower().__contains__, keys))]


@dataclass(frozen=True, slots=True)
class _Sign:
    place: str  # where it counts: "chat", "page" or "both"
    weight: float
    why: str
    pattern: re.Pattern[str]


def _weighed(said: Sequence[str], place: str) -> Steering:
    found: dict[str, float] = {}
    for sign in _signs():
        if sign.place in {place, "both"} and sign.why not in found and any(map(sign.pattern.search, said)):
            found[sign.why] = sign.weight
    return Steering(sum(found.values()), tuple(found)) if found else NOTHING


@cache
def _rules() -> str:
    return resources.files("knowledge").joinpath("steering.txt").read_text(encoding="utf-8")


@cache
def _signs() -> Sequence[_Sign]:
    return tuple(_read(_rules()))


@cache
def _keys() -> Sequence[str]:
    return tuple(re.findall(r"^KEYS = (.+)$", _rules(), re.MULTILINE)[0].split("|"))


def _read(text: str) -> Iterator[_Sign]:
    parts: dict[str, str] = {}
    group: tuple[str, float, str] | None = None
    for line in text.splitlines():
        if not line or line.startswith("# "):
            continue
        if found := _GROUP.fullmatch(line):
            group = (found[1], _WEIGHTS[found[2]], found[3])
        elif group is None and (defined := _DEFINED.fullmatch(line)):
            parts[defined[1]] = defined[2]
        elif group is not None:
            whole = re.sub(r"<<([A-Z]+)>>", lambda name: parts[name[1]], line)
            yield _Sign(*group, re.compile(whole, re.IGNORECASE | re.MULTILINE))
