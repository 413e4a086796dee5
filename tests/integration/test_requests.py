"""Feature requests: alike ones are one, one vote a person, and voters hear once what becomes of what they want."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.wish_news import WishNews
from bot.intents import Intent
from bot.messages import Person
from bot.store.forgetting import footprint, forget, people
from bot.store.opening import Store, open_store
from bot.support.handoff import Refused
from bot.support.overtaken import Overtaken
from bot.support.wishes import Voter, WishEvent, WishState
from bot.upkeep.wishes import exported
from bot.wishing import Wishes
from knowledge.errors import Misuse, Unavailable
from tests.fakes import wishes_of

KIM, EVE, ANA, BO = (Person(name.lower(), name) for name in ("Kim", "Eve", "Ana", "Bo"))
SIZING, ALSO, KAFKA = "a page on Couchbase sizing", "a page on Couchbase sizing please", "a page on Kafka sizing"


@dataclass
class World:
    """A store with a clock that a test moves, and an outbox that remembers."""

    folder: Path
    now: datetime = datetime(2026, 11, 24, 10, tzinfo=UTC)
    sent: list[tuple[str, str]] = field(default_factory=list)
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self.store: Store = open_store(f"sqlite:///{self.folder / 'sheriff.db'}", clock=lambda: self.now)
        self.wishes: Wishes = wishes_of(self.store)

    def post(self, reference: Any, message: Any) -> str:
        if self.fault:
            raise self.fault
        self.sent.append((reference["conversation"]["id"], message["text"]))
        return "sent"

    def update(self, reference: Any, activity: str, message: Any) -> None:
        raise AssertionError("nothing is updated")

    def news(self) -> WishNews:
        return WishNews(self.store.requests, self.store.request_news, self)

    def later(self, **time: int) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()


def in_teams(person: Person, conversation: str = "", kind: str = "personal") -> Voter:
    reference = {"conversation": {"id": conversation or f"chat-{person.id}", "conversationType": kind}}
    return Voter(person, "teams", reference)


def test_a_wish_in_nearly_the_same_words_is_a_vote_and_says_so(world: World) -> None:
    world.wishes.ask(SIZING, Voter(KIM))

    said = world.wishes.say(Intent.WISH, ALSO, Voter(EVE))

    assert "very much like FR-1" in said
    assert "different FR-2" in said
    assert [(wish.label, wish.votes) for wish in world.store.requests.top()] == [("FR-1", 2)]


def test_wishes_about_two_components_stay_two_however_alike_they_read(world: World) -> None:
    world.wishes.ask(SIZING, Voter(KIM))

    wished = world.wishes.ask(KAFKA, Voter(EVE))

    assert not wished.joined


def test_no_mine_is_different_makes_the_wish_one_of_its_own(world: World) -> None:
    world.wishes.ask(SIZING, Voter(KIM))
    world.wishes.ask(ALSO, Voter(EVE))

    world.wishes.say(Intent.DIFFERENT, "", Voter(EVE))

    assert [(wish.label, wish.votes) for wish in world.store.requests.top()] == [("FR-1", 1), ("FR-2", 1)]
    assert world.wishes.proposals() == []


def test_another_persons_wish_cannot_be_called_different(world: World) -> None:
    world.wishes.ask(SIZING, Voter(KIM))
    world.wishes.ask(ALSO, Voter(EVE))

    with pytest.raises(Misuse, match="another person"):
        world.wishes.different("FR-2", KIM)


def test_one_person_who_wishes_the_same_ten_times_counts_once(world: World) -> None:
    for n in range(10):
        world.wishes.ask(f"{SIZING}{'!' * n}", Voter(KIM))
        world.wishes.ask(f"{ALSO}{'.' * n}", Voter(KIM))

    assert [wish.votes for wish in world.store.requests.top()] == [1]


def test_merged_requests_count_the_union_of_their_voters_and_a_split_gives_each_its_own_back(world: World) -> None:
    store = world.store.requests
    store.ask(SIZING, KIM)
    store.ask("how to size buckets", KIM)
    store.vote(2, EVE)

    merged = store.merge(2, 1, ANA)
    after_merge = (merged.votes, store.vote(1, EVE).votes, store.has_voted(1, "eve"))
    store.split(2, ANA)

    assert after_merge == (2, 2, True)
    assert [(wish.number, wish.votes) for wish in store.all()] == [(2, 2), (1, 1)]


def test_what_was_merged_into_a_merged_request_goes_and_comes_along(world: World) -> None:
    store = world.store.requests
    for n, text in enumerate(("one", "two", "three")):
        store.ask(text, Person(f"p{n}", f"P{n}"))
    store.set_state(2, WishState.PLANNED, ANA)
    store.merge(3, 2, ANA)

    assert store.merge(2, 1, ANA).votes == 3
    split = store.split(2, ANA)

    assert (split.votes, split.state) == (2, WishState.PLANNED)
    assert [wish.number for wish in store.merged_into(2)] == [3]


def test_a_vote_for_a_merged_request_counts_for_the_other(world: World) -> None:
    store = world.store.requests
    store.ask("one", KIM)
    store.ask("two", KIM)
    store.merge(2, 1, ANA)

    assert world.wishes.vote("FR-2", Voter(EVE)).votes == 2
    assert store.unvote(1, "eve").votes == 1


def test_the_second_of_two_reviewers_is_told_who_was_faster(world: World) -> None:
    store = world.store.requests
    seen = store.ask(SIZING, KIM).version
    store.set_state(1, WishState.PLANNED, ANA, seen=seen)

    with pytest.raises(Overtaken, match="Ana changed it"):
        store.set_state(1, WishState.DECLINED, BO, seen=seen)

    wish = store.get(1)
    assert wish is not None
    assert wish.state is WishState.PLANNED


def test_voters_hear_in_teams_once_with_the_reason(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.store.requests.set_state(1, WishState.PLANNED, ANA, reason="Next quarter.")
    world.later(minutes=3)

    world.news().sweep()
    world.news().sweep()

    assert [place for place, _ in world.sent] == ["chat-kim"]
    assert "is planned: Next quarter." in world.sent[0][1]


def test_several_changes_at_once_are_one_message_that_says_how_it_stands(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.wishes.ask(KAFKA, in_teams(KIM))
    for state in (WishState.PLANNED, WishState.STARTED):
        for number in (1, 2):
            world.store.requests.set_state(number, state, ANA)
    nothing_yet = world.news().sweep()
    world.later(minutes=3)
    world.news().sweep()

    assert nothing_yet == 0
    assert len(world.sent) == 1
    assert world.sent[0][1].count("is being worked on") == 2


def test_what_was_changed_back_at_once_is_told_to_nobody(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.store.requests.set_state(1, WishState.DECLINED, ANA)
    world.store.requests.set_state(1, WishState.OPEN, ANA)
    world.later(minutes=3)

    assert world.news().sweep() == 0
    assert world.sent == []


def test_voters_of_one_conversation_hear_in_one_message_that_names_them(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM, "19:askers", "channel"))
    world.wishes.vote(1, in_teams(EVE, "19:askers", "channel"))
    world.store.requests.set_state(1, WishState.DONE, ANA)
    world.later(minutes=3)

    assert world.news().sweep() == 2
    [(place, text)] = world.sent
    assert place == "19:askers"
    assert text.startswith("Eve, Kim: what you want has moved.")


def test_news_wait_while_teams_does_not_answer_and_stay_on_the_page_where_it_refuses(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.store.requests.set_state(1, WishState.DONE, ANA)
    world.later(minutes=3)
    world.fault = Unavailable("down")
    assert world.news().sweep() == 0
    world.fault = Refused("blocked")
    assert world.news().sweep() == 0
    world.fault = None

    assert world.news().sweep() == 0
    assert [event.kind for event in world.store.request_news.recent("kim", since=world.now - timedelta(1))] == [
        WishEvent.STATE
    ]


def test_who_changes_a_state_is_not_told_of_it(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.store.requests.set_state(1, WishState.DONE, KIM)
    world.later(minutes=3)

    assert world.news().sweep() == 0


def test_a_merge_tells_those_who_wanted_the_merged_one_only(world: World) -> None:
    world.wishes.ask(SIZING, in_teams(KIM))
    world.wishes.ask(KAFKA, in_teams(EVE))
    world.store.requests.merge(2, 1, ANA)
    world.later(minutes=3)
    world.news().sweep()

    [(place, text)] = world.sent
    assert place == "chat-eve"
    assert "is counted with FR-1 “a page on Couchbase sizing” now" in text


def test_pairs_that_are_alike_are_proposed_until_a_maintainer_says_that_they_differ(world: World) -> None:
    store = world.store.requests
    store.ask(SIZING, KIM)
    store.ask(ALSO, EVE)

    assert [(pair.kept.number, pair.other.number) for pair in world.wishes.proposals()] == [(1, 2)]
    store.keep_apart(2, 1, ANA)

    assert world.wishes.proposals() == []


def test_an_export_runs_nothing_in_a_spreadsheet_and_is_no_markup(world: World) -> None:
    hostile = ('=HYPERLINK("http://x","y")', "+1", "-1", "@cmd", "<img src=x> | [a](http://x)")
    for text in hostile:
        world.store.requests.ask(text, Person("=eve", "=Eve"))

    rows = list(csv.DictReader(io.StringIO(exported(world.store.requests, "csv"))))
    table = exported(world.store.requests, "md")

    assert [row["text"] for row in rows] == [f"'{text}" for text in hostile[:4]] + [hostile[4]]
    assert {row["asked_by"] for row in rows} == {"'=Eve"}
    assert r"\<img src=x\> \| \[a\]\(http://x\)" in table
    assert [row["votes"] for row in json.loads(exported(world.store.requests, "json"))] == [1] * 5


def test_a_forgotten_person_leaves_no_vote_no_name_and_no_address(world: World) -> None:
    store = world.store.requests
    world.wishes.ask(SIZING, in_teams(KIM))
    store.ask("two", EVE)
    store.vote(2, in_teams(KIM))
    store.set_state(2, WishState.DONE, ANA, reason="Kim asked for it")
    store.set_state(1, WishState.PLANNED, KIM)
    [kim] = people(world.store.engine, "Kim")

    forget(world.store.engine, footprint(world.store.engine, kim))

    assert [(wish.by, wish.votes) for wish in store.all()] == [("Eve", 1), ("Someone", 0)]
    assert {each.by for each in store.history(1)} == {"Someone"}
    assert store.reached("kim") == []
    assert world.store.request_news.recent("kim", since=world.now - timedelta(1)) == ()
    raw = (world.folder / "sheriff.db").read_bytes()
    assert b"chat-kim" not in raw
    assert b"Kim" not in raw
