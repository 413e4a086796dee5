"""Whether a value is a secret, given what its key says."""

from __future__ import annotations

import re

from bot.redaction.keys import Hint, Trust
from bot.redaction.values import is_name, is_reference, is_uuid, looks_chosen, looks_random, names_a_secret
from bot.redaction.wordlists import words

# Words of sentences: a value with one of them explains something.
SENTENCE = words("verdict", "sentence")
# Under a key that is sure, "zebra-key-77" was made up, while "db-password-2" and "tls-secret-v12" are names.
_NUMBERED = re.compile(r"[-_.](?:(?!v\d)[a-z]{2,}[1-9]\d{0,3}|[1-9]\d{1,3})$")


def holds(value: str, hint: Hint, *, whole: bool = False) -> bool:
    """`whole`: the value ends where the file says so, and may have spaces in it."""
    value = value.strip()
    if not value or is_reference(value):
        return False
    if re.search(r"\s", value):
        return whole and _words_are_secret(value, hint)
    if hint.trust is Trust.SURE:
        return _is_password(value)
    if hint.trust is Trust.LIKELY:
        return _is_token(value)
    return looks_random(value) or (is_uuid(value) and hint.kind in {"secret", "token"})


def _is_password(value: str) -> bool:
    if re.fullmatch(r"[+-]?\d+(?:\.\d+)?", value):
        return len(value) >= 4
    return len(value) >= 3 and (not names_a_secret(value) or bool(_NUMBERED.search(value)))


def _is_token(value: str) -> bool:
    if value.isdigit():
        return len(value) >= 6
    if is_uuid(value):
        return True
    if is_name(value) or re.fullmatch(r"[\d.:]+\w{0,3}", value):
        return False
    if re.fullmatch(r"[a-zA-Z][a-z]*", value):
        return len(value) >= 20 or bool(re.search(r"super|my(?:secret|token|key)|geheim|hush", value, re.IGNORECASE))
    return looks_random(value) or looks_chosen(value)


def _words_are_secret(value: str, hint: Hint) -> bool:
    words = value.split()
    if hint.trust is Trust.SURE:
        return len(words) <= 12 and not any(word.lower().strip(".,;:!?()") in SENTENCE for word in words)
    # A key or certificate over several lines, a connection string
    return all(len(word) >= 16 for word in words[:-1]) and any(looks_random(word) for word in words)
