"""Who is calling /api/messages, and as whom Sheriff calls back: Bot Framework authentication without its 4.17.1 bugs.

The SDK refuses valid tokens for up to a day after Microsoft rotated its signing keys, fetches those keys with blocking
calls, asks for a new token each turn and builds two HTTP clients per turn. Each is cured here by an object of ours that
the SDK accepts in place of its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
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

LOGIN = "https://login.microsoftonline.com/botframework.com"
SCOPE = ISSUER = "https://api.botframework.com"
TOKENS = "https://api.botframework.com"
CHANNEL_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
EMULATOR_METADATA = "https://login.microsoftonline.com/botframework.com/v2.0/.well-known/openid-configuration"

_KEYS_STAY_FRESH = 24 * 3600.0  # seconds
_LOOK_AGAIN = 60.0  # seconds between two fetches for keys that are not known: forged ids must not become a flood


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
    """Microsoft's published keys; an unknown key id leads to one fresh look, not to a day of refusals."""

    def __init__(self, url: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._fetched = -float("inf")
        self._lock = asyncio.Lock()

    async def get(self, key_id: str) -> SigningKey:
        """The key of that id. Raises PermissionError when the issuer publishes no such key."""
        age = self._now() - self._fetched
        if age > _KEYS_STAY_FRESH or (key_id not in self._keys and age > _LOOK_AGAIN):
            await self._refresh(key_id)
        try:
            return self._keys[key_id]
        except KeyError as error:
            raise PermissionError("The token is signed with a key that its issuer does not publish") from error

    async def _refresh(self, key_id: str) -> None:
        async with self._lock:
            if key_id in self._keys and self._now() - self._fetched < _KEYS_STAY_FRESH:
                return  # somebody else fetched while this request waited
            async with httpx.AsyncClient(timeout=5) as client:
                metadata = (await client.get(self._url)).raise_for_status().json()
                published = (await client.get(metadata["jwks_uri"])).raise_for_status().json()["keys"]
            self._keys = {
                key["kid"]: SigningKey(RSAAlgorithm.from_jwk(json.dumps(key)), key.get("endorsements", []))
                for key in published
                if key.get("kty") == "RSA" and "kid" in key
            }
            self._fetched = self._now()


class RememberedCredentials(PasswordServiceClientCredentialFactory):
    """Credentials made once per scope; their token is fetched outside the event loop."""

    def __init__(self, app_id: str, password: str, tenant_id: str) -> None:
        super().__init__(app_id, password, tenant_id)
        self._made: dict[tuple[str, str, str], AppCredentials] = {}

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> AppCredentials:
        key = (app_id, oauth_scope, login_endpoint)
        if key not in self._made:
            self._made[key] = await super().create_credentials(app_id, oauth_scope, login_endpoint, validate_authority)
        credentials = self._made[key]
        if self.app_id:
            await asyncio.to_thread(credentials.get_access_token)  # from memory when it is still good
        return credentials


class _KeptConnectors(ConnectorFactory):
    """A connector per service URL and audience, kept."""

    def __init__(self, made_by: ConnectorFactory, kept: dict[tuple[str, str], ConnectorClient]) -> None:
        self._made_by = made_by
        self._kept = kept

    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:
        key = (service_url, audience or "")
        if key not in self._kept:
            self._kept[key] = await self._made_by.create(service_url, audience)
        return self._kept[key]


class LeanAuthentication(BotFrameworkAuthentication):
    """The SDK's authentication, with connectors kept and without the user-token client that Sheriff never uses."""

    def __init__(self, inner: BotFrameworkAuthentication, credentials: PasswordServiceClientCredentialFactory) -> None:
        self._inner = inner
        self._credentials = credentials
        self._kept: dict[tuple[str, str], ConnectorClient] = {}

    async def authenticate_request(self, activity: Activity, auth_header: str | None) -> AuthenticateRequestResult:
        result = await self._inner.authenticate_request(activity, auth_header)
        result.connector_factory = _KeptConnectors(result.connector_factory, self._kept)
        return result

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Any:
        return await self._inner.authenticate_streaming_request(auth_header, channel_id_header)

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return _KeptConnectors(self._inner.create_connector_factory(claims_identity), self._kept)

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> object:  # noqa: ARG002 - the SDK's name
        return object()  # the SDK only hands it on

    def create_bot_framework_client(self) -> Any:
        return self._inner.create_bot_framework_client()

    def get_originating_audience(self) -> str:
        return str(self._inner.get_originating_audience())

    async def authenticate_channel_request(self, auth_header: str) -> ClaimsIdentity:
        return await self._inner.authenticate_channel_request(auth_header)

    async def token(self, app_id: str) -> str:
        """The bot's own token for the channel's server, fetched outside the event loop."""
        credentials = await self._credentials.create_credentials(app_id, SCOPE, LOGIN, True)
        return str(await asyncio.to_thread(credentials.get_access_token))

    async def close(self) -> None:
        for connector in self._kept.values():
            await connector.__aexit__(None, None, None)
        self._kept.clear()


def authentication(
    identity: BotIdentity, credentials: PasswordServiceClientCredentialFactory | None = None
) -> LeanAuthentication:
    """How /api/messages authenticates. Tests pass their own credentials and metadata URL."""
    # The SDK keeps key sources by URL in a class attribute; ours goes there in advance.
    for url in (identity.metadata_url, EMULATOR_METADATA):
        JwtTokenExtractor.metadataCache[url] = SigningKeys(url)
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
