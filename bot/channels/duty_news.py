"""What the rota tells by itself: the hand-over of each week, swaps that wait, and that nobody is on duty. Each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from bot.channels import teams_activities as wire
from bot.channels.cards import Card, duty_card, weekly_card
from bot.channels.duty_words import swap_words
from bot.channels.handover_note import as_text, hand_over
from bot.channels.teams_thread import Outbox, Place
from bot.landmarks import RotaLandmark, passed
from bot.store.case_store import CaseStore
from bot.store.rota_book import RotaBook
from bot.store.rota_news import ALARM, ANSWERED, ASKED, REMINDED, WEEK, RotaNews
from bot.store.turn_log import Clock
from bot.support.clocks import DEFAULTS, Goal
from bot.support.handoff import Refused
from bot.support.rota import Member, Rota
from bot.support.rota_alarms import alarms
from bot.support.rota_changes import Kept
from bot.support.severity import CaseSeverity
from bot.support.swaps import Swap, SwapState, remind_at
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
LATE = timedelta(days=1)  # a hand-over is told within the day, even when Sheriff was down at its time
_FRESH = timedelta(days=2)  # an answer to a swap that is older is known
_LATEST_ASKED = 20  # cases of a member among which a chat of two is looked for
_DATED = "%a %d %b %H:%M"


@dataclass(frozen=True, slots=True)
class DutyNews:
    """Where there is no channel of sheriffs, the pages show what would have been told there."""

    book: RotaBook
    news: RotaNews
    cases: CaseStore
    outbox: Outbox
    place: Place
    clock: Clock
    goals: Mapping[CaseSeverity, Goal] = field(default_factory=lambda: DEFAULTS)
    base_url: str = ""

    def sweep(self) -> int:
        """Tell what is due and was not told; returns how much was. Safe in several processes, and after a restart."""
        kept, now = self.book.now(), self.clock()
        told = [self._week(kept.rota, now), *(self._alarm(each, kept.rota, now) for each in alarms(kept, now))]
        for swap in kept.swaps:
            told += self._swap(swap, kept, now)
        return sum(told)

    def _week(self, rota: Rota, now: datetime) -> bool:
        begun = rota.week_of(now).starts
        if now - begun >= LATE or not rota.members:
            return False
        key = week_key(begun)
        if not self.news.claim(key, WEEK):
            return False
        note = hand_over(rota, self.cases, now, goals=self.goals)
        sections = [(section.title, section.lines, section.more) for section in note.sections]
        card = weekly_card(note.headline, note.until, note.following, note.begins, sections)
        return self._tell(key, as_text(note), wire.calling(card, rota.sheriff_on(now), "you have the duty."))

    def _alarm(self, sentence: str, rota: Rota, now: datetime) -> bool:
        """Once a day, until it is mended."""
        key = f"alarm:{sha256(sentence.encode()).hexdigest()[:16]}:{rota.local(now):%Y-%m-%d}"
        if not self.news.claim(key, ALARM):
            return False
        return self._tell(key, sentence, duty_card("The rota needs you", sentence, alarm=True))

    def _swap(self, swap: Swap, kept: Kept, now: datetime) -> list[bool]:
        state, rota = swap.state(now), kept.rota
        words = swap_words(swap, rota)
        if state is SwapState.ASKED:
            lapses = f"it lapses {rota.local(swap.lapses):{_DATED}}"
            until = f"{words} Nothing changes until {swap.other.name} accepts; {lapses}."
            due = remind_at(swap, rota)
            told = [self._tell_of(swap, ASKED, f"{swap.asker.name} asks {swap.other.name} to swap", until)]
            if due is not None and due <= now:
                told.append(self._tell_of(swap, REMINDED, f"{swap.other.name}, a swap waits for your answer", until))
            return told
        if state in {SwapState.ACCEPTED, SwapState.DECLINED} and swap.answered and now - swap.answered < _FRESH:
            done = f"{swap.other.name} has {state.value} the swap"
            return [self._tell_of(swap, ANSWERED, done, words, to=swap.asker)]
        return []

    def _tell_of(self, swap: Swap, kind: str, title: str, text: str, *, to: Member | None = None) -> bool:
        key = swap_key(swap, kind)
        if not self.news.claim(key, kind):
            return False
        address = f" Answer at {self.base_url}/rota." if self.base_url and kind != ANSWERED else ""
        card, whom = duty_card(title, f"{text}{address}", swap=swap.number if kind != ANSWERED else 0), to or swap.other
        told = self._tell(key, text, wire.calling(card, whom, "this is for you."))
        if told and self.place.conversation:
            self._tell_alone(whom, card)
        return told

    def _tell_alone(self, member: Member, card: Card) -> None:
        """In the chat of two as well, if the member has ever asked something there. The channel was told: what fails
        here is not tried again."""
        asked = self.cases.list(asker=member.teams_id, limit=_LATEST_ASKED) if member.teams_id else ()
        chat = next((case.reference for case in asked if wire.kind_of(case.reference) == "personal"), None)
        if chat is None:
            return
        try:
            self.outbox.post(chat, wire.card_activity(card))
        except (Refused, Unavailable) as error:
            log.warning("rota_news_not_told_alone", member=member.id, reason=str(error))

    def _tell(self, key: str, text: str, card: Card) -> bool:
        """Post what was claimed, and keep it for the pages. Where the channel does not answer, the next sweep tries."""
        place = ""
        try:
            if self.place.conversation:
                self.outbox.post(self.place.reference(), wire.card_activity(card))
                place = "in Teams"
                passed(RotaLandmark.NEWS_SENT)
        except Refused:
            place = ""  # the bot was taken out of the channel; the pages still show it
        except Unavailable:
            self.news.abandon(key)
            return False
        self.news.tell(key, text, place=place)
        self.book.refresh_pages()
        return True


def week_key(begins: datetime) -> str:
    return f"week:{begins.timestamp():.0f}"


def swap_key(swap: Swap, kind: str) -> str:
    return f"swap:{swap.number}:{kind}"
