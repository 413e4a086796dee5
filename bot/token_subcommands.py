"""`sheriff tokens`: what programs come in with."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.command_options import Config, Home, Output, settings_of

tokens_app = typer.Typer(help="API tokens: made, listed and revoked.", no_args_is_help=True)


@tokens_app.command("create")
def tokens_create(
    name: Annotated[str, typer.Argument(help="What it is for, such as ci-checks.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="ask, validate, read, desk, metrics or admin; may be repeated.")
    ] = None,
    expires: Annotated[str, typer.Option(help="90d, 12h, 4w or never.")] = "90d",
    home: Home = None,
    config: Config = None,
) -> None:
    """Make a token for a program and print it; it is shown this once, and only its hash is kept."""
    from bot.upkeep.tokens import create_command

    create_command(settings_of(config, home), name, scope or [], expires=expires)


@tokens_app.command("list")
def tokens_list(home: Home = None, config: Config = None, output: Output = "text") -> None:
    """What each token may do, until when, and when it was last used."""
    from bot.upkeep.tokens import list_command

    list_command(settings_of(config, home), output=output)


@tokens_app.command("revoke")
def tokens_revoke(
    token: Annotated[str, typer.Argument(help="Its name or number.", metavar="NAME")],
    home: Home = None,
    config: Config = None,
) -> None:
    """End a token at once, on every replica."""
    from bot.upkeep.tokens import revoke_command

    revoke_command(settings_of(config, home), token)


@tokens_app.command("log")
def tokens_log(home: Home = None, config: Config = None) -> None:
    """What was done to tokens and sessions, and by whom."""
    from bot.upkeep.tokens import log_command

    log_command(settings_of(config, home))
