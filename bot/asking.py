"""One question, asked on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from pydantic import SecretStr

from bot import desk_wiring, knowledge_wiring, store_wiring, wiring, wording
from bot.casework import Casework
from bot.deployments import platform_of
from bot.examining import here
from bot.messages import Incoming, Person, Reply, ReplyKind
from bot.noticing import Notices
from bot.sections import DeskSettings
from bot.settings import Settings
from bot.sources import named
from bot.store.notifications import DeskPageNotifier
from bot.store.opening import Store, has_database
from bot.support.cases import Case
from bot.support.likeness import Likeness
from bot.telemetry import Metrics
from bot.turn import Board
from bot.wishing import Wishes
from knowledge.errors import Failure


@contextmanager
def asking(settings: Settings, *, hand_over: bool, until: float | None = None) -> Iterator[Callable[[Incoming], Reply]]:
    """Sheriff for one question. Without `hand_over` nothing is kept: cases go to a store that is thrown away.

    `until`, on the monotonic clock, is when the question stops waiting for the language model.
    """
    with ExitStack() as stack:
        if hand_over:
            database = settings
        else:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sheriff-ask-")))
            kept = {"database_url": SecretStr(f"sqlite:///{folder / 'cases.db'}"), "desk": DeskSettings()}
            database = settings.model_copy(update=kept)
        passer_by = f"ask-{uuid4().hex}" if hand_over else ""
        store = stack.enter_context(store_wiring.opened_store(database, replica=passer_by))
        purse = store_wiring.purse_of(settings, store, Metrics())
        knowing = stack.enter_context(
            knowledge_wiring.opened_library(settings, with_model=True, until=until, purse=purse)
        )
        if not hand_over:
            knowing.require()
        database = wiring.inward(database, store)
        rota = store.rota(settings.rota)
        desk = stack.enter_context(desk_wiring.opened_desk(database, store, clock=store_wiring.now))
        workflows = wiring.workflows_of(
            database, store, rota, desk, [DeskPageNotifier(store.engine, clock=store_wiring.now)]
        )
        if hand_over:
            workflows.start()
            stack.callback(workflows.stop)
            workflows.wait_until_ready(timeout=20)
        casework = Casework(store.cases, workflows=workflows, rota=rota, clock=store_wiring.now)
        staying = casework if hand_over else StayingHere(casework, store)
        platform = platform_of(settings)
        likeness = Likeness(knowing.embedder.embed)
        wishes = Wishes(store.requests, likeness, names=platform.components)
        kept_here = hand_over or not has_database(settings.database)
        pinned = (
            store if kept_here else stack.enter_context(store_wiring.opened_store(settings))
        )  # known, whatever is kept
        notices = Notices(pinned.notices, pinned.cases, likeness, clock=store_wiring.now, zone=rota.zone)
        examiner = here(platform)  # his own files, on his own machine
        take = wiring.sheriff_of(settings, knowing, store, staying, examiner, Metrics(), Board(wishes, notices)).take
        yield take if hand_over else lambda incoming: _without_case(take(incoming), named(settings).docs)


def _without_case(reply: Reply, docs: str) -> Reply:
    """The reply as it reads when nothing was kept: the case was thrown away with its store."""
    unkept = {ReplyKind.UNANSWERED: wording.not_known(docs, reply), ReplyKind.FORWARDED: "The nearest pages:"}
    text = unkept.get(reply.outcome, reply.text)
    return replace(reply, text=text, case=None)


class StayingHere:
    """Hands nothing over: for a question that nobody should be called for."""

    def __init__(self, casework: Casework, store: Store) -> None:
        self._casework = casework
        self._store = store

    def hand_over(self, case_id: str, *, wait: float = 0) -> Case:  # noqa: ARG002 - nothing to wait for
        case = self._store.cases.get(case_id)
        if case is None:
            raise Failure(f"There is no case {case_id}.")
        return case

    def add_details(self, case_id: str, by: Person, text: str) -> Case:
        return self._casework.add_details(case_id, by, text)

    def solved(self, case_id: str, by: Person) -> Case:
        return self._casework.solved(case_id, by)

    def duty_sentence(self) -> str:
        return self._casework.duty_sentence()
