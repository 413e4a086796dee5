"""What a language model may cost: put aside before, settled after, shared by replicas, new every midnight."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.budgeting import ALL_BUSY, ALL_SPENT, PERSON_SPENT, WRITTEN, Limits, Purse
from bot.store.opening import Store, open_store
from bot.store.token_book import TokenBook
from bot.telemetry import Metrics
from knowledge.errors import BudgetSpent, ModelUnavailable
from knowledge.ports import ChatMessage, ChatModel, Form
from tests.fakes import ScriptedChat

PARIS = ZoneInfo("Europe/Paris")
PROMPT = [ChatMessage("user", "raise the quota?")]
CALL = 3 + WRITTEN  # tokens put aside for PROMPT, a word counted as one


@dataclass
class Clock:
    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Till:
    """Purses on one database, as replicas have them."""

    store: Store
    clock: Clock
    metrics: Metrics = field(default_factory=Metrics)

    def book(self) -> TokenBook:
        return TokenBook(self.store.engine, clock=self.clock, zone=lambda: PARIS)

    def purse(self, limits: Limits) -> Purse:
        return Purse(self.book(), limits, count=lambda text: len(text.split()), metrics=self.metrics)

    def model(self, limits: Limits, person: str = "kim", model: ChatModel | None = None) -> ChatModel:
        return self.purse(limits).opened_for(person, model or ScriptedChat("Set ", "it."))


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}")
    yield Till(store, Clock())
    store.close()


def said(model: ChatModel) -> str:
    return "".join(model.stream(PROMPT))


def test_a_call_costs_what_was_asked_and_written(till: Till) -> None:
    assert said(till.model(Limits())) == "Set it."

    assert till.book().used() == till.book().used("kim") == 3 + 2
    assert till.metrics.registry.get_sample_value("sheriff_tokens_total") == 5


def test_who_has_used_up_the_day_is_told_so_and_others_are_answered(till: Till) -> None:
    limits = Limits(tokens_per_person=CALL + 4)
    said(till.model(limits))

    with pytest.raises(BudgetSpent, match=PERSON_SPENT):
        said(till.model(limits))

    assert said(till.model(limits, person="lea")) == "Set it."


def test_what_all_have_used_up_nobody_gets(till: Till) -> None:
    limits = Limits(tokens_per_day=CALL + 4)
    said(till.model(limits))

    with pytest.raises(BudgetSpent, match=ALL_SPENT):
        said(till.model(limits, person="lea"))

    refused = till.metrics.registry.get_sample_value("sheriff_budget_refusals_total", {"limit": "everybody"})
    assert (refused, till.book().used("lea")) == (1, 0)


def test_a_replica_counts_in_the_same_book(till: Till) -> None:
    limits = Limits(tokens_per_person=CALL + 4)
    said(till.model(limits))

    with pytest.raises(BudgetSpent):
        till.purse(limits).reserve("kim", CALL)


def test_a_day_ends_at_midnight_where_the_rota_is(till: Till) -> None:
    limits = Limits(tokens_per_person=CALL)
    said(till.model(limits))
    till.clock.now = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
    with pytest.raises(BudgetSpent):
        said(till.model(limits))

    till.clock.now = datetime(2026, 3, 2, 23, 1, tzinfo=UTC)

    assert said(till.model(limits)) == "Set it."
    assert till.book().used("kim") == 5


def test_a_call_that_breaks_off_is_paid_for_as_far_as_it_came(till: Till) -> None:
    with pytest.raises(ModelUnavailable, match="broke off"):
        said(till.model(Limits(), model=ScriptedChat("Set ", fault="broke off")))

    assert till.book().used("kim") == 3 + 1


class Slow:
    """A model that writes when it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let = threading.Event()

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        self.begun.release()
        assert self.let.wait(30)
        yield "Done."


def test_calls_at_the_same_moment_spend_nothing_twice(till: Till) -> None:
    limits, slow, refused = Limits(tokens_per_day=3 * CALL), Slow(), threading.Semaphore(0)

    def call(person: str) -> None:
        try:
            said(till.model(limits, person=person, model=slow))
        except BudgetSpent:
            refused.release()

    callers = [threading.Thread(target=call, args=(f"p{n}",)) for n in range(5)]
    for caller in callers:
        caller.start()
    for _ in range(3):
        assert slow.begun.acquire(timeout=30)
    for _ in range(2):
        assert refused.acquire(timeout=30)
    slow.let.set()
    for caller in callers:
        caller.join()

    assert till.book().used() == 3 * (3 + 1)


def test_beyond_those_that_run_and_wait_no_call_is_made(till: Till) -> None:
    purse, slow = till.purse(Limits(at_once=1)), Slow()
    running = threading.Thread(target=lambda: said(purse.opened_for("kim", slow)))
    running.start()
    assert slow.begun.acquire(timeout=30)

    with pytest.raises(BudgetSpent, match=ALL_BUSY):
        said(purse.opened_for("lea", ScriptedChat("Set it.")))

    slow.let.set()
    running.join()
    assert said(purse.opened_for("lea", ScriptedChat("Set it."))) == "Set it."


def test_a_call_waits_for_the_one_that_runs(till: Till) -> None:
    purse, slow, heard = till.purse(Limits(at_once=1, waiting=1)), Slow(), []
    running = threading.Thread(target=lambda: said(purse.opened_for("kim", slow)))
    running.start()
    assert slow.begun.acquire(timeout=30)
    waiting = threading.Thread(target=lambda: heard.append(said(purse.opened_for("lea", ScriptedChat("Set it.")))))
    waiting.start()

    slow.let.set()
    running.join()
    waiting.join()

    assert heard == ["Set it."]
