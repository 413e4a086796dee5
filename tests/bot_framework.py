"""The Bot Framework's side of a conversation, on loopback: an issuer of tokens and a connector that records."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import uvicorn
from botframework.connector.auth import AppCredentials, PasswordServiceClientCredentialFactory
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request, Response
from jwt.algorithms import RSAAlgorithm

APP_ID = "00000000-0000-0000-0000-00000000b07b"
ISSUER = "https://api.botframework.com"


class _FixedToken(AppCredentials):
    def get_access_token(self, force_refresh: bool = False) -> str:
        return "outbound-token"


class FixedCredentials(PasswordServiceClientCredentialFactory):
    """Outbound credentials that ask nobody for a token."""

    async def create_credentials(self, app_id: str, *_: object) -> AppCredentials:
        return _FixedToken(app_id, None, ISSUER)


@dataclass
class BotFramework:
    """Signs tokens with `key_id`, publishes its keys, records what is sent to conversations."""

    url: str = ""
    key_id: str = "key-1"
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses for the next sends, before they succeed
    refusing: dict[str, int] = field(default_factory=dict)  # conversations, and the status they always answer
    on_typing: Callable[[], int] | None = None  # what “is typing” is answered with; may take its time
    retry_after: str = "0.05"  # what a failure says about the next try; "" for nothing
    requests: list[str] = field(default_factory=list)  # method and path of each, failures included
    key_fetches: int = 0

    def rotate_to(self, key_id: str) -> None:
        self.key_id = key_id
        self.keys = {key_id: _new_key()}

    def token(self, **changes: Any) -> str:
        claims = {
            "iss": ISSUER,
            "aud": APP_ID,
            "serviceurl": self.url,
            "nbf": int(time.time()) - 60,
            "exp": int(time.time()) + 600,
            **changes,
        }
        return jwt.encode(claims, self.keys[self.key_id], algorithm="RS256", headers={"kid": self.key_id})

    def message(self, text: str = "", **changes: Any) -> dict[str, Any]:
        return {
            "type": "message",
            "id": f"activity-{time.monotonic_ns()}",
            "channelId": "msteams",
            "serviceUrl": self.url,
            "from": {"id": "29:kim", "name": "Kim", "aadObjectId": "aad-kim"},
            "recipient": {"id": f"28:{APP_ID}", "name": "Sheriff"},
            "conversation": {"id": "19:support@thread.tacv2;messageid=1", "conversationType": "channel"},
            "channelData": {"tenant": {"id": "tenant-1"}},
            "text": text,
            **changes,
        }

    def messages(self) -> list[dict[str, Any]]:
        return [a for a in self.sent if a["type"] == "message"]

    def wait_for_messages(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(self.messages()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.messages()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _app(framework: BotFramework) -> FastAPI:
    app = FastAPI()

    @app.get("/metadata")
    def metadata() -> dict[str, str]:
        return {"issuer": ISSUER, "jwks_uri": f"{framework.url}/keys"}

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        framework.key_fetches += 1
        published = [
            {**json.loads(RSAAlgorithm.to_jwk(k.public_key())), "kid": kid, "endorsements": ["msteams"]}
            for kid, k in framework.keys.items()
        ]
        return {"keys": published}

    @app.api_route("/v3/conversations/{path:path}", methods=["POST", "PUT"])
    async def activities(path: str, request: Request) -> Response:
        framework.requests.append(f"{request.method} {path}")
        if framework.failures:
            status = framework.failures.pop(0)
            asked = {"Retry-After": framework.retry_after} if framework.retry_after else {}
            return Response(status_code=status, headers=asked)
        refused = framework.refusing.get(path.partition("/")[0])
        if refused:
            return Response(status_code=refused)
        body = await request.json()
        if body["type"] == "typing" and framework.on_typing:
            return Response(status_code=await asyncio.to_thread(framework.on_typing))
        framework.sent.append({**body, "_path": path, "_authorization": request.headers.get("Authorization")})
        return Response(json.dumps({"id": f"sent-{len(framework.sent)}"}), media_type="application/json")

    return app


@contextmanager
def listening(app: Any, **given: Any) -> Iterator[str]:
    """The address of an application that is served on a free port of loopback; `given` goes to uvicorn."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", **given))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


@contextmanager
def running_bot_framework() -> Iterator[BotFramework]:
    framework = BotFramework()
    framework.rotate_to("key-1")
    with listening(_app(framework)) as framework.url:
        yield framework
