"""`sheriff-evals bench`: one command for each thing that is measured beside peers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evals.options import Config, Docs, Home, Sets
from knowledge.errors import Misuse

bench = typer.Typer(
    help="Time answers and validation, and more, beside peers in the same run.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Files = Annotated[int, typer.Option(min=10, help="YAML files to validate.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Keep the figures in this file.")]


class Database(StrEnum):
    """Where `bench kills` keeps its cases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@bench.callback(invoke_without_command=True)
def everyday(
    context: typer.Context,
    sets: Sets = None,
    docs: Docs = None,
    home: Home = None,
    config: Config = None,
    files: Files = 500,
) -> None:
    """Without a name: answers beside a LangChain EnsembleRetriever, and validation beside jsonschema."""
    if context.invoked_subcommand is not None:
        return
    from evals.bench.report import bench_command
    from evals.commands import Asked

    bench_command(Asked.of(sets, None, docs=docs, home=home, config=config), files=files)


@bench.command()
def yaml(
    files: Files = 500,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Folder of cases, dev/*.jsonl, whose truth is known.")
    ] = None,
    hostile: Annotated[bool, typer.Option("--hostile", help="Only what files made to stop a checker cost.")] = False,
) -> None:
    """Validation alone; with --cases also what is accepted, refused and told of files whose truth is known."""
    from evals.bench.report import hostile_command, yaml_command

    if hostile and cases is not None:
        raise Misuse("--hostile goes without --cases.")
    if hostile:
        hostile_command()
    else:
        yaml_command(cases, files=files)


@bench.command()
def hostile(
    only: Annotated[str, typer.Option(help="Files whose name fits, such as 'zip:*'.")] = "*",
) -> None:
    """Hostile files at ingest, over the API, the Ask page and Teams: what became of each, and of their neighbours."""
    from evals.bench.ordeal_report import ordeal_command

    ordeal_command(only)


@bench.command()
def teams(
    turns: Annotated[int, typer.Option(min=50, help="Echo turns of each adapter and crowd.")] = 500,
    resent: Annotated[int, typer.Option(min=10, help="Messages that are sent again.")] = 1000,
    json_file: JsonFile = None,
) -> None:
    """The Bot Framework channel beside the SDK's stock adapter, on the example platform."""
    from evals.bench.teams import teams_command
    from evals.commands import Asked

    questions = Asked.of(None, None, docs=None, home=None, config=None).questions()
    teams_command([question.text for question in questions], turns=turns, resent=resent, json_file=json_file)


@bench.command()
def kills(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long messages are sent.")] = 10,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages a second.")] = 5,
    database: Annotated[Database, typer.Option(help="Where the cases are.")] = Database.SQLITE,
    seed: Annotated[int, typer.Option(help="Of the moments at which the server is killed.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """A server is killed again and again while messages come in: what is lost, and what happens twice."""
    from evals.bench.kills import Ordeal, kills_command

    kills_command(Ordeal(minutes, rate, database.value, seed), json_file=json_file)


@bench.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 30,
    rate: Annotated[float, typer.Option(min=0.1, help="Turns a second.")] = 20,
    json_file: JsonFile = None,
) -> None:
    """A server under steady load: whether memory and open files stay flat, and every turn is answered."""
    from evals.bench.soak import soak_command
    from evals.commands import Asked

    questions = Asked.of(None, None, docs=None, home=None, config=None).questions()
    soak_command(minutes=minutes, rate=rate, questions=[q.text for q in questions], json_file=json_file)


@bench.command()
def gaps(
    data: Annotated[Path, typer.Argument(help="Folder of FAQs: dev/faq-*.jsonl and pools/faq-*.jsonl.")],
    config: Config = None,
) -> None:
    """Questions of FAQs in groups, beside k-means that is told how many entries there are."""
    from bot.knowledge_wiring import embedder
    from bot.settings import load
    from evals.bench.gaps import gaps_command

    gaps_command(data, embedder(load(config)))


@bench.command()
def replay(
    questions: Annotated[int, typer.Option(min=10, help="How many are asked.")] = 1000,
) -> None:
    """`sheriff replay` beside two whole ingests that are asked one by one."""
    from evals.bench.replay import replay_command

    replay_command(questions)


@bench.command()
def pages(
    stored: Annotated[int, typer.Option(min=100, help="Cases in the database.")] = 50_000,
    json_file: JsonFile = None,
) -> None:
    """The pages of a server with many cases, beside those of one with few."""
    from evals.bench.pages import pages_command

    pages_command(cases=stored, json_file=json_file)


@bench.command()
def insights(
    stored: Annotated[int, typer.Option(min=100, help="Cases in the database.")] = 50_000,
    json_file: JsonFile = None,
) -> None:
    """The figures of a year's cases beside a program that loads them all each time."""
    from evals.bench.insights import insights_command

    insights_command(cases=stored, json_file=json_file)


@bench.command()
def attacks(
    home: Home = None,
    config: Config = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit anew which messages are no work on a platform.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name each message that did not go well.")] = False,
) -> None:
    """What becomes of messages that attack, insult or stray, and of ordinary questions that look like them."""
    from bot.settings import load
    from evals.bench.attacks import attacks_command

    settings = load(config)
    own = settings.model_copy(update={"home": home or Path(".cache/evals/attacks")})
    attacks_command(own, fit=fit, verbose=verbose)


@bench.command()
def redaction(
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Folder with secrets.txt and looks-alike.txt; ours without it.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Name what was missed, and each false alarm.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Secrets found and false alarms beside detect-secrets, on cases that rules were mended after and on others."""
    from evals.bench.redaction import redaction_command

    redaction_command(cases, json_file=json_file, names=names)
