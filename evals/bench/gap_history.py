"""What a ledger of many cases costs: the first reading, a later one, and the report, on made-up cases."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from bot.gap_reading import read_report
from bot.gapwork import GapWork
from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.rows import row_of, row_of_event
from bot.store.tables import cases, events
from bot.support.cases import Case, CaseState, Cause, Event
from bot.support.gap_report import as_markdown
from evals.bench.clock import resident_mb
from knowledge.model import Answer, Outcome, Passage
from knowledge.ports import Matrix

NOW: Final = datetime(2026, 11, 25, 10, tzinfo=UTC)
PEOPLE: Final = 800
TOPICS: Final = 1500
WORDINGS: Final = 12  # different ones of a topic
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds, and the memory that the process held at the end."""

    cases: int
    questions: int  # different ones that speak for a gap
    gaps: int
    first: float  # reading all cases, without their embeddings
    later: float  # reading them when nothing has changed
    report: float
    megabytes: float | None


class MadeUp:
    """A library without pages, whose vectors say which topic a question is of."""

    fingerprint = "made up"

    def __init__(self) -> None:
        self._topics = np.random.default_rng(7).normal(size=(TOPICS, 384)).astype(np.float32)
        self.seconds = 0.0  # spent here, and not in the ledger

    def embed(self, texts: Sequence[str]) -> Matrix:
        begun = time.perf_counter()
        noise = np.random.default_rng(len(texts)).normal(scale=0.7, size=(len(texts), 384)).astype(np.float32)
        of = [int(number[1]) if (number := re.search(r"topic (\d+)", text)) else 0 for text in texts]
        vectors = self._topics[of] + noise
        self.seconds += time.perf_counter() - begun
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def passages(self, words: str, *, limit: int = 8) -> Sequence[Passage]:  # noqa: ARG002 - there are none
        return ()

    def quoted(self, question: str) -> Answer:  # noqa: ARG002 - it is never known
        return Answer(Outcome.UNANSWERED, "", 0.0)

    def documents(self) -> Mapping[str, str]:
        return {}


def history(count: int, *, seed: int = 1, now: datetime = NOW) -> Iterator[Case]:
    """Cases of a quarter: a third handed over and resolved, a fifth hinted, the rest answered."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    for number in range(count):
        at = now - timedelta(minutes=chance.randrange(60, 90 * 24 * 60))
        topic, who = chance.randrange(TOPICS), f"p{chance.randrange(PEOPLE)}"
        asked = f"What of topic {topic}, said in way {chance.randrange(WORDINGS)}?"
        fate = chance.random()
        over, hinted = fate < 1 / 3, fate > 0.8
        happened = [Event(at, "opened", who)]
        if over:
            steps = (("handed_over", 0), ("taken", 10), ("resolved", 30))
            happened += [Event(at + timedelta(minutes=late), kind, "Ana") for kind, late in steps]
        yield Case(
            id=f"c-{number:08x}",
            state=CaseState.RESOLVED if over else CaseState.ANSWERED,
            question=asked,
            asker=Person(who, who),
            channel="web",
            conversation=f"web:{who}",
            opened=at,
            updated=happened[-1].at,
            outcome="unanswered" if over else "hinted" if hinted else "answered",
            component=f"component-{topic % 12}",
            sheriff="Ana" if over else "",
            cause=Cause.MISSING if over else None,
            resolution=f"Topic {topic} is set in kafka.yaml." if over else "",
            events=tuple(happened),
        )


def measure(count: int) -> Spent:
    """Fill a database of its own, and read it."""
    with TemporaryDirectory(prefix="sheriff-bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'sheriff.db'}", clock=lambda: NOW)
        try:
            fill(store, count)
            return _spent(store, count)
        finally:
            store.close()


def _spent(store: Store, count: int) -> Spent:
    library = MadeUp()
    work = GapWork(store.gaps, library, lambda: NOW)
    first = _seconds(work.refresh) - library.seconds
    later = _seconds(work.refresh)
    report = _seconds(lambda: as_markdown(read_report(store, NOW)))
    keys, _ = store.gaps.vectors()
    return Spent(count, len(keys), len(store.gaps.everything()), first, later, report, resident_mb())


def fill(store: Store, count: int, *, now: datetime = NOW) -> None:
    """Store made-up cases, straight into the tables."""
    made = list(history(count, now=now))
    happened = [row_of_event(case.id, event) for case in made for event in case.events]
    with store.engine.execution_options(writes=True).begin() as connection:
        for start in range(0, len(made), _AT_ONCE):
            connection.execute(cases.insert(), [row_of(case) for case in made[start : start + _AT_ONCE]])
        for start in range(0, len(happened), _AT_ONCE):
            connection.execute(events.insert(), happened[start : start + _AT_ONCE])


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def as_line(spent: Spent) -> str:
    memory = f", {spent.megabytes:,.0f} MB held" if spent.megabytes else ""
    times = (
        f"{spent.first:.1f} s besides the embeddings, a later one {spent.later:.1f} s, the report {spent.report:.1f} s"
    )
    there = f"{spent.cases:,} made-up cases, {spent.questions:,} different questions in {spent.gaps:,} gaps"
    return f"{there}: first reading {times}{memory}."
