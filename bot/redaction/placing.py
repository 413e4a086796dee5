"""A placeholder where a secret stood: typed, the same for the same secret, numbered where several differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.redaction.clean import Clean
from bot.redaction.spans import Found

_CLEAN = Clean()
_MOST_ROUNDS = 4  # a placeholder may uncover what a secret had hidden; more rounds than two were never needed


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without secrets, and what was taken out, by name only."""

    text: str
    found: Sequence[str]


def redact(text: str) -> Redacted:
    """Replace secrets by `[name removed]`, or `[name 2 removed]` where several differ; the rest stays to the letter, and
    so does the number of lines. A second time changes nothing."""
    from bot.redaction.finding import find  # its patterns take a fifth of a second, and a command may need none

    kinds: list[str] = []
    for _ in range(_MOST_ROUNDS):
        found = () if _CLEAN.knows(text) else find(text)
        if not found:
            _CLEAN.add(text)
            break
        kinds += [each.kind for each in found]
        text = _replaced(text, found)
    return Redacted(text, tuple(kinds))


def _replaced(text: str, found: Sequence[Found]) -> str:
    names = _names(text, found)
    parts: list[str] = []
    place = 0
    for each in found:
        secret = text[each.start : each.end]
        parts += [text[place : each.start], names[each.kind, secret], "\n" * secret.count("\n")]
        place = each.end
    return "".join([*parts, text[place:]])


def _names(text: str, found: Sequence[Found]) -> dict[tuple[str, str], str]:
    """The placeholder of each secret by kind and value; numbers go on where those of an earlier round end."""
    from bot.redaction.finding import PLACEHOLDER

    highest: dict[str, int] = {}
    for match in PLACEHOLDER.finditer(text):
        highest[match["kind"]] = max(highest.get(match["kind"], 0), int(match["number"] or 1))
    values: dict[str, dict[str, None]] = {}
    for each in found:
        values.setdefault(each.kind, {})[text[each.start : each.end]] = None
    names: dict[tuple[str, str], str] = {}
    for kind, secrets in values.items():
        begins = highest.get(kind, 0) + 1
        for number, secret in enumerate(secrets, begins):
            alone = len(secrets) == 1 and begins == 1
            names[kind, secret] = f"[{kind} removed]" if alone else f"[{kind} {number} removed]"
    return names
