"""Ticket systems in memory behind real HTTP messages: they keep what they are told, and misbehave when asked to.

Time is theirs: `clock` stands still until somebody sleeps, so a test of an hour's outage takes no time.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Reply = tuple[int, Any]
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@dataclass
class Time:
    """A clock that only `sleep` moves."""

    now: datetime = START
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.now += timedelta(seconds=seconds)


class Trouble:
    """What can happen to one request, by name."""

    NONE = "none"
    ANSWER_LOST = "answer lost"  # carried out; the connection breaks before the answer
    TOO_SLOW = "too slow"  # carried out after the caller has given up
    FAILED_AFTER = "500 after"  # carried out, and yet the answer is 500
    FAILED_BEFORE = "500 before"
    UNREACHABLE = "unreachable"
    THROTTLED = "429"
    GARBAGE = "garbage"  # carried out; a proxy answers with a page of its own
    EMPTY = "empty"  # carried out; the answer is an empty object


PASSING = (
    Trouble.ANSWER_LOST,
    Trouble.TOO_SLOW,
    Trouble.FAILED_AFTER,
    Trouble.FAILED_BEFORE,
    Trouble.UNREACHABLE,
    Trouble.THROTTLED,
    Trouble.GARBAGE,
    Trouble.EMPTY,
)


@dataclass
class Kept:
    """One ticket with what was written to it."""

    number: int
    fields: dict[str, Any]
    created: datetime
    closed: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)
    deleted: bool = False
    foreign: bool = False  # of somebody else, not of Sheriff


class Double(httpx.BaseTransport):
    """One ticket system: subclasses know its addresses and the shape of its answers."""

    url = "https://tickets.example.com"

    def __init__(self, time: Time) -> None:
        self.time = time
        self.tickets: dict[int, Kept] = {}
        self.lag = 0.0  # seconds until a new ticket is in lists
        self.script: deque[str] = deque()  # troubles of the next requests, then none
        self.writes_only: deque[str] = deque()  # of the next requests that change something
        self.refusal: tuple[int, Any] | None = None  # all that is answered
        self.retry_after = "1"
        self.chance: random.Random | None = None  # with it, every request may meet with trouble
        self.requests: list[httpx.Request] = []
        self.lock = threading.RLock()

    # What a test asks for

    def open_numbers(self) -> list[int]:
        return [kept.number for kept in self.tickets.values() if not kept.deleted and not kept.closed]

    def close_by_hand(self, number: int, words: str = "") -> None:
        """Somebody closes it in the ticket system itself."""
        kept = self.tickets[number]
        kept.closed = True
        if words:
            self.say_by_hand(kept, words)

    def say_by_hand(self, kept: Kept, words: str) -> None:
        raise NotImplementedError

    def texts(self, number: int) -> list[str]:
        """What was written to a ticket, oldest first."""
        raise NotImplementedError

    # The other side of the wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self.lock:
            self.requests.append(request)
            return self._met(self._trouble(request.method != "GET"), request)

    def _trouble(self, writes: bool) -> str:
        if writes and self.writes_only:
            return self.writes_only.popleft()
        if self.script:
            return self.script.popleft()
        if self.chance is not None and self.chance.random() < 0.4:
            return self.chance.choice(PASSING)
        return Trouble.NONE

    def _met(self, trouble: str, request: httpx.Request) -> httpx.Response:
        if self.refusal is not None:
            return httpx.Response(self.refusal[0], json=self.refusal[1])
        if trouble == Trouble.UNREACHABLE:
            raise httpx.ConnectError("connection refused", request=request)
        if trouble == Trouble.FAILED_BEFORE:
            return httpx.Response(500, json={"message": "oops"})
        if trouble == Trouble.THROTTLED:
            return httpx.Response(429, headers={"retry-after": self.retry_after})
        return self._carried_out(trouble, request)

    def _carried_out(self, trouble: str, request: httpx.Request) -> httpx.Response:
        status, content = self.answer(request)
        if trouble == Trouble.ANSWER_LOST:
            raise httpx.RemoteProtocolError("peer closed connection", request=request)
        if trouble == Trouble.TOO_SLOW:
            raise httpx.ReadTimeout("timed out", request=request)
        other = {
            Trouble.FAILED_AFTER: httpx.Response(502, text="<html>Bad gateway</html>"),
            Trouble.GARBAGE: httpx.Response(200, text="<html>Sign in</html>", headers={"content-type": "text/html"}),
            Trouble.EMPTY: httpx.Response(200, json={}),
        }
        answered = httpx.Response(status) if content is None else httpx.Response(status, json=content)
        return other.get(trouble, answered)

    def answer(self, request: httpx.Request) -> Reply:
        for method, pattern, act in self.routes():
            found = re.fullmatch(pattern, request.url.path)
            if found and method == request.method:
                body = json.loads(request.content) if request.content else {}
                return act(request, body, *found.groups())
        return 404, {"message": f"no {request.method} {request.url.path}"}

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        raise NotImplementedError

    def keep(self, fields: dict[str, Any], *, foreign: bool = False) -> Kept:
        kept = Kept(len(self.tickets) + 1, fields, self.time(), foreign=foreign)
        self.tickets[kept.number] = kept
        return kept

    def listed(self) -> Iterator[Kept]:
        """What lists show: not what is too new for them."""
        for kept in self.tickets.values():
            if not kept.deleted and (self.time() - kept.created).total_seconds() >= self.lag:
                yield kept


class GitHubDouble(Double):
    """Issues of acme/platform."""

    url = "https://api.github.test"
    repository: dict[str, Any] = {"has_issues": True, "permissions": {"triage": True, "push": False}}  # noqa: RUF012
    drops_labels = False  # as GitHub does for who may not set them

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        issues = r"/repos/acme/platform/issues"
        return [
            ("GET", r"/repos/acme/platform", lambda request, body: (200, self.repository)),
            ("GET", issues, self._list),
            ("POST", issues, self._create),
            ("GET", rf"{issues}/(\d+)", self._get),
            ("PATCH", rf"{issues}/(\d+)", self._patch),
            ("GET", rf"{issues}/(\d+)/comments", self._list_comments),
            ("POST", rf"{issues}/(\d+)/comments", self._comment),
        ]

    def say_by_hand(self, kept: Kept, words: str) -> None:
        kept.comments.append({"id": len(kept.comments) + 1, "body": words})

    def texts(self, number: int) -> list[str]:
        return [said["body"] for said in self.tickets[number].comments]

    def _list(self, request: httpx.Request, _: Any) -> Reply:
        wanted = request.url.params
        labels = {label for label in wanted.get("labels", "").split(",") if label}
        found = [kept for kept in self.listed() if labels <= set(kept.fields["labels"])]
        if wanted.get("state", "open") != "all":
            found = [kept for kept in found if kept.closed == (wanted.get("state", "open") == "closed")]
        return 200, _paged([self._shown(kept) for kept in reversed(found)], wanted)

    def _create(self, _: httpx.Request, body: dict[str, Any]) -> Reply:
        if not isinstance(body.get("title"), str):
            return 422, {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]}
        labels = [] if self.drops_labels else body.get("labels", [])
        return 201, self._shown(self.keep({**body, "labels": labels}))

    def _get(self, _request: httpx.Request, _: Any, number: str) -> Reply:
        kept = self.tickets.get(int(number))
        if kept is None:
            return 404, {"message": "Not Found"}
        return (410, {"message": "This issue was deleted"}) if kept.deleted else (200, self._shown(kept))

    def _patch(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        kept = self.tickets[int(number)]
        if "state" in body:
            kept.closed = body["state"] == "closed"
        return 200, self._shown(kept)

    def _list_comments(self, request: httpx.Request, _: Any, number: str) -> Reply:
        return 200, _paged(self.tickets[int(number)].comments, request.url.params)

    def _comment(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        kept = self.tickets[int(number)]
        kept.comments.append({"id": len(kept.comments) + 1, "body": body["body"]})
        return 201, kept.comments[-1]

    def _shown(self, kept: Kept) -> dict[str, Any]:
        pull = {"pull_request": {}} if kept.foreign else {}
        return {
            "number": kept.number,
            "html_url": f"https://github.test/acme/platform/issues/{kept.number}",
            "state": "closed" if kept.closed else "open",
            "state_reason": "completed" if kept.closed else None,
            "title": kept.fields["title"],
            "body": kept.fields.get("body"),
            "labels": [{"name": name} for name in kept.fields["labels"]],
            "comments": len(kept.comments),
            **pull,
        }


def _paged(items: list[Any], wanted: httpx.QueryParams) -> list[Any]:
    size, page = int(wanted.get("per_page", 30)), int(wanted.get("page", 1))
    return items[(page - 1) * size : page * size]
