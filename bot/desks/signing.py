"""Signed requests, out and in: whoever knows the secret sees that a body is ours, unchanged and new.

The signature is HMAC-SHA256 over the time (seconds since 1970), a full stop and the body, in hexadecimal.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta

import httpx

TIMESTAMP = "x-sheriff-timestamp"
SIGNATURE = "x-sheriff-signature"
GOOD_FOR = timedelta(minutes=5)  # clocks differ, and queues delay


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in the header, such as sha256=3f…"""
    return f"sha256={_digest(secret, timestamp.encode() + b'.' + body)}"


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Whether the body was signed with the secret, and not long ago."""
    timestamp = headers.get(TIMESTAMP, "")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    if abs(now.timestamp() - int(timestamp)) > GOOD_FOR.total_seconds():
        return False
    return _same(headers.get(SIGNATURE, ""), signature(secret, timestamp, body))


def is_signed_by_hub(secret: str, given: str, body: bytes) -> bool:
    """Whether the header of GitHub and Jira, sha256=…, fits the body; it says nothing about when."""
    return _same(given, f"sha256={_digest(secret, body)}")


class Signed(httpx.Auth):
    """Signs each request as it is sent."""

    requires_request_body = True

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        timestamp = str(int(self._clock().timestamp()))
        request.headers[TIMESTAMP] = timestamp
        request.headers[SIGNATURE] = signature(self._secret, timestamp, request.content)
        yield request


def _digest(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, "sha256").hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())
