"""Sheriff in Teams, put together for tests: everything real but the answers, over the Bot Framework on loopback."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

from bot.channels.services import Answerer
from bot.channels.teams_commands import Commands
from bot.channels.teams_desk import TeamsDesk
from bot.channels.teams_extension import Extension
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_talk import Talk
from bot.channels.teams_thread import CaseThreads, Place
from bot.desks.sqlite import SqliteDesk
from bot.enclosures import enclosed
from bot.examining import here
from bot.store.opening import Store
from bot.store.outreach import Outreach
from bot.support.cases import Case
from bot.support.handoff import AllChannels, Notifier
from bot.support.rota_file import read_rota
from bot.turn import mended_files
from knowledge import bundled
from knowledge.deployment.platform import Platform
from knowledge.model import Citation
from knowledge.validation.catalog import SchemaCatalog
from tests.fakes import notices_of, wishes_of

PLATFORM = Platform(SchemaCatalog.load(bundled.SCHEMAS))
NOW = datetime(2026, 11, 24, 10, 36, tzinfo=UTC)  # a Tuesday, within working hours
SHERIFFS = "19:sheriffs@thread.tacv2"
ROTA = read_rota(
    """
timezone: Europe/Paris
start: 2026-11-23
members:
  - {id: ana, name: Ana, teams_id: aad-ana}
  - {id: bo, name: Bo}
"""
)


def clock() -> datetime:
    return NOW


class StraightWorkflows:
    """Does at once what the durable ones do one after the other; the same steps."""

    def __init__(self, store: Store, notifiers: list[Notifier]) -> None:
        self._cases = store.cases
        desk = SqliteDesk(store.engine, prefix="SUP", url="/desk/{case}", clock=clock)
        self._outreach = Outreach(store.cases, desk=desk, notifier=AllChannels(notifiers), rota=ROTA, clock=clock)

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        self.push(case_id)
        case = self._cases.get(case_id)
        assert case is not None
        return case

    def push(self, case_id: str) -> int:
        waiting = self._cases.unheard(case_id=case_id)
        for row in waiting:
            stored = self._cases.event(row.number)
            assert stored is not None
            problems = [step(row.number) for _, step in self._outreach.steps_for(stored.event)]
            assert not any(problems), problems
            self._outreach.finish(row.number)
        return len(waiting)


def threads_of(store: Store, link: TeamsLink, place: Place = Place()) -> CaseThreads:  # noqa: B008 - frozen
    return CaseThreads(place, link, store.cases, store.posts, store.turns, ROTA, clock)


def talk_of(
    store: Store,
    threads: CaseThreads,
    sheriff: Answerer,
    executor: Executor,
    *,
    casework: Any,
    cases: Any = None,
    token: Callable[[], Any],
    **given: Any,
) -> Talk:
    desk = TeamsDesk(threads, casework)
    found = Citation(1, "Kafka quotas", "k.md", "Raise", "raise", "Set quota.partitions.", document_id="docs:k.md")
    return Talk(
        sheriff=sheriff,
        cases=cases or store.cases,
        casework=casework,
        posts=store.posts,
        deliveries=store.turns,
        desk=desk,
        extension=Extension(sheriff, lambda _: (found,), store.cases, desk, clock, "Dev Insight"),
        commands=Commands(
            store.cases, casework, wishes_of(store), notices_of(store, clock), ROTA, clock, member=desk.member
        ),
        mend=lambda text: mended_files(text, here(PLATFORM)),
        describe=lambda attachments: enclosed(attachments, here(PLATFORM)),
        token=token,
        executor=executor,
        platform="Meridian",
        docs="Dev Insight",
        base_url="https://sheriff.example",
        **given,
    )
