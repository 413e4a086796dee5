"""`bench hostile`: hostile files by every way in, printed as they are taken, with what was promised and not held."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from bot.telemetry import configure_logging
from evals.bench.hostile import Hostile, files
from evals.bench.hostile_sources import traps
from evals.bench.ordeal import Suffered, ingested
from evals.bench.ordeal_messages import sent
from knowledge.errors import Failure, Misuse

_NAME: Final = 48  # characters of a name
_SAID: Final = 74


def ordeal_command(named: str) -> None:
    """Print what became of each file. Raises Failure when a promise was not held, Misuse when nothing has that name."""
    configure_logging("error")
    chosen = [trap for trap in traps() if fnmatchcase(trap.name, named)]
    messages = [file for file in files() if fnmatchcase(file.name, named)]
    if not chosen and not messages:
        raise Misuse(f"No hostile file is called {named!r}. Leave --only out, and read the names.")
    print(f"{'hostile file':{_NAME}}{'way in':>10}{'seconds':>9}{'peak MB':>9}  what became of it", flush=True)
    found = []
    for trap in chosen:
        found.append(ingested(trap))
        print(line(found[-1]), flush=True)
    found += asyncio.run(_messages(messages)) if messages else []
    print("\n".join(summary(found)))
    if any(one.fault for one in found):
        raise Failure("A promise was not held: see above.")


async def _messages(chosen: Sequence[Hostile]) -> list[Suffered]:
    found = []
    async for one in sent(chosen):
        print(line(one), flush=True)
        found.append(one)
    return found


def line(one: Suffered) -> str:
    """One row of the table."""
    said = one.said if len(one.said) <= _SAID else f"{one.said[: _SAID - 1]}…"
    fault = f"  NOT HELD: {one.fault}" if one.fault else ""
    return f"{one.name[: _NAME - 1]:{_NAME}}{one.way:>10}{one.seconds:9.2f}{one.megabytes:9.0f}  {said}{fault}"


def summary(found: Sequence[Suffered]) -> Sequence[str]:
    """By way in: how many, how many broke a promise, and the most that one took."""
    lines = [""]
    for way in dict.fromkeys(one.way for one in found):
        these = [one for one in found if one.way == way]
        slow = max(these, key=lambda one: one.seconds)
        large = max(these, key=lambda one: one.megabytes)
        broken = sum(bool(one.fault) for one in these)
        lines.append(
            f"{way}: {len(these)} files, {broken} promises not held; at most {slow.seconds:.2f} s ({slow.name}) "
            f"and {large.megabytes:.0f} MB ({large.name})"
        )
    return lines
