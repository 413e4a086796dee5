"""Options that many commands have, and the settings that they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

Home = Annotated[Path | None, typer.Option("--home", help="State folder (SHERIFF_HOME, default .sheriff).")]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration (default ./sheriff.yaml, if there).")]

Output = Annotated[str, typer.Option("--format", help="text or json.")]
Acting = Annotated[str, typer.Option("--as", help="Who you are: id or name of a member.")]


def settings_of(config: Path | None, home: Path | None = None) -> Settings:
    from bot.settings import load
    from bot.telemetry import configure_logging

    configure_logging("error")  # a command prints its result; `serve` turns its log on
    return load(config, home=home)
