"""API tokens: what one looks like, and what is kept of it.

A token is `shf_`, 43 letters and digits that carry 256 random bits, and 6 that are their checksum, so that scanners of
leaked secrets can tell one from any other text. Only its SHA-256 is kept: a slow hash protects passwords, which can be
guessed; nobody guesses 256 bits, and each request has to be checked.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime

PREFIX = "shf_"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 43  # digits of 32 bytes
_CHECK = 6  # digits of a CRC-32
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One token as it is listed; the token itself is not known to anybody but its holder."""

    number: int
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None = None  # None: never
    revoked: datetime | None = None
    used: datetime | None = None  # to the minute; None: never

    def is_good(self, at: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked is None and (self.expires is None or at < self.expires)


def new_token() -> str:
    """A token that nobody has had before."""
    body = PREFIX + _digits(int.from_bytes(secrets.token_bytes(32)), _RANDOM)
    return body + _check(body)


def is_token(text: str) -> bool:
    """Whether this has the form of a token, with the right checksum; says nothing about whether it opens anything."""
    return _FORM.fullmatch(text) is not None and text[-_CHECK:] == _check(text[:-_CHECK])


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _check(body: str) -> str:
    return _digits(zlib.crc32(body.encode()), _CHECK)


def _digits(number: int, length: int) -> str:
    found = ""
    for _ in range(length):
        number, last = divmod(number, len(_DIGITS))
        found = _DIGITS[last] + found
    return found
