"""What the figures cost with many cases: the page's way, beside one that loads every case with its events each time."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.rows import row_of, row_of_event
from bot.store.tables import cases as cases_table
from bot.store.tables import events as events_table
from bot.support.case_facts import facts_of
from bot.support.cases import Case, CaseState, Cause, Event, EventKind
from bot.support.insights import History, Insights, Row, Wanted, bounds, history_of, insights
from bot.support.working_time import WorkingTime
from evals.bench.clock import resident_mb
from evals.files import expect_writable, write
from evals.metrics import percentile
from knowledge.errors import Failure
from knowledge.model import Citation

NOW: Final = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
WORKING: Final = WorkingTime(ZoneInfo("Europe/Paris"))
PERIODS: Final = {"the last 8 weeks": 8, "all 52 weeks": 52}
SPAN: Final = timedelta(weeks=51)
ROUNDS: Final = 7
PEER_ROUNDS: Final = 1
_AT_ONCE: Final = 2_000
_COMPONENTS: Final = ("kafka", "alerting", "key-vault", "global-dns", "jor", "herm", "splunk", "quotas", "oracle", "")
_WORDS: Final = "How do I raise the partition quota of a topic in production without a restart of its consumers?"
_PAGE: Final = Citation(1, "Quotas", "kafka/quotas.md", "Raise a quota", "raise", _WORDS * 3)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one way and period: seconds of the middle and the slowest run, and megabytes on top of an idle process."""

    way: str
    period: str
    median: float
    slowest: float
    busy: float  # of the processor, the middle one: what other programs do beside counts less
    megabytes: float
    questions: int
    same: str = ""  # what the way found, to be compared


def insights_command(*, cases: int, json_file: Path | None) -> None:
    """Print what both ways cost. Raises Failure when they do not find the same."""
    expect_writable(json_file)
    with tempfile.TemporaryDirectory(prefix="sheriff-insights-") as folder:
        url = f"sqlite:///{folder}/sheriff.db"
        begun = time.perf_counter()
        store = open_store(url)
        fill(store, cases)
        filled = time.perf_counter()
        store.facts.mend()
        mended = time.perf_counter() - filled
        store.close()
        found = [_process(way, url, period) for period in PERIODS for way in ("ours", "peer")]
    print(f"{cases:,} cases over a year ({filled - begun:.0f} s to write them); all facts made anew in {mended:.1f} s")
    print("\n".join(lines(found)))
    if json_file is not None:
        write(json_file, json.dumps([asdict(cost) for cost in found], indent=1) + "\n")
    if any(len({cost.same for cost in found if cost.period == period}) > 1 for period in PERIODS):
        raise Failure("The two ways found different figures.")


def lines(found: Sequence[Cost]) -> Iterator[str]:
    names = {"ours": "facts, in one go", "peer": "load all cases"}
    for cost in found:
        median, slowest, busy = (f"{seconds * 1000:8,.0f} ms" for seconds in (cost.median, cost.slowest, cost.busy))
        yield (
            f"  {cost.period:18} {names[cost.way]:18} {median}  slowest {slowest}  processor {busy}"
            f"  {cost.megabytes:6,.0f} MB  {cost.questions:,} questions"
        )


def fill(store: Store, count: int, *, seed: int = 7) -> None:
    """Store cases of a made-up year, straight into the tables as another program would."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    for start in range(0, count, _AT_ONCE):
        made = [_case(number, count, chance) for number in range(start, min(count, start + _AT_ONCE))]
        with store.engine.execution_options(writes=True).begin() as connection:
            connection.execute(cases_table.insert(), [row_of(case) for case in made])
            connection.execute(events_table.insert(), [row_of_event(c.id, e) for c in made for e in c.events])


def _case(number: int, count: int, chance: random.Random) -> Case:
    opened = _working(NOW - SPAN + SPAN * number / count, chance)
    person = min(int(chance.expovariate(1 / 400)), 3_000)
    asker = Person(f"29:{person:08d}", f"Person {person}")
    events = [Event(opened, EventKind.OPENED, asker.name, _WORDS)]
    draw, outcome, state = chance.random(), "answered", CaseState.ANSWERED
    cause: Cause | None = None
    if draw < 0.36:
        events.append(Event(opened + timedelta(minutes=5), EventKind.CLOSED, asker.name))
        state = CaseState.CLOSED
    elif draw > 0.64:
        outcome = "unanswered" if draw > 0.8 else "hinted"
        state, cause = CaseState.RESOLVED, Cause.MISSING
        events += _handed(opened, chance)
    return Case(
        id=f"c-{number:012x}",
        state=state,
        question=_WORDS,
        asker=asker,
        channel=chance.choice(("teams", "teams", "teams", "web", "api")),
        conversation=f"teams:{person}",
        opened=opened,
        updated=events[-1].at,
        outcome=outcome,
        answer=_WORDS * 4,
        confidence=0.8,
        citations=(_PAGE, _PAGE),
        component=chance.choice(_COMPONENTS),
        sheriff=chance.choice(("Ana", "Bo", "Cy", "Dee", "Eli", "Fay")) if cause else "",
        ticket=f"SUP-{number}" if cause else "",
        cause=cause,
        resolution=_WORDS if cause else "",
        application=f"app-{person % 240}",
        events=tuple(events),
    )


def _working(moment: datetime, chance: random.Random) -> datetime:
    """The moment, moved into a day's busy hours, and mostly out of the weekend."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if day.weekday() > 4 and chance.random() < 0.9:
        day -= timedelta(days=2)
    return min(day + timedelta(hours=7.5 + 10.5 * chance.random()), NOW - timedelta(minutes=1))


def _handed(opened: datetime, chance: random.Random) -> Iterator[Event]:
    wait = timedelta(minutes=chance.expovariate(1 / 30))
    yield Event(opened, EventKind.HANDED_OVER, "Sheriff")
    yield Event(opened, EventKind.SHERIFF_NAMED, "Sheriff", "Ana is on duty.")
    yield Event(opened, EventKind.TICKET_OPENED, "Sheriff", "Ticket opened.")
    yield Event(opened + wait, EventKind.TAKEN, "Ana")
    yield Event(opened + 2 * wait, EventKind.REPLIED, "Ana", _WORDS)
    if chance.random() < 0.2:
        yield Event(opened + 3 * wait, EventKind.DETAILS_ASKED, "Ana", _WORDS)
        yield Event(opened + 4 * wait, EventKind.DETAILS_ADDED, "Kim", _WORDS)
    yield Event(opened + 9 * wait, EventKind.RESOLVED, "Ana", _WORDS, {"cause": "missing"})


# ---- in a process of its own, so that memory is that of one way ----


def _process(way: str, url: str, period: str) -> Cost:
    command = [sys.executable, "-m", "evals.bench.insights", way, url, period]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"The measurement of {way} failed: {done.stderr.strip()[-500:]}")
    return Cost(**json.loads(done.stdout))


def _measured(way: str, url: str, period: str) -> Cost:
    until = date(2026, 11, 27)
    wanted = Wanted(until - timedelta(weeks=PERIODS[period]) + timedelta(days=1), until)
    store = open_store(url)
    store.cases.list(limit=1)
    idle = resident_mb() or 0
    seconds: list[float] = []
    busy: list[float] = []
    found: list[Insights] = []
    for _ in range(ROUNDS if way == "ours" else PEER_ROUNDS):
        begun, worked = time.perf_counter(), time.process_time()
        history = _facts(store, wanted) if way == "ours" else _everything(store, wanted)
        found[:] = [insights(history, wanted, WORKING, NOW)]
        seconds.append(time.perf_counter() - begun)
        busy.append(time.process_time() - worked)
    store.close()
    return Cost(
        way,
        period,
        median=percentile(seconds, 0.5),
        slowest=max(seconds),
        busy=percentile(busy, 0.5),
        megabytes=max(0.0, _peak_mb() - idle),
        questions=found[0].outcomes.questions,
        same=_digest(found[0]),
    )


def _peak_mb() -> float:
    """The most memory this process ever held; 0 where the system does not tell. `getrusage` has the parent’s in it."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _facts(store: Store, wanted: Wanted) -> History:
    since, until = bounds(wanted, WORKING.zone)
    store.facts.mend()  # as the page does
    return store.facts.history(since=since, until=until)


def _everything(store: Store, wanted: Wanted) -> History:
    """The stateless way: every case and all its events, each time."""
    since, until = bounds(wanted, WORKING.zone)
    facts = [facts_of(case) for case in store.cases.walk()]
    rows: list[Row] = []
    for fact in facts:
        if since <= fact.opened < until:
            pauses = " ".join(f"{a}-{b}" for a, b in fact.pauses)
            _, *columns = astuple(fact)[:14]
            rows.append((*columns, pauses))
    known = frozenset(fact.asker for fact in facts if fact.opened < since)
    return history_of(rows, known=known, first=min(fact.opened for fact in facts))


def _digest(found: Insights) -> str:
    weeks: Sequence[Mapping[str, Any]] = [asdict(week) for week in found.weeks]
    load = sorted((asdict(one) for one in found.load), key=lambda one: str(one["sheriff"]))
    components = sorted((asdict(one) for one in found.components), key=lambda one: str(one["name"]))
    text = json.dumps([weeks, load, components], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(*sys.argv[1:4]))))
