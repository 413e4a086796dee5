"""Secrets out of JSON: every text in it, and what stands under the name of a secret."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bot.redaction.folding import folded
from bot.redaction.placing import redact


def redact_values(value: Any, *, under: str = "") -> Any:
    """The same JSON with placeholders; `under` is the key that it stands under. Keys stay as they are."""
    if isinstance(value, str):
        return _redacted(value, under)
    if isinstance(value, Mapping):
        return {key: redact_values(part, under=str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(part, under=under) for part in value]
    return value


def redact_parts(body: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
    """The body with only the named parts looked through; the rest is addresses and ids, which have to stay."""
    return {key: redact_values(part, under=key) if key in parts else part for key, part in body.items()}


def _redacted(value: str, under: str) -> str:
    from bot.redaction.keys import hint_of
    from bot.redaction.verdict import holds

    hint = hint_of(folded(under).text) if under else None
    if hint and holds(folded(value).text, hint, whole=True):
        return f"[{hint.kind} removed]"
    return redact(value).text
