"""Who may call /api/messages: real tokens, real keys, and a metadata server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Response
from jwt.algorithms import RSAAlgorithm

from bot.channels.teams import TeamsChannel
from bot.channels.teams_adapter import TeamsConnection
from bot.channels.teams_auth import (
    SCOPE,
    BotIdentity,
    LeanAuthentication,
    RememberedCredentials,
    SigningKey,
    SigningKeys,
    _keys_in,
    authentication,
)
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_sender import SendError
from bot.telemetry import Metrics
from tests.bot_framework import APP_ID, BotFramework, FixedCredentials, listening, running_bot_framework

PAST, FUTURE = 1_600_000_000, 4_102_444_800
EMULATORS = "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"


@pytest.fixture(scope="module")
def running() -> Iterator[BotFramework]:
    with running_bot_framework() as framework:
        yield framework


@pytest.fixture
def framework(running: BotFramework) -> BotFramework:
    running.rotate_to("key-1")
    return running


class Watch:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


class Listener:
    """Keeps the activities that were let in."""

    def __init__(self) -> None:
        self.heard: list[Mapping[str, Any]] = []

    async def turn(self, context: object, body: Mapping[str, Any]) -> None:
        self.heard.append(body)


class Door:
    """/api/messages with nothing behind it but a listener, asked within the test's own event loop."""

    def __init__(self, framework: BotFramework, *, keys: SigningKeys | None = None, metadata: str = "") -> None:
        identity = BotIdentity(APP_ID, "x", metadata_url=metadata or f"{framework.url}/metadata")
        credentials = FixedCredentials(APP_ID, "x", "")
        self.listener = Listener()
        link = TeamsLink(lambda: TeamsConnection(identity, authentication(identity, credentials, keys)))
        self.channel = TeamsChannel(link, self.listener, Metrics())  # type: ignore[arg-type] - as much as is needed
        app = FastAPI()
        app.include_router(self.channel.router())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sheriff")

    async def knock(self, body: object, header: str | bytes | None) -> int:
        headers = {} if header is None else {"Authorization": header}
        answer = await self.client.post("/api/messages", json=body, headers=headers)
        return answer.status_code

    async def close(self) -> None:
        await self.channel.close()
        await self.client.aclose()


def _knock(framework: BotFramework, body: object, header: str | bytes | None) -> tuple[int, int]:
    """The status, and how many activities were let in."""

    async def knock() -> tuple[int, int]:
        door = Door(framework)
        status = await door.knock(body, header)
        await door.close()
        return status, len(door.listener.heard)

    return asyncio.run(knock())


def test_the_channel_itself_is_let_in(framework: BotFramework) -> None:
    assert _knock(framework, framework.message("hi"), f"Bearer {framework.token()}") == (202, 1)


@pytest.mark.parametrize("header", [None, ""])
def test_without_a_token_it_is_asked_for(framework: BotFramework, header: str | None) -> None:
    assert _knock(framework, framework.message("hi"), header) == (401, 0)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer garbage", "Bearer a.b.c", "Bearer a b", "Basic eDp5", "x" * 5000, b"Bearer \xff\xfe"],
)
def test_what_is_no_token_is_refused(framework: BotFramework, header: str | bytes) -> None:
    assert _knock(framework, framework.message("hi"), header) == (403, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"},
        {"aud": [APP_ID]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": EMULATORS, "ver": "1.0", "appid": APP_ID},
        {"iss": EMULATORS, "ver": "2.0", "azp": APP_ID, "aud": SCOPE},
        {"exp": PAST},
        {"nbf": FUTURE},
        {"exp": "soon"},
        {"exp": None},
        {"serviceurl": "https://evil.example"},
        {"serviceurl": None},
    ],
)
def test_a_token_for_something_else_is_refused(framework: BotFramework, changes: dict[str, Any]) -> None:
    header = f"Bearer {_token(framework, changes)}"

    assert _knock(framework, framework.message("hi"), header) == (403, 0)


def _token(framework: BotFramework, changes: Mapping[str, Any]) -> str:
    """A token with any claims, which the usual way to make one would refuse."""
    good = jwt.decode(framework.token(), options={"verify_signature": False})
    payload = json.dumps({**good, **changes}).encode()
    return jwt.api_jws.encode(payload, framework.keys["key-1"], algorithm="RS256", headers={"kid": framework.key_id})


def test_a_token_that_never_expires_is_refused(framework: BotFramework) -> None:
    claims = jwt.decode(framework.token(), options={"verify_signature": False})
    del claims["exp"]
    token = jwt.encode(claims, framework.keys["key-1"], algorithm="RS256", headers={"kid": framework.key_id})

    assert _knock(framework, framework.message("hi"), f"Bearer {token}") == (403, 0)


def test_a_key_that_is_endorsed_for_nothing_is_no_key() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    published = {"kid": "k", **json.loads(RSAAlgorithm.to_jwk(key))}

    for endorsements in ([], None):
        with pytest.raises(LookupError):
            _keys_in({"keys": [{**published, "endorsements": endorsements}]})
    assert _keys_in({"keys": [{**published, "endorsements": ["msteams"]}]})["k"].endorsements == ["msteams"]


def _unsigned(framework: BotFramework, algorithm: str) -> str:
    _, payload, signature = framework.token().split(".")
    changed = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "key-1"}).encode()).decode().rstrip("=")
    return ".".join((changed, payload, "" if algorithm == "none" else signature))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES256"])
def test_a_token_with_another_algorithm_is_refused(framework: BotFramework, algorithm: str) -> None:
    assert _knock(framework, framework.message("hi"), f"Bearer {_unsigned(framework, algorithm)}") == (403, 0)


def test_a_forged_token_is_refused(framework: BotFramework) -> None:
    forger = BotFramework(url=framework.url)
    forger.rotate_to("key-1")
    unknown = BotFramework(url=framework.url)
    unknown.rotate_to("key-9")

    assert _knock(framework, framework.message("hi"), f"Bearer {forger.token()}") == (403, 0)
    assert _knock(framework, framework.message("hi"), f"Bearer {unknown.token()}") == (403, 0)


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk"])
def test_a_token_that_brings_or_names_its_own_key_is_refused(framework: BotFramework, header: str) -> None:
    forger = BotFramework(url=framework.url)
    forger.rotate_to("own")
    key = {**json.loads(RSAAlgorithm.to_jwk(forger.keys["own"].public_key())), "kid": "own"}
    claims = jwt.decode(framework.token(), options={"verify_signature": False})
    given = key if header == "jwk" else f"{framework.url}/keys"
    token = jwt.encode(claims, forger.keys["own"], algorithm="RS256", headers={"kid": "own", header: given})

    assert _knock(framework, framework.message("hi"), f"Bearer {token}") == (403, 0)


def test_a_token_without_a_key_id_is_refused(framework: BotFramework) -> None:
    claims = jwt.decode(framework.token(), options={"verify_signature": False})
    nameless = jwt.encode(claims, framework.keys["key-1"], algorithm="RS256")

    assert _knock(framework, framework.message("hi"), f"Bearer {nameless}") == (403, 0)


def test_a_key_that_is_not_endorsed_for_the_channel_is_refused(framework: BotFramework) -> None:
    body = framework.message("hi", channelId="telephony")

    assert _knock(framework, body, f"Bearer {framework.token()}") == (403, 0)


@pytest.mark.parametrize("missing", ["channelId", "serviceUrl"])
def test_what_a_token_is_compared_with_cannot_be_left_out(framework: BotFramework, missing: str) -> None:
    body = framework.message("hi")
    del body[missing]

    assert _knock(framework, body, f"Bearer {framework.token()}") == (400, 0)


# The metadata server


def test_a_new_signing_key_works_within_a_minute(framework: BotFramework) -> None:
    watch = Watch()
    keys = SigningKeys(f"{framework.url}/metadata", now=watch.now)

    async def rotate() -> None:
        door = Door(framework, keys=keys)
        assert await door.knock(framework.message("hi"), f"Bearer {framework.token()}") == 202
        framework.rotate_to("key-2")
        fetched = framework.key_fetches
        assert await door.knock(framework.message("hi"), f"Bearer {framework.token()}") == 403
        assert framework.key_fetches == fetched, "an unknown id so soon again must not become a fetch"
        watch.time += 59
        assert await door.knock(framework.message("hi"), f"Bearer {framework.token()}") == 202
        await door.close()

    asyncio.run(rotate())


def test_forged_key_ids_do_not_become_a_flood_of_fetches(framework: BotFramework) -> None:
    watch = Watch()
    keys = SigningKeys(f"{framework.url}/metadata", now=watch.now)

    async def forge() -> None:
        for number in range(100):
            watch.time += 1
            with pytest.raises(PermissionError):
                await keys.get(f"forged-{number}")

    fetched = framework.key_fetches
    asyncio.run(forge())
    assert framework.key_fetches - fetched <= 4


@dataclass
class Metadata:
    """A server of metadata that does what its mood says."""

    answer: bytes = b""
    status: int = 200
    asked: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/{path:path}")
        def document(path: str) -> Response:
            self.asked.set()
            self.released.wait(20)
            return Response(self.answer, status_code=self.status)

        return app


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    server = Metadata()
    yield server
    server.released.set()


MISFITS = [
    b"",
    b"no json",
    b"[]",
    b"5",
    b"{}",
    b'{"jwks_uri": 5}',
    b'{"jwks_uri": "file:///etc/passwd"}',
    b"[" * 99_999,
]


@pytest.mark.parametrize(("status", "answer"), [(500, b""), (302, b""), *((200, misfit) for misfit in MISFITS)])
def test_a_metadata_server_that_talks_nonsense_ends_in_a_refusal(
    framework: BotFramework, metadata: Metadata, status: int, answer: bytes
) -> None:
    metadata.status, metadata.answer = status, answer
    metadata.released.set()

    async def knock(url: str) -> int:
        door = Door(framework, metadata=f"{url}/metadata")
        status = await door.knock(framework.message("hi"), f"Bearer {framework.token()}")
        await door.close()
        return status

    with listening(metadata.app()) as url:
        assert asyncio.run(knock(url)) == 403


def test_keys_that_nobody_can_read_do_not_hide_the_others(framework: BotFramework) -> None:
    good = json.loads(httpx.get(f"{framework.url}/keys").text)["keys"]
    odd = [5, None, {}, {"kid": "a"}, {"kid": "b", "kty": "RSA"}, {"kid": "c", "kty": "RSA", "n": 1, "e": []}]
    app = FastAPI()

    @app.get("/metadata")
    def document() -> dict[str, str]:
        return {"jwks_uri": f"{url}/keys"}

    @app.get("/keys")
    def published() -> dict[str, Any]:
        return {"keys": [*odd, *good]}

    with listening(app) as url:
        key = asyncio.run(SigningKeys(f"{url}/metadata").get("key-1"))

    assert key.endorsements == ["msteams"]


def test_a_metadata_server_that_hangs_is_not_waited_for_long(metadata: Metadata) -> None:
    watch = Watch()

    async def ask(url: str) -> None:
        keys = SigningKeys(f"{url}/metadata", now=watch.now, patience=0.05)
        with pytest.raises(PermissionError):
            await keys.get("key-1")
        metadata.asked.clear()
        with pytest.raises(PermissionError):
            await keys.get("key-1")
        assert not metadata.asked.is_set(), "so soon again it still hangs"

    with listening(metadata.app()) as url:
        asyncio.run(ask(url))
        metadata.released.set()


def test_keys_that_are_known_stay_good_while_their_server_is_down_for_two_days(framework: BotFramework) -> None:
    watch = Watch()
    keys = SigningKeys(f"{framework.url}/metadata", now=watch.now, patience=5)
    url, nowhere = keys._url, "http://127.0.0.1:9/metadata"

    async def later() -> None:
        await keys.get("key-1")
        keys._url = nowhere
        watch.time += 47 * 3600
        assert (await keys.get("key-1")).endorsements == ["msteams"]
        watch.time += 3600
        with pytest.raises(PermissionError, match="too long"):
            await keys.get("key-1")
        keys._url = url
        watch.time += 60
        assert (await keys.get("key-1")).endorsements == ["msteams"], "they are good again once they were fetched"

    asyncio.run(later())


def test_keys_serve_several_event_loops(framework: BotFramework) -> None:
    watch = Watch()
    keys = SigningKeys(f"{framework.url}/metadata", now=watch.now)

    async def several_at_once() -> list[object]:
        wanted = [keys.get(key_id) for key_id in ("key-1", "forged", "forged")]
        return [type(found) for found in await asyncio.gather(*wanted, return_exceptions=True)]

    for _ in range(2):
        assert asyncio.run(several_at_once()) == [SigningKey, PermissionError, PermissionError]
        watch.time += 60


def test_others_are_answered_while_the_metadata_server_hangs(framework: BotFramework, metadata: Metadata) -> None:
    watch = Watch()
    newcomer = BotFramework(url=framework.url)
    newcomer.rotate_to("key-2")

    async def crowd(url: str) -> None:
        keys = SigningKeys(f"{framework.url}/metadata", now=watch.now, patience=20)
        door = Door(framework, keys=keys)
        assert await door.knock(framework.message("hi"), f"Bearer {framework.token()}") == 202
        keys._url, watch.time = f"{url}/metadata", 100.0
        waiting = [
            asyncio.create_task(door.knock(framework.message("hi"), f"Bearer {newcomer.token()}")) for _ in range(2)
        ]
        await asyncio.to_thread(metadata.asked.wait)
        assert await door.knock(framework.message("hi"), f"Bearer {framework.token()}") == 202
        assert not any(task.done() for task in waiting)
        metadata.released.set()
        assert await asyncio.gather(*waiting) == [403, 403]
        await door.close()

    with listening(metadata.app()) as url:
        asyncio.run(crowd(url))


# The bot's own token


class _CountedToken:
    def __init__(self, outcome: str | Exception) -> None:
        self.outcome, self.asked = outcome, 0

    def get_access_token(self, force_refresh: bool = False) -> str:
        self.asked += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class _CountedCredentials(FixedCredentials):
    def __init__(self, token: _CountedToken, app_id: str = APP_ID) -> None:
        super().__init__(app_id, "x", "")
        self.token = token

    async def create_credentials(self, app_id: str, *_: object) -> Any:
        return self.token


def _tokens(token: _CountedToken, watch: Watch, app_id: str = APP_ID) -> LeanAuthentication:
    credentials = _CountedCredentials(token, app_id)
    inner = authentication(BotIdentity(app_id), credentials)._inner
    return LeanAuthentication(inner, credentials, now=watch.now)


def test_the_bots_own_token_is_asked_for_every_few_minutes_not_every_turn() -> None:
    token, watch = _CountedToken("t"), Watch()

    async def ask() -> None:
        auth = _tokens(token, watch)
        assert [await auth.token() for _ in range(50)] == ["t"] * 50
        assert token.asked == 1
        watch.time += 299
        assert await auth.token() == "t"
        assert token.asked == 2

    asyncio.run(ask())


def test_a_token_that_was_forgotten_is_not_handed_out_again() -> None:
    class Renewed(_CountedToken):
        def get_access_token(self, force_refresh: bool = False) -> str:
            return f"{super().get_access_token()}-{self.asked}"

    async def ask() -> None:
        auth = _tokens(Renewed("t"), Watch())
        assert await auth.token() == "t-1"
        auth.forget()
        assert await auth.token() == "t-2"

    asyncio.run(ask())


def test_credentials_that_were_forgotten_are_made_anew_since_they_remember_their_token() -> None:
    async def make() -> None:
        credentials = RememberedCredentials(APP_ID, "x", "tenant-1")
        made = [await credentials.create_credentials(APP_ID, "scope", "login", True) for _ in range(2)]
        assert made[0] is made[1]
        credentials.forget()
        assert await credentials.create_credentials(APP_ID, "scope", "login", True) is not made[0]

    asyncio.run(make())


@pytest.mark.parametrize("failure", [PermissionError("wrong secret"), ConnectionError("no network"), ValueError("odd")])
def test_without_a_token_of_our_own_sending_fails_in_the_ordinary_way(failure: Exception) -> None:
    with pytest.raises(SendError, match="Entra gives no token"):
        asyncio.run(_tokens(_CountedToken(failure), Watch()).token())


def test_without_an_app_id_there_is_no_token_to_ask_for() -> None:
    token = _CountedToken("t")

    assert asyncio.run(_tokens(token, Watch(), app_id="").token()) == ""
    assert token.asked == 0
