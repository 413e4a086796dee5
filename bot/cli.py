"""The `sheriff` command: `validate` at once, since it runs in hooks and editors; the rest by way of typer."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from knowledge.errors import Failure, Misuse, SheriffError


def main() -> None:
    """Entry point of `sheriff`."""
    guarded("sheriff", _command)


def _command() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["validate"]:
        from bot.checking.command import main as validate

        raise SystemExit(validate(arguments[1:], datetime.now(UTC)))
    from bot.subcommands import app

    app()


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
    print(f"{name}: {message}", file=sys.stderr)
    raise SystemExit(code) from None


if __name__ == "__main__":
    main()
