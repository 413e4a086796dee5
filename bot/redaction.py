"""Secrets leave a message before anything is stored, logged, embedded or sent on.

This first form knows the common token formats and `password: value` lines. It replaces the value and keeps the rest,
so that the question still makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from knowledge.validation.diagnostics import ValidationReport

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
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")  # DB_PASSWORD: where the secret will stand
_REPORT = TypeAdapter(ValidationReport)


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without secrets, and what was taken out, by name only."""

    text: str
    found: Sequence[str]


@dataclass(frozen=True, slots=True)
class MaskedReport:
    """A report that may be stored and shown, and what was taken out, by name only."""

    report: ValidationReport
    found: Sequence[str]


def redact(text: str) -> Redacted:
    """Replace secrets by `[name removed]`; everything else stays to the letter."""
    text, found = _replaced(text, lambda name, _: f"[{name} removed]")
    return Redacted(text, tuple(name for name, _ in found))


def masked(report: ValidationReport) -> MaskedReport:
    """The report with stars in place of the secrets of its files, as wide as they were: columns stay right."""
    found = [secret for file in report.files for secret in _replaced(file.text, _stars)[1]]
    # A mended key, such as “pasword”, may be what tells that its value is a secret.
    mended = [secret for file in report.files for secret in _replaced(file.mended, _stars)[1]]
    found += [secret for secret in mended if secret not in found]
    if not found:
        return MaskedReport(report, ())
    values = sorted({value for _, value in found}, key=len, reverse=True)
    body = _without(_REPORT.dump_python(report, mode="json"), values)
    return MaskedReport(_REPORT.validate_python(body), tuple(name for name, _ in found))


def _replaced(text: str, put: Callable[[str, str], str]) -> tuple[str, list[tuple[str, str]]]:
    """The text with `put(name, secret)` in place of each secret, and all (name, secret) in it."""
    found: list[tuple[str, str]] = []

    def mask(name: str, value: str) -> str:
        found.append((name, value))
        return put(name, value)

    def mask_value(match: re.Match[str]) -> str:
        value = match["value"]
        if _REFERENCE.match(value) or _VARIABLE.match(value) or not _is_secret_like(match["head"], value):
            return match[0]
        quote = match.groupdict().get("quote") or ""
        return f"{match['head']}{quote}{mask('password', value)}{quote}"

    for name, pattern in _FORMATS:
        text = pattern.sub(lambda match, name=name: mask(name, match[0]), text)  # type: ignore[misc]
    text = _URL_PASSWORD.sub(mask_value, text)
    return _KEY_VALUE.sub(mask_value, text), found


def _stars(_: str, secret: str) -> str:
    return re.sub(r"\S", "*", secret)


def _without(part: Any, secrets: Sequence[str]) -> Any:
    """Every text of a JSON value, its secrets starred."""
    if isinstance(part, str):
        for secret in secrets:
            part = part.replace(secret, _stars("", secret))
        return part
    if isinstance(part, list):
        return [_without(element, secrets) for element in part]
    if isinstance(part, dict):
        return {key: _without(value, secrets) for key, value in part.items()}
    return part


def _is_secret_like(head: str, value: str) -> bool:
    """In prose ("the token is expired") only a value with a digit or sign counts; after `:` or `=` any does."""
    if re.search(r"\bis\s*$", head, re.IGNORECASE):
        return any(not c.isalpha() for c in value.rstrip(".?!"))
    return not value.startswith("[")
