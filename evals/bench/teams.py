"""The Teams channel beside the stock adapter: echo turns, quoted answers, and messages that are sent again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx

from evals.bench.connector import Client, Connector, Rate, listening
from evals.bench.teams_echo import SHERIFF, STOCK
from evals.files import expect_writable, write
from knowledge.errors import Failure

CLIENTS: Final = (1, 16)
ROUNDS: Final = 5  # of each adapter; the middle one counts
_ECHO: Final = ("-m", "evals.bench.teams_echo")
COPIES: Final = 3  # of each message that is sent again
EVERY: Final = 10  # which of the messages sent again is a question; the others are commands
QUIET: Final = 2.0  # seconds without an answer until no more are expected
LONGEST: Final = 300.0  # seconds for the answers to all messages that are sent again
STARTED_WITHIN: Final = 180.0  # seconds, with building the index
_OURS: Final = ("OPENAI_", "AZURE_", "MICROSOFT_", "SHERIFF_")


@dataclass(frozen=True, slots=True)
class Repeated:
    """Messages posted three times at once, and once more after a restart."""

    messages: int
    twice: int  # answered more than once
    never: int


@dataclass(frozen=True, slots=True)
class Found:
    """All that was measured."""

    echo: Mapping[str, Sequence[Rate]]
    questions: Rate
    repeated: Repeated


def teams_command(questions: Sequence[str], *, turns: int, resent: int, json_file: Path | None) -> None:
    """Print the channel's figures. Raises Failure when a bot does not start or answer."""
    expect_writable(json_file)
    try:
        found = asyncio.run(_measure(questions, turns=turns, resent=resent))
    except (TimeoutError, httpx.HTTPError) as error:
        raise Failure(f"A bot did not answer on loopback ({str(error) or type(error).__name__}). Try again.") from error
    print("\n".join(lines(found)))
    if json_file is not None:
        write(json_file, json.dumps(asdict(found), indent=1) + "\n")


def lines(found: Found) -> Iterator[str]:
    yield f"{'echo turns':24}{'clients':>9}{'turns/s':>9}{'p50 ms':>9}{'p95 ms':>9}"
    for name, rates in found.echo.items():
        for rate in rates:
            yield _line(name, rate)
    for ours, theirs in zip(found.echo[SHERIFF], found.echo[STOCK], strict=True):
        p95 = theirs.timing.p95 / ours.timing.p95
        speed = ours.per_second / theirs.per_second
        yield f"clients {ours.clients}: turns/s ours / stock {speed:.2f}, p95 stock / ours {p95:.2f}"
    yield ""
    yield _line("question, no key", found.questions)
    again = found.repeated
    yield (
        f"{again.messages:,} messages sent {COPIES} times at once and again after a restart: "
        f"{again.twice} answered twice, {again.never} not at all"
    )


def _line(name: str, rate: Rate) -> str:
    timing = rate.timing
    return f"{name:24}{rate.clients:9}{rate.per_second:9.1f}{timing.p50 * 1000:9.1f}{timing.p95 * 1000:9.1f}"


async def _measure(questions: Sequence[str], *, turns: int, resent: int) -> Found:
    async with listening() as connector, httpx.AsyncClient(timeout=30) as http:
        echo = await _echo(connector, http, turns)
        with tempfile.TemporaryDirectory(prefix="sheriff-bench-") as folder:
            home = Path(folder)
            with _sheriff(home) as bot:
                client = Client(connector, bot, http, {})
                await _ready(bot, http)
                await client.turns(questions[:5], clients=1)
                asked = await client.turns(questions, clients=1)
                activities = [connector.activity(text) for text in _texts(questions, resent)]
                await _post(client, activities, copies=COPIES)
                await _quiet(connector, activities)
            with _sheriff(home) as bot:
                await _ready(bot, http)
                await _post(Client(connector, bot, http, {}), activities, copies=1)
                await _quiet(connector, activities)
    counts = [connector.answers[str(each["id"])] for each in activities]
    repeated = Repeated(len(counts), sum(count > 1 for count in counts), sum(count == 0 for count in counts))
    return Found(echo, asked, repeated)


async def _echo(connector: Connector, http: httpx.AsyncClient, turns: int) -> dict[str, list[Rate]]:
    """Both adapters, each in a process of its own."""
    headers = {"Authorization": f"Bearer {connector.token()}"}
    rates: dict[str, list[Rate]] = {STOCK: [], SHERIFF: []}
    with _process(*_ECHO, STOCK, connector.url) as theirs, _process(*_ECHO, SHERIFF, connector.url) as ours:
        bots = {STOCK: Client(connector, theirs, http, headers), SHERIFF: Client(connector, ours, http, headers)}
        for client in bots.values():
            await client.turns(["warm"] * 20, clients=4)
        for clients in CLIENTS:
            rounds: dict[str, list[Rate]] = {STOCK: [], SHERIFF: []}
            for _ in range(ROUNDS):  # by turns, so that other work on the machine slows both
                for kind, client in bots.items():
                    rounds[kind].append(await client.turns(["hello"] * (turns // ROUNDS), clients=clients))
            for kind, found in rounds.items():
                rates[kind].append(sorted(found, key=lambda rate: rate.per_second)[ROUNDS // 2])
    return rates


def _texts(questions: Sequence[str], count: int) -> list[str]:
    return [questions[n % len(questions)] if n % EVERY == 0 else "my cases" for n in range(count)]


async def _post(client: Client, activities: Sequence[dict[str, object]], *, copies: int) -> None:
    """Every activity so many times at once, a few activities at a time."""
    places = asyncio.Semaphore(8)

    async def post(activity: dict[str, object]) -> None:
        async with places:
            await asyncio.gather(*(client.post(activity) for _ in range(copies)))

    await asyncio.gather(*(post(activity) for activity in activities))


async def _quiet(connector: Connector, activities: Sequence[Mapping[str, object]]) -> None:
    """Wait until all are answered, and nothing more comes."""
    start = time.monotonic()
    while time.monotonic() - start < LONGEST:
        silent = time.monotonic() - max(start, connector.last) > QUIET
        if silent and all(connector.answers[str(each["id"])] for each in activities):
            return
        await asyncio.sleep(0.1)


async def _ready(bot: str, http: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while (await http.get(f"{bot}/readyz")).status_code != httpx.codes.OK:
        if time.monotonic() > deadline:
            raise Failure(f"Sheriff was not ready within {STARTED_WITHIN:.0f} seconds.")
        await asyncio.sleep(0.2)


@contextmanager
def _sheriff(home: Path) -> Iterator[str]:
    """`sheriff serve` of the example platform, without a key and without an app id."""
    with _process("-m", "bot.cli", "serve", "--home", str(home / "home"), "--port", "0", folder=home) as address:
        yield address


@contextmanager
def _process(*arguments: str, folder: Path | None = None) -> Iterator[str]:
    """The address that a server prints once it listens. Raises Failure with what it printed instead."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) or k == "SHERIFF_MODEL_DIR"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=bare, cwd=folder, stdout=said, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield _address(process, said.fileno())
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: subprocess.Popen[str], said: int) -> str:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        printed = os.pread(said, 100_000, 0).decode("utf-8", "replace")
        found = re.search(r"listens on (http://\S+)", printed)
        if found:
            return found[1]
        time.sleep(0.05)
    raise Failure(f"A server of the bench did not start: {os.pread(said, 2_000, 0).decode('utf-8', 'replace')}")
