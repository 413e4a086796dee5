"""What every notifier promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.store.notifications import DeskPageNotifier
from bot.store.opening import Store, open_store
from bot.support.cases import Event
from bot.support.handoff import AllChannels, Notification, Notifier, Refused, Role
from bot.support.rota import TEAM, Member
from knowledge.errors import Unavailable
from tests.fakes import RecordingNotifier, a_case

ANA = Member("ana", "Ana")
CASE = a_case()
TOLD = Notification("1/sheriff", Role.SHERIFF, ANA, CASE, Event(CASE.opened, "handed_over", "Sheriff"), "Kim asks.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    opened.cases.save_new(CASE)
    yield opened
    opened.close()


@pytest.fixture(params=["recording", "desk page", "all"])
def notifier(request: pytest.FixtureRequest, store: Store) -> Notifier:
    if request.param == "recording":
        return RecordingNotifier()
    page = DeskPageNotifier(store.engine)
    return page if request.param == "desk page" else AllChannels([page, RecordingNotifier(where="")])


def test_a_sheriff_is_reached_and_the_place_fits_into_a_sentence(notifier: Notifier) -> None:
    where = notifier.tell(TOLD)

    assert where.split()[0] in {"in", "on", "by"}


def test_telling_twice_is_no_error(notifier: Notifier) -> None:
    assert notifier.tell(TOLD) == notifier.tell(TOLD)


def test_the_desk_page_shows_a_notification_once_newest_first(store: Store) -> None:
    page = DeskPageNotifier(store.engine)
    page.tell(TOLD)
    page.tell(TOLD)
    page.tell(replace(TOLD, key="1/remind-2", role=Role.TEAM, to=TEAM, text="Nobody has taken it."))
    page.tell(replace(TOLD, key="1/remind-1", role=Role.BACKUP, to=Member("bo", "Bo"), text="Ana has not."))

    assert [s.text for s in page.recent()] == ["Ana has not.", "Nobody has taken it.", "Kim asks."]
    assert [s.member for s in page.recent(member_id="ana")] == ["the whole team", "Ana"]
    assert page.recent(limit=1)[0].role is Role.BACKUP


def test_the_web_chat_reaches_only_those_who_asked_there(store: Store) -> None:
    page = DeskPageNotifier(store.engine)
    asker = replace(TOLD, role=Role.ASKER)

    assert page.tell(asker) == "in the chat"
    assert page.tell(replace(asker, case=replace(CASE, channel="teams"))) == ""
    assert page.recent() == ()


class Refusing:
    """A channel that reaches nobody, for good."""

    def tell(self, notification: Notification) -> str:
        raise Refused("in Teams: blocked")


def test_a_channel_that_refuses_is_told_with_the_places_that_were_reached() -> None:
    working = RecordingNotifier()

    with pytest.raises(Refused, match="in Teams: blocked") as caught:
        AllChannels([Refusing(), working]).tell(TOLD)

    assert caught.value.elsewhere == "in the test"
    assert list(working.told) == ["1/sheriff"]


def test_one_silent_channel_does_not_keep_the_others_from_telling() -> None:
    silent, working = RecordingNotifier(), RecordingNotifier()
    silent.down = True

    with pytest.raises(Unavailable):
        AllChannels([silent, working]).tell(TOLD)
    assert list(working.told) == ["1/sheriff"]

    silent.down = False
    assert AllChannels([silent, working, RecordingNotifier(where="by mail")]).tell(TOLD) == "in the test and by mail"
