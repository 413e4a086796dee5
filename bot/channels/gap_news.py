"""Tells once a week, in a channel, which gaps of the documentation cost most and which were closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.channels import teams_activities as wire
from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import line_of, spoken
from bot.channels.teams_thread import Outbox, Place
from bot.store.gap_store import GapStore
from bot.store.rota_book import RotaBook
from bot.store.rota_news import RotaNews
from bot.store.turn_log import Clock
from bot.support.gap_report import count_of, summary
from bot.support.handoff import Refused
from bot.support.ledger import KIND_LABELS, UNSOLVED, Gap, GapState
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
GAPS = "gaps"  # the kind of the news
LATE = timedelta(days=2)  # told within two days of the hand-over, even when Sheriff was down at its time
EVERY = 300.0  # seconds between two looks
_TOLD = 5


@dataclass(frozen=True, slots=True)
class GapNews:
    """Where there is no channel, the page alone has it."""

    book: RotaBook
    news: RotaNews
    gaps: GapStore
    outbox: Outbox
    place: Place
    clock: Clock
    base_url: str = ""

    def sweep(self) -> bool:
        """Tell the week's gaps if that is due and was not done. Safe in several processes, and after a restart."""
        now = self.clock()
        begun = self.book.now().rota.week_of(now).starts
        costliest = self.gaps.ranked(UNSOLVED, limit=_TOLD)
        if not self.place.conversation or not costliest or now - begun >= LATE:
            return False
        key = f"gaps:{begun.timestamp():.0f}"
        if not self.news.claim(key, GAPS):
            return False
        text = summary(self.gaps.counts(), self.gaps.minutes())
        closed = [gap for gap in self.gaps.closed() if gap.closed and now - gap.closed < timedelta(weeks=1)]
        back = self.gaps.ranked((GapState.REGRESSED,), limit=_TOLD)
        card = gaps_card(text, costliest, closed, back, address=f"{self.base_url}/gaps" if self.base_url else "")
        place = "in Teams"
        try:
            self.outbox.post(self.place.reference(), wire.card_activity(card))
        except Refused as error:  # the bot was taken out of the channel
            log.warning("gaps_not_told", reason=str(error))
            place = ""
        except Unavailable:
            self.news.abandon(key)
            return False
        self.news.tell(key, text, place=place)
        return bool(place)


def gaps_card(text: str, costliest: Sequence[Gap], closed: Sequence[Gap], back: Sequence[Gap], *, address: str) -> Card:
    """The sentence with the counts, the costliest gaps, and what was closed or came back."""
    title = "Gaps of the documentation"
    body = [parts.heading(title), parts.text(spoken(text))]
    for heading, gaps in (("Costliest", costliest), ("Closed this week", closed[:_TOLD]), ("Came back", back)):
        if gaps:
            lines = "\n".join(f"- {spoken(line_of(_line(gap)))}" for gap in gaps)
            body.append(parts.section([parts.small(f"**{heading}**"), parts.small(lines)]))
    body += [parts.subtle(f"All of them: {address}", spacing="Medium")] if address else []
    return parts.card(body, fallback=f"{title}: {text}")


def _line(gap: Gap) -> str:
    return f"{gap.label}, {KIND_LABELS[gap.kind].lower()}, {count_of(gap.people, 'person')}: {gap.name}"
