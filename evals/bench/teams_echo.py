"""A bot that says what it heard, on the stock CloudAdapter or on Sheriff's channel; a process of its own.

`python -m evals.bench.teams_echo stock|sheriff CONNECTOR` prints its address and serves until it is ended.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request, Response

APP_ID: Final = "00000000-0000-0000-0000-00000000b07b"
STOCK: Final = "stock"
SHERIFF: Final = "sheriff"


def stock(connector: str) -> FastAPI:
    """The SDK as its own samples use it: one adapter, the turn within the request."""
    from botbuilder.core import CloudAdapterBase, TurnContext
    from botbuilder.schema import Activity
    from botframework.connector.auth import AuthenticationConfiguration, BotFrameworkAuthenticationFactory

    from bot.channels.teams_auth import EMULATOR_METADATA, ISSUER, LOGIN, SCOPE, TOKENS

    class Adapter(CloudAdapterBase):
        pass

    adapter = Adapter(
        BotFrameworkAuthenticationFactory.create(
            validate_authority=True,
            to_channel_from_bot_login_url=LOGIN,
            to_channel_from_bot_oauth_scope=SCOPE,
            to_bot_from_channel_token_issuer=ISSUER,
            oauth_url=TOKENS,
            to_bot_from_channel_open_id_metadata_url=f"{connector}/metadata",
            to_bot_from_emulator_open_id_metadata_url=EMULATOR_METADATA,
            credential_factory=_credentials(),
            auth_configuration=AuthenticationConfiguration(),
        )
    )

    async def on_turn(context: TurnContext) -> None:
        await context.send_activity(f"Echo: {context.activity.text}")

    app = FastAPI()

    @app.post("/api/messages")
    async def messages(request: Request) -> Response:
        activity = Activity().deserialize(await request.json())
        await adapter.process_activity(request.headers.get("Authorization", ""), activity, on_turn)
        return Response(status_code=201)

    return app


def sheriff(connector: str) -> FastAPI:
    """Sheriff's channel with nothing behind it but an echo."""
    from bot.channels.teams import TeamsChannel
    from bot.channels.teams_activities import text_activity
    from bot.channels.teams_adapter import TeamsConnection, outgoing
    from bot.channels.teams_auth import BotIdentity, authentication
    from bot.channels.teams_link import TeamsLink
    from bot.telemetry import Metrics

    class Echo:
        async def turn(self, context: Any, body: Mapping[str, Any]) -> None:
            await context.send_activity(outgoing(text_activity(f"Echo: {body['text']}")))

    identity = BotIdentity(APP_ID, "secret", metadata_url=f"{connector}/metadata")
    link = TeamsLink(lambda: TeamsConnection(identity, authentication(identity, _credentials())))
    talk: Any = Echo()
    app = FastAPI()
    app.include_router(TeamsChannel(link, talk, Metrics()).router())
    return app


def _credentials() -> Any:
    """Outbound credentials that ask nobody for a token: Entra's speed is not measured."""
    from botframework.connector.auth import AppCredentials, PasswordServiceClientCredentialFactory

    class Token(AppCredentials):
        def get_access_token(self, force_refresh: bool = False) -> str:  # noqa: ARG002 - the SDK's name
            return "outbound"

    class Credentials(PasswordServiceClientCredentialFactory):
        async def create_credentials(self, app_id: str, *_: object, **__: object) -> AppCredentials:
            return Token(app_id)

    return Credentials(APP_ID, "secret")


def main() -> None:
    kind, connector = sys.argv[1:]
    app = stock(connector) if kind == STOCK else sheriff(connector)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        print(f"listens on http://127.0.0.1:{taken.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[taken])


if __name__ == "__main__":
    main()
