"""Ticket systems in memory behind real HTTP messages: they keep what they are told, and misbehave when asked to.

Time is theirs: `clock` stands still until somebody sleeps, so a test of an hour's outage takes no time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

Reply = tuple[int, Any]
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """As kill -9: nothing that was planned is done any more."""


@dataclass
class Time:
    """A clock that only `sleep` moves. Set `deadly` to have the process die there instead."""

    now: datetime = START
    deadly: bool = False
    tick: float = 0.0  # seconds that pass whenever somebody looks at it
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=self.tick)
        return self.now

    def sleep(self, seconds: float) -> None:
        if self.deadly:
            raise Killed
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
    UNAVAILABLE_AFTER = "503 after"  # carried out, and the answer says to come back later
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
        self.late = 20.0  # seconds by which a request that was too slow is carried out later
        self.script: deque[str] = deque()  # troubles of the next requests, then none
        self.writes_only: deque[str] = deque()  # of the next requests that change something
        self.refusal: tuple[int, Any] | None = None  # all that is answered
        self.refusal_headers: dict[str, str] = {}
        self.retry_after = "1"
        self.down_after = "1"  # what an answer of 503 says
        self.chance: random.Random | None = None  # with it, every request may meet with trouble
        self.down_until: datetime | None = None  # till then nothing is answered, or 500 after it was carried out
        self.meanwhile: Callable[[], object] | None = None  # happens once, between the next answer and what follows
        self.outage = cycle((Trouble.UNREACHABLE, Trouble.FAILED_BEFORE, Trouble.THROTTLED, Trouble.NONE))
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

    def reopen_by_hand(self, number: int) -> None:
        """Somebody opens a closed one again in the ticket system itself."""
        self.tickets[number].closed = False

    def delete_by_hand(self, number: int) -> None:
        self.tickets[number].deleted = True

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
        if self.down_until is not None and self.time.now < self.down_until:
            return Trouble.FAILED_AFTER if writes else next(self.outage)
        if self.script:
            return self.script.popleft()
        if self.chance is not None and self.chance.random() < 0.4:
            return self.chance.choice(PASSING)
        return Trouble.NONE

    def _met(self, trouble: str, request: httpx.Request) -> httpx.Response:
        if self.refusal is not None:
            return httpx.Response(self.refusal[0], json=self.refusal[1], headers=self.refusal_headers)
        if trouble == Trouble.UNREACHABLE:
            raise httpx.ConnectError("connection refused", request=request)
        if trouble == Trouble.FAILED_BEFORE:
            return httpx.Response(500, json={"message": "oops"})
        if trouble == Trouble.THROTTLED:
            return httpx.Response(429, headers={"retry-after": self.retry_after})
        return self._carried_out(trouble, request)

    def _carried_out(self, trouble: str, request: httpx.Request) -> httpx.Response:
        before = len(self.tickets)
        status, content = self.answer(request)
        if trouble == Trouble.TOO_SLOW and len(self.tickets) > before:
            self.tickets[len(self.tickets)].created += timedelta(seconds=self.late)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        if trouble == Trouble.ANSWER_LOST:
            raise httpx.RemoteProtocolError("peer closed connection", request=request)
        if trouble == Trouble.TOO_SLOW:
            raise httpx.ReadTimeout("timed out", request=request)
        other = {
            Trouble.FAILED_AFTER: httpx.Response(502, text="<html>Bad gateway</html>"),
            Trouble.UNAVAILABLE_AFTER: httpx.Response(503, headers={"retry-after": self.down_after}),
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


_PUBLISHED = json.loads((Path(__file__).parent / "openapi" / "github.json").read_text("utf-8"))["components"][
    "examples"
]
_ISSUE = {key: value for key, value in _PUBLISHED["issue"]["value"].items() if key != "pull_request"}
_COMMENT = _PUBLISHED["issue-comment"]["value"]
_RELATED = {"source", "parent", "template_repository"}  # other repositories, which the example has incomplete
_EXAMPLE = _PUBLISHED["full-repository-default-response"]["value"]
_REPOSITORY = {"language": None, **{key: value for key, value in _EXAMPLE.items() if key not in _RELATED}}


class GitHubDouble(Double):
    """Issues of acme/platform; what does not matter to us is as in GitHub's own examples."""

    url = "https://api.github.test"
    has_issues = True
    role = "triage"  # of the token's owner
    drops_labels = False  # as GitHub does for who may not set them

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        issues = r"/repos/acme/platform/issues"
        return [
            ("GET", r"/repos/acme/platform", self._repository),
            ("GET", issues, self._list),
            ("POST", issues, self._create),
            ("GET", rf"{issues}/(\d+)", self._get),
            ("PATCH", rf"{issues}/(\d+)", self._patch),
            ("GET", rf"{issues}/(\d+)/comments", self._list_comments),
            ("POST", rf"{issues}/(\d+)/comments", self._comment),
        ]

    def say_by_hand(self, kept: Kept, words: str) -> None:
        kept.comments.append({**_COMMENT, "id": len(kept.comments) + 1, "body": words})

    def texts(self, number: int) -> list[str]:
        return [said["body"] for said in self.tickets[number].comments]

    def _repository(self, _request: httpx.Request, _: Any) -> Reply:
        permissions = {role: role in {"pull", self.role} for role in _REPOSITORY["permissions"] | {"triage": False}}
        return 200, {**_REPOSITORY, "has_issues": self.has_issues, "permissions": permissions}

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
        kept.fields.update(body)
        kept.closed = body["state"] == "closed"
        return 200, self._shown(kept)

    def _list_comments(self, request: httpx.Request, _: Any, number: str) -> Reply:
        return 200, _paged(self.tickets[int(number)].comments, request.url.params)

    def _comment(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        kept = self.tickets[int(number)]
        kept.comments.append({**_COMMENT, "id": len(kept.comments) + 1, "body": body["body"]})
        return 201, kept.comments[-1]

    def _shown(self, kept: Kept) -> dict[str, Any]:
        pull = {"pull_request": {}} if kept.foreign else {}
        return {
            **_ISSUE,
            "number": kept.number,
            "html_url": f"https://github.test/acme/platform/issues/{kept.number}",
            "state": "closed" if kept.closed else "open",
            "state_reason": "completed" if kept.closed else None,
            "title": kept.fields["title"],
            "body": kept.fields.get("body"),
            "labels": [{**_ISSUE["labels"][0], "name": name} for name in kept.fields["labels"]],
            "comments": len(kept.comments),
            **pull,
        }


class JiraDouble(Double):
    """Issues of the project SUP."""

    url = "https://jira.test"
    granted = True
    searches = "new"  # or "old": how pages of a search are told apart

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        issue = r"/rest/api/3/issue"
        key = rf"{issue}/SUP-(\d+)"
        return [
            ("GET", r"/rest/api/3/project/SUP", lambda request, body: (200, {"key": "SUP"})),
            ("GET", r"/rest/api/3/mypermissions", self._permissions),
            ("GET", r"/rest/api/3/search(?:/jql)?", self._search),
            ("POST", issue, self._create),
            ("GET", key, self._get),
            ("PUT", rf"{key}/assignee", self._assign),
            ("GET", rf"{key}/transitions", self._transitions),
            ("POST", rf"{key}/transitions", self._move),
            ("GET", rf"{key}/comment", self._list_comments),
            ("POST", rf"{key}/comment", self._comment),
        ]

    def say_by_hand(self, kept: Kept, words: str) -> None:
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words}]}
        kept.comments.append({"id": "9", "body": {"type": "doc", "version": 1, "content": [paragraph]}})

    def texts(self, number: int) -> list[str]:
        return [_words_of(said["body"]) for said in self.tickets[number].comments]

    def _permissions(self, request: httpx.Request, _: Any) -> Reply:
        names = request.url.params["permissions"].split(",")
        return 200, {"permissions": {name: {"key": name, "havePermission": self.granted} for name in names}}

    def _search(self, request: httpx.Request, _: Any) -> Reply:
        jql, found = request.url.params["jql"], list(self.listed())
        label = re.search(r'labels = "([^"]+)"', jql)
        if label is None:
            return 400, {"errorMessages": ["Unbounded JQL queries are not allowed here."], "errors": {}}
        found = [kept for kept in found if label[1] in kept.fields["labels"]]
        if "statusCategory != Done" in jql:
            found = [kept for kept in found if not kept.closed]
        params = request.url.params
        start = int(params.get("nextPageToken", params.get("startAt", "0")))
        shown = [self._shown(kept) for kept in found[start : start + 2]]  # two on a page, whatever is asked for
        if self.searches == "old":
            return 200, {"issues": shown, "startAt": start, "maxResults": 2, "total": len(found)}
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(found) else {}
        return 200, {"issues": shown, "isLast": not more, **more}

    def _create(self, _: httpx.Request, body: dict[str, Any]) -> Reply:
        fields = body["fields"]
        if "\n" in fields.get("summary", "\n"):
            return 400, {"errorMessages": [], "errors": {"summary": "You must specify a summary of the issue."}}
        kept = self.keep(fields)
        return 201, {"id": str(10_000 + kept.number), "key": f"SUP-{kept.number}"}

    def _get(self, _request: httpx.Request, _: Any, number: str) -> Reply:
        kept = self.tickets.get(int(number))
        if kept is None or kept.deleted:
            return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}
        return 200, self._shown(kept)

    def _assign(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        self.tickets[int(number)].fields["assignee"] = {"id": body["accountId"]}
        return 204, None

    def _transitions(self, _request: httpx.Request, _: Any, number: str) -> Reply:
        ways = [("11", "Start", "indeterminate"), ("21", "Reopen", "new"), ("31", "Done", "done")]
        offered = [way for way in ways if (way[2] == "done") != self.tickets[int(number)].closed]
        return 200, {
            "transitions": [
                {"id": id_, "name": name, "to": {"statusCategory": {"key": to}}} for id_, name, to in offered
            ]
        }

    def _move(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        self.tickets[int(number)].closed = body["transition"]["id"] == "31"
        return 204, None

    def _list_comments(self, request: httpx.Request, _: Any, number: str) -> Reply:
        comments, start = self.tickets[int(number)].comments, int(request.url.params.get("startAt", "0"))
        return 200, {"comments": comments[start : start + 3], "startAt": start, "total": len(comments)}

    def _comment(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        kept = self.tickets[int(number)]
        kept.comments.append({"id": str(len(kept.comments) + 1), "body": body["body"]})
        return 201, kept.comments[-1]

    def _shown(self, kept: Kept) -> dict[str, Any]:
        category = "done" if kept.closed else "new"
        fields = {"labels": kept.fields["labels"], "status": {"name": "any", "statusCategory": {"key": category}}}
        return {"id": str(10_000 + kept.number), "key": f"SUP-{kept.number}", "fields": fields}


class ServiceNowDouble(Double):
    """Records of the table incident. A condition with an unknown field is left out, as ServiceNow does."""

    url = "https://snow.test"

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        table = r"/api/now/table/incident"
        return [
            ("GET", table, self._query),
            ("POST", table, self._create),
            ("GET", rf"{table}/id(\d+)", self._get),
            ("PATCH", rf"{table}/id(\d+)", self._patch),
        ]

    def close_by_hand(self, number: int, words: str = "") -> None:
        self.tickets[number].fields.update(state="7", active="false", close_notes=words)
        self.tickets[number].closed = True

    def reopen_by_hand(self, number: int) -> None:
        self.tickets[number].fields.update(state="2", active="true")
        self.tickets[number].closed = False

    def texts(self, number: int) -> list[str]:
        kept = self.tickets[number]
        return [*(said["body"] for said in kept.comments), kept.fields.get("close_notes", "")]

    def _query(self, request: httpx.Request, _: Any) -> Reply:
        found = list(self.listed())
        for condition in filter(None, request.url.params.get("sysparm_query", "").split("^")):
            name, operator, value = re.fullmatch(r"(\w+?)(=|IN)(.*)", condition).groups()  # type: ignore[union-attr]
            values = value.split(",") if operator == "IN" else [value]
            found = [kept for kept in found if self._shown(kept)[name] in values]
        return 200, {"result": [self._shown(kept) for kept in found]}

    def _create(self, _: httpx.Request, body: dict[str, Any]) -> Reply:
        return 201, {"result": self._shown(self.keep({"state": "1", "active": "true", **body}))}

    def _get(self, _request: httpx.Request, _: Any, number: str) -> Reply:
        notes = "\n\n".join(f"2026-11-25 - Sheriff (Work notes)\n{said['body']}" for said in self._of(number).comments)
        return 200, {"result": {"work_notes": notes}}

    def _patch(self, _: httpx.Request, body: dict[str, Any], number: str) -> Reply:
        kept = self._of(number)
        note = body.pop("work_notes", "")
        if note:
            kept.comments.append({"body": note})
        kept.fields.update(body)
        kept.closed = kept.fields["state"] in {"6", "7", "8"}
        return 200, {"result": self._shown(kept)}

    def _of(self, number: str) -> Kept:
        return self.tickets[int(number)]

    def _shown(self, kept: Kept) -> dict[str, str]:
        names = ("state", "active", "close_notes", "correlation_id")
        shown = {name: str(kept.fields.get(name, "")) for name in names}
        return {**shown, "sys_id": f"id{kept.number}", "number": f"INC{kept.number:07}"}


class ReceiverDouble(Double):
    """A receiver of signed requests, written after docs/desks.md."""

    url = "https://receiver.test/sheriff?tenant=7"
    secret = "s3cret-of-the-desk"

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self.notes: set[str] = set()  # idempotency keys of what was carried out

    def texts(self, number: int) -> list[str]:
        kept = self.tickets[number]
        return [*(f"{said['author']}: {said['text']}" for said in kept.comments), kept.fields.get("resolution", "")]

    def close_by_hand(self, number: int, words: str = "") -> None:
        self.tickets[number].closed = True
        self.tickets[number].fields["resolution"] = words

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        return [("POST", "/sheriff", self._take)]

    def _take(self, request: httpx.Request, body: dict[str, Any]) -> Reply:
        timestamp = request.headers["x-sheriff-timestamp"]
        signed = hmac.new(self.secret.encode(), timestamp.encode() + b"." + request.content, hashlib.sha256)
        if request.headers["x-sheriff-signature"] != f"sha256={signed.hexdigest()}":
            return 401, {"error": "wrong signature"}
        if abs(int(timestamp) - self.time().timestamp()) > 300 or request.url.params["tenant"] != "7":
            return 401, {"error": "too old"}
        return getattr(self, f"_{body['event']}")(body, request.headers.get("idempotency-key", ""))  # type: ignore[no-any-return]

    def _open(self, body: dict[str, Any], _: str) -> Reply:
        case = body["case"]["id"]
        of_case = [kept for kept in self.tickets.values() if kept.fields["case"] == case and not kept.deleted]
        kept = of_case[0] if of_case else self.keep({"case": case, "earlier": body["case"]["earlier"]})
        kept.closed = False
        return 200, {"number": f"T-{kept.number}", "url": f"https://receiver.test/{kept.number}"}

    def _comment(self, body: dict[str, Any], key: str) -> Reply:
        kept = self._known(body["ticket"])
        if kept is None:
            return 410, {"error": "no such ticket"}
        if key not in self.notes:
            self.notes.add(key)
            kept.comments.append(body)
        return 200, {}

    def _close(self, body: dict[str, Any], _: str) -> Reply:
        kept = self._known(body["ticket"])
        if kept is None:
            return 410, {"error": "no such ticket"}
        if not kept.closed:
            kept.closed, kept.fields["resolution"] = True, body["resolution"]
        return 204, None

    def _states(self, body: dict[str, Any], _: str) -> Reply:
        known = {ticket: self._known(ticket) for ticket in body["tickets"]}
        return 200, {
            "tickets": {
                ticket: {"state": "closed" if kept.closed else "open", "resolution": kept.fields.get("resolution", "")}
                for ticket, kept in known.items()
                if kept is not None
            }
        }

    def _known(self, ticket: str) -> Kept | None:
        number = ticket.removeprefix("T-")
        kept = self.tickets.get(int(number)) if number.isdecimal() else None
        return None if kept is None or kept.deleted else kept


def _words_of(node: dict[str, Any]) -> str:
    separator = "\n" if node["type"] == "doc" else ""
    return node.get("text", "") + separator.join(_words_of(part) for part in node.get("content", ()))


def _paged(items: list[Any], wanted: httpx.QueryParams) -> list[Any]:
    size, page = int(wanted.get("per_page", 30)), int(wanted.get("page", 1))
    return items[(page - 1) * size : page * size]


@contextmanager
def served(double: Double) -> Iterator[str]:
    """The double on a real socket of this machine; a lost answer is a connection that ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(double)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _handler(double: Double) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = httpx.Request(self.command, f"http://double{self.path}", headers=dict(self.headers), content=body)
            try:
                response = double.handle_request(request)
            except httpx.TransportError:
                self.close_connection = True
                return
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if "content-length" not in response.headers and response.status_code != 204:
                self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815 - what the library calls

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
