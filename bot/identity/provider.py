"""The OpenID provider, by Authlib: where to send a browser, and who comes back. Authorization code with PKCE."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from bot.identity.accounts import SignInError
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
# Only what a provider signs with a key of its own: never “none”, never a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_PATIENCE = 5.0  # seconds for one answer of the provider
_MOST = 1_000_000  # bytes of one answer
_STAYS_FRESH = 3600.0  # seconds
_LOOK_AGAIN = 30.0  # seconds between two fetches for keys that are not known: forged ids must not become a flood
_LOOK_AGAIN_AFTER_FAILURE = 5.0
_LEEWAY = 60  # seconds that two clocks may differ


class ProviderUnavailable(Unavailable):
    """The provider gives no usable answer."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the provider knows this Sheriff by."""

    issuer: str
    client_id: str
    secret: str
    scopes: str = "openid profile email"

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).netloc


@dataclass(frozen=True, slots=True)
class Departure:
    """One browser on its way to the provider. The secrets stay in its sealed cookie until it is back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Departure:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider publishes about itself."""

    authorization: str
    token: str
    keys: str
    end_session: str  # "" when it offers no sign-out
    secret_in_body: bool
    algorithms: tuple[str, ...]


class Provider:
    """One provider. What it publishes is fetched when it is needed, and stays good while it cannot be reached."""

    def __init__(
        self,
        registration: Registration,
        *,
        patience: float = _PATIENCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registration = registration
        self._patience = patience
        self._now = now
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._stale_at = self._look_again_at = -float("inf")
        self._reason = ""
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """What is published now, or an hour ago. Raises ProviderUnavailable."""
        return (await self._published())[0]

    async def departure_url(self, departure: Departure, *, back: str, choose: bool = False) -> str:
        """Where the browser goes; with `choose` the person picks an account there. Raises ProviderUnavailable."""
        metadata = await self.metadata()
        known = self.registration
        return str(
            prepare_grant_uri(
                metadata.authorization,
                known.client_id,
                "code",
                redirect_uri=back,
                scope=known.scopes,
                state=departure.state,
                nonce=departure.nonce,
                code_challenge=create_s256_code_challenge(departure.verifier),
                code_challenge_method="S256",
                prompt="select_account" if choose else None,
            )
        )

    async def claims(self, code: str, departure: Departure, *, back: str, at: datetime) -> Mapping[str, Any]:
        """Who came back with this code: the claims of an ID token that is checked in full.

        Raises SignInError when the provider refuses the code or its token is not for us, ProviderUnavailable.
        """
        metadata, keys = await self._published()
        answer = await self._redeemed(metadata, code, departure, back)
        try:
            return self._checked(answer, metadata, keys, departure, at)
        except (InvalidKeyIdError, BadSignatureError):
            metadata, keys = await self._published(anew=True)  # its keys may have changed a moment ago
        try:
            return self._checked(answer, metadata, keys, departure, at)
        except (InvalidKeyIdError, BadSignatureError) as error:
            raise _refused(error) from error

    async def sign_out_url(self, *, back: str) -> str:
        """Where a browser ends its session at the provider; "" when that is not offered or cannot be found out."""
        try:
            address = (await self.metadata()).end_session
        except ProviderUnavailable:
            return ""
        query = urlencode({"client_id": self.registration.client_id, "post_logout_redirect_uri": back})
        return f"{address}{'&' if '?' in address else '?'}{query}" if address else ""

    async def _published(self, *, anew: bool = False) -> tuple[Metadata, KeySet]:
        async with self._lock:
            now = self._now()
            if now >= self._look_again_at and (anew or now >= self._stale_at):
                await self._look()
            if self._metadata is None or self._keys is None:
                raise ProviderUnavailable(self._reason)
            return self._metadata, self._keys

    async def _look(self) -> None:
        try:
            metadata = await self._found()
            keys = _key_set((await self._asked("GET", metadata.keys))[1], self.registration.host)
        except ProviderUnavailable as error:
            self._reason = str(error)
            log.warning("sign_in_provider_not_read", reason=self._reason)
            self._look_again_at = self._now() + _LOOK_AGAIN_AFTER_FAILURE
            return
        self._metadata, self._keys = metadata, keys
        self._stale_at = self._now() + _STAYS_FRESH
        self._look_again_at = self._now() + _LOOK_AGAIN

    async def _found(self) -> Metadata:
        address = get_well_known_url(self.registration.issuer, external=True)
        status, content = await self._asked("GET", address)
        if status != 200 or not isinstance(content, dict):
            raise ProviderUnavailable(f"{address} answers with status {status} and no metadata. Check sign_in.issuer.")
        return _metadata(content, self.registration.issuer)

    async def _redeemed(self, metadata: Metadata, code: str, departure: Departure, back: str) -> Mapping[str, Any]:
        known = self.registration
        form = prepare_token_request(
            "authorization_code", code=code, redirect_uri=back, code_verifier=departure.verifier
        )
        proof = ClientAuth(
            known.client_id, known.secret, "client_secret_post" if metadata.secret_in_body else "client_secret_basic"
        )
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        url, headers, form = proof.prepare("POST", metadata.token, headers, form)
        status, content = await self._asked("POST", str(url), headers=headers, body=str(form).encode())
        if status == 200 and isinstance(content, dict) and isinstance(content.get("id_token"), str):
            return content
        raise self._not_redeemed(status, content)

    def _not_redeemed(self, status: int, content: Any) -> Exception:
        host = self.registration.host
        code = content.get("error") if isinstance(content, dict) else None
        if status >= 500 or status == 429:
            return ProviderUnavailable(f"{host} has no time now (status {status}).")
        if code == "invalid_grant":
            return SignInError("This sign-in was used already, or took too long. Sign in again.")
        if code in {"invalid_client", "unauthorized_client"}:
            log.error("sign_in_client_refused", issuer=self.registration.issuer, error=code)
            return ProviderUnavailable(
                f"{host} refuses Sheriff itself ({code}). "
                "The operator checks sign_in.client_id and SHERIFF_SIGN_IN_SECRET: the secret may have ended."
            )
        told = code if isinstance(code, str) and code.isascii() and len(code) <= 60 else f"status {status}, no ID token"
        log.error("sign_in_not_redeemed", issuer=self.registration.issuer, error=told)
        return SignInError(f"{host} does not complete the sign-in ({told}). The operator finds more in its log.")

    def _checked(
        self, answer: Mapping[str, Any], metadata: Metadata, keys: KeySet, departure: Departure, at: datetime
    ) -> Mapping[str, Any]:
        known = self.registration
        registry = JWSRegistry(algorithms=list(metadata.algorithms), strict_check_header=False)
        try:
            token = jwt.decode(answer["id_token"], key=keys, registry=registry)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": known.issuer},
                    "aud": {"essential": True, "value": known.client_id},
                },
                {"nonce": departure.nonce, "client_id": known.client_id, "access_token": answer.get("access_token")},
            )
            claims.validate(now=int(at.timestamp()), leeway=_LEEWAY)
        except (InvalidKeyIdError, BadSignatureError):
            raise
        except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise _refused(error) from error
        return dict(claims)

    async def _asked(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of an answer; None where it is not JSON. Nothing is followed."""
        host = urlsplit(url).netloc
        try:
            async with asyncio.timeout(self._patience), httpx.AsyncClient(timeout=self._patience) as client:
                return await _read(client, client.build_request(method, url, headers=headers, content=body))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ProviderUnavailable(f"{host} does not answer within {self._patience:g} seconds.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(f"{host} cannot be reached ({type(error).__name__}).") from error


async def _read(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, Any]:
    response = await client.send(request, stream=True)
    try:
        content = b""
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > _MOST:
                raise httpx.ReadError("does not come to an end with its answer")
    finally:
        await response.aclose()
    try:
        return response.status_code, json.loads(content)
    except (ValueError, RecursionError):
        return response.status_code, None


def _metadata(content: Mapping[str, Any], issuer: str) -> Metadata:
    """The provider's own description. Raises ProviderUnavailable naming what is wrong with it."""
    if content.get("issuer") != issuer:
        raise ProviderUnavailable(
            f"The provider calls itself {str(content.get('issuer'))[:200]}, not {issuer}. "
            "Write sign_in.issuer exactly so; for Entra name your own tenant in it, not “common” or “organizations”."
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_secure(content.get(name)):
            raise ProviderUnavailable(f"The provider’s {name} is no https address.")
    methods = content.get("token_endpoint_auth_methods_supported")
    offered = content.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = tuple(name for name in ALGORITHMS if name in offered)
    if not algorithms:
        raise ProviderUnavailable("The provider signs in no way that Sheriff accepts. Let it sign with RS256.")
    end_session = content.get("end_session_endpoint")
    return Metadata(
        authorization=content["authorization_endpoint"],
        token=content["token_endpoint"],
        keys=content["jwks_uri"],
        end_session=str(end_session) if is_secure(end_session) else "",
        secret_in_body=isinstance(methods, list) and "client_secret_post" in methods,
        algorithms=algorithms,
    )


def is_secure(address: Any) -> bool:
    """Whether this is an https address, or one of this machine."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    on_this_machine = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    return bool(parts.hostname) and (parts.scheme == "https" or on_this_machine)


def _key_set(published: Any, host: str) -> KeySet:
    """The public keys that can be read. Raises ProviderUnavailable when there are none."""
    keys = []
    listed = published.get("keys") if isinstance(published, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or each.get("kty") == "oct" or each.get("use", "sig") != "sig":
            continue
        try:
            keys.append(JWKRegistry.import_key(each))
        except (JoseError, ValueError, TypeError, LookupError):
            continue  # another kind of key, or one that nobody can read
    if not keys:
        raise ProviderUnavailable(f"{host} publishes no key that its tokens can be checked with.")
    return KeySet(keys)


def _refused(error: Exception) -> SignInError:
    log.warning("sign_in_token_refused", reason=type(error).__name__, detail=str(error)[:200])
    return SignInError(
        "The provider’s answer is not what Sheriff asked for, so nobody was signed in. Sign in again; if that does not "
        f"help, the operator finds “sign_in_token_refused” in the log ({type(error).__name__})."
    )
