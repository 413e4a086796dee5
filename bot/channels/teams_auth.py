"""Who is calling /api/messages, and as whom Sheriff calls back: Bot Framework authentication without its 4.17.1 bugs.

The SDK refuses valid tokens for up to a day after Microsoft rotated its signing keys, fetches those keys with blocking
calls, asks for a new token each turn and builds two HTTP clients per turn. Each is cured here by an object of ours that
the SDK accepts in place of its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import structlog
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AppCredentials,
    AuthenticationConfiguration,
    BotFrameworkAuthentication,
    BotFrameworkAuthenticationFactory,
    ClaimsIdentity,
    ConnectorFactory,
    JwtTokenExtractor,
    PasswordServiceClientCredentialFactory,
)
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from bot.channels.teams_sender import Line, SendError

log = structlog.get_logger(__name__)
LOGIN = "https://login.microsoftonline.com/botframework.com"
SCOPE = ISSUER = "https://api.botframework.com"
TOKENS = "https://api.botframework.com"
CHANNEL_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
EMULATOR_METADATA = "https://login.microsoftonline.com/botframework.com/v2.0/.well-known/openid-configuration"

_KEYS_STAY_FRESH = 24 * 3600.0  # seconds
_KEYS_STAY_GOOD = 48 * 3600.0  # seconds after a fetch: a key that was withdrawn must not open the door for ever
_TOKEN_STAYS = 240.0  # seconds; MSAL hands out none that ends within five minutes
_LOOK_AGAIN = 30.0  # seconds between two fetches for keys that are not known: forged ids must not become a flood
_LOOK_AGAIN_AFTER_FAILURE = 5.0  # seconds
_FETCHED_WITHIN = 5.0  # seconds for both documents

_UNREADABLE = (
    *(httpx.HTTPError, httpx.InvalidURL, TimeoutError),
    *(ValueError, LookupError, TypeError, RecursionError),
)  # what fetching and reading the keys may end in


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The registration at Microsoft Entra; an empty app id means that nobody is asked who calls (loopback only)."""

    app_id: str = ""
    password: str = ""
    tenant_id: str = ""
    metadata_url: str = CHANNEL_METADATA


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key of the issuer, as the SDK's token check reads it."""

    public_key: Any
    endorsements: list[str]


class SigningKeys:
    """Microsoft's published keys; an unknown key id leads to one fresh look, not to a day of refusals.

    While their server cannot be reached, keys that are known stay good for `_KEYS_STAY_GOOD` after they were fetched.
    One object may serve several event loops, also of several threads.
    """

    def __init__(
        self, url: str, *, now: Callable[[], float] = time.monotonic, patience: float = _FETCHED_WITHIN
    ) -> None:
        self._url = url
        self._now = now
        self._patience = patience
        self._keys: dict[str, SigningKey] = {}
        self._stale_at = self._good_until = self._look_again_at = -float("inf")
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def get(self, key_id: object) -> SigningKey:
        """The key of that id. Raises PermissionError when its issuer publishes none, or is silent for too long."""
        if self._should_look(key_id):
            async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                if self._should_look(key_id):  # or somebody else looked while this request waited
                    await self._look()
        if self._now() >= self._good_until:
            raise PermissionError("The issuer's keys could not be fetched for too long")
        try:
            return self._keys[str(key_id)]
        except KeyError as error:
            raise PermissionError("The token is signed with a key that its issuer does not publish") from error

    def _should_look(self, key_id: object) -> bool:
        now = self._now()
        return now >= self._look_again_at and (now >= self._stale_at or str(key_id) not in self._keys)

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self._patience), httpx.AsyncClient(timeout=self._patience) as client:
                metadata = (await client.get(self._url)).raise_for_status().json()
                published = (await client.get(metadata["jwks_uri"])).raise_for_status().json()
            keys = _keys_in(published)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            TimeoutError,
            ValueError,
            LookupError,
            TypeError,
            RecursionError,
        ) as error:
            left = max(0.0, self._good_until - self._now())
            log.warning(
                "teams_keys_not_fetched", url=self._url, reason=type(error).__name__, known_are_good_for=round(left)
            )
            self._look_again_at = self._now() + _LOOK_AGAIN_AFTER_FAILURE
            return
        self._keys = keys
        self._stale_at = self._now() + _KEYS_STAY_FRESH
        self._good_until = self._now() + _KEYS_STAY_GOOD
        self._look_again_at = self._now() + _LOOK_AGAIN


def _keys_in(published: Any) -> dict[str, SigningKey]:
    """The RSA keys of a JSON Web Key set by id. Raises LookupError when it holds none, TypeError when it is none."""
    keys: dict[str, SigningKey] = {}
    for each in published["keys"]:
        try:
            endorsements = list(each["endorsements"] or ())
            if endorsements:  # the SDK takes a key that is endorsed for nothing as endorsed for everything
                keys[str(each["kid"])] = SigningKey(RSAAlgorithm.from_jwk(json.dumps(each)), endorsements)
        except (InvalidKeyError, ValueError, LookupError, TypeError, AttributeError):
            continue  # another kind of key, or one that nobody can read
    if not keys:
        raise LookupError("no RSA key")
    return keys


class RememberedCredentials(PasswordServiceClientCredentialFactory):
    """Credentials made once per scope, so that their tokens are remembered."""

    def __init__(self, app_id: str, password: str, tenant_id: str) -> None:
        super().__init__(app_id, password, tenant_id)
        self._made: dict[tuple[str, str, str], AppCredentials] = {}

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> AppCredentials:
        key = (app_id, oauth_scope, login_endpoint)
        if key not in self._made:
            self._made[key] = await super().create_credentials(app_id, oauth_scope, login_endpoint, validate_authority)
        return self._made[key]

    def forget(self) -> None:
        """Make the next credentials anew: the SDK's remember their token, also when they are asked for a fresh one."""
        self._made.clear()


class _Lines(ConnectorFactory):
    """Where to send, in place of an HTTP client per turn."""

    def __init__(self, token: Callable[[str], Awaitable[str]], forget: Callable[[str], None]) -> None:
        self._token = token
        self._forget = forget

    async def create(self, service_url: str, audience: str | None = None) -> Any:
        scope = audience or SCOPE
        return Line(service_url, partial(self._token, scope), partial(self._forget, scope))


class LeanAuthentication(BotFrameworkAuthentication):
    """The SDK's authentication, without the two HTTP clients that it builds for each turn."""

    def __init__(
        self,
        inner: BotFrameworkAuthentication,
        credentials: PasswordServiceClientCredentialFactory,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._credentials = credentials
        self._now = now
        self._tokens: dict[str, tuple[str, float]] = {}  # by scope: the token, and when to ask again

    async def authenticate_request(self, activity: Activity, auth_header: str | None) -> AuthenticateRequestResult:
        result = await self._inner.authenticate_request(activity, auth_header)
        claims = result.claims_identity.claims
        if "iss" in claims and "exp" not in claims:  # the SDK checks an end that is there, and asks for none
            raise PermissionError("The token never expires")
        result.connector_factory = _Lines(self.token, self.forget)
        return result

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Any:
        return await self._inner.authenticate_streaming_request(auth_header, channel_id_header)

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:  # noqa: ARG002 - the SDK's name
        return _Lines(self.token, self.forget)

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> object:  # noqa: ARG002 - the SDK's name
        return object()  # the SDK only hands it on

    def create_bot_framework_client(self) -> Any:
        return self._inner.create_bot_framework_client()

    def get_originating_audience(self) -> str:
        return str(self._inner.get_originating_audience())

    async def authenticate_channel_request(self, auth_header: str) -> ClaimsIdentity:
        return await self._inner.authenticate_channel_request(auth_header)

    async def token(self, scope: str = SCOPE) -> str:
        """The bot's own token for the channel's server, fetched outside the event loop; "" without an app id.

        Raises SendError when Entra gives none.
        """
        if not self._credentials.app_id:
            return ""
        kept, until = self._tokens.get(scope, ("", 0.0))
        if not kept or self._now() >= until:
            app_id = self._credentials.app_id
            credentials = await self._credentials.create_credentials(app_id, scope, LOGIN, True)
            try:
                kept = str(await asyncio.to_thread(credentials.get_access_token))
            except (OSError, ValueError, KeyError) as error:  # no network, a wrong secret, an answer without a token
                raise SendError(f"Microsoft Entra gives no token: {type(error).__name__}") from error
            self._tokens[scope] = (kept, self._now() + _TOKEN_STAYS)
        return kept

    def forget(self, scope: str = SCOPE) -> None:
        """Let go of a token that was not accepted: the next one is fresh."""
        self._tokens.pop(scope, None)
        if isinstance(self._credentials, RememberedCredentials):
            self._credentials.forget()


class _NoKeys:
    """In place of the keys of Emulator and skill tokens: they are bots' own, and prove no sender."""

    async def get(self, key_id: object) -> SigningKey:
        raise PermissionError(f"Only the channel's tokens are accepted, not one signed with {key_id}")


def authentication(
    identity: BotIdentity,
    credentials: PasswordServiceClientCredentialFactory | None = None,
    keys: SigningKeys | None = None,
) -> LeanAuthentication:
    """How /api/messages authenticates. Tests pass their own credentials, metadata URL and keys."""
    # The SDK keeps key sources by URL in a class attribute; ours go there in advance.
    JwtTokenExtractor.metadataCache[identity.metadata_url] = keys or SigningKeys(identity.metadata_url)
    JwtTokenExtractor.metadataCache[EMULATOR_METADATA] = _NoKeys()
    made = credentials or RememberedCredentials(identity.app_id, identity.password, identity.tenant_id)
    inner = BotFrameworkAuthenticationFactory.create(
        validate_authority=True,
        to_channel_from_bot_login_url=LOGIN,
        to_channel_from_bot_oauth_scope=SCOPE,
        to_bot_from_channel_token_issuer=ISSUER,
        oauth_url=TOKENS,
        to_bot_from_channel_open_id_metadata_url=identity.metadata_url,
        to_bot_from_emulator_open_id_metadata_url=EMULATOR_METADATA,
        credential_factory=made,
        auth_configuration=AuthenticationConfiguration(),
    )
    return LeanAuthentication(inner, made)
