"""`sheriff rota`: who is on duty, and how that is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.command_options import Acting, Config, Home, Output, settings_of

rota_app = typer.Typer(help="Who is on duty: show it, check it, change it.", no_args_is_help=True)
swap_app = typer.Typer(help="Swaps: asked by one, accepted or declined by the other.", no_args_is_help=True)
rota_app.add_typer(swap_app, name="swap")


@rota_app.command("show")
def rota_show(
    home: Home = None,
    config: Config = None,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="How many, the present one included.")] = 8,
    output: Output = "text",
) -> None:
    """Who is on duty, the coming weeks with overrides, swaps and absences, and how fair it is."""
    from bot.rota_commands import show_command

    show_command(settings_of(config, home), weeks=weeks, output=output, now=datetime.now(UTC))


@rota_app.command("next")
def rota_next(home: Home = None, config: Config = None, output: Output = "text") -> None:
    """Who is on duty next, and from when."""
    from bot.rota_commands import next_command

    next_command(settings_of(config, home), output=output, now=datetime.now(UTC))


@rota_app.command("check")
def rota_check(home: Home = None, config: Config = None, output: Output = "text") -> None:
    """Every fault of the rota's file, with line and remedy. Exit code 1 when something has to be mended."""
    from bot.rota_commands import check_command

    raise typer.Exit(check_command(settings_of(config, home), output=output, now=datetime.now(UTC)))


@rota_app.command("cover")
def rota_cover(
    member: Annotated[str, typer.Argument(help="Who covers: id or name; team for nobody.")],
    starts: Annotated[str, typer.Option("--from", help="Local time: 2026-12-24T13:00, or a date.")],
    ends: Annotated[str, typer.Option("--until", help="Local time, not included.")],
    by: Acting = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Add an override: one member has the duty for a while."""
    from bot.rota_commands import cover_command

    cover_command(settings_of(config, home), member, starts, ends, by=by, now=datetime.now(UTC))


@rota_app.command("away")
def rota_away(
    member: Annotated[str, typer.Argument(help="Who is away: id or name.")],
    first: Annotated[str, typer.Option("--from", help="First day: 2026-12-24.")],
    last: Annotated[str, typer.Option("--until", help="Last day, included.")],
    by: Acting = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Enter an absence: the duty goes to the next member who is there."""
    from bot.rota_commands import away_command

    away_command(settings_of(config, home), member, first, last, by=by, now=datetime.now(UTC))


@rota_app.command("remove")
def rota_remove(
    label: Annotated[str, typer.Argument(help="Its id, as `sheriff rota show` and the page name it.", metavar="ID")],
    by: Acting = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Take back an override, an absence or an accepted swap."""
    from bot.rota_commands import remove_command

    remove_command(settings_of(config, home), label, by=by)


@swap_app.command("list")
def swap_list(home: Home = None, config: Config = None, output: Output = "text") -> None:
    """The swaps that were asked, and what became of them."""
    from bot.rota_commands import swap_list_command

    swap_list_command(settings_of(config, home), output=output, now=datetime.now(UTC))


@swap_app.command("ask")
def swap_ask(
    by: Annotated[str, typer.Option("--as", help="Who asks: id or name.")],
    other: Annotated[str, typer.Option("--with", help="Who is asked.")],
    give: Annotated[str, typer.Option(help="Your week by a day of it, 2026-12-14; or days, 2026-12-14/2026-12-16.")],
    take: Annotated[str, typer.Option(help="What you take for it, in the same form; nothing without it.")] = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Ask another member to swap. The duty moves only when that one accepts."""
    from bot.rota_commands import swap_ask_command

    swap_ask_command(settings_of(config, home), by, other, give, take, now=datetime.now(UTC))


Number = Annotated[int, typer.Argument(help="The swap's id, as `sheriff rota swap list` names it.", metavar="ID")]
Answering = Annotated[str, typer.Option("--as", help="Who you are: id or name.")]


@swap_app.command("accept")
def swap_accept(number: Number, by: Answering, home: Home = None, config: Config = None) -> None:
    """Accept: the duty moves. Only who was asked can."""
    _answer_swap(number, "accept", by, home, config)


@swap_app.command("decline")
def swap_decline(number: Number, by: Answering, home: Home = None, config: Config = None) -> None:
    """Decline. Only who was asked can."""
    _answer_swap(number, "decline", by, home, config)


@swap_app.command("withdraw")
def swap_withdraw(number: Number, by: Answering, home: Home = None, config: Config = None) -> None:
    """Take a request back. Only who asked can."""
    _answer_swap(number, "withdraw", by, home, config)


def _answer_swap(number: int, verb: str, by: str, home: Path | None, config: Path | None) -> None:
    from bot.rota_commands import swap_answer_command

    swap_answer_command(settings_of(config, home), number, verb, by=by, now=datetime.now(UTC))
