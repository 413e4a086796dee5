"""HTTP to a ticket system: little patience, and every answer is one of three: done, try again later, never."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from knowledge.errors import DeskRefused, DeskUnavailable

_MOST = 16_000_000  # bytes of an answer: a hundred long tickets
_TRIES = 3
_LONGEST_WAIT = 20.0  # seconds that a caller waits here when told to come back; what is longer is tried again later
_PAUSE = 0.5  # seconds before the second try when the system does not say how long
_LIMITED = 60.0  # seconds to stay away from a system that throttles and does not say for how long, as GitHub advises
_AGENT = "sheriff-assistant"


class OutcomeUnknown(DeskUnavailable):
    """What was to be changed may have been changed: look before it is sent again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the other side may take, and whose time it is."""

    timeout: float = 10.0  # seconds without a sign of life
    lag: float = 5.0  # seconds until a new ticket is surely found by its marker
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def settled(self) -> float:
        """Seconds after which whatever became of a request that changes something is seen: it may wait once because
        of throttling, connect, be sent and be answered, each for as long as `timeout`."""
        return 4 * self.timeout + self.lag


@dataclass(frozen=True, slots=True)
class Names:
    """How the settings of a desk are called, for sentences that say what to set right."""

    section: str = "desk"  # of sheriff.yaml
    variable: str = "SHERIFF_DESK"  # what its variables begin with

    @property
    def token(self) -> str:
        return f"{self.variable}_TOKEN"

    @property
    def user(self) -> str:
        return f"{self.variable}_USER"

    @property
    def secret(self) -> str:
        return f"{self.variable}_SECRET"


USUAL = Names()


@dataclass(frozen=True, slots=True)
class Manner:
    """How one ticket system is called, and how it says no."""

    name: str
    remedies: Mapping[int, str] = field(default_factory=dict)  # what to do, by status
    told: Callable[[Any], str] = lambda _: ""  # its own words in the JSON of a refusal
    wait: Callable[[httpx.Response, datetime], float | None] = lambda _response, _now: None
    # seconds to stay away, where it throttles with another status than 429
    names: Names = USUAL


@dataclass(frozen=True, slots=True)
class Answer:
    """What the system said."""

    status: int
    content: Any  # JSON; None when the body is empty or no JSON
    headers: httpx.Headers


class Client:
    """Safe to use from any thread. Raises DeskUnavailable (try again) or DeskRefused (nobody need try again)."""

    def __init__(
        self,
        base_url: str,
        manner: Manner,
        *,
        pace: Pace,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | httpx.Auth | None = None,
        secrets: Sequence[str] = (),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`secrets` are cut out of everything that is told."""
        self._manner = manner
        self._pace = pace
        self._secrets = tuple(secret for secret in secrets if secret)
        self._host = urlsplit(base_url).hostname or base_url
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"accept": "application/json", "user-agent": _AGENT, **(headers or {})},
            auth=auth,
            timeout=pace.timeout,
            follow_redirects=False,  # a token goes to no other address than the configured one
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def read(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        allow: Collection[int] = (),
        kind: type[dict[str, Any] | list[Any]] = dict,
        needs: Sequence[str] = (),
    ) -> Answer:
        """GET, repeated a little while there is no clear answer. Statuses in `allow` are answers too; the content of
        any other is of this kind, with the keys that are needed."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                return self._of_kind(
                    self._ask("GET", path, params=params, content=None, allow=allow), kind, allow, needs
                )
            except OutcomeUnknown as error:
                pause = max(_PAUSE * (_TRIES - left), error.after)
                if not left or pause > _LONGEST_WAIT:
                    raise DeskUnavailable(str(error), after=error.after) from error
                self._pace.sleep(pause)
        raise AssertionError("unreachable")

    def write(
        self,
        method: str,
        path: str,
        content: Any,
        *,
        allow: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
        needs: Sequence[str] = (),
    ) -> Answer:
        """Sent once; again only when it surely was not carried out. The answer has the keys that are needed. Raises
        OutcomeUnknown when it is not sure whether it was carried out."""
        answer = self._ask(method, path, params=None, content=content, allow=allow, headers=headers)
        if answer.status in allow or not needs:
            return answer
        return self._of_kind(answer, dict, allow, needs)

    def _of_kind(self, answer: Answer, kind: type[Any], allow: Collection[int], needs: Sequence[str] = ()) -> Answer:
        if answer.status in allow or (isinstance(answer.content, kind) and all(n in answer.content for n in needs)):
            return answer
        raise OutcomeUnknown(f"{self._manner.name} answers in another form than expected. Is {self._host} its address?")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        content: Any,
        allow: Collection[int],
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        body = None if content is None else json.dumps(content, ensure_ascii=False).encode(errors="replace")
        kind = {"content-type": "application/json"} if body is not None else {}
        longest = _LONGEST_WAIT if body is None else self._pace.timeout  # see Pace.settled
        for left in range(_TRIES - 1, -1, -1):
            response, found = self._once(method, path, params, body, {**kind, **(headers or {})})
            wait = self._wait(response)
            if wait is None:
                return self._judged(response, found, allow)
            if not left or wait > longest:
                said = f"{self._manner.name} is throttling; it asks to wait {wait:.0f} seconds."
                raise DeskUnavailable(said, after=wait)
            self._pace.sleep(wait)
            longest -= wait
        raise AssertionError("unreachable")

    def _once(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        try:
            with self._http.stream(method, path, params=params, content=body, headers=headers) as response:
                return response, self._whole(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise DeskUnavailable(f"{self._manner.name} cannot be reached at {self._host}.") from error
        except httpx.TimeoutException as error:
            raise OutcomeUnknown(
                f"{self._manner.name} did not answer within {self._pace.timeout:g} seconds."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutcomeUnknown(f"{self._manner.name} broke off the connection.") from error

    def _whole(self, response: httpx.Response) -> bytes:
        body, deadline = b"", time.monotonic() + 6 * self._pace.timeout
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MOST or time.monotonic() > deadline:
                raise httpx.ReadError("The answer does not come to an end.")
        return body

    def _wait(self, response: httpx.Response) -> float | None:
        """Seconds to stay away; None when the request was not turned away for coming too often."""
        now = self._pace.clock()
        if response.status_code == 429:
            asked = retry_after(response, now)
            return _PAUSE * 2 if asked is None else asked
        return self._manner.wait(response, now)

    def _judged(self, response: httpx.Response, body: bytes, allow: Collection[int]) -> Answer:
        status = response.status_code
        content = _json(body)
        answer = Answer(status, content, response.headers)
        if status in allow:
            return answer
        if status < 300:
            return answer
        if status >= 500 or status in {408, 425}:
            after = retry_after(response, self._pace.clock()) or 0.0
            raise OutcomeUnknown(f"{self._manner.name} answers {status}.", after=after)
        if "rate limit" in self._manner.told(content).lower():  # of GitHub's second kind, which say no time
            raise DeskUnavailable(f"{self._manner.name} is throttling.", after=_LIMITED)
        raise DeskRefused(self._why(status, content, response))

    def _why(self, status: int, content: Any, response: httpx.Response) -> str:
        section = self._manner.names.section
        if status < 400 and status not in self._manner.remedies:
            target = urlsplit(response.headers.get("location", "")).hostname or "another address"
            return f"{self._manner.name} redirects to {target}. Correct {section}.url in sheriff.yaml."
        told = self._without_secrets(" ".join(self._manner.told(content).split()))[:200].rstrip(". ")
        remedy = self._manner.remedies.get(status, f"Look at {section} in sheriff.yaml.")
        return f"{self._manner.name} refuses ({status}{f': {told}' if told else ''}). {remedy}"

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None without one."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
