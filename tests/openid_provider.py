"""An OpenID provider on loopback: it checks what a real one checks, and misbehaves as a test wants."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "sheriff-client", "a-long-secret~of.the-provider"
KIM_ID = "11111111-aaaa-bbbb-cccc-000000000001"
KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{n}", "use": "sig", "alg": "RS256"}) for n in range(3)]


@dataclass
class Grant:
    """What one code stands for."""

    nonce: str
    challenge: str
    back: str


@dataclass
class OpenIdProvider:
    """Somebody is always signed in here: `person`. Everything may be changed while it runs."""

    url: str = ""
    back: str = ""  # the registered redirect URI
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    person: dict[str, Any] = field(
        default_factory=lambda: {"oid": KIM_ID, "name": "Kim", "preferred_username": "kim@example.com"}
    )
    key: int = 0  # that signs
    published: list[int] = field(default_factory=lambda: [0])
    changed: dict[str, Any] = field(default_factory=dict)  # claims; None takes one out
    forge: Callable[[dict[str, Any]], str] | None = None  # makes the token instead
    metadata: dict[str, Any] = field(default_factory=dict)  # changed in what is published
    refuses: str = ""  # an OAuth error in place of a code
    broken: dict[str, Response] = field(default_factory=dict)  # by path
    pause: float = 0.0  # seconds before any answer
    codes: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # paths

    def described(self) -> dict[str, Any]:
        known: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        } | self.metadata
        return {name: value for name, value in known.items() if value is not None}

    def token(self, nonce: str) -> str:
        now = int(self.now().timestamp())
        claims: dict[str, Any] = {"iss": self.url, "sub": "kim-here", "aud": CLIENT, "nonce": nonce}
        claims |= {"iat": now, "exp": now + 3600, **self.person, **self.changed}
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.forge(claims) if self.forge else signed(claims, KEYS[self.key])


def signed(claims: dict[str, Any], key: RSAKey, algorithm: str = "RS256") -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    """“alg”: “none”, which anybody can write."""
    _, body, _ = signed(claims, KEYS[0]).split(".")
    header = json.dumps({"alg": "none", "typ": "JWT"}).encode()
    return f"{_part(header)}.{body}."


def _part(content: bytes) -> str:
    """Base64url without padding, as tokens and code challenges are written."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody can read as the shared secret."""
    header = _part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": KEYS[0].kid}).encode())
    content = f"{header}.{_part(json.dumps(claims).encode())}"
    return f"{content}.{_part(hmac.digest(KEYS[0].as_pem(private=False), content.encode(), 'sha256'))}"


def signed_by_a_stranger(claims: dict[str, Any]) -> str:
    """A key that calls itself as the published one does."""
    return jwt.encode({"alg": "RS256", "kid": KEYS[0].kid}, claims, KEYS[2])


def _app(provider: OpenIdProvider) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def misbehave(request: Request, answer: Any) -> Response:
        provider.asked.append(request.url.path)
        await asyncio.sleep(provider.pause)
        broken = provider.broken.get(request.url.path)
        return broken or await answer(request)

    @app.get("/.well-known/openid-configuration")
    def described() -> Any:
        return provider.described()

    @app.get("/keys")
    def keys() -> Any:
        return {"keys": [{"kty": "OKP", "crv": "X448"}, *(KEYS[n].as_dict(private=False) for n in provider.published)]}

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        return _authorized(provider, request.query_params)

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if not _is_our_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        grant = provider.codes.pop(form.get("code", ""), None)
        proven = _part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant is None or grant.challenge != proven or grant.back != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"access_token": "for-nobody", "token_type": "Bearer", "id_token": provider.token(grant.nonce)}
        return JSONResponse(answer)

    return app


def _authorized(provider: OpenIdProvider, given: Mapping[str, str]) -> Response:
    """Back with a code, or with the reason why there is none."""
    if given.get("client_id") != CLIENT or given.get("redirect_uri") != provider.back:
        return JSONResponse({"error": "not registered"}, 400)
    if provider.refuses:
        return _back(provider, state=given["state"], error=provider.refuses)
    complete = given.get("response_type") == "code" and given.get("code_challenge_method") == "S256"
    if not complete or "openid" not in given["scope"].split() or not given.get("nonce"):
        return _back(provider, state=given["state"], error="invalid_request")
    code = secrets.token_hex(8)
    provider.codes[code] = Grant(given["nonce"], given["code_challenge"], given["redirect_uri"])
    return _back(provider, state=given["state"], code=code, iss=provider.url)


def _back(provider: OpenIdProvider, **given: str) -> Response:
    return RedirectResponse(f"{provider.back}?{urlencode(given)}", 303)


def _is_our_client(request: Request, form: dict[str, str]) -> bool:
    if "client_secret" in form:
        return (form.get("client_id"), form["client_secret"]) == (CLIENT, SECRET)
    expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"


@contextmanager
def running_provider() -> Iterator[OpenIdProvider]:
    """The double on a free port of this machine."""
    provider = OpenIdProvider()
    server = uvicorn.Server(
        uvicorn.Config(_app(provider), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(timeout=5)
