"""What happens beside the cases: wishes and their votes, changes of the rota, the hand-over of each week."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.channels.duty_news import DutyNews
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_thread import Place
from bot.channels.wish_news import WishNews
from bot.demo.script import Cast
from bot.demo.stage import Stage
from bot.messages import Person
from bot.store.opening import Store
from bot.store.rota_book import RotaBook
from bot.support.cases import NotPossible
from bot.support.rota_changes import Draft, Kept, add_absence, add_override, answer_swap, ask_swap
from bot.support.swaps import Stretch
from bot.support.wishes import WishState
from knowledge.errors import Failure

if TYPE_CHECKING:
    from bot.channels.teams_adapter import TeamsConnection


@dataclass(frozen=True, slots=True)
class Office:
    """Puts all of it on the agenda of a stage."""

    stage: Stage
    store: Store
    book: RotaBook
    cast: Cast
    monday: datetime  # of this week, 00:00 local
    weeks: int
    seed: int
    until: datetime

    def open(self) -> None:
        draw = random.Random(f"office {self.seed}")  # noqa: S311
        self._wishes(draw)
        self._notices()
        news = DutyNews(
            book=self.book,
            news=self.store.news,
            cases=self.store.cases,
            outbox=TeamsLink(_unconnected),
            place=Place("", "", ""),
            clock=self.stage.hands,
        )
        for back in range(self.weeks):
            begins = self.book.rota.week_of(self._day(back, 2)).starts
            self.stage.at(begins + timedelta(minutes=5), news.sweep)
        for back, change in ((9, self._holiday), (7, self._swap), (4, self._absence), (0, self._coming)):
            if back < self.weeks:
                change(back)

    def _wishes(self, draw: random.Random) -> None:
        for text, votes in self.cast.lines["wishes"]:
            people = draw.sample([person for person, _ in self.cast.people], votes)
            asked = self._day(draw.randrange(self.weeks // 2, self.weeks), draw.randrange(5)) + timedelta(hours=11)
            self.stage.at(asked, partial(self.store.requests.ask, text, people[0]))
            for person in people[1:]:
                later = asked + timedelta(days=draw.uniform(0.1, 7 * self.weeks / 2))
                self.stage.at(later, partial(self.store.requests.ask, text, person))

        told = WishNews(
            requests=self.store.requests, news=self.store.request_news, outbox=TeamsLink(_unconnected), here_only=True
        )
        for number, fate in enumerate(self.cast.lines["fates"]):
            decided = self._day(max(0, self.weeks // 3 - number), number % 5) + timedelta(hours=14)
            self.stage.at(decided, partial(self._decide, fate["wish"], WishState(fate["state"]), fate["reason"]))
            self.stage.at(decided + timedelta(minutes=20), told.sweep)

    def _decide(self, text: str, state: WishState, reason: str) -> None:
        wish = self.store.requests.find(text)
        if wish is not None:
            self.store.requests.set_state(wish.number, state, self._member(0), reason=reason)

    def _notices(self) -> None:
        """One that was up during the incident, and one that is up now."""
        lines = self.cast.lines["incident"]
        begins = self._day(lines["week"], lines["day"], lines["hour"]) + timedelta(minutes=25)
        if lines["week"] < self.weeks:
            self._pin(begins, lines["notice"], begins + timedelta(minutes=80))
        now = self.cast.lines["notice"]
        self._pin(self.until - timedelta(hours=3), now, self.until + timedelta(hours=now["hours"]))

    def _pin(self, at: datetime, lines: Mapping[str, Any], ends: datetime) -> None:
        def pinned() -> None:
            by = self.book.sheriff_on(at)
            who = self._member(0) if by.is_team else Person(by.id, by.name)
            self.store.notices.pin(lines["title"], who, ends, text=lines["text"], questions=lines["questions"])

        self.stage.at(at, pinned)

    def _holiday(self, back: int) -> None:
        """Nobody is on duty for a day, entered in the week before."""
        lines = self.cast.lines["holiday"]
        morning = self._day(lines["week"], lines["day"], 9)
        day = Stretch(morning, morning + timedelta(days=1))
        self._change(self._day(back, 1, 10), 0, lambda kept: add_override(kept, "team", day, now=self.stage.hands()))

    def _absence(self, back: int) -> None:
        first = self._day(back - 2, 0)
        away = Stretch(first, first + timedelta(days=3))
        self._away(self._day(back, 3, 15), 1, away)

    def _swap(self, back: int) -> None:
        """One asks for the week of another, who accepts the next morning."""
        self._ask_swap(self._day(back, 0, 11), back - 2)
        self.stage.at(self._day(back, 1, 9), self._accept)

    def _coming(self, back: int) -> None:
        """Ahead: somebody is away, and a swap waits for an answer."""
        away = Stretch(self._day(back - 6, 0), self._day(back - 6, 5))
        self._away(self._day(1, 3, 14), 2, away)
        self._ask_swap(self._day(1, 4, 16), -2)

    def _ask_swap(self, at: datetime, back: int) -> None:
        """For the week after it; when that is not theirs to swap, a later pair of weeks."""

        def asked() -> None:
            for earlier in range(4):
                with suppress(NotPossible):
                    self._swapped(self._week(back - earlier), self._week(back - earlier - 1))
                    return

        self.stage.at(at, asked)

    def _swapped(self, given: Stretch, taken: Stretch) -> None:
        giver, taker = (self.book.sheriff_on(stretch.starts) for stretch in (given, taken))
        by = Person(giver.id, giver.name)
        self._record(by, lambda kept: ask_swap(kept, giver.id, taker.id, given, taken, now=self.stage.hands()))

    def _accept(self) -> None:
        swaps = self.book.now().swaps
        if not swaps:
            raise NotPossible("Nobody has asked for a swap.")
        last = swaps[-1]
        by = Person(last.other.id, last.other.name)
        self._record(by, lambda kept: answer_swap(kept, last.number, by.id, accept=True, now=self.stage.hands()))

    def _away(self, at: datetime, member: int, away: Stretch) -> None:
        label = self._member(member).id
        self._change(at, member, lambda kept: add_absence(kept, label, away, now=self.stage.hands()))

    def _change(self, at: datetime, member: int, decide: Callable[[Kept], Draft]) -> None:
        by = self._member(member)
        self.stage.at(at, partial(self._record, by, decide))

    def _record(self, by: Person, decide: Callable[[Kept], Draft]) -> None:
        self.book.record(decide, by=by)

    def _member(self, number: int) -> Person:
        members = self.book.members
        member = members[number % len(members)]
        return Person(member.id, member.name)

    def _week(self, back: int) -> Stretch:
        shift = self.book.rota.week_of(self._day(back, 2))
        return Stretch(shift.starts, shift.ends)

    def _day(self, back: int, day: int, hour: int = 0) -> datetime:
        """A day of the week that lies so many before this one; in that place's wall time."""
        wanted = (self.monday - timedelta(weeks=back) + timedelta(days=day)).date()
        return datetime.combine(wanted, time(hour), self.monday.tzinfo)


def _unconnected() -> TeamsConnection:
    raise Failure("A demonstration sends nothing to Teams.")
