"""Secrets leave a message before anything is stored, logged, embedded or sent on.

This first form knows the common token formats and `password: value` lines. It replaces the value and keeps the rest,
so that the question still makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# One line each: what it is called in the placeholder, and what it looks like. The formats are those that the issuers
# document: AWS, GitHub, GitLab, Slack, Google, OpenAI, JWT (RFC 7519), PEM (RFC 7468).
_FORMATS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
        ("aws key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        ("github token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b"),
        ("gitlab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
        ("slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("google key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("openai key", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}"),
        ("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
        ("azure account key", r"(?<=AccountKey=)[A-Za-z0-9+/]{40,}={0,2}"),
    )
)
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@]+:)(?P<value>[^\s@/]+)(?=@)", re.IGNORECASE)
_NAMES = r"passwo?r?d|passwd|pwd|passwort|mot[ _-]?de[ _-]?passe|secret|token|api[_-]?key|access[_-]?key"
_KEY_VALUE = re.compile(
    rf"""(?P<head>["']?\b[\w.-]*(?:{_NAMES})["']?[ \t]*(?:[:=]|\bis\b)[ \t]*)"""
    r"""(?P<quote>["']?)(?P<value>[^\s"',;]{6,})(?P=quote)""",
    re.IGNORECASE,
)
# Values that name a secret instead of holding one.
_REFERENCE = re.compile(r"^(?:%.*%|\$\{?.*|<.*>|\{\{.*|\*+|x{3,}|null|none|true|false|changeme|\[.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without secrets, and what was taken out, by name only."""

    text: str
    found: Sequence[str]


def redact(text: str) -> Redacted:
    """Replace secrets by `[name removed]`; everything else stays to the letter."""
    found: list[str] = []
    for name, pattern in _FORMATS:
        text, count = pattern.subn(f"[{name} removed]", text)
        found += [name] * count

    def mask(match: re.Match[str]) -> str:
        value = match["value"]
        if _REFERENCE.match(value) or not _is_secret_like(match["head"], value):
            return match[0]
        found.append("password")
        quote = match.groupdict().get("quote") or ""
        return f"{match['head']}{quote}[password removed]{quote}"

    text = _URL_PASSWORD.sub(mask, text)
    text = _KEY_VALUE.sub(mask, text)
    return Redacted(text, tuple(found))


def _is_secret_like(head: str, value: str) -> bool:
    """In prose ("the token is expired") only a value with a digit or sign counts; after `:` or `=` any does."""
    if re.search(r"\bis\s*$", head, re.IGNORECASE):
        return any(not c.isalpha() for c in value.rstrip(".?!"))
    return not value.startswith("[")
