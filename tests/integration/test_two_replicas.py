"""Two servers on one PostgreSQL and one Chroma server share all work, and each takes over from the other."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from bot.landmarks import Landmark
from bot.store.audit import audit
from bot.store.opening import Store, open_store
from bot.support.cases import EventKind
from tests.crashing import ARMED
from tests.serving import Served, eventually, serving

MESSAGES = 12
UNTIL_TAKEN_OVER = 60.0  # seconds: the promise


def question(number: int) -> str:
    return f"Can I get FortranGrid licence number {number} for Solaris?"


@contextmanager
def replicas(
    small_home: Path, small_docs: Path, model_dir: Path, url: str, chroma: str
) -> Iterator[tuple[Served, Served]]:
    """The first one can be made to die while a ticket is being opened."""
    other_home = small_home.with_name("other")
    shutil.copytree(small_home, other_home)
    variables = {"SHERIFF_DATABASE_URL": url, "SHERIFF_CONFIG": str(small_docs.with_suffix(".yaml"))}
    variables["SHERIFF_INDEX__CHROMA_URL"] = chroma
    dying = {"SHERIFF_CRASH_AT": Landmark.TICKET_OPENED, "SHERIFF_CRASH_WHEN": "signal"}
    with ExitStack() as stack:
        first = stack.enter_context(serving(small_home, model_dir, program="tests.crashing", **variables, **dying))
        second = stack.enter_context(serving(other_home, model_dir, **variables))
        first.wait_until_ready()
        second.wait_until_ready()
        yield first, second


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    opened = open_store(postgres_url)
    yield opened
    opened.close()


def told(store: Store) -> list[int]:
    """How often the sheriff was told of each case."""
    cases = [store.cases.get(case.id) for case in store.cases.list(limit=200)]
    return [[e.kind for e in case.events].count(EventKind.SHERIFF_TOLD) for case in cases if case]


def test_two_replicas_share_the_work_and_one_takes_over_when_the_other_dies_for_good(
    small_home: Path, small_docs: Path, model_dir: Path, postgres_url: str, chroma_server: str, store: Store
) -> None:
    with replicas(small_home, small_docs, model_dir, postgres_url, chroma_server) as (first, second):
        with ThreadPoolExecutor(8) as pool:
            sent = [(server, number) for number in range(MESSAGES) for server in (first, second)]
            replies = list(pool.map(lambda each: each[0].ask(question(each[1]), id=f"m-{each[1]}"), sent))
        eventually(lambda: audit(store.engine).settled, within=90)
        shared = audit(store.engine)
        case_ids = {reply["case"]["id"] for reply in replies}  # type: ignore[index]

        first.process.send_signal(signal.SIGUSR1)
        eventually(lambda: any(ARMED in line for line in first.lines))
        with suppress(httpx.HTTPError):
            first.ask(question(MESSAGES), id="last")
        assert first.process.wait(timeout=60) == -signal.SIGKILL
        eventually(lambda: audit(store.engine).settled, within=UNTIL_TAKEN_OVER)
        again = second.ask(question(MESSAGES), id="last")

    found = audit(store.engine)
    assert (shared.cases, len(case_ids), [*shared.doubled]) == (MESSAGES, MESSAGES, [])
    assert (found.cases, [*found.doubled]) == (MESSAGES + 1, [])
    assert told(store) == [1] * (MESSAGES + 1)
    assert again["case"]["ticket"] == store.cases.list(limit=1)[0].ticket != ""  # type: ignore[index]
    assert any("replica_taken_over" in line for line in second.lines)


def test_a_page_of_one_replica_hears_what_another_stores(
    small_home: Path, small_docs: Path, model_dir: Path, postgres_url: str, chroma_server: str
) -> None:
    with replicas(small_home, small_docs, model_dir, postgres_url, chroma_server) as (first, second):
        heard = threading.Event()

        def read() -> None:
            with suppress(httpx.HTTPError), httpx.stream("GET", f"{second.url}/desk/events", timeout=60) as page:
                listening.set()
                for line in page.iter_lines():
                    if line.startswith("event: "):
                        heard.set()
                        return

        listening = threading.Event()
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert listening.wait(30)
        first.ask(question(0), id="m-0")

        assert heard.wait(30)
        reader.join(30)
