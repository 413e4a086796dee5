"""The week's gaps in the sheriffs' channel: once, in whatever process, and only when there is something to tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import teams_wiring
from bot.channels.gap_news import GapNews
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_thread import Place
from bot.sections import TeamsSettings
from bot.settings import Settings
from bot.support.ledger import GapState
from knowledge.errors import Unavailable
from tests.integration.test_duty_news import MONDAY, SHERIFFS, Channel, body
from tests.integration.test_gaps_page import HOSTILE, ask, refresh
from tests.web_office import BO, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    office.clock.now = MONDAY
    yield office
    office.close()


def news(office: Office, channel: Channel, place: Place = SHERIFFS) -> GapNews:
    store = office.store
    return GapNews(office.book, store.news, store.gaps, channel, place, office.clock, "https://s.example")


def test_the_weeks_gaps_are_told_once_with_what_was_closed(office: Office) -> None:
    channel = Channel()
    ask(office, 1, "Can JOR start a job elsewhere?")
    ask(office, 2, "Which size do Couchbase buckets have at most?", who="Lea")
    refresh(office)
    office.store.gaps.act(2, GapState.DRAFTED, BO, version=1)
    office.store.gaps.found(2, GapState.VERIFIED, "It is answered.")

    told = [news(office, channel).sweep() for _ in range(3)]

    assert told == [True, False, False]
    said = body(channel.cards[0])
    assert "1 open gap cost the sheriffs 0 min so far. 1 closed and stayed closed." in said
    assert "Costliest" in said
    assert "Closed this week" in said
    assert "https://s.example/gaps" in said


def test_without_gaps_a_channel_or_the_right_time_nothing_is_told(office: Office) -> None:
    channel = Channel()
    assert not news(office, channel).sweep()
    ask(office, 1, "Can JOR start a job elsewhere?")
    refresh(office)

    assert not news(office, channel, Place()).sweep()
    office.clock.now += timedelta(days=3)
    assert not news(office, channel).sweep()
    assert channel.cards == []


def test_while_teams_does_not_answer_it_is_tried_again(office: Office) -> None:
    channel = Channel()
    ask(office, 1, HOSTILE)
    refresh(office)

    channel.failure = Unavailable("down")
    assert not news(office, channel).sweep()
    channel.failure = None

    assert news(office, channel).sweep()
    assert "[click](javascript" not in body(channel.cards[0])


@pytest.mark.parametrize(
    ("maintainers", "told"), [("19:maintainers@thread.tacv2", "19:maintainers@thread.tacv2"), ("", "19:s@thread.tacv2")]
)
def test_maintainers_are_told_in_their_own_channel_if_they_have_one(
    office: Office, maintainers: str, told: str
) -> None:
    teams = TeamsSettings(sheriff_channel="19:s@thread.tacv2", maintainer_channel=maintainers)
    settings = Settings(teams=teams, teams_app_id="app")
    link = TeamsLink(lambda: pytest.fail("nobody is told yet"))
    store = office.store
    threads = teams_wiring.threads(settings, store, rota=office.book, link=link, clock=office.clock, address="")

    news = teams_wiring.gap_news(settings, store, book=office.book, threads=threads)

    assert news.place.reference()["conversation"]["id"] == told
    assert threads.place.conversation == "19:s@thread.tacv2"
