"""`sheriff demo`: fills an empty home with a made-up quarter, and clears it again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import partial

from bot import knowledge_wiring
from bot.casework import Casework
from bot.demo.office import Office
from bot.demo.script import Cast, script
from bot.demo.stage import AtOnce, Hands, Stage
from bot.deployments import platform_of
from bot.desks.sqlite import SqliteDesk
from bot.examining import here
from bot.library import Library
from bot.noticing import Notices
from bot.occupancy import occupied
from bot.settings import Settings
from bot.sources import named, reads_bundled, sources
from bot.store.demonstration import Demonstration
from bot.store.notifications import DeskPageNotifier
from bot.store.opening import Store, open_store
from bot.store.outreach import Outreach
from bot.support.cases import OPEN
from bot.support.likeness import Likeness
from bot.support.rota import Duty
from bot.telemetry import Metrics
from bot.turn import Board, Sheriff, Surroundings
from bot.wishing import Wishes
from knowledge.errors import Misuse

_STILL_OPEN = 10
_SERVED = "Sheriff serves from {home}. Stop it first, then try again."


def demo_command(settings: Settings, *, seed: int, weeks: int, now: datetime) -> None:
    """Fill the home and say what is in it. Raises Misuse when it is not empty, or reads other documentation."""
    if not reads_bundled(settings):
        raise Misuse(
            "The demonstration asks about the bundled example platform, and this home reads other documentation. "
            "Name an empty home and no configuration: sheriff demo --home demo."
        )
    with _opened(settings, now) as (store, hands):
        if not store.rota(settings.rota).members:
            raise Misuse(f"{settings.rota}: nobody is in the rota, so nobody could answer. Name a rota with members.")
        store.demonstration.begin(Demonstration(now, seed, weeks))
        with knowledge_wiring.opened_library(settings) as library:
            if not library.status().ready:
                print("Reading the example platform's pages first; that takes a minute or two.", file=sys.stderr)
                library.ingest(sources(settings))
            fill(settings, store, library, hands, until=now)
        print("\n".join(_summary(store, settings)))


def remove_command(settings: Settings, *, now: datetime) -> None:
    """Clear a home that holds a demonstration, with all that was asked there since. Raises Misuse for another."""
    with _opened(settings, now) as (store, _):
        count = store.demonstration.remove(now=now)
    print(f"The demonstration is gone: {count:,} cases with all that belonged to them. The index stays.")


def fill(settings: Settings, store: Store, library: Library, hands: Hands, *, until: datetime) -> None:
    """Play the quarter that ends at `until` into a marked store, whose clock is `hands`."""
    made = store.demonstration.get()
    if made is None:
        raise Misuse("Only a home that is marked as a demonstration is filled.")
    book, cast = store.rota(settings.rota), Cast.read()
    monday = _monday(book.local(until))
    desk = SqliteDesk(store.engine, prefix=settings.desk.prefix, url="/desk/{case}", clock=hands)
    notifier = DeskPageNotifier(store.engine, clock=hands)
    outreach = Outreach(store.cases, desk=desk, notifier=notifier, rota=book, clock=hands)
    stage = Stage(cast, hands, store.cases, book, outreach)
    delivers = AtOnce(store.cases, outreach, handed=stage.handed)
    stage.casework = Casework(store.cases, workflows=delivers, rota=book, clock=hands)
    platform, likeness = named(settings), Likeness(library.embedder.embed)
    topology = platform_of(settings)
    board = Board(
        Wishes(store.requests, likeness, names=topology.components),
        Notices(store.notices, store.cases, likeness, clock=hands, zone=book.zone),
    )
    stage.take = Sheriff(
        library=library,
        examiner=here(topology),
        cases=store.cases,
        turns=store.turns,
        casework=stage.casework,
        world=Surroundings(hands, platform.name, platform.docs),
        metrics=Metrics(),
        board=board,
    ).take
    for asking in script(cast, monday=monday, weeks=made.weeks, seed=made.seed, lately=_lately(book, until)):
        stage.at(asking.at, partial(stage.ask, asking))
    Office(stage, store, book, cast, monday, made.weeks, made.seed, until).open()
    stage.play(until=until)
    hands.now = until


@contextmanager
def _opened(settings: Settings, now: datetime) -> Iterator[tuple[Store, Hands]]:
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    hands = Hands(now)
    with occupied(settings.home, why=_SERVED.format(home=settings.home)):
        store = open_store(settings.database, clock=hands)
        try:
            yield store, hands
        finally:
            store.close()


def _monday(local: datetime) -> datetime:
    return datetime.combine((local - timedelta(days=local.weekday())).date(), time(), local.tzinfo)


def _lately(rota: Duty, until: datetime) -> list[datetime]:
    """Moments in the last working hours, the newest first."""
    moments = [rota.local(until - timedelta(minutes=5 + 50 * n)) for n in range(24 * 10)]
    return [moment for moment in moments if rota.is_working(moment)][:_STILL_OPEN]


def _summary(store: Store, settings: Settings) -> Iterator[str]:
    made = store.demonstration.get()
    outcomes: Counter[str] = Counter()
    people: set[str] = set()
    handed = 0
    for case in store.cases.walk():
        outcomes[case.outcome] += 1
        people.add(case.asker.id)
        handed += bool(case.ticket)
    total = outcomes.total()
    weeks = made.weeks if made else 0
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    open_ = store.cases.count(states=tuple(OPEN))
    yield f"Demonstration data: {total:,} cases of {weeks} weeks, asked by {len(people)} made-up people ({told})."
    yield f"{handed:,} went to the duty sheriff, {open_} are still open. Nothing of it is told to anybody."
    yield f"Look at it: sheriff serve --home {settings.home}     Clear it: sheriff demo --remove --home {settings.home}"
