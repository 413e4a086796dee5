"""A Bot Framework connector on loopback that only counts, and the client that talks to a bot through it."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from evals.bench.clock import Timing
from evals.bench.teams_echo import APP_ID

KEY: Final = "bench"
ISSUER: Final = "https://api.botframework.com"
FILES: Final = "/files/"
Json = dict[str, Any]


@dataclass(slots=True)
class Connector:
    """Issues tokens, takes what bots send, and says when an activity was answered."""

    url: str = ""
    answers: Counter[str] = field(default_factory=Counter)  # by the id of the activity that is answered
    last: float = 0.0  # when the last one came
    files: dict[str, bytes] = field(default_factory=dict)  # that activities have attached, by name
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _awaited: dict[str, asyncio.Event] = field(default_factory=dict)

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": APP_ID, "serviceurl": self.url, "nbf": now - 60, "exp": now + 3600}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY})

    def activity(self, text: str) -> Json:
        """A message in a conversation of its own, so that no conversation is at its limit."""
        number = secrets.token_hex(8)
        return {
            "type": "message",
            "id": f"activity-{number}",
            "channelId": "msteams",
            "serviceUrl": self.url,
            "from": {"id": "29:kim", "name": "Kim", "aadObjectId": "kim"},
            "recipient": {"id": f"28:{APP_ID}", "name": "Sheriff"},
            "conversation": {"id": f"a:{number}", "conversationType": "groupChat"},
            "entities": [_mention("<at>Sheriff</at>")],
            "text": f"<at>Sheriff</at> {text}",
        }

    def with_file(self, name: str, content: bytes) -> Json:
        """A message with a file, which lies at the connector as files do that are dropped into a chat."""
        number = secrets.token_hex(8)
        self.files[number] = content
        kind = "application/octet-stream"
        attached = {"contentType": kind, "contentUrl": f"{self.url}{FILES}{number}", "name": name}
        return {**self.activity("What is wrong with this file?"), "attachments": [attached]}

    async def answered(self, activity: Json, within: float) -> bool:
        """Whether the bot says something to that activity in so many seconds."""
        event = self._awaited.setdefault(activity["id"], asyncio.Event())
        if self.answers[activity["id"]]:
            return True
        try:
            await asyncio.wait_for(event.wait(), within)
        except TimeoutError:
            return False
        return True

    def take(self, path: str, body: Json, *, new: bool = True) -> Json:
        """Count an answer. One that takes the place of “Still looking …” is not `new`, and no second answer."""
        if new and body.get("type") == "message":
            to = str(body.get("replyToId") or path.rpartition("/")[2])
            self.answers[to] += 1
            self.last = time.monotonic()
            self._awaited.setdefault(to, asyncio.Event()).set()
        return {"id": secrets.token_hex(4)}

    def document(self, path: str) -> Json:
        if path == "/metadata":
            return {"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"}
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": KEY, "endorsements": ["msteams"]}]}

    async def app(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """ASGI without a framework: the connector's own time is not to be measured."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path, method = scope["path"], scope["method"]
        if path.startswith(FILES):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": self.files[path.removeprefix(FILES)]})
            return
        said = self.document(path) if method == "GET" else self.take(path, json.loads(body), new=method == "POST")
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


def _mention(words: str) -> Json:
    return {"type": "mention", "text": words, "mentioned": {"id": f"28:{APP_ID}"}}


@asynccontextmanager
async def listening() -> AsyncIterator[Connector]:
    """A connector within this event loop."""
    connector = Connector()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        connector.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        config = uvicorn.Config(
            connector.app,
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            yield connector
        finally:
            server.should_exit = True
            await serving


@dataclass(frozen=True, slots=True)
class Rate:
    """Turns of so many clients, one after the other each."""

    clients: int
    turns: int
    per_second: float
    timing: Timing  # from the request until the answer is at the connector


@dataclass(frozen=True, slots=True)
class Client:
    """Posts activities to one bot."""

    connector: Connector
    bot: str
    http: httpx.AsyncClient
    headers: Mapping[str, str]
    within: float = 30.0

    async def post(self, activity: Json) -> None:
        answer = await self.http.post(f"{self.bot}/api/messages", json=activity, headers=self.headers)
        answer.raise_for_status()

    async def turn(self, text: str) -> float:
        """Seconds until the bot has answered. Raises TimeoutError when it never does."""
        activity = self.connector.activity(text)
        start = time.perf_counter()
        await self.post(activity)
        if not await self.connector.answered(activity, self.within):
            raise TimeoutError(f"no answer to {text!r}")
        return time.perf_counter() - start

    async def turns(self, texts: Sequence[str], *, clients: int) -> Rate:
        """All texts, by so many clients at once."""
        waiting, seconds = list(reversed(texts)), list[float]()

        async def work() -> None:
            while waiting:
                seconds.append(await self.turn(waiting.pop()))

        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(clients)))
        elapsed = time.perf_counter() - start
        return Rate(clients, len(seconds), len(seconds) / elapsed, Timing.of(seconds))
