"""What `sheriff` can do. Heavy parts are imported by the command that needs them, so that `--help` is instant."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.command_options import Acting, Config, Home, Output, settings_of
from bot.rota_subcommands import rota_app
from bot.token_subcommands import tokens_app

_BEGUN = time.monotonic()
app = typer.Typer(
    name="sheriff",
    help="Answers questions from your documentation, checks YAML, and hands over what it does not know.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
model_app = typer.Typer(help="The local embedding model.", no_args_is_help=True)
app.add_typer(model_app, name="model")
schema_app = typer.Typer(help="The platform's schemas.", no_args_is_help=True)
app.add_typer(schema_app, name="schema")
cases_app = typer.Typer(help="Cases and their tickets.", no_args_is_help=True)
app.add_typer(cases_app, name="cases")
gaps_app = typer.Typer(help="What people asked and the documentation could not answer.")
app.add_typer(gaps_app, name="gaps")
teams_app = typer.Typer(help="The app in Microsoft Teams.", no_args_is_help=True)
app.add_typer(teams_app, name="teams")
app.add_typer(rota_app, name="rota")
requests_app = typer.Typer(help="Feature requests.", no_args_is_help=True)
app.add_typer(requests_app, name="requests")
notice_app = typer.Typer(help="Known issues that stand above answers.", no_args_is_help=True)
app.add_typer(notice_app, name="notice")
db_app = typer.Typer(help="The database of cases.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(tokens_app, name="tokens")


@app.command()
def serve(
    home: Home = None,
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (default 3978; 0: any free one).")] = None,
) -> None:
    """Serve the web chat, the desk, the API and /api/messages."""
    from bot.serving import run
    from bot.settings import with_server

    run(with_server(settings_of(config, home), host=host, port=port))


@app.command()
def ingest(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders to read instead of the configured sources.", metavar="[DIR]…")
    ] = None,
    home: Home = None,
    config: Config = None,
    base_url: Annotated[str, typer.Option(help="Where people open the pages of DIR, for links.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")] = False,
) -> None:
    """Bring the index up to date with the documentation: only what changed is read again."""
    from bot.commands import ingest_command

    ingest_command(settings_of(config, home), folders or [], base_url=base_url, dry_run=dry_run)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, or - to read it from standard input.")],
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
    hand_over: Annotated[bool, typer.Option("--hand-over", help="Open a case when there is no answer.")] = False,
) -> None:
    """Answer one question from the index, with the places where it is written."""
    from bot.commands import ask_command

    ask_command(settings_of(config, home), _text(question), as_json=as_json, hand_over=hand_over, begun=_BEGUN)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def validate(context: typer.Context) -> None:
    """Check YAML and JSON files, and mend what can be mended. `sheriff validate --help` lists the options."""
    from bot.checking.command import main

    raise typer.Exit(main(context.args, datetime.now(UTC)))


@app.command()
def explain(
    repository: Annotated[
        Path, typer.Argument(help="A deployment repository: a folder or a .zip; or a code alone.", metavar="REPO|CODE")
    ],
    leaf: Annotated[str | None, typer.Argument(help="A leaf: its path, a short form of it, or its name.")] = None,
    key: Annotated[str, typer.Argument(help="A component or key: kafka, threshold, alerting.replicas-low.for.")] = "",
    at: Annotated[str, typer.Option(help="As a branch, tag or commit has it, not as the files are now.")] = "",
    config: Config = None,
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say what holds at a leaf, which line set it, what it hides and what wildcards stand for; or what a code means."""
    from bot.checking.showing import allow_any_name
    from bot.explaining import explain_code, explain_command

    allow_any_name()
    if leaf is None:
        explain_code(str(repository))
        return
    explain_command(settings_of(config), repository, leaf, key, at=at, output=output)


@app.command()
def diff(
    repository: Annotated[Path, typer.Argument(help="A deployment repository in Git.", metavar="REPO")],
    base: Annotated[str, typer.Option(help="Branch, tag or commit to compare with.")] = "HEAD",
    config: Config = None,
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say which leaves and which effective values a change alters, before and after."""
    from bot.checking.showing import allow_any_name
    from bot.explaining import diff_command

    allow_any_name()
    raise typer.Exit(diff_command(settings_of(config), repository, base, output=output))


GapFormat = Annotated[str, typer.Option("--format", help="md, html or json.")]
GapTarget = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")]
GapSince = Annotated[str, typer.Option("--since", help="Only gaps asked about since this day: 2026-11-02.")]
GapComponent = Annotated[str, typer.Option("--component", help="Only gaps of this component.")]


@gaps_app.callback(invoke_without_command=True)
def gaps(
    context: typer.Context,
    home: Home = None,
    config: Config = None,
    output: GapFormat = "md",
    target: GapTarget = None,
    since: GapSince = "",
    component: GapComponent = "",
) -> None:
    """What people asked and the documentation could not answer. Without a command: the report."""
    if context.invoked_subcommand is None:
        gaps_report(home, config, output, target, since, component)


@gaps_app.command("report")
def gaps_report(
    home: Home = None,
    config: Config = None,
    output: GapFormat = "md",
    target: GapTarget = None,
    since: GapSince = "",
    component: GapComponent = "",
) -> None:
    """The gaps, the costliest first, with evidence, the page to change and a draft."""
    from bot.commands import GapsWanted, gaps_command

    gaps_command(settings_of(config, home), GapsWanted(output, target, since, component))


@gaps_app.command("regroup")
def gaps_regroup(home: Home = None, config: Config = None) -> None:
    """Group all questions afresh but those of gaps that somebody has touched; for a ledger that has grown much."""
    from bot.commands import regroup_command

    regroup_command(settings_of(config, home))


@app.command()
def insights(
    home: Home = None,
    config: Config = None,
    since: Annotated[str, typer.Option(help="First day: 2026-11-01. The last 8 weeks without it.")] = "",
    until: Annotated[str, typer.Option(help="Last day, included; today without it.")] = "",
    component: Annotated[str, typer.Option(help="Only questions about this component.")] = "",
    channel: Annotated[str, typer.Option(help="Only questions from here: teams, web, api or cli.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="From the first question on.")] = False,
    output: Annotated[str, typer.Option("--format", help="text, json or csv.")] = "text",
    table: Annotated[
        str, typer.Option(help="With csv: rates, outcomes, times, components, adoption, channels or rota.")
    ] = "outcomes",
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Count all stored events anew first.")] = False,
) -> None:
    """How many questions are answered, solved, silent and handed over, how long people wait, and who asks."""
    from bot.insight_commands import insights_command

    asked = {"since": since, "until": until, "component": component, "channel": channel}
    if everything:
        asked["period"] = "all"
    insights_command(
        settings_of(config, home), asked=asked, output=output, table=table, rebuild=rebuild, now=datetime.now(UTC)
    )


@app.command()
def doctor(
    home: Home = None,
    config: Config = None,
    teams: Annotated[bool, typer.Option("--teams", help="Check the way to Microsoft Teams instead; asks it.")] = False,
    security: Annotated[bool, typer.Option("--security", help="List what is open to whom instead.")] = False,
    output: Annotated[str, typer.Option("--format", help="With --security: text or json.")] = "text",
) -> None:
    """Say what is set up, what is missing, and what to do about it."""
    if security:
        from bot.security_doctor import report as report_on_security
        from bot.settings import file_of

        found, at = settings_of(config, home), datetime.now(UTC)
        raise typer.Exit(report_on_security(found, config=file_of(config), output=output, at=at))
    if teams:
        from bot.teams_doctor import report as report_on_teams

        raise typer.Exit(report_on_teams(settings_of(config, home)))
    from bot.doctor import report

    raise typer.Exit(report(settings_of(config, home)))


@cases_app.command()
def retry(
    cases: Annotated[list[str] | None, typer.Argument(help="Ids or tickets; none: list.", metavar="[CASE]…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were refused.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Ask the ticket system again for what it refused, once the cause is set right."""
    from bot.commands import retry_command

    retry_command(settings_of(config, home), cases or [], everything=everything)


@requests_app.command("export")
def requests_export(
    home: Home = None,
    config: Config = None,
    output: Annotated[str, typer.Option("--format", help="csv, json or md.")] = "csv",
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write what people want, with votes, states and reasons, the most wanted first."""
    from bot.upkeep.wishes import export_command

    export_command(settings_of(config, home), output=output, target=target)


@notice_app.command("add")
def notice_add(
    title: Annotated[str, typer.Argument(help="What is known, in a line.")],
    until: Annotated[str, typer.Option(help="4h, 2d, 18:00 or 2026-11-27T18:00.")] = "4h",
    text: Annotated[str, typer.Option(help="What to do meanwhile, in Markdown.")] = "",
    question: Annotated[list[str] | None, typer.Option(help="A question that it answers; may be repeated.")] = None,
    case: Annotated[str, typer.Option(help="Case that is worked on for all who are affected.")] = "",
    by: Acting = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Pin a notice: questions about it see it before the answer, until it ends."""
    from bot.upkeep.notices import add_command

    add_command(settings_of(config, home), title, until, text=text, questions=question or [], case=case, by=by)


@notice_app.command("list")
def notice_list(home: Home = None, config: Config = None, output: Output = "text") -> None:
    """The notices that hold now."""
    from bot.upkeep.notices import list_command

    list_command(settings_of(config, home), output=output)


@notice_app.command("end")
def notice_end(
    number: Annotated[int, typer.Argument(min=1, help="As `sheriff notice list` numbers it.")],
    by: Acting = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """End a notice now."""
    from bot.upkeep.notices import end_command

    end_command(settings_of(config, home), number, by=by)


@app.command()
def ready(
    home: Home = None,
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="As `sheriff serve` was given it.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="As `sheriff serve` was given it.")] = None,
) -> None:
    """Say whether the server on this machine is ready; exit code 1 when it is not. For probes of containers."""
    from bot.readiness import ready_command
    from bot.settings import with_server

    ready_command(with_server(settings_of(config, home), host=host, port=port))


@app.command("sign-out")
def sign_out(
    person: Annotated[str, typer.Argument(help="Object id, or e-mail address.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="Everybody.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """End a person’s sessions on the pages at once, in every browser."""
    from bot.upkeep.tokens import sign_out_command

    sign_out_command(settings_of(config, home), person, everybody=everybody)


@db_app.command("upgrade")
def db_upgrade(home: Home = None, config: Config = None) -> None:
    """Bring the tables up to date; safe to repeat. `sheriff serve` does it by itself, too."""
    from bot.upkeep.databases import upgrade_command

    upgrade_command(settings_of(config, home))


@db_app.command("status")
def db_status(home: Home = None, config: Config = None) -> None:
    """Say which version the tables have and which replicas are alive; exit code 1 unless they are up to date."""
    from bot.upkeep.databases import status_command

    status_command(settings_of(config, home))


@db_app.command("check")
def db_check(home: Home = None, config: Config = None) -> None:
    """Read the whole database: is it sound, does each case have its ticket, was anybody told twice?"""
    from bot.upkeep.databases import check_command

    check_command(settings_of(config, home))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Write all cases and the work under way into one file, while Sheriff serves."""
    from bot.upkeep.backup import backup_command

    backup_command(settings_of(config, home), file, now=datetime.now(UTC))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `sheriff backup` wrote.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Put a backup in the place of what a home has; that is kept aside. Stop Sheriff first."""
    from bot.upkeep.backup import restore_command

    restore_command(settings_of(config, home), file, now=datetime.now(UTC))


@app.command()
def export(
    home: Home = None,
    config: Config = None,
    since: Annotated[str, typer.Option(help="Only cases that changed since: 2026-11-01, or with a time.")] = "",
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write cases as JSON lines, with all that happened to them."""
    from bot.upkeep.exporting import export_command

    export_command(settings_of(config, home), since=since, target=target)


@app.command()
def replay(
    docs: Annotated[Path, typer.Option(help="The folder of pages as they would be.")],
    base: Annotated[str, typer.Option(help="Branch, tag or commit to compare with; else what is indexed now.")] = "",
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How far back the stored questions go.")] = 13,
    questions: Annotated[Path | None, typer.Option(help="An export, or a question a line, instead of those.")] = None,
    source: Annotated[str, typer.Option(help="Which source the pages are, if there are several.")] = "",
    margin: Annotated[float, typer.Option(min=0.01, max=1, help="How far a confidence must move to matter.")] = 0.15,
    most: Annotated[int, typer.Option(min=1, max=50_000, help="Questions, the most asked first.")] = 1000,
    output: Annotated[str, typer.Option("--format", help="text, json, md or github.")] = "text",
    report: Annotated[Path | None, typer.Option(help="Write the report as Markdown to this file, too.")] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Ask what people have asked against a change of the pages. Exit code 1 when a question gets worse."""
    from bot.checking.showing import allow_any_name
    from bot.replay.command import Wanted, replay_command

    allow_any_name()
    wanted = Wanted(docs, base, weeks, questions, source, margin, most, output, report)
    raise typer.Exit(replay_command(settings_of(config, home), wanted, now=datetime.now(UTC)))


@app.command()
def demo(
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another one, another history.")] = 7,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How far it goes back.")] = 13,
    remove: Annotated[bool, typer.Option("--remove", help="Clear the demonstration and what was asked in it.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Fill an empty home with a made-up quarter of cases, to look around in."""
    from bot.demo.command import demo_command, remove_command

    if remove:
        remove_command(settings_of(config, home), now=datetime.now(UTC))
    else:
        demo_command(settings_of(config, home), seed=seed, weeks=weeks, now=datetime.now(UTC))


@app.command()
def tidy(
    home: Home = None,
    config: Config = None,
    days: Annotated[int | None, typer.Option(min=1, help="Instead of policy.retention_days.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
) -> None:
    """Delete ended cases after policy.retention_days; `sheriff serve` does so every day."""
    from bot.upkeep.forgetting import tidy_command

    tidy_command(settings_of(config, home), days=days, dry_run=dry_run, now=datetime.now(UTC))


@app.command()
def forget(
    person: Annotated[str, typer.Argument(help="Name as the desk shows it, or the id of the channel.")],
    home: Home = None,
    config: Config = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a person out of all that is stored; counts stay, without the name."""
    from bot.upkeep.forgetting import forget_command

    forget_command(settings_of(config, home), person, yes=yes)


@teams_app.command("package")
def teams_package(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("sheriff-teams.zip"),
    config: Config = None,
) -> None:
    """Write the app package that an administrator uploads to Teams."""
    from bot.channels.teams_package import package_command

    package_command(settings_of(config), output)


@model_app.command()
def prepare(
    folder: Annotated[Path | None, typer.Option("--dir", help="Where to keep it (SHERIFF_MODEL_DIR).")] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Build the embedding model's graph now, for an image that starts without writing anything."""
    from bot.commands import prepare_command

    prepare_command(settings_of(config, home), folder)


@schema_app.command("export")
def export_schemas(
    folder: Annotated[Path, typer.Argument(help="Where to write them.", metavar="[DIR]")] = Path("editor-schemas"),
    kind: Annotated[str | None, typer.Option(help="Only the schema of this kind.")] = None,
    config: Config = None,
) -> None:
    """Write the platform's schemas for editors, and say how an editor is told to use them."""
    from bot.checking.editors import export

    export(settings_of(config, None).platform.schemas, folder, kind=kind)


def _text(argument: str) -> str:
    if argument != "-":
        return argument
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")
