"""What the rota tells by itself: each thing once, in whatever process, also after a restart and late in the day."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.duty_news import DutyNews, week_key
from bot.channels.teams_thread import Place
from bot.messages import Person
from bot.store.notifications import DeskPageNotifier
from bot.store.opening import open_store
from bot.support import rota_changes as rules
from bot.support.handoff import Refused
from bot.support.swaps import Stretch
from knowledge.errors import Unavailable
from tests.rotas import paris
from tests.serving import serving
from tests.web_office import ANA, ROTA_TEXT, Office

MONDAY = paris(2026, 11, 30, 9).astimezone(UTC)  # Bo's week begins
SHERIFFS = Place("19:sheriffs@thread.tacv2", "https://smba.example", "28:bot")


class Channel:
    """Keeps what is posted, or refuses it."""

    def __init__(self) -> None:
        self.cards: list[Mapping[str, Any]] = []
        self.alone: list[tuple[str, Mapping[str, Any]]] = []  # by conversation, outside of the sheriffs' channel
        self.failure: Exception | None = None
        self.failure_alone: Exception | None = None

    def post(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        if self.failure:
            raise self.failure
        card, conversation = message["attachments"][0]["content"], reference["conversation"]["id"]
        if conversation != SHERIFFS.conversation:
            if self.failure_alone:
                raise self.failure_alone
            self.alone.append((conversation, card))
            return f"alone-{len(self.alone)}"
        self.cards.append(card)
        return f"sent-{len(self.cards)}"

    def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        raise AssertionError("nothing is updated")

    @property
    def titles(self) -> list[str]:
        return [card["body"][0]["text"] for card in self.cards]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    office.clock.now = MONDAY
    yield office
    office.close()


@pytest.fixture
def channel() -> Channel:
    return Channel()


def news_of(office: Office, channel: Channel, place: Place = SHERIFFS) -> DutyNews:
    return DutyNews(
        office.book, office.store.news, office.store.cases, channel, place, office.clock, base_url="https://s.example"
    )


def body(card: Mapping[str, Any]) -> str:
    def texts(items: Any) -> Iterator[str]:
        for item in items:
            yield item.get("text", "")
            yield from texts(item.get("items", ()))

    return "\n".join(texts(card["body"]))


# ---- the hand-over of the week ----


def test_the_hand_over_names_who_has_the_duty_who_is_next_and_what_is_left(office: Office, channel: Channel) -> None:
    office.clock.now = MONDAY - timedelta(days=3)
    office.ask("an unknown thing")
    taken = office.ask("another unknown thing").case
    assert taken is not None
    office.casework.take(taken.id, ANA)
    for number in range(3):
        case = office.store.cases.get(taken.id)
        assert case is not None
        office.store.cases.save_new(replace(case, id=f"c-hot{number}", ticket="", component="kafka", events=()))
    office.clock.now = MONDAY

    news_of(office, channel).sweep()

    assert channel.titles == ["Bo now, Dan next"]
    told = body(channel.cards[0])
    assert "Until Mon 07 Dec, 09:00" in told
    assert "SUP-142: an unknown thing" in told.replace("\\", "")
    assert "SUP-143: Ana owes Kim a reply, late since Fri 27 Nov 09:40" in told.replace("\\", "")
    assert "Kafka: 3 questions, 0 of them handed over" in told.replace("\\", "")
    kept = office.store.news.get(week_key(MONDAY))
    assert kept is not None
    assert (kept.place, kept.text.splitlines()[0]) == ("in Teams", "Bo now, Dan next.")


def test_it_is_told_once_a_week_after_restarts_too(office: Office, channel: Channel) -> None:
    for minutes in range(0, 7 * 24 * 60, 45):
        office.clock.now = MONDAY + timedelta(minutes=minutes)
        news_of(office, channel).sweep()  # a new one each time, as after a restart

    assert channel.titles == ["Bo now, Dan next"]

    office.clock.now = MONDAY + timedelta(days=7)
    news_of(office, channel).sweep()
    assert channel.titles == ["Bo now, Dan next", "Dan now, Ana next"]


def test_several_processes_tell_it_once(office: Office, channel: Channel) -> None:
    stores = [open_store(f"sqlite:///{office.folder / 'sheriff.db'}", clock=office.clock) for _ in range(4)]
    several = [DutyNews(s.rota(office.book.file), s.news, s.cases, channel, SHERIFFS, office.clock) for s in stores]
    together = threading.Barrier(len(several))

    def sweep(one: DutyNews) -> None:
        together.wait()
        for _ in range(5):
            one.sweep()

    threads = [threading.Thread(target=sweep, args=(one,)) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()

    assert channel.titles == ["Bo now, Dan next"]


@pytest.mark.parametrize(("hours", "told"), [(0, 1), (23, 1), (24, 0), (100, 0)])
def test_a_late_start_tells_it_within_the_day(office: Office, channel: Channel, hours: int, told: int) -> None:
    office.clock.now = MONDAY + timedelta(hours=hours)

    news_of(office, channel).sweep()

    assert len(channel.cards) == told


def test_when_the_channel_does_not_answer_the_next_sweep_tells_it(office: Office, channel: Channel) -> None:
    channel.failure = Unavailable("down")
    assert news_of(office, channel).sweep() == 0

    channel.failure = None
    office.clock.now += timedelta(minutes=20)
    assert news_of(office, channel).sweep() == 1
    assert channel.titles == ["Bo now, Dan next"]


@pytest.mark.parametrize("place", [Place(), SHERIFFS])
def test_without_a_channel_the_page_shows_the_note(office: Office, channel: Channel, place: Place) -> None:
    channel.failure = Refused("taken out")

    news_of(office, channel, place).sweep()

    kept = office.store.news.get(week_key(MONDAY))
    assert kept is not None
    assert (kept.place, kept.text.startswith("Bo now, Dan next.\nBo has the duty until Mon 07 Dec")) == ("", True)


# ---- swaps ----


def swap(office: Office, member: str = "dan") -> int:
    gives = Stretch(paris(2026, 12, 14, 9), paris(2026, 12, 21, 9))  # Ana's
    now = office.clock()
    return office.book.record(lambda kept: rules.ask_swap(kept, "ana", member, gives, None, now=now), by=ANA).number


def test_the_other_one_hears_of_a_swap_is_reminded_and_the_asker_hears_the_answer(
    office: Office, channel: Channel
) -> None:
    (office.folder / "rota.yaml").write_text(ROTA_TEXT.replace("name: Dan", "name: Dan, teams_id: aad-dan"))
    office.clock.now = MONDAY + timedelta(days=2)
    number, news = swap(office), news_of(office, channel)
    news.sweep()
    news.sweep()

    assert channel.titles == ["Ana asks Dan to swap"]
    assert "Nothing changes until Dan accepts; it lapses Mon 14 Dec 09:00." in body(channel.cards[0]).replace("\\", "")
    assert "https://s.example/rota" in body(channel.cards[0]).replace("\\", "")
    assert channel.cards[0]["msteams"]["entities"][0]["mentioned"] == {"id": "aad-dan", "name": "Dan"}

    office.clock.now = paris(2026, 12, 11, 8, 59).astimezone(UTC)  # after the hand-over to Dan was to be told
    news.sweep()
    assert len(channel.cards) == 1
    office.clock.pass_(minutes=2)
    news.sweep()
    news.sweep()
    assert channel.titles[1:] == ["Dan, a swap waits for your answer"]

    now = office.clock()
    office.book.record(lambda k: rules.answer_swap(k, number, "dan", accept=True, now=now), by=Person("dan", "Dan"))
    news.sweep()
    news.sweep()
    assert channel.titles[2:] == ["Dan has accepted the swap"]


def asked_in(office: Office, conversation: str, kind: str) -> None:
    """Dan has asked something in Teams."""
    answered = office.ask("How do I raise the quota?", sender=Person("aad-dan", "Dan"), conversation=conversation).case
    assert answered is not None
    case = office.store.cases.get(answered.id)
    assert case is not None
    reference = {"conversation": {"id": conversation, "conversationType": kind}}
    office.store.cases.save_new(replace(case, id=f"c-{kind}", reference=reference, events=()))


def test_whose_chat_with_sheriff_is_known_is_asked_there_as_well(office: Office, channel: Channel) -> None:
    (office.folder / "rota.yaml").write_text(ROTA_TEXT.replace("name: Dan", "name: Dan, teams_id: aad-dan"))
    office.clock.now = MONDAY + timedelta(days=2)
    asked_in(office, "a:dan", "personal")
    asked_in(office, "19:support@thread.tacv2", "channel")
    swap(office)

    for _ in range(2):
        news_of(office, channel).sweep()

    assert channel.titles == ["Ana asks Dan to swap"]
    [(conversation, card)] = channel.alone
    assert conversation == "a:dan"
    assert [action["title"] for action in card["actions"]] == ["Accept", "Decline"]
    assert "msteams" not in card or "entities" not in card["msteams"]


def test_a_chat_that_takes_nothing_does_not_bring_the_channel_its_card_again(office: Office, channel: Channel) -> None:
    (office.folder / "rota.yaml").write_text(ROTA_TEXT.replace("name: Dan", "name: Dan, teams_id: aad-dan"))
    office.clock.now = MONDAY + timedelta(days=2)
    asked_in(office, "a:dan", "personal")
    swap(office)
    channel.failure_alone = Unavailable("down")

    for _ in range(2):
        news_of(office, channel).sweep()

    assert (channel.titles, channel.alone) == (["Ana asks Dan to swap"], [])


def test_a_swap_that_lapsed_is_not_reminded_of(office: Office, channel: Channel) -> None:
    office.clock.now = MONDAY + timedelta(days=2)
    swap(office)
    office.clock.now = paris(2026, 12, 14, 9).astimezone(UTC) + timedelta(days=2)

    assert news_of(office, channel).sweep() == 0


# ---- loud ----


def test_a_broken_rota_is_told_in_the_channel_once_a_day_until_it_is_mended(office: Office, channel: Channel) -> None:
    office.clock.now = MONDAY + timedelta(days=2)
    (office.folder / "rota.yaml").write_text("start: 2026-11-23\nmembers: []\n")
    for hours in range(0, 30, 3):
        office.clock.now = MONDAY + timedelta(days=2, hours=hours)
        news_of(office, channel).sweep()

    assert channel.titles == ["The rota needs you"] * 2
    assert "line 2: members is empty" in body(channel.cards[0]).replace("\\", "")

    (office.folder / "rota.yaml").write_text(ROTA_TEXT)
    office.clock.pass_(days=1)
    assert news_of(office, channel).sweep() == 0


def test_with_a_broken_rota_the_server_starts_says_so_and_cases_go_to_the_whole_team(
    own_home: Path, model_dir: Path
) -> None:
    (own_home.parent / "sheriff.yaml").write_text("rota: rota.yaml\n")
    (own_home.parent / "rota.yaml").write_text("start: 2026-01-05\nmembers: []\n")
    unknown = "Can I get a FortranGrid licence for Solaris?"

    with serving(own_home, model_dir) as served:
        served.wait_until_ready()
        case = served.ask(unknown)["case"]
        pages = {path: httpx.get(f"{served.url}{path}", timeout=10).text for path in ("/", "/desk", "/rota")}
        log = "".join(served.lines)

    assert "rota_broken" in log
    assert "members is empty" in log
    assert all("members is empty. List at least one" in page for page in pages.values())
    assert (case["state"], case["ticket"], case["sheriff"]) == ("new", "SUP-1", "")  # type: ignore[index]
    store = open_store(f"sqlite:///{own_home / 'sheriff.db'}")
    [told] = DeskPageNotifier(store.engine).recent()
    store.close()
    assert (told.member, told.role.value, unknown in told.text) == ("the whole team", "sheriff", True)
