"""One HTTP request with little patience, for checks: nothing is followed, repeated or believed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from knowledge.errors import Unavailable

PATIENCE = 5.0  # seconds for each step of a request; the whole of it gets twice as much
_MOST = 1_000_000  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server said."""

    status: int
    body: bytes
    location: str = ""

    @property
    def content(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def asked(
    method: str, url: str, *, form: Mapping[str, str] | None = None, content: Any = None, patience: float = PATIENCE
) -> Answered:
    """The answer of a server, whatever its status. Raises Unavailable saying in words why there is none."""
    try:
        with (
            httpx.Client(timeout=patience, follow_redirects=False) as client,
            client.stream(method, url, data=form, json=content) as response,
        ):
            body = _read(response, time.monotonic() + 2 * patience)
            return Answered(response.status_code, body, response.headers.get("location", ""))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unavailable(f"{_host(url)} {_why(error, patience)}") from error


def _read(response: httpx.Response, deadline: float) -> bytes:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST or time.monotonic() > deadline:
            raise httpx.ReadError("does not come to an end with its answer")
    return body


def _why(error: Exception, patience: float) -> str:
    told = str(error)
    if isinstance(error, httpx.TimeoutException):
        return f"does not answer within {patience:g} seconds."
    if isinstance(error, httpx.ConnectError):
        return _why_not_connected(told)
    if isinstance(error, httpx.RequestError) and not isinstance(error, httpx.UnsupportedProtocol):
        return f"broke off ({told or type(error).__name__})."
    return "is no address that can be asked."


def _why_not_connected(told: str) -> str:
    if found := re.search(r"certificate verify failed: ([^(]+)", told):
        return f"has a certificate that cannot be trusted ({found[1].strip()})."
    if "[SSL" in told:
        return "does not speak TLS at this port."
    if re.search(r"not known|getaddrinfo|name resolution|nodename", told, re.IGNORECASE):
        return "is not known by name (DNS)."
    return "refuses the connection or cannot be reached."


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url
