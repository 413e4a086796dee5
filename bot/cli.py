"""The `sheriff` command. Heavy parts are imported by the command that needs them, so that `--help` is instant."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowledge.errors import Failure, Misuse, SheriffError

if TYPE_CHECKING:
    from bot.settings import Settings

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

Home = Annotated[Path | None, typer.Option("--home", help="State folder (SHERIFF_HOME, default .sheriff).")]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration (default ./sheriff.yaml, if there).")]


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

    run(with_server(_settings(config, home), host=host, port=port))


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

    ingest_command(_settings(config, home), folders or [], base_url=base_url, dry_run=dry_run)


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

    ask_command(_settings(config, home), _text(question), as_json=as_json, hand_over=hand_over, begun=_BEGUN)


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(help="YAML or JSON files or folders; - for standard input.")],
    config: Config = None,
    schemas: Annotated[Path | None, typer.Option(help="Folder of JSON Schemas (default: the platform's).")] = None,
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Check files against the platform's schemas. Exit code 1 when there is an error, 0 otherwise."""
    from bot.checking import validate_command

    raise typer.Exit(validate_command(files, config=config, schemas=schemas, output=output))


@app.command()
def gaps(
    home: Home = None,
    config: Config = None,
    output: Annotated[str, typer.Option("--format", help="md, html or json.")] = "md",
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """What people asked and the documentation could not answer, clustered."""
    from bot.commands import gaps_command

    gaps_command(_settings(config, home), output=output, target=target)


@app.command()
def doctor(home: Home = None, config: Config = None) -> None:
    """Say what is set up, what is missing, and what to do about it."""
    from bot.doctor import report

    raise typer.Exit(report(_settings(config, home)))


@model_app.command()
def prepare(
    folder: Annotated[Path | None, typer.Option("--dir", help="Where to keep it (SHERIFF_MODEL_DIR).")] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Build the embedding model's graph now, for an image that starts without writing anything."""
    from bot.commands import prepare_command

    prepare_command(_settings(config, home), folder)


def _settings(config: Path | None, home: Path | None) -> Settings:
    from bot.settings import load
    from bot.telemetry import configure_logging

    configure_logging("error")  # a command prints its result; `serve` turns its log on
    return load(config, home=home)


def _text(argument: str) -> str:
    if argument != "-":
        return argument
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def main() -> None:
    """Entry point of `sheriff`."""
    guarded("sheriff", app)


def guarded(name: str, command: Callable[[], object]) -> None:
    """Run a command line; whatever goes wrong ends in a sentence after its name, never in a traceback.

    Exit codes: 0 done, 1 the work failed or found errors, 2 the call was wrong, 130 interrupted.
    """
    try:
        command()
    except Misuse as error:
        _stop(name, str(error), 2)
    except SheriffError as error:
        _stop(name, str(error), 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away; nothing is wrong
        raise SystemExit(0) from None
    except OSError as error:
        _stop(name, str(_of_the_system(error)), 1)
    except Exception:  # noqa: BLE001 - the one boundary of the command line: our mistake, told without a traceback
        _stop(name, f"That did not work, and it is our mistake. What happened is written in {_report_file()}.", 1)


def _of_the_system(error: OSError) -> Failure:
    place = error.filename or "the system"
    return Failure(f"{place}: {error.strerror or error}. Check that the path exists and that you may use it.")


def _report_file() -> str:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="sheriff-failure-", suffix=".txt", delete=False
    ) as file:
        file.write(traceback.format_exc())
    return file.name


def _stop(name: str, message: str, code: int) -> None:
    typer.echo(f"{name}: {message}", err=True)
    raise SystemExit(code) from None


if __name__ == "__main__":
    main()
