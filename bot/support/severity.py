"""How urgent a case is, and for which application: guessed from its words, and changed by the sheriff."""

from __future__ import annotations

import re
from enum import StrEnum


class CaseSeverity(StrEnum):
    """The labels stand in UI texts; the goals of each are a matter of settings."""

    CRITICAL = "critical"  # production is down
    HIGH = "high"  # somebody cannot work
    NORMAL = "normal"
    LOW = "low"


_PRODUCTION = re.compile(r"\b(prod|production|live|customers?|clients?)\b", re.IGNORECASE)
_DOWN = re.compile(
    r"\b(outage|is down|are down|went down|data loss|losing data|total failure|en panne|ist ausgefallen)\b",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"\b(urgent|urgently|asap|blocked|blocker|blocking us|incident|emergency|bloqu[ée]e?s?|dringend)\b", re.IGNORECASE
)
_DENIED = re.compile(r"\b(not|no|isn.t|nothing|pas|nicht|kein)\b[^.!?\n]{0,20}$", re.IGNORECASE)


def severity_of(question: str) -> CaseSeverity:
    """Critical when production is said to be down, high when somebody says that he is held up; otherwise normal.

    Wrong guesses cost little either way: nobody is refused, and the sheriff can change it with one choice.
    """
    down, blocked = _said(_DOWN, question), _said(_BLOCKED, question)
    if down and _PRODUCTION.search(question):
        return CaseSeverity.CRITICAL
    return CaseSeverity.HIGH if down or blocked else CaseSeverity.NORMAL


def _said(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the words stand there without a "not" just before them."""
    return any(not _DENIED.search(text[: found.start()]) for found in pattern.finditer(text))


_NAME = r"[`'\"]?(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\b"
_CALLED = re.compile(rf"\b(?:app|application|service|namespace|project|deployment)\s+(?:called\s+|named\s+)?{_NAME}")
_FOR = re.compile(rf"\b(?:for|of|in|on|our|my|pour|für)\s+(?:the\s+)?{_NAME}(?!\.\w)")
_NO_APPLICATION = re.compile(
    r"(?:end-to-end|on-call|read-only|real-time|built-in|follow-up|set-up|sign-in|up-to-date|step-by-step|"
    r"non-prod(?:uction)?|pre-prod(?:uction)?|day-to-day|eu-\w+|us-\w+|sub-.*|.*-(?:prod|dev|test|int|uat|west|east|north|south))"
)


def application_of(question: str, *, known: frozenset[str] = frozenset()) -> str:
    """The application that a question names, as in "for orders-api"; "" when it names none.

    Only names with a hyphen count, as such names have; `known` are other names of that form, such as components.
    """
    for pattern in (_CALLED, _FOR):
        for found in pattern.finditer(question):
            name = found["name"]
            if name not in known and not _NO_APPLICATION.fullmatch(name):
                return name
    return ""
